package harness

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"time"

	"udpkata/harness/verdict"
)

// A conn is a socket as the student's code gets it: a net.PacketConn and no
// more, which notes what is done with it and can be told to fail. Its fields
// are guarded by w.mu.
type conn struct {
	net.PacketConn
	w    *World
	name string

	closed   bool
	closedBy line // known if the student's code did
	reading  deadline
	writing  deadline
	failures int // failed calls in a row

	refusal   error // what the next read returns
	writeErrs map[netip.AddrPort]error
}

type deadline struct {
	at time.Time
	by line
}

// manyFailures is how many calls in a row may fail. Code that goes on after
// that is going round in a circle.
const manyFailures = 10_000

func (c *conn) ReadFrom(p []byte) (int, net.Addr, error) {
	if err := c.takeRefusal(); err != nil {
		return 0, nil, c.count("ReadFrom", err)
	}
	n, from, err := c.PacketConn.ReadFrom(p)
	if err == nil {
		c.w.heard(from, c.LocalAddr(), p[:n], n == len(p))
	}
	return n, from, c.count("ReadFrom", err)
}

func (c *conn) WriteTo(p []byte, to net.Addr) (int, error) {
	i := c.w.sent(c.LocalAddr(), to, p, c.w.site.studentLine())
	n, err := 0, c.writeError(to)
	if err == nil {
		n, err = c.PacketConn.WriteTo(p, to)
	}
	if err != nil {
		c.w.notSent(i, err)
	}
	return n, c.count("WriteTo", err)
}

func (c *conn) Close() error {
	by := c.w.site.studentLine()
	c.w.update(func() {
		if !c.closed {
			c.closed, c.closedBy = true, by
		}
	})
	return c.PacketConn.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, c.PacketConn.SetDeadline, &c.reading, &c.writing)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(t, c.PacketConn.SetReadDeadline, &c.reading)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, c.PacketConn.SetWriteDeadline, &c.writing)
}

func (c *conn) setDeadline(t time.Time, set func(time.Time) error, notes ...*deadline) error {
	by := c.w.site.studentLine()
	err := set(t)
	if err == nil {
		c.w.update(func() {
			for _, d := range notes {
				*d = deadline{t, by}
			}
		})
	}
	return err
}

// count passes err on, unless it is one of too many.
func (c *conn) count(method string, err error) error {
	c.w.mu.Lock()
	if err == nil {
		c.failures = 0
	} else {
		c.failures++
	}
	spinning := c.failures >= manyFailures
	c.w.mu.Unlock()
	if spinning {
		c.w.failHere(verdict.Stuck, "The code keeps calling %s of %s's socket, though it has failed %d times in a row: %v.",
			method, c.name, manyFailures, err)
		runtime.Goexit()
	}
	return err
}

// shut closes the socket for the story.
func (c *conn) shut() {
	c.w.update(func() { c.closed = true })
	c.PacketConn.Close()
}

// closer is the student's line that closed the socket.
func (c *conn) closer() line {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.closedBy
}

func (c *conn) deadlineLeft() (what string, by line) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	switch {
	case !c.reading.at.IsZero():
		return "read", c.reading.by
	case !c.writing.at.IsZero():
		return "write", c.writing.by
	}
	return "", line{}
}

func (c *conn) refuseNextRead() {
	c.w.update(func() {
		c.refusal = c.opError("read", nil, os.NewSyscallError("recvfrom", syscall.ECONNREFUSED))
	})
}

func (c *conn) takeRefusal() (err error) {
	c.w.update(func() { err, c.refusal = c.refusal, nil })
	return err
}

func (c *conn) failWritesTo(to netip.AddrPort, err error) {
	c.w.update(func() { c.writeErrs[to] = err })
}

func (c *conn) writeError(to net.Addr) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if err := c.writeErrs[addrPort(to)]; err != nil {
		return c.opError("write", to, os.NewSyscallError("sendto", err))
	}
	return nil
}

func (c *conn) opError(op string, to net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: to, Err: err}
}
