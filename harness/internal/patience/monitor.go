package patience

import (
	"sync"
	"sync/atomic"
	"time"

	"udpkata/harness/internal/clock"
)

// A Monitor guards what is known of a story, and wakes whoever waits for it to
// change. Its zero value is ready. Its first use has to be in the story's bubble,
// if it has one.
type Monitor struct {
	Clock clock.Clock // the story's, in virtual time

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every update; nil until somebody waits

	steps     atomic.Uint64
	abandoned atomic.Bool
}

// Update changes what is known, and wakes whoever waits for it. Whoever comes here
// from an abandoned story stays.
func (m *Monitor) Update(change func()) {
	m.steps.Add(1)
	if m.abandoned.Load() {
		<-never
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Locked calls f while nobody else knows or changes anything. What it changes wakes
// nobody, and is no step.
func (m *Monitor) Locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// Wait waits until cond, which is called while nothing changes, is true, or over,
// which is asked once in a while. It returns what cond said last.
func (m *Monitor) Wait(cond func() bool, while time.Duration, over func() bool) bool {
	tick := m.Clock.NewTimer(while)
	defer func() { tick.Stop() }()
	for last := false; ; {
		m.mu.Lock()
		ok := cond()
		if m.changed == nil {
			m.changed = make(chan struct{})
		}
		changed := m.changed
		m.mu.Unlock()
		if ok || last {
			return ok
		}
		select {
		case <-changed:
		case <-tick.C:
			tick = m.Clock.NewTimer(while)
			last = over()
		}
	}
}

// Steps counts the updates so far.
func (m *Monitor) Steps() uint64 { return m.steps.Load() }

// Abandon gives the story up: nobody comes out of an Update any more.
func (m *Monitor) Abandon() { m.abandoned.Store(true) }

// never is closed by nobody, and belongs to no bubble.
var never = make(chan struct{})
