package stage

import (
	"slices"

	"udpkata/harness/internal/stacks"
)

// operations are those that have come from the stage and have no answer yet, by number: which goroutine performs each,
// or 0 as long as none is known to.
type operations map[int64]int

// onTheWay reports whether one of those that the stage waits for may be on its way still: to here, to whoever performs
// it, or back again. here are this process's goroutines, which were listed before the stage was asked; the one of the
// calling goroutine, self, waits for what is looked for now. So only an operation whose performer stands in here, and
// waits, is known to take its time. That one is on its way which nobody here knows of is the stage's claim, and holds
// as long as the stage stirs.
func (o operations) onTheWay(asked []int64, stirs bool, here []stacks.Goroutine, self int) bool {
	return slices.ContainsFunc(asked, func(id int64) bool {
		performer, known := o[id]
		waits := func(g stacks.Goroutine) bool { return g.ID == performer && !g.Busy() }
		switch {
		case !known:
			return stirs
		case performer == 0:
			return true
		}
		return performer != self && !slices.ContainsFunc(here, waits)
	})
}
