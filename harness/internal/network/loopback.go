package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"udpkata/harness/capability"
	"udpkata/harness/internal/record"
	"udpkata/harness/sockopt"
)

// Loopback4 and Loopback6 are the kernel's own sockets on this machine's loopback
// address.
var (
	Loopback4 = loopback(localhost4, capability.Loopback)
	Loopback6 = loopback(localhost6, capability.IPv6)
)

// loopbackBroadcast is that of loopback, 127.0.0.0/8.
var loopbackBroadcast = netip.AddrFrom4([4]byte{127, 255, 255, 255})

var errOneAddress = errors.New("needs a second loopback address, and IPv6 has only ::1")

func loopback(ip netip.Addr, hears *capability.Capability) Network[Loopback] {
	missing := func() error { return capability.Missing(capability.Descriptors, hears) }
	run := func(_ *testing.T, _ Watch, story func(Loopback)) error {
		story(Loopback{ip})
		return nil
	}
	return Network[Loopback]{Name: "loopback/" + version(ip), Missing: missing, Run: run}
}

// Loopback opens sockets of the kernel's at one address.
type Loopback struct{ ip netip.Addr }

// Addr returns 127.0.0.1 or ::1.
func (l Loopback) Addr() netip.Addr { return l.ip }

// Home returns the same.
func (l Loopback) Home() (netip.Addr, error) { return l.ip, nil }

// SecondAddr returns 127.0.0.2, where this machine has it.
func (l Loopback) SecondAddr() (netip.Addr, error) {
	if l.ip.Is6() {
		return netip.Addr{}, errOneAddress
	}
	return second4, capability.SecondLoopback.Missing()
}

// Listen opens a socket, for whomever.
func (l Loopback) Listen(at netip.AddrPort) (record.Socket, error) { return socket(listen(at)) }

// ListenUDP opens a socket on any port.
func (l Loopback) ListenUDP() (*net.UDPConn, error) { return listen(netip.AddrPortFrom(l.ip, 0)) }

// ListenPeer does the same.
func (l Loopback) ListenPeer() (record.Socket, error) { return socket(l.ListenUDP()) }

// Dial opens a connected socket.
func (l Loopback) Dial(to netip.AddrPort) (record.Socket, error) { return socket(l.DialUDP(to)) }

// DialUDP does the same.
func (l Loopback) DialUDP(to netip.AddrPort) (*net.UDPConn, error) { return dial(l.ip, to) }

// Broadcast returns 127.255.255.255, where this machine has broadcasts on loopback.
func (l Loopback) Broadcast() (netip.Addr, error) {
	return loopbackBroadcast, capability.Broadcast.Missing()
}

// ListenBroadcast opens a socket there, beside others.
func (l Loopback) ListenBroadcast(port uint16) (record.Socket, error) {
	return listenShared(netip.AddrPortFrom(loopbackBroadcast, port))
}

func listen(at netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	return conn, errors.Join(err, Buffered(conn))
}

func dial(from netip.Addr, to netip.AddrPort) (*net.UDPConn, error) {
	local := net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	conn, err := net.DialUDP("udp", local, net.UDPAddrFromAddrPort(to))
	return conn, errors.Join(err, Buffered(conn))
}

// listenShared opens a socket on a port that others may have as well.
func listenShared(at netip.AddrPort) (record.Socket, error) {
	share := func(_, _ string, raw syscall.RawConn) error { return sockopt.SetReuseAddr(raw) }
	shared := net.ListenConfig{Control: share}
	conn, err := shared.ListenPacket(context.Background(), "udp4", at.String())
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn)
	return socket(udp, Buffered(udp))
}

// Some systems refuse datagrams that are bigger than the write buffer, and the
// smallest default for either buffer is too small for the biggest datagram.
const (
	writeBuffer = 128 << 10
	readBuffer  = 1 << 20 // the kernel may cut it to its own limit
)

// Buffered gives a socket buffers for the biggest datagrams. If it can't, it closes the
// socket. There may be none.
func Buffered(conn *net.UDPConn) error {
	if conn == nil {
		return nil
	}
	if err := conn.SetWriteBuffer(writeBuffer); err != nil {
		conn.Close()
		return fmt.Errorf("write buffer: %w", err)
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		conn.Close()
		return fmt.Errorf("read buffer: %w", err)
	}
	return nil
}
