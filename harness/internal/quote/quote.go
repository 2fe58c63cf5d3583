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

// Usable returns an error that can be asked for its text and its causes: err itself, or,
// if its methods panic, as those of a nil pointer in an interface do, one that says so.
func Usable(err error) (usable error) {
	defer func() {
		if r := recover(); r != nil {
			usable = fmt.Errorf("a %T whose methods panic: %v", err, r)
		}
	}()
	if err != nil {
		_ = err.Error()
		errors.Is(err, net.ErrClosed)
	}
	return err
}

// Value writes a value, long ones cut.
func Value(v any) string {
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
		return structure(value)
	}
	return fmt.Sprintf("%+v", v)
}

// structure writes a struct of strings and numbers.
func structure(value reflect.Value) string {
	fields := make([]string, value.NumField())
	for i := range fields {
		field := fmt.Sprint(value.Field(i))
		if value.Field(i).Kind() == reflect.String {
			field = wire.Quote(field)
		}
		fields[i] = value.Type().Field(i).Name + ": " + field
	}
	return "{" + strings.Join(fields, ", ") + "}"
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
