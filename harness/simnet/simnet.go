// Package simnet is a UDP network in memory: hosts with addresses, sockets on
// their ports, and paths between them that lose, delay, repeat, reorder or
// refuse datagrams.
//
// It is made for the inside of a [testing/synctest] bubble, where its delays and
// deadlines are exact and cost no time. It starts no goroutine, and holds no
// mutex while it waits. Its sockets give what the kernel's give, as far as UDP
// promises anything: the errors are *net.OpError over the same causes. Where
// kernels differ, Linux is the model.
//
//	var n simnet.Network
//	host := n.Host(netip.MustParsePrefix("10.0.0.1/24"))
//	n.Extend(simnet.Delay(20 * time.Millisecond))
//	conn, err := host.Listen(netip.MustParseAddrPort("10.0.0.1:0"), simnet.Options{})
//
// What is not modelled: multicast, interfaces' zones, IP options, and limits on
// the rate of ICMP messages.
package simnet

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"

	"udpkata/harness/internal/clock"
)

// A Network is a set of hosts that can reach each other. The zero Network has
// none, and loses nothing. It is safe for concurrent use.
type Network struct {
	Clock *clock.Clock // the story's; nil is the bubble's

	mu    sync.Mutex
	hosts []*Host
	path  Path
	watch func(sent Datagram, arrivals []Datagram)
}

// A Host is one machine on a network. Beside the addresses that it was given,
// it has the loopback addresses 127.0.0.0/8 and ::1, which only it can reach; but
// not if it was given one of 127.0.0.0/8, which is then an address like others.
// (On the real loopback nothing sent there leaves the computer.)
type Host struct {
	network  *Network
	loopback bool // has 127.0.0.0/8 and ::1
	prefixes []netip.Prefix
	sockets  []*Conn // the newest last
	lastPort uint16
	learned  map[netip.Addr]int // path MTUs that routers told of
}

// Linux hands out ports from this range, see ip_local_port_range in ip(7).
const (
	firstPort = 32768
	lastPort  = 60999
)

var loopbacks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")}

// Host adds a host with these addresses, each with its subnet's length.
func (n *Network) Host(addrs ...netip.Prefix) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &Host{network: n, prefixes: slices.Clone(addrs), lastPort: lastPort, learned: map[netip.Addr]int{}}
	h.loopback = !slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return p.Addr().IsLoopback() })
	if h.loopback {
		h.prefixes = append(h.prefixes, loopbacks...)
	}
	n.hosts = append(n.hosts, h)
	return h
}

// Extend makes every datagram sent from now on go through a path, after those that it
// went through before: at first a network has none, and is without faults.
func (n *Network) Extend(path Path) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.path != nil {
		path = Through(n.path, path)
	}
	n.path = path
}

// Watch has watch called for every datagram that is sent from now on, with what will
// arrive of it. It is called by the sender, and must not send.
func (n *Network) Watch(watch func(sent Datagram, arrivals []Datagram)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.watch = watch
}

// Inject delivers datagrams as if their senders had sent them: From may be anybody's
// address. They pass no path, and whoever reads the first finds the others behind it.
func (n *Network) Inject(all ...Datagram) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range all {
		for _, h := range n.hosts {
			if h.owns(d.To.Addr()) || h.isLocal(d.To.Addr()) {
				h.receive(d)
			}
		}
	}
}

// Options say how a socket is opened.
type Options struct {
	// Shared lets other shared sockets have the same port, as SO_REUSEADDR
	// does on Linux: broadcasts reach all of them, other datagrams the newest.
	Shared bool
}

// Listen opens an unconnected socket on one of the host's addresses, or on all
// of one IP version for the unspecified address. Port 0 takes a free one. Errors
// are those of [net.ListenUDP]: EADDRINUSE, EADDRNOTAVAIL.
func (h *Host) Listen(addr netip.AddrPort, o Options) (*Conn, error) {
	return h.open("listen", addr, netip.AddrPort{}, o)
}

// Dial opens a socket that is connected to another: it sends there, and hears
// nobody else. Errors are those of [net.DialUDP].
func (h *Host) Dial(addr, to netip.AddrPort) (*Conn, error) {
	return h.open("dial", addr, to, Options{})
}

func (h *Host) open(op string, addr, to netip.AddrPort, o Options) (*Conn, error) {
	h.network.mu.Lock()
	defer h.network.mu.Unlock()
	if to.IsValid() && addr.Addr().IsUnspecified() {
		addr = netip.AddrPortFrom(h.source(to.Addr()), addr.Port())
	}
	c := &Conn{
		host: h, local: addr, remote: to, shared: o.Shared,
		broadcast: true, wake: make(chan struct{}),
	}
	failed := func(call string, errno syscall.Errno) (*Conn, error) {
		err := &net.OpError{Op: op, Net: "udp", Addr: net.UDPAddrFromAddrPort(addr)}
		err.Err = os.NewSyscallError(call, errno)
		if to.IsValid() {
			err.Source, err.Addr = err.Addr, net.UDPAddrFromAddrPort(to)
		}
		return nil, err
	}
	if !addr.Addr().IsUnspecified() && !h.owns(addr.Addr()) && !h.isBroadcast(addr.Addr()) {
		return failed("bind", syscall.EADDRNOTAVAIL)
	}
	if addr.Port() == 0 {
		port, ok := h.freePort(c)
		if !ok {
			return failed("bind", syscall.EADDRINUSE)
		}
		c.local = netip.AddrPortFrom(addr.Addr(), port)
	} else if h.taken(c) {
		return failed("bind", syscall.EADDRINUSE)
	}
	if to.IsValid() {
		if !h.canReach(to.Addr()) {
			return failed("connect", syscall.ENETUNREACH)
		}
	}
	h.sockets = append(h.sockets, c)
	return c, nil
}

// owns reports whether addr is one of the host's own.
func (h *Host) owns(addr netip.Addr) bool {
	if addr.Is4() && h.isLocal(addr) {
		return !h.isBroadcast(addr) // all of 127.0.0.0/8
	}
	return slices.ContainsFunc(h.prefixes, func(p netip.Prefix) bool { return p.Addr() == addr })
}

// isLocal reports whether addr is one that only the host itself can reach.
func (h *Host) isLocal(addr netip.Addr) bool { return h.loopback && addr.IsLoopback() }

// isBroadcast reports whether addr is the broadcast address of one of the
// host's subnets.
func (h *Host) isBroadcast(addr netip.Addr) bool {
	return slices.ContainsFunc(h.prefixes, func(p netip.Prefix) bool {
		last, ok := broadcastAddr(p)
		return ok && last == addr
	})
}

// broadcastAddr returns the last address of an IPv4 subnet; one of /31 or /32 has no
// broadcast address (RFC 3021), and neither has IPv6.
func broadcastAddr(p netip.Prefix) (netip.Addr, bool) {
	if !p.Addr().Is4() || p.Bits() >= 31 {
		return netip.Addr{}, false
	}
	a := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(a), true
}

// canReach reports whether the host has a subnet that addr is in.
func (h *Host) canReach(addr netip.Addr) bool {
	return slices.ContainsFunc(h.prefixes, func(p netip.Prefix) bool { return p.Masked().Contains(addr) })
}

// mtu returns the MTU of the path to an address, in bytes, as far as the host knows
// it.
func (h *Host) mtu(to netip.Addr) int {
	if mtu, ok := h.learned[to]; ok {
		return mtu
	}
	switch {
	case !h.owns(to) && !h.isLocal(to):
		return 1500
	case to.Is4():
		return 65535 // lo's 65,536, of which IPv4 can't use the last
	}
	return 65536
}

// source returns the host's own address for datagrams to another.
func (h *Host) source(to netip.Addr) netip.Addr {
	for _, p := range h.prefixes {
		if p.Masked().Contains(to) {
			return p.Addr()
		}
	}
	return to
}

// taken reports whether a socket can't be bound beside the others.
func (h *Host) taken(c *Conn) bool {
	return slices.ContainsFunc(h.sockets, func(other *Conn) bool {
		a, b := c.local, other.local
		same := a.Addr() == b.Addr() || a.Addr().Is4() == b.Addr().Is4() &&
			(a.Addr().IsUnspecified() || b.Addr().IsUnspecified())
		return a.Port() == b.Port() && same && !(c.shared && other.shared)
	})
}

func (h *Host) freePort(c *Conn) (uint16, bool) {
	for range lastPort - firstPort + 1 {
		if h.lastPort++; h.lastPort > lastPort {
			h.lastPort = firstPort
		}
		try := *c
		try.local = netip.AddrPortFrom(c.local.Addr(), h.lastPort)
		if !h.taken(&try) {
			return h.lastPort, true
		}
	}
	return 0, false
}

// send takes a datagram through the network to whoever gets it. The mutex is
// not held.
func (n *Network) send(from *Conn, d Datagram) {
	n.mu.Lock()
	path, watch := n.path, n.watch
	n.mu.Unlock()
	arrivals := []Datagram{d}
	if path != nil {
		arrivals = path(d)
	}
	if watch != nil {
		watch(d, arrivals)
	}
	for _, a := range arrivals {
		if a.Delay <= 0 {
			n.arrive(from, a)
			continue
		}
		n.Clock.AfterFunc(a.Delay, func() { n.arrive(from, a) })
	}
}

// arrive ends a datagram's way, at its destination or at a router that will not pass
// it on.
func (n *Network) arrive(from *Conn, d Datagram) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d.TooBig > 0 {
		from.host.learned[d.To.Addr()] = d.TooBig
		if from.discovery != Dont {
			from.refused(d.To, syscall.EMSGSIZE)
		}
		return
	}
	sender := from.host
	if sender.owns(d.To.Addr()) || sender.isLocal(d.To.Addr()) {
		sender.deliver(from, d)
		return
	}
	broadcast := sender.isBroadcast(d.To.Addr())
	for _, h := range n.hosts {
		switch {
		case broadcast && h.isBroadcast(d.To.Addr()):
			h.receive(d)
		case !broadcast && h.owns(d.To.Addr()):
			h.deliver(from, d)
		}
	}
}

// deliver gives a datagram to a socket of the host, or tells its sender that
// there is none (RFC 1122 section 4.1.3.1, port unreachable).
func (h *Host) deliver(from *Conn, d Datagram) {
	if !h.receive(d) && !h.isBroadcast(d.To.Addr()) {
		from.refused(d.To, syscall.ECONNREFUSED)
	}
}

// receive gives a datagram to the sockets that it is for: a broadcast to all
// of them, any other to the one that fits best. It reports whether there was
// one.
func (h *Host) receive(d Datagram) bool {
	var best *Conn
	highest := 0
	broadcast := h.isBroadcast(d.To.Addr())
	for _, c := range h.sockets {
		score := c.fits(d)
		if score == 0 {
			continue
		}
		if broadcast {
			c.enqueue(d)
		}
		if score >= highest {
			best, highest = c, score
		}
	}
	if best != nil && !broadcast {
		best.enqueue(d)
	}
	return best != nil
}
