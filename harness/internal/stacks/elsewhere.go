package stacks

import (
	"path"
	"slices"
	"strings"
	"sync/atomic"
)

// An Elsewhere is another process, in which the code under test runs.
type Elsewhere interface {
	// Lines returns the lines of the code for which the calling goroutine acts, the nearest
	// first.
	Lines() []Line
	// Goroutines lists those that run the code there, where here are this process's, and those
	// of here for which they do not stand. busy reports whether any of those there runs or
	// could.
	Goroutines(here []Goroutine) (all, others []Goroutine, busy bool)
}

var elsewhere atomic.Pointer[Elsewhere]

// SetElsewhere says where the code under test runs; nil is here.
func SetElsewhere(e Elsewhere) {
	if e == nil {
		elsewhere.Store(nil)
		return
	}
	elsewhere.Store(&e)
}

// starting is how many processes for the code are being started just now.
var starting atomic.Int32

// Starting says that a process for the code is being started, until done is called. That takes as long as this machine
// takes, in which nobody here runs, and no story stands still by it.
func Starting() (done func()) {
	starting.Add(1)
	return func() { starting.Add(-1) }
}

// Parse reads the text of another process's goroutines, in which the lessons' directories
// may be elsewhere than here. It is a claim: no name in it is longer than a line, and clean
// takes out of it what nobody should print. busy reports whether any of them, beside the
// first, runs or could.
func Parse(text string, s Site, clean func(string) string) (all []Goroutine, busy bool) {
	const mostGoroutines, mostName = 20_000, 300
	name := func(claimed string) string { return clean(claimed[:min(len(claimed), mostName)]) }
	here := func(f frame) frame {
		if name, ok := s.NameThere(f.file); ok {
			f.file = path.Join(s.Student, name)
		}
		f.function, f.file = name(f.function), name(f.file)
		return f
	}
	first := true
	for block := range strings.SplitSeq(text, "\n\n") {
		g, ok := parseGoroutine(block)
		if ok && len(all) < mostGoroutines && !first {
			busy = busy || g.Busy()
			g.State = name(g.State)
			g.created = here(g.created)
			for i, f := range g.frames {
				g.frames[i] = here(f)
			}
			all = append(all, g)
		}
		first = false
	}
	return all, busy
}

// AsCall returns g as one that Start has started.
func (g Goroutine) AsCall() Goroutine {
	g.created = frame{function: starter}
	return g
}

// AsTheirs returns g as one that runs for the code, even if no line of the code has started it, and none is on its
// stack: in wg.Go(other.Wait), say.
func (g Goroutine) AsTheirs() Goroutine {
	g.theirs = true
	return g
}

// ServedBy returns g as one that waits for another, which performs for it what it has asked for: what that runs, g
// runs; and while that waits, g waits in the same way.
func (g Goroutine) ServedBy(other Goroutine) Goroutine {
	g.frames = slices.Concat(other.frames, g.frames)
	if !other.Busy() {
		g.State, g.Durable = other.State, other.Durable
	}
	return g
}

// Unseen returns a goroutine of the code's that stands for those of which nothing is known but that they are there, in
// a bubble, or in none if that is 0.
func Unseen(bubble int) Goroutine {
	return Goroutine{State: "select", Durable: true, Bubble: bubble, theirs: true}
}

// IsCall reports whether Start has started g.
func (g Goroutine) IsCall() bool { return g.created.function == starter }

// RunsIn reports whether a function is on g's stack, or has started it, whose name begins so.
func (g Goroutine) RunsIn(prefix string) bool {
	if strings.HasPrefix(g.created.function, prefix) {
		return true
	}
	for _, f := range g.frames {
		if strings.HasPrefix(f.function, prefix) {
			return true
		}
	}
	return false
}
