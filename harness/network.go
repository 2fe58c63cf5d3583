package harness

import (
	"fmt"
	"net"
	"net/netip"

	"udpkata/harness/capability"
)

// A network is what a story's sockets are made of. The story is the same on
// each.
type network interface {
	// name is the subtest's name, as in "loopback/ip4".
	name() string
	// missing says why this machine can't have the network, or "".
	missing() string
	// listenPacket opens an unconnected socket on a port that the network
	// chooses.
	listenPacket() (net.PacketConn, error)
	// maxPayload is the biggest UDP payload, in bytes.
	maxPayload() int
}

// networks are all that OnEachNetwork goes through, in its order.
var networks = []network{
	loopback{version: 4, ip: netip.AddrFrom4([4]byte{127, 0, 0, 1})},
	loopback{version: 6, ip: netip.IPv6Loopback()},
}

// loopback is the kernel's own sockets on this machine's loopback address.
type loopback struct {
	version int
	ip      netip.Addr
}

func (n loopback) name() string { return fmt.Sprintf("loopback/ip%d", n.version) }

func (n loopback) missing() string {
	if n.version == 6 {
		return capability.IPv6.Missing()
	}
	return ""
}

// maxPayload is what a 16-bit length leaves beside the 8 bytes of UDP's header
// (RFC 768) and, as IPv4's length counts the IP header too, its 20 (RFC 791).
func (n loopback) maxPayload() int {
	if n.version == 4 {
		return 65535 - 20 - 8
	}
	return 65535 - 8
}

// Some systems refuse datagrams that are bigger than the write buffer, and the
// smallest default for either buffer is too small for the biggest datagram.
const (
	writeBuffer = 128 << 10
	readBuffer  = 1 << 20 // the kernel may cut it to its own limit
)

func (n loopback) listenPacket() (net.PacketConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(n.ip, 0)))
	if err != nil {
		return nil, err
	}
	if err := conn.SetWriteBuffer(writeBuffer); err != nil {
		conn.Close()
		return nil, err
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}
