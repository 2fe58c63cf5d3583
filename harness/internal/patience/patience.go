// Package patience decides when a wait is in vain: how long a story waits for code
// that may still do something, and no longer.
package patience

import (
	"sync/atomic"
	"time"
)

// Tick is how often a wait looks whether it is over.
const Tick = 100 * time.Millisecond

// Bounds are those of a wait in real time. None of them is met by code that
// answers: they only decide how long a story waits for code that does not.
// Only tests that know that nothing will come change them.
var Bounds = struct {
	LeastWait   time.Duration
	IdleTicks   int           // ticks in which none of the student's goroutines could run
	MostCPUTime time.Duration // spent by this process while it waited
	AsleepTicks int           // of a story, in which all waited for the code to let time pass
}{
	LeastWait:   4 * time.Second, // lessons wait up to 3.1 s themselves
	IdleTicks:   10,
	MostCPUTime: 2 * time.Second,
	AsleepTicks: 50, // lessons wait up to 3.1 s themselves
}

// A Patience decides when a wait in real time is over. A wall clock alone
// can't: on a loaded machine, correct code may need any time. So a wait ends
// only once the student's code has also been seen to wait itself, or has had
// the processor for long enough.
type Patience struct {
	start  time.Time
	cpu    time.Duration
	idle   int
	flight time.Duration
}

// New returns the patience for a wait that begins now. flight is how long a
// datagram may be on its way when nobody is left who could send one.
func New(flight time.Duration) *Patience {
	return &Patience{start: time.Now(), cpu: spentTime(), flight: flight}
}

// Stalled reports whether nothing will happen in a bubble any more. It is asked once a
// tick in which nothing happened there, with whether anybody who may be in the bubble runs
// or could.
func (p *Patience) Stalled(busy bool) bool {
	p.count(busy)
	return p.spent()
}

// Over reports whether the wait is in vain. It is asked once a tick, with how many
// goroutines the student's code has, and whether any of them runs or could.
func (p *Patience) Over(students int, busy bool) bool {
	if students == 0 {
		// Nobody is left who could do anything.
		return time.Since(p.start) >= p.flight
	}
	p.count(busy)
	return time.Since(p.start) >= Bounds.LeastWait && p.spent()
}

func (p *Patience) count(busy bool) {
	if !busy {
		p.idle++
	}
}

// spent reports whether the code has been idle, or has had the processor, for long.
func (p *Patience) spent() bool {
	return p.idle >= Bounds.IdleTicks || spentTime()-p.cpu >= Bounds.MostCPUTime
}

// elsewhere tells the processor time of another process, in which the code under test runs.
var elsewhere atomic.Pointer[func() time.Duration]

// SetElsewhere says that the code under test runs in another process, which has spent as
// much processor time as spent returns; nil says that it does not.
func SetElsewhere(spent func() time.Duration) {
	if spent == nil {
		elsewhere.Store(nil)
		return
	}
	elsewhere.Store(&spent)
}

// spentTime returns the processor time that the code under test and its judge have spent.
func spentTime() time.Duration {
	spent := cpuTime()
	if there := elsewhere.Load(); there != nil {
		spent += (*there)()
	}
	return spent
}
