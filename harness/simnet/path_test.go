package simnet_test

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/simnet"
)

// A lan is two hosts on one subnet, each with a socket.
type lan struct {
	t    *testing.T
	net  *simnet.Network
	a, b *simnet.Conn
}

func inLAN(t *testing.T, f func(t *testing.T, l lan)) {
	synctest.Test(t, func(t *testing.T) {
		n := new(simnet.Network)
		listen := func(addr string) *simnet.Conn {
			p := netip.MustParsePrefix(addr + "/24")
			c, err := n.Host(p).Listen(netip.AddrPortFrom(p.Addr(), 0), simnet.Options{})
			require.NoError(t, err)
			return c
		}
		l := lan{t, n, listen("10.0.0.1"), listen("10.0.0.2")}
		defer l.a.Close()
		defer l.b.Close()
		f(t, l)
	})
}

func (l lan) send(text string) {
	_, err := l.a.WriteTo([]byte(text), l.b.LocalAddr())
	require.NoError(l.t, err)
}

// heard returns what b hears until nothing has come for a second, each with the time
// since start.
func (l lan) heard() (all []string) {
	start := time.Now()
	buf := make([]byte, 1<<16)
	for {
		l.b.SetReadDeadline(time.Now().Add(time.Second))
		n, _, err := l.b.ReadFrom(buf)
		if err != nil {
			return all
		}
		all = append(all, string(buf[:n])+" after "+time.Since(start).String())
	}
}

func TestPaths(t *testing.T) {
	const ms = time.Millisecond
	every := 0
	tests := []struct {
		name string
		path simnet.Path
		want []string
	}{
		{"none", nil, []string{"1 after 0s", "2 after 0s", "3 after 0s"}},
		{"loss", simnet.Loss(func() bool { every++; return every%2 == 0 }), []string{"1 after 0s", "3 after 0s"}},
		{"delay", simnet.Delay(20 * ms), []string{"1 after 20ms", "2 after 20ms", "3 after 20ms"}},
		{"duplicate", simnet.Only(is("2"), simnet.Duplicate(5*ms)),
			[]string{"1 after 0s", "2 after 0s", "3 after 0s", "2 after 5ms"}},
		{"one later than the others", simnet.Only(is("1"), simnet.Delay(ms)),
			[]string{"2 after 0s", "3 after 0s", "1 after 1ms"}},
		{"swapped", simnet.Hold(), []string{"2 after 0s", "1 after 0s"}},
		{"one after the other", simnet.Through(simnet.Delay(ms),
			simnet.Only(is("1"), simnet.Loss(func() bool { return true })), simnet.Delay(2*ms)),
			[]string{"2 after 3ms", "3 after 3ms"}},
		{"router", simnet.Router(1280), []string{"1 after 0s", "2 after 0s", "3 after 0s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inLAN(t, func(t *testing.T, l lan) {
				l.net.Extend(tt.path)
				for _, text := range []string{"1", "2", "3"} {
					l.send(text)
				}
				require.ElementsMatch(t, tt.want, l.heard())
			})
		})
	}
}

func is(text string) func(simnet.Datagram) bool {
	return func(d simnet.Datagram) bool { return string(d.Payload) == text }
}

// TestInject: a forged datagram bears whatever source it likes, and a socket
// that is connected to that source hears it.
func TestInject(t *testing.T) {
	inLAN(t, func(t *testing.T, l lan) {
		server := netip.MustParseAddrPort("10.0.0.99:53")
		to := l.b.LocalAddr().(*net.UDPAddr).AddrPort()
		l.net.Extend(simnet.Loss(func() bool { return true }))
		l.net.Inject(simnet.Datagram{From: server, To: to, Payload: []byte("fine")})
		buf := make([]byte, 10)
		n, from, err := l.b.ReadFrom(buf)
		require.NoError(t, err)
		require.Equal(t, "fine", string(buf[:n]))
		require.Equal(t, "10.0.0.99:53", from.String())
	})
}

// A routed is a connected socket with a router to a 1280-byte link on its way.
type routed struct {
	t    *testing.T
	a, b *simnet.Conn
}

func throughRouter(t *testing.T, one, two string, f func(r routed)) {
	synctest.Test(t, func(t *testing.T) {
		n := new(simnet.Network)
		n.Extend(simnet.Router(1280))
		p, q := netip.MustParsePrefix(one), netip.MustParsePrefix(two)
		b, err := n.Host(q).Listen(netip.AddrPortFrom(q.Addr(), 0), simnet.Options{})
		require.NoError(t, err)
		defer b.Close()
		a, err := n.Host(p).Dial(netip.AddrPortFrom(p.Addr(), 0), b.LocalAddr().(*net.UDPAddr).AddrPort())
		require.NoError(t, err)
		defer a.Close()
		f(routed{t, a, b})
	})
}

// write sends so many bytes, and says whether they were refused.
func (r routed) write(size int) (refused bool) {
	_, err := r.a.Write(make([]byte, size))
	if err != nil {
		require.ErrorIs(r.t, err, syscall.EMSGSIZE)
	}
	return err != nil
}

func (r routed) mtu() int {
	mtu, err := r.a.PathMTU()
	require.NoError(r.t, err)
	return mtu
}

// sizes lists those of the datagrams that came through.
func (r routed) sizes() (sizes []int) {
	buf := make([]byte, 1<<16)
	for {
		r.b.SetReadDeadline(time.Now().Add(time.Second))
		n, _, err := r.b.ReadFrom(buf)
		if err != nil {
			return sizes
		}
		sizes = append(sizes, n)
	}
}

// TestRouter: where fragmentation is forbidden, what is too long is lost in
// silence; then the sender's host knows the MTU, and its socket has an error
// pending, which the next datagram that fits meets (RFC 1191; Linux).
func TestRouter(t *testing.T) {
	t.Run("do", func(t *testing.T) {
		throughRouter(t, "10.0.0.1/24", "10.0.0.2/24", func(r routed) {
			r.a.SetPMTUDiscovery(simnet.Do)
			require.Equal(t, 1500, r.mtu())
			require.True(t, r.write(1473))
			require.False(t, r.write(1450), "lost at the router")
			require.Equal(t, 1280, r.mtu())
			require.True(t, r.write(1450))
			require.True(t, r.write(1000), "the error that was pending")
			require.False(t, r.write(1252))
			require.True(t, r.write(1253))
			require.Equal(t, []int{1252}, r.sizes())
			_, err := r.b.PathMTU()
			require.ErrorIs(t, err, syscall.ENOTCONN)
		})
	})
	t.Run("want", func(t *testing.T) {
		throughRouter(t, "10.0.0.1/24", "10.0.0.2/24", func(r routed) {
			require.False(t, r.write(1473), "fragmented by the sender")
			require.False(t, r.write(1450), "lost at the router")
			require.True(t, r.write(1450), "the error that was pending")
			require.False(t, r.write(1450), "fragmented by the sender")
			require.Equal(t, []int{1473, 1450}, r.sizes())
		})
	})
	t.Run("dont", func(t *testing.T) {
		throughRouter(t, "10.0.0.1/24", "10.0.0.2/24", func(r routed) {
			r.a.SetPMTUDiscovery(simnet.Dont)
			require.False(t, r.write(1450), "fragmented at the router")
			require.Equal(t, 1500, r.mtu())
			require.Equal(t, []int{1450}, r.sizes())
		})
	})
	t.Run("IPv6", func(t *testing.T) {
		throughRouter(t, "fd00::1/64", "fd00::2/64", func(r routed) {
			r.a.SetPMTUDiscovery(simnet.Dont)
			require.False(t, r.write(1450), "lost: routers don't fragment IPv6")
			require.Equal(t, 1280, r.mtu())
			require.False(t, r.write(1450), "fragmented by the sender")
			r.a.SetPMTUDiscovery(simnet.Do)
			require.True(t, r.write(1233))
			require.False(t, r.write(1232))
			require.Equal(t, []int{1450, 1232}, r.sizes())
		})
	})
	t.Run("loopback", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			self := netip.AddrPortFrom(netip.IPv6Loopback(), 0)
			host := new(simnet.Network).Host()
			b, err := host.Listen(self, simnet.Options{})
			require.NoError(t, err)
			a, err := host.Dial(self, b.LocalAddr().(*net.UDPAddr).AddrPort())
			require.NoError(t, err)
			r := routed{t, a, b}
			require.False(t, r.write(65_489))
			a.SetPMTUDiscovery(simnet.Do)
			require.False(t, r.write(65_488))
			require.True(t, r.write(65_489))
			require.Equal(t, []int{65_489, 65_488}, r.sizes())
		})
	})
}

// TestSubnet: a broadcast reaches every host of its subnet and no other; where
// no subnet leads, nothing is sent.
func TestSubnet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(simnet.Network)
		listen := func(host, addr string) *simnet.Conn {
			c, err := n.Host(netip.MustParsePrefix(host)).Listen(netip.MustParseAddrPort(addr), simnet.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { c.Close() })
			return c
		}
		hears := func(c *simnet.Conn) string {
			c.SetReadDeadline(time.Now().Add(time.Second))
			buf := make([]byte, 10)
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return "nothing"
			}
			return string(buf[:n]) + " from " + from.String()
		}
		sender := listen("10.0.0.1/24", "10.0.0.1:1000")
		all := listen("10.0.0.2/24", "0.0.0.0:9")
		bound := listen("10.0.0.3/24", "10.0.0.255:9")
		own := listen("10.0.0.4/24", "10.0.0.4:9")
		elsewhere := listen("10.0.1.2/24", "0.0.0.0:9")
		_, err := sender.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.255:9")))
		require.NoError(t, err)
		require.Equal(t, "hello from 10.0.0.1:1000", hears(all))
		require.Equal(t, "hello from 10.0.0.1:1000", hears(bound))
		require.Equal(t, "nothing", hears(own))
		require.Equal(t, "nothing", hears(elsewhere))

		for _, to := range []string{"10.0.1.2:9", "192.0.2.1:9"} {
			_, err = sender.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
			require.ErrorIs(t, err, syscall.ENETUNREACH)
		}
		_, err = sender.WriteTo([]byte("hi"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.77:9")))
		require.NoError(t, err, "nobody has the address, which UDP does not say")
	})
}

// TestManyAtOnce: what the race detector looks at.
func TestManyAtOnce(t *testing.T) {
	inLAN(t, func(t *testing.T, l lan) {
		l.net.Extend(simnet.Delay(time.Microsecond))
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				for range 10 {
					l.a.WriteTo([]byte(strings.Repeat("x", 100)), l.b.LocalAddr())
				}
			})
			group.Go(func() {
				for range 10 {
					if _, _, err := l.b.ReadFrom(make([]byte, 100)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	})
}

// TestSubnetOnLoopback: hosts that are given addresses of 127.0.0.0/8 are hosts
// like others, each with its own.
func TestSubnetOnLoopback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(simnet.Network)
		listen := func(host, at string) *simnet.Conn {
			c, err := n.Host(netip.MustParsePrefix(host)).Listen(netip.MustParseAddrPort(at), simnet.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { c.Close() })
			return c
		}
		a := listen("127.10.0.1/24", "127.10.0.1:0")
		b := listen("127.10.0.2/24", "127.10.0.2:7")
		c := listen("127.10.0.3/24", "127.10.0.255:7")
		send := func(to, text string) error {
			_, err := a.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
			return err
		}
		heard := func(c *simnet.Conn) string {
			buf := make([]byte, 10)
			c.SetReadDeadline(time.Now().Add(time.Second))
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return "nothing"
			}
			require.Equal(t, a.LocalAddr(), from)
			return string(buf[:n])
		}
		require.NoError(t, send("127.10.0.2:7", "b"))
		require.Equal(t, "b", heard(b))
		require.Equal(t, "nothing", heard(c))
		require.NoError(t, send("127.10.0.255:7", "all"))
		require.Equal(t, "nothing", heard(b), "bound to its own address")
		require.Equal(t, "all", heard(c))
		require.ErrorIs(t, send("127.0.0.1:7", "local"), syscall.ENETUNREACH)
	})
}
