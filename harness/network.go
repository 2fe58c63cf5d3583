package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"udpkata/harness/capability"
	"udpkata/harness/simnet"
)

// A network is a kind of sockets that stories can be told on. A story is the
// same on each.
type network interface {
	// name is the subtest's name, as in "loopback/ip4".
	name() string
	// missing says why this machine can't have the network, or is nil.
	missing() error
	// addr is the address that the story's sockets have.
	addr() netip.Addr
	// second is another address of the same host, or says why there is none.
	second() (addr netip.Addr, missing error)
	// run runs a story on sockets of this network and returns once it has
	// ended, or has been abandoned.
	run(t *testing.T, w *World, story func(*World))
}

// sockets opens the sockets of one story.
type sockets interface {
	listen(at netip.AddrPort) (udpConn, error)
	dial(to netip.AddrPort) (udpConn, error) // on a port that the network chooses
}

var errOneOnIPv6 = errors.New("needs a second loopback address, and IPv6 has only ::1")

var (
	localhost4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	localhost6 = netip.IPv6Loopback()

	// The second addresses. IPv6 has only one on loopback (RFC 4291 section
	// 2.5.3), so on the virtual network, where nobody minds, it is another.
	second4 = netip.AddrFrom4([4]byte{127, 0, 0, 2})
	second6 = netip.MustParsePrefix("fd00::2/64")

	// Where the sockets of hosts are. What a program sends there on a socket of the
	// kernel's stays on the computer.
	subnet4 = netip.MustParsePrefix("127.10.0.0/24")
	subnet6 = netip.MustParsePrefix("fd00::/64")

	// abroad4 is on another subnet.
	abroad4 = netip.MustParsePrefix("127.11.0.1/24")

	// The broadcast addresses of subnet4 and of loopback, 127.0.0.0/8.
	broadcast4         = netip.AddrFrom4([4]byte{127, 10, 0, 255})
	loopbackBroadcast4 = netip.AddrFrom4([4]byte{127, 255, 255, 255})
)

// networks are all that OnEachNetwork goes through, in its order: real waits
// are met only by code that is right in virtual time.
var networks = []network{
	virtual{localhost4},
	virtual{localhost6},
	loopback{localhost4},
	loopback{localhost6},
}

func version(ip netip.Addr) string {
	if ip.Is4() {
		return "ip4"
	}
	return "ip6"
}

// loopback is the kernel's own sockets on this machine's loopback address.
type loopback struct{ ip netip.Addr }

func (n loopback) name() string     { return "loopback/" + version(n.ip) }
func (n loopback) addr() netip.Addr { return n.ip }

func (n loopback) second() (netip.Addr, error) {
	if n.ip.Is6() {
		return netip.Addr{}, errOneOnIPv6
	}
	return second4, capability.SecondLoopback.Missing()
}

func (n loopback) missing() error {
	if n.ip.Is6() {
		return capability.IPv6.Missing()
	}
	return nil
}

func (n loopback) run(_ *testing.T, w *World, story func(*World)) { w.perform(n, story) }

func (n loopback) listen(at netip.AddrPort) (udpConn, error) {
	return buffered(net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)))
}

func (n loopback) dial(to netip.AddrPort) (udpConn, error) {
	return buffered(net.DialUDP("udp", net.UDPAddrFromAddrPort(anyPort(n)), net.UDPAddrFromAddrPort(to)))
}

func (n loopback) broadcast() netip.Addr { return loopbackBroadcast4 }

// hearing opens a socket for loopback's broadcasts to a port, which it shares.
func (n loopback) hearing(port uint16) (udpConn, error) {
	return hearing(netip.AddrPortFrom(loopbackBroadcast4, port))
}

func hearing(at netip.AddrPort) (udpConn, error) {
	shared := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) { err = setOption(fd, syscall.SO_REUSEADDR, 1) }), err)
	}}
	conn, err := shared.ListenPacket(context.Background(), "udp4", at.String())
	if err != nil {
		return nil, err
	}
	return buffered(conn.(*net.UDPConn), nil)
}

// Some systems refuse datagrams that are bigger than the write buffer, and the
// smallest default for either buffer is too small for the biggest datagram.
const (
	writeBuffer = 128 << 10
	readBuffer  = 1 << 20 // the kernel may cut it to its own limit
)

func buffered(conn *net.UDPConn, err error) (udpConn, error) {
	if err != nil {
		return nil, err
	}
	if err := conn.SetWriteBuffer(writeBuffer); err != nil {
		conn.Close()
		return nil, fmt.Errorf("write buffer: %w", err)
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		conn.Close()
		return nil, fmt.Errorf("read buffer: %w", err)
	}
	return conn, nil
}

// virtual is a network in memory and in virtual time, with one host.
type virtual struct{ ip netip.Addr }

func (n virtual) name() string     { return "virtual/" + version(n.ip) }
func (n virtual) addr() netip.Addr { return n.ip }
func (n virtual) missing() error   { return nil }

func (n virtual) second() (netip.Addr, error) {
	if n.ip.Is6() {
		return second6.Addr(), nil
	}
	return second4, nil
}

func (n virtual) run(t *testing.T, w *World, story func(*World)) {
	w.inBubble(t, func() {
		w.virtual = new(simnet.Network)
		w.virtual.Watch(w.fated)
		w.perform(virtualHost{n, w.virtual.Host(second6)}, story)
	})
}

type virtualHost struct {
	virtual
	host *simnet.Host
}

func (h virtualHost) listen(at netip.AddrPort) (udpConn, error) {
	return h.host.Listen(at, simnet.Options{})
}

func (h virtualHost) dial(to netip.AddrPort) (udpConn, error) { return h.host.Dial(anyPort(h), to) }

// hosts is a virtual network on which every socket is on a host of its own.
type hosts struct {
	virtual
	subnet netip.Prefix
}

func onHosts(subnet netip.Prefix) network { return hosts{virtual{subnet.Addr()}, subnet} }

func (n hosts) run(t *testing.T, w *World, story func(*World)) {
	w.inBubble(t, func() {
		w.virtual = new(simnet.Network)
		w.virtual.Watch(w.fated)
		w.perform(&newHosts{n, w.virtual, n.subnet.Addr()}, story)
	})
}

// newHosts opens each socket on a new host, whatever address it is told.
type newHosts struct {
	hosts
	network *simnet.Network
	last    netip.Addr
}

func (h *newHosts) host() *simnet.Host {
	h.last = h.last.Next()
	return h.network.Host(netip.PrefixFrom(h.last, h.subnet.Bits()))
}

func (h *newHosts) listen(at netip.AddrPort) (udpConn, error) {
	host := h.host()
	return host.Listen(netip.AddrPortFrom(h.last, at.Port()), simnet.Options{})
}

func (h *newHosts) dial(to netip.AddrPort) (udpConn, error) {
	host := h.host()
	return host.Dial(netip.AddrPortFrom(h.last, 0), to)
}

func (h *newHosts) broadcast() netip.Addr { return broadcast4 }

func (h *newHosts) hearing(port uint16) (udpConn, error) {
	return h.host().Listen(netip.AddrPortFrom(broadcast4, port), simnet.Options{})
}

func (h *newHosts) abroad(port uint16) (udpConn, error) {
	return h.network.Host(abroad4).Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), port), simnet.Options{})
}

// offline is where functions of values are called, which need no network.
type offline struct{ virtual }

func (offline) name() string { return "offline" }

// anyPort is a port that the network chooses, on its own address.
func anyPort(n interface{ addr() netip.Addr }) netip.AddrPort { return netip.AddrPortFrom(n.addr(), 0) }

// aLongTime is how long a wait in virtual time lasts: longer than any wait of a
// lesson's own.
const aLongTime = 10 * time.Second
