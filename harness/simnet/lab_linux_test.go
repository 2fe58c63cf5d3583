package simnet_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/netlab"
	"udpkata/harness/netlab/labtest"
	"udpkata/harness/simnet"
	"udpkata/harness/sockopt"
)

// A hostRow is a scenario with several hosts: what is observed in the lab and on
// simnet must be the same.
type hostRow struct {
	name   string
	only   int  // the one version of IP that it is about; 0 if either
	routed bool // d is beyond a router, on a link with an MTU of 1280 bytes
	run    func(h *hosts)
}

// hosts is an env in which a, b and c are on one subnet, with links of 1500 bytes,
// and d, where there is a router, is on another.
type hosts struct {
	*env
	all     map[string]host
	headers int // of IP and UDP, in bytes
	subnet  netip.Prefix
}

type host struct {
	opener
	ip netip.Addr
}

// on makes a host the one that sockets are opened on.
func (h *hosts) on(name string) *env {
	h.opener, h.ip = h.all[name].opener, h.all[name].ip
	return h.env
}

// everyone returns the subnet's broadcast address.
func (h *hosts) everyone(port uint16) netip.AddrPort {
	all := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.255"), port)
	h.names[all.String()] = "everyone"
	return all
}

// bytes sends so many from a connected socket.
func (h *hosts) bytes(c udpConn, n int) { h.write(c, strings.Repeat("x", n)) }

// packet sends bytes that make an IP packet of a length.
func (h *hosts) packet(c udpConn, length int) { h.bytes(c, length-h.headers) }

// sendPacket does what packet does, from a socket that is not connected.
func (h *hosts) sendPacket(from, to udpConn, length int) {
	h.send(from, to, strings.Repeat("x", length-h.headers))
}

func (h *hosts) noteMTU(c udpConn) {
	mtu, err := pathMTU(c)
	h.note("MTU: %d, %v", mtu, outcome{err})
}

// told waits until a router's word has come back for what c has sent, and its error
// is pending.
func (h *hosts) told(c udpConn, mtu int) {
	h.learnt(c, mtu)
	if socket, kernels := c.(*net.UDPConn); kernels {
		pending, err := sockopt.ErrorPending(socket, time.Minute)
		require.NoError(h.t, err)
		require.True(h.t, pending)
	}
}

// learnt waits until a router's word has come back.
func (h *hosts) learnt(c udpConn, mtu int) {
	for got := 0; got != mtu; {
		var err error
		got, err = pathMTU(c)
		require.NoError(h.t, err)
		if !h.kernel {
			require.Equal(h.t, mtu, got)
		}
	}
}

// pathMTU returns a connected socket's IP_MTU or IPV6_MTU.
func pathMTU(c udpConn) (int, error) {
	if sim, ok := c.(*simnet.Conn); ok {
		return sim.PathMTU()
	}
	return sockopt.PathMTU(c.(*net.UDPConn), addrPort(c).Addr().Is6())
}

// discover sets IP_MTU_DISCOVER or IPV6_MTU_DISCOVER.
func (h *hosts) discover(c udpConn, how simnet.PMTUDiscovery) udpConn {
	if sim, ok := c.(*simnet.Conn); ok {
		sim.SetPMTUDiscovery(how)
		return c
	}
	value := map[simnet.PMTUDiscovery]sockopt.PMTUDiscovery{
		simnet.Dont: sockopt.Dont, simnet.Want: sockopt.Want, simnet.Do: sockopt.Do,
	}[how]
	require.NoError(h.t, sockopt.SetPMTUDiscovery(c.(*net.UDPConn), addrPort(c).Addr().Is6(), value))
	return c
}

var hostRows = []hostRow{
	{name: "two hosts", run: func(h *hosts) {
		a := h.on("a").open("a")
		b := h.on("b").open("b")
		h.send(a, b, "hello")
		h.receive(b)
		h.send(b, a, "hi")
		h.receive(a)
	}},
	{name: "the same port on two hosts", run: func(h *hosts) {
		a := h.on("a").open("a")
		b := h.on("b").openAt("a", netip.AddrPortFrom(h.all["b"].ip, port(a)), false)
		h.send(a, b, "to the other")
		h.receive(b)
		h.send(b, b, "to oneself")
		h.receive(b)
		h.receive(a)
	}},
	{name: "nobody on another host", run: func(h *hosts) {
		b := h.on("b").gone()
		a := h.on("a").connect("a", b)
		h.write(a, "anybody?")
		h.read(a, 10)
		h.write(a, "the next")
	}},
	{name: "another host's loopback", run: func(h *hosts) {
		loop := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if h.ip.Is6() {
			loop = netip.IPv6Loopback()
		}
		h.on("b").open("another") // so that b has a port that a has not
		b := h.on("b").openAt("b", netip.AddrPortFrom(loop, 0), false)
		a := h.on("a").openAt("a", netip.AddrPortFrom(loop, 0), false)
		h.send(a, b, "nobody here")
		h.receive(b)
	}},

	{name: "a link's MTU", run: func(h *hosts) {
		b := h.on("b").open("b")
		a := h.discover(h.on("a").connect("a", b), simnet.Do)
		h.noteMTU(a)
		h.packet(a, 1500)
		h.receive(b)
		h.packet(a, 1501)
		h.bytes(a, 1)
		h.receive(b)
		h.discover(a, simnet.Want)
		h.packet(a, 1501)
		h.receive(b)
		h.discover(a, simnet.Dont)
		h.packet(a, 1501)
		h.receive(b)
		h.bytes(a, maxPayload(h.ip))
		h.receive(b)
		h.bytes(a, maxPayload(h.ip)+1)
		h.noteMTU(a)
	}},
	{name: "a link's MTU, not connected", run: func(h *hosts) {
		b := h.on("b").open("b")
		a := h.discover(h.on("a").open("a"), simnet.Do)
		h.noteMTU(a)
		h.sendPacket(a, b, 1501)
		h.sendPacket(a, b, 1500)
		h.receive(b)
	}},
	{name: "the MTU of oneself", run: func(h *hosts) {
		b := h.on("a").open("b")
		a := h.discover(h.on("a").connect("a", b), simnet.Do)
		h.noteMTU(a)
		h.packet(a, 1501)
		h.receive(b)
	}},

	{name: "do", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Do)
		h.noteMTU(a)
		h.packet(a, 1501)
		h.packet(a, 1450) // lost at the router
		h.told(a, 1280)
		h.noteMTU(a)
		h.packet(a, 1450)
		h.packet(a, 1000) // the error that was pending
		h.packet(a, 1280)
		h.packet(a, 1281)
		h.receive(d)
		h.receive(d)
	}},
	{name: "do, and a read takes the error", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Do)
		h.packet(a, 1450)
		h.read(a, 10)
		h.packet(a, 1280)
		h.receive(d)
	}},
	{name: "do, while a read waits", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Do)
		h.during(func() { a.Write(make([]byte, 1450-h.headers)) }, func() { h.read(a, 10) })
		h.noteMTU(a)
	}},
	{name: "do, and one that fits takes the error", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Do)
		h.packet(a, 1450)
		h.told(a, 1280)
		h.packet(a, 100)
		h.packet(a, 100)
		h.receive(d)
		h.receive(d)
	}},
	{name: "do, not connected", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		witness := h.discover(h.on("a").connect("witness", d), simnet.Do)
		a := h.discover(h.on("a").open("a"), simnet.Do)
		h.packet(witness, 1450)
		h.told(witness, 1280)
		h.sendPacket(a, d, 1450)
		h.sendPacket(a, d, 1280) // it has no error pending
		h.receive(d)
		h.noteMTU(a)
	}},
	{name: "what a host knows", routed: true, run: func(h *hosts) {
		d, b := h.on("d").open("d"), h.on("b").open("b")
		a := h.discover(h.on("a").connect("a", d), simnet.Do)
		h.packet(a, 1450)
		h.told(a, 1280)
		h.noteMTU(h.on("a").connect("another socket", d))
		h.noteMTU(h.on("a").connect("to another host", b))
		h.noteMTU(h.on("c").connect("another host", d))
	}},
	{name: "want", routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.on("a").connect("a", d)
		h.packet(a, 1501) // fragmented by the sender
		h.receive(d)
		h.packet(a, 1450) // lost at the router
		h.told(a, 1280)
		h.packet(a, 1450) // the error that was pending
		h.packet(a, 1450) // fragmented by the sender
		h.receive(d)
		h.receive(d)
	}, only: 4}, // on IPv6, fragments of 1500 bytes are lost at the router as well
	{name: "want, on IPv6", only: 6, routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.on("a").connect("a", d)
		h.packet(a, 1450)
		h.told(a, 1280)
		h.packet(a, 1450)
		h.packet(a, 1450)
		h.receive(d)
		h.receive(d)
	}},
	{name: "don't", only: 4, routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Dont)
		h.packet(a, 1450) // fragmented at the router
		h.receive(d)
		h.noteMTU(a)
	}},
	{name: "don't, on IPv6", only: 6, routed: true, run: func(h *hosts) {
		d := h.on("d").open("d")
		a := h.discover(h.on("a").connect("a", d), simnet.Dont)
		h.packet(a, 1450) // lost: routers don't fragment IPv6
		h.learnt(a, 1280)
		h.packet(a, 1450) // fragmented by the sender; no error was pending
		h.receive(d)
		h.receive(d)
	}},

	{name: "a broadcast", only: 4, run: func(h *hosts) {
		all := h.on("b").openAt("all", netip.AddrPortFrom(unspecified(h.ip), 0), true)
		everyone := h.everyone(port(all))
		listeners := []udpConn{
			all,
			h.on("b").openAt("all", everyone, true),
			h.on("b").openAt("all", netip.AddrPortFrom(h.ip, port(all)), true), // its own address: hears nothing
			h.on("c").openAt("all", everyone, true),
			h.on("c").openAt("all", netip.AddrPortFrom(unspecified(h.ip), port(all)), true),
			h.on("a").openAt("all", netip.AddrPortFrom(unspecified(h.ip), port(all)), true), // on the sender's host
		}
		sender, other := h.on("a").open("sender"), h.on("c").open("other")
		n, err := sender.WriteTo([]byte("to all"), net.UDPAddrFromAddrPort(everyone))
		h.note("%d, %v", n, outcome{err})
		for _, l := range append(listeners, other) {
			h.receive(l)
			h.receive(l)
		}
	}},
	{name: "a broadcast to nobody", only: 4, run: func(h *hosts) {
		gone := h.on("b").gone()
		a := h.on("a").open("a")
		for range 2 {
			n, err := a.WriteTo([]byte("anybody?"), net.UDPAddrFromAddrPort(h.everyone(port(gone))))
			h.note("%d, %v", n, outcome{err})
		}
	}},
	{name: "a broadcast without permission", only: 4, run: func(h *hosts) {
		b := h.on("b").open("b")
		a := h.on("a").open("a")
		h.setBroadcast(a, false)
		n, err := a.WriteTo([]byte("to all"), net.UDPAddrFromAddrPort(h.everyone(port(b))))
		h.note("%d, %v", n, outcome{err})
		h.send(a, b, "to one")
		h.receive(b)
	}},
	{name: "connected to everyone", only: 4, run: func(h *hosts) {
		b := h.on("b").openAt("b", netip.AddrPortFrom(unspecified(h.ip), 0), false)
		a, err := h.on("a").dial(h.any(), h.everyone(port(b)))
		require.NoError(h.t, err)
		h.name("a", a)
		h.write(a, "to all")
		h.receive(b)
		h.send(b, a, "an answer")
		h.receive(a)
	}},
}

// inSimnet makes the hosts of a row in memory. A router is a path on one subnet,
// which all of them are in.
func inSimnet(h *hosts, ips map[string]netip.Addr, r hostRow) {
	n := new(simnet.Network)
	bits := h.subnet.Bits()
	if r.routed {
		n.Extend(simnet.Only(func(d simnet.Datagram) bool { return d.To.Addr() == ips["d"] }, simnet.Router(1280)))
		bits = 16
	}
	for name, ip := range ips {
		h.all[name] = host{simSockets{n.Host(netip.PrefixFrom(ip, bits))}, ip}
	}
}

// inLab makes them in a lab.
func inLab(h *hosts, ips map[string]netip.Addr, r hostRow) (closeLab func()) {
	l, err := netlab.New()
	require.NoError(h.t, err)
	bits := h.subnet.Bits()
	cidr := func(ip netip.Addr) string { return netip.PrefixFrom(ip, bits).String() }
	near, far := l.Subnet("near", 1500), l.Subnet("far", 1280)
	nearSide, farSide := h.subnet.Addr().Next(), ips["d"].Next()
	if r.routed {
		router := l.Host("router")
		near.Attach(router, cidr(nearSide))
		far.Attach(router, cidr(farSide))
		l.Forward(router, nearSide.Is6())
	}
	for name, ip := range ips {
		machine := l.Host(name)
		subnet, gateway := near, nearSide
		if name == "d" {
			subnet, gateway = far, farSide
		}
		subnet.Attach(machine, cidr(ip))
		if r.routed {
			l.Route(machine, gateway.String())
		}
		h.all[name] = host{labSockets{kernelSockets{h.t}, machine}, ip}
	}
	require.NoError(h.t, l.Err())
	return l.Close
}

// labSockets opens the kernel's sockets on one host.
type labSockets struct {
	kernelSockets
	host *netlab.Host
}

func (s labSockets) listen(addr netip.AddrPort, shared bool) (c udpConn, err error) {
	s.host.Do(func() error {
		c, err = s.kernelSockets.listen(addr, shared)
		return nil
	})
	return c, err
}

func (s labSockets) dial(addr, to netip.AddrPort) (c udpConn, err error) {
	s.host.Do(func() error {
		c, err = s.kernelSockets.dial(addr, to)
		return nil
	})
	return c, err
}

// TestLabConformance: what happens between hosts on simnet happens in the lab.
func TestLabConformance(t *testing.T) {
	addr := netip.MustParseAddr
	versions := []struct {
		number  int
		subnet  string
		ips     map[string]netip.Addr
		headers int
	}{
		{4, "10.0.0.0/24", map[string]netip.Addr{"a": addr("10.0.0.11"), "b": addr("10.0.0.12"), "c": addr("10.0.0.13"),
			"d": addr("10.0.1.14")}, 28},
		{6, "fd00::/64", map[string]netip.Addr{"a": addr("fd00::11"), "b": addr("fd00::12"), "c": addr("fd00::13"),
			"d": addr("fd00:1::14")}, 48},
	}
	labtest.In(t, func(*netlab.Lab) {
		for _, v := range versions {
			for _, r := range hostRows {
				if r.only != 0 && r.only != v.number {
					continue
				}
				t.Run(fmt.Sprintf("%s/ip%d", r.name, v.number), func(t *testing.T) {
					h := &hosts{all: map[string]host{}, headers: v.headers, subnet: netip.MustParsePrefix(v.subnet)}
					prepare := func(e *env) { h.env, e.ip = e, v.ips["a"] }
					closeLab := func() {}
					defer func() { closeLab() }()
					compareOn(t,
						func(e *env) { prepare(e); inSimnet(h, v.ips, r) },
						func(e *env) { prepare(e); closeLab = inLab(h, v.ips, r) },
						func(*env) { r.run(h) })
				})
			}
		}
	})
}
