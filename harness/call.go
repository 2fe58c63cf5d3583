package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A Call is one call of the student's code, running on a goroutine of its own
// with a context of its own.
type Call struct {
	w      *World
	rec    *record.Call
	ctx    context.Context
	cancel context.CancelCauseFunc
	slack  time.Duration              // by how much the call may return late
	before map[uintptr]netip.AddrPort // the sockets that there were; nil in virtual time, and beside other calls

	inVain  bool      // the wait for its return, at the story's end
	live    []byte    // that it has returned; the code may change them. The record's Monitor guards the slice
	because text.Text // why the story wants what the call is to return; the record's Monitor guards it
}

// Go calls f, one of the student's functions, on a goroutine of its own. name
// is the function's, for messages. The context is cancelled when the story
// ends, or by [Call.Stop], [Call.Cancel] or [Call.Close].
func (w *World) Go(name string, f func(ctx context.Context) error) *Call {
	return w.Call(name, func(ctx context.Context) (any, error) { return nil, f(ctx) })
}

// Call calls f as [World.Go] does. f has a result, which [Call.Returns] checks.
func (w *World) Call(name string, f func(ctx context.Context) (any, error)) *Call {
	return w.call(context.Background(), name, f)
}

func (w *World) call(parent context.Context, name string, f func(ctx context.Context) (any, error)) *Call {
	ctx, cancel := context.WithCancelCause(parent)
	c := &Call{w: w, rec: &record.Call{Name: name}, ctx: ctx, cancel: cancel}
	if deadline, ok := ctx.Deadline(); ok {
		c.rec.Until = deadline.Sub(w.rec.Start)
	}
	var alone bool
	w.rec.Locked(func() { alone = w.rec.AllReturned() })
	if !w.rec.Virtual && alone { // a socket that is closed while it is looked at keeps its port for a moment
		c.before = w.openSockets()
	}
	w.calls = append(w.calls, c)
	w.rec.Update(func() { w.rec.Calls = append(w.rec.Calls, c.rec) })
	stacks.Start(func() { c.run(ctx, f) })
	w.rec.Quiesce()
	return c
}

// run calls the student's function, and notes what becomes of it.
func (c *Call) run(ctx context.Context, f func(ctx context.Context) (any, error)) {
	w, returned := c.w, false
	defer w.rec.Update(func() { c.rec.Done = true })
	defer func() {
		// Goexit without a failure is the student's own.
		if r := recover(); r != nil {
			w.panicked(c.rec.Name, r)
		} else if !returned {
			w.failHere(nil, verdict.Failed, "%s ended its goroutine with runtime.Goexit instead of returning.",
				c.rec.Name)
		}
	}()
	self, _ := stacks.Self()
	w.rec.Begins(c.rec, self)
	value, err := f(ctx)
	ended := w.rec.Since()
	// Whatever the error's methods do, they do it here, as a part of the call.
	err = quote.Frozen(err)
	returned = true
	live, _ := value.([]byte)
	w.rec.Update(func() { c.live = live })
	w.rec.Ends(c.rec, ended, value, err)
}

// Stop cancels the call's context, which must be enough to make it return: the sockets
// stay open.
func (c *Call) Stop() {
	defer c.w.checked()
	c.Cancel()
	if c.w.rec.Virtual {
		c.w.rec.Quiesce() // whoever is still waiting now waits for time to pass
		c.w.rec.Update(func() { c.w.inVain = !c.rec.Done })
	} else {
		c.w.await(c.returned)
	}
	if !c.hasReturned() {
		c.wants(diagnosis.Returned{Cancelled: true})
		c.w.fatal(verdict.Failed, "%s did not return at once when its context was cancelled: %s.",
			c.rec.Name, c.doing())
	}
}

// Cancel cancels the call's context and goes on with the story.
func (c *Call) Cancel() { c.cancelBecause(nil) }

// cancelBecause does what Cancel does, with a cause, as [context.WithCancelCause] has it; nil is none.
func (c *Call) cancelBecause(cause error) {
	c.w.rec.Update(func() { c.rec.Awaited, c.rec.Cancelled = true, !c.rec.Done })
	c.cancel(cause)
}

// Close ends the call as every story's end does: it cancels the context, closes
// the sockets that the story handed out, and waits for the call to return.
// What it returns does not matter.
func (c *Call) Close() {
	c.w.shutDown(c)
	if !c.returnsAtLast(c.w.storyLine()) {
		runtime.Goexit()
	}
}

// Wait waits for the call to return, whatever it returns.
func (c *Call) Wait() { c.waitFor(nil) }

// waitFor waits for the call to return; a value that is not nil is what it should return
// then.
func (c *Call) waitFor(value any) {
	if !c.w.await(c.returned) {
		c.wants(diagnosis.Returned{Cancelled: c.ctx.Err() != nil, Value: value})
		c.w.fatal(verdict.Failed, "%s did not return: %s.", c.rec.Name, c.doing())
	}
	c.w.rec.Update(func() { c.rec.Awaited = true })
}

// returnsAtLast waits, once, for the return of a call that was told to; at is the
// story's line that told it.
func (c *Call) returnsAtLast(at stacks.Line) bool {
	if c.inVain {
		return false
	}
	if c.w.waitFor(c.returned) {
		return true
	}
	c.inVain = true
	c.wants(diagnosis.Returned{Cancelled: true})
	c.w.failAt(at, verdict.Stuck, text.Say(
		"%s did not return, though its context is cancelled and its socket closed: %s.", c.rec.Name, c.doing()))
	return false
}

// result waits for the call to return, which should be this value if it is not nil, and
// returns what it did: of bytes, those that stand there by now. A method of the value may
// do anything, so nobody calls one.
func (c *Call) result(wanted any) (value any, err error) {
	c.waitFor(wanted)
	c.w.rec.Locked(func() {
		if c.live != nil {
			c.rec.Value = bytes.Clone(c.live)
		}
		value, err = c.rec.Value, c.rec.Err
	})
	return value, err
}

// Returns waits for the call to return want and no error. For [World.Go], want
// is nil.
func (c *Call) Returns(want any) {
	defer c.w.checked()
	c.checkReturns(want)
}

func (c *Call) checkReturns(want any) {
	value, err := c.result(want)
	c.wants(diagnosis.Result{Value: want, Late: c.slack > 0})
	switch {
	case err != nil && want == nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants no error.", c.rec.Name, quote.Error(err))
	case err != nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants %s and no error.",
			c.rec.Name, quote.Error(err), quote.Value(want))
	case !equal(want, value) && c.hadReturned(want):
		c.changed(want, value)
	case !equal(want, value):
		c.w.parts(want, value)
		c.w.fatal(verdict.Failed, "%s returned %s; the story wants %s.",
			c.rec.Name, quote.Value(value), quote.Value(want))
	}
}

// hadReturned reports whether the call had returned want, bytes or a string, before
// something changed these.
func (c *Call) hadReturned(want any) bool {
	var before []byte
	c.w.rec.Locked(func() { before = c.rec.Before })
	switch v := want.(type) {
	case []byte:
		return before != nil && bytes.Equal(v, before)
	case string:
		return before != nil && v == string(before)
	}
	return false
}

// changed fails the story since what the call returned has changed.
func (c *Call) changed(before, value any) {
	c.w.fatal(verdict.Failed, "What %s returned has changed since: it was %s, and is %s now.",
		c.rec.Name, quote.Value(before), quote.Value(value))
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
	defer c.w.checked()
	c.checkFails(want...)
}

func (c *Call) checkFails(want ...error) {
	value, err := c.result(nil)
	c.wants(diagnosis.NothingBeside{Type: fmt.Sprintf("%T", value), Nil: quote.IsNil(value)})
	socket, standard := netSocket(value)
	_, own := value.(interface{ LocalAddr() net.Addr })
	switch {
	case err == nil || value == nil:
	case quote.IsNil(value):
		c.w.fatal(verdict.Failed, "%s returned a nil %T beside its error; the story wants a plain nil there.",
			c.rec.Name, value)
	case standard:
		c.w.fatal(verdict.Failed, "%s returned a socket at %v beside the error %s; the story wants none there.",
			c.rec.Name, socket.LocalAddr(), quote.Error(err))
	case own:
		c.w.fatal(verdict.Failed, "%s returned a %s beside the error %s; the story wants no socket there.",
			c.rec.Name, stage.TypeName(value), quote.Error(err))
	}
	wants := diagnosis.Result{
		Errors: quote.Causes(want), Names: quote.NamesOf(want), AnyError: len(want) == 0, Late: c.slack > 0,
	}
	c.wants(wants)
	if len(want) == 0 && err != nil || slices.ContainsFunc(want, func(e error) bool { return quote.Is(err, e) }) {
		return
	}
	names := make([]string, len(want))
	for i, e := range want {
		names[i] = quote.ErrorName(e)
		if err != nil && strings.Contains(err.Error(), e.Error()) {
			wants.TextOnly = true // the cause is lost
		}
		if quote.PointsTo(err, e) {
			wants.PointerTo = fmt.Sprintf("%T", quote.Cause(e))
		}
	}
	wanted := quote.Either(names)
	if len(want) == 0 {
		wanted = text.Say("an error")
	}
	switch {
	case err == nil:
		c.w.fatal(verdict.Failed, "%s %s; the story wants %s.", c.rec.Name, success(value), wanted)
	case wants.PointerTo != "":
		c.wants(wants)
		c.w.fatal(verdict.Failed,
			"%s returned the error %s; %s must be true. It has a pointer there, a *%[4]s, and no %[4]s.",
			c.rec.Name, quote.Error(err), quote.IsAnyOf(want), wants.PointerTo)
	case wants.TextOnly:
		c.wants(wants)
		c.w.fatal(verdict.Failed, "%s returned the error %s; %s must be true. Its text says so, but its cause is lost.",
			c.rec.Name, quote.Error(err), quote.IsAnyOf(want))
	}
	c.w.fatal(verdict.Failed, "%s returned the error %s; %s must be true.",
		c.rec.Name, quote.Error(err), quote.IsAnyOf(want))
}

// success says what a call returned instead of an error.
func success(value any) text.Text {
	socket, ok := netSocket(value)
	switch {
	case ok:
		return text.Say("opened a socket at %v", socket.LocalAddr())
	case quote.IsNil(value):
		return text.Say("returned no error (nil)")
	}
	return text.Say("returned %s and no error (nil)", quote.Value(value))
}

// FailsNot waits for the call to return an error that is not unwanted.
func (c *Call) FailsNot(unwanted error) {
	defer c.w.checked()
	c.checkFails()
	if _, err := c.result(nil); quote.Is(err, unwanted) {
		c.w.fatal(verdict.Failed, "%s returned the error %s; %s must be false.",
			c.rec.Name, quote.Error(err), quote.IsAnyOf([]error{unwanted}))
	}
}

// Says waits for the call to return an error whose text contains a text.
func (c *Call) Says(what string) {
	defer c.w.checked()
	c.checkFails()
	if _, err := c.result(nil); !strings.Contains(err.Error(), what) {
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants it to name %s.",
			c.rec.Name, quote.Error(err), what)
	}
}

// Beside waits for the call to return want, whatever error stands beside it.
func (c *Call) Beside(want any) {
	defer c.w.checked()
	value, err := c.result(nil)
	c.wants(diagnosis.Result{Value: want, Late: c.slack > 0, Beside: true})
	if !equal(want, value) {
		c.w.fatal(verdict.Failed, "%s returned %s beside the error %s; the story wants %s there.",
			c.rec.Name, quote.Value(value), quote.Error(err), quote.Value(want))
	}
}

// ReturnsAt waits for the call to return want and no error, as [Call.Returns] does, at
// an instant since the story's beginning: exactly then in virtual time, not earlier on
// real sockets.
func (c *Call) ReturnsAt(d time.Duration, want any) {
	defer c.w.checked()
	c.checkReturns(want)
	c.at(d)
}

// FailsAt waits for the call to return an error that is one of want, as [Call.Fails]
// does, at an instant since the story's beginning: exactly then in virtual time, not
// earlier on real sockets.
func (c *Call) FailsAt(d time.Duration, want ...error) {
	defer c.w.checked()
	c.checkFails(want...)
	c.at(d)
}

func (c *Call) at(d time.Duration) {
	var got time.Duration
	c.w.rec.Locked(func() { got = c.rec.Ended })
	c.wants(diagnosis.Instant{Want: d, Got: got})
	if got < d || c.w.rec.Virtual && got > d+c.slack {
		c.w.fatal(verdict.Failed, "%s returned after %v; the story wants it after %v.", c.rec.Name, got, d)
	}
}

// wants notes what the story wants of the call just now.
func (c *Call) wants(want any) { c.w.rec.Update(func() { c.w.wanted, c.w.current = want, c }) }

// returned reports whether the call has returned, for [World.await]. The caller holds
// the record's Monitor.
func (c *Call) returned() bool { return c.rec.Done }

func (c *Call) hasReturned() (done bool) {
	c.w.rec.Locked(func() { done = c.rec.Done })
	return done
}

// closeSocket closes a socket that the call has opened, wanted or not.
func (c *Call) closeSocket() {
	var value any // nil until the call has returned
	c.w.rec.Locked(func() { value = c.rec.Value })
	if conn, ok := netSocket(value); ok {
		conn.Close()
	}
}

// outcome returns whether the call has returned, and what.
func (c *Call) outcome() (done bool, value any, err error) {
	c.w.rec.Locked(func() { done, value, err = c.rec.Done, c.rec.Value, c.rec.Err })
	return done, value, err
}

// atOnce fails the story if the call, which something has told to end, has not returned.
func (c *Call) atOnce() {
	if c.hasReturned() {
		return
	}
	c.w.rec.Update(func() { c.w.inVain = true })
	c.w.fatal(verdict.Failed, "%s did not return at once, though it has what ends it: %s.", c.rec.Name, c.doing())
}

// netSocket returns a socket of package net's, whose methods do what they say. One of
// another type may be anybody's.
func netSocket(value any) (socket net.Conn, ok bool) {
	switch s := value.(type) {
	case *net.UDPConn:
		return s, s != nil
	case *net.TCPConn:
		return s, s != nil
	case *net.UnixConn:
		return s, s != nil
	case *net.IPConn:
		return s, s != nil
	}
	return nil, false
}

// doing says on which line the call is, and in what.
func (c *Call) doing() text.Text {
	var id int
	c.w.rec.Locked(func() { id = c.rec.Goroutine })
	for _, g := range c.w.rec.Site.Snapshot() {
		if g.ID == id {
			return text.Say("it %s", c.w.rec.Site.Doing(g))
		}
	}
	if id > 0 {
		return text.Say("it has returned by now")
	}
	return text.Say("it has not started")
}

// Named returns an error of the lesson's with the name that its code has for it, for
// messages.
func Named(name string, err error) error { return quote.Named(name, err) }
