package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A failure is why a story ended early, as seen at that moment.
type failure struct {
	state verdict.State
	at    line     // the story's line, or the student's for a TODO
	text  string   // what happened, and what was wanted
	wire  string   // the datagrams
	code  []string // what the student's code was about
}

// fail ends the story's waits. Only the first failure counts: the others may
// follow from it.
func (w *World) fail(state verdict.State, format string, args ...any) {
	w.failAt(w.storyLine(), state, fmt.Sprintf(format, args...))
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
	w.failAt(at, state, fmt.Sprintf(format, args...))
}

func (w *World) failAt(at line, state verdict.State, text string) {
	code := w.situation()
	w.update(func() { w.note(failure{state: state, at: at, text: text, code: code}) })
}

// note keeps the first failure. w.mu is held.
func (w *World) note(f failure) {
	if w.failed == nil {
		f.wire = wire.Text(w.seen, w.about, w.called)
		w.failed = &f
	}
}

// fatal is fail for the story's goroutine, which it ends.
func (w *World) fatal(state verdict.State, format string, args ...any) {
	w.fail(state, format, args...)
	runtime.Goexit()
}

// need ends the story, which is skipped, if something is missing.
func (w *World) need(missing string) {
	if missing != "" {
		w.fatal(verdict.Skipped, "%s", missing)
	}
}

func (w *World) hasFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed != nil
}

// panicked turns what recover returned into a failure. The panic's frames are
// still on the stack.
func (w *World) panicked(name string, value any) {
	if todo, ok := value.(string); ok && strings.HasPrefix(todo, "TODO") {
		w.failHere(verdict.Todo, "%s", todo)
		return
	}
	w.failHere(verdict.Failed, "%s panicked: %v", name, value)
}

// situation says what each call of the student's code is about, if a wait for
// it was in vain, and what the code did to the sockets that it was given.
func (w *World) situation() []string {
	var facts []string
	students := w.alive()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		switch {
		case c.done && !c.ended && c.err != nil:
			facts = append(facts, fmt.Sprintf("%s has returned the error %s.", c.name, quoteError(c.err)))
		case c.done && !c.ended:
			facts = append(facts, c.name+" has returned, without an error.")
		}
		for _, g := range students {
			if g.id == c.id && !c.done && w.gaveUp {
				facts = append(facts, fmt.Sprintf("%s %s.", c.name, w.site.doing(g)))
			}
		}
	}
	if w.gaveUp {
		for _, g := range students {
			isCall := slices.ContainsFunc(w.calls, func(c *Call) bool { return c.id == g.id })
			if w.site.isStudents(g) && !isCall && !g.busy() {
				if fact := "A goroutine " + w.site.doing(g) + "."; !slices.Contains(facts, fact) {
					facts = append(facts, fact)
				}
			}
		}
	}
	for _, c := range w.conns {
		if errno := syscall.Errno(0); errors.As(c.failed, &errno) {
			facts = append(facts, fmt.Sprintf("A read of %s's socket failed, as the story wants: %v.", c.name, errno))
		}
		if c.refused {
			facts = append(facts, fmt.Sprintf("%s's socket has reported \"connection refused\".", c.name))
		}
		if c.closedBy.known() {
			facts = append(facts, fmt.Sprintf("%s's socket was closed at %s.", c.name, c.closedBy))
		}
		if d := c.reading; !d.at.IsZero() && d.by.known() {
			facts = append(facts, fmt.Sprintf("%s's socket has a read deadline, set at %s.", c.name, d.by))
		}
		if d := c.writing; !d.at.IsZero() && d.by.known() && d.by != c.reading.by {
			facts = append(facts, fmt.Sprintf("%s's socket has a write deadline, set at %s.", c.name, d.by))
		}
	}
	const most = 4
	return facts[:min(most, len(facts))]
}

// write writes the failure as a student reads it. rest are the networks that
// were not tried because of it.
func (f *failure) write(s site, rest []string) string {
	if f.state == verdict.Todo {
		return fmt.Sprintf("%s: %s\n", f.at, f.text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", f.at, f.text)
	if f.wire != "" {
		fmt.Fprintf(&b, "\n%s", f.wire)
	}
	b.WriteString("\n")
	for i, fact := range f.code {
		label := "Your code: "
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		fmt.Fprintf(&b, "%s%s\n", label, fact)
	}
	fmt.Fprintf(&b, "Next: read lessons/%s/hints.md, section %s.\n", s.lesson(), s.task)
	if len(rest) > 0 {
		fmt.Fprintf(&b, "Not run, as this failed: %s.\n", strings.Join(rest, ", "))
	}
	return b.String()
}

// reason is the failure's first line.
func (f *failure) reason() string {
	first, _, _ := strings.Cut(f.text, "\n")
	return f.at.String() + ": " + first
}

// print writes text to the test's output, without the source position that
// Log would put before it.
func print(tb testing.TB, text string) { fmt.Fprint(tb.Output(), text) }

// Named is an error of the lesson's with the name that its code has for it, for
// messages.
func Named(name string, err error) error { return named{err, name} }

type named struct {
	error
	name string
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
