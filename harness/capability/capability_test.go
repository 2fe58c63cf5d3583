package capability

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCarries: a socket that hears nothing, as behind a firewall, is told from one that
// does.
func TestCarries(t *testing.T) {
	defer func(n int) { manyDatagrams = n }(manyDatagrams)
	manyDatagrams = 2
	open := func() *net.UDPConn {
		conn, err := listen(netip.AddrPortFrom(localhost4, 0))
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	one, other := open(), open()
	require.NoError(t, carries(one, other))
	deaf, err := net.DialUDP("udp", nil, one.LocalAddr().(*net.UDPAddr)) // to all but one
	require.NoError(t, err)
	t.Cleanup(func() { deaf.Close() })
	require.ErrorContains(t, carries(other, deaf), "does not arrive")
}

// TestOwnPorts: an address that shares its ports with another is none of its own.
func TestOwnPorts(t *testing.T) {
	require.ErrorContains(t, ownPorts(localhost4, netip.IPv4Unspecified()), "listen udp 0.0.0.0:")
}

// TestOldTimers: the last setting counts.
func TestOldTimers(t *testing.T) {
	for godebug, old := range map[string]bool{
		"": false, "asynctimerchan=0": false, "asynctimerchan=1": true, "madvdontneed=1,asynctimerchan=2": true,
		"asynctimerchan=1,asynctimerchan=0": false,
	} {
		require.Equal(t, old, oldTimers(godebug) != nil, godebug)
	}
}

// TestExhausted: only what the machine sets limits to is its fault.
func TestExhausted(t *testing.T) {
	require.NoError(t, Exhausted(nil))
	require.NoError(t, Exhausted(net.ErrClosed))
	wrapped := fmt.Errorf("listen: %w", syscall.ENOBUFS)
	require.ErrorIs(t, Exhausted(wrapped), syscall.ENOBUFS)
	require.False(t, IsVital(Exhausted(wrapped)))
	if most, known := mostDescriptors(); known && most >= enough {
		require.NoError(t, Exhausted(syscall.EMFILE), "the code under test may have taken them all")
	}
}
