package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNamedErrors: what a call returns is told by the names of the lesson's own errors,
// and the system's are none.
func TestNamedErrors(t *testing.T) {
	errOne, errTwo := errors.New("one"), errors.New("two")
	Named("ErrOne", errOne)
	two := Named("ErrTwo", errTwo)
	open := func(err error) func(w *World) {
		return func(w *World) {
			w.Call("Open", func(context.Context) (any, error) { return nil, err }).Fails(two)
		}
	}
	require.Contains(t, meaning(t, open(fmt.Errorf("%w: %w", errOne, syscall.EADDRINUSE))),
		"took ErrOne for the reason, and it is ErrTwo")
	require.Contains(t, meaning(t, open(syscall.EADDRINUSE)), "wrap ErrTwo too")
	require.Contains(t, meaning(t, open(errors.New("open: two"))), "The text alone")
	require.Empty(t, meaning(t, open(errors.New("no"))))
}

// TestBesideAnError: what stands beside an error is told apart from the error, of which
// the story's reason speaks.
func TestBesideAnError(t *testing.T) {
	fails := func(value any) string {
		return meaning(t, func(w *World) {
			w.Call("Open", func(context.Context) (any, error) { return value, errors.New("no") }).
				Because("It is taken.").Fails(syscall.EADDRINUSE)
		})
	}
	require.Equal(t, "It is taken.", fails(nil))
	beside := fails((*net.UDPConn)(nil))
	require.Contains(t, beside, "A nil pointer in an interface is not nil")
	require.NotContains(t, beside, "It is taken.")
}
