package harness

import (
	"errors"
	"hash/fnv"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"udpkata/harness/internal/stacks"
	"udpkata/harness/netlab"
	"udpkata/harness/sockopt"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about code under test that runs in a process of its own.

// beginStage has the stage take part in the story, if the code under test is there. It
// reports whether the story can be told.
func (w *World) beginStage() bool {
	if !stage.On() {
		return true
	}
	_, bubble := stacks.Self()
	seed := fnv.New64a()
	seed.Write([]byte(w.rec.Site.Task + os.Getenv(seedVariable)))
	s, err := stage.Begin(stage.Setting{
		Virtual: w.rec.Virtual, Clock: &w.rec.Clock, Site: w.rec.Site, Bubble: bubble, Seed: seed.Sum64(),
		Crashed: w.crashed,
	})
	if err != nil {
		state := verdict.NotRun
		if stage.HasRun() || netlab.Inside() { // so it is the code that keeps it from running again
			state = verdict.Crashed
		}
		w.fail(state, "%v.", err)
		return false
	}
	w.stage.Store(s)
	return true
}

// withoutSocket says what becomes of a story for which there is no socket. Where the code has a process of its own, it
// may have taken all ports, and the task stays in the total.
func withoutSocket(err error) verdict.State {
	if stage.HasRun() && errors.Is(err, syscall.EADDRINUSE) {
		return verdict.Failed
	}
	return verdict.NotRun
}

// steps counts what happens in the story.
func (w *World) steps() uint64 {
	if s := w.stage.Load(); s != nil {
		return w.rec.Steps() + s.Steps()
	}
	return w.rec.Steps()
}

// openSockets returns the sockets of IP that the process has open in which the code runs; see
// [sockopt.Sockets].
func (w *World) openSockets() map[uintptr]netip.AddrPort {
	if w.stage.Load() != nil {
		return stage.Sockets()
	}
	return sockopt.Sockets()
}

// endStage ends the stage's part in the story.
func (w *World) endStage() {
	if s := w.stage.Load(); s != nil {
		s.End()
	}
}

// leaveStage says that nobody asks any more how the story went.
func (w *World) leaveStage() {
	if s := w.stage.Load(); s != nil {
		s.Leave()
	}
}

// crashed fails the story because the code's process is no use any more.
func (w *World) crashed(c stage.Crash) {
	at := w.rec.Site.Begin
	if c.How == "" {
		w.failAt(at, verdict.Crashed, text.Say("The code's process is of no use any more, as it %s.", c.Words))
		return
	}
	cry, line := stage.LastCry(c.Words, w.rec.Site)
	switch {
	case cry == "":
		w.failAt(at, verdict.Crashed, text.Say("The code's process ended with %s, as os.Exit does.", c.How))
	case strings.Contains(cry, "synctest channel from outside bubble"):
		w.failAt(line, verdict.Crashed, text.Say(
			"The code's process ended with %s: it uses a channel that an earlier story made "+
				"(keep no channel in a package-level variable).", c.How))
	default:
		w.failAt(line, verdict.Crashed, text.Say("The code's process ended with %s: %s.", c.How, cry))
	}
}
