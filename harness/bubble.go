package harness

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// never is closed by nobody, and belongs to no bubble.
var never = make(chan struct{})

// inBubble calls f in a bubble, whose clock moves only when everybody in it
// waits. Code that keeps the clock from moving for good is left where it is:
// the bubble never ends, but the test does.
func (w *World) inBubble(t *testing.T, f func()) {
	ended := make(chan any, 1)
	go func() {
		defer func() { ended <- recover() }()
		synctest.Test(t, func(*testing.T) { f() })
	}()
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	p, steps := newPatience(), w.steps.Load()
	for {
		select {
		case r := <-ended:
			// Goroutines that are still blocked when the story is over are
			// an offence only where the story says so: NothingLeftBehind.
			if r != nil && !strings.Contains(fmt.Sprint(r), "blocked goroutines remain") {
				panic(r)
			}
			return
		case <-ticks.C:
			if now := w.steps.Load(); now != steps {
				p, steps = newPatience(), now
				continue
			}
			if p.stalled(w.alive()) {
				w.abandon()
				return
			}
		}
	}
}

// abandon gives the story up: nothing of it will touch the test again. It is
// called outside the bubble, whose channels it must not touch.
func (w *World) abandon() {
	f := failure{state: verdict.Stuck, at: w.site.begin, text: text.Say("The story stands still, and the harness can't say why.")}
	students := w.alive()
	for _, g := range students {
		if g.durable || !w.site.isStudents(g) {
			continue
		}
		f.at = w.site.lineOf(g)
		doing := w.site.doing(g)
		switch {
		case g.busy():
			f.text = text.Say("The code %s and never waits.", doing)
		case strings.Contains(g.state, "Mutex"):
			f.text = text.Say("The code %s, and time stands still. Hold no mutex while you wait for something else.", doing)
		case g.state == "IO wait" || g.state == "syscall":
			f.text = text.Say("The code %s, and time stands still. Use the socket that you were given.", doing)
		case strings.HasPrefix(g.state, "chan") || g.state == "select":
			f.text = text.Say("The code %s, and time stands still. Keep no channel in a package-level variable.", doing)
		default:
			f.text = text.Say("The code %s, and time stands still.", doing)
		}
		break
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(f, students)
	w.abandoned.Store(true)
}

// checkpoint is where whoever calls the harness from an abandoned story stays.
func (w *World) checkpoint() {
	w.steps.Add(1)
	if w.abandoned.Load() {
		<-never
	}
}
