package harness

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"udpkata/harness/capability"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/netlab"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about what a lesson's tests print, all of them together.

// Main runs a lesson's tests, for its TestMain. If all of them run, once, and nobody asks
// for details, then the first failure is shown whole and each later one as one line, and
// a last line says how many tasks pass and which is next. If no lesson has the tests that
// are asked for, that is said, and the status is 1.
func Main(m *testing.M) {
	flag.Parse()
	if said := mistyped(flag.Lookup("test.run").Value.String()); said != (text.Text{}) {
		fmt.Print(said.In(text.Preferred()))
		os.Exit(1)
	}
	brief.Store(isPlain(flag.CommandLine))
	if stage.On() { // before any of the code runs, which could take away what there is
		capability.AskAll()
		if !netlab.Inside() {
			netlab.Missing()
		}
	}
	m.Run()
	stage.Close()
	if brief.Load() {
		fmt.Print(tasks.summary().In(text.Preferred()))
	}
}

// isPlain reports whether go test runs all tests, once and in their order, and is not
// asked to say more of them.
func isPlain(flags *flag.FlagSet) bool {
	for _, name := range []string{
		"v", "run", "skip", "list", "failfast", "count", "cpu", "shuffle", "bench", "fuzz",
	} {
		if f := flags.Lookup("test." + name); f == nil || f.Value.String() != f.DefValue {
			return false
		}
	}
	return true
}

// Of this process: whether the failures after the first are told in brief, and whether
// that was met.
var brief, failureSeen atomic.Bool

// mentions is where failures are told in brief; this package's own tests read it.
var mentions io.Writer = os.Stdout

// mention tells a failure in one line, if another was told whole before, and reports
// whether it did. Of a test that is skipped, as this one is then, go test prints nothing.
func mention(s stacks.Site, f *failure.Failure) bool {
	if f.State == verdict.Todo || !brief.Load() || !failureSeen.Swap(true) {
		return false
	}
	said := text.Say("%s fails too: %s", s.Task, text.Both(f.Reason(text.English), f.Reason(text.Chinese)))
	fmt.Fprintln(mentions, said.In(text.Preferred()))
	return true
}

// An outcome is how a task ended.
type outcome struct {
	task  string
	state verdict.State
}

// outcomes are those of a lesson's tasks.
type outcomes struct {
	mu  sync.Mutex
	all []outcome
}

// tasks are those of this process that have ended, in their order.
var tasks outcomes

func (o *outcomes) note(task string, state verdict.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, outcome{task, state})
}

// summary says how many tasks pass, and which is the first that does not: nothing if
// none was begun.
func (o *outcomes) summary() text.Text {
	o.mu.Lock()
	defer o.mu.Unlock()
	passed, skipped, todo, next := 0, 0, 0, ""
	for _, t := range o.all {
		switch t.state {
		case verdict.Passed:
			passed++
			continue
		case verdict.Skipped:
			skipped++
			continue
		case verdict.Todo:
			todo++
		}
		if next == "" {
			next = t.task
		}
	}
	all := len(o.all)
	switch {
	case todo+skipped == all:
		return text.Text{}
	case next == "" && skipped == 0:
		return text.Say("All %d tasks pass.\n", all)
	case next == "":
		return text.Say("%d of %d tasks pass; skipped: %d (go test -v says why)\n", passed, all, skipped)
	case skipped == 0:
		return text.Say("%d of %d tasks pass; next: %s\n", passed, all, next)
	}
	return text.Say("%d of %d tasks pass; skipped: %d (go test -v says why); next: %s\n", passed, all, skipped, next)
}
