package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A failure is why a story ended early, as seen at that moment.
type failure struct {
	state verdict.State
	at    line        // the story's line, or the student's for a TODO
	text  text.Text   // what happened, and what was wanted
	diff  difference  // where what was wanted and what came part
	wire  exchange    // the datagrams
	means []text.Text // what it most likely means
	code  []text.Text // what the student's code was about
	seed  string      // of what the story left to chance; "" if nothing
}

// A difference is two payloads, of which one was wanted and the other came.
type difference struct{ Want, Got []byte }

// An exchange is what was seen on the wire, with who took part.
type exchange struct {
	began     time.Time
	datagrams []wire.Datagram
	names     map[netip.AddrPort]string
	focus     wire.Focus
	mark      text.Text // what is said of the datagram in focus
	blind     []string  // sockets on which the code sends unseen
}

// fail ends the story's waits. Only the first failure counts: the others may
// follow from it.
func (w *World) fail(state verdict.State, format string, args ...any) {
	w.failAt(w.storyLine(), state, text.Say(format, args...))
}

// storyLine is the line that the story is at, or began at.
func (w *World) storyLine() line {
	w.mu.Lock()
	helpers := maps.Clone(w.helpers)
	w.mu.Unlock()
	if at := w.site.storyLine(helpers); at.known() {
		return at
	}
	return w.site.begin
}

// failHere is fail for a failure that the student's code shows, on the
// student's own goroutine.
func (w *World) failHere(state verdict.State, format string, args ...any) {
	at := w.site.studentLine()
	if !at.known() {
		at = w.site.begin
	}
	w.failAt(at, state, text.Say(format, args...))
}

func (w *World) failAt(at line, state verdict.State, what text.Text) {
	students := w.alive()
	code := w.situation(students)
	w.update(func() { w.note(failure{state: state, at: at, text: what, code: code}, students) })
}

// note keeps the first failure. w.mu is held.
func (w *World) note(f failure, students []goroutine) {
	if w.failed != nil {
		return
	}
	f.wire = exchange{began: w.start, datagrams: slices.Clone(w.seen), names: maps.Clone(w.names), focus: w.about, mark: w.mark}
	switch w.wanted.(type) {
	case diagnosis.Heard, diagnosis.Silence:
		f.wire.blind = slices.Sorted(maps.Values(w.kernel))
	}
	f.seed, f.diff = w.seed, w.diff
	if f.state == verdict.Failed || f.state == verdict.Stuck {
		f.means = diagnosis.Of(w.observe(students))
	}
	w.failed = &f
}

// fatal is fail for the story's goroutine, which it ends.
func (w *World) fatal(state verdict.State, format string, args ...any) {
	w.fail(state, format, args...)
	runtime.Goexit()
}

// marks says what is wrong with a datagram, by its number in the record; 0 is what
// comes after all of them.
func (w *World) marks(number int, format string, args ...any) {
	what := text.Say(format, args...)
	w.update(func() { w.about.Datagram, w.mark = number, what })
}

// parts notes two values of which one was wanted and the other came, if they are
// texts or bytes.
func (w *World) parts(want, got any) {
	a, aOK := payload(want)
	b, bOK := payload(got)
	if aOK && bOK {
		w.update(func() { w.diff = difference{a, b} })
	}
}

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
		w.fatal(verdict.Skipped, "%s", missing)
	}
}

func (w *World) hasFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed != nil
}

// panicked turns what recover returned into a failure of who panicked: a name, or a
// Text. The panic's frames are still on the stack.
func (w *World) panicked(who, value any) {
	if todo, ok := value.(string); ok && strings.HasPrefix(todo, "TODO") {
		w.failHere(verdict.Todo, "%s", todo)
		return
	}
	w.wants(nil) // what the story wanted before does not matter here
	w.failHere(verdict.Failed, "%s panicked: %v", who, value)
}

// situation says what each call of the student's code is about, if a wait for
// it was in vain, and what the code did to the sockets that it was given.
func (w *World) situation(students []goroutine) []text.Text {
	var facts []text.Text
	add := func(format string, args ...any) { facts = append(facts, text.Say(format, args...)) }
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		switch {
		case c.done && !c.ended && c.err != nil:
			add("%s has returned the error %s.", c.name, quoteError(c.err))
		case c.done && !c.ended:
			add("%s has returned, without an error.", c.name)
		}
		for _, g := range students {
			if g.id == c.id && !c.done && w.gaveUp {
				add("%s %s.", c.name, w.site.doing(g))
			}
		}
	}
	if w.gaveUp {
		for _, g := range students {
			isCall := slices.ContainsFunc(w.calls, func(c *Call) bool { return c.id == g.id })
			if w.site.isStudents(g) && !isCall && !g.busy() {
				if fact := text.Say("A goroutine %s.", w.site.doing(g)); !slices.Contains(facts, fact) {
					facts = append(facts, fact)
				}
			}
		}
	}
	for _, c := range w.conns {
		if errno := syscall.Errno(0); errors.As(c.failed, &errno) {
			add("A read of %s's socket failed, as the story wants: %v.", c.name, errno)
		}
		if c.refused {
			add("%s's socket has reported \"connection refused\".", c.name)
		}
		if c.closedBy.known() {
			add("%s's socket was closed at %s.", c.name, c.closedBy)
		}
		if d := c.reading; !d.at.IsZero() && d.by.known() {
			add("%s's socket has a read deadline, set at %s.", c.name, d.by)
		}
		if d := c.writing; !d.at.IsZero() && d.by.known() && d.by != c.reading.by {
			add("%s's socket has a write deadline, set at %s.", c.name, d.by)
		}
	}
	const most = 4
	return facts[:min(most, len(facts))]
}

// draw draws an exchange.
func (x exchange) draw(style wire.Style) string {
	name := func(addr netip.AddrPort) string { return nameIn(x.names, addr) }
	return wire.Ladder{Datagrams: x.datagrams, Focus: x.focus, Name: name, Mark: x.mark}.Draw(style)
}

// write writes the failure as a student reads it. rest are the networks that
// were not tried because of it; capture is where the datagrams were written to, or "".
func (f *failure) write(s site, rest []string, capture string, style wire.Style) string {
	say := func(format string, args ...any) string { return text.Say(format, args...).In(style.Language) }
	what := f.text.In(style.Language)
	if f.state == verdict.Todo {
		return fmt.Sprintf("%s: %s\n", f.at, what)
	}
	var b strings.Builder
	b.WriteString(points(mostColumns, point{sentences: []string{fmt.Sprintf("%s: %s", f.at, what)}}))
	if what != f.text.EN {
		b.WriteString(points(mostColumns, point{"(", []string{f.text.EN + ")"}})) // what the hints quote
	}
	b.WriteString(points(mostColumns, point{sentences: []string{wire.Diff(string(f.diff.Want), string(f.diff.Got), style.Language)}}))
	if ladder := f.wire.draw(style); ladder != "" {
		fmt.Fprintf(&b, "\n%s", ladder)
	}
	if len(f.wire.blind) > 0 {
		fmt.Fprintln(&b, say("(What the code sends on %s by itself is seen only where it arrives.)", strings.Join(f.wire.blind, ", ")))
	}
	b.WriteString("\n")
	b.WriteString(points(min(max(style.Width, defaultWidth), mostColumns),
		point{say("Most likely: "), in(style.Language, f.means)},
		point{say("Your code: "), in(style.Language, f.code)}))
	if len(rest) > 0 {
		fmt.Fprintln(&b, say("Not run, as this failed: %s.", strings.Join(rest, ", ")))
	}
	if capture != "" {
		fmt.Fprintln(&b, say("Capture: %s", capture))
	}
	if f.seed != "" {
		fmt.Fprintln(&b, say("The same again: %s=%s go test ./lessons/%s/ -run '^%s$'", seedVariable, f.seed, s.lesson(), s.task))
	}
	fmt.Fprintln(&b, say("Next: read lessons/%s/%s, section %s.", s.lesson(), style.Language.Page("hints"), s.task))
	return b.String()
}

// A point is sentences with a label.
type point struct {
	label     string
	sentences []string
}

// points writes each sentence on lines of its own, beside its point's label.
func points(width int, all ...point) string {
	indent := 0
	for _, p := range all {
		if len(p.sentences) > 0 {
			indent = max(indent, wire.Cells(p.label))
		}
	}
	var b strings.Builder
	for _, p := range all {
		label := p.label
		for _, sentence := range p.sentences {
			for _, l := range wire.Fold(sentence, width-indent) {
				fmt.Fprintf(&b, "%s%s%s\n", label, strings.Repeat(" ", indent-wire.Cells(label)), l)
				label = ""
			}
		}
	}
	return b.String()
}

// In columns: the width of what is folded, and the most. go test puts 4 before each
// line.
const (
	defaultWidth = 76
	mostColumns  = 96
)

func in(l text.Language, texts []text.Text) (all []string) {
	for _, t := range texts {
		all = append(all, t.In(l))
	}
	return all
}

// reason is the failure's first line.
func (f *failure) reason(l text.Language) string {
	first, _, _ := strings.Cut(f.text.In(l), "\n")
	return f.at.String() + ": " + first
}

// print writes text to the test's output, without the source position that
// Log would put before it.
func print(tb testing.TB, text string) { fmt.Fprint(tb.Output(), text) }

// Named is an error of the lesson's with the name that its code has for it, for
// messages.
func Named(name string, err error) error {
	n := named{err, name}
	namedErrors.Lock()
	namedErrors.all = append(namedErrors.all, n)
	namedErrors.Unlock()
	return n
}

// namedErrors are those that the process's lesson tests have named.
var namedErrors struct {
	sync.Mutex
	all []named
}

// namesIn are those of the named errors that errors.Is finds in err, but for the
// system's own.
func namesIn(err error) (all []string) {
	namedErrors.Lock()
	defer namedErrors.Unlock()
	for _, n := range namedErrors.all {
		if !n.system() && errors.Is(err, n.error) {
			all = append(all, n.name)
		}
	}
	return all
}

type named struct {
	error
	name string
}

// system reports whether the error is one of the system's.
func (n named) system() bool {
	_, ok := n.error.(syscall.Errno)
	return ok
}

// errorName is how Go code names an error.
func errorName(err error) string {
	if n, ok := err.(named); ok {
		return fmt.Sprintf("%s (%s)", n.name, quoteError(n.error))
	}
	for name, e := range map[string]error{
		"context.Canceled":         context.Canceled,
		"context.DeadlineExceeded": context.DeadlineExceeded,
		"os.ErrDeadlineExceeded":   os.ErrDeadlineExceeded,
		"net.ErrClosed":            net.ErrClosed,
		"syscall.ECONNREFUSED":     syscall.ECONNREFUSED,
		"syscall.ENETUNREACH":      syscall.ENETUNREACH,
		"syscall.EADDRINUSE":       syscall.EADDRINUSE,
		"syscall.EACCES":           syscall.EACCES,
		"syscall.ENOTCONN":         syscall.ENOTCONN,
		"syscall.EDESTADDRREQ":     syscall.EDESTADDRREQ,
		"syscall.ENOTSOCK":         syscall.ENOTSOCK,
	} {
		if err == e {
			return name
		}
	}
	return quoteError(err)
}

func quoteError(err error) string {
	if err == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", err.Error())
}

// quoteValue writes a value as a student would in Go, long ones cut.
func quoteValue(v any) string {
	switch v := v.(type) {
	case []byte:
		return wire.Quote(string(v))
	case fmt.Stringer:
		return v.String()
	}
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.String:
		return wire.Quote(value.String())
	case reflect.Struct:
		return quoteStruct(value)
	}
	return fmt.Sprintf("%+v", v)
}

// quoteStruct writes a struct of strings and numbers.
func quoteStruct(value reflect.Value) string {
	fields := make([]string, value.NumField())
	for i := range fields {
		text := fmt.Sprint(value.Field(i))
		if value.Field(i).Kind() == reflect.String {
			text = wire.Quote(text)
		}
		fields[i] = value.Type().Field(i).Name + ": " + text
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
