// Package quote writes values and errors in messages as a student would in Go.
package quote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Error writes an error's text as a Go string, and no error as nil.
func Error(err error) string {
	if err == nil {
		return "nil"
	}
	return strconv.Quote(err.Error())
}

// Value writes a value, long ones cut. It calls no method of it, unless the type is one of
// package net's or time's: another's may do anything.
func Value(v any) string {
	return write(reflect.ValueOf(v), mostDepth)
}

// mostDepth is how deep values are written that hold others.
const mostDepth = 4

func write(value reflect.Value, depth int) string {
	if value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	if !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil() {
		return "nil"
	}
	if value.CanInterface() && slices.Contains(trusted, packageOf(value.Type())) {
		if s, ok := value.Interface().(fmt.Stringer); ok {
			return s.String()
		}
	}
	if depth == 0 {
		return "…"
	}
	switch kind := value.Kind(); {
	case kind == reflect.String:
		return wire.Quote(value.String())
	case kind == reflect.Bool:
		return strconv.FormatBool(value.Bool())
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10)
	case value.CanUint():
		return strconv.FormatUint(value.Uint(), 10)
	case value.CanFloat():
		return strconv.FormatFloat(value.Float(), 'g', -1, 64)
	case kind == reflect.Struct:
		return structure(value, depth)
	case isBytes(value):
		return wire.Quote(string(value.Bytes()))
	case kind == reflect.Slice || kind == reflect.Array:
		var all []string
		for i := range min(value.Len(), mostElements) {
			all = append(all, write(value.Index(i), depth-1))
		}
		if value.Len() > mostElements {
			all = append(all, "…")
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	return "a " + value.Type().String()
}

// mostElements is how many of a list are written.
const mostElements = 20

// trusted are packages whose String methods do what they say.
var trusted = []string{"net", "net/netip", "time"}

// structure writes a struct.
func structure(value reflect.Value, depth int) string {
	fields := make([]string, value.NumField())
	for i := range fields {
		field := write(value.Field(i), depth-1)
		if f := value.Field(i); isBytes(f) && f.IsNil() {
			field = "nil" // which another field may have to be
		}
		fields[i] = value.Type().Field(i).Name + ": " + field
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// isBytes reports whether a value is a []byte.
func isBytes(value reflect.Value) bool {
	return value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8
}

// packageOf returns the path of the package that a type, or what it points to, is from.
func packageOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// IsNil reports whether a value is nil, or an interface that holds a nil pointer.
func IsNil(v any) bool {
	value := reflect.ValueOf(v)
	return v == nil || value.Kind() == reflect.Pointer && value.IsNil()
}

// Either lists alternatives, as in "a or b".
func Either(all []string) text.Text {
	var list text.Text
	for i, one := range all {
		if i == 0 {
			list = text.Both(one, one)
		} else {
			list = text.Say("%s or %s", list, one)
		}
	}
	return list
}

// Named returns an error with the name that a lesson's code has for it. The process
// remembers it, for [NamesIn].
func Named(name string, err error) error {
	n := named{err, name}
	namedErrors.Lock()
	defer namedErrors.Unlock()
	namedErrors.all = append(namedErrors.all, n)
	return n
}

type named struct {
	error
	name string
}

var namedErrors struct {
	sync.Mutex
	all []named
}

// isSystems reports whether the error is one of the system's.
func (n named) isSystems() bool {
	_, ok := n.error.(syscall.Errno)
	return ok
}

// Is reports whether [errors.Is] finds err to be target, which may be named.
func Is(err, target error) bool { return errors.Is(err, Cause(target)) }

// Cause returns an error without its name.
func Cause(err error) error {
	if n, ok := err.(named); ok {
		return n.error
	}
	return err
}

// Causes returns errors without their names.
func Causes(errs []error) (all []error) {
	for _, err := range errs {
		all = append(all, Cause(err))
	}
	return all
}

// NamesIn returns those of the named errors that errors.Is finds in err, but for the
// system's own.
func NamesIn(err error) (all []string) {
	namedErrors.Lock()
	defer namedErrors.Unlock()
	for _, n := range namedErrors.all {
		if !n.isSystems() && errors.Is(err, n.error) {
			all = append(all, n.name)
		}
	}
	return all
}

// NamesOf returns the names of those errors that have one, but for the system's own.
func NamesOf(errs []error) (all []string) {
	for _, err := range errs {
		if n, ok := err.(named); ok && !n.isSystems() {
			all = append(all, n.name)
		}
	}
	return all
}

// ErrorName returns how Go code names an error.
func ErrorName(err error) string {
	if n, ok := err.(named); ok {
		return fmt.Sprintf("%s (%s)", n.name, Error(n.error))
	}
	i := slices.IndexFunc(wellKnown, func(n named) bool { return n.error == err })
	if i < 0 {
		return Error(err)
	}
	return wellKnown[i].name
}

// IsAnyOf returns the Go code that asks whether an error is one of some, as in
// "errors.Is(err, net.ErrClosed)".
func IsAnyOf(errs []error) text.Text {
	code := make([]string, len(errs))
	for i, err := range errs {
		name := ErrorName(err)
		if n, ok := err.(named); ok {
			name = n.name
		}
		code[i] = fmt.Sprintf("errors.Is(err, %s)", name)
	}
	return Either(code)
}

// wellKnown are the errors that the standard library has names for.
var wellKnown = []named{
	{context.Canceled, "context.Canceled"},
	{context.DeadlineExceeded, "context.DeadlineExceeded"},
	{os.ErrDeadlineExceeded, "os.ErrDeadlineExceeded"},
	{net.ErrClosed, "net.ErrClosed"},
	{syscall.ECONNREFUSED, "syscall.ECONNREFUSED"},
	{syscall.ENETUNREACH, "syscall.ENETUNREACH"},
	{syscall.EADDRINUSE, "syscall.EADDRINUSE"},
	{syscall.EACCES, "syscall.EACCES"},
	{syscall.ENOTCONN, "syscall.ENOTCONN"},
	{syscall.EDESTADDRREQ, "syscall.EDESTADDRREQ"},
	{syscall.ENOTSOCK, "syscall.ENOTSOCK"},
}
