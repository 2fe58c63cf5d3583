//go:build linux

package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/stage/link"
)

// names knows the standard library's errors, and one of its own.
type names struct {
	met   map[string]error
	addrs []net.Addr
}

var errOwn = errors.New("the lesson's own")

func (n *names) NameOf(err error) string {
	if err == errOwn {
		return "own"
	}
	for name, e := range link.Standard {
		if e == err {
			return name
		}
	}
	return ""
}

func (n *names) ErrorOf(name string) error {
	if name == "own" {
		return errOwn
	}
	if err := link.Standard[name]; err != nil {
		return err
	}
	return n.met[name]
}

func (n *names) Met(name string, err error) {
	if n.met == nil {
		n.met = map[string]error{}
	}
	n.met[name] = err
}

func (n *names) FieldsOf(err error) (typ string, fields []byte) {
	if numbered, ok := err.(numbered); ok {
		return "numbered", []byte{byte(numbered)}
	}
	return "", nil
}

func (n *names) ErrorWith(typ string, fields []byte) error {
	if typ != "numbered" || len(fields) != 1 {
		return nil
	}
	return numbered(fields[0])
}

// A numbered error is of the lesson's own type.
type numbered byte

func (n numbered) Error() string { return fmt.Sprintf("number %d", byte(n)) }

func (n *names) All() []string {
	return slices.AppendSeq([]string{"own"}, maps.Keys(link.Standard))
}

func (n *names) NumberOf(addr net.Addr) int64 {
	n.addrs = append(n.addrs, addr)
	return int64(len(n.addrs))
}

func (n *names) AddrOf(number int64, _ link.Foreign) net.Addr {
	if number < 1 || number > int64(len(n.addrs)) {
		return nil
	}
	return n.addrs[number-1]
}

// TestValues: what was put is what is taken.
func TestValues(t *testing.T) {
	at := time.Date(2026, 11, 28, 1, 2, 3, 4, time.UTC)
	addrs := []netip.Addr{
		{}, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fe80::1%eth0"),
		netip.MustParseAddr("::ffff:1.2.3.4"),
	}
	var w link.Writer
	w.Int(math.MinInt64)
	w.Uint(math.MaxUint64)
	w.Float(math.Inf(-1))
	w.Bool(true)
	w.Bool(false)
	w.Text("\x00é")
	w.Blob(nil)
	w.Blob([]byte{})
	w.Blob([]byte("abc"))
	w.Time(at)
	w.Time(time.Time{})
	for _, a := range addrs {
		w.Netip(a)
	}
	r := link.Reader{Bytes: w.Bytes}
	require.Equal(t, int64(math.MinInt64), r.Int())
	require.Equal(t, uint64(math.MaxUint64), r.Uint())
	require.Equal(t, math.Inf(-1), r.Float())
	require.True(t, r.Bool())
	require.False(t, r.Bool())
	require.Equal(t, "\x00é", r.Text())
	require.Nil(t, r.Blob())
	require.Equal(t, []byte{}, r.Blob())
	require.Equal(t, []byte("abc"), r.Blob())
	require.True(t, at.Equal(r.Time()))
	require.True(t, r.Time().IsZero())
	for _, a := range addrs {
		require.Equal(t, a, r.Netip())
	}
	require.False(t, r.Broken)
	require.Empty(t, r.Bytes)
}

// TestBroken: what is not there is zero, and said once.
func TestBroken(t *testing.T) {
	for name, take := range map[string]func(r *link.Reader) any{
		"int":    func(r *link.Reader) any { return r.Int() },
		"uint":   func(r *link.Reader) any { return int64(r.Uint()) },
		"text":   func(r *link.Reader) any { return int64(len(r.Text())) },
		"blob":   func(r *link.Reader) any { return int64(len(r.Blob())) },
		"length": func(r *link.Reader) any { return int64(r.Len()) },
	} {
		for _, b := range []string{"", "\x80", strings.Repeat("\xff", 9) + "\x01", strings.Repeat("\xff", 11)} {
			if strings.HasSuffix(name, "int") && len(b) == 10 {
				continue // which is a number
			}
			said := 0
			r := link.Reader{Bytes: []byte(b), OnBreak: func() { said++ }}
			require.Equal(t, int64(0), take(&r), "%s of %x", name, b)
			require.True(t, r.Broken, "%s of %x", name, b)
			require.Zero(t, r.Int())
			require.Empty(t, r.Text())
			require.Equal(t, 1, said)
		}
	}
}

// TestFrames: frames come as they were sent, in whatever pieces.
func TestFrames(t *testing.T) {
	frames := []link.Frame{
		{Kind: link.Begin, Story: 1, N: 1},
		{
			Kind: link.Operation, Story: 1, ID: -7, Time: 1 << 60, Until: math.MinInt64,
			Body: bytes.Repeat([]byte("x"), 1<<20),
		},
		{Kind: link.Ended},
	}
	var sent []byte
	for _, f := range frames {
		sent = f.Append(sent)
	}
	for name, from := range map[string]io.Reader{
		"at once": bytes.NewReader(sent), "byte by byte": iotest.OneByteReader(bytes.NewReader(sent)),
	} {
		s := link.NewSource(from)
		for _, want := range frames {
			got, err := s.Next()
			require.NoError(t, err, name)
			if len(want.Body) == 0 {
				got.Body = nil
			}
			require.Equal(t, want, got, name)
		}
		_, err := s.Next()
		require.ErrorIs(t, err, io.EOF, name)
	}
}

// TestTooLong: a frame that says that it is longer than any is not waited for.
func TestTooLong(t *testing.T) {
	_, err := link.NewSource(strings.NewReader("\xff\xff\xff\xff")).Next()
	require.ErrorIs(t, err, link.ErrBroken)
	_, err = link.NewSource(strings.NewReader("\x00\x00\x00\x00")).Next()
	require.ErrorIs(t, err, link.ErrBroken)
}

// A liar's methods answer as they like.
type liar struct{ is, as, panics bool }

func (l liar) Error() string {
	if l.panics {
		panic("no text")
	}
	return "lies"
}

func (l liar) Is(error) bool { return l.is }

func (l liar) As(target any) bool {
	if errno, ok := target.(*syscall.Errno); ok && l.as {
		*errno = syscall.EMSGSIZE
		return true
	}
	return false
}

// An endless error wraps another one, each time.
type endless struct{}

func (endless) Error() string { return "endless" }
func (endless) Unwrap() error { return endless{} }

// TestErrors: an error that was passed says what it said, and errors.Is and errors.As find in
// it what they found.
func TestErrors(t *testing.T) {
	udp := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}
	refused := os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)
	op := &net.OpError{Op: "read", Net: "udp", Source: udp, Addr: udp, Err: refused}
	all := []error{
		context.Canceled, io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, errOwn, syscall.ECONNREFUSED, syscall.ENOTSOCK,
		numbered(7),
	}
	for _, err := range append([]error{
		fmt.Errorf("ask: %w", numbered(7)), numbered(8),
		op, fmt.Errorf("ask: %w", op), errors.Join(io.EOF, errOwn), fmt.Errorf("%w and %w", op, context.Canceled),
		errors.New("plain"), liar{}, liar{as: true}, &net.AddrError{Err: "odd", Addr: "x"},
		&net.OpError{Op: "set", Net: "udp", Err: os.ErrDeadlineExceeded}, &net.OpError{Op: "dial"},
	}, all...) {
		got := passed(t, err)
		if e, ok := err.(*net.OpError); !ok || e.Err != nil { // which can't say what it is
			require.Equal(t, err.Error(), got.Error())
		}
		for _, target := range all {
			asked := errors.Is(err, target)
			require.Equal(t, asked || isErrno(err, target), errors.Is(got, target), "%v: %v", err, target)
		}
		var want, have *net.OpError
		require.Equal(t, errors.As(err, &want), errors.As(got, &have), "%v", err)
		var timeout, timedOut net.Error
		if errors.As(err, &timeout) {
			require.True(t, errors.As(got, &timedOut), "%v", err)
			require.Equal(t, timeout.Timeout(), timedOut.Timeout(), "%v", err)
		}
	}
	require.NoError(t, passed(t, nil))
	named, ok := passed(t, &liar{}).(interface{ TypeName() string })
	require.True(t, ok)
	require.Equal(t, "*link_test.liar", named.TypeName())
	require.Contains(t, passed(t, liar{panics: true}).Error(), "whose methods panic: no text")
	require.Contains(t, passed(t, endless{}).Error(), "without end")
}

// TestEverything: what is whatever anybody may ask for is nothing.
func TestEverything(t *testing.T) {
	everything := []error{context.Canceled, net.ErrClosed, io.EOF}
	for errno := range syscall.Errno(20) {
		everything = append(everything, errno)
	}
	for _, err := range []error{liar{is: true}, errors.Join(everything...), fmt.Errorf("ask: %w", liar{is: true}),
		errors.Join(net.ErrClosed, liar{is: true})} {
		got := passed(t, err)
		require.Equal(t, err.Error(), got.Error())
		for _, target := range everything {
			require.NotErrorIs(t, got, target)
		}
	}
	for _, target := range everything[:7] {
		require.ErrorIs(t, passed(t, errors.Join(everything[:7]...)), target)
	}
}

// isErrno reports whether the liar says by its method As that it is target.
func isErrno(err, target error) bool {
	l, ok := err.(liar)
	return ok && l.as && target == syscall.EMSGSIZE
}

func passed(t *testing.T, err error) error {
	t.Helper()
	n := &names{}
	var w link.Writer
	w.Error(err, n)
	r := link.Reader{Bytes: w.Bytes}
	got := r.Error(n)
	require.False(t, r.Broken)
	require.Empty(t, r.Bytes)
	return got
}

// odd is an address of a type of its own.
type odd string

func (odd) Network() string  { return "odd" }
func (o odd) String() string { return string(o) }

// TestAddrs: an address of package net's is passed as it is; another one as what it says,
// and comes back as itself.
func TestAddrs(t *testing.T) {
	n := &names{}
	for _, want := range []net.Addr{
		nil, (*net.UDPAddr)(nil), &net.UDPAddr{}, &net.UDPAddr{IP: net.IP{1, 2, 3, 4}, Port: 5},
		&net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 65535, Zone: "eth0"},
		&net.TCPAddr{IP: net.IP{1, 2, 3, 4}, Port: 5}, &net.IPAddr{IP: net.IP{1, 2, 3, 4}},
		&net.UnixAddr{Name: "x", Net: "unixgram"}, odd("here"),
	} {
		var w link.Writer
		w.Addr(want, n)
		r := link.Reader{Bytes: w.Bytes}
		require.Equal(t, want, r.Addr(n))
		require.False(t, r.Broken)
	}
	var w link.Writer
	w.Addr(odd("there"), n)
	r := link.Reader{Bytes: w.Bytes}
	got := r.Addr(&names{})
	require.Equal(t, "there", got.String())
	require.Equal(t, "odd", got.Network())
}

// FuzzSource: whatever comes, no frame is made of nothing, and nobody panics.
func FuzzSource(f *testing.F) {
	frame := link.Frame{Kind: link.Returned, Story: 1, ID: 2, N: 3, Time: 4, Until: 5, Body: []byte("body")}
	f.Add(frame.Append(nil))
	f.Add([]byte("\x00\x00\x00\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := link.NewSource(bytes.NewReader(b))
		for {
			got, err := s.Next()
			if err != nil {
				return
			}
			again := link.NewSource(bytes.NewReader(got.Append(nil)))
			same, err := again.Next()
			require.NoError(t, err)
			require.Equal(t, got.Kind, same.Kind)
			require.Equal(t, got.Body, same.Body)
		}
	})
}

// FuzzReader: whatever comes, values of all kinds are taken from it without a panic, and
// what is taken is no more than there was.
func FuzzReader(f *testing.F) {
	n := &names{}
	var w link.Writer
	w.Error(fmt.Errorf("ask: %w", &net.OpError{Op: "read", Net: "udp", Err: errors.Join(io.EOF, errOwn)}), n)
	w.Addr(odd("here"), n)
	f.Add(w.Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := link.Reader{Bytes: b}
		for len(r.Bytes) > 0 && !r.Broken {
			if err := r.Error(&names{}); err != nil {
				_ = err.Error()
				_ = errors.Is(err, io.EOF)
				_ = errors.Is(err, syscall.ECONNREFUSED)
			}
			if addr := r.Addr(&names{}); addr != nil {
				_ = addr.Network() + addr.String()
			}
			r.Netip()
			r.Time()
			require.LessOrEqual(t, len(r.Blob()), len(b))
			require.LessOrEqual(t, r.Len(), len(b))
		}
	})
}
