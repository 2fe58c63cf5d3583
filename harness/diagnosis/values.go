package diagnosis

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"syscall"

	"udpkata/harness/text"
)

// valueRules are about the values and the errors of calls that only compute, or only
// open a socket.
var valueRules = []rule{fieldsSwapped, textAlone, nilInInterface, socketBesideError, reasonMixedUp, reasonMissing}

// fieldsSwapped: of a struct, two fields have each other's values.
func fieldsSwapped(s Seen) text.Text {
	r, ok := want[Result](s)
	c := s.current()
	if !ok || c.Err != nil || r.Value == nil || c.Value == nil {
		return none
	}
	a, b := reflect.ValueOf(r.Value), reflect.ValueOf(c.Value)
	if a.Type() != b.Type() {
		return none
	}
	d := differences(a, b)
	if len(d) != 2 || !equals(a.Field(d[0]), b.Field(d[1])) || !equals(a.Field(d[1]), b.Field(d[0])) {
		return none
	}
	return text.Say("%s and %s have changed places: each holds the other's value.", a.Type().Field(d[0]).Name,
		a.Type().Field(d[1]).Name)
}

// differences lists the fields in which two structs of one type differ.
func differences(a, b reflect.Value) (all []int) {
	if a.Kind() != reflect.Struct {
		return nil
	}
	for i := range a.NumField() {
		if !equals(a.Field(i), b.Field(i)) {
			all = append(all, i)
		}
	}
	return all
}

// equals reports whether two values are equal. It calls no method of theirs, which may do
// anything.
func equals(a, b reflect.Value) bool {
	if a.Type() == b.Type() && a.Kind() == reflect.Slice && a.Type().Elem().Kind() == reflect.Uint8 {
		return bytes.Equal(a.Bytes(), b.Bytes())
	}
	return a.Comparable() && b.Comparable() && a.Equal(b)
}

// textAlone: an error has the text of another, but does not wrap it.
func textAlone(s Seen) text.Text {
	if r, ok := want[Result](s); ok && r.TextOnly {
		return text.Say("The text alone does not make it that error: errors.Is compares the errors that were " +
			"wrapped. In fmt.Errorf, %%w wraps an error, and %%v or %%s keeps nothing but its text.")
	}
	return none
}

// nilInInterface: a nil pointer stands beside an error.
func nilInInterface(s Seen) text.Text {
	if b, ok := want[NothingBeside](s); ok && b.Nil {
		return text.Say("A nil pointer in an interface is not nil, since the interface holds its type as well, %s. "+
			"Look at the error, and where there is one, return a plain nil beside it.", b.Type)
	}
	return none
}

// socketBesideError: a socket stands beside an error.
func socketBesideError(s Seen) text.Text {
	if b, ok := want[NothingBeside](s); ok && !b.Nil {
		return text.Say("Whoever gets an error does not look at what stands beside it, so nobody would close this " +
			"socket. See first whether it may be opened; if it is open already, close it, and return nil.")
	}
	return none
}

// reasonMixedUp: of the lesson's own errors, one is returned where another is right,
// and the system's tells which.
func reasonMixedUp(s Seen) text.Text {
	r, ok := want[Result](s)
	c := s.current()
	if !ok || len(r.Names) == 0 || len(c.Named) == 0 || !opensItself(s) {
		return none
	}
	return text.Say("The code took %s for the reason, and it is %s. The system's error, %q, tells the two apart: ask "+
		"errors.Is for that one, before you choose.",
		strings.Join(c.Named, ", "), strings.Join(r.Names, ", "), cause(c.Err))
}

// reasonMissing: the system's error is returned without the lesson's own.
func reasonMissing(s Seen) text.Text {
	r, ok := want[Result](s)
	c := s.current()
	if !ok || len(r.Names) == 0 || len(c.Named) > 0 || r.TextOnly || !opensItself(s) {
		return none
	}
	return text.Say("The error holds the system's own, %q, but not what that means here. Whoever calls should not "+
		"have to know each system's errors: wrap %s too. fmt.Errorf may have two %%w.", cause(c.Err),
		strings.Join(r.Names, ", "))
}

// opensItself reports whether the current call has returned an error of the system's
// that can't be one of a socket that it was given: there is none.
func opensItself(s Seen) bool {
	errno := syscall.Errno(0)
	return len(s.Sockets) == 0 && errors.As(s.current().Err, &errno)
}
