package harness

import (
	"maps"
	"net/netip"
	"slices"
	"syscall"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
)

// This file is about what a story knows when it fails, for the diagnosis.

// wants notes what the story wants just now.
func (w *World) wants(want any) { w.update(func() { w.wanted, w.current = want, nil }) }

// Because says, in English and in Traditional Chinese, why the story wants what
// follows, up to the next Because. A failure there repeats it.
func (w *World) Because(english, chinese string) {
	w.update(func() { w.because = text.Both(english, chinese) })
}

// Because is [World.Because] for what the call returns, and for that alone.
func (c *Call) Because(english, chinese string) *Call {
	c.w.update(func() { c.because = text.Both(english, chinese) })
	return c
}

// observe puts together what is known of the story, whose goroutines are given.
// w.mu is held.
func (w *World) observe(students []goroutine) diagnosis.Seen {
	names := maps.Clone(w.names)
	because := w.because
	switch _, beside := w.wanted.(diagnosis.NothingBeside); {
	case beside:
		because = text.Text{} // which is about the error
	case w.current != nil && !w.current.because.IsZero():
		because = w.current.because
	}
	seen := diagnosis.Seen{
		Want: w.wanted, Because: because, Wire: w.seen, Callbacks: w.callbacks, Forbidden: w.forbidden(),
		Name: func(addr netip.AddrPort) string { return nameIn(names, addr) },
	}
	for _, c := range w.calls {
		call := diagnosis.Call{Name: c.name, Current: c == w.current, Done: c.done, Wanted: c.ended, Value: c.value, Before: c.before, Err: c.err,
			Began: c.began, Ended: c.doneAt, Seen: c.seen, Cancelled: c.cancelled, Named: namesIn(c.err)}
		call.WaitsIn, call.Sleeps = c.waits(students)
		for _, socket := range w.conns {
			if slices.Contains(socket.survivors, c) {
				call.Survived = socket.survived
			}
		}
		seen.Calls = append(seen.Calls, call)
	}
	for _, c := range w.conns {
		sock := diagnosis.Socket{
			Name: c.name, Addr: addrPort(c.inner.LocalAddr()),
			ReadError: c.failed, WriteError: c.writeFailed, Refused: c.refused,
			Polls: c.reading.by.known() && c.reading.at.After(w.start),
			Reads: c.reads, Failures: c.errs,
		}
		if sock.Polls {
			sock.Until = c.reading.at.Sub(w.start)
		}
		seen.Sockets = append(seen.Sockets, sock)
	}
	return seen
}

// waits says what the call's goroutine waits in, if it does.
func (c *Call) waits(students []goroutine) (method string, sleeps bool) {
	for _, g := range students {
		if g.id == c.id && !c.done {
			return waitsIn(g), g.state == "sleep"
		}
	}
	return "", false
}

// OncePerDatagram is f for the student's code, which is to call it once for each
// datagram that it reads. name is what the code calls it.
func (w *World) OncePerDatagram(name string, f func() bool) func() bool {
	var i int
	w.update(func() {
		i = len(w.callbacks)
		w.callbacks = append(w.callbacks, diagnosis.Callback{Name: name})
	})
	return func() bool {
		w.update(func() { w.callbacks[i].Calls++ })
		return f()
	}
}

// wantsOf is wants for something that is about the call.
func (c *Call) wantsOf(want any) {
	c.w.update(func() { c.w.wanted, c.w.current = want, c })
}

// namesOf are those of the errors that have one, but for the system's own.
func namesOf(errs []error) (all []string) {
	for _, err := range errs {
		if n, ok := err.(named); ok && !n.system() {
			all = append(all, n.name)
		}
	}
	return all
}

// causes are errors without their names.
func causes(errs []error) (all []error) {
	for _, err := range errs {
		if n, ok := err.(named); ok {
			err = n.error
		}
		all = append(all, err)
	}
	return all
}

// forbidden are the code's sockets that may not broadcast, or could not. w.mu is held.
func (w *World) forbidden() (all []diagnosis.Forbidden) {
	for _, socket := range w.silenced {
		value, err := socketOption(socket, syscall.SOL_SOCKET, broadcastOption)
		all = append(all, diagnosis.Forbidden{Name: w.kernel[socket], Permitted: err == nil && value != 0})
	}
	return all
}
