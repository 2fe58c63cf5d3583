package record

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
)

// A Conn is a socket that the student's code was given. It notes what is done with it,
// and can be told to fail. The code sees one of two faces of it, a [PacketConn] or a
// [ConnectedConn].
type Conn struct {
	Name  string
	inner Socket
	r     *Record

	local, remote net.Addr // nobody else has these; remote is nil if the socket is not connected

	deadlines sync.Mutex // held while one is set and noted: the last that is noted is the last that was set

	closed atomic.Bool

	// The record's Monitor guards all of the following.
	owned    bool        // by the student's code
	byCode   bool        // the student's code has closed it
	closedBy stacks.Line // where, if that is known
	reading  deadline
	writing  deadline
	failures int // failed calls since second began
	second   time.Time

	staged      stagedErrors
	writeFailed error // what a write has returned because the story wanted it
	refused     bool  // whether the network has said "connection refused"
	reads       []diagnosis.Read
	errs        []diagnosis.Failure // the first ones and the last, no more than manyErrors
	writeErrs   map[netip.AddrPort]error
	slowWrites  time.Duration // how long a write takes until its datagram leaves
	lateWrites  time.Duration // how long a write takes from then on
	held        chan struct{} // what a read waits for once its datagram is in the buffer; nil if it need not
	slowReads   time.Duration // how long a read takes once its datagram is in the buffer

	slowDeadlines bool
	slowSince     int // how many datagrams had been sent when they became slow
}

// stagedErrors are what reads return because the story wants it.
type stagedErrors struct {
	next      error   // of the next read
	coming    []error // of reads to come, in order: the network makes them fail
	last      error   // that a read has returned
	running   []*Call // then
	before    error   // that a read had returned before that one
	survivors []*Call // that ran then
}

// A Socket is what *net.UDPConn and *simnet.Conn are.
type Socket interface {
	net.PacketConn
	net.Conn
}

type deadline struct {
	at    time.Time
	by    stacks.Line
	late  bool          // set after the calls that knew the socket had returned
	ago   time.Duration // since it had passed, when it was set; below 0 if it was to come
	calls int           // of the code's had begun then
}

// seen returns what the diagnosis is told of a deadline.
func (d deadline) seen() (seen diagnosis.Deadline) {
	if d.at.IsZero() {
		return seen
	}
	seen.Calls, seen.Ago = d.calls, d.ago
	if d.by.Known() {
		seen.By = d.by.String()
	}
	return seen
}

// Conn makes a socket one for the student's code.
func (r *Record) Conn(name string, inner Socket) *Conn {
	c := &Conn{
		Name: name, inner: inner, r: r, writeErrs: map[netip.AddrPort]error{},
		local: CopyAddr(inner.LocalAddr()), remote: CopyAddr(inner.RemoteAddr()),
	}
	r.Update(func() {
		r.conns = append(r.conns, c)
		if remote := AddrPort(c.remote); remote.IsValid() {
			r.remotes[c.addr()] = remote
		}
	})
	return c
}

// Conns lists the sockets that the student's code was given.
func (r *Record) Conns() (all []*Conn) {
	r.Locked(func() { all = slices.Clone(r.conns) })
	return all
}

// A PacketConn is a socket that is not connected.
type PacketConn struct{ *Conn }

// ReadFrom reads a datagram; see [net.PacketConn].
func (c PacketConn) ReadFrom(p []byte) (int, net.Addr, error) {
	calls, err := c.beforeRead()
	if err != nil {
		return 0, nil, c.count("ReadFrom", err)
	}
	n, from, err := c.inner.ReadFrom(p)
	if err == nil {
		c.took(p[:n], c.r.Heard(c.Conn, from, c.local, p[:n], n == len(p)), calls)
	}
	return n, from, c.count("ReadFrom", err)
}

// WriteTo sends a datagram; see [net.PacketConn].
func (c PacketConn) WriteTo(p []byte, to net.Addr) (int, error) {
	i, late, err := c.beforeWrite(p, to)
	n := 0
	if err == nil {
		n, err = c.inner.WriteTo(p, to)
	}
	return n, c.afterWrite("WriteTo", i, late, err)
}

// A ConnectedConn is a socket that sends to one endpoint and hears nobody
// else.
type ConnectedConn struct{ *Conn }

// RemoteAddr returns a *net.UDPAddr, which is the caller's.
func (c ConnectedConn) RemoteAddr() net.Addr { return CopyAddr(c.remote) }

// Read reads a datagram; see [net.Conn].
func (c ConnectedConn) Read(p []byte) (int, error) {
	calls, err := c.beforeRead()
	if err != nil {
		return 0, c.count("Read", err)
	}
	n, err := c.inner.Read(p)
	if err == nil {
		c.took(p[:n], c.r.Heard(c.Conn, c.remote, c.local, p[:n], n == len(p)), calls)
	}
	return n, c.count("Read", err)
}

// Write sends a datagram; see [net.Conn].
func (c ConnectedConn) Write(p []byte) (int, error) {
	i, late, err := c.beforeWrite(p, c.remote)
	n := 0
	if err == nil {
		n, err = c.inner.Write(p)
	}
	return n, c.afterWrite("Write", i, late, err)
}

// LocalAddr returns a *net.UDPAddr, which is the caller's.
func (c *Conn) LocalAddr() net.Addr { return CopyAddr(c.local) }

// Close closes the socket for the student's code.
func (c *Conn) Close() error {
	if err := c.closedLongAgo("close"); err != nil {
		return err
	}
	by := c.r.Site.StudentLine()
	c.r.Update(func() {
		if !c.closed.Swap(true) {
			c.byCode, c.closedBy = true, by
		}
	})
	return c.inner.Close()
}

// SetDeadline sets a deadline as [net.Conn] has it.
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetDeadline, &c.reading, &c.writing)
}

// SetReadDeadline sets a deadline as [net.Conn] has it.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetReadDeadline, &c.reading)
}

// SetWriteDeadline sets a deadline as [net.Conn] has it.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, c.inner.SetWriteDeadline, &c.writing)
}

func (c *Conn) setDeadline(t time.Time, set func(time.Time) error, notes ...*deadline) error {
	if err := c.closedLongAgo("set"); err != nil {
		return err
	}
	by, now := c.r.Site.StudentLine(), time.Now()
	var slow bool
	c.r.Locked(func() { slow = c.slowDeadlines })
	if slow && !t.IsZero() && !t.After(time.Now()) {
		c.linger()
	}
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	err := set(t)
	if err == nil {
		c.r.Update(func() {
			late := c.r.AllReturned()
			for _, d := range notes {
				*d = deadline{t, by, late, now.Sub(t), len(c.r.Calls)}
			}
		})
	}
	return err
}

// lingers is the name of the method linger, as it is on a stack.
const lingers = "udpkata/harness/internal/record.(*Conn).linger"

// linger returns once a datagram was sent to the socket and each call of the
// student's code has returned, or waits for something else than that datagram: for
// the goroutine that lingers here, say, or for another datagram, when that has been
// read; or once the socket is closed.
func (c *Conn) linger() {
	self, _ := stacks.Self()
	for !c.IsClosed() {
		c.r.Clock.Sleep(time.Millisecond)
		waiting := map[int]bool{}
		var sent, unread bool
		c.r.Locked(func() {
			for _, d := range c.r.Datagrams[c.slowSince:] {
				if d.To == c.addr() {
					sent, unread = true, unread || !d.Heard
				}
			}
			for _, call := range c.r.Calls {
				if !call.Done && call.Goroutine != self {
					waiting[call.Goroutine] = true
				}
			}
		})
		for _, g := range c.r.Alive() {
			readsOn := !unread && g.Reads() // and has done what it does about the datagram
			if g.RunsIn(lingers) || !g.Busy() && (!g.InHarness() || readsOn) {
				delete(waiting, g.ID)
			}
		}
		if sent && len(waiting) == 0 {
			return
		}
	}
}

// beforeRead takes the error that a story wants the next read to return, and tells how
// many of the code's calls have begun.
func (c *Conn) beforeRead() (calls int, err error) {
	if err := c.closedLongAgo("read"); err != nil {
		return 0, err
	}
	c.r.Update(func() {
		c.r.uses++
		calls = len(c.r.Calls)
		if c.staged.next != nil {
			err, c.staged.next = c.staged.next, nil
			c.noteFailure(err)
		}
	})
	return calls, err
}

// metStaged reports whether a read has failed because the story wants it, and notes that.
// The caller holds the Monitor.
func (c *Conn) metStaged(err error) bool {
	s := &c.staged
	if len(s.coming) == 0 || !errors.Is(err, s.coming[0]) {
		return s.last != nil && err == s.last
	}
	c.noteFailure(s.coming[0])
	s.coming = s.coming[1:]
	return true
}

// noteFailure notes that a read fails because the story wants it. The caller holds the
// Monitor.
func (c *Conn) noteFailure(err error) {
	s := &c.staged
	s.before, s.survivors = s.last, s.running
	s.last, s.running = err, nil
	for _, call := range c.r.Calls {
		if !call.Done {
			s.running = append(s.running, call)
		}
	}
}

// beforeWrite records a datagram, and returns its place in the record, by how much the
// write is to return late, and the error that a story wants it to return.
func (c *Conn) beforeWrite(p []byte, to net.Addr) (place int, late time.Duration, err error) {
	var slow time.Duration
	c.r.Locked(func() { slow, late, c.r.uses = c.slowWrites, c.lateWrites, c.r.uses+1 })
	if slow > 0 {
		c.r.Clock.Sleep(slow)
	}
	place = c.r.Sent(c.local, to, p, c.r.Site.StudentLine())
	if err := c.closedLongAgo("write"); err != nil {
		return place, 0, err
	}
	c.r.Locked(func() {
		if errno := c.writeErrs[AddrPort(to)]; errno != nil && !c.closed.Load() {
			c.writeFailed = errno
			err = c.opError("write", to, os.NewSyscallError("sendto", errno))
		}
	})
	return place, late, err
}

// afterWrite notes what became of the datagram at a place, and passes err on, as late as the story wants it.
func (c *Conn) afterWrite(method string, place int, late time.Duration, err error) error {
	err = c.count(method, c.r.AfterSend(place, err))
	if late > 0 {
		c.r.Clock.Sleep(late)
	}
	return err
}

// ManyFailures is how many calls may fail within a second. Code that goes on
// after that is going round in a circle.
const ManyFailures = 10_000

// count passes err on, unless it is one of too many.
func (c *Conn) count(method string, err error) error {
	if err == nil {
		return nil
	}
	now, frozen := time.Now(), quote.Frozen(err) // here, and not while the Monitor is held
	var spinning bool
	c.r.Locked(func() {
		if now.Sub(c.second) >= time.Second && !c.r.IsOver() { // afterwards, nobody is in a hurry
			c.second, c.failures = now, 0
		}
		c.failures++
		writes := strings.HasPrefix(method, "Write")
		staged := !writes && c.metStaged(err)
		wanted, limit := staged, c.reading
		if writes {
			wanted, limit = errors.Is(err, errnoOf(c.writeFailed)), c.writing
		}
		c.errs = append(c.errs[:min(len(c.errs), manyErrors-1)], diagnosis.Failure{
			At:       now.Sub(c.r.Start),
			Method:   method,
			Err:      frozen,
			Seen:     len(c.r.Datagrams),
			Wanted:   wanted,
			Deadline: limit.seen(),
		})
		c.refused = c.refused || errors.Is(err, syscall.ECONNREFUSED) && !staged
		spinning = c.failures >= ManyFailures
	})
	if !spinning || c.r.isOthers() { // whoever tells that story sees that it does not end
		return err
	}
	if !c.r.IsOver() && c.r.has(stacks.Self()) {
		c.r.Spins(c, method, err)
	}
	runtime.Goexit()
	return err
}

// manyErrors is how many are kept for the diagnosis: the first ones, and the last.
const manyErrors = 100

// errnoOf returns the system's error in err, or one that no error is.
func errnoOf(err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno
	}
	return errNone
}

var errNone = errors.New("none")

// took notes that the code has read a datagram; calls is what beforeRead has returned. A slow read takes its time then,
// with data in its buffer.
func (c *Conn) took(data []byte, d Sighted, calls int) {
	var held chan struct{}
	var slow time.Duration
	c.r.Update(func() {
		held, slow = c.held, c.slowReads
		c.reads = append(c.reads, diagnosis.Read{
			At: c.r.Since(), Number: d.Number, Seen: len(c.r.Datagrams), Calls: calls,
		})
	})
	if held != nil || slow > 0 {
		c.r.Clock.Holds(data)
	}
	if held != nil {
		<-held
	}
	if slow > 0 {
		c.r.Clock.Sleep(slow)
	}
}

// HoldReads holds each read that has its datagram until release is called.
func (c *Conn) HoldReads() (release func()) {
	held := make(chan struct{})
	c.r.Update(func() { c.held = held })
	return func() {
		c.r.Update(func() { c.held = nil })
		close(held)
	}
}

// HandOver notes that the socket is the code's.
func (c *Conn) HandOver() { c.r.Update(func() { c.owned = true }) }

// Shut closes the socket for the story.
func (c *Conn) Shut() {
	if !c.IsClosed() {
		c.r.Update(func() { c.closed.Store(true) })
		c.inner.Close()
	}
}

// Inner returns the socket that this one records.
func (c *Conn) Inner() Socket { return c.inner }

// IsOf reports whether the socket is one of a record's.
func (c *Conn) IsOf(r *Record) bool { return c != nil && c.r == r }

// ClosedByCode reports whether the student's code has closed the socket, and where, if that is known: in go
// conn.Close(), there is no line of theirs.
func (c *Conn) ClosedByCode() (by stacks.Line, closed bool) {
	c.r.Locked(func() { by, closed = c.closedBy, c.byCode })
	return by, closed
}

// IsClosed reports whether the story or the code has closed the socket.
func (c *Conn) IsClosed() bool { return c.closed.Load() }

// IsPrompt reports that a deadline that is to come is set at once, and without an error.
func (c *Conn) IsPrompt() bool { return !c.IsClosed() }

// DeadlineLeft returns which deadline is set on the socket, "read" or "write", where
// it was set, and whether that was after every call had returned. Without one, what is
// zero.
func (c *Conn) DeadlineLeft() (what text.Text, by stacks.Line, late bool) {
	c.r.Locked(func() {
		switch {
		case c.closed.Load():
		case !c.reading.at.IsZero():
			what, by, late = text.Say("read"), c.reading.by, c.reading.late
		case !c.writing.at.IsZero():
			what, by, late = text.Say("write"), c.writing.by, c.writing.late
		}
	})
	return what, by, late
}

// FailNextRead makes the next read fail.
func (c *Conn) FailNextRead(errno syscall.Errno) {
	c.r.Update(func() { c.staged.next = c.opError("read", nil, os.NewSyscallError("recvfrom", errno)) })
}

// FailReads notes that the network makes as many reads fail as there are errors, because
// the story wants it.
func (c *Conn) FailReads(errs ...error) {
	c.r.Update(func() { c.staged.coming = append(c.staged.coming, errs...) })
}

// FailWritesTo makes every write to one endpoint fail with err; nil ends that.
func (c *Conn) FailWritesTo(to netip.AddrPort, err error) {
	c.r.Update(func() { c.writeErrs[to] = err })
}

// SlowReads makes every read take a while from when its datagram is in the buffer.
func (c *Conn) SlowReads(by time.Duration) { c.r.Update(func() { c.slowReads = by }) }

// SlowWrites makes every write take a while until its datagram leaves.
func (c *Conn) SlowWrites(by time.Duration) { c.r.Update(func() { c.slowWrites = by }) }

// LateWrites makes every write that begins take a while from when its datagram has left.
func (c *Conn) LateWrites(by time.Duration) { c.r.Update(func() { c.lateWrites = by }) }

// SlowDeadlines makes it take its time to set a read deadline that has passed: until
// one more datagram was sent to the socket, and the code has done what it does if it
// does not wait for the deadline.
func (c *Conn) SlowDeadlines() {
	c.r.Update(func() { c.slowDeadlines, c.slowSince = true, len(c.r.Datagrams) })
}

func (c *Conn) addr() netip.AddrPort { return AddrPort(c.local) }

func (c *Conn) opError(op string, to net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: to, Err: err}
}

// closedLongAgo returns an error if the code of a later story uses the socket, which was
// closed at the end of its own.
func (c *Conn) closedLongAgo(op string) error {
	if !c.r.isOthers() {
		return nil
	}
	return c.opError(op, CopyAddr(c.remote), net.ErrClosed)
}
