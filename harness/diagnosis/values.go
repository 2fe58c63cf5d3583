package diagnosis

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"udpkata/harness/text"
)

// valueRules are about the values and the errors of calls that only compute, or only
// open a socket.
var valueRules = []rule{
	otherForm, otherOrder, fieldsSwapped, pointerInstead, textAlone, nilInInterface, socketBesideError, reasonMixedUp,
	reasonMissing, noBrackets, decidedItself,
}

// otherForm: an address is the wanted one, in IPv6's form of an IPv4 address or out of it.
func otherForm(s Seen) text.Text {
	r, ok := want[Result](s)
	a, wanted := r.Value.(netip.Addr)
	b, got := s.current().Value.(netip.Addr)
	switch {
	case !ok || !wanted || !got || s.current().Err != nil || a == b || a.Unmap() != b.Unmap():
		return none
	case b.Is4In6():
		return text.Say("This is the right address in IPv6's form, in 16 bytes, which is another value: %v is not == "+
			"%v. netip.AddrFrom4 makes one of 4 bytes, Unmap makes that of it.", b, a)
	}
	return text.Say("This is the right address in IPv4's form, in 4 bytes, which is another value: %v is not == %v.",
		b, a)
}

// otherOrder: of a struct, a list holds what it should, in another order or more than
// once.
func otherOrder(s Seen) text.Text {
	r, ok := want[Result](s)
	c := s.current()
	if !ok || r.Value == nil || c.Value == nil {
		return none
	}
	a, b := reflect.ValueOf(r.Value), reflect.ValueOf(c.Value)
	if a.Type() != b.Type() {
		return none
	}
	for _, i := range differences(a, b) {
		wanted, got := items(a.Field(i)), items(b.Field(i))
		name := a.Type().Field(i).Name
		switch once := slices.Compact(slices.Sorted(slices.Values(got))); {
		case len(wanted) == 0 || !slices.Equal(once, slices.Sorted(slices.Values(wanted))):
		case len(got) == len(wanted):
			return text.Say("%s holds the right ones, in another order: they stand there as they came.", name)
		default:
			return text.Say("%s holds somebody more than once: either the code does not look whether they are in the "+
				"list already, or it compares so that one address seems to be two.", name)
		}
	}
	return none
}

// items lists what a list of names holds, as in "2: mallory, eve".
func items(list reflect.Value) (all []string) {
	if list.Kind() != reflect.String {
		return nil
	}
	_, names, ok := strings.Cut(list.String(), ": ")
	if !ok {
		return nil
	}
	return strings.Split(names, ", ")
}

// joined is what package net says of an address that holds more than one colon, and no
// brackets.
var joined = regexp.MustCompile(`address (\S+): too many colons in address`)

// noBrackets: an IPv6 address was put before a port as it is.
func noBrackets(s Seen) text.Text {
	c := s.current()
	if !c.Done || c.Err == nil {
		return none
	}
	m := joined.FindStringSubmatch(c.Err.Error())
	if m == nil {
		return none
	}
	return text.Say("In %q nobody can tell where the address ends and the port begins. In texts an IPv6 address "+
		"stands in brackets before a port: net.JoinHostPort writes them, and so does the String of a "+
		"netip.AddrPort or a *net.UDPAddr.", m[1])
}

// decidedItself: a reason of the lesson's own is returned where the story wants a socket,
// and no error of the system's stands in it.
func decidedItself(s Seen) text.Text {
	_, ok := want[Opened](s)
	c := s.current()
	errno := syscall.Errno(0)
	if !ok || len(c.Named) == 0 || errors.As(c.Err, &errno) {
		return none
	}
	return text.Say("No error of the system's stands in this one. Whether a port can be had, only the attempt to " +
		"open a socket there tells: not a list of those that were opened, and not a datagram, which anybody may send " +
		"anywhere.")
}

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

// pointerInstead: an error is a pointer to what it should be.
func pointerInstead(s Seen) text.Text {
	if r, ok := want[Result](s); ok && r.PointerTo != "" {
		return text.Say("To errors.Is, a pointer is another error than what it points to, also if its text is the "+
			"same: return a %s, without the &.", r.PointerTo)
	}
	return none
}

// textAlone: an error has the text of another, but does not wrap it.
func textAlone(s Seen) text.Text {
	if r, ok := want[Result](s); ok && r.TextOnly && r.PointerTo == "" {
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
	return text.Say("The code took %s for the reason, and it is %s. The system's error, %q, tells the two apart: see "+
		"which one errors.Is finds in it, and which reason that stands for.",
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
