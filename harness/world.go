package harness

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A World is what one story runs in: its network, the sockets and peers on it,
// and the student's code. It is a require.TestingT, the only one that a story
// uses. Its methods belong to the story's goroutine; when one of them finds
// the story broken, it ends that goroutine.
type World struct {
	net     network
	sockets sockets
	virtual *simnet.Network // nil on real sockets
	site    site
	start   time.Time
	old     map[int]bool // the code's goroutines that earlier stories left

	steps     atomic.Uint64 // how often the harness was called
	abandoned atomic.Bool

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every update
	failed  *failure      // the first
	calls   []*Call
	conns   []*conn
	peers   []*Peer
	names   map[netip.AddrPort]string
	seen    []wire.Datagram
	settled int        // so many of them, at the beginning, can't be heard any more
	about   wire.Focus // what the failure is about, if that is clear
	gaveUp  bool       // whether the last wait was in vain
	log     storyLog
	helpers map[string]bool
}

// An Endpoint is what datagrams are sent to: a socket or a [Peer].
type Endpoint interface{ LocalAddr() net.Addr }

func newWorld(n network, s site) *World {
	w := &World{
		net: n, site: s,
		old:     map[int]bool{},
		names:   map[netip.AddrPort]string{},
		helpers: map[string]bool{},
	}
	w.log.w = w
	for _, g := range s.snapshot() {
		w.old[g.id] = true
	}
	return w
}

// MaxPayload is the biggest payload of a UDP datagram on the story's network,
// in bytes: 65,507 on IPv4, 65,527 on IPv6.
func (w *World) MaxPayload() int { return w.net.maxPayload() }

// Log is the writer to hand to the student's code as its log. It may be used
// from several goroutines.
func (w *World) Log() io.Writer { return &w.log }

// update changes what the world knows, and wakes whoever waits for it.
func (w *World) update(change func()) {
	w.checkpoint()
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	close(w.changed)
	w.changed = make(chan struct{})
}

// waitFor waits until cond, which is called with w.mu held, is true. It
// returns false once the student's code has had its time.
func (w *World) waitFor(cond func() bool) bool {
	var ok bool
	if w.virtual != nil {
		ok = w.wait(cond, aLongTime, func() bool { return true })
	} else {
		p := newPatience()
		ok = w.wait(cond, tick, func() bool { return p.over(w.alive()) })
	}
	w.update(func() { w.gaveUp = !ok })
	return ok
}

// await is waitFor for the story's goroutine: it does not return once the
// story has failed.
func (w *World) await(cond func() bool) bool {
	ok := false
	w.waitFor(func() bool {
		ok = cond()
		return ok || w.failed != nil
	})
	if w.hasFailed() {
		runtime.Goexit()
	}
	return ok
}

// wait waits until cond is true, or over, which is asked once in a while.
func (w *World) wait(cond func() bool, while time.Duration, over func() bool) bool {
	ticks := time.NewTicker(while)
	defer ticks.Stop()
	for last := false; ; {
		w.mu.Lock()
		ok, changed := cond(), w.changed
		w.mu.Unlock()
		if ok || last {
			return ok
		}
		select {
		case <-changed:
		case <-ticks.C:
			last = over()
		}
	}
}

// alive lists the goroutines of this story's code.
func (w *World) alive() []goroutine {
	return slices.DeleteFunc(w.site.snapshot(), func(g goroutine) bool { return w.old[g.id] })
}

// tell tells a story and says how that went: nil if the code did all that the
// story wants.
func (w *World) tell(t *testing.T, story func(*World)) *failure {
	w.net.run(t, w, story)
	if w.hasFailed() && !w.settles() {
		stuckTask.Store(&w.site.task)
		w.failed.code = append(w.failed.code, "It can't be stopped, so the tests after this one are skipped.")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// settles waits until none of the code's goroutines is busy.
func (w *World) settles() bool {
	p := newPatience()
	for {
		students := w.alive()
		if !slices.ContainsFunc(students, goroutine.busy) {
			return true
		}
		if p.over(students) {
			return false
		}
		time.Sleep(tick)
	}
}

// perform runs the story and ends what it began.
func (w *World) perform(s sockets, story func(*World)) {
	w.sockets, w.start, w.changed = s, time.Now(), make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer func() {
			if r := recover(); r != nil {
				w.panicked("The story", r)
			}
		}()
		story(w)
	}()
	<-told
	for _, c := range w.calls {
		c.end()
	}
	w.closeConns()
	for _, p := range w.peers {
		p.Leave()
	}
}

// open opens a socket and gives it a name in the story.
func (w *World) open(name string, open func() (udpConn, error)) udpConn {
	inner, err := open()
	if err != nil {
		w.fatal(verdict.NotRun, "No socket for %s: %v.", name, err)
	}
	w.update(func() { w.names[addrPort(inner.LocalAddr())] = name })
	return inner
}

// hand makes a socket one for the student's code.
func (w *World) hand(name string, inner udpConn) *conn {
	c := &conn{inner: inner, w: w, name: name, writeErrs: map[netip.AddrPort]error{}}
	w.update(func() { w.conns = append(w.conns, c) })
	return c
}

// ListenPacket opens a socket for the student's code, on a port that the
// system chooses. The world closes it when the story ends.
func (w *World) ListenPacket(name string) net.PacketConn {
	return packetConn{w.hand(name, w.open(name, w.sockets.listen))}
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

// StillOpen fails the story if the student's code has closed a socket.
func (w *World) StillOpen(socket Endpoint) {
	c := w.conn(socket)
	if by := c.closer(); by.known() {
		w.fatal(verdict.Failed, "%s's socket should still be open: it belongs to whoever opened it, but %s closed it.", c.name, by)
	}
}

// RefuseNextRead makes the next read of a socket fail with ECONNREFUSED, as
// systems do that report a refusal of an earlier datagram there.
func (w *World) RefuseNextRead(socket Endpoint) { w.conn(socket).refuseNextRead() }

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

// SentAt fails the story unless a socket was asked to send exactly as many
// times as there are instants, at these instants since the story's beginning.
// On real sockets, a time between two sends may be longer, but never shorter.
func (w *World) SentAt(socket Endpoint, instants ...time.Duration) {
	c := w.conn(socket)
	self := addrPort(c.LocalAddr())
	var got []time.Duration
	w.mu.Lock()
	for _, d := range w.seen {
		if d.From == self {
			got = append(got, d.At)
		}
	}
	w.mu.Unlock()
	for i, at := range got {
		switch {
		case i >= len(instants):
			w.fatal(verdict.Failed, "%s sent once more after %v; the story wants %d sends.", c.name, at, len(instants))
		case w.virtual != nil && at != instants[i]:
			w.fatal(verdict.Failed, "%s sent its datagram number %d after %v; the story wants it after %v.", c.name, i+1, at, instants[i])
		case i > 0 && at-got[i-1] < instants[i]-instants[i-1]:
			w.fatal(verdict.Failed, "%s sent its datagram number %d only %v after the one before; the story wants %v between them.", c.name, i+1, at-got[i-1], instants[i]-instants[i-1])
		}
	}
	if len(got) < len(instants) {
		w.fatal(verdict.Failed, "%s sent %d times; the story wants %d sends, the next one after %v.", c.name, len(got), len(instants), instants[len(got)])
	}
}

// NothingLeftBehind fails the story if the calls that have returned left a
// goroutine running or a deadline set.
func (w *World) NothingLeftBehind() {
	var left []goroutine
	none := func() bool {
		left = slices.DeleteFunc(w.alive(), func(g goroutine) bool { return !w.site.isStudents(g) })
		return len(left) == 0
	}
	ok := false
	if w.virtual != nil {
		synctest.Wait() // whoever is left now waits for time to pass, or for ever
		ok = none()
	} else {
		ok = w.await(none)
	}
	if !ok {
		w.update(func() { w.gaveUp = false }) // the sentence says it all
		w.fatal(verdict.Failed, "A goroutine is left over: it %s. Whoever starts a goroutine waits for its end before returning.", w.site.doing(left[0]))
	}
	for _, c := range w.conns {
		if what, by := c.deadlineLeft(); what != "" && !c.isClosed() {
			w.fatal(verdict.Failed, "%s's socket is left with a %s deadline, set at %s. The next user of the socket would meet it.", c.name, what, by)
		}
	}
}

// Logged waits until the log holds these lines, the first of them first and
// the others in any order, each written with one Write. A line too many fails
// the story like a missing one.
func (w *World) Logged(first string, others ...string) {
	want := append([]string{first}, others...)
	w.await(func() bool { return len(w.log.writes) >= len(want) })
	w.mu.Lock()
	err := w.log.check(want)
	w.mu.Unlock()
	if err != nil {
		w.fatal(verdict.Failed, "%v", err)
	}
}

func (w *World) conn(socket Endpoint) *conn {
	var c *conn
	switch s := socket.(type) {
	case packetConn:
		c = s.conn
	case connectedConn:
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
}

// At lets the rest of the story happen d after its beginning. In virtual time
// alone there is such an instant.
func (w *World) At(d time.Duration) {
	w.onlyVirtual("At")
	time.Sleep(time.Until(w.start.Add(d)))
	synctest.Wait()
	w.await(func() bool { return true }) // not past a failure
}

func (w *World) onlyVirtual(method string) {
	if w.virtual == nil {
		panic(method + " is for stories told by OnVirtual")
	}
}

// sent records a datagram that somebody is about to send, and returns its
// place in w.seen.
func (w *World) sent(from, to net.Addr, payload []byte, by line) int {
	var i int
	w.update(func() {
		i = len(w.seen)
		d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: bytes.Clone(payload)}
		if by.known() {
			d.Sender = by.String()
		}
		w.seen = append(w.seen, d)
	})
	return i
}

// afterSend notes what became of a datagram, and passes err on.
func (w *World) afterSend(i int, err error) error {
	if err != nil {
		w.update(func() { w.seen[i].Err = err })
	}
	return err
}

// heard notes that a datagram arrived, and returns what is known of it. If it
// filled its buffer, it may be the beginning of a longer one.
func (w *World) heard(from, to net.Addr, payload []byte, filled bool) wire.Datagram {
	d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: payload}
	w.update(func() {
		for w.settled < len(w.seen) && (w.seen[w.settled].Heard || w.seen[w.settled].Err != nil) {
			w.settled++
		}
		for i := w.settled; i < len(w.seen); i++ {
			s := &w.seen[i]
			if s.Heard || s.From != d.From || s.To != d.To || !bytes.HasPrefix(s.Payload, payload) {
				continue
			}
			if short := len(payload) < len(s.Payload); !short || filled {
				s.Heard = true
				if short {
					s.Cut = len(payload)
				}
				d = *s
				return
			}
		}
	})
	return d
}

// called returns an endpoint's name in the story, or its address. w.mu is held.
func (w *World) called(addr netip.AddrPort) string {
	if name, ok := w.names[addr]; ok {
		return name
	}
	return addr.String()
}

// addrPort is a UDP address as a value to compare: an IPv4 address has one
// form only.
func addrPort(addr net.Addr) netip.AddrPort {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return netip.AddrPort{}
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Errorf fails the story without ending it. Together with FailNow and Helper
// it makes the World a require.TestingT.
func (w *World) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	// require begins with a trace of its own, through files that are not the
	// student's.
	if _, rest, ok := strings.Cut(text, "Error:"); ok && strings.Contains(text, "Error Trace:") {
		text = rest
	}
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	w.fail(verdict.Failed, "%s", strings.Join(lines, "\n    "))
}

// FailNow ends the story.
func (w *World) FailNow() {
	w.fail(verdict.Failed, "The story gave up.")
	runtime.Goexit()
}

// Helper marks the calling function: messages name the line that called it.
func (w *World) Helper() {
	var pc [1]uintptr
	runtime.Callers(2, pc[:])
	f, _ := runtime.CallersFrames(pc[:]).Next()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.helpers[f.Function] = true
}
