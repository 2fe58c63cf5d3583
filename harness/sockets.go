package harness

import (
	"net"
	"net/netip"
	"syscall"
	"testing/synctest"
	"time"

	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
)

// An Endpoint is what datagrams are sent to: a socket or a [Peer].
type Endpoint interface{ LocalAddr() net.Addr }

// open opens a socket and gives it a name in the story.
func (w *World) open(name string, open func() (udpConn, error)) udpConn {
	inner, err := open()
	if err != nil {
		w.fatal(verdict.NotRun, "No socket for %s: %v.", name, err)
	}
	w.update(func() {
		addr := addrPort(inner.LocalAddr())
		w.names[addr] = name
		delete(w.gone, addr)
	})
	return inner
}

// hand makes a socket one for the student's code.
func (w *World) hand(name string, inner udpConn) *conn {
	c := &conn{inner: inner, w: w, name: name, writeErrs: map[netip.AddrPort]error{}}
	w.update(func() {
		w.conns = append(w.conns, c)
		if remote := addrPort(inner.RemoteAddr()); remote.IsValid() {
			w.remotes[addrPort(inner.LocalAddr())] = remote
		}
	})
	return c
}

// ListenPacket opens a socket for the student's code, on a port that the
// system chooses. The world closes it when the story ends.
func (w *World) ListenPacket(name string) net.PacketConn {
	return packetConn{w.hand(name, w.open(name, w.listen))}
}

// listen opens a socket on a port that the network chooses.
func (w *World) listen() (udpConn, error) { return w.sockets.listen(anyPort(w.net)) }

// listenFar is listen for a peer, which is beyond the router if there is one.
func (w *World) listenFar() (udpConn, error) {
	if far, ok := w.sockets.(interface{ listenFar() (udpConn, error) }); ok {
		return far.listenFar()
	}
	return w.listen()
}

// Dial opens a socket for the student's code that is connected to an endpoint.
// The world closes it when the story ends.
func (w *World) Dial(name string, to Endpoint) net.Conn {
	return connectedConn{w.hand(name, w.open(name, func() (udpConn, error) {
		return w.sockets.dial(addrPort(to.LocalAddr()))
	}))}
}

// Close closes a socket of the story's, as its owner may at any time.
func (w *World) Close(socket Endpoint) { w.conn(socket).shut() }

// FailNextRead makes the next read of a socket fail. ECONNREFUSED, for one, is
// what systems report there when an earlier datagram was refused.
func (w *World) FailNextRead(socket Endpoint, errno syscall.Errno) {
	w.conn(socket).failNextRead(errno)
}

// FailRead makes the read of a socket fail that waits now, in virtual time.
func (w *World) FailRead(socket Endpoint, errno syscall.Errno) {
	w.onlyVirtual("FailRead")
	c := w.conn(socket)
	w.update(func() { c.fails(errno) })
	c.inner.(*simnet.Conn).Report(errno)
	synctest.Wait()
}

// FailWritesTo makes every write of a socket to one endpoint fail with err; nil
// ends that.
func (w *World) FailWritesTo(socket, to Endpoint, err error) {
	w.conn(socket).failWritesTo(addrPort(to.LocalAddr()), err)
}

// SlowWrites makes every write of a socket take a while, in virtual time, as on
// a busy machine.
func (w *World) SlowWrites(socket Endpoint, by time.Duration) {
	w.onlyVirtual("SlowWrites")
	w.conn(socket).slowWrites = by
}

// SlowDeadlines makes it take its time to set a read deadline that has passed:
// until the story has sent one more datagram to the socket, and the code has
// done what it does if it does not wait for the deadline.
func (w *World) SlowDeadlines(socket Endpoint) {
	w.onlyKernel("SlowDeadlines") // in virtual time, a mutex held meanwhile would stop the clock
	c := w.conn(socket)
	w.update(func() { c.slowDeadlines, c.slowSince = true, len(w.seen) })
}

func (w *World) conn(socket Endpoint) *conn {
	var c *conn
	switch s := socket.(type) {
	case packetConn:
		c = s.conn
	case connectedConn:
		c = s.conn
	case *Path:
		c = s.conn
	}
	if c == nil || c.w != w {
		panic("not a socket that this World opened")
	}
	return c
}

func (w *World) closeConns() {
	for _, c := range w.conns {
		c.shut()
	}
	for c := range w.kernel {
		c.Close()
	}
}
