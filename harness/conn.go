package harness

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A conn is a socket that the student's code was given. It notes what is done
// with it and can be told to fail. The code sees one of two faces of it, a
// packetConn or a connectedConn, and no more. Its fields are guarded by w.mu.
type conn struct {
	inner udpConn
	w     *World
	name  string

	closed   bool
	closedBy line // known if the student's code did
	reading  deadline
	writing  deadline
	failures int // failed calls since second began
	second   time.Time

	failure     error   // what the next read returns
	failed      error   // what a read has returned because the story wanted it
	survived    error   // what an earlier one has
	survivors   []*Call // that went on then
	running     []*Call // when the last one did
	writeFailed error   // what a write has returned because the story wanted it
	refused     bool    // whether the network has said "connection refused"
	reads       []diagnosis.Read
	errs        []diagnosis.Failure // no more than manyErrors
	writeErrs   map[netip.AddrPort]error
	slowWrites  time.Duration // how long a write takes

	slowDeadlines bool
	slowSince     int // how many datagrams had been sent when they became slow
}

// A udpConn is what *net.UDPConn and *simnet.Conn are.
type udpConn interface {
	net.PacketConn
	net.Conn
}

type deadline struct {
	at   time.Time
	by   line
	late bool // set after the calls that knew the socket had returned
}

// A packetConn is a socket that is not connected.
type packetConn struct{ *conn }

func (c packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	if err := c.beforeRead(); err != nil {
		return 0, nil, c.count("ReadFrom", err)
	}
	n, from, err := c.inner.ReadFrom(p)
	if err == nil {
		c.took(c.w.heard(c.conn, from, c.LocalAddr(), p[:n], n == len(p)))
	}
	return n, from, c.count("ReadFrom", err)
}

func (c packetConn) WriteTo(p []byte, to net.Addr) (int, error) {
	i, err := c.beforeWrite(p, to)
	n := 0
	if err == nil {
		n, err = c.inner.WriteTo(p, to)
	}
	return n, c.count("WriteTo", c.w.afterSend(i, err))
}

// A connectedConn is a socket that sends to one endpoint and hears nobody
// else.
type connectedConn struct{ *conn }

func (c connectedConn) RemoteAddr() net.Addr { return c.inner.RemoteAddr() }

func (c connectedConn) Read(p []byte) (int, error) {
	if err := c.beforeRead(); err != nil {
		return 0, c.count("Read", err)
	}
	n, err := c.inner.Read(p)
	if err == nil {
		c.took(c.w.heard(c.conn, c.RemoteAddr(), c.LocalAddr(), p[:n], n == len(p)))
	}
	return n, c.count("Read", err)
}

func (c connectedConn) Write(p []byte) (int, error) {
	i, err := c.beforeWrite(p, c.RemoteAddr())
	n := 0
	if err == nil {
		n, err = c.inner.Write(p)
	}
	return n, c.count("Write", c.w.afterSend(i, err))
}

// LocalAddr is a *net.UDPAddr.
func (c *conn) LocalAddr() net.Addr { return c.inner.LocalAddr() }

func (c *conn) Close() error {
	by := c.w.site.studentLine()
	c.w.update(func() {
		if !c.closed {
			c.closed, c.closedBy = true, by
		}
	})
	return c.inner.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetDeadline, &c.reading, &c.writing)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetReadDeadline, &c.reading)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetWriteDeadline, &c.writing)
}

func (c *conn) setDeadline(t time.Time, set func(time.Time) error, notes ...*deadline) error {
	by := c.w.site.studentLine()
	if c.slowDeadlines && !t.IsZero() && t.Before(time.Now()) {
		c.linger()
	}
	err := set(t)
	if err == nil {
		c.w.update(func() {
			late := c.w.idle()
			for _, d := range notes {
				*d = deadline{t, by, late}
			}
		})
	}
	return err
}

// linger returns once a datagram was sent to the socket and each call of the
// student's code has returned, or waits for something else than a datagram, such
// as the goroutine that lingers here; or once the socket is closed.
func (c *conn) linger() {
	w, self := c.w, goroutineID()
	for !c.isClosed() {
		time.Sleep(time.Millisecond)
		waiting := map[int]bool{}
		w.mu.Lock()
		answered := slices.ContainsFunc(w.seen[c.slowSince:], func(d wire.Datagram) bool { return d.To == addrPort(c.LocalAddr()) })
		for _, call := range w.calls {
			if !call.done && call.id != self {
				waiting[call.id] = true
			}
		}
		w.mu.Unlock()
		for _, g := range w.alive() {
			if !g.busy() && g.state != "IO wait" {
				delete(waiting, g.id)
			}
		}
		if answered && len(waiting) == 0 {
			return
		}
	}
}

// beforeRead takes the error that a story wants the next read to return.
func (c *conn) beforeRead() (err error) {
	c.w.update(func() {
		if c.failure != nil {
			err, c.failure = c.failure, nil
			c.fails(err)
		}
	})
	return err
}

// fails notes that a read fails because the story wants it. w.mu is held.
func (c *conn) fails(err error) {
	c.survived, c.survivors = c.failed, c.running
	c.failed, c.running = err, nil
	for _, call := range c.w.calls {
		if !call.done {
			c.running = append(c.running, call)
		}
	}
}

// beforeWrite records a datagram, and returns its place in the record and the
// error that a story wants this write to return.
func (c *conn) beforeWrite(p []byte, to net.Addr) (int, error) {
	if c.slowWrites > 0 {
		time.Sleep(c.slowWrites)
	}
	i := c.w.sent(c.LocalAddr(), to, p, c.w.site.studentLine())
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if err := c.writeErrs[addrPort(to)]; err != nil {
		c.writeFailed = err
		return i, c.opError("write", to, os.NewSyscallError("sendto", err))
	}
	return i, nil
}

// manyFailures is how many calls may fail within a second. Code that goes on
// after that is going round in a circle.
const manyFailures = 10_000

// count passes err on, unless it is one of too many.
func (c *conn) count(method string, err error) error {
	if err == nil {
		return nil
	}
	now := time.Now()
	c.w.mu.Lock()
	if now.Sub(c.second) >= time.Second {
		c.second, c.failures = now, 0
	}
	c.failures++
	if len(c.errs) < manyErrors {
		wanted := err == c.failed || errors.Is(err, errnoOf(c.failed)) || errors.Is(err, errnoOf(c.writeFailed))
		c.errs = append(c.errs, diagnosis.Failure{At: now.Sub(c.w.start), Method: method, Err: err, Seen: len(c.w.seen), Wanted: wanted})
	}
	c.refused = c.refused || errors.Is(err, syscall.ECONNREFUSED) && err != c.failed
	spinning := c.failures >= manyFailures
	c.w.mu.Unlock()
	if spinning {
		c.w.wants(diagnosis.Progress{Method: method, Err: err})
		c.w.failHere(verdict.Stuck, "The code keeps calling %s of %s's socket, though it has failed %d times in a second: %v.",
			method, c.name, manyFailures, err)
		runtime.Goexit()
	}
	return err
}

// manyErrors is how many are kept for the diagnosis.
const manyErrors = 100

// errnoOf is the system's error in err, or one that no error is.
func errnoOf(err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno
	}
	return errNone
}

var errNone = errors.New("none")

// took notes that the code has read a datagram.
func (c *conn) took(d sighted) {
	c.w.update(func() {
		c.reads = append(c.reads, diagnosis.Read{At: time.Since(c.w.start), Number: d.number, Seen: len(c.w.seen)})
	})
}

// sends are the datagrams that the socket was asked to send.
func (c *conn) sends() (all []sighted) {
	self := addrPort(c.LocalAddr())
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for i, d := range c.w.seen {
		if d.From == self {
			all = append(all, sighted{d, i + 1})
		}
	}
	return all
}

// shut closes the socket for the story.
func (c *conn) shut() {
	if !c.isClosed() {
		c.w.update(func() { c.closed = true })
		c.inner.Close()
	}
}

// closer is the student's line that closed the socket.
func (c *conn) closer() line {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.closedBy
}

func (c *conn) isClosed() bool {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.closed
}

func (c *conn) deadlineLeft() (what text.Text, d deadline) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	switch {
	case !c.reading.at.IsZero():
		return text.Say("read"), c.reading
	case !c.writing.at.IsZero():
		return text.Say("write"), c.writing
	}
	return text.Text{}, deadline{}
}

func (c *conn) failNextRead(errno syscall.Errno) {
	c.w.update(func() { c.failure = c.opError("read", nil, os.NewSyscallError("recvfrom", errno)) })
}

func (c *conn) failWritesTo(to netip.AddrPort, err error) {
	c.w.update(func() { c.writeErrs[to] = err })
}

func (c *conn) opError(op string, to net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: to, Err: err}
}
