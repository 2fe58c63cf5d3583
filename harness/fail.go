package harness

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/sockopt"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// fail ends the story's waits. Only the first failure counts: the others may
// follow from it.
func (w *World) fail(state verdict.State, format string, args ...any) {
	w.failAt(w.storyLine(), state, text.Say(format, args...))
}

// storyLine returns the line that the story is at, or began at.
func (w *World) storyLine() stacks.Line {
	var helpers map[string]bool
	w.rec.Locked(func() { helpers = maps.Clone(w.helpers) })
	if at := w.rec.Site.StoryLine(helpers); at.Known() {
		return at
	}
	return w.rec.Site.Begin
}

// failHere ends the story's waits as fail does, at the student's line that this goroutine
// is on, whatever the story itself wants meanwhile.
func (w *World) failHere(want any, state verdict.State, format string, args ...any) {
	at := w.rec.Site.StudentLine()
	if !at.Known() {
		at = w.rec.Site.Begin
	}
	w.failFor(at, state, text.Say(format, args...), func() { w.wanted, w.current = want, nil })
}

func (w *World) failAt(at stacks.Line, state verdict.State, what text.Text) {
	w.failFor(at, state, what, func() {})
}

// failFor notes a failure, if it is the first, and before that what is wanted then.
func (w *World) failFor(at stacks.Line, state verdict.State, what text.Text, want func()) {
	students := w.rec.Alive()
	var inVain bool
	w.rec.Locked(func() { inVain = w.inVain })
	code := w.rec.Situation(students, inVain)
	w.rec.Update(func() {
		if w.failed == nil {
			want()
			w.note(failure.Failure{State: state, At: at, Text: what, Code: code}, students)
		}
	})
}

// A story in which the code has met so many checks is long, and a failure shows the last ones of them.
const longStory, shownMet = 4, 3

// note keeps a failure, which is the first. The caller holds the record's Monitor.
func (w *World) note(f failure.Failure, students []stacks.Goroutine) {
	f.Wire = failure.Exchange{
		Began:     w.rec.Start,
		Datagrams: slices.Clone(w.rec.Datagrams),
		Names:     w.rec.Names(),
		Focus:     w.focus,
		Mark:      w.mark,
	}
	switch w.wanted.(type) {
	case diagnosis.Heard, diagnosis.Silence:
		f.Wire.Blind = slices.Sorted(maps.Values(w.bare))
	}
	for i, d := range f.Wire.Datagrams {
		if d.Told > w.rec.Since() {
			f.Wire.Datagrams[i].Told = 0 // the word is on its way
		}
	}
	f.Diff = w.parted
	if len(w.met) >= longStory {
		// A line that stands in a loop says nothing by being there again.
		var others []stacks.Line
		for _, at := range slices.Backward(w.met) {
			if at != f.At && !slices.Contains(others, at) && len(others) < shownMet {
				others = slices.Insert(others, 0, at)
			}
		}
		f.Met = w.rec.Site.Sources(others)
	}
	f.Again = w.again
	if !w.plain && (f.State == verdict.Failed || f.State == verdict.Stuck) {
		f.Means = diagnosis.Of(w.seen(students))
	}
	w.failed = &f
}

// seen puts together what is known of the story, whose goroutines are given. The caller
// holds the record's Monitor.
func (w *World) seen(students []stacks.Goroutine) diagnosis.Seen {
	because := w.because
	var current *record.Call
	if w.current != nil {
		current = w.current.rec
		if !w.current.because.IsZero() {
			because = w.current.because
		}
	}
	if _, beside := w.wanted.(diagnosis.NothingBeside); beside {
		because = text.Text{} // which is about the error
	}
	seen := w.rec.Seen(students, current)
	seen.Want, seen.Because = w.wanted, because
	for _, socket := range w.mute {
		permitted, err := sockopt.Broadcast(socket)
		forbidden := diagnosis.Forbidden{Name: w.bare[socket], Permitted: err == nil && permitted}
		seen.Forbidden = append(seen.Forbidden, forbidden)
	}
	return seen
}

// fatal fails the story and ends this goroutine, which is the story's.
func (w *World) fatal(state verdict.State, format string, args ...any) {
	w.fail(state, format, args...)
	runtime.Goexit()
}

// marks says what is wrong with a datagram, by its number in the record; 0 is what
// comes after all of them.
func (w *World) marks(number int, format string, args ...any) {
	what := text.Say(format, args...)
	w.rec.Update(func() { w.focus.Datagram, w.mark = number, what })
}

// parts notes two values of which one was wanted and the other came, if they are
// texts or bytes.
func (w *World) parts(want, got any) {
	a, aOK := payload(want)
	b, bOK := payload(got)
	if aOK && bOK {
		w.rec.Update(func() { w.parted = failure.Difference{Want: a, Got: b} })
	}
}

// payload returns a text or bytes as bytes.
func payload(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return bytes.Clone(v), true
	case string:
		return []byte(v), true
	}
	return nil, false
}

// need ends the story, which is skipped, if something is missing.
func (w *World) need(missing error) {
	if missing != nil {
		w.fatal(verdict.Skipped, "%v", missing)
	}
}

func (w *World) hasFailed() (failed bool) {
	w.rec.Locked(func() { failed = w.failed != nil })
	return failed
}

// panicked turns what recover returned into a failure of who panicked: a name, or a
// Text. The panic's frames are still on the stack.
func (w *World) panicked(who, value any) {
	if todo, ok := value.(string); ok && strings.HasPrefix(todo, "TODO") {
		w.failHere(nil, verdict.Todo, "%s", todo)
		return
	}
	if wrong, ok := typeAssertion(value); ok {
		if wanted := assertedTo(wrong); wanted != "" {
			w.failHere(nil, verdict.Failed, "%s panicked: it takes a socket that it was given for a %s, and that is "+
				"only one of those that may come. Use what its interface has, without a type assertion.", who, wanted)
			return
		}
	}
	w.failHere(nil, verdict.Failed, "%s panicked: %v", who, fmt.Sprint(value)) // its methods may do anything, once
}

var assertion = regexp.MustCompile(
	`^interface conversion: (?:\S+ is )?\*?(?:record|harness|runner)\.\w+(?:, not| is not) ([^:\s]+)`)

// typeAssertion returns what a panic says, if it is about a type assertion.
func typeAssertion(panicked any) (says string, ok bool) {
	switch p := panicked.(type) {
	case *runtime.TypeAssertionError:
		return p.Error(), true
	case stage.Panic:
		return p.Text, p.Assertion
	}
	return "", false
}

// assertedTo returns the type to which code has asserted one of the harness's sockets, as a
// panic's text tells it; "" if it was something else.
func assertedTo(panicked string) string {
	m := assertion.FindStringSubmatch(panicked)
	if m == nil {
		return ""
	}
	return m[1]
}

// abandon gives up a story that stands still. It is called outside the bubble, whose
// channels it must not touch.
func (w *World) abandon() {
	site := w.rec.Site
	f := failure.Failure{
		State: verdict.Stuck, At: site.Begin,
		Text: text.Say("The story stands still, and the harness can't say why."),
	}
	if s := w.stage.Load(); s != nil && s.Silent() {
		f.Text = text.Say("The code's process does nothing, and does not answer.")
	}
	students := w.rec.Alive()
	for _, g := range students {
		if g.Durable || !site.IsStudents(g) {
			continue
		}
		f.At, f.Text = site.LineOf(g), standsStill(g, site.Doing(g))
		if g.AtMutex() && !stuckAtMutex.CompareAndSwap(nil, &site.Task) && *stuckAtMutex.Load() != site.Task {
			f.Code = []text.Text{text.Say("A goroutine of %s, which was stuck before this, may still hold the mutex: "+
				"put that right first.", *stuckAtMutex.Load())}
		} else if other, ok := mayHoldMutex(students, site); g.AtMutex() && ok {
			f.Code = []text.Text{text.Say("Meanwhile another goroutine %s: see whether it holds the mutex.",
				site.Doing(other))}
		}
		break
	}
	w.rec.Locked(func() {
		if w.failed == nil {
			w.wanted, w.current, w.because = nil, nil, text.Text{} // which was met
			w.note(f, students)
		}
		w.rec.Abandon()
	})
	if s := w.stage.Load(); s != nil {
		s.Kill()
	}
}

// mayHoldMutex returns the one goroutine of the code's that waits for neither a mutex nor something to come: in a send,
// say, or asleep.
func mayHoldMutex(students []stacks.Goroutine, site stacks.Site) (holder stacks.Goroutine, ok bool) {
	for _, g := range students {
		switch {
		case g.AtMutex() || g.Reads() || g.Busy() || !site.IsStudents(g):
		case g.WaitsIn() == "" && g.State != "sleep":
		case ok:
			return g, false
		default:
			holder, ok = g, true
		}
	}
	return holder, ok
}

// standsStill says why a goroutine of the code's that is doing something keeps the
// clock from moving.
func standsStill(g stacks.Goroutine, doing text.Text) text.Text {
	switch {
	case g.Busy():
		return text.Say("The code %s and never waits.", doing)
	case g.AtMutex():
		return text.Say("The code %s, and time stands still. Hold no mutex while you wait for something else.", doing)
	case g.State == "IO wait" || g.State == "syscall":
		return text.Say("The code %s, and time stands still. Use the socket that you were given.", doing)
	case strings.HasPrefix(g.State, "chan") || g.State == "select":
		return text.Say("The code %s, and time stands still. Keep no channel in a package-level variable.", doing)
	}
	return text.Say("The code %s, and time stands still.", doing)
}
