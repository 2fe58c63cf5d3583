package harness

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/record"
	"udpkata/harness/sockopt"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about sockets that the student's code opens itself.

// Opened waits for a call to return a UDP socket at an address, where port 0
// stands for any, and no error. The socket becomes a peer's.
func (k kernelWords) Opened(c *Call, name string, at netip.AddrPort) *Peer {
	defer k.w.checked()
	conn := c.socket(diagnosis.Opened{At: at, Beside: k.w.beside(at)})
	got := record.AddrPort(conn.LocalAddr())
	c.wants(diagnosis.Opened{At: at, Got: got})
	// Go's socket for all IPv4 addresses may be one for all of IPv6 as well.
	same := got.Addr() == at.Addr() || got.Addr().IsUnspecified() && at.Addr().IsUnspecified()
	switch remote := conn.RemoteAddr(); {
	case remote != nil:
		k.w.fatal(verdict.Failed, "%s opened a socket that is connected to %v; the story wants one that is not.",
			c.rec.Name, remote)
	case !same && got.Addr().IsUnspecified():
		k.w.fatal(verdict.Failed,
			"%s opened a socket at %v, which is all addresses of this computer; the story wants %v.",
			c.rec.Name, got, where(at))
	case !same, at.Port() != 0 && got.Port() != at.Port():
		k.w.fatal(verdict.Failed, "%s opened a socket at %v; the story wants %v.", c.rec.Name, got, where(at))
	}
	return k.w.peerOn(name, k.w.open(name, func() (record.Socket, error) { return conn, nil }), nil)
}

// OpenedPlainly waits for a call to return, and fails the story if that is a socket that
// has another option, or a deadline, than package net gives to one that it opens. It comes
// before [Kernel.Opened], which says whether it is a socket at all.
func (k kernelWords) OpenedPlainly(c *Call) {
	defer k.w.checked()
	value, _ := c.result(nil)
	conn, ok := value.(*net.UDPConn)
	if !ok || conn == nil {
		return
	}
	at := record.AddrPort(conn.LocalAddr())
	plain, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), 0)))
	if err != nil {
		return
	}
	defer plain.Close()
	got := sockopt.Options(conn)
	for i, want := range sockopt.Options(plain) {
		if i < len(got) && got[i] != want {
			c.wants(diagnosis.Plain{})
			k.w.fatal(verdict.Failed, "%s opened a socket whose option %s is %d; package net leaves it at %d.",
				c.rec.Name, want.Name, got[i].Value, want.Value)
		}
	}
	if raw, err := conn.SyscallConn(); err == nil {
		noWait := func(uintptr) bool { return true }
		if errors.Is(errors.Join(raw.Read(noWait), raw.Write(noWait)), os.ErrDeadlineExceeded) {
			c.wants(diagnosis.Plain{})
			k.w.fatal(verdict.Failed, "%s returned a socket with a deadline that has passed; the story wants none.",
				c.rec.Name)
		}
	}
}

// LeavesNoSocket waits for a call to return, and fails the story if the code still has a
// socket open by then that it did not return. The call has to run alone, and the story opens
// no socket meanwhile. The call's reason is not told: it is about what that returns. Windows
// can't be asked.
func (k kernelWords) LeavesNoSocket(c *Call) {
	defer k.w.checked()
	value, _ := c.result(nil)
	if c.before == nil {
		k.w.fatal(verdict.NotRun, "%s did not run alone, so nobody knows which sockets it has left.", c.rec.Name)
	}
	k.w.rec.Update(func() { c.because = text.Text{} })
	returned, _ := value.(*net.UDPConn)
	left := func() map[uintptr]netip.AddrPort {
		now := k.w.openSockets()
		for fd := range c.before {
			delete(now, fd)
		}
		if returned != nil {
			if fd, err := sockopt.Descriptor(returned); err == nil {
				delete(now, fd)
			}
		}
		return now
	}
	if k.w.await(func() bool { return len(left()) == 0 }) { // a goroutine of the code's may be about to close it
		return
	}
	c.wants(diagnosis.NoSocketLeft{})
	switch sockets := stage.Locate(left()); len(sockets) {
	case 1:
		k.w.fatal(verdict.Failed, "%s has left a socket open that it did not return (%s); the story wants none.",
			c.rec.Name, places(sockets))
	default:
		k.w.fatal(verdict.Failed, "%s has left %d sockets open that it did not return (%s); the story wants none.",
			c.rec.Name, len(sockets), places(sockets))
	}
}

// places lists where sockets are, each place once.
func places(sockets map[uintptr]netip.AddrPort) text.Text {
	var list text.Text
	at := slices.SortedFunc(maps.Values(sockets), netip.AddrPort.Compare)
	for i, addr := range slices.CompactFunc(at, func(a, b netip.AddrPort) bool { return place(a) == place(b) }) {
		switch {
		case i == 0:
			list = place(addr)
		case i == 3:
			return text.Both(list.EN+", …", list.ZH+"、…")
		default:
			one := place(addr)
			list = text.Both(list.EN+", "+one.EN, list.ZH+"、"+one.ZH)
		}
	}
	return list
}

// place says where a socket is.
func place(at netip.AddrPort) text.Text {
	if at.Port() == 0 {
		return text.Say("not bound to a port")
	}
	return text.Say("at %v", at)
}

// WhyNot returns the system's error for a UDP socket at an address where none can be
// opened.
func (k kernelWords) WhyNot(at netip.AddrPort) error {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err == nil {
		conn.Close()
		k.w.fatal(verdict.NotRun, "A socket can be opened at %v, which the story takes for impossible.", at)
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno
	}
	return err
}

// Connected waits for a call to return a UDP socket that is connected to an
// endpoint, and no error. It comes back as [World.Dial] would give it.
func (k kernelWords) Connected(c *Call, name string, to Endpoint) net.Conn {
	defer k.w.checked()
	conn := c.socket(diagnosis.Connected{})
	want := record.AddrPort(to.LocalAddr())
	switch got := record.AddrPort(conn.RemoteAddr()); {
	case !got.IsValid():
		c.wants(diagnosis.Connected{Listens: true})
		k.w.fatal(verdict.Failed, "%s opened a socket that is not connected; the story wants it connected to %v.",
			c.rec.Name, want)
	case got != want:
		k.w.fatal(verdict.Failed, "%s opened a socket that is connected to %v; the story wants %v.",
			c.rec.Name, got, want)
	}
	inner := k.w.open(name, func() (record.Socket, error) { return conn, nil })
	return record.ConnectedConn{Conn: k.w.rec.Conn(name, inner)}
}

// socket waits for the call to return a socket of package net's, for what the
// story wants of it.
func (c *Call) socket(want any) *net.UDPConn {
	value, err := c.result(nil)
	c.wants(want)
	conn, ok := value.(*net.UDPConn)
	switch {
	case err != nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants a socket and no error.",
			c.rec.Name, quote.Error(err))
	case quote.IsNil(value):
		c.w.fatal(verdict.Failed, "%s returned neither a socket nor an error; the story wants a socket.", c.rec.Name)
	case !ok:
		c.w.fatal(verdict.Failed,
			"%s returned a %s; the story wants a UDP socket as package net opens it, a *net.UDPConn.",
			c.rec.Name, stage.TypeName(value))
	}
	for _, p := range c.w.peers {
		if p.conn == net.PacketConn(conn) || sockopt.Same(p.conn, conn) {
			if opened, ok := want.(diagnosis.Opened); ok {
				c.wants(diagnosis.Opened{At: opened.At, Again: p.name})
			}
			c.w.fatal(verdict.Failed, "%s returned the same socket as before, %s's; the story wants another one.",
				c.rec.Name, p.name)
		}
	}
	switch err := conn.SetDeadline(time.Time{}); {
	case errors.Is(err, net.ErrClosed):
		c.wants(diagnosis.Usable{})
		c.w.fatal(verdict.Failed, "%s returned a socket that is closed already; the story wants to use it.", c.rec.Name)
	case err != nil: // a zero UDPConn, say
		c.w.fatal(verdict.Failed, "%s returned a %T that can't be used: %v.", c.rec.Name, value, err)
	}
	if blocking, err := sockopt.IsBlocking(conn); err == nil && blocking {
		c.wants(diagnosis.NonBlocking{})
		c.w.fatal(verdict.Failed, "%s returned a blocking socket, and no deadline or Close ends its reads any more.",
			c.rec.Name)
	}
	if err := network.Buffered(conn); err != nil {
		c.w.fatal(verdict.NotRun, "The socket of %s can't be used: %v.", c.rec.Name, err)
	}
	return conn
}

// beside lists the peers that have sockets at a port, at an address that overlaps.
func (w *World) beside(at netip.AddrPort) (names []string) {
	for _, p := range w.peers {
		other := record.AddrPort(p.LocalAddr())
		overlaps := other.Addr() == at.Addr() || other.Addr().IsUnspecified() || at.Addr().IsUnspecified()
		if at.Port() != 0 && other.Port() == at.Port() && overlaps && !w.rec.IsClosed(other) {
			names = append(names, p.name)
		}
	}
	return names
}

// where writes an address whose port may be any.
func where(at netip.AddrPort) text.Text {
	if at.Port() == 0 {
		return text.Say("%v and any port", at.Addr())
	}
	return text.Say("%v", at)
}
