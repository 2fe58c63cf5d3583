package sockopt_test

import (
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/sockopt"
)

// dial opens a socket that is connected to another.
func (v version) dial(t *testing.T, to *net.UDPConn) *net.UDPConn {
	conn, err := net.DialUDP(v.network, nil, to.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestSockets: a socket is listed as long as it is open, bound or not; a file is none.
func TestSockets(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn := v.listen(t)
		fd, err := sockopt.Descriptor(conn)
		require.NoError(t, err)
		at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		require.Equal(t, at, sockopt.Sockets()[fd])
		family := syscall.AF_INET
		if v.ipv6 {
			family = syscall.AF_INET6
		}
		unbound, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		open := sockopt.Sockets()
		syscall.Close(unbound)
		require.Contains(t, open, uintptr(unbound))
		require.Zero(t, open[uintptr(unbound)].Port())
		require.NotContains(t, sockopt.Sockets(), uintptr(unbound))
		require.NotContains(t, sockopt.Sockets(), os.Stdout.Fd())
	})
}

// TestPMTUDiscovery: each value is read back, on each version of IP; an IPv6
// socket's two options are apart; what Linux does not know is an error.
func TestPMTUDiscovery(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn := v.listen(t)
		for _, how := range []sockopt.PMTUDiscovery{sockopt.Dont, sockopt.Want, sockopt.Do, sockopt.Probe} {
			require.NoError(t, sockopt.SetPMTUDiscovery(conn, v.ipv6, how))
			got, err := sockopt.PMTUDiscoveryOf(conn, v.ipv6)
			require.NoError(t, err)
			require.Equal(t, how, got)
		}
		require.ErrorIs(t, sockopt.SetPMTUDiscovery(conn, v.ipv6, 100), syscall.EINVAL)
		if v.ipv6 {
			require.NoError(t, sockopt.SetPMTUDiscovery(conn, false, sockopt.Dont))
			got, err := sockopt.PMTUDiscoveryOf(conn, true)
			require.NoError(t, err)
			require.Equal(t, sockopt.Probe, got, "the option for IPv6")
		} else {
			require.ErrorIs(t, sockopt.SetPMTUDiscovery(conn, true, sockopt.Do), syscall.ENOPROTOOPT)
		}
	})
}

// TestDo: more than fits is refused, and as much as fits is not.
func TestDo(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn := v.dial(t, v.listen(t))
		require.NoError(t, conn.SetWriteBuffer(1<<18))
		require.NoError(t, sockopt.SetPMTUDiscovery(conn, v.ipv6, sockopt.Do))
		mtu, err := sockopt.PathMTU(conn, v.ipv6)
		require.NoError(t, err)
		fits := mtu - 28
		if v.ipv6 {
			fits = mtu - 48
		}
		_, err = conn.Write(make([]byte, fits+1))
		require.ErrorIs(t, err, syscall.EMSGSIZE)
		_, err = conn.Write(make([]byte, fits))
		require.NoError(t, err)
	})
}

// TestPathMTU: a connected socket's path has the MTU of loopback, and a socket that
// is not connected has no path.
func TestPathMTU(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		loopback, err := net.InterfaceByName("lo")
		require.NoError(t, err)
		want := loopback.MTU
		if !v.ipv6 {
			want = min(want, 65535)
		}
		server := v.listen(t)
		got, err := sockopt.PathMTU(v.dial(t, server), v.ipv6)
		require.NoError(t, err)
		require.Equal(t, want, got)
		_, err = sockopt.PathMTU(server, v.ipv6)
		require.ErrorIs(t, err, syscall.ENOTCONN)
	})
}

// TestErrorPending: an error is seen, is still there for the next read, and gone
// after it. Without one, the wait is as long as it was said to be.
func TestErrorPending(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		server := v.listen(t)
		conn := v.dial(t, server)
		for _, wait := range []time.Duration{-time.Second, 0, 20 * time.Millisecond} {
			began := time.Now()
			pending, err := sockopt.ErrorPending(conn, wait)
			require.NoError(t, err)
			require.False(t, pending)
			require.GreaterOrEqual(t, time.Since(began), wait)
		}
		server.Close()
		conn.Write([]byte("is anybody there?"))
		for i := range 2 {
			pending, err := sockopt.ErrorPending(conn, time.Minute)
			require.NoError(t, err)
			require.True(t, pending, strconv.Itoa(i))
		}
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		pending, err := sockopt.ErrorPending(conn, 0)
		require.NoError(t, err)
		require.False(t, pending)
	})
}
