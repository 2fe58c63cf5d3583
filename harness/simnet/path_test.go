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

// heard is what b hears until nothing has come for a second, each with the
// time since start.
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
		{"duplicate", simnet.Only(is("2"), simnet.Duplicate(5*ms)), []string{"1 after 0s", "2 after 0s", "3 after 0s", "2 after 5ms"}},
		{"one later than the others", simnet.Only(is("1"), simnet.Delay(ms)), []string{"2 after 0s", "3 after 0s", "1 after 1ms"}},
		{"swapped", simnet.Hold(), []string{"2 after 0s", "1 after 0s"}},
		{"one after the other", simnet.Through(simnet.Delay(ms), simnet.Only(is("1"), simnet.Loss(func() bool { return true })), simnet.Delay(2*ms)),
			[]string{"2 after 3ms", "3 after 3ms"}},
		{"router", simnet.Router(1280), []string{"1 after 0s", "2 after 0s", "3 after 0s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inLAN(t, func(t *testing.T, l lan) {
				l.net.SetPath(tt.path)
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
		l.net.SetPath(simnet.Loss(func() bool { return true }))
		l.net.Inject(simnet.Datagram{From: server, To: to, Payload: []byte("fine")})
		buf := make([]byte, 10)
		n, from, err := l.b.ReadFrom(buf)
		require.NoError(t, err)
		require.Equal(t, "fine", string(buf[:n]))
		require.Equal(t, "10.0.0.99:53", from.String())
	})
}

// TestRouter: where cutting up is forbidden, what is too long is lost in
// silence; then the sender's socket knows the MTU and has an error pending,
// which the next datagram that fits meets (RFC 1191; Linux).
func TestRouter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(simnet.Network)
		n.SetPath(simnet.Router(1280))
		one, two := netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("10.0.0.2/24")
		b, err := n.Host(two).Listen(netip.AddrPortFrom(two.Addr(), 0), simnet.Options{})
		require.NoError(t, err)
		defer b.Close()
		a, err := n.Host(one).Dial(netip.AddrPortFrom(one.Addr(), 0), b.LocalAddr().(*net.UDPAddr).AddrPort())
		require.NoError(t, err)
		defer a.Close()
		write := func(size int) error {
			_, err := a.Write(make([]byte, size))
			return err
		}
		mtu := func() int {
			mtu, err := a.PathMTU()
			require.NoError(t, err)
			return mtu
		}
		require.NoError(t, write(1450), "cut up at the router")
		a.SetDontFragment(true)
		require.Equal(t, 1500, mtu())
		require.ErrorIs(t, write(1473), syscall.EMSGSIZE)
		require.NoError(t, write(1450), "lost at the router")
		require.Equal(t, 1280, mtu())
		require.ErrorIs(t, write(1450), syscall.EMSGSIZE)
		require.ErrorIs(t, write(1000), syscall.EMSGSIZE, "the error that was pending")
		require.NoError(t, write(1252))
		require.ErrorIs(t, write(1253), syscall.EMSGSIZE)

		var sizes []int
		buf := make([]byte, 1<<16)
		for {
			b.SetReadDeadline(time.Now().Add(time.Second))
			n, _, err := b.ReadFrom(buf)
			if err != nil {
				break
			}
			sizes = append(sizes, n)
		}
		require.Equal(t, []int{1450, 1252}, sizes)
		_, err = b.PathMTU()
		require.ErrorIs(t, err, syscall.ENOTCONN)
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
		all, bound, own := listen("10.0.0.2/24", "0.0.0.0:9"), listen("10.0.0.3/24", "10.0.0.255:9"), listen("10.0.0.4/24", "10.0.0.4:9")
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
		l.net.SetPath(simnet.Delay(time.Microsecond))
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
