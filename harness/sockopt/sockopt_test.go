package sockopt_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/sockopt"
)

// A version is a version of IP, with its loopback address.
type version struct {
	network string
	ip      net.IP
	ipv6    bool
	missing func() error
}

var versions = []version{
	{"udp4", net.IPv4(127, 0, 0, 1), false, func() error { return nil }},
	{"udp6", net.IPv6loopback, true, capability.IPv6.Missing},
}

// onEach runs a test on each version of IP that the machine has.
func onEach(t *testing.T, test func(t *testing.T, v version)) {
	for _, v := range versions {
		t.Run(v.network, func(t *testing.T) {
			if missing := v.missing(); missing != nil {
				t.Skip(missing)
			}
			test(t, v)
		})
	}
}

// listen opens a socket on loopback, at a port that the system chooses.
func (v version) listen(t *testing.T) *net.UDPConn {
	conn, err := net.ListenUDP(v.network, &net.UDPAddr{IP: v.ip})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestBroadcast: the permission is what was set last, and only that is changed.
func TestBroadcast(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn, other := v.listen(t), v.listen(t)
		before, err := sockopt.Broadcast(other)
		require.NoError(t, err)
		for _, permitted := range []bool{true, false, false, true} {
			require.NoError(t, sockopt.SetBroadcast(conn, permitted))
			got, err := sockopt.Broadcast(conn)
			require.NoError(t, err)
			require.Equal(t, permitted, got)
		}
		require.NoError(t, sockopt.SetBroadcast(conn, !before))
		after, err := sockopt.Broadcast(other)
		require.NoError(t, err)
		require.Equal(t, before, after, "another socket's")
	})
}

// TestSetReuseAddr: with the option, two sockets share a port where the system
// needs no other; without it they don't.
func TestSetReuseAddr(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		type control = func(network, address string, raw syscall.RawConn) error
		open := func(with control, address string) (net.Addr, error) {
			config := net.ListenConfig{Control: with}
			conn, err := config.ListenPacket(context.Background(), v.network, address)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { conn.Close() })
			return conn.LocalAddr(), nil
		}
		shared := func(_, _ string, raw syscall.RawConn) error { return sockopt.SetReuseAddr(raw) }
		at, err := open(shared, net.JoinHostPort(v.ip.String(), "0"))
		require.NoError(t, err)
		_, err = open(nil, at.String())
		require.Error(t, err, "the port is taken")
		if runtime.GOOS == "linux" || runtime.GOOS == "windows" {
			again, err := open(shared, at.String())
			require.NoError(t, err)
			require.Equal(t, at.String(), again.String())
		}
	})
}

// TestIsBlocking: a socket of Go's does not block, whatever option is set, until
// its File is asked for a descriptor.
func TestIsBlocking(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn := v.listen(t)
		require.NoError(t, sockopt.SetBroadcast(conn, true))
		blocking, err := sockopt.IsBlocking(conn)
		if runtime.GOOS == "windows" {
			require.ErrorIs(t, err, errors.ErrUnsupported)
			return
		}
		require.NoError(t, err)
		require.False(t, blocking)
		file, err := conn.File()
		require.NoError(t, err)
		defer file.Close()
		file.Fd()
		blocking, err = sockopt.IsBlocking(conn)
		require.NoError(t, err)
		require.True(t, blocking)
	})
}

// TestBreak: every option call on a broken socket fails as Break has said, and one
// on another does not.
func TestBreak(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		broken, sound := v.listen(t), v.listen(t)
		want, err := sockopt.Break(broken)
		require.NoError(t, err)
		if runtime.GOOS == "windows" {
			require.Equal(t, net.ErrClosed, want)
		} else {
			require.Equal(t, syscall.ENOTSOCK, want)
		}
		require.ErrorIs(t, sockopt.SetBroadcast(broken, true), want)
		_, err = sockopt.Broadcast(broken)
		require.ErrorIs(t, err, want)
		if runtime.GOOS == "linux" {
			require.ErrorIs(t, sockopt.SetPMTUDiscovery(broken, v.ipv6, sockopt.Do), want)
			_, err = sockopt.PathMTU(broken, v.ipv6)
			require.ErrorIs(t, err, want)
		}
		require.NoError(t, sockopt.SetBroadcast(sound, true))
	})
}

// TestErrors: on a closed socket every call says that it is closed, or that this
// system lacks it, and on a zero one, none panics.
func TestErrors(t *testing.T) {
	closed := versions[0].listen(t)
	raw, err := closed.SyscallConn()
	require.NoError(t, err)
	closed.Close()
	calls := map[string]struct {
		call  func(conn *net.UDPConn) error
		lacks bool
	}{
		"SetBroadcast": {call: func(conn *net.UDPConn) error { return sockopt.SetBroadcast(conn, true) }},
		"Broadcast": {call: func(conn *net.UDPConn) error {
			permitted, err := sockopt.Broadcast(conn)
			require.False(t, permitted)
			return err
		}},
		"Break": {call: func(conn *net.UDPConn) error {
			_, err := sockopt.Break(conn)
			return err
		}},
		"IsBlocking": {lacks: runtime.GOOS == "windows", call: func(conn *net.UDPConn) error {
			blocking, err := sockopt.IsBlocking(conn)
			require.False(t, blocking)
			return err
		}},
		"SetPMTUDiscovery": {lacks: runtime.GOOS != "linux", call: func(conn *net.UDPConn) error {
			return sockopt.SetPMTUDiscovery(conn, false, sockopt.Do)
		}},
		"PMTUDiscoveryOf": {lacks: runtime.GOOS != "linux", call: func(conn *net.UDPConn) error {
			_, err := sockopt.PMTUDiscoveryOf(conn, false)
			return err
		}},
		"PathMTU": {lacks: runtime.GOOS != "linux", call: func(conn *net.UDPConn) error {
			_, err := sockopt.PathMTU(conn, false)
			return err
		}},
		"ErrorPending": {lacks: runtime.GOOS != "linux", call: func(conn *net.UDPConn) error {
			pending, err := sockopt.ErrorPending(conn, time.Minute)
			require.False(t, pending)
			return err
		}},
	}
	for name, tt := range calls {
		t.Run(name, func(t *testing.T) {
			want := net.ErrClosed
			if tt.lacks {
				want = errors.ErrUnsupported
			}
			require.ErrorIs(t, tt.call(closed), want)
			require.Error(t, tt.call(&net.UDPConn{}))
		})
	}
	require.ErrorIs(t, sockopt.SetReuseAddr(raw), net.ErrClosed)
}

func TestOptions(t *testing.T) {
	onEach(t, func(t *testing.T, v version) {
		conn, other := v.listen(t), v.listen(t)
		require.Equal(t, sockopt.Options(other), sockopt.Options(conn))
		permitted, err := sockopt.Broadcast(conn)
		require.NoError(t, err)
		require.NoError(t, sockopt.SetBroadcast(conn, !permitted))
		require.NotEqual(t, sockopt.Options(other), sockopt.Options(conn))
		require.NoError(t, conn.Close())
		require.Empty(t, sockopt.Options(conn))
	})
}
