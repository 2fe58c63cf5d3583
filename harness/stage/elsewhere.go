//go:build linux

package stage

import (
	"slices"

	"udpkata/harness/internal/stacks"
	"udpkata/harness/stage/link"
)

// Lines returns the lines of the code for which the calling goroutine acts, the nearest
// first.
func (s *Story) Lines() []stacks.Line {
	s.mu.Lock()
	now, alone := s.now, s.now != nil && len(s.claims) == 0
	s.mu.Unlock()
	if alone {
		return now
	}
	self, _ := stacks.Self()
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.claims[self]; ok {
		return at
	}
	if w := s.workerOn(self); w != nil {
		return w.op.at
	}
	return now
}

// afar is where the numbers of the stage's goroutines begin: none of this process's are so big.
const afar = 1 << 40

// said is what the stage says of itself.
type said struct {
	bubble   int           // the story's there
	asked    []int64       // the operations that have not been answered, as far as it has heard
	calls    map[int]int64 // by goroutine, which call it runs
	waits    map[int]int64 // by goroutine, which operation it waits for that takes its time
	all      []stacks.Goroutine
	busy     bool
	answered bool
}

// asks asks the stage what its goroutines are about.
func (s *Story) asks() (says said) {
	answer, err := s.process.ask()
	if err != nil {
		return said{}
	}
	r := link.Reader{Bytes: answer}
	says.bubble = int(r.Int())
	for range r.Len() {
		says.asked = append(says.asked, r.Int())
	}
	says.calls, says.waits = numbers(&r), numbers(&r)
	text := r.Text()
	says.all, says.busy = stacks.Parse(text, s.Site, visible)
	says.answered = !r.Broken
	if len(text) >= link.MostGoroutines { // and so there are more than these
		says.all = append(says.all, stacks.Unseen(says.bubble))
	}
	return says
}

func numbers(r *link.Reader) map[int]int64 {
	all := map[int]int64{}
	for range r.Len() {
		goroutine := int(r.Int())
		all[goroutine] = r.Int()
	}
	return all
}

// Goroutines lists those of the stage's that run the code, as far as it tells, where here are
// this process's, and those of here for which they do not stand. busy reports whether any of
// the stage's runs or could.
func (s *Story) Goroutines(here []stacks.Goroutine) (all, others []stacks.Goroutine, busy bool) {
	ran := s.process.isIn("R") // before it answers, for which it has to
	says := s.asks()
	stirs := s.stirs(ran, says.answered)
	busy = stirs && (says.busy || !says.answered)
	hasEnded := !says.answered && s.process.hasEnded()
	s.mu.Lock()
	defer s.mu.Unlock()
	busy = busy || hasEnded && !s.failed // which is about to be told
	calls, stood, plain := map[int]*Call{}, map[int]bool{}, false
	for _, g := range says.all {
		id := says.calls[g.ID]
		if c := s.calls[id]; c != nil {
			calls[g.ID] = c
			stood[c.goroutine] = true
			plain = plain || c.plain
		}
	}
	self, _ := stacks.Self()
	onTheWay := !s.Virtual && s.open.onTheWay(says.asked, stirs, here, self)
	busy = busy || onTheWay
	for _, g := range says.all {
		c := calls[g.ID]
		if c == nil && !s.Site.IsStudents(g) {
			if !s.Virtual || g.Bubble != says.bubble || g.RunsIn(runnerFunctions) || g.RunsIn("testing") {
				continue
			}
			g = g.AsTheirs()
		}
		performer := s.open[says.waits[g.ID]]
		performs := func(h stacks.Goroutine) bool { return h.ID == performer }
		if i := slices.IndexFunc(here, performs); i >= 0 {
			g = g.ServedBy(here[i])
		}
		if onTheWay && g.InHarness() { // perhaps for what has been answered already
			g.State, g.Durable = "runnable", false
		}
		if !stirs && g.Busy() {
			g.State = "sleep"
		}
		switch {
		case s.Virtual && g.Bubble == says.bubble:
			g.Bubble = s.Bubble
		case g.Bubble > 0: // an earlier story's
			g.Bubble += afar
		}
		g.ID, g.Parent = numberOf(calls, g.ID), numberOf(calls, g.Parent)
		if c != nil {
			g = g.AsCall()
		}
		all = append(all, g)
	}
	here = slices.DeleteFunc(here, func(g stacks.Goroutine) bool {
		isCall := g.IsCall() && (s.callers[g.ID] || s.Virtual && g.Bubble == s.Bubble)
		return stood[g.ID] || g.RunsIn(stageFunctions) && (!isCall || plain || hasEnded)
	})
	for i, g := range here {
		if stirs && g.RunsIn(stageFunctions) { // a call that is on its way there, or back
			here[i].State, here[i].Durable, busy = "runnable", false, true
		}
	}
	return all, here, busy
}

// numberOf returns the number of one of the stage's goroutines: if it runs a call, that of who
// waits for it.
func numberOf(calls map[int]*Call, id int) int {
	c := calls[id]
	switch {
	case id == 0:
		return 0
	case c != nil && !c.plain:
		return c.goroutine
	}
	return afar + id
}

// runnerFunctions is how functions begin of what a submission is built with.
const runnerFunctions = "udpkata/harness/stage/runner."

// stageFunctions is how functions of this package begin.
const stageFunctions = "udpkata/harness/stage."
