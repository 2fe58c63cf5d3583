package grade

import (
	"slices"
	"time"

	"udpkata/harness/intake"
)

// A Look is at what nobody but the instructor can tell: what was made of it may be wrong, and the marks with it.
type Look struct {
	Zone string   // in which times were read that have none, as in "+08:00"
	Near []string // whose such times are so near to the due date that another zone might be on its other side

	ByName [][]string // two downloads of which nothing but the names says that the second is the later one
	Twice  []string   // who has handed in something in two versions at once, of which one was taken
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
		if e.Twice {
			l.Twice = append(l.Twice, mine[i].Who())
		}
		isNear := e.Time != nil && !due.IsZero() && e.System != intake.Canvas && e.Time.Sub(due).Abs() <= farthest
		if e.Zone != "" && isNear {
			l.Zone, l.Near = e.Zone, append(l.Near, mine[i].Who())
		}
	}
	return l
}
