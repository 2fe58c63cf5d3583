package quote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
)

// Frozen returns an error that is what err is just now: it has err's text, wraps what
// err wraps, and [errors.Is] and [errors.As] find in it what they find in err. To ask for
// that, it calls err's methods, which may do anything; nobody calls them afterwards. If
// they panic, or never come to an end of what they wrap, the error says that instead.
//
// A method Is of err's own is asked for the system's errors, those that the standard
// library has names for, and those with names of the lesson's; As for the types that the
// harness looks for.
func Frozen(err error) (frozen error) {
	if err == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			frozen = fmt.Errorf("a %T whose methods panic: %s", err, fmt.Sprint(r))
		}
	}()
	left := mostWrapped
	frozen = freeze(err, &left)
	if left < 0 {
		return fmt.Errorf("a %T that wraps one error after the other without end", err)
	}
	return frozen
}

// mostWrapped is how many errors may be wrapped in one.
const mostWrapped = 1000

// freeze freezes an error, of which left more may be frozen.
func freeze(err error, left *int) error {
	if *left--; *left < 0 || err == nil {
		return err
	}
	f := frozen{text: err.Error(), value: err, typ: fmt.Sprintf("%T", err)}
	if e, ok := err.(interface{ TypeName() string }); ok { // it comes from another process
		f.typ = e.TypeName()
	}
	if e, ok := err.(interface{ Is(error) bool }); ok {
		f.is = slices.DeleteFunc(questions(err), func(target error) bool { return !e.Is(target) })
	}
	if e, ok := err.(interface{ As(any) bool }); ok {
		f.isErrno, f.isOp = e.As(&f.errno), e.As(&f.op)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			return &wrapping{f, freeze(cause, left)}
		}
	case interface{ Unwrap() []error }:
		all := &joining{frozen: f}
		for _, cause := range e.Unwrap() {
			if cause != nil && *left >= 0 {
				all.causes = append(all.causes, freeze(cause, left))
			}
		}
		return all
	}
	return &f
}

// questions lists what an error's own method Is is asked for.
func questions(err error) []error {
	all := []error{
		os.ErrPermission, os.ErrExist, os.ErrNotExist, os.ErrInvalid, errors.ErrUnsupported, fs.ErrClosed,
		io.EOF, io.ErrUnexpectedEOF, syscall.EMSGSIZE,
	}
	for _, n := range wellKnown {
		all = append(all, n.error)
	}
	namedErrors.Lock()
	for _, n := range namedErrors.all {
		all = append(all, n.error)
	}
	namedErrors.Unlock()
	if !standard(reflect.TypeOf(err)) {
		for errno := range lastErrno {
			all = append(all, errno+1)
		}
	}
	return all
}

// lastErrno is the last of Linux; other systems have fewer, or number theirs otherwise.
const lastErrno = syscall.Errno(133)

// A frozen error wraps nothing.
type frozen struct {
	text  string
	value error // which nobody calls, but compares
	typ   string
	is    []error

	isErrno bool // As says so
	errno   syscall.Errno
	isOp    bool
	op      *net.OpError
}

// Error returns the text.
func (f *frozen) Error() string { return f.text }

// pointsTo reports whether the error was a pointer to what target is.
func (f *frozen) pointsTo(target error) bool { return f.typ == fmt.Sprintf("*%T", target) }

// Is reports whether the error was target, or said so.
func (f *frozen) Is(target error) bool {
	return same(f.value, target) || slices.ContainsFunc(f.is, func(e error) bool { return same(e, target) })
}

// As finds an error of the system's, or of a socket's.
func (f *frozen) As(target any) bool {
	switch target := target.(type) {
	case *syscall.Errno:
		if errno, ok := f.value.(syscall.Errno); ok {
			*target = errno
			return true
		}
		if f.isErrno {
			*target = f.errno
		}
		return f.isErrno
	case **net.OpError:
		if op, ok := f.value.(*net.OpError); ok {
			*target = op
			return true
		}
		if f.isOp {
			*target = f.op
		}
		return f.isOp
	}
	return false
}

// A wrapping error wraps one.
type wrapping struct {
	frozen
	cause error
}

// Unwrap returns that one.
func (w *wrapping) Unwrap() error { return w.cause }

// PointsTo reports whether a frozen error is a pointer to a value of target's type, which may be named, or wraps one.
// To [errors.Is], that is another error than the value.
func PointsTo(err, target error) bool {
	switch e := err.(type) {
	case *frozen:
		return e.pointsTo(Cause(target))
	case *wrapping:
		return e.pointsTo(Cause(target)) || PointsTo(e.cause, target)
	case *joining:
		return e.pointsTo(Cause(target)) ||
			slices.ContainsFunc(e.causes, func(cause error) bool { return PointsTo(cause, target) })
	}
	return false
}

// A joining error wraps several.
type joining struct {
	frozen
	causes []error
}

// Unwrap returns them.
func (j *joining) Unwrap() []error { return j.causes }

// same compares two errors as [errors.Is] does.
func same(err, target error) bool {
	a, b := reflect.ValueOf(err), reflect.ValueOf(target)
	return err == nil && target == nil ||
		err != nil && target != nil && a.Type() == b.Type() && a.Comparable() && b.Comparable() && err == target
}

// standard reports whether a type is one of the standard library's.
func standard(t reflect.Type) bool {
	first, _, _ := strings.Cut(packageOf(t), "/")
	return first != "main" && first != "udpkata" && !strings.Contains(first, ".")
}
