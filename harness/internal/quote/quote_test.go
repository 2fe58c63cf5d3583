package quote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/quote"
)

// TestNames: the lesson's own errors are known by their names, and the system's are none.
func TestNames(t *testing.T) {
	errOne, errTwo := errors.New("one"), errors.New("two")
	one, two := quote.Named("ErrOne", errOne), quote.Named("ErrTwo", errTwo)
	system := quote.Named("InUse", syscall.EADDRINUSE)
	require.Equal(t, []string{"ErrOne"}, quote.NamesIn(fmt.Errorf("open: %w: %w", errOne, syscall.EADDRINUSE)))
	require.Empty(t, quote.NamesIn(errors.New("two")))
	require.Equal(t, []string{"ErrOne", "ErrTwo"}, quote.NamesOf([]error{one, system, two, errOne}))
	require.True(t, quote.Is(fmt.Errorf("open: %w", errOne), one))
	require.False(t, quote.Is(errTwo, one))
}

func TestErrorName(t *testing.T) {
	require.Equal(t, "net.ErrClosed", quote.ErrorName(net.ErrClosed))
	require.Equal(t, `"odd"`, quote.ErrorName(errors.New("odd")))
	require.Equal(t, `ErrOdd ("odd")`, quote.ErrorName(quote.Named("ErrOdd", errors.New("odd"))))
}

func TestValue(t *testing.T) {
	require.Equal(t, `"a\n"`, quote.Value([]byte("a\n")))
	require.Equal(t, `{Name: "x", N: 3}`, quote.Value(struct {
		Name string
		N    int
	}{"x", 3}))
	type data struct{ Data []byte }
	require.Equal(t, `[{Data: nil} {Data: ""}]`, quote.Value([]data{{nil}, {[]byte{}}}))
	require.Equal(t, "127.0.0.1", quote.Value(net.IPv4(127, 0, 0, 1)))
	require.Equal(t, "127.0.0.1:7", quote.Value(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}))
	require.Equal(t, "nil", quote.Value(nil))
	require.Equal(t, "[true 1.5 -3 nil {At: 1s}]",
		quote.Value([]any{true, 1.5, int8(-3), nil, struct{ At time.Duration }{time.Second}}))
	require.Equal(t, "a *quote_test.wild", quote.Value(&wild{}))
	require.Equal(t, `["x" {error: nil, do: a func()}]`, quote.Value([]any{name("x"), wild{do: func() {}}}))
	require.Equal(t, `[{error: nil, do: a func()}]`, quote.Value([]net.Addr{wild{do: func() {}}}))
	round := []any{nil}
	round[0] = round
	require.Equal(t, "[[[[…]]]]", quote.Value(round))
	require.Equal(t, 20, strings.Count(quote.Value(make([]int, 100)), "0"))
}

// A name has a method that must not be called.
type name string

func (name) String() string { panic("called") }

// wild is an error and an address whose methods do something.
type wild struct {
	error
	do func()
}

func (w wild) Error() string   { w.do(); return "wild" }
func (w wild) Is(error) bool   { w.do(); return false }
func (w wild) As(any) bool     { w.do(); return false }
func (w wild) Unwrap() []error { w.do(); return []error{w.error} }
func (w wild) String() string  { w.do(); return "wild" }
func (w wild) Network() string { w.do(); return "udp" }

// delegates hides what it wraps but for its method Is, and As for a pointer.
type delegates struct{ cause error }

func (d delegates) Error() string        { return "delegates" }
func (d delegates) Is(target error) bool { return errors.Is(d.cause, target) }
func (d delegates) As(target any) bool   { return errors.As(d.cause, target) }

// endless wraps another of its kind, and so on.
type endless struct{ n int }

func (e endless) Error() string { return "endless" }
func (e endless) Unwrap() error { return endless{e.n + 1} }

// both wraps two that are itself.
type both struct{}

func (both) Error() string   { return "both" }
func (both) Unwrap() []error { return []error{both{}, both{}} }

// loose can't be compared.
type loose []int

func (loose) Error() string { return "loose" }

// TestFrozen: an error's text and causes are found in it afterwards, without its methods.
func TestFrozen(t *testing.T) {
	require.NoError(t, quote.Frozen(nil))
	lesson, other := errors.New("lesson's"), errors.New("other")
	quote.Named("ErrLesson", lesson)
	op := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EMSGSIZE)}
	for _, tt := range []struct {
		name string
		err  error
		is   []error
	}{
		{"itself", net.ErrClosed, []error{net.ErrClosed}},
		{"no pointer", context.DeadlineExceeded, []error{context.DeadlineExceeded}},
		{"wrapped", fmt.Errorf("x: %w", lesson), []error{lesson}},
		{"joined", errors.Join(lesson, io.EOF, op), []error{lesson, io.EOF, syscall.EMSGSIZE}},
		{"several", fmt.Errorf("%w, %w", lesson, other), []error{lesson, other}},
		{"the system's kinds", fmt.Errorf("x: %w", syscall.EACCES), []error{syscall.EACCES, os.ErrPermission}},
		{"a method Is", delegates{fmt.Errorf("%w, %w", lesson, syscall.EMSGSIZE)}, []error{lesson, syscall.EMSGSIZE}},
		{"wrapped by its own", wild{net.ErrClosed, func() {}}, []error{net.ErrClosed}},
		{"not to be compared", fmt.Errorf("%w: %w", loose{1}, lesson), []error{lesson}},
		{"wraps nil", fmt.Errorf("%w", error(nil)), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frozen := quote.Frozen(tt.err)
			require.Equal(t, tt.err.Error(), frozen.Error())
			for _, target := range append(tt.is, lesson, other, io.EOF, net.ErrClosed, os.ErrPermission) {
				require.Equal(t, errors.Is(tt.err, target), errors.Is(frozen, target), target)
			}
			for _, target := range tt.is {
				require.ErrorIs(t, frozen, target)
			}
			wantErrno, want := errors.AsType[syscall.Errno](tt.err)
			errno, ok := errors.AsType[syscall.Errno](frozen)
			require.Equal(t, want, ok)
			require.Equal(t, wantErrno, errno)
			wantOp, want := errors.AsType[*net.OpError](tt.err)
			found, ok := errors.AsType[*net.OpError](frozen)
			require.Equal(t, want, ok)
			require.Equal(t, wantOp, found)
		})
	}

	calls := 0
	frozen := quote.Frozen(wild{net.ErrClosed, func() { calls++ }})
	frozen = fmt.Errorf("frozen: %w", frozen)
	before := calls
	require.Positive(t, before)
	_ = frozen.Error()
	require.ErrorIs(t, frozen, net.ErrClosed)
	require.NotErrorIs(t, frozen, io.EOF)
	_, _ = errors.AsType[syscall.Errno](frozen)
	require.Equal(t, before, calls)
}

// TestFrozenFails: an error whose methods can't be used is replaced.
// aCode is an error without a pointer.
type aCode int

func (c aCode) Error() string { return fmt.Sprint("code ", int(c)) }

// elsewhere is a pointer to one in another process.
type elsewhere struct{ aCode }

func (e elsewhere) TypeName() string { return "*quote_test.aCode" }

// TestPointsTo: a pointer to an error is told from the error.
func TestPointsTo(t *testing.T) {
	pointer, want := new(aCode), quote.Named("ErrCode", aCode(0))
	for _, err := range []error{
		pointer, elsewhere{}, fmt.Errorf("x: %w", pointer), errors.Join(io.EOF, fmt.Errorf("x: %w", pointer)),
	} {
		require.True(t, quote.PointsTo(quote.Frozen(err), want), err)
	}
	for _, err := range []error{nil, aCode(0), io.EOF, fmt.Errorf("x: %w", aCode(0)), errors.New("code 0")} {
		require.False(t, quote.PointsTo(quote.Frozen(err), want), err)
	}
}

func TestFrozenFails(t *testing.T) {
	require.EqualError(t, quote.Frozen(wild{do: func() { panic("no") }}), "a quote_test.wild whose methods panic: no")
	require.ErrorContains(t, quote.Frozen((*os.PathError)(nil)), "a *fs.PathError whose methods panic: ")
	const forEver = " that wraps one error after the other without end"
	require.EqualError(t, quote.Frozen(endless{}), "a quote_test.endless"+forEver)
	require.EqualError(t, quote.Frozen(both{}), "a quote_test.both"+forEver)
	many := make([]error, 500)
	for i := range many {
		many[i] = io.EOF
	}
	require.ErrorIs(t, quote.Frozen(errors.Join(many...)), io.EOF)
}

func TestError(t *testing.T) {
	require.Equal(t, `"a\n"`, quote.Error(errors.New("a\n")))
	require.Equal(t, "nil", quote.Error(nil))
}

func TestEither(t *testing.T) {
	require.Equal(t, "a or b or c", quote.Either([]string{"a", "b", "c"}).EN)
	require.True(t, quote.Either(nil).IsZero())
}
