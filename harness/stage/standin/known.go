package standin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"sync"
)

// known is as much of the standard library as signatures of stubs may name. Types of all other packages are unknown,
// whatever they are, so there is no need to load those, which takes longer than all the rest.
var known = map[string]string{
	"context": `package context
		import "time"
		type Context interface {
			Deadline() (deadline time.Time, ok bool)
			Done() <-chan struct{}
			Err() error
			Value(key any) any
		}`,
	"errors": `package errors
		func New(text string) error
		func Join(errs ...error) error`,
	"fmt": `package fmt
		func Errorf(format string, a ...any) error`,
	"io": `package io
		type Reader interface { Read(p []byte) (n int, err error) }
		type Writer interface { Write(p []byte) (n int, err error) }`,
	"io/fs": `package fs
		type FS interface { Open(name string) (File, error) }
		type File interface { Read([]byte) (int, error); Close() error }`,
	"net": `package net
		import "time"
		type Addr interface { Network() string; String() string }
		type Conn interface {
			Read(b []byte) (n int, err error)
			Write(b []byte) (n int, err error)
			Close() error
			LocalAddr() Addr
			RemoteAddr() Addr
			SetDeadline(t time.Time) error
			SetReadDeadline(t time.Time) error
			SetWriteDeadline(t time.Time) error
		}
		type PacketConn interface {
			ReadFrom(p []byte) (n int, addr Addr, err error)
			WriteTo(p []byte, addr Addr) (n int, err error)
			Close() error
			LocalAddr() Addr
			SetDeadline(t time.Time) error
			SetReadDeadline(t time.Time) error
			SetWriteDeadline(t time.Time) error
		}
		type UDPConn struct { fd int }`,
	"net/netip": `package netip
		type Addr struct { a int }
		type AddrPort struct { a int }
		type Prefix struct { a int }`,
	"time": `package time
		type Duration int64
		const (
			Nanosecond Duration = 1
			Microsecond = 1000 * Nanosecond
			Millisecond = 1000 * Microsecond
			Second = 1000 * Millisecond
			Minute = 60 * Second
			Hour = 60 * Minute
		)
		type Time struct { t int }`,
}

// A library imports the known packages; it fails for all others, whose types are invalid then.
type library map[string]*types.Package

func (l library) Import(path string) (*types.Package, error) {
	if p, ok := l[path]; ok {
		return p, nil
	}
	source, ok := known[path]
	if !ok {
		return nil, types.Error{Msg: "unknown"}
	}
	places := token.NewFileSet()
	file, err := parser.ParseFile(places, path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: l, IgnoreFuncBodies: true}
	p, err := config.Check(path, places, []*ast.File{file}, nil)
	l[path] = p
	return p, err
}

// standard returns the known packages, checked. They are the same in all calls, so that their types are.
var standard = sync.OnceValue(func() library {
	l := library{}
	for path := range known {
		if _, err := l.Import(path); err != nil {
			panic(err) // known is wrong
		}
	}
	return l
})

// readOnly is a library that many goroutines may read.
type readOnly struct{ library }

func (r readOnly) Import(path string) (*types.Package, error) {
	if p, ok := r.library[path]; ok {
		return p, nil
	}
	return nil, types.Error{Msg: "unknown"}
}

// connMethod returns the signature that a method of this name has in net's interfaces for sockets, which the runner's
// Conn has, or nil.
func connMethod(name string) *types.Signature {
	for _, typ := range []string{"Conn", "PacketConn"} {
		methods := standard()["net"].Scope().Lookup(typ).Type().Underlying().(*types.Interface)
		for m := range methods.Methods() {
			if m.Name() == name {
				return m.Signature()
			}
		}
	}
	return nil
}
