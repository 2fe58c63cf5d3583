// Package network has the kinds of networks that stories are told on: each opens
// sockets, and runs a function that uses them.
package network

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"udpkata/harness/internal/record"
)

// A Network is a kind of sockets, which an H opens.
type Network[H Host] struct {
	// Name is the subtest's, as in "loopback/ip4".
	Name string
	// Missing says why this machine can't have the network; nil if it can.
	Missing func() error
	// Virtual says that the network is one in memory, in virtual time.
	Virtual bool
	// InLab says that it exists in a process of netlab's alone. Datagrams take a while.
	InLab bool
	// Run calls story on this network and returns once it has returned, or has been
	// abandoned by w. An error says why there is no such network.
	Run func(t *testing.T, w Watch, story func(H)) error
}

// A Host opens the sockets of one story.
type Host interface {
	// Addr returns the address that the story's sockets have, or begin with.
	Addr() netip.Addr
	// SecondAddr returns another address of the same host, or says why there is none.
	SecondAddr() (netip.Addr, error)
	// Listen opens a socket for the student's code. At port 0 the network chooses one.
	Listen(at netip.AddrPort) (record.Socket, error)
	// ListenPeer opens a socket for somebody else, on a port that the network chooses.
	ListenPeer() (record.Socket, error)
	// Dial opens a socket for the student's code that is connected to an endpoint.
	Dial(to netip.AddrPort) (record.Socket, error)
}

// A KernelHost is a host of which the student's code can open sockets itself.
type KernelHost interface {
	Host
	// Home returns that host's address.
	Home() (netip.Addr, error)
	// ListenUDP is Listen on a port that the kernel chooses.
	ListenUDP() (*net.UDPConn, error)
	// DialUDP is Dial.
	DialUDP(to netip.AddrPort) (*net.UDPConn, error)
}

// OneSubnet is hosts that a broadcast reaches.
type OneSubnet interface {
	Host
	// Broadcast returns the address of everyone, or says why there is none.
	Broadcast() (netip.Addr, error)
	// ListenBroadcast opens a socket for what is sent to everyone on a port; 0 is any.
	ListenBroadcast(port uint16) (record.Socket, error)
}

// TwoSubnets have a router between them.
type TwoSubnets interface {
	OneSubnet
	Routed
	// ListenBeyond opens a socket for all that reaches a port on the other subnet.
	ListenBeyond(port uint16) (record.Socket, error)
}

// A Routed network can have a router.
type Routed interface {
	// Router puts a router between the code's sockets and those of the others, before a
	// link with an MTU in bytes.
	Router(mtu int) error
	// DialPath is Dial for a socket whose datagrams must not be fragmented.
	DialPath(to netip.AddrPort) (PathSocket, error)
}

// A PathSocket is a socket that knows the MTU of its path, in bytes.
type PathSocket interface {
	record.Socket
	PathMTU() (int, error)
}

var (
	localhost4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	localhost6 = netip.IPv6Loopback()

	// second4 is another address of the same host.
	second4 = netip.AddrFrom4([4]byte{127, 0, 0, 2})

	errOneEach = errors.New("needs a second address of one host, and on this network each host has one")
)

// version returns the end of a network's name.
func version(ip netip.Addr) string {
	if ip.Is4() {
		return "ip4"
	}
	return "ip6"
}

// nth returns the address of a subnet with a number, from 0 to 255.
func nth(subnet netip.Prefix, n int) netip.Addr {
	bytes := subnet.Addr().AsSlice()
	bytes[len(bytes)-1] = byte(n)
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

// broadcastNumber is everyone's on a subnet of IPv4.
const broadcastNumber = 255
