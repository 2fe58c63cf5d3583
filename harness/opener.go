package harness

import (
	"fmt"
	"net"
	"slices"

	"udpkata/harness/internal/record"
	"udpkata/harness/verdict"
)

// An Opener opens a socket for the student's code each time that this asks for one by [Opener.Open]. The sockets are
// the code's, which is to close them.
type Opener struct {
	w    *World
	name string

	// The record's Monitor guards the following.
	sockets []*record.Conn // in the order in which they were asked for
	fails   []error        // of the next times
}

// Opener returns one whose sockets have a name in the story, and numbers from 1.
func (w *World) Opener(name string) *Opener { return &Opener{w: w, name: name} }

// Open opens a socket on a port that the system chooses. It is for the student's code, which may call it from any
// goroutine.
func (o *Opener) Open() (net.PacketConn, error) {
	var err error
	o.w.rec.Update(func() {
		if len(o.fails) > 0 {
			err, o.fails = o.fails[0], o.fails[1:]
		}
	})
	if err != nil {
		return nil, err
	}
	inner, err := o.w.listen()
	if err != nil {
		return nil, err
	}
	c := o.w.rec.Conn(o.name, inner)
	c.HandOver()
	o.w.rec.Update(func() {
		o.sockets = append(o.sockets, c)
		c.Name = fmt.Sprintf("%s %d", o.name, len(o.sockets))
	})
	o.w.rec.SetName(record.AddrPort(inner.LocalAddr()), c.Name)
	return record.PacketConn{Conn: c}, nil
}

// FailNext makes Open fail the next time, once with each error.
func (o *Opener) FailNext(errs ...error) {
	o.w.rec.Update(func() { o.fails = append(o.fails, errs...) })
}

// Socket waits until the code has asked for so many sockets, and returns the last of these. A reason that was said
// before goes for what follows, too.
func (o *Opener) Socket(number int) net.PacketConn {
	if !o.w.await(func() bool { return len(o.sockets) >= number }) {
		o.w.wants(nil)
		o.w.fatal(verdict.Failed, "The code has asked for %d socket(s) by now; the story wants %d.", o.opened(), number)
	}
	var c *record.Conn
	o.w.rec.Locked(func() { c = o.sockets[number-1] })
	return record.PacketConn{Conn: c}
}

// Opened fails the story unless the code has asked for so many sockets by now.
func (o *Opener) Opened(number int) {
	defer o.w.checked()
	if n := o.opened(); n != number {
		o.w.wants(nil)
		o.w.fatal(verdict.Failed, "The code has asked for %d socket(s) by now; the story wants %d.", n, number)
	}
}

func (o *Opener) opened() (n int) {
	o.w.rec.Quiesce()
	o.w.rec.Locked(func() { n = len(o.sockets) })
	return n
}

// AllClosed waits until the code has closed all of the sockets, which it has no use for any more.
func (o *Opener) AllClosed() {
	defer o.w.checked()
	var open *record.Conn
	closed := func() bool {
		i := slices.IndexFunc(o.sockets, func(c *record.Conn) bool { return !c.IsClosed() })
		if i >= 0 {
			open = o.sockets[i]
		}
		return i < 0
	}
	ok := false
	if o.w.rec.Virtual {
		o.w.rec.Quiesce() // whoever closes it now waits for time to pass
		o.w.rec.Locked(func() { ok = closed() })
	} else {
		ok = o.w.await(closed)
	}
	if !ok {
		o.w.wants(nil)
		o.w.fatal(verdict.Failed, "%s's socket should be closed by now, and is still open.", open.Name)
	}
}
