package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"udpkata/harness/capability"
	"udpkata/harness/internal/child"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// Networks tells a story of a task once on each of several networks that this machine
// has, as subtests named after them, and ends the task at the first that fails. W is
// the [World] of the story, or the view of it that has the words of those networks.
//
// One story of a task may have no name; [Networks.Then] tells the others.
type Networks[W any] func(t *testing.T, story func(w W))

// Then tells one more story of a task. Its subtests are below name, which says in a few
// words of lower-case letters, digits and hyphens what the story is about, as in
// TestAskStops/answer-while-cancelling/virtual/ip4.
func (n Networks[W]) Then(t *testing.T, name string, story func(w W)) {
	t.Helper()
	if err := resultOf(t).begin(name); err != nil {
		t.Fatal(err)
	}
	n(t, story)
}

// A telling tells stories on one network.
type telling[W any] struct {
	name    string
	missing func() error
	inLab   bool
	tell    func(t *testing.T, w *World, story func(W)) error
}

// on tells stories on a network, with the words that it has.
func on[H network.Host, W any](n network.Network[H], words func(w *World, h H) W) telling[W] {
	tell := func(t *testing.T, w *World, story func(W)) error {
		w.rec.Virtual = n.Virtual
		if n.InLab {
			w.flight = patience.Bounds.LeastWait // on loopback, what was sent has arrived
		}
		return n.Run(t, w.watch(), func(h H) { w.perform(h, func() { story(words(w, h)) }) })
	}
	return telling[W]{n.Name, n.Missing, n.InLab, tell}
}

func tells[W any](tellings ...telling[W]) Networks[W] {
	return func(t *testing.T, story func(w W)) {
		t.Helper()
		tellOn(t, tellings, story)
	}
}

func tellOn[W any](t *testing.T, tellings []telling[W], story func(w W)) {
	t.Helper()
	s := stacks.CallerSite(t.Name())
	result := resultOf(t)
	if by := stuckTask.Load(); by != nil {
		reason := text.Say("not run: the code of %s is still running in this process", *by).In(text.Preferred())
		result.note(verdict.NotRun, reason)
		t.Skip(reason)
	}
	prefix, err := result.next()
	if err != nil {
		t.Fatal(err)
	}
	told, lacking := false, ""
	for i, n := range tellings {
		var rest []string
		for _, other := range tellings[i+1:] {
			rest = append(rest, other.name)
		}
		name := prefix + n.name
		if child.TellsAnother(s.Task, name) {
			continue
		}
		state := verdict.Passed // also where -run leaves the network out
		t.Run(name, func(t *testing.T) {
			f := n.outcome(t, s, name, story)
			switch {
			case netlab.Inside():
				child.Send(f)
			case f == nil:
				told = true
				result.note(verdict.Passed, "")
			case f.State == verdict.Skipped:
				if lacking == "" {
					lacking = f.Text.EN
				}
				write(t, f.Text.EN+"\n")
				t.SkipNow()
			default:
				told = true
				state = f.State
				result.note(f.State, f.Reason(text.Preferred()), f.Rules()...)
				if mention(s, f) {
					t.SkipNow()
				}
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

// outcome tells a story, under its subtest's name, and says how that went: nil if the
// code did all that the story wants.
func (n telling[W]) outcome(t *testing.T, s stacks.Site, name string, story func(W)) (f *failure.Failure) {
	switch missing := n.missing(); {
	case missing != nil:
		f = &failure.Failure{State: verdict.Skipped, At: s.Begin, Text: text.Say("%v", missing)}
		if capability.IsVital(missing) {
			f.State = verdict.NotRun
		}
	case n.inLab && !netlab.Inside():
		f = child.Tell(s, name, t.Output())
	default:
		f = n.here(t, newWorld(s), story)
	}
	if f != nil && f.State == verdict.Skipped && n.inLab && child.LabRequired() {
		f.State = verdict.Failed
	}
	return f
}

// here tells a story in this process.
func (n telling[W]) here(t *testing.T, w *World, story func(W)) *failure.Failure {
	w.story = t.Name()
	if err := n.tell(t, w, story); err != nil {
		w.fail(verdict.NotRun, "No network %s: %v.", n.name, err)
	} else if !w.rec.IsOver() {
		w.unfinished()
	}
	return w.outcome()
}

// Of this process: whether a TODO was met, why stories were not run, by their texts, whose
// code can't be stopped, and which task was the first whose code was stuck at a mutex.
var (
	todoSeen     atomic.Bool
	troublesSeen sync.Map
	stuckTask    atomic.Pointer[string]
	stuckAtMutex atomic.Pointer[string]
)

// report ends the subtest of a story that failed. What the machine does to one story it
// does to others, and so once is enough to read.
func report(tb testing.TB, s stacks.Site, f *failure.Failure, rest []string) {
	seen := f.State == verdict.Todo && todoSeen.Swap(true)
	if f.State == verdict.NotRun {
		_, seen = troublesSeen.LoadOrStore(f.Text.EN, true)
	}
	if seen {
		tb.Skip(f.Reason(text.Preferred()))
	}
	capture, err := f.Wire.Keep(tb)
	if err != nil {
		capture = err.Error()
	}
	write(tb, f.Page(s, rest, capture, wire.CurrentStyle()))
	tb.FailNow()
}

// write writes to the test's output, without the source position that Log would put
// before it.
func write(tb testing.TB, what string) { fmt.Fprint(tb.Output(), what) }

// A result is how a task ended, over all of its stories.
type result struct {
	mu     sync.Mutex
	state  verdict.State
	reason string
	rules  []string // that say what it most likely means

	// The test's goroutine's.
	names []string // of the stories that were told
	named bool     // the last of them has not begun
}

var storyName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// begin gives the task's next story a name.
func (r *result) begin(name string) error {
	if !storyName.MatchString(name) {
		return fmt.Errorf("the name of a story is a few words of lower-case letters, digits and hyphens, not %q", name)
	}
	if slices.Contains(r.names, name) {
		return fmt.Errorf("two stories of this task have the name %q; give the second one another", name)
	}
	r.names, r.named = append(r.names, name), true
	return nil
}

// next returns what the names of the next story's subtests begin with: nothing for the
// task's first, if it has no name.
func (r *result) next() (prefix string, err error) {
	switch {
	case r.named:
		r.named = false
		return r.names[len(r.names)-1] + "/", nil
	case len(r.names) > 0:
		return "", fmt.Errorf("a task's second story needs a name: tell it by Then")
	}
	r.names = append(r.names, "")
	return "", nil
}

var results sync.Map // of *result, by *testing.T

// resultOf returns the result of a top-level test, which reports it when it ends.
func resultOf(t *testing.T) *result {
	r, known := results.LoadOrStore(t, &result{})
	if !known {
		t.Cleanup(func() {
			results.Delete(t)
			r.(*result).attr(t)
			tasks.note(t.Name(), r.(*result).ended(t.Failed()))
		})
	}
	return r.(*result)
}

func (r *result) note(state verdict.State, reason string, rules ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if verdict.Worse(r.state, state) != r.state {
		r.state, r.reason, r.rules = state, reason, rules
	}
}

// ended returns the task's state, whose test go test calls failed or not.
func (r *result) ended(failed bool) verdict.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if failed && r.state != verdict.Todo {
		return verdict.Failed // perhaps for a data race, of which no story knows
	}
	return r.state
}

// mostReason is how many bytes of a reason are kept: go test's converter cuts a line after 4096.
const mostReason = 2000

// beginning returns a reason, or what it begins with.
func beginning(reason string, most int) string {
	if len(reason) <= most {
		return reason
	}
	return strings.ToValidUTF8(reason[:most], "") + "…"
}

func (r *result) attr(tb testing.TB) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == "" {
		return // no story was told
	}
	tb.Attr(verdict.StateAttr, string(r.state))
	if r.reason != "" {
		tb.Attr(verdict.ReasonAttr, beginning(r.reason, mostReason))
	}
	if len(r.rules) > 0 {
		tb.Attr(verdict.RulesAttr, strings.Join(r.rules, " "))
	}
}
