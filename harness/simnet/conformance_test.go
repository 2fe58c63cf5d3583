package simnet_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
)

// A row is one scenario: what is observed on the kernel's loopback and on
// simnet must be the same.
type row struct {
	name  string
	only4 bool // IPv6 has nothing like it
	linux bool // other systems do it otherwise
	run   func(e *env)
}

var loopback2 = netip.MustParseAddr("127.0.0.2")

// rows are about sockets that are not connected.
var rows = []row{
	{name: "send and receive", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, "hello")
		e.receive(b)
		e.send(b, a, "hi")
		e.receive(a)
	}},
	{name: "nothing comes", run: func(e *env) { e.receive(e.open("a")) }},
	{name: "empty datagram", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, "")
		e.receive(b)
		e.receive(b)
	}},
	{name: "order", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		for i := range 5 {
			e.send(a, b, fmt.Sprint(i))
		}
		for range 6 {
			e.receive(b)
		}
	}},
	{name: "two senders", run: func(e *env) {
		a, b, c := e.open("a"), e.open("b"), e.open("c")
		e.send(a, c, "from a")
		e.send(b, c, "from b")
		e.receive(c)
		e.receive(c)
	}},
	{name: "to oneself", run: func(e *env) {
		a := e.open("a")
		e.send(a, a, "me")
		e.receive(a)
	}},
	{name: "the sender's buffer is its own again", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		buf := []byte("old")
		a.WriteTo(buf, b.LocalAddr())
		copy(buf, "new")
		e.receive(b)
	}},
	{name: "short buffer", linux: true, run: func(e *env) { // Windows reports WSAEMSGSIZE
		a, b := e.open("a"), e.open("b")
		e.send(a, b, "0123456789")
		e.send(a, b, "next")
		e.readFrom(b, 4)
		e.readFrom(b, 4)
	}},
	{name: "no buffer", linux: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, "gone")
		e.send(a, b, "next")
		e.readFrom(b, 0)
		e.receive(b)
	}},
	{name: "the biggest", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, strings.Repeat("x", maxPayload(e.ip)))
		e.receive(b)
	}},
	{name: "one byte too many", linux: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, strings.Repeat("x", maxPayload(e.ip)+1))
		e.receive(b)
	}},
	{name: "far too many bytes", linux: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, strings.Repeat("x", 70_000))
		c := e.connect("c", b)
		e.write(c, strings.Repeat("x", 70_000))
		e.receive(b)
	}},
	{name: "a full queue drops what comes last", linux: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		const most = 5000
		for i := range most {
			a.WriteTo(fmt.Append(nil, i), b.LocalAddr())
		}
		b.SetReadDeadline(time.Now().Add(time.Minute)) // all that is read here is there
		buf := make([]byte, 20)
		next := func() string {
			n, _, err := b.ReadFrom(buf)
			require.NoError(e.t, err)
			return string(buf[:n])
		}
		for i := range 100 {
			require.Equal(e.t, fmt.Sprint(i), next())
		}
		e.send(a, b, "room again")
		n := 100
		for text := next(); text != "room again"; text = next() {
			require.Equal(e.t, fmt.Sprint(n), text)
			n++
		}
		e.note("some were lost: %v", n < most)
	}},

	{name: "a past deadline hides what is queued", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(a, b, "hello")
		e.note("%v", outcome{b.SetReadDeadline(time.Unix(1, 0))})
		e.readFrom(b, 10)
		e.readFrom(b, 10)
		b.SetReadDeadline(time.Time{})
		e.readFrom(b, 10)
	}},
	{name: "a deadline passes while somebody waits", run: func(e *env) {
		a := e.open("a")
		a.SetReadDeadline(time.Now().Add(soon))
		e.readFrom(a, 10)
	}},
	{name: "a deadline is moved forward while somebody waits", run: func(e *env) {
		a := e.open("a")
		a.SetReadDeadline(time.Now().Add(time.Hour))
		e.during(func() { a.SetReadDeadline(time.Now()) }, func() { e.readFrom(a, 10) })
	}},
	{name: "a deadline is set while somebody waits", run: func(e *env) {
		a := e.open("a")
		e.during(func() { a.SetDeadline(time.Unix(1, 0)) }, func() { e.readFrom(a, 10) })
	}},
	{name: "a deadline is cleared while somebody waits", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		a.SetReadDeadline(time.Now().Add(time.Hour))
		e.during(func() {
			a.SetReadDeadline(time.Time{})
			b.WriteTo([]byte("late"), a.LocalAddr())
		}, func() { e.readFrom(a, 10) })
	}},
	{name: "a datagram comes while somebody waits", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.during(func() { b.WriteTo([]byte("late"), a.LocalAddr()) }, func() { e.readFrom(a, 10) })
	}},
	{name: "a passed deadline stays passed", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		a.SetReadDeadline(time.Now().Add(soon))
		e.readFrom(a, 10)
		e.send(b, a, "hello")
		e.readFrom(a, 10)
	}},
	{name: "a past write deadline", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		a.SetWriteDeadline(time.Unix(1, 0))
		e.send(a, b, "hello")
		e.send(b, a, "hi")
		e.receive(a)
		a.SetWriteDeadline(time.Time{})
		e.send(a, b, "hello")
		e.receive(b)
	}},
	{name: "a past read deadline does not keep from sending", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		a.SetReadDeadline(time.Unix(1, 0))
		e.send(a, b, "hello")
		e.receive(b)
	}},
	{name: "both deadlines at once", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		a.SetDeadline(time.Unix(1, 0))
		e.send(a, b, "hello")
		e.readFrom(a, 10)
	}},

	{name: "close while somebody waits", run: func(e *env) {
		a := e.open("a")
		e.during(func() { a.Close() }, func() { e.readFrom(a, 10) })
	}},
	{name: "close while somebody waits with a deadline", run: func(e *env) {
		a := e.open("a")
		a.SetReadDeadline(time.Now().Add(time.Hour))
		e.during(func() { a.Close() }, func() { e.readFrom(a, 10) })
	}},
	{name: "everything fails after close", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		e.send(b, a, "queued")
		e.note("Close: %v", outcome{a.Close()})
		e.readFrom(a, 10)
		e.send(a, b, "hello")
		e.note("SetDeadline: %v", outcome{a.SetDeadline(time.Time{})})
		e.note("SetReadDeadline: %v", outcome{a.SetReadDeadline(time.Time{})})
		e.note("SetWriteDeadline: %v", outcome{a.SetWriteDeadline(time.Time{})})
		e.note("Close: %v", outcome{a.Close()})
		e.note("%v", a.LocalAddr())
	}},
	{name: "everything fails after close, connected", run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.note("Close: %v", outcome{c.Close()})
		e.read(c, 10)
		e.read(c, 0)
		e.write(c, "hello")
		e.note("Close: %v", outcome{c.Close()})
		e.note("%v", c.RemoteAddr())
	}},
	{name: "close beats a past deadline", run: func(e *env) {
		a := e.open("a")
		a.SetReadDeadline(time.Unix(1, 0))
		a.Close()
		e.readFrom(a, 10)
	}},

	{name: "a port is free after close", run: func(e *env) {
		a := e.open("a")
		addr := addrPort(a)
		a.Close()
		b := e.openAt("a", addr, false)
		e.send(b, b, "hello")
		e.receive(b)
	}},
	{name: "a port is taken", run: func(e *env) {
		a := e.open("a")
		_, err := e.listen(addrPort(a), false)
		e.note("%v", outcome{err})
	}},
	{name: "a port is taken for who dials as well", run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		_, err := e.dial(addrPort(a), addrPort(b))
		e.note("%v", outcome{err})
	}},
	{name: "ports that are handed out differ", run: func(e *env) {
		ports := map[uint16]bool{}
		for range 50 {
			ports[port(e.open("x"))] = true
		}
		e.note("%d ports", len(ports))
	}},
	{name: "all addresses and one of them conflict", linux: true, run: func(e *env) {
		a := e.open("a")
		_, err := e.listen(netip.AddrPortFrom(unspecified(e.ip), port(a)), false)
		e.note("%v", err != nil)
	}},
	{name: "the same port on another address", only4: true, linux: true, run: func(e *env) {
		a := e.open("a")
		b, err := e.listen(netip.AddrPortFrom(loopback2, port(a)), false)
		e.note("%v", outcome{err})
		e.conns = append(e.conns, b)
		e.send(a, b, "hello")
		e.receive(a)
		e.receive(b)
		e.send(b, a, "hi")
		e.receive(a)
	}},
	{name: "an address that is not the host's", run: func(e *env) {
		addr := netip.MustParseAddr("192.0.2.1") // for examples (RFC 5737, RFC 3849)
		if e.ip.Is6() {
			addr = netip.MustParseAddr("2001:db8::1")
		}
		if missing := capability.AbsentAddress(addr).Missing(); missing != nil {
			e.t.Log(missing)
			return
		}
		_, err := e.listen(netip.AddrPortFrom(addr, 0), false)
		e.note("%v", outcome{err})
	}},
	{name: "all addresses", only4: true, run: func(e *env) {
		a := e.openAt("a", netip.AddrPortFrom(unspecified(e.ip), 0), false)
		b := e.open("b")
		_, err := b.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.AddrPortFrom(e.ip, port(a))))
		e.note("%v", outcome{err})
		e.receive(a)
		e.send(a, b, "from all of them")
		e.receive(b)
	}},
	{name: "a shared port", linux: true, run: func(e *env) {
		a := e.openAt("a", e.any(), true)
		b := e.openAt("a", addrPort(a), true)
		c := e.open("c")
		e.send(c, a, "to the newest")
		e.receive(a)
		e.receive(b)
		b.Close()
		e.send(c, a, "to who is left")
		e.receive(a)
	}},
	{name: "a port that is shared by one side only", linux: true, run: func(e *env) {
		a := e.openAt("a", e.any(), true)
		_, err := e.listen(addrPort(a), false)
		e.note("%v", outcome{err})
		b := e.open("b")
		_, err = e.listen(addrPort(b), true)
		e.note("%v", outcome{err})
	}},

	{name: "a broadcast reaches everybody on the port", only4: true, linux: true, run: func(e *env) {
		all := netip.AddrPortFrom(netip.MustParseAddr("127.255.255.255"), 0)
		a := e.openAt("a", all, true)
		all = netip.AddrPortFrom(all.Addr(), port(a))
		b := e.openAt("a", all, true)
		c := e.openAt("a", netip.AddrPortFrom(unspecified(e.ip), port(a)), true)
		deaf := e.openAt("a", netip.AddrPortFrom(e.ip, port(a)), true)
		sender := e.open("sender")
		n, err := sender.WriteTo([]byte("to all"), net.UDPAddrFromAddrPort(all))
		e.note("%d, %v", n, outcome{err})
		e.receive(c)
		for _, conn := range []udpConn{a, b, deaf} {
			e.receive(conn)
			e.receive(conn)
		}
	}},
	{name: "a broadcast to nobody", only4: true, linux: true, run: func(e *env) {
		gone, a := e.gone(), e.open("a")
		to := &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255), Port: int(port(gone))}
		for range 2 {
			n, err := a.WriteTo([]byte("anybody?"), to)
			e.note("%d, %v", n, outcome{err})
		}
	}},
	{name: "a broadcast without permission", only4: true, linux: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		to := &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255), Port: int(port(b))}
		e.setBroadcast(a, false)
		n, err := a.WriteTo([]byte("to all"), to)
		e.note("%d, %v", n, outcome{err})
		e.send(a, b, "to one")
		e.setBroadcast(a, true)
		n, err = a.WriteTo([]byte("to all"), to)
		e.note("%d, %v", n, outcome{err})
	}},

	{name: "odd destinations", run: func(e *env) {
		a := e.open("a")
		for _, to := range []net.Addr{nil, (*net.UDPAddr)(nil), &net.TCPAddr{IP: e.ip.AsSlice(), Port: 1}} {
			n, err := a.WriteTo([]byte("x"), to)
			e.note("%d, %v", n, outcome{err})
		}
	}},
	{name: "port 0", linux: true, run: func(e *env) {
		a := e.open("a")
		n, err := a.WriteTo([]byte("x"), &net.UDPAddr{IP: e.ip.AsSlice()})
		e.note("%d, %v", n, outcome{err})
	}},
	{name: "IPv6 from IPv4", only4: true, run: func(e *env) {
		a := e.open("a")
		n, err := a.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv6loopback, Port: 9})
		e.note("%d, %v", n, outcome{err})
	}},
	{name: "IPv4 in IPv6 notation", only4: true, run: func(e *env) {
		a, b := e.open("a"), e.open("b")
		n, err := a.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1).To16(), Port: int(port(b))})
		e.note("%d, %v", n, outcome{err})
		e.receive(b)
	}},
}

func unspecified(ip netip.Addr) netip.Addr {
	if ip.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func maxPayload(ip netip.Addr) int {
	if ip.Is4() {
		return 65507
	}
	return 65527
}

// ips returns the loopback addresses that this machine has, by name.
func ips(t *testing.T) map[string]netip.Addr {
	all := map[string]netip.Addr{"ip4": netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	if missing := capability.IPv6.Missing(); missing != nil {
		t.Logf("without IPv6: it %v", missing)
	} else {
		all["ip6"] = netip.IPv6Loopback()
	}
	return all
}

func TestConformance(t *testing.T) {
	for name, ip := range ips(t) {
		for _, r := range slices.Concat(rows, connectedRows) {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				switch {
				case r.only4 && ip.Is6():
					t.Skip("IPv6 has nothing like it")
				case r.linux && runtime.GOOS != "linux":
					t.Skip("needs Linux: other systems do this otherwise")
				}
				compare(t, ip, r.run)
			})
		}
	}
}
