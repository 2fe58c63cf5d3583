package harness

import (
	"slices"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// StillOpen fails the story if the student's code has closed a socket.
func (w *World) StillOpen(socket Endpoint) {
	defer w.checked()
	c := w.conn(socket)
	switch by, closed := c.ClosedByCode(); {
	case by.Known():
		w.wants(diagnosis.Open{})
		w.fatal(verdict.Failed, "%s's socket should still be open, but %s closed it.", c.Name, by)
	case closed:
		w.wants(diagnosis.Open{})
		w.fatal(verdict.Failed, "%s's socket should still be open, but the code has closed it.", c.Name)
	}
}

// IsClosed fails the story if a socket is open that the student's code was to close.
func (w *World) IsClosed(socket Endpoint) {
	defer w.checked()
	if c := w.conn(socket); !c.IsClosed() {
		w.wants(nil)
		w.fatal(verdict.Failed, "%s's socket should be closed by now, and is still open.", c.Name)
	}
}

// NothingLeftBehind fails the story if the student's code, all of whose calls have
// returned, has left a goroutine running or a deadline set.
func (w *World) NothingLeftBehind() {
	defer w.checked()
	w.noGoroutineLeft()
	w.noDeadlineLeft()
}

func (w *World) noGoroutineLeft() {
	var left []stacks.Goroutine
	none := func() bool {
		if s := w.stage.Load(); s != nil && s.Alone() {
			return true
		}
		left = slices.DeleteFunc(w.rec.Alive(), func(g stacks.Goroutine) bool { return !w.rec.Site.IsStudents(g) })
		return len(left) == 0
	}
	ok := false
	if w.rec.Virtual {
		w.rec.Quiesce() // whoever is left now waits for time to pass, or for ever
		ok = none()
	} else {
		ok = w.await(none)
	}
	if !ok {
		w.rec.Update(func() { w.inVain = false }) // the sentence says it all
		w.wants(diagnosis.NoGoroutine{WaitsIn: left[0].WaitsIn(), Sleeps: left[0].State == "sleep"})
		w.fatal(verdict.Failed, "A goroutine is left over: it %s.", w.rec.Site.Doing(left[0]))
	}
}

func (w *World) noDeadlineLeft() {
	for _, c := range w.rec.Conns() {
		what, by, late := c.DeadlineLeft()
		if what.IsZero() {
			continue
		}
		w.wants(diagnosis.NoDeadline{Late: late, Sends: what == text.Say("write")})
		switch {
		case late:
			w.fatal(verdict.Failed,
				"%s's socket is left with a %s deadline: it was set at %s when the call had returned already.",
				c.Name, what, by)
		default:
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline, set at %s.", c.Name, what, by)
		}
	}
}

// Logged waits until the log holds these lines, the first of them first and
// the others in any order, each written with one Write. A line too many fails
// the story like a missing one.
func (w *World) Logged(first string, others ...string) {
	w.logged(append([]string{first}, others...), checkLog)
}

// LoggedInAnyOrder waits until the log holds these lines, as [World.Logged] does, but in
// any order: none of them has to be the first.
func (w *World) LoggedInAnyOrder(lines ...string) { w.logged(lines, checkLogInAnyOrder) }

func (w *World) logged(want []string, check func(log text.Text, writes, want []string) text.Text) {
	defer w.checked()
	asked, before, writes := w.rec.Since(), 0, []string(nil)
	w.rec.Locked(func() { before = len(w.rec.Written) })
	w.await(func() bool { return len(w.rec.Written) >= len(want) })
	w.rec.Quiesce() // for the lines that come with the last one
	w.rec.Locked(func() { writes = slices.Clone(w.rec.Written) })
	w.wants(diagnosis.Logged{Lines: want, Got: writes, Notes: w.notes.Load()})
	log := theLog
	if w.notes.Load() {
		log = theNotes
	}
	wrong := check(log, writes, want)
	if wrong.IsZero() {
		return
	}
	if line := lateLine(writes[:before], writes[before:], want); line != "" && w.rec.Virtual {
		w.wants(diagnosis.Logged{Lines: want, Got: writes[:before], Notes: w.notes.Load()})
		wrong = text.Say("after %v %s lacked the line\n    %s\n"+
			"which came after %v, with %d more than are wanted by then", asked, log, shorten(line), w.rec.Since(),
			len(writes)-len(want))
	}
	w.fatal(verdict.Failed, "%s", wrong)
}

// AllRead waits until the student's code has read every datagram that was sent
// to a socket, and has done what it does about it at once, or has returned. So what is
// sent next is read next, which no network promises otherwise; and what was read has
// been counted, whichever of the code's goroutines does that.
func (w *World) AllRead(socket Endpoint) {
	defer w.checked()
	c := w.conn(socket)
	self := record.AddrPort(c.LocalAddr())
	var next wire.Datagram // to be read
	unread := func(d wire.Datagram) bool { return d.To == self && !d.Heard && !wire.Undelivered(d) }
	done := func() bool {
		i := slices.IndexFunc(w.rec.Datagrams, unread)
		if i >= 0 {
			next = w.rec.Datagrams[i]
		}
		return i < 0 || w.rec.AllReturned()
	}
	if !w.await(done) {
		w.wants(nil)
		w.fatal(verdict.Failed, "%s did not read %s from %s.",
			c.Name, wire.Quote(string(next.Payload)), w.rec.NameOf(next.From))
	}
	if !w.rec.Virtual { // where everybody has come to rest whenever the story goes on
		w.comesToRest()
	}
}
