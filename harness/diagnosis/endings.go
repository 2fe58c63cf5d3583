package diagnosis

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// endingRules are about when the code ends, and what it leaves behind.
var endingRules = []rule{
	metOldDeadline, oneErrorEnds, survivedBefore, deafToContext, sleepsThroughContext, sleepsInstead, keepsFailing,
	closedWhatItWasGiven, goroutineLeft, readByEarlier, deadlineLeft, waitsForAnswer, wentOnClosed, unused,
}

// metOldDeadline: a call fails at a deadline that was set before it began, or for its
// reads.
func metOldDeadline(s Seen) text.Text {
	f, ok := s.lastTimeout()
	switch {
	case !ok || f.Deadline.Calls == 0:
		return none
	case s.index() >= 0 && !s.Calls[s.index()].Used:
		return none // the timeout was an earlier call's
	case f.Deadline.Calls <= s.index():
		return f.atOldDeadline(s.current().Name)
	case !reading(f.Method) && f.Deadline.By != "":
		return text.Say("%s failed after %v, at a deadline that was set at %s. SetDeadline sets one for sends as "+
			"well; SetReadDeadline is for reads alone.", f.Method, f.At, f.Deadline.By)
	}
	return none
}

// atOldDeadline says that a call has failed at a deadline that an earlier one has left.
func (f Failure) atOldDeadline(call string) text.Text {
	at := text.Text{}
	if f.Deadline.By != "" {
		at = text.Say(", set at %s", f.Deadline.By)
	}
	return text.Say("%s failed after %v, and %s met a deadline that an earlier call has left on the socket%s. A "+
		"deadline stays with the socket until another is set, also one that is long past. Clear it before you "+
		"return, and see that nothing sets one afterwards: %s(time.Time{}).", f.Method, f.At, call, at,
		setter(reading(f.Method)))
}

// lastTimeout returns the last call on a socket that has failed, while the current call
// ran, if it failed at a deadline.
func (s Seen) lastTimeout() (last Failure, ok bool) {
	c := s.current()
	for _, sock := range s.Sockets {
		if n := len(sock.Failures); n > 0 && sock.Failures[n-1].At >= c.Began {
			last = sock.Failures[n-1]
			ok = errors.Is(last.Err, os.ErrDeadlineExceeded)
		}
	}
	return last, ok && c.Current
}

// oneErrorEnds: a call ends at an error that the story, or a refusal, made one read or
// write return.
func oneErrorEnds(s Seen) text.Text {
	r, ok := want[Result](s)
	if ok && r.Beside {
		return none // the error is right
	}
	if c := s.current(); ok && slices.Contains(r.Errors, context.Canceled) && c.Began == c.Ended {
		return none // the end is right, as ctx had ended before the call
	}
	for _, c := range s.Calls {
		if !c.Done || c.Err == nil || c.Wanted && !wantsMore(s, c) {
			continue
		}
		for _, sock := range s.Sockets {
			f, ok := s.lastFailure(sock, c)
			sent, all := want[Sent](s) // all that the story wants
			all = all && len(sent.Got) >= len(sent.Instants)
			switch {
			case !ok || all || !is(c.Err, f.Err):
			case f.Wanted && reading(f.Method):
				return text.Say("%s ended at an error of one read, %q. Such an error is about one datagram, not "+
					"about the socket: the next read can bring one. Only a closed socket, or the end of ctx, is "+
					"the end.", c.Name, cause(c.Err))
			case f.Wanted:
				return text.Say("%s ended at an error of one send, %q. It says nothing about the next one: go on.",
					c.Name, cause(c.Err))
			case errors.Is(f.Err, syscall.ECONNREFUSED):
				return text.Say("%s ended at \"connection refused\". That says that nobody listens there now; the "+
					"server may be back for the next send.", c.Name)
			}
		}
	}
	return none
}

// lastFailure returns the last call on a socket that has failed, if the code has sent
// nothing more there, and the call ended then.
func (s Seen) lastFailure(sock Socket, c Call) (f Failure, ok bool) {
	if len(sock.Failures) == 0 {
		return f, false
	}
	const atOnce = time.Second // on a busy machine
	f = sock.Failures[len(sock.Failures)-1]
	goesOn := slices.ContainsFunc(s.Wire[min(f.Seen, len(s.Wire)):],
		func(d wire.Datagram) bool { return d.From == sock.Addr })
	return f, !goesOn && c.Ended-f.At < atOnce
}

// reading reports whether a socket's method reads.
func reading(method string) bool { return method == "ReadFrom" || method == "Read" }

// survivedBefore: the code went on after one read that failed, and ended at the next.
func survivedBefore(s Seen) text.Text {
	if oneErrorEnds(s).IsZero() {
		return none
	}
	for _, c := range s.Calls {
		for _, sock := range s.Sockets {
			if c.Done && c.Survived != nil && is(c.Err, sock.ReadError) {
				return text.Say("It had gone on after an earlier read that failed, with %q. Go on after this one too: "+
					"how many have failed before does not matter.", cause(c.Survived))
			}
		}
	}
	return none
}

func is(err, target error) bool {
	var errno syscall.Errno
	return target != nil && errors.As(target, &errno) && errors.Is(err, errno)
}

// cause returns the innermost error, which says it shortest.
func cause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// wantsMore reports whether the story wants a call to return another error than it
// did, a value, or later.
func wantsMore(s Seen, c Call) bool {
	if !c.Current {
		return false
	}
	switch w := s.Want.(type) {
	case Result:
		return !slices.ContainsFunc(w.Errors, func(e error) bool { return errors.Is(c.Err, e) })
	case Instant:
		return w.Got < w.Want
	}
	return false
}

// deafToContext: a read goes on when the context is cancelled.
func deafToContext(s Seen) text.Text {
	r, ok := want[Returned](s)
	if !ok || !r.Cancelled || !s.current().reads() {
		return none
	}
	if slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Polls }) {
		return text.Say("The read waits for the deadline that the code has set, and only then can the code look at " +
			"its context. That is too late: the end of ctx has to end the read itself. Let context.AfterFunc set a " +
			"deadline that is long past.")
	}
	return text.Say("A read knows nothing of a context, and asking ctx.Err() before it is not enough. Something has " +
		"to end the read that waits: let context.AfterFunc set a deadline that is long past.")
}

// sleepsThroughContext: a sleep goes on when the context is cancelled.
func sleepsThroughContext(s Seen) text.Text {
	if r, ok := want[Returned](s); ok && r.Cancelled && s.current().Sleeps {
		return text.Say("Nothing ends a time.Sleep. Wait in a read that the end of ctx ends, or in a select with " +
			"ctx.Done().")
	}
	return none
}

// sleepsInstead: a call sleeps, and something has come that it could read, or nothing
// will change.
func sleepsInstead(s Seen) text.Text {
	r, ok := want[Returned](s)
	c := s.current()
	if !ok || r.Cancelled || !c.Sleeps {
		return none
	}
	for _, d := range s.Wire {
		if !d.Heard && d.Err == nil && d.Lost.IsZero() && d.At >= c.Began && s.isSocket(d.To) {
			return text.Say("%s from %s has come, and %s sleeps. A sleep knows nothing of what comes. To wait is to "+
				"read, up to a deadline: a read returns as soon as something is there.",
				wire.Quote(string(d.Payload)), s.Name(d.From), c.Name)
		}
	}
	if len(s.Sockets) == 0 {
		return text.Say("%s sleeps, and nothing changes meanwhile: what it finds out now is what it will find out "+
			"later. Return it at once.", c.Name)
	}
	return none
}

// isSocket reports whether an endpoint is one of the code's.
func (s Seen) isSocket(addr netip.AddrPort) bool {
	return slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Addr == addr })
}

// keepsFailing: the code calls again and again what can't succeed any more.
func keepsFailing(s Seen) text.Text {
	p, ok := want[Progress](s)
	switch {
	case ok && errors.Is(p.Err, net.ErrClosed):
		return text.Say("A closed socket stays closed, and each call fails at once with net.ErrClosed: that error is " +
			"the one that ends the loop. It comes within another: errors.Is(err, net.ErrClosed) finds it, == does not.")
	case ok && errors.Is(p.Err, os.ErrDeadlineExceeded):
		if t := failsAtDeadline(s); !t.IsZero() {
			return t
		}
		return text.Say("The deadline has passed, and each read fails at once until it is set anew. If it is past " +
			"because ctx ended, return; if a wait is over, set the next one. The error comes within another: " +
			"errors.Is(err, os.ErrDeadlineExceeded) finds it, == does not.")
	}
	return none
}

// failsAtDeadline says why the reads of the one call that runs fail at a deadline, where
// it can be seen: an earlier call has left that, or the call's context has ended.
func failsAtDeadline(s Seen) text.Text {
	runs := func(c Call) bool { return !c.Done }
	i := slices.IndexFunc(s.Calls, runs)
	if i < 0 || slices.ContainsFunc(s.Calls[i+1:], runs) {
		return none
	}
	c := s.Calls[i]
	for _, sock := range s.Sockets {
		n := len(sock.Failures)
		if n == 0 || sock.Failures[n-1].At < c.Began || !errors.Is(sock.Failures[n-1].Err, os.ErrDeadlineExceeded) {
			continue
		}
		f := sock.Failures[n-1]
		switch {
		case c.Cancelled || c.Until > 0 && f.At >= c.Until:
			return text.Say("The context of %s has ended, and so each read fails at once, however often it is called. "+
				"A context ends by its deadline too, and not only when it is cancelled: return when ctx.Err() is not "+
				"nil, whichever error it is.", c.Name)
		case f.Deadline.Calls > 0 && f.Deadline.Calls <= i:
			return f.atOldDeadline(c.Name)
		}
	}
	return none
}

// closedWhatItWasGiven: the code closed a socket that is not its own.
func closedWhatItWasGiven(s Seen) text.Text {
	_, ok := want[Open](s)
	for _, sock := range s.Sockets {
		failed := slices.ContainsFunc(sock.Failures, func(f Failure) bool { return errors.Is(f.Err, net.ErrClosed) })
		if !ok && sock.ClosedAt != "" && !sock.Owned && failed {
			return text.Say("The code itself has closed %s's socket, at %s, and used it afterwards. A socket that a "+
				"function was given belongs to its caller, who may go on with it: don't close it.", sock.Name,
				sock.ClosedAt)
		}
	}
	if ok && !slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Owned }) {
		return text.Say("A socket that a function was given belongs to its caller, who may go on with it: don't " +
			"close it, and not in a defer either, which runs at the return. If that was to end a read: a deadline " +
			"that is long past does so too, and can be taken back.")
	}
	return none
}

// goroutineLeft: something that the code started goes on.
func goroutineLeft(s Seen) text.Text {
	left, ok := want[NoGoroutine](s)
	switch {
	case !ok:
		return none
	case left.WaitsIn == "ReadFrom" || left.WaitsIn == "Read":
		return text.Say("The goroutine still reads, and would take the next datagram away from whoever uses the " +
			"socket then. End its read by a deadline that is long past, and wait until it has returned.")
	case left.WaitsIn != "":
		return text.Say("The function returned while a goroutine of its own was still at work in %s. Count them with "+
			"a sync.WaitGroup, and wait for the last.", left.WaitsIn)
	case left.Sleeps:
		return text.Say("A timer or a sleep goes on by itself. Stop it, or end its goroutine, before you return.")
	}
	return text.Say("Whoever starts a goroutine ends it, and waits for its end before returning.")
}

// readByEarlier: what a call waits for was read by something that had begun before it.
func readByEarlier(s Seen) text.Text {
	c := s.current()
	others := slices.ContainsFunc(s.Calls, func(c Call) bool { return !c.Current && !c.Done })
	if r, ok := want[Returned](s); !ok || r.Cancelled || others {
		return none
	}
	for _, sock := range s.Sockets {
		for _, r := range slices.Backward(sock.Reads) {
			if !sock.Owned && r.Number > 0 && r.At >= c.Began && r.Seen > c.Seen && r.Calls <= s.index() {
				d := s.read(r)
				return text.Say("%s from %s was read, but not by this call of %s: that read had begun before it. So "+
					"something that an earlier call has started still reads there. End its read by a deadline that is "+
					"long past, and wait until it has returned.", wire.Quote(string(d.Payload)), s.Name(d.From), c.Name)
			}
		}
	}
	return none
}

// unused: a call has returned without a read or a send on the story's sockets.
func unused(s Seen) text.Text {
	i := s.index()
	if i < 0 {
		i = len(s.Calls) - 1
	}
	if i < 0 || !s.Calls[i].Done || s.Calls[i].Used || s.Calls[i].Cancelled || len(s.Sockets) == 0 ||
		s.Sockets[0].Owned { // which a goroutine may read that is no call's
		return none
	}
	switch w := s.Want.(type) {
	case Heard, Sent, Instant, Logged:
	case Result:
		if slices.ContainsFunc(w.Errors, isContextError) || slices.Contains(w.Errors, net.ErrClosed) ||
			w.AnyError && s.Calls[i].Err != nil {
			return none // it may have ended before
		}
	default:
		return none
	}
	where := text.Say("%s's socket", s.Sockets[0].Name)
	if len(s.Sockets) > 1 {
		where = text.Say("any socket that the story has given")
	}
	return text.Say("%s has returned, and has neither read nor sent anything on %s. Each call uses the socket that it "+
		"is given and no other, by the methods of its interface, whatever type it has, and whatever an earlier call "+
		"has sent.", s.Calls[i].Name, where)
}

// wentOnClosed: a call meets the end of its socket, and goes on.
func wentOnClosed(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	if !ok || !slices.Contains(r.Errors, net.ErrClosed) || errors.Is(c.Err, net.ErrClosed) {
		return none
	}
	for _, sock := range s.Sockets {
		for _, f := range sock.Failures {
			if errors.Is(f.Err, net.ErrClosed) && f.At < c.Ended {
				return text.Say("%s of %s's socket failed after %v, since the socket was closed, and %s went on up to "+
					"%v. A closed socket stays closed: errors.Is(err, net.ErrClosed) tells that this is the end.",
					f.Method, sock.Name, f.At, c.Name, c.Ended)
			}
		}
	}
	return none
}

// deadlineLeft: a socket is left with a deadline.
func deadlineLeft(s Seen) text.Text {
	d, ok := want[NoDeadline](s)
	switch {
	case ok && d.Late:
		return text.Say("A goroutine has set the deadline, when the call had returned. Call the stop of " +
			"context.AfterFunc before you return, and look at what that returns: if it is false, the function may " +
			"still be running. Wait for it, for example on a channel that it closes, and then clear the deadline.")
	case ok:
		return text.Say("A deadline stays with the socket until another is set, and whoever uses the socket next "+
			"meets it. Clear it before you return: %s(time.Time{}).", setter(!d.Sends))
	}
	return none
}

// setter returns the method that sets a deadline for reads, or for sends.
func setter(forReads bool) string {
	if forReads {
		return "SetReadDeadline"
	}
	return "SetWriteDeadline"
}

// waitsForAnswer: a call that should only send waits in a read.
func waitsForAnswer(s Seen) text.Text {
	r, ok := want[Returned](s)
	if !ok || r.Cancelled || !s.current().reads() {
		return none
	}
	for _, sock := range s.Sockets {
		for _, f := range slices.Backward(sock.Failures) {
			own := f.Seen > s.current().Seen // and not of a call before this one, which has sent
			if own && reading(f.Method) && (f.Wanted || errors.Is(f.Err, syscall.ECONNREFUSED)) {
				return text.Say("A read has failed with %q, and the code reads on. Each such error is told once, so "+
					"nothing more comes: return it.", cause(f.Err))
			}
		}
	}
	return none
}

// isContextError reports whether an error is one of a context's end, or of a
// deadline's.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, os.ErrDeadlineExceeded)
}
