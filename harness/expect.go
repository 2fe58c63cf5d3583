package harness

import (
	"slices"
	"testing/synctest"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// StillOpen fails the story if the student's code has closed a socket.
func (w *World) StillOpen(socket Endpoint) {
	c := w.conn(socket)
	if by := c.closer(); by.known() {
		w.wants(diagnosis.Open{})
		w.fatal(verdict.Failed, "%s's socket should still be open, but %s closed it.", c.name, by)
	}
}

// Unread fails the story if the student's code has read from a socket: what arrives
// there is for its owner.
func (w *World) Unread(socket Endpoint) {
	c := w.conn(socket)
	self := addrPort(c.LocalAddr())
	if w.virtual != nil {
		synctest.Wait() // whoever reads has read
	}
	w.mu.Lock()
	i := slices.IndexFunc(w.seen, func(d wire.Datagram) bool { return d.To == self && d.Heard })
	var read wire.Datagram
	if i >= 0 {
		read = w.seen[i]
	}
	w.mu.Unlock()
	if i >= 0 {
		w.marks(i+1, "the story wants it left unread")
		w.wants(diagnosis.Unread{Got: read})
		w.fatal(verdict.Failed, "The code has read %s from %s, at %s's socket; the story wants it left there.", wire.Quote(string(read.Payload)), w.nameAt(read.From), c.name)
	}
}

// SentAt fails the story unless a socket was asked to send exactly as many
// times as there are instants, at these instants since the story's beginning.
// On real sockets, where time passes between any two steps of a story, it may
// have sent fewer times, and later, but never earlier.
func (w *World) SentAt(socket Endpoint, instants ...time.Duration) {
	c := w.conn(socket)
	sends := c.sends()
	got := make([]time.Duration, len(sends))
	for i, d := range sends {
		got[i] = d.At
	}
	w.wants(diagnosis.Sent{From: addrPort(c.LocalAddr()), Instants: instants, Got: got})
	for i, at := range got {
		switch {
		case i >= len(instants):
			w.marks(sends[i].number, "one more than the story wants")
			w.fatal(verdict.Failed, "%s sent once more after %v; the story wants it to send no more than %d time(s).", c.name, at, len(instants))
		case w.virtual != nil && at != instants[i]:
			w.marks(sends[i].number, "the story wants it after %v", instants[i])
			w.fatal(verdict.Failed, "%s sent its datagram number %d after %v; the story wants it after %v.", c.name, i+1, at, instants[i])
		case at < instants[i]:
			w.marks(sends[i].number, "the story wants it after %v", instants[i])
			w.fatal(verdict.Failed, "%s sent its datagram number %d early, after %v; the story wants it after %v.", c.name, i+1, at, instants[i])
		}
	}
	if len(got) < len(instants) && w.virtual != nil {
		w.marks(0, "the next one was due after %v", instants[len(got)])
		w.fatal(verdict.Failed, "%s sent %d of the %d times that the story wants; the next one was due after %v.", c.name, len(got), len(instants), instants[len(got)])
	}
}

// NothingLeftBehind fails the story if the calls that have returned left a
// goroutine running or a deadline set.
func (w *World) NothingLeftBehind() {
	var left []goroutine
	none := func() bool {
		left = slices.DeleteFunc(w.alive(), func(g goroutine) bool { return !w.site.isStudents(g) })
		return len(left) == 0
	}
	ok := false
	if w.virtual != nil {
		synctest.Wait() // whoever is left now waits for time to pass, or for ever
		ok = none()
	} else {
		ok = w.await(none)
	}
	if !ok {
		w.update(func() { w.gaveUp = false }) // the sentence says it all
		w.wants(diagnosis.NoGoroutine{WaitsIn: waitsIn(left[0]), Sleeps: left[0].state == "sleep"})
		w.fatal(verdict.Failed, "A goroutine is left over: it %s.", w.site.doing(left[0]))
	}
	for _, c := range w.conns {
		what, d := c.deadlineLeft()
		w.wants(diagnosis.NoDeadline{Late: d.late})
		switch {
		case what.IsZero() || c.isClosed():
		case d.late:
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline: it was set at %s when the call had returned already.", c.name, what, d.by)
		default:
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline, set at %s.", c.name, what, d.by)
		}
	}
}

// Logged waits until the log holds these lines, the first of them first and
// the others in any order, each written with one Write. A line too many fails
// the story like a missing one.
func (w *World) Logged(first string, others ...string) {
	w.logged(append([]string{first}, others...), (*storyLog).check)
}

// LoggedInAnyOrder is Logged without a line that has to be the first.
func (w *World) LoggedInAnyOrder(lines ...string) { w.logged(lines, (*storyLog).checkInAnyOrder) }

func (w *World) logged(want []string, check func(*storyLog, []string) text.Text) {
	w.await(func() bool { return len(w.log.writes) >= len(want) })
	w.mu.Lock()
	wrong := check(&w.log, want)
	w.wanted, w.current = diagnosis.Logged{Lines: want, Got: slices.Clone(w.log.writes)}, nil
	w.mu.Unlock()
	if !wrong.IsZero() {
		w.fatal(verdict.Failed, "%s", wrong)
	}
}

// SilentFrom fails the story if a socket was asked to send at an instant or
// later.
func (w *World) SilentFrom(socket Endpoint, instant time.Duration) {
	c := w.conn(socket)
	for _, d := range c.sends() {
		if d.At >= instant {
			w.wants(diagnosis.Quiet{From: d.From, Got: d.At})
			w.marks(d.number, "the story wants silence here")
			w.fatal(verdict.Failed, "%s sent once more after %v; the story wants silence from %v on.", c.name, d.At, instant)
		}
	}
}

// idle reports whether every call has returned. w.mu is held.
func (w *World) idle() bool {
	return !slices.ContainsFunc(w.calls, func(c *Call) bool { return !c.done })
}

// AllRead waits until the student's code has read every datagram that was sent
// to a socket, or has returned. So what is sent next is read next, which no
// network promises otherwise.
func (w *World) AllRead(socket Endpoint) {
	c := w.conn(socket)
	self := addrPort(c.LocalAddr())
	var next wire.Datagram // to be read
	done := func() bool {
		unread := slices.IndexFunc(w.seen, func(d wire.Datagram) bool { return d.To == self && !d.Heard && d.Err == nil })
		if unread >= 0 {
			next = w.seen[unread]
		}
		return unread < 0 || w.idle()
	}
	if !w.await(done) {
		w.wants(nil)
		w.fatal(verdict.Failed, "%s did not read %s from %s.", c.name, wire.Quote(string(next.Payload)), w.nameAt(next.From))
	}
}
