// Package clock has the timers of one story in virtual time: those of its World and of its
// network. As all of them are in one register, it is known when the next one goes off, and
// the story can be told in step with code that runs in another process, with a clock of
// its own.
package clock

import (
	"context"
	"sync"
	"testing/synctest"
	"time"
)

// A Clock is what a story tells time by. Its zero value, like a nil *Clock, is the time of
// the bubble that it is used in, and no more.
type Clock struct {
	pace Pace // nil, or whoever is kept in step

	mu  sync.Mutex
	due map[*entry]bool
}

// A Pace is who moves together with the story.
type Pace interface {
	// Wait is [synctest.Wait] for both of them.
	Wait()
	// Passes is called by a timer that has gone off, before anybody learns of it.
	Passes()
	// Holds is called with what a read has in its buffer that does not return yet.
	Holds(data []byte)
}

// An entry is a timer that has not gone off.
type entry struct {
	at     time.Time
	yields bool // whoever waits for it lets everybody else have their turn then
}

// InStep has a clock move together with somebody, from now on.
func (c *Clock) InStep(p Pace) { c.pace, c.due = p, map[*entry]bool{} }

// Next returns when the next timer goes off, after now. yields is true if whoever waits for it, or for another one at
// that instant, lets everybody else have their turn then; ok is false if there is no timer.
func (c *Clock) Next() (next time.Time, yields, ok bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := range c.due {
		switch {
		case !e.at.After(now) || ok && e.at.After(next):
		case ok && e.at.Equal(next):
			yields = yields && e.yields
		default:
			next, yields, ok = e.at, e.yields, true
		}
	}
	return next, yields, ok
}

// Wait lets everybody do what there is to do at this instant.
func (c *Clock) Wait() {
	if c.alone() {
		synctest.Wait()
		return
	}
	c.pace.Wait()
}

// Holds says what a read has in its buffer that does not return yet.
func (c *Clock) Holds(data []byte) {
	if !c.alone() {
		c.pace.Holds(data)
	}
}

// Sleep does what [time.Sleep] does.
func (c *Clock) Sleep(d time.Duration) {
	if c.alone() {
		time.Sleep(d)
		return
	}
	e := c.note(time.Now().Add(d), false)
	time.Sleep(d)
	c.passes(e)
}

// SleepAndWait sleeps, and then waits as Wait does. As nothing comes between the two, whoever is in step has its turn
// at that instant first.
func (c *Clock) SleepAndWait(d time.Duration) {
	if c.alone() {
		time.Sleep(d)
	} else {
		e := c.note(time.Now().Add(d), true)
		time.Sleep(d)
		c.forget(e)
	}
	c.Wait()
}

// AfterFunc does what [time.AfterFunc] does, for a timer that nobody stops.
func (c *Clock) AfterFunc(d time.Duration, f func()) {
	if c.alone() {
		time.AfterFunc(d, f)
		return
	}
	e := c.note(time.Now().Add(d), false)
	time.AfterFunc(d, func() {
		c.passes(e)
		f()
	})
}

// A Timer is a [time.Timer].
type Timer struct {
	C    <-chan time.Time
	stop func()
}

// Stop says that nobody waits for the timer any more, whether it has gone off or not.
func (t Timer) Stop() { t.stop() }

// NewTimer does what [time.NewTimer] does.
func (c *Clock) NewTimer(d time.Duration) Timer {
	if c.alone() {
		timer := time.NewTimer(d)
		return Timer{timer.C, func() { timer.Stop() }}
	}
	gone := make(chan time.Time, 1)
	e := c.note(time.Now().Add(d), false)
	timer := time.AfterFunc(d, func() {
		c.passes(e)
		gone <- time.Now()
	})
	return Timer{gone, func() {
		timer.Stop()
		c.forget(e)
	}}
}

// WithDeadline does what [context.WithDeadline] does.
func (c *Clock) WithDeadline(parent context.Context, at time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(parent, at)
	if !c.alone() && at.After(time.Now()) {
		e := c.note(at, false)
		context.AfterFunc(ctx, func() { c.forget(e) })
	}
	return ctx, cancel
}

func (c *Clock) alone() bool { return c == nil || c.pace == nil }

func (c *Clock) note(at time.Time, yields bool) *entry {
	e := &entry{at, yields}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[e] = true
	return e
}

func (c *Clock) forget(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.due, e)
}

func (c *Clock) passes(e *entry) {
	c.forget(e)
	c.pace.Passes()
}
