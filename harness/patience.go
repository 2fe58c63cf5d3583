package harness

import (
	"slices"
	"time"
)

// tick is how often a wait looks whether it is over.
const tick = 100 * time.Millisecond

// bounds are those of a wait in real time. None of them is met by code that
// answers: they only decide how long a story waits for code that does not.
var bounds = struct {
	leastWait   time.Duration
	idleTicks   int           // ticks in which none of the student's goroutines could run
	mostCPUTime time.Duration // spent by this process while it waited
}{
	leastWait:   3 * time.Second, // lessons wait up to 1.6 s themselves
	idleTicks:   10,
	mostCPUTime: 2 * time.Second,
}

// A patience decides when a wait in real time is over. A wall clock alone
// can't: on a loaded machine, correct code may need any time. So a wait ends
// only once the student's code has also been seen to wait itself, or has had
// the processor for long enough.
type patience struct {
	start  time.Time
	cpu    time.Duration
	idle   int
	flight time.Duration // how long a datagram may be on its way
}

func newPatience() *patience { return &patience{start: time.Now(), cpu: cpuTime()} }

// stalled is asked once a tick in which nothing happened, with the goroutines
// of a bubble: it reports whether nothing will.
func (p *patience) stalled(bubble []goroutine) bool {
	if !slices.ContainsFunc(bubble, goroutine.busy) {
		p.idle++
	}
	return p.idle >= bounds.idleTicks || cpuTime()-p.cpu >= bounds.mostCPUTime
}

// over is asked once a tick, with the student's goroutines as they are now.
func (p *patience) over(students []goroutine) bool {
	if len(students) == 0 {
		// Nobody is left who could do anything.
		return p.flight == 0 || time.Since(p.start) >= p.flight
	}
	if !slices.ContainsFunc(students, goroutine.busy) {
		p.idle++
	}
	return time.Since(p.start) >= bounds.leastWait && (p.idle >= bounds.idleTicks || cpuTime()-p.cpu >= bounds.mostCPUTime)
}
