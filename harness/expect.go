package harness

import (
	"slices"
	"testing/synctest"
	"time"

	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// StillOpen fails the story if the student's code has closed a socket.
func (w *World) StillOpen(socket Endpoint) {
	c := w.conn(socket)
	if by := c.closer(); by.known() {
		w.fatal(verdict.Failed, "%s's socket should still be open: it belongs to whoever opened it, but %s closed it.", c.name, by)
	}
}

// SentAt fails the story unless a socket was asked to send exactly as many
// times as there are instants, at these instants since the story's beginning.
// On real sockets, where time passes between any two steps of a story, it may
// have sent fewer times, and later, but never earlier.
func (w *World) SentAt(socket Endpoint, instants ...time.Duration) {
	c := w.conn(socket)
	got := c.sends()
	for i, at := range got {
		switch {
		case i >= len(instants):
			w.fatal(verdict.Failed, "%s sent once more after %v; the story wants it to send no more than %d time(s).", c.name, at, len(instants))
		case w.virtual != nil && at != instants[i]:
			w.fatal(verdict.Failed, "%s sent its datagram number %d after %v; the story wants it after %v.", c.name, i+1, at, instants[i])
		case at < instants[i]:
			w.fatal(verdict.Failed, "%s sent its datagram number %d early, after %v; the story wants it after %v.", c.name, i+1, at, instants[i])
		}
	}
	if len(got) < len(instants) && w.virtual != nil {
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
		w.fatal(verdict.Failed, "A goroutine is left over: it %s. Whoever starts a goroutine waits for its end before returning.", w.site.doing(left[0]))
	}
	for _, c := range w.conns {
		switch what, d := c.deadlineLeft(); {
		case what == "" || c.isClosed():
		case d.late:
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline: it was set at %s when the call had returned already. Wait for the goroutine that sets it before you clear it.", c.name, what, d.by)
		default:
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline, set at %s. The next user of the socket would meet it.", c.name, what, d.by)
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

func (w *World) logged(want []string, check func(*storyLog, []string) error) {
	w.await(func() bool { return len(w.log.writes) >= len(want) })
	w.mu.Lock()
	err := check(&w.log, want)
	w.mu.Unlock()
	if err != nil {
		w.fatal(verdict.Failed, "%v", err)
	}
}

// SilentFrom fails the story if a socket was asked to send at an instant or
// later.
func (w *World) SilentFrom(socket Endpoint, instant time.Duration) {
	c := w.conn(socket)
	for _, at := range c.sends() {
		if at >= instant {
			w.fatal(verdict.Failed, "%s sent once more after %v; the story wants silence from %v on.", c.name, at, instant)
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
		w.fatal(verdict.Failed, "%s did not read %s from %s.", c.name, wire.Quote(string(next.Payload)), w.nameAt(next.From))
	}
}
