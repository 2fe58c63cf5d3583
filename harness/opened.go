package harness

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"reflect"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about sockets that the student's code opens itself.

// Opens waits for the call to return a UDP socket at an address, where port 0
// stands for any, and no error. The socket becomes a peer's.
func (c *Call) Opens(name string, at netip.AddrPort) *Peer {
	conn := c.socket(diagnosis.Opened{At: at, Beside: c.w.beside(at)})
	got := addrPort(conn.LocalAddr())
	c.wantsOf(diagnosis.Opened{At: at, Got: got})
	// Go's socket for all IPv4 addresses may be one for all of IPv6 as well.
	same := got.Addr() == at.Addr() || got.Addr().IsUnspecified() && at.Addr().IsUnspecified()
	switch remote := conn.RemoteAddr(); {
	case remote != nil:
		c.w.fatal(verdict.Failed, "%s opened a socket that is connected to %v; the story wants one that is not.", c.name, remote)
	case !same && got.Addr().IsUnspecified():
		c.w.fatal(verdict.Failed, "%s opened a socket at %v, which is all addresses of this computer; the story wants %v.", c.name, got, where(at))
	case !same, at.Port() != 0 && got.Port() != at.Port():
		c.w.fatal(verdict.Failed, "%s opened a socket at %v; the story wants %v.", c.name, got, where(at))
	}
	return c.w.peerOn(name, c.w.open(name, func() (udpConn, error) { return conn, nil }))
}

// Connects waits for the call to return a UDP socket that is connected to an
// endpoint, and no error. It comes back as [World.Dial] would give it.
func (c *Call) Connects(name string, to Endpoint) net.Conn {
	conn := c.socket(diagnosis.Connected{})
	want := addrPort(to.LocalAddr())
	switch got := addrPort(conn.RemoteAddr()); {
	case !got.IsValid():
		c.w.fatal(verdict.Failed, "%s opened a socket that is not connected; the story wants it connected to %v.", c.name, want)
	case got != want:
		c.w.fatal(verdict.Failed, "%s opened a socket that is connected to %v; the story wants %v.", c.name, got, want)
	}
	return connectedConn{c.w.hand(name, c.w.open(name, func() (udpConn, error) { return conn, nil }))}
}

// socket waits for the call to return a socket of package net's, for what the
// story wants of it.
func (c *Call) socket(want any) *net.UDPConn {
	c.w.onlyKernel("a socket that the code opens itself")
	c.wait()
	c.wantsOf(want)
	conn, ok := c.value.(*net.UDPConn)
	switch {
	case c.err != nil:
		c.w.fatal(verdict.Failed, "%s returned the error %s; the story wants a socket and no error.", c.name, quoteError(c.err))
	case isNil(c.value):
		c.w.fatal(verdict.Failed, "%s returned neither a socket nor an error; the story wants a socket.", c.name)
	case !ok:
		c.w.fatal(verdict.Failed, "%s returned a %T; the story wants a UDP socket as package net opens it, a *net.UDPConn.", c.name, c.value)
	}
	for _, p := range c.w.peers {
		if p.conn == net.PacketConn(conn) {
			if opened, ok := want.(diagnosis.Opened); ok {
				c.wantsOf(diagnosis.Opened{At: opened.At, Again: p.name})
			}
			c.w.fatal(verdict.Failed, "%s returned the same socket as before, %s's; the story wants another one.", c.name, p.name)
		}
	}
	if err := conn.SetDeadline(time.Time{}); errors.Is(err, net.ErrClosed) {
		c.wantsOf(diagnosis.Usable{})
		c.w.fatal(verdict.Failed, "%s returned a socket that is closed already; the story wants to use it.", c.name)
	}
	if _, err := buffered(conn, nil); err != nil {
		c.w.fatal(verdict.NotRun, "The socket of %s can't be used: %v.", c.name, err)
	}
	return conn
}

// beside are the peers that have sockets at a port, at an address that overlaps.
func (w *World) beside(at netip.AddrPort) (names []string) {
	for _, p := range w.peers {
		other := addrPort(p.LocalAddr())
		overlaps := other.Addr() == at.Addr() || other.Addr().IsUnspecified() || at.Addr().IsUnspecified()
		if at.Port() != 0 && other.Port() == at.Port() && overlaps && !w.gone[other] {
			names = append(names, p.name)
		}
	}
	return names
}

// closeSocket closes a socket that the call has opened, wanted or not.
func (c *Call) closeSocket() {
	if !c.hasReturned() {
		return
	}
	if conn, ok := c.value.(io.Closer); ok && !isNil(conn) {
		conn.Close()
	}
}

func isNil(v any) bool {
	value := reflect.ValueOf(v)
	return v == nil || value.Kind() == reflect.Pointer && value.IsNil()
}

// where writes an address whose port may be any.
func where(at netip.AddrPort) text.Text {
	if at.Port() == 0 {
		return text.Say("%v and any port", at.Addr())
	}
	return text.Say("%v", at)
}
