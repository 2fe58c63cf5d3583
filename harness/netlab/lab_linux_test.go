package netlab_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/netlab"
	"udpkata/harness/netlab/labtest"
	"udpkata/harness/sockopt"
)

func listen(t *testing.T, h *netlab.Host, at string) (conn *net.UDPConn) {
	require.NoError(t, h.Do(func() error {
		c, err := net.ListenPacket("udp", at)
		if err == nil {
			conn = c.(*net.UDPConn)
		}
		return err
	}))
	t.Cleanup(func() { conn.Close() })
	return conn
}

func dial(t *testing.T, h *netlab.Host, to net.Addr) (conn *net.UDPConn) {
	require.NoError(t, h.Do(func() error {
		c, err := net.Dial("udp", to.String())
		if err == nil {
			conn = c.(*net.UDPConn)
		}
		return err
	}))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// read waits for a datagram, as long as it takes on a busy machine, and returns
// its length and its source.
func read(t *testing.T, conn *net.UDPConn) (int, string) {
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	n, from, err := conn.ReadFrom(make([]byte, 1<<16))
	require.NoError(t, err)
	return n, from.String()
}

// TestLink: two hosts on one link reach each other on both versions of IP, and
// nobody else.
func TestLink(t *testing.T) {
	labtest.In(t, func(l *netlab.Lab) {
		a, b := l.Host("a"), l.Host("b")
		l.Link(a, "10.0.1.1/24", b, "10.0.1.2/24", 1500)
		l.Link(a, "fd00:1::1/64", b, "fd00:1::2/64", 1280)
		require.NoError(t, l.Err())
		for _, ends := range [][2]string{{"10.0.1.1:0", "10.0.1.2:0"}, {"[fd00:1::1]:0", "[fd00:1::2]:0"}} {
			one, two := listen(t, a, ends[0]), listen(t, b, ends[1])
			one.WriteTo([]byte("hello"), two.LocalAddr())
			n, from := read(t, two)
			require.Equal(t, 5, n)
			require.Equal(t, one.LocalAddr().String(), from)
		}
		_, err := listen(t, a, "10.0.1.1:0").WriteTo(nil, &net.UDPAddr{IP: net.IPv4(10, 0, 9, 9), Port: 9})
		require.ErrorIs(t, err, syscall.ENETUNREACH)
	})
}

// TestRouter: a router before a smaller link drops what must not be fragmented, and
// says so to the sender, on both versions of IP.
func TestRouter(t *testing.T) {
	labtest.In(t, func(l *netlab.Lab) {
		a, r, b := l.Host("a"), l.Host("r"), l.Host("b")
		l.Link(a, "10.0.1.1/24", r, "10.0.1.2/24", 1500)
		l.Link(r, "10.0.2.1/24", b, "10.0.2.2/24", 1400)
		l.Link(a, "fd00:1::1/64", r, "fd00:1::2/64", 1500)
		l.Link(r, "fd00:2::1/64", b, "fd00:2::2/64", 1400)
		l.Forward(r, false)
		l.Forward(r, true)
		l.Route(a, "10.0.1.2")
		l.Route(b, "10.0.2.1")
		l.Route(a, "fd00:1::2")
		l.Route(b, "fd00:2::1")
		require.NoError(t, l.Err())
		for _, tt := range []struct {
			server  string
			headers int
			ipv6    bool
		}{
			{"10.0.2.2:0", 28, false},
			{"[fd00:2::2]:0", 48, true},
		} {
			server := listen(t, b, tt.server)
			client := dial(t, a, server.LocalAddr())
			require.NoError(t, sockopt.SetPMTUDiscovery(client, tt.ipv6, sockopt.Do))
			_, err := client.Write(make([]byte, 1500-tt.headers))
			require.NoError(t, err, "nobody knows yet that it does not fit")
			client.SetReadDeadline(time.Now().Add(time.Minute))
			_, err = client.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.EMSGSIZE, "the router's word")
			_, err = client.Write(make([]byte, 1400-tt.headers+1))
			require.ErrorIs(t, err, syscall.EMSGSIZE)
			_, err = client.Write(make([]byte, 1400-tt.headers))
			require.NoError(t, err)
			n, _ := read(t, server)
			require.Equal(t, 1400-tt.headers, n, "the lost one came before")
		}
	})
}

// TestSubnet: a broadcast reaches every host of the subnet that listens for it,
// and no other.
func TestSubnet(t *testing.T) {
	labtest.In(t, func(l *netlab.Lab) {
		subnet, elsewhere := l.Subnet("subnet", 1500), l.Subnet("elsewhere", 1500)
		a, b, c, d := l.Host("a"), l.Host("b"), l.Host("c"), l.Host("d")
		subnet.Attach(a, "10.0.0.1/24")
		subnet.Attach(b, "10.0.0.2/24")
		subnet.Attach(c, "10.0.0.3/24")
		elsewhere.Attach(d, "10.0.0.4/24")
		require.NoError(t, l.Err())
		sender, server := listen(t, a, "10.0.0.1:0"), listen(t, b, ":0")
		_, port, _ := net.SplitHostPort(server.LocalAddr().String())
		own, wild, far := listen(t, c, "10.0.0.3:"+port), listen(t, c, "10.0.0.255:"+port), listen(t, d, ":"+port)
		everyone, err := net.ResolveUDPAddr("udp", "10.0.0.255:"+port)
		require.NoError(t, err)
		_, err = sender.WriteTo([]byte("all"), everyone)
		require.NoError(t, err)
		for _, conn := range []*net.UDPConn{server, wild} {
			n, from := read(t, conn)
			require.Equal(t, 3, n)
			require.Equal(t, sender.LocalAddr().String(), from)
		}
		// What comes next is the first that the others hear.
		_, err = sender.WriteTo([]byte("own"), own.LocalAddr())
		require.NoError(t, err)
		n, _ := read(t, own)
		require.Equal(t, 3, n)
		neighbour := listen(t, d, "10.0.0.4:0")
		neighbour.WriteTo([]byte("hello"), far.LocalAddr().(*net.UDPAddr))
		require.NoError(t, d.Do(func() error {
			c, err := net.Dial("udp", "10.0.0.4:"+port)
			if err == nil {
				_, err = c.Write([]byte("hello"))
			}
			return err
		}))
		n, _ = read(t, far)
		require.Equal(t, 5, n)
	})
}

// TestErr: the first thing that fails is named, and nothing is done after it.
func TestErr(t *testing.T) {
	labtest.In(t, func(l *netlab.Lab) {
		a, b := l.Host("a"), l.Host("b")
		l.Link(a, "10.0.1.1", b, "10.0.1.2/24", 1500)
		l.Route(a, "10.0.1.2")
		require.ErrorContains(t, l.Err(), "lab: link of a and b: netip.ParsePrefix")
	})
	if !netlab.Inside() {
		_, err := netlab.New()
		require.ErrorContains(t, err, "a lab needs a process that Command has started")
	}
}

// TestNothingIsLeft: once a lab is closed, no thread is in another namespace, no
// file is open, and no namespace is held.
func TestNothingIsLeft(t *testing.T) {
	labtest.In(t, func(l *netlab.Lab) {
		home, err := os.Readlink("/proc/self/ns/net")
		require.NoError(t, err)
		build := func() {
			inner, err := netlab.New()
			require.NoError(t, err)
			defer inner.Close()
			subnet := inner.Subnet("subnet", 1500)
			for i := range 4 {
				h := inner.Host(fmt.Sprint("host ", i))
				subnet.Attach(h, fmt.Sprintf("10.0.0.%d/24", i+1))
				require.NoError(t, h.Do(func() error {
					here, err := os.Readlink("/proc/thread-self/ns/net")
					if err == nil && here == home {
						err = errors.New("at home")
					}
					return err
				}))
			}
			require.NoError(t, inner.Err())
		}
		build() // the first opens what Go keeps
		before := files(t)
		build()
		require.Eventually(t, func() bool { return files(t) == before && !strays(t, home) },
			time.Minute, time.Millisecond, "something is left")
	})
}

func files(t *testing.T) int {
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(open)
}

// strays reports whether a thread is in another namespace.
func strays(t *testing.T, home string) bool {
	tasks, err := filepath.Glob("/proc/self/task/*/ns/net")
	require.NoError(t, err)
	for _, task := range tasks {
		if ns, err := os.Readlink(task); err == nil && ns != home {
			return true
		}
	}
	return false
}

// BenchmarkLab builds a router between two hosts, and takes it down.
func BenchmarkLab(b *testing.B) {
	if !netlab.Inside() {
		if missing := netlab.Missing(); missing != nil {
			b.Skip(missing)
		}
		cmd := netlab.Command("-test.run=^$", "-test.bench=^BenchmarkLab$")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := netlab.Run(cmd); err != nil {
			b.Fatal(err)
		}
		b.SkipNow()
	}
	for b.Loop() {
		l, err := netlab.New()
		if err != nil {
			b.Fatal(err)
		}
		x, r, y := l.Host("a"), l.Host("r"), l.Host("b")
		l.Link(x, "10.0.1.1/24", r, "10.0.1.2/24", 1500)
		l.Link(r, "10.0.2.1/24", y, "10.0.2.2/24", 1280)
		l.Forward(r, false)
		l.Route(x, "10.0.1.2")
		l.Route(y, "10.0.2.1")
		if err := l.Err(); err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}
