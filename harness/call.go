package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A Call is one call of the student's code, running on a goroutine of its own
// with a context of its own.
type Call struct {
	w      *World
	name   string
	cancel context.CancelFunc
	slack  time.Duration // by how much the call may return late

	// Guarded by w.mu until done; constant from then on.
	id        int           // the goroutine's; 0 until it runs
	began     time.Duration // since the story began
	seen      int           // how many datagrams were sent before
	cancelled bool          // the story has ended its context
	done      bool
	doneAt    time.Duration // since the story began
	value     any
	err       error
	ended     bool   // the story has asked it to end, or waited for that
	before    []byte // what value was then, if it is a []byte
	gaveUp    bool   // it did not

	because text.Text // why the story wants what the call is to return
}

// Go calls f, one of the student's functions, on a goroutine of its own. name
// is the function's, for messages. The context is cancelled when the story
// ends, or by [Call.Cancel].
func (w *World) Go(name string, f func(ctx context.Context) error) *Call {
	return w.Call(name, func(ctx context.Context) (any, error) { return nil, f(ctx) })
}

// Call is [World.Go] for a function with a result, which [Call.Returns] checks.
func (w *World) Call(name string, f func(ctx context.Context) (any, error)) *Call {
	return w.call(context.Background(), name, f)
}

// CallUntil is [World.Call] with a context whose deadline is d after the
// story's beginning, and which is done one nanosecond later: so nobody can mix
// up the two.
func (w *World) CallUntil(d time.Duration, name string, f func(ctx context.Context) (any, error)) *Call {
	w.onlyVirtual("CallUntil")
	deadline := w.start.Add(d)
	late, release := context.WithDeadline(context.Background(), deadline.Add(1))
	c := w.call(lateContext{late, deadline}, name, f)
	cancel := c.cancel
	c.cancel = func() { cancel(); release() }
	c.slack = 1
	return c
}

// A lateContext says that it is done earlier than it is.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (w *World) call(parent context.Context, name string, f func(ctx context.Context) (any, error)) *Call {
	ctx, cancel := context.WithCancel(parent)
	c := &Call{w: w, name: name, cancel: cancel}
	w.update(func() { w.calls = append(w.calls, c) })
	go func() {
		defer func() {
			// Goexit without a failure is the student's own.
			if r := recover(); r != nil {
				w.panicked(name, r)
			} else if !c.done {
				w.failHere(verdict.Failed, "%s ended its goroutine with runtime.Goexit instead of returning.", name)
			}
			w.update(func() { c.done = true })
		}()
		w.update(func() { c.id, c.began, c.seen = goroutineID(), time.Since(w.start), len(w.seen) })
		value, err := f(ctx)
		bytesOf, _ := value.([]byte)
		before := bytes.Clone(bytesOf)
		w.update(func() {
			c.done, c.doneAt, c.value, c.before, c.err = true, time.Since(w.start), value, before, err
		})
	}()
	w.settle()
	return c
}

// Cancel cancels the call's context, which must be enough to make it return:
// the sockets stay open.
func (c *Call) Cancel() {
	c.Interrupt()
	if c.w.virtual != nil {
		synctest.Wait() // whoever is still waiting now waits for time to pass
		c.w.update(func() { c.w.gaveUp = !c.done })
	} else {
		c.w.await(c.returned)
	}
	if !c.hasReturned() {
		c.wantsOf(diagnosis.Returned{Cancelled: true})
		c.w.fatal(verdict.Failed, "%s did not return at once when its context was cancelled: %s.", c.name, c.doing())
	}
}

// Interrupt cancels the call's context and goes on with the story.
func (c *Call) Interrupt() {
	c.w.update(func() { c.ended, c.cancelled = true, true })
	c.cancel()
}

// End ends the call as every story's end does: it cancels the context, closes
// the sockets that the story handed out, and waits for the call to return.
// What it returns does not matter.
func (c *Call) End() {
	c.Interrupt()
	c.w.closeConns()
	if !c.end(c.w.storyLine()) {
		runtime.Goexit()
	}
}

// Ends waits for the call to return, whatever it returns.
func (c *Call) Ends() { c.wait() }

// end waits, once, for the end of a call that was told to end; at is the
// story's line that told it.
func (c *Call) end(at line) bool {
	if c.gaveUp {
		return false
	}
	if c.w.waitFor(c.returned) {
		return true
	}
	c.gaveUp = true
	c.wantsOf(diagnosis.Returned{Cancelled: true})
	c.w.failAt(at, verdict.Stuck, text.Say(
		"%s did not return, though its context is cancelled and its socket closed: %s.", c.name, c.doing()))
	return false
}

// Returns waits for the call to return want and no error. For [World.Go], want
// is nil.
func (c *Call) Returns(want any) {
	c.wait()
	c.wantsOf(diagnosis.Result{Value: want, Late: c.slack > 0})
	switch {
	case c.err != nil && want == nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants no error.", c.name, quoteError(c.err))
	case c.err != nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants %s and no error.", c.name, quoteError(c.err), quoteValue(want))
	case !equal(want, c.value):
		c.w.parts(want, c.value)
		c.w.fatal(verdict.Failed, "%s returned %s; the story wants %s.", c.name, quoteValue(c.value), quoteValue(want))
	}
}

// equal compares results; no bytes are no bytes, nil or not.
func equal(want, got any) bool {
	a, aOK := want.([]byte)
	b, bOK := got.([]byte)
	if aOK && bOK {
		return bytes.Equal(a, b)
	}
	return reflect.DeepEqual(want, got)
}

// Fails waits for the call to return an error that is one of want, as
// [errors.Is] sees it; without any, it may be any error.
func (c *Call) Fails(want ...error) {
	c.wait()
	wants := diagnosis.Result{Errors: causes(want), Names: namesOf(want), AnyError: len(want) == 0, Late: c.slack > 0}
	c.wantsOf(diagnosis.NothingBeside{Type: fmt.Sprintf("%T", c.value), Nil: isNil(c.value)})
	switch socket, opened := c.value.(interface{ LocalAddr() net.Addr }); {
	case c.err == nil || c.value == nil:
	case isNil(c.value):
		c.w.fatal(verdict.Failed, "%s returned a nil %T beside its error; the story wants a plain nil there.", c.name, c.value)
	case opened:
		c.w.fatal(verdict.Failed, "%s returned a socket at %v beside the error %s; the story wants none there.", c.name, socket.LocalAddr(), quoteError(c.err))
	}
	c.wantsOf(wants)
	if len(want) == 0 && c.err != nil {
		return
	}
	if slices.ContainsFunc(want, func(e error) bool { return isError(c.err, e) }) {
		return
	}
	names := make([]string, len(want))
	lost := false // the cause, of which only the text is there
	for i, e := range want {
		names[i] = errorName(e)
		if c.err != nil && strings.Contains(c.err.Error(), e.Error()) {
			lost = true
		}
	}
	wanted := either(names)
	if len(want) == 0 {
		wanted = text.Say("an error")
	}
	if c.err == nil {
		c.w.fatal(verdict.Failed, "%s %s; the story wants %s.", c.name, c.success(), wanted)
	}
	if lost {
		wants.TextOnly = true
		c.wantsOf(wants)
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants one that errors.Is finds to be %s. Its text says so, but its cause is lost.", c.name, quoteError(c.err), wanted)
	}
	c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants one that errors.Is finds to be %s.", c.name, quoteError(c.err), wanted)
}

// either lists alternatives.
func either(all []string) text.Text {
	var list text.Text
	for i, one := range all {
		if i == 0 {
			list = text.Both(one, one)
		} else {
			list = text.Say("%s or %s", list, one)
		}
	}
	return list
}

// isError is errors.Is for an error that may be Named.
func isError(err, target error) bool {
	if n, ok := target.(named); ok {
		target = n.error
	}
	return errors.Is(err, target)
}

// success says what the call returned instead of an error.
func (c *Call) success() text.Text {
	socket, ok := c.value.(interface{ LocalAddr() net.Addr })
	switch {
	case ok && !isNil(socket):
		return text.Say("opened a socket at %v", socket.LocalAddr())
	case isNil(c.value):
		return text.Say("returned no error (nil)")
	}
	return text.Say("returned %s and no error (nil)", quoteValue(c.value))
}

// FailsNot waits for the call to return an error that is not unwanted.
func (c *Call) FailsNot(unwanted error) {
	c.Fails()
	if isError(c.err, unwanted) {
		c.w.fatal(verdict.Failed, "%s returned the error %s, which errors.Is finds to be %s as well; the story wants it not to be.", c.name, quoteError(c.err), errorName(unwanted))
	}
}

// Says waits for the call to return an error whose text contains a text.
func (c *Call) Says(what string) {
	c.Fails()
	if !strings.Contains(c.err.Error(), what) {
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants it to name %s.", c.name, quoteError(c.err), what)
	}
}

// Beside waits for the call to return want, whether with an error or without.
func (c *Call) Beside(want any) {
	c.wait()
	c.wantsOf(diagnosis.Result{Value: want, Late: c.slack > 0, Beside: true})
	if !equal(want, c.value) {
		c.w.fatal(verdict.Failed, "%s returned %s beside the error %s; the story wants %s there.", c.name, quoteValue(c.value), quoteError(c.err), quoteValue(want))
	}
}

// returned is a condition for [World.await].
func (c *Call) returned() bool { return c.done }

// ReturnsAt is Returns, at an instant since the story's beginning: exactly
// then in virtual time, not earlier on real sockets.
func (c *Call) ReturnsAt(d time.Duration, want any) {
	c.Returns(want)
	c.at(d)
}

// FailsAt is Fails, at an instant since the story's beginning: exactly then in
// virtual time, not earlier on real sockets.
func (c *Call) FailsAt(d time.Duration, want ...error) {
	c.Fails(want...)
	c.at(d)
}

func (c *Call) at(d time.Duration) {
	c.wantsOf(diagnosis.Instant{Want: d, Got: c.doneAt})
	if c.doneAt < d || c.w.virtual != nil && c.doneAt > d+c.slack {
		c.w.fatal(verdict.Failed, "%s returned after %v; the story wants it after %v.", c.name, c.doneAt, d)
	}
}

func (c *Call) hasReturned() bool {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.done
}

func (c *Call) wait() {
	if !c.w.await(c.returned) {
		c.wantsOf(diagnosis.Returned{})
		c.w.fatal(verdict.Failed, "%s did not return: %s.", c.name, c.doing())
	}
	c.w.update(func() { c.ended = true })
}

// doing says on which line the call is, and in what.
func (c *Call) doing() text.Text {
	c.w.mu.Lock()
	id := c.id
	c.w.mu.Unlock()
	for _, g := range c.w.site.snapshot() {
		if g.id == id {
			return text.Say("it %s", c.w.site.doing(g))
		}
	}
	return text.Say("it has not started")
}
