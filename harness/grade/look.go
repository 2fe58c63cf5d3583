package grade

import (
	"maps"
	"slices"
	"strings"
	"time"

	"udpkata/harness/intake"
	"udpkata/harness/late"
)

// A Look is at what nobody but the instructor can tell: what was made of it may be wrong, and the marks with it.
type Look struct {
	Zone string   // in which times were read that have none, as in "+08:00"
	Near []string // for whom a zone that is other than that might make a difference

	Here      string   // the zone of this machine, by which files have their times, if the due date's is another
	Due       string   // the due date's
	Off       string   // how far apart they are, as in "8h"
	NearFiles []string // for whom it makes a difference if a zip without zones was unpacked here

	Late   []string // who is late, and loses something by it
	Ahead  []string // whose time was yet to come when it was graded, and does not count
	Before []string // of those, whose earlier submission loses less, and does not count as it is not the last
	AtOnce bool     // all times are of files, and of some minutes: of a copy, perhaps, and not of what was handed in

	ByName [][]string // two downloads of which nothing but the names says that the second is the later one
	Twice  []string   // who has handed in something in two versions at once, of which one was taken

	MayBeWork []string // who has handed in something that may be work and was not read, and what
}

// farthest is how far apart two zones may be that people live in, from the one that somebody grades in.
const farthest = 14 * time.Hour

// look says where to look, of submissions and their entries. Whatever unpacks a zip reads its times in this machine's
// zone, which is here.
func look(mine []intake.Submission, entries []Entry, rule late.Rule, here *time.Location) (l Look) {
	zones := map[string]bool{}
	for i, e := range entries {
		isSame := func(pair []string) bool { return slices.Equal(pair, e.ByName) }
		if e.ByName != nil && !slices.ContainsFunc(l.ByName, isSame) {
			l.ByName = append(l.ByName, e.ByName)
		}
		if e.Factor < 1 {
			l.Late = append(l.Late, mine[i].Who())
		}
		if e.Ahead {
			l.Ahead = append(l.Ahead, mine[i].Who())
		}
		if e.Twice {
			l.Twice = append(l.Twice, mine[i].Who())
		}
		if what := notRead(e); what != "" {
			l.MayBeWork = append(l.MayBeWork, mine[i].Who()+" "+what)
		}
		if e.Time == nil || e.Ahead || e.System == intake.Canvas {
			continue
		}
		at := *e.Time
		off := zoneOf(at.In(here)) - zoneOf(at.In(rule.Due.Location()))
		switch {
		case e.Zone != "" && differ(rule, at.Add(-farthest), at.Add(farthest)):
			zones[e.Zone], l.Near = true, append(l.Near, mine[i].Who())
		case e.Zone == "" && e.Clock == intake.FileClock && differ(rule, at, at.Add(off)):
			l.Here, l.Due, l.Off = at.In(here).Format("-07:00"), at.Format("-07:00"), brief(off.Abs())
			l.NearFiles = append(l.NearFiles, mine[i].Who())
		}
	}
	l.Zone = strings.Join(slices.Sorted(maps.Keys(zones)), ", ")
	l.AtOnce = !rule.Due.IsZero() && areAtOnce(entries)
	return l
}

// differ reports whether it makes a difference at which of two times something was handed in.
func differ(rule late.Rule, a, b time.Time) bool {
	ofA, ofB := rule.ByTime(a), rule.ByTime(b)
	return ofA.Late != ofB.Late || ofA.Factor != ofB.Factor
}

// zoneOf returns how far a time's zone is from UTC.
func zoneOf(at time.Time) time.Duration {
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second
}

// notRead names what of a submission may be work and was not read; "" if nothing is.
func notRead(e Entry) string {
	all := e.MayBeWork
	if e.Refused != nil {
		all = e.Paths
	}
	if len(all) > 1 {
		return all[0] + " …"
	}
	return strings.Join(all, "")
}

// atOnce is how long it takes to copy, to unpack or to download a class, and few those that may be handed in within
// that.
const (
	atOnce = 5 * time.Minute
	few    = 2
)

// areAtOnce reports whether what is known of many times is that of files which are of one moment.
func areAtOnce(entries []Entry) bool {
	var times []time.Time
	for _, e := range entries {
		if e.Time != nil && e.Clock == intake.FileClock {
			times = append(times, *e.Time)
		}
	}
	if len(times) <= few {
		return false
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[len(times)-1].Sub(times[0]) <= atOnce
}

// before returns whose earlier submission loses less for being late than the last one, which counts.
func (g *grader) before(all, mine []intake.Submission, entries []Entry) (names []string) {
	if g.Which != intake.Last || g.Rule.Due.IsZero() {
		return nil
	}
	attempts := map[string][]intake.Submission{}
	for _, of := range intake.Attempts(all) {
		attempts[identity(of[0])] = of
	}
	for i, s := range mine {
		if entries[i].Factor == 1 {
			continue
		}
		for _, one := range attempts[identity(s)] {
			if one.Attempt == s.Attempt {
				break
			}
			content, err := one.Unpack(g.ctx)
			if err == nil && newEntry(one, content, g.Rule, g.now()).Factor > entries[i].Factor {
				names = append(names, s.Who())
				break
			}
		}
	}
	return names
}
