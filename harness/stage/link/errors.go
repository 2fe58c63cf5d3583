package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"syscall"
)

// Names knows the errors and addresses that both sides have, each by an object of its own.
type Names interface {
	// NameOf returns the name of an error, or "".
	NameOf(err error) string
	// ErrorOf returns the error that has a name, or nil.
	ErrorOf(name string) error
	// Met is told of an error with a name that is not known yet.
	Met(name string, err error)
	// FieldsOf returns the name of an error's type, if that is one of a lesson's whose values go over the link as they
	// are, and what is in the error; or "".
	FieldsOf(err error) (typ string, fields []byte)
	// ErrorWith returns the error of such a type that has this in it, or nil.
	ErrorWith(typ string, fields []byte) error
	// All lists the names that an error's own method Is is asked for.
	All() []string
	// NumberOf returns the number of an address of a type that is not package net's, or 0.
	NumberOf(addr net.Addr) int64
	// AddrOf returns the address that has a number, or nil. foreign is what is known of it.
	AddrOf(number int64, foreign Foreign) net.Addr
}

// Standard are the errors that the standard library has names for.
var Standard = map[string]error{
	"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	"os.ErrDeadlineExceeded": os.ErrDeadlineExceeded, "net.ErrClosed": net.ErrClosed,
	"net.ErrWriteToConnected": net.ErrWriteToConnected, "os.ErrPermission": os.ErrPermission,
	"os.ErrExist": os.ErrExist, "os.ErrNotExist": os.ErrNotExist, "os.ErrInvalid": os.ErrInvalid,
	"os.ErrClosed": fs.ErrClosed, "os.ErrNoDeadline": os.ErrNoDeadline, "os.ErrProcessDone": os.ErrProcessDone,
	"errors.ErrUnsupported": errors.ErrUnsupported, "io.EOF": io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF,
	"io.ErrClosedPipe": io.ErrClosedPipe, "io.ErrShortWrite": io.ErrShortWrite, "io.ErrShortBuffer": io.ErrShortBuffer,
	"io.ErrNoProgress": io.ErrNoProgress, "strconv.ErrSyntax": strconv.ErrSyntax, "strconv.ErrRange": strconv.ErrRange,
	nobodys: errors.New("nobody's"),
}

// nobodys is the name of an error that nobody returns, so that no error is it.
const nobodys = "nobody's"

// How an error is written.
const (
	isNil = iota
	isNamed
	isErrno
	isOp
	isSyscall
	isOther
	isValue
)

const (
	// mostWrapped is how many errors may be wrapped in one.
	mostWrapped = 1000
	// lastErrno is the last of Linux; other systems have fewer, or number theirs otherwise.
	lastErrno = syscall.Errno(133)
	// mostErrnos is how many of the kernel's reasons an error may have together.
	mostErrnos = 8
	// mostText is how many bytes of an error's text are kept.
	mostText = 64 << 10
)

// Error appends an error as what it is just now: its text, what it wraps, and what
// [errors.Is] and [errors.As] find in it. To ask for that, it calls the error's methods,
// which may do anything.
func (w *Writer) Error(err error, names Names) {
	begin := len(w.Bytes)
	defer func() {
		if r := recover(); r != nil {
			w.Bytes = w.Bytes[:begin]
			w.plain(err, fmt.Sprintf("a %T whose methods panic: %s", err, fmt.Sprint(r)))
		}
	}()
	left := mostWrapped
	w.error(err, names, &left)
	if left < 0 {
		w.Bytes = w.Bytes[:begin]
		w.plain(err, fmt.Sprintf("a %T that wraps one error after the other without end", err))
	}
}

// plain appends an error that is known by its text alone.
func (w *Writer) plain(err error, text string) {
	w.Uint(isOther)
	w.Text("")
	w.Text(fmt.Sprintf("%T", err))
	w.Text(text[:min(len(text), mostText)])
	for range 3 {
		w.Uint(0) // it is no timeout, and nothing is in it; it wraps nothing
	}
	w.Uint(0)
}

func (w *Writer) error(err error, names Names, left *int) {
	if *left--; *left < 0 || err == nil {
		w.Uint(isNil)
		return
	}
	name := names.NameOf(err)
	switch e := err.(type) {
	case syscall.Errno:
		w.Uint(isErrno)
		w.Uint(uint64(e))
		return
	case *net.OpError:
		if e == nil {
			break
		}
		w.Uint(isOp)
		w.Text(name)
		w.Text(e.Op)
		w.Text(e.Net)
		w.Addr(e.Source, names)
		w.Addr(e.Addr, names)
		w.error(e.Err, names, left)
		return
	case *os.SyscallError:
		if e == nil {
			break
		}
		w.Uint(isSyscall)
		w.Text(name)
		w.Text(e.Syscall)
		w.error(e.Err, names, left)
		return
	}
	if _, standard := Standard[name]; standard {
		w.Uint(isNamed)
		w.Text(name)
		return
	}
	if typ, fields := names.FieldsOf(err); typ != "" {
		w.Uint(isValue)
		w.Text(typ)
		w.Text(string(fields))
		return
	}
	text := err.Error()
	w.Uint(isOther)
	w.Text(name)
	w.Text(fmt.Sprintf("%T", err))
	w.Text(text[:min(len(text), mostText)])
	w.Uint(timeouts(err))
	is, errnos := answers(err, names)
	w.Uint(uint64(len(is)))
	for _, name := range is {
		w.Text(name)
	}
	w.Uint(uint64(len(errnos)))
	for _, errno := range errnos {
		w.Uint(uint64(errno))
	}
	var causes []error
	single := false
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			single, causes = true, []error{cause}
		}
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			if cause != nil && len(causes) < *left {
				causes = append(causes, cause)
			}
		}
	}
	if single {
		w.Uint(1)
		w.error(causes[0], names, left)
		return
	}
	w.Uint(uint64(len(causes)) << 1)
	for _, cause := range causes {
		w.error(cause, names, left)
	}
}

// timeouts says whether an error is a [net.Error], which may be one of a deadline.
func timeouts(err error) uint64 {
	e, ok := err.(interface{ Timeout() bool })
	switch {
	case !ok:
		return 0
	case e.Timeout():
		return 2
	}
	return 1
}

// answers asks an error's own methods Is and As.
func answers(err error, names Names) (is []string, errnos []syscall.Errno) {
	if e, ok := err.(interface{ Is(error) bool }); ok {
		for _, name := range names.All() {
			if e.Is(names.ErrorOf(name)) {
				is = append(is, name)
			}
		}
		for errno := range lastErrno {
			if e.Is(errno + 1) {
				errnos = append(errnos, errno+1)
			}
		}
	}
	if e, ok := err.(interface{ As(any) bool }); ok {
		var errno syscall.Errno
		if e.As(&errno) {
			errnos = append(errnos, errno)
		}
	}
	return is, errnos
}

// Error takes an error. One that is whatever it may be asked for says nothing, and is known by
// its text alone.
func (r *Reader) Error(names Names) error {
	left := mostWrapped
	r.claims = false
	err := r.error(names, &left)
	if err == nil || r.Broken || !r.claims || !isEverything(err) {
		return err
	}
	return &passed{text: err.Error()}
}

// isEverything reports whether an error is so much that it says nothing.
func isEverything(err error) bool {
	if errors.Is(err, Standard[nobodys]) {
		return true
	}
	count := 0
	for errno := range lastErrno {
		if errors.Is(err, errno+1) {
			count++
		}
	}
	return count > mostErrnos
}

func (r *Reader) error(names Names, left *int) error {
	if *left--; *left < 0 {
		r.Break()
	}
	switch r.Uint() {
	case isNil:
		return nil
	case isNamed:
		if err := Standard[r.Text()]; err != nil {
			return err
		}
	case isErrno:
		return syscall.Errno(r.Uint())
	case isOp:
		name := r.Text()
		e := &net.OpError{Op: r.Text(), Net: r.Text(), Source: r.Addr(names), Addr: r.Addr(names)}
		e.Err = r.cause(names, left)
		return r.named(name, e, names)
	case isSyscall:
		name := r.Text()
		return r.named(name, &os.SyscallError{Syscall: r.Text(), Err: r.cause(names, left)}, names)
	case isOther:
		return r.other(names, left)
	case isValue:
		if err := names.ErrorWith(r.Text(), r.Part()); err != nil {
			return err
		}
	}
	r.Break()
	return nil
}

// cause takes an error that a method of package net's or os's calls, so it is not nil.
func (r *Reader) cause(names Names, left *int) error {
	if err := r.error(names, left); err != nil {
		return err
	}
	return errors.New("no error")
}

func (r *Reader) other(names Names, left *int) error {
	name, typ, text, timeout := r.Text(), r.Text(), r.Text(), r.Uint()
	e := passed{typ: typ, text: text, names: names}
	for range r.Len() {
		e.is = append(e.is, r.Text())
	}
	for range r.Len() {
		e.errnos = append(e.errnos, syscall.Errno(r.Uint()))
	}
	count := r.Uint()
	var causes []error
	if count>>1 > uint64(len(r.Bytes)) {
		r.Break()
		return nil
	}
	for range count>>1 + count&1 {
		if cause := r.error(names, left); cause != nil {
			causes = append(causes, cause)
		}
	}
	r.claims = r.claims || len(e.is) > 0 || len(e.errnos) > 0 || len(causes) > 1
	var err error = &e
	switch {
	case count&1 == 1 && len(causes) == 1:
		err = &wrapping{e, causes[0]}
	case len(causes) > 0:
		err = &joining{e, causes}
	}
	if timeout > 0 {
		err = timedOut{err, timeout == 2}
	}
	return r.named(name, err, names)
}

// named returns the error that has a name; without one, err.
func (r *Reader) named(name string, err error, names Names) error {
	if name == "" || r.Broken {
		return err
	}
	if known := names.ErrorOf(name); known != nil {
		return known
	}
	names.Met(name, err)
	return err
}

// A passed error has come over the link, and wraps nothing.
type passed struct {
	typ    string // as the other side's code has it
	text   string
	is     []string
	errnos []syscall.Errno
	names  Names
}

// Error returns the text.
func (e *passed) Error() string { return e.text }

// TypeName returns the name of the error's type, as the other side's code has it.
func (e *passed) TypeName() string { return e.typ }

// Is reports what the error has said when it was asked.
func (e *passed) Is(target error) bool {
	if errno, ok := target.(syscall.Errno); ok {
		return slices.Contains(e.errnos, errno)
	}
	for _, name := range e.is {
		if known := e.names.ErrorOf(name); known != nil && same(known, target) {
			return true
		}
	}
	return false
}

func same(a, b error) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}

type wrapping struct {
	passed
	cause error
}

// Unwrap returns what the error wraps.
func (e *wrapping) Unwrap() error { return e.cause }

type joining struct {
	passed
	causes []error
}

// Unwrap returns what the error wraps.
func (e *joining) Unwrap() []error { return e.causes }

// A timedOut error is a [net.Error].
type timedOut struct {
	error
	timeout bool
}

// Timeout reports whether a deadline has passed.
func (e timedOut) Timeout() bool { return e.timeout }

// Temporary reports the same.
func (e timedOut) Temporary() bool { return e.timeout }

// Unwrap returns the error without that.
func (e timedOut) Unwrap() error { return e.error }
