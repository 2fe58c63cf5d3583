package record

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
)

// Seen returns what is known of the story, whose goroutines are given, for the
// diagnosis. current is the call that the story is about just now, or nil. The caller
// holds the Monitor.
func (r *Record) Seen(students []stacks.Goroutine, current *Call) diagnosis.Seen {
	names := r.Names()
	seen := diagnosis.Seen{
		Wire: r.Datagrams, Callbacks: r.Callbacks,
		Name: func(addr netip.AddrPort) string { return failure.NameIn(names, addr) },
	}
	for _, c := range r.Calls {
		call := diagnosis.Call{
			Name: c.Name, Current: c == current,
			Began: c.Began, Seen: c.SentBefore, Cancelled: c.Cancelled, Wanted: c.Awaited,
			Done: c.Done, Ended: c.Ended, Value: c.Value, Before: c.Before,
			Err: c.Err, Named: quote.NamesIn(c.Err), Until: c.Until, Used: c.used > 0,
		}
		if !c.Done {
			call.Used = r.uses > c.used
		}
		call.WaitsIn, call.Sleeps = c.waits(students)
		for _, socket := range r.conns {
			if slices.Contains(socket.staged.survivors, c) {
				call.Survived = socket.staged.before
			}
		}
		seen.Calls = append(seen.Calls, call)
	}
	for _, c := range r.conns {
		socket := diagnosis.Socket{
			Name: c.Name, Addr: c.addr(),
			ReadError: c.staged.last, WriteError: c.writeFailed, Refused: c.refused,
			Polls: c.reading.by.Known() && c.reading.at.After(r.Start),
			Reads: c.reads, Failures: c.errs, Owned: c.owned,
		}
		if c.closedBy.Known() {
			socket.ClosedAt = c.closedBy.String()
		}
		if socket.Polls {
			socket.Until = c.reading.at.Sub(r.Start)
		}
		seen.Sockets = append(seen.Sockets, socket)
	}
	return seen
}

// waits says what the call's goroutine waits in, if it does.
func (c *Call) waits(students []stacks.Goroutine) (method string, sleeps bool) {
	for _, g := range students {
		if g.ID == c.Goroutine && !c.Done {
			return g.WaitsIn(), g.State == "sleep"
		}
	}
	return "", false
}

// mostFacts is how many Situation tells.
const mostFacts = 4

// Situation says what each call of the student's code is about, if a wait for it was in
// vain, and what the code did to the sockets that it was given.
func (r *Record) Situation(students []stacks.Goroutine, inVain bool) (facts []text.Text) {
	r.Locked(func() {
		facts = r.callFacts(students, inVain)
		for _, c := range r.conns {
			facts = append(facts, c.facts()...)
		}
	})
	return facts[:min(mostFacts, len(facts))]
}

func (r *Record) callFacts(students []stacks.Goroutine, inVain bool) (facts []text.Text) {
	for i, c := range r.Calls {
		name, same := text.Say("%s", c.Name), func(other *Call) bool { return other.Name == c.Name }
		if slices.ContainsFunc(r.Calls[:i], same) || slices.ContainsFunc(r.Calls[i+1:], same) {
			name = text.Say("A call of %s", c.Name)
		}
		switch {
		case c.Done && !c.Awaited && c.Err != nil:
			facts = append(facts, text.Say("%s has returned the error %s.", name, quote.Error(c.Err)))
		case c.Done && !c.Awaited:
			facts = append(facts, text.Say("%s has returned, without an error.", name))
		}
		for _, g := range students {
			if g.ID == c.Goroutine && !c.Done && inVain {
				facts = append(facts, text.Say("%s %s.", name, r.Site.Doing(g)))
			}
		}
	}
	if !inVain {
		return facts
	}
	for _, g := range students {
		isCall := slices.ContainsFunc(r.Calls, func(c *Call) bool { return c.Goroutine == g.ID })
		if r.Site.IsStudents(g) && !isCall && !g.Busy() {
			if fact := text.Say("A goroutine %s.", r.Site.Doing(g)); !slices.Contains(facts, fact) {
				facts = append(facts, fact)
			}
		}
	}
	return facts
}

func (c *Conn) facts() (facts []text.Text) {
	add := func(format string, args ...any) { facts = append(facts, text.Say(format, args...)) }
	if errno := syscall.Errno(0); errors.As(c.staged.last, &errno) {
		add("A read of %s's socket failed, as the story wants: %v.", c.Name, errno)
	}
	if c.refused {
		add("%s's socket has reported \"connection refused\".", c.Name)
	}
	if c.closedBy.Known() {
		add("%s's socket was closed at %s.", c.Name, c.closedBy)
	}
	if c.closed.Load() {
		return facts // its deadlines mean nothing any more
	}
	if d := c.reading; !d.at.IsZero() && d.by.Known() {
		add("%s's socket has a read deadline, set at %s.", c.Name, d.by)
	}
	if d := c.writing; !d.at.IsZero() && d.by.Known() && d.by != c.reading.by {
		add("%s's socket has a write deadline, set at %s.", c.Name, d.by)
	}
	return facts
}
