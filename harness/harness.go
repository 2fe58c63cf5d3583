// Package harness runs the student's code against stories: small scripts of
// who sends what to whom, which a lesson test tells and the harness judges.
//
// A story gets a [World]. It opens sockets there for the student's code, adds
// peers that talk to it, starts the student's functions, and says what is to
// be heard:
//
//	func TestServeAnswers(t *testing.T) {
//		harness.OnEachNetwork(t, func(w *harness.World) {
//			server := w.ListenPacket("server")
//			w.Go("Serve", func(ctx context.Context) error { return echo.Serve(ctx, server, w.Log()) })
//
//			alice := w.Peer("alice")
//			alice.Send(server, "hello")
//			alice.ExpectFrom(server, "Your data was 5 bytes long")
//		})
//	}
//
// # Rules of a story
//
//   - It is told on one goroutine. World, Peer and Call methods belong to it;
//     the sockets and the log that it hands out may be used from any.
//   - It never sleeps, and knows no port. Expect methods wait as long as the
//     student's code could still do something, and no longer.
//   - Silence is proved, not waited for: to show that nothing was sent, ask
//     for something that must be answered and see that the answer is next.
//   - Student code is called through [World.Go] and [World.Call] alone: there a
//     TODO, a panic or a call that does not return becomes a sentence with the
//     student's line.
//   - A story ends by cancelling the contexts of its calls and then closing
//     their sockets. Code that ends at either is good enough, except where the
//     story asks for more: [Call.Cancel], [World.NothingLeftBehind].
//
// # How a task ends
//
// A task is a top-level test. How it ended goes to whoever runs the tests as
// attributes of package verdict. The first TODO that a process meets fails its
// task with one line; later ones are skipped, and count as todo all the same.
// Code that can't be stopped in-process (a loop without end that calls
// nothing) makes the tasks after it "not run": they need a new process. A
// panic on a goroutine that the student's code started, os.Exit and a stack
// overflow end the process; Go's own output says where.
package harness

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// OnEachNetwork tells a story once on every network that this machine has, as
// subtests named after them, and ends the test at the first that fails.
func OnEachNetwork(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, networks, story)
}

// OnVirtual is OnEachNetwork for a story about exact time: it is told on the
// virtual network alone, and, as time is the same on both IP versions, on IPv4.
func OnVirtual(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{virtual{localhost4}}, story)
}

// OnLoopback is OnEachNetwork for a story that only a kernel can show, such as
// one in which the student's code opens sockets itself.
func OnLoopback(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{loopback{localhost4}, loopback{localhost6}}, story)
}

// OnLoopback4 is OnLoopback on IPv4 alone, for a story that takes real time.
func OnLoopback4(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{loopback{localhost4}}, story)
}

// OnSubnet is OnEachNetwork for a story about broadcasts, which IPv4 alone has.
// On the virtual network and in the lab every socket is on a host of its own, on
// one subnet; on the kernel's loopback, which is a subnet too, all are on one.
func OnSubnet(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{onHosts(subnet4), loopback{localhost4}, labs[0]}, story)
}

// OnSubnets is OnSubnet for a story with a second subnet, beyond a [World.Router].
func OnSubnets(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{onHosts(subnet4), labs[0]}, story)
}

// OnPath is OnEachNetwork for a story about what happens on the way: it is told
// on the virtual network alone, where every socket is on a host of its own, and
// the story says what is between them.
func OnPath(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{onHosts(subnet4), onHosts(subnet6)}, story)
}

// OnRealPath is OnPath for a story that needs no virtual time: it is told in the
// lab as well, on real links with an MTU of 1500 bytes, where peers are beyond the
// router, if there is one.
func OnRealPath(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, append([]network{onHosts(subnet4), onHosts(subnet6)}, labs...), story)
}

// OnLinks is OnLoopback for a story about what fits: it is told in the lab as well,
// on links with an MTU of 1500 bytes.
func OnLinks(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, append([]network{loopback{localhost4}, loopback{localhost6}}, labs...), story)
}

// OnLab is for a story that only a real network can show.
func OnLab(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, labs, story)
}

// OnLab4 is OnLab on IPv4 alone.
func OnLab4(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, labs[:1], story)
}

// Offline tells a story without a network, of functions that work with values
// alone.
func Offline(t *testing.T, story func(w *World)) {
	t.Helper()
	on(t, []network{offline{virtual{localhost4}}}, story)
}

func on(t *testing.T, networks []network, story func(w *World)) {
	t.Helper()
	s := callerSite(t.Name(), 2)
	result := resultOf(t)
	if by := stuckTask.Load(); by != nil {
		reason := text.Say("not run: the code of %s is still running in this process", *by).In(text.Preferred())
		result.note(verdict.NotRun, reason)
		t.Skip(reason)
	}
	prefix := result.nextStory()
	told, lacking := false, ""
	for i, n := range networks {
		var rest []string
		for _, other := range networks[i+1:] {
			rest = append(rest, other.name())
		}
		if elsewhere(s.task, prefix+n.name()) {
			continue
		}
		state := verdict.Passed // also where -run leaves the network out
		t.Run(prefix+n.name(), func(t *testing.T) {
			f := tellOn(t, n, s, prefix+n.name(), story)
			switch {
			case netlab.Inside():
				send(f)
			case f == nil:
				told = true
				result.note(verdict.Passed, "")
			case f.state == verdict.Skipped:
				if lacking == "" {
					lacking = f.text.EN
				}
				print(t, f.text.EN+"\n")
				t.SkipNow()
			default:
				told = true
				state = f.state
				result.note(f.state, f.reason(text.Preferred()))
				report(t, s, f, rest)
			}
		})
		switch {
		case t.Failed():
			t.FailNow()
		case state != verdict.Passed:
			t.SkipNow()
		}
	}
	if !told && lacking != "" {
		result.note(verdict.Skipped, lacking)
		t.SkipNow()
	}
}

// tellOn tells a story on one network, under its subtest's name, and says how
// that went: nil if the code did all that the story wants.
func tellOn(t *testing.T, n network, s site, name string, story func(w *World)) *failure {
	_, isLab := n.(lab)
	var f *failure
	switch missing := n.missing(); {
	case missing != nil:
		f = &failure{state: verdict.Skipped, at: s.begin, text: text.Say("%s", missing)}
	case isLab && !netlab.Inside():
		f = tellElsewhere(s, name, t.Output())
	default:
		f = newWorld(n, s).tell(t, story)
	}
	if f != nil && f.state == verdict.Skipped && isLab && labRequired() {
		f.state = verdict.Failed
	}
	return f
}

// Of this process: whether a TODO was met, and whose code can't be stopped.
var (
	todoSeen  atomic.Bool
	stuckTask atomic.Pointer[string]
)

// report ends the subtest of a story that failed.
func report(tb testing.TB, s site, f *failure, rest []string) {
	if f.state == verdict.Todo && todoSeen.Swap(true) {
		tb.Skip(f.reason(text.Preferred()))
	}
	capture, err := f.wire.keep(tb)
	if err != nil {
		capture = err.Error()
	}
	print(tb, f.write(s, rest, capture, wire.CurrentStyle()))
	tb.FailNow()
}

// A result is how a task ended, over all of its stories.
type result struct {
	mu     sync.Mutex
	state  verdict.State
	reason string
	told   int // stories
}

// nextStory is what the names of a story's subtests begin with: nothing for the
// task's first.
func (r *result) nextStory() string {
	r.told++
	if r.told == 1 {
		return ""
	}
	return fmt.Sprintf("story%d/", r.told)
}

var results sync.Map // of *result, by *testing.T

// resultOf is the result of a top-level test, which reports it when it ends.
func resultOf(t *testing.T) *result {
	r, known := results.LoadOrStore(t, &result{})
	if !known {
		t.Cleanup(func() {
			results.Delete(t)
			r.(*result).attr(t)
		})
	}
	return r.(*result)
}

func (r *result) note(state verdict.State, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if verdict.Worse(r.state, state) != r.state {
		r.state, r.reason = state, reason
	}
}

func (r *result) attr(tb testing.TB) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == "" {
		return // no story was told
	}
	tb.Attr(verdict.StateAttr, string(r.state))
	if r.reason != "" {
		tb.Attr(verdict.ReasonAttr, r.reason)
	}
}
