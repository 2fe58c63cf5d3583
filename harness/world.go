package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/sockopt"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A World is what one story runs in: its network, the sockets and peers on it,
// and the student's code. It is a require.TestingT, the only one that a story
// uses. Its methods belong to the story's goroutine; when one of them finds
// the story broken, it ends that goroutine.
type World struct {
	rec    *record.Record
	story  string                      // its test's full name
	stage  atomic.Pointer[stage.Story] // nil if the code under test is in this process
	host   network.Host
	flight time.Duration // how long a datagram may be on its way, in real time
	wait   time.Duration // how long a wait in virtual time lasts
	plain  bool          // a failure is told without a diagnosis: rules are about stories that have a subject

	// The record's Monitor guards the following.
	failed  *failure.Failure // the first
	wanted  any              // what the story wants just now: a type of package diagnosis
	current *Call            // that this is about; nil if it is about none
	because text.Text        // why it wants that, if it has said so
	met     []stacks.Line    // the checks that the code has met
	parted  failure.Difference
	focus   wire.Focus // what the failure is about, if that is clear
	mark    text.Text  // what is said of the datagram that it is about
	inVain  bool       // the last wait was
	again   string     // see [failure.Failure]
	helpers map[string]bool
	bare    map[*net.UDPConn]string           // the kernel's sockets that the code was given as they are
	options map[*net.UDPConn][]sockopt.Option // theirs, when they were opened
	mute    []*net.UDPConn                    // of those, the ones that lost the permission to broadcast
	fencer  netip.AddrPort                    // where fences come from; zero before the first

	// The story's goroutine's.
	calls     []*Call
	peers     []*Peer
	closers   []func() error // for the story's end
	notes     atomic.Bool    // the lines are its own, see Notes
	fences    uint64         // how many were sent
	fenceConn net.PacketConn
	everyone  func(port uint16) Everyone // nil where there are no broadcasts
}

// A Caller is a World or a view of one, for functions that call the student's code in
// whatever story.
type Caller interface {
	Go(name string, f func(ctx context.Context) error) *Call
	Call(name string, f func(ctx context.Context) (any, error)) *Call
	Log() io.Writer
	Notes() io.Writer
	Name(addr net.Addr) string
	HandOver(socket Endpoint)
	Text(usual string) string
	draws(what ...any) *rand.Rand
}

func newWorld(s stacks.Site) *World {
	w := &World{
		rec: record.New(s), wait: longWait, helpers: map[string]bool{},
		bare: map[*net.UDPConn]string{}, options: map[*net.UDPConn][]sockopt.Option{},
	}
	w.rec.Spins = w.spins
	return w
}

// MaxPayload returns the size of the biggest payload of a UDP datagram on the story's
// network, in bytes: 65,507 on IPv4, 65,527 on IPv6.
func (w *World) MaxPayload() int { return wire.MaxPayload(w.host.Addr()) }

// Log returns the writer to hand to the student's code as its log. It may be used
// from several goroutines.
func (w *World) Log() io.Writer { return w.rec.Log() }

// Notes returns a writer for the story's own code, such as a function that the student's code calls: what it was told.
// Logged waits for its lines, and messages call it the test's record. A story has either this or a log.
func (w *World) Notes() io.Writer {
	w.notes.Store(true)
	return w.rec.Log()
}

// Name returns the name in the story of whoever has an address, or the address.
//
// An address of the student's own type is asked for its text, so ask where the student's
// code may hang: in a function that [World.Call] calls.
func (w *World) Name(addr net.Addr) string {
	at := record.AddrPort(addr)
	if _, udp := addr.(*net.UDPAddr); !udp && addr != nil {
		if own, err := netip.ParseAddrPort(addr.String()); err == nil {
			at = netip.AddrPortFrom(own.Addr().Unmap(), own.Port())
		}
	}
	return w.rec.NameOf(at)
}

// OncePerDatagram returns f for the student's code, which is to call it once for each
// datagram that it reads. name is what the code calls it.
func (w *World) OncePerDatagram(name string, f func() bool) func() bool {
	return w.rec.Callback(name, f)
}

// Sleep lets time pass, for the story's own code that the student's code calls, such as a
// slow log.
func (w *World) Sleep(d time.Duration) { w.rec.Clock.Sleep(d) }

// WithTimeout does what [context.WithTimeout] does, for the story's own code.
func (w *World) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return w.rec.Clock.WithDeadline(ctx, time.Now().Add(d))
}

// Progress says that the code has done something which the harness does not see, such as a use of a socket that the
// story has made itself: so nobody takes it for code that goes round in a circle.
func (w *World) Progress() { w.rec.Used() }

// longWait is how long a wait in virtual time lasts usually: longer than any of a lesson's
// own. None of those ends together with it.
const longWait = 10*time.Second - 1

// waitFor waits until cond, which is called while nothing changes, is true. It
// returns false once the student's code has had its time.
func (w *World) waitFor(cond func() bool) bool {
	var ok bool
	if w.rec.Virtual {
		ok = w.rec.Wait(cond, w.wait, func() bool { return true })
	} else {
		p := patience.New(w.flight)
		ok = w.rec.Wait(cond, patience.Tick, func() bool {
			students := w.rec.Alive()
			return p.Over(len(students), anyBusy(students))
		})
	}
	w.rec.Update(func() { w.inVain = !ok })
	return ok
}

func anyBusy(students []stacks.Goroutine) bool {
	return slices.ContainsFunc(students, stacks.Goroutine.Busy)
}

// settled reports whether all of the code's goroutines wait for something else to happen.
// One that is in a system call, or in the harness for a mutex, goes on by itself.
func settled(students []stacks.Goroutine) bool {
	return !slices.ContainsFunc(students, func(g stacks.Goroutine) bool {
		return !waits.MatchString(g.State) || g.InHarness() && strings.HasPrefix(g.State, "sync.")
	})
}

// waits tells the states of goroutines that somebody else has to wake.
var waits = regexp.MustCompile(`^(?:chan |select|IO wait|sleep|sync\.|synctest\.)`)

// await waits on the story's goroutine as waitFor does. It does not return once the story
// has failed.
func (w *World) await(cond func() bool) bool {
	ok := false
	w.waitFor(func() bool {
		ok = cond()
		return ok || w.failed != nil
	})
	w.endIfFailed()
	return ok
}

// endIfFailed ends the story's goroutine if the story has failed.
func (w *World) endIfFailed() {
	if w.hasFailed() {
		runtime.Goexit()
	}
}

// watch returns what looks after the story in a bubble.
func (w *World) watch() network.Watch {
	return network.Watch{
		Clock: &w.rec.Clock, Fated: w.rec.Fated, Steps: w.steps, Busy: w.rec.Site.Busy, Abandon: w.abandon,
	}
}

// outcome says how the story went: nil if the code did all that the story wants.
func (w *World) outcome() *failure.Failure {
	defer w.leaveStage()
	if w.hasFailed() && !w.comesToRest() {
		if s := w.stage.Load(); s != nil {
			s.Kill()
			return w.failed
		}
		stuckTask.Store(&w.rec.Site.Task)
		note := text.Say("It can't be stopped, so the tests after this one are skipped.")
		w.rec.Locked(func() { w.failed.Code = append(w.failed.Code, note) })
	}
	var f *failure.Failure
	w.rec.Locked(func() { f = w.failed })
	return f
}

// comesToRest waits until none of the code's goroutines is busy. It returns false once
// they have had their time.
func (w *World) comesToRest() bool {
	p := patience.New(0)
	for {
		students := w.rec.Alive()
		if settled(students) {
			return true
		}
		if p.Over(len(students), true) {
			return false
		}
		time.Sleep(patience.Tick / 100)
	}
}

// perform runs the story on sockets of a host, and ends what it began.
func (w *World) perform(h network.Host, story func()) {
	w.host = h
	if !w.beginStage() {
		w.rec.Ended()
		return
	}
	w.rec.Began()
	if !w.rec.Virtual {
		defer w.watchSleep()()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		told := false
		defer func() {
			if r := recover(); r != nil {
				w.panicked(text.Say("The story"), r)
			} else if !told {
				w.unfinished()
			}
		}()
		story()
		told = true
	}()
	<-ended
	w.shutDown(w.calls...)
	for _, c := range w.calls {
		c.returnsAtLast(w.rec.Site.Begin)
		c.closeSocket()
	}
	for _, p := range w.peers {
		p.Close()
	}
	for _, closeIt := range w.closers {
		closeIt()
	}
	w.endStage()
	w.rec.Ended()
}

// unfinished fails a story that has not come to its end. If something was wrong with it,
// that was the failure.
func (w *World) unfinished() {
	if w.hasFailed() {
		return
	}
	at := w.rec.Site.StudentLine()
	if !at.Known() {
		at = w.storyLine()
	}
	w.wants(nil)
	w.failAt(at, verdict.Failed, text.Say("The story did not come to its end: runtime.Goexit ended its goroutine, "+
		"as FailNow and SkipNow of a testing.T do."))
}

// watchSleep fails the story once it has spent much real time waiting for the code to let
// time pass, bit by bit: each of its waits may be short enough. The caller ends the watch.
func (w *World) watchSleep() (end func()) {
	ended, gone := make(chan bool), make(chan bool)
	go func() {
		defer close(gone)
		for asleep := 0; asleep < patience.Bounds.AsleepTicks; {
			select {
			case <-ended:
				return
			case <-time.After(patience.Tick/2 + rand.N(patience.Tick)): // out of step with the code
			}
			g, ok := w.rec.Asleep()
			if !ok {
				continue
			}
			if asleep++; asleep == patience.Bounds.AsleepTicks {
				what := text.Say("The code %s, again and again: this story has waited %v for that in all. "+
					"Nothing here takes so long.", w.rec.Site.Doing(g), time.Duration(asleep)*patience.Tick)
				w.failFor(w.rec.Site.LineOf(g), verdict.Stuck, what, func() { w.wanted, w.current = nil, nil })
			}
		}
	}()
	return func() {
		close(ended)
		<-gone
	}
}

// shutDown ends calls as far as the story can: it cancels their contexts, and then closes
// the sockets that the student's code was given.
func (w *World) shutDown(calls ...*Call) {
	for _, c := range calls {
		c.Cancel()
	}
	w.rec.Quiesce() // whoever sets or clears a deadline for that has done it
	w.closeSockets()
}

// Errorf fails the story without ending it. Together with FailNow and Helper
// it makes the World a require.TestingT.
func (w *World) Errorf(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	// require begins with a trace of its own, through files that are not the
	// student's.
	if _, rest, ok := strings.Cut(message, "Error:"); ok && strings.Contains(message, "Error Trace:") {
		message = rest
	}
	var lines []string
	for l := range strings.Lines(message) {
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
	w.rec.Locked(func() { w.helpers[f.Function] = true })
}

// wants notes what the story wants just now.
func (w *World) wants(want any) { w.rec.Update(func() { w.wanted, w.current = want, nil }) }

// spins fails the story because the student's code keeps calling what fails.
func (w *World) spins(c *record.Conn, method string, err error) {
	want := diagnosis.Progress{Method: method, Err: err}
	if errors.Is(err, net.ErrClosed) {
		w.failHere(want, verdict.Stuck,
			"The code keeps calling %s of %s's socket, though that is closed: it has failed %d times in a second.",
			method, c.Name, record.ManyFailures)
		return
	}
	w.failHere(want, verdict.Stuck,
		"The code keeps calling %s of %s's socket, though it has failed %d times in a second: %v.",
		method, c.Name, record.ManyFailures, err)
}
