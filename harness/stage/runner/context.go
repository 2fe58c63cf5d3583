//go:build linux

package runner

import (
	"context"
	"sync"
	"time"
)

// A judged context ends when the judge's does, and says the same. It is none of package
// context's own, so that what derives from it asks it for its error.
type judged struct {
	done     chan struct{}
	deadline time.Time // zero if it has none

	mu    sync.Mutex
	err   error           // nil until it has ended
	ended context.Context // one that has ended the same way, for context.Cause
	next  int
	calls map[int]func() // when it ends
}

// context takes a context.
func (s *story) context(in *In) context.Context {
	number := in.Int()
	if number == 0 {
		return nil
	}
	c := &judged{done: make(chan struct{}), calls: map[int]func(){}, deadline: in.Time()}
	if err, cause := in.Error(), in.Error(); err != nil {
		c.end(err, cause)
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contexts[number] = func(in *In) { c.end(in.Error(), in.Error()) }
	return c
}

func (c *judged) end(err, cause error) {
	c.mu.Lock()
	if c.err != nil || err == nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	if err == context.DeadlineExceeded {
		ended, cancel := context.WithDeadlineCause(context.Background(), time.Unix(0, 0), cause)
		defer cancel()
		c.ended = ended
	} else {
		ended, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		c.ended = ended
	}
	calls := c.calls
	c.calls = nil
	close(c.done)
	c.mu.Unlock()
	for _, f := range calls { // now, as package context does: whoever derives from an ended context has ended
		f()
	}
}

// Deadline returns the judge's.
func (c *judged) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

// Done returns what is closed when the context ends.
func (c *judged) Done() <-chan struct{} { return c.done }

// Err returns what the judge's does.
func (c *judged) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Value returns nil, but for what [context.Cause] asks for.
func (c *judged) Value(key any) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return nil
	}
	return c.ended.Value(key)
}

// AfterFunc spares package context a goroutine. f is that package's, and ends what derives from c.
func (c *judged) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	c.next++
	number := c.next
	c.calls[number] = f
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waits := c.calls[number]
		delete(c.calls, number)
		return waits
	}
}
