package network

import (
	"net/netip"
	"testing"

	"udpkata/harness/capability"
	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
)

// Virtual4 and Virtual6 are networks in memory with one host.
var (
	Virtual4 = virtual(localhost4)
	Virtual6 = virtual(localhost6)
)

// Hosts4 and Hosts6 are networks in memory on which every socket is on a host of its
// own. What a program sends there on a socket of the kernel's stays on the computer.
var (
	Hosts4 = hosts(netip.MustParsePrefix("127.10.0.0/24"))
	Hosts6 = hosts(netip.MustParsePrefix("fd00::/64"))
)

// Offline is no network, for functions of values. It passes for one.
var Offline = inMemory("offline", Virtual4.Run)

var (
	// second6 is another address of the host that has ::1. IPv6 has only one on
	// loopback (RFC 4291 section 2.5.3), but here nobody minds.
	second6 = netip.MustParsePrefix("fd00::2/64")

	// beyond4 is on another subnet than the sockets of Hosts4.
	beyond4 = netip.MustParsePrefix("127.11.0.1/24")
)

func virtual(ip netip.Addr) Network[*OneHost] {
	run := func(t *testing.T, w Watch, story func(*OneHost)) error {
		inBubble(t, w, func() {
			n := &simnet.Network{Clock: w.Clock}
			n.Watch(w.Fated)
			story(&OneHost{ip: ip, net: n, host: n.Host(second6)})
		})
		return nil
	}
	return inMemory("virtual/"+version(ip), run)
}

func inMemory[H Host](name string, run func(t *testing.T, w Watch, story func(H)) error) Network[H] {
	return Network[H]{Name: name, Missing: capability.Bubbles.Missing, Virtual: true, Run: run}
}

// OneHost is the only host of a network in memory.
type OneHost struct {
	ip   netip.Addr
	net  *simnet.Network
	host *simnet.Host
}

// Net returns the network.
func (v *OneHost) Net() *simnet.Network { return v.net }

// Addr returns 127.0.0.1 or ::1.
func (v *OneHost) Addr() netip.Addr { return v.ip }

// SecondAddr returns another address of the host, which there is always.
func (v *OneHost) SecondAddr() (netip.Addr, error) {
	if v.ip.Is6() {
		return second6.Addr(), nil
	}
	return second4, nil
}

// Listen opens a socket, for whomever.
func (v *OneHost) Listen(at netip.AddrPort) (record.Socket, error) {
	return socket(v.host.Listen(at, simnet.Options{}))
}

// ListenPeer opens a socket on any port.
func (v *OneHost) ListenPeer() (record.Socket, error) { return v.Listen(netip.AddrPortFrom(v.ip, 0)) }

// Dial opens a connected socket.
func (v *OneHost) Dial(to netip.AddrPort) (record.Socket, error) {
	return socket(v.host.Dial(netip.AddrPortFrom(v.ip, 0), to))
}

func hosts(subnet netip.Prefix) Network[*Hosts] {
	run := func(t *testing.T, w Watch, story func(*Hosts)) error {
		inBubble(t, w, func() {
			n := &simnet.Network{Clock: w.Clock}
			n.Watch(w.Fated)
			story(&Hosts{OneHost: OneHost{ip: subnet.Addr(), net: n}, subnet: subnet, last: subnet.Addr()})
		})
		return nil
	}
	return inMemory("virtual/"+version(subnet.Addr()), run)
}

// Hosts opens each socket on a new host, whatever address it is told.
type Hosts struct {
	OneHost
	subnet netip.Prefix
	last   netip.Addr
}

// SecondAddr returns no address.
func (h *Hosts) SecondAddr() (netip.Addr, error) { return netip.Addr{}, errOneEach }

func (h *Hosts) newHost() *simnet.Host {
	h.last = h.last.Next()
	return h.net.Host(netip.PrefixFrom(h.last, h.subnet.Bits()))
}

// Listen opens a socket on a new host, at a port.
func (h *Hosts) Listen(at netip.AddrPort) (record.Socket, error) {
	host := h.newHost()
	return socket(host.Listen(netip.AddrPortFrom(h.last, at.Port()), simnet.Options{}))
}

// ListenPeer opens a socket on a new host, at any port.
func (h *Hosts) ListenPeer() (record.Socket, error) { return h.Listen(netip.AddrPortFrom(h.ip, 0)) }

// Dial opens a connected socket on a new host.
func (h *Hosts) Dial(to netip.AddrPort) (record.Socket, error) {
	host := h.newHost()
	return socket(host.Dial(netip.AddrPortFrom(h.last, 0), to))
}

// Broadcast returns the subnet's last address.
func (h *Hosts) Broadcast() (netip.Addr, error) { return nth(h.subnet, broadcastNumber), nil }

// ListenBroadcast opens a socket at that address, on a new host.
func (h *Hosts) ListenBroadcast(port uint16) (record.Socket, error) {
	everyone := netip.AddrPortFrom(nth(h.subnet, broadcastNumber), port)
	return socket(h.newHost().Listen(everyone, simnet.Options{}))
}

// Router puts another router behind those that are there.
func (h *Hosts) Router(mtu int) error {
	h.net.Extend(simnet.Router(mtu))
	return nil
}

// DialPath opens a connected socket on a new host.
func (h *Hosts) DialPath(to netip.AddrPort) (PathSocket, error) {
	host := h.newHost()
	conn, err := host.Dial(netip.AddrPortFrom(h.last, 0), to)
	if err != nil {
		return nil, err
	}
	conn.SetPMTUDiscovery(simnet.Do)
	return conn, nil
}

// ListenBeyond opens a socket on another subnet.
func (h *Hosts) ListenBeyond(port uint16) (record.Socket, error) {
	everywhere := netip.AddrPortFrom(netip.IPv4Unspecified(), port)
	return socket(h.net.Host(beyond4).Listen(everywhere, simnet.Options{}))
}

// socket keeps a nil pointer out of the interface.
func socket[S record.Socket](s S, err error) (record.Socket, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
