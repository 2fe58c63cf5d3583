package harness

import (
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

	"udpkata/harness/diagnosis"
	"udpkata/harness/simnet"
	"udpkata/harness/text"
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
	gone    map[netip.AddrPort]bool           // whose sockets are closed
	remotes map[netip.AddrPort]netip.AddrPort // of the connected sockets that the code was given
	seen    []wire.Datagram
	settled int        // so many of them, at the beginning, can't be heard any more
	about   wire.Focus // what the failure is about, if that is clear
	mark    text.Text  // what is said of the datagram that it is about
	gaveUp  bool       // whether the last wait was in vain
	wanted  any        // what the story wants just now, for the diagnosis: a type of package diagnosis
	diff    difference // from what came
	current *Call      // that this is about; nil if it is about none
	because text.Text  // why it wants that, if it has said so
	seed    string     // of what the story left to chance; "" if nothing
	log     storyLog

	callbacks []diagnosis.Callback
	helpers   map[string]bool

	// Guarded by mu.
	silenced []*net.UDPConn   // of kernel, those that lost the permission to broadcast
	hearers  map[shareOf]bool // who has heard what was sent to everyone

	fenceConn net.PacketConn // guarded by mu; nil until the first fence

	// The story's goroutine's.
	fences  uint64                  // how many were sent
	path    []simnet.Path           // what is between the hosts
	kernel  map[*net.UDPConn]string // the sockets that the code was given bare, with their names
	closers []func() error          // for its end
}

func newWorld(n network, s site) *World {
	w := &World{
		net: n, site: s,
		old:     map[int]bool{},
		names:   map[netip.AddrPort]string{},
		gone:    map[netip.AddrPort]bool{},
		remotes: map[netip.AddrPort]netip.AddrPort{},
		kernel:  map[*net.UDPConn]string{},
		hearers: map[shareOf]bool{},
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
func (w *World) MaxPayload() int { return wire.MaxPayload(w.net.addr()) }

// Loopback is the address that all sockets of the story have, except where it
// says otherwise: 127.0.0.1 or ::1.
func (w *World) Loopback() netip.Addr { return w.net.addr() }

// Home is the address of the host that the student's code runs on, where it opens
// sockets itself.
func (w *World) Home() netip.Addr {
	h, ok := w.sockets.(interface{ home() (netip.Addr, error) })
	if !ok {
		return w.net.addr()
	}
	addr, err := h.home()
	if err != nil {
		w.fatal(verdict.NotRun, "No address for the code's own sockets: %v.", err)
	}
	return addr
}

// Wildcard is 0.0.0.0 or ::, which stands for all addresses of a host.
func (w *World) Wildcard() netip.Addr {
	if w.net.addr().Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// SecondLoopback is another address of the same host. The story is skipped on a
// network where there is none.
func (w *World) SecondLoopback() netip.Addr {
	addr, missing := w.net.second()
	w.need(missing)
	return addr
}

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
		if _, real := w.net.(lab); real {
			p.flight = bounds.leastWait // on loopback, what was sent has arrived
		}
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
		w.failed.code = append(w.failed.code, text.Say("It can't be stopped, so the tests after this one are skipped."))
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
				w.panicked(text.Say("The story"), r)
			}
		}()
		story(w)
	}()
	<-told
	for _, c := range w.calls {
		c.Interrupt()
	}
	w.closeConns()
	for _, c := range w.calls {
		c.end(w.site.begin)
		c.closeSocket()
	}
	for _, p := range w.peers {
		p.Leave()
	}
	for _, close := range w.closers {
		close()
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

// settle lets everybody do what there is to do at this instant, in virtual time. So
// the story goes on in one order only, and goes wrong the same way each time.
func (w *World) settle() {
	if w.virtual != nil {
		synctest.Wait()
	}
}

func (w *World) onlyVirtual(method string) {
	if w.virtual == nil {
		panic(method + " is for stories told by OnVirtual")
	}
}

func (w *World) onlyKernel(method string) {
	if w.virtual != nil {
		panic(method + " is for stories told by OnLoopback")
	}
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
	w.wants(nil)
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
