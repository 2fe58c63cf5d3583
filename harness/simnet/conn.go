package simnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/wire"
)

// A Conn is a UDP socket: a net.PacketConn and, if it was dialled, a net.Conn.
// It is safe for concurrent use.
type Conn struct {
	host   *Host
	local  netip.AddrPort
	remote netip.AddrPort // zero unless connected
	shared bool

	// Guarded by the network's mutex.
	wake          chan struct{} // closed and replaced when a reader should look again
	closed        bool
	queue         []Datagram
	queued        int           // bytes, with what the kernel adds to each
	pending       syscall.Errno // what the next call returns, see udp(7); 0 if nothing
	readErrs      []error       // what the next reads return, and no write does
	readDeadline  time.Time
	writeDeadline time.Time
	broadcast     bool
	discovery     PMTUDiscovery
}

var (
	_ net.PacketConn = (*Conn)(nil)
	_ net.Conn       = (*Conn)(nil)
)

// PMTUDiscovery is how a socket deals with datagrams that are longer than some
// link's MTU (IP_MTU_DISCOVER in ip(7)).
type PMTUDiscovery int

const (
	// Want is Linux's default: what is known not to fit is fragmented by the
	// sender; the rest must not be fragmented on its way, and is lost where it
	// does not fit, which makes the MTU known.
	Want PMTUDiscovery = iota
	// Do is Want, but what is known not to fit is refused with EMSGSIZE.
	Do
	// Dont lets routers fragment what does not fit. On IPv6 they never do.
	Dont
)

const (
	// A queue holds as much as Linux's net.core.rmem_default, where each
	// datagram counts for more than its payload.
	queueLimit    = 212_992
	queueOverhead = 768
)

// LocalAddr returns a *net.UDPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// RemoteAddr returns a *net.UDPAddr, or nil for a socket that is not connected.
func (c *Conn) RemoteAddr() net.Addr {
	if !c.remote.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(c.remote)
}

// SetBroadcast permits or forbids sending to broadcast addresses (SO_BROADCAST).
// As with Go's own sockets, it is permitted at first.
func (c *Conn) SetBroadcast(permitted bool) {
	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	c.broadcast = permitted
}

// SetPMTUDiscovery sets IP_MTU_DISCOVER or IPV6_MTU_DISCOVER.
func (c *Conn) SetPMTUDiscovery(d PMTUDiscovery) {
	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	c.discovery = d
}

// PathMTU returns the MTU of the path, in bytes, as far as the host knows it (IP_MTU).
// A socket that is not connected has none: the error is ENOTCONN.
func (c *Conn) PathMTU() (int, error) {
	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	if !c.remote.IsValid() {
		return 0, os.NewSyscallError("getsockopt", syscall.ENOTCONN)
	}
	return c.host.mtu(c.remote.Addr()), nil
}

// ReadFrom waits for a datagram. What does not fit into p is lost, without an
// error.
func (c *Conn) ReadFrom(p []byte) (int, net.Addr, error) {
	d, err := c.read("recvfrom")
	if err != nil {
		return 0, nil, c.opError("read", c.RemoteAddr(), err)
	}
	return copy(p, d.Payload), net.UDPAddrFromAddrPort(d.From), nil
}

// Read does what ReadFrom does, without the source. As with Go's own sockets, reading
// into nothing returns at once.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		c.host.network.mu.Lock()
		defer c.host.network.mu.Unlock()
		if c.closed {
			return 0, c.opError("read", c.RemoteAddr(), net.ErrClosed)
		}
		return 0, nil
	}
	d, err := c.read("read")
	if err != nil {
		return 0, c.opError("read", c.RemoteAddr(), err)
	}
	return copy(p, d.Payload), nil
}

// read waits for a datagram, a pending error, the deadline or the socket's end.
func (c *Conn) read(call string) (Datagram, error) {
	mu := &c.host.network.mu
	for {
		mu.Lock()
		d, ready, err := c.take(call)
		wake, deadline := c.wake, c.readDeadline
		mu.Unlock()
		if ready {
			return d, err
		}
		if deadline.IsZero() {
			<-wake
			continue
		}
		timer := c.host.network.Clock.NewTimer(time.Until(deadline))
		select {
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take looks once, for read, with the mutex held.
func (c *Conn) take(call string) (d Datagram, ready bool, err error) {
	switch {
	case c.closed:
		return d, true, net.ErrClosed
	case passed(c.readDeadline):
		return d, true, os.ErrDeadlineExceeded
	case c.pending != 0:
		return d, true, os.NewSyscallError(call, c.takePending())
	case len(c.readErrs) > 0:
		err, c.readErrs = c.readErrs[0], c.readErrs[1:]
		if errno, ok := err.(syscall.Errno); ok {
			err = os.NewSyscallError(call, errno)
		}
		return d, true, err
	case len(c.queue) > 0:
		d = c.queue[0]
		c.queue = c.queue[1:]
		c.queued -= len(d.Payload) + queueOverhead
		return d, true, nil
	}
	return d, false, nil
}

func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

func (c *Conn) takePending() syscall.Errno {
	errno := c.pending
	c.pending = 0
	return errno
}

// WriteTo sends a datagram. It does not wait.
func (c *Conn) WriteTo(p []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	switch {
	case !ok:
		return 0, c.opError("write", to, syscall.EINVAL)
	case c.remote.IsValid():
		return 0, c.opError("write", to, net.ErrWriteToConnected)
	case udp == nil:
		return 0, c.opError("write", nil, errors.New("missing address"))
	}
	addr := udp.AddrPort()
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if c.local.Addr().Is4() && !addr.Addr().Is4() {
		return 0, c.opError("write", to, &net.AddrError{Err: "non-IPv4 address", Addr: udp.IP.String()})
	}
	return c.write("sendto", p, addr, to)
}

// Write sends a datagram to whom the socket is connected to. It does not wait.
func (c *Conn) Write(p []byte) (int, error) {
	return c.write("write", p, c.remote, c.RemoteAddr())
}

func (c *Conn) write(call string, p []byte, to netip.AddrPort, addr net.Addr) (int, error) {
	n := c.host.network
	n.mu.Lock()
	err := c.sendError(call, len(p), to)
	d := Datagram{From: c.local, To: to, Payload: p}
	fits := to.IsValid() && d.Size() <= c.host.mtu(to.Addr())
	d.DontFragment = fits && (c.discovery != Dont || to.Addr().Is6())
	n.mu.Unlock()
	if err != nil {
		return 0, c.opError("write", addr, err)
	}
	d.Payload = bytes.Clone(p)
	if d.From.Addr().IsUnspecified() {
		d.From = netip.AddrPortFrom(c.host.source(to.Addr()), d.From.Port())
	}
	n.send(c, d)
	return len(p), nil
}

// sendError says why a datagram is not sent, in the order in which Linux looks. The
// mutex is held.
func (c *Conn) sendError(call string, size int, to netip.AddrPort) error {
	errno := syscall.Errno(0)
	switch {
	case c.closed:
		return net.ErrClosed
	case passed(c.writeDeadline):
		return os.ErrDeadlineExceeded
	case size > 65535:
		errno = syscall.EMSGSIZE
	case !to.IsValid():
		errno = syscall.EDESTADDRREQ
	case to.Port() == 0:
		errno = syscall.EINVAL
	case !c.host.canReach(to.Addr()):
		errno = syscall.ENETUNREACH
	case c.host.isBroadcast(to.Addr()) && !c.broadcast:
		errno = syscall.EACCES
	case size > wire.MaxPayload(c.local.Addr()),
		c.discovery == Do && wire.Headers(to.Addr())+size > c.host.mtu(to.Addr()):
		errno = syscall.EMSGSIZE
	case c.pending != 0:
		errno = c.takePending()
	default:
		return nil
	}
	return os.NewSyscallError(call, errno)
}

// FailReads makes as many reads fail as there are errors, the one that waits first,
// whatever there is to read.
func (c *Conn) FailReads(errs ...error) {
	c.host.network.mu.Lock()
	defer c.host.network.mu.Unlock()
	c.readErrs = append(c.readErrs, errs...)
	c.wakeReaders()
}

// Close ends every read. A second Close is an error, net.ErrClosed.
func (c *Conn) Close() error {
	n := c.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return c.opError("close", c.RemoteAddr(), net.ErrClosed)
	}
	c.closed, c.queue = true, nil
	c.host.sockets = slices.DeleteFunc(c.host.sockets, func(other *Conn) bool { return other == c })
	c.wakeReaders()
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline, &c.writeDeadline)
}

// SetReadDeadline makes reads fail from t on, also those that wait already; the
// zero time takes the deadline away.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.readDeadline) }

// SetWriteDeadline makes writes fail from t on; the zero time takes the deadline
// away.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writeDeadline) }

func (c *Conn) setDeadlines(t time.Time, deadlines ...*time.Time) error {
	n := c.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return &net.OpError{Op: "set", Net: "udp", Addr: c.LocalAddr(), Err: net.ErrClosed}
	}
	for _, d := range deadlines {
		*d = t
	}
	c.wakeReaders()
	return nil
}

// opError makes an error as package net does, which leaves io.EOF as it is.
func (c *Conn) opError(op string, addr net.Addr, err error) error {
	if err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: addr, Err: err}
}

// What follows is the network's, which holds its mutex.

func (c *Conn) wakeReaders() {
	close(c.wake)
	c.wake = make(chan struct{})
}

// fits says how well a socket fits a datagram, as Linux scores it; 0 is not at
// all.
func (c *Conn) fits(d Datagram) int {
	score := 1
	switch {
	case c.local.Port() != d.To.Port(), c.local.Addr().Is4() != d.To.Addr().Is4():
		return 0
	case c.local.Addr() == d.To.Addr():
		score++
	case !c.local.Addr().IsUnspecified():
		return 0
	}
	switch {
	case c.remote == d.From:
		score++
	case c.remote.IsValid():
		return 0
	}
	return score
}

// enqueue adds a datagram to what the socket has to read, or drops it if that
// is too much.
func (c *Conn) enqueue(d Datagram) {
	if c.queued > 0 && c.queued+len(d.Payload)+queueOverhead > queueLimit {
		return
	}
	c.queue = append(c.queue, d)
	c.queued += len(d.Payload) + queueOverhead
	c.wakeReaders()
}

// refused notes an error that came back for a datagram. Only a connected socket
// hears of it.
func (c *Conn) refused(to netip.AddrPort, errno syscall.Errno) {
	if c.remote == to && !c.closed {
		c.pending = errno
		c.wakeReaders()
	}
}
