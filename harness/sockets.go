package harness

import (
	"net"
	"net/netip"
	"syscall"

	"udpkata/harness/capability"
	"udpkata/harness/internal/record"
	"udpkata/harness/stage"
	"udpkata/harness/verdict"
)

// An Endpoint is what datagrams are sent to: a socket, a [Peer] or [Everyone]. A parameter
// called socket takes sockets alone that this World has opened for the student's code.
type Endpoint interface{ LocalAddr() net.Addr }

// open opens a socket and gives it a name in the story.
func (w *World) open(name string, opener func() (record.Socket, error)) record.Socket {
	stage.Sweep()
	inner, err := opener()
	if err != nil {
		w.need(capability.Exhausted(err))
		w.fatal(withoutSocket(err), "No socket for %s: %v.", name, err)
	}
	w.rec.SetName(record.AddrPort(inner.LocalAddr()), name)
	return inner
}

// ListenPacket opens a socket for the student's code, on a port that the
// system chooses. The world closes it when the story ends.
func (w *World) ListenPacket(name string) net.PacketConn {
	return record.PacketConn{Conn: w.rec.Conn(name, w.open(name, w.listen))}
}

// listen opens a socket on a port that the network chooses.
func (w *World) listen() (record.Socket, error) {
	return w.host.Listen(netip.AddrPortFrom(w.host.Addr(), 0))
}

// Dial opens a socket for the student's code that is connected to an endpoint.
// The world closes it when the story ends.
func (w *World) Dial(name string, to Endpoint) net.Conn {
	inner := w.open(name, func() (record.Socket, error) { return w.host.Dial(record.AddrPort(to.LocalAddr())) })
	return record.ConnectedConn{Conn: w.rec.Conn(name, inner)}
}

// Close closes a socket of the story's, as its owner may at any time.
func (w *World) Close(socket Endpoint) { w.conn(socket).Shut() }

// HandOver hands a socket over to the code, which is to close it when it needs it no more.
func (w *World) HandOver(socket Endpoint) { w.conn(socket).HandOver() }

// FailNextRead makes the next read of a socket fail that begins. ECONNREFUSED, for one, is
// what systems report there when an earlier datagram was refused.
func (w *World) FailNextRead(socket Endpoint, errno syscall.Errno) {
	w.conn(socket).FailNextRead(errno)
}

// FailWritesTo makes every write of a socket to one endpoint fail with err; nil
// ends that.
func (w *World) FailWritesTo(socket, to Endpoint, err error) {
	w.conn(socket).FailWritesTo(record.AddrPort(to.LocalAddr()), err)
}

// conn returns what records a socket that the student's code was given.
func (w *World) conn(socket Endpoint) *record.Conn {
	var c *record.Conn
	switch s := socket.(type) {
	case record.PacketConn:
		c = s.Conn
	case record.ConnectedConn:
		c = s.Conn
	case *PathConn:
		c = s.Conn
	}
	if !c.IsOf(w.rec) {
		w.fatal(verdict.NotRun, "%v is no socket that the story has opened for the code.", socket.LocalAddr())
	}
	return c
}

// closeSockets closes all sockets that the student's code was given.
func (w *World) closeSockets() {
	for _, c := range w.rec.Conns() {
		c.Shut()
	}
	for _, c := range w.bareSockets() {
		c.Close()
	}
}

// nameOf returns the name of whoever is at an endpoint.
func (w *World) nameOf(e Endpoint) string { return w.Name(e.LocalAddr()) }
