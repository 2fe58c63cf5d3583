package grade

import (
	"slices"
	"strings"
	"time"

	"udpkata/harness/intake"
)

// A Look is at what nobody but the instructor can tell: what was made of it may be wrong, and the marks with it.
type Look struct {
	Zone string   // in which times were read that have none, as in "+08:00"
	Near []string // whose such times are so near to the due date that another zone might be on its other side

	Late   []string // who is late, and loses something by it
	Ahead  []string // whose time was yet to come when it was graded, and does not count
	Before []string // of those, whose earlier submission loses less, and does not count as it is not the last
	AtOnce bool     // all times are of files, and one: that of a copy, perhaps, and not of what was handed in

	ByName [][]string // two downloads of which nothing but the names says that the second is the later one
	Twice  []string   // who has handed in something in two versions at once, of which one was taken

	MayBeWork []string // who has handed in something that may be work and was not read, and what
}

// farthest is how far apart two zones may be that people live in, from the one that somebody grades in.
const farthest = 14 * time.Hour

// look says where to look, of submissions and their entries.
func look(mine []intake.Submission, entries []Entry, due time.Time) (l Look) {
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
		isNear := e.Time != nil && !due.IsZero() && e.System != intake.Canvas && e.Time.Sub(due).Abs() <= farthest
		if e.Zone != "" && isNear {
			l.Zone, l.Near = e.Zone, append(l.Near, mine[i].Who())
		}
	}
	l.AtOnce = !due.IsZero() && areAtOnce(entries)
	return l
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

// atOnce is how long it takes to copy or to unpack a class, and few those that may be handed in within that.
const (
	atOnce = 2 * time.Second
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
