package quote_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

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
	require.Equal(t, "127.0.0.1", quote.Value(net.IPv4(127, 0, 0, 1)))
}

func TestError(t *testing.T) {
	require.Equal(t, `"a\n"`, quote.Error(errors.New("a\n")))
	require.Equal(t, "nil", quote.Error(nil))
}

// TestUsable: an error whose methods panic is replaced, and no other.
func TestUsable(t *testing.T) {
	require.NoError(t, quote.Usable(nil))
	require.Equal(t, net.ErrClosed, quote.Usable(net.ErrClosed))
	require.ErrorContains(t, quote.Usable((*os.PathError)(nil)), "a *fs.PathError whose methods panic: ")
}

func TestEither(t *testing.T) {
	require.Equal(t, "a or b or c", quote.Either([]string{"a", "b", "c"}).EN)
	require.True(t, quote.Either(nil).IsZero())
}
