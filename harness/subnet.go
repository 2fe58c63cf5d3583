package harness

import (
	"net"
	"net/netip"

	"udpkata/harness/capability"
	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
)

// This file is about broadcasts, in stories told by OnSubnet.

// A subnet is sockets of a network with broadcasts.
type subnet interface {
	// hearing opens a socket for what is sent to everyone on a port; 0 is any.
	hearing(port uint16) (udpConn, error)
	// broadcast is everyone's address.
	broadcast() netip.Addr
}

// subnets is sockets of a network with two subnets.
type subnets interface {
	// abroad opens a socket for all that reaches a port on the other one.
	abroad(port uint16) (udpConn, error)
}

// Everyone is the endpoint that a broadcast is sent to.
type Everyone struct{ addr netip.AddrPort }

// everyoneName is everyone's in messages.
const everyoneName = "everyone"

// LocalAddr is the subnet's broadcast address with a port.
func (e Everyone) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(e.addr) }

// Audience adds peers that hear what is sent to everyone on one port.
func (w *World) Audience(names ...string) ([]*Peer, Everyone) {
	conns, everyone := w.hearing(names)
	peers := make([]*Peer, len(names))
	for i, conn := range conns {
		peers[i] = w.peerOn(names[i], conn)
	}
	return peers, everyone
}

// ListenBroadcast opens sockets for the student's code that hear what is sent to
// everyone on one port. The world closes them when the story ends.
func (w *World) ListenBroadcast(names ...string) ([]net.PacketConn, Everyone) {
	conns, everyone := w.hearing(names)
	handed := make([]net.PacketConn, len(names))
	for i, conn := range conns {
		handed[i] = packetConn{w.hand(names[i], conn)}
	}
	return handed, everyone
}

// Bound adds a peer that listens on everyone's port, at its own address: what is
// sent to everyone does not reach it. It is for stories told by OnSubnets.
func (w *World) Bound(name string, everyone Everyone) *Peer {
	return w.peerOn(name, w.open(name, func() (udpConn, error) {
		return w.sockets.listen(netip.AddrPortFrom(w.net.addr(), everyone.addr.Port()))
	}))
}

// Abroad adds a peer that listens on everyone's port on another subnet.
func (w *World) Abroad(name string, everyone Everyone) *Peer {
	sockets, ok := w.sockets.(subnets)
	if !ok {
		panic("other subnets are for stories told by OnSubnets")
	}
	return w.peerOn(name, w.open(name, func() (udpConn, error) { return sockets.abroad(everyone.addr.Port()) }))
}

// BroadcastAddr is the address of the subnet's broadcasts. The story is skipped
// where there are none.
func (w *World) BroadcastAddr() netip.Addr { return w.subnet().broadcast() }

// Everyone is who hears what is sent to everyone on a port.
func (w *World) Everyone(port uint16) Everyone {
	everyone := Everyone{netip.AddrPortFrom(w.BroadcastAddr(), port)}
	w.update(func() { w.names[everyone.addr] = everyoneName })
	return everyone
}

func (w *World) subnet() subnet {
	if _, real := w.net.(loopback); real {
		w.need(capability.Broadcast.Missing())
	}
	sockets, ok := w.sockets.(subnet)
	if !ok {
		panic("broadcasts are for stories told by OnSubnet")
	}
	return sockets
}

func (w *World) hearing(names []string) ([]udpConn, Everyone) {
	sockets := w.subnet()
	var conns []udpConn
	var port uint16 // any, for the first
	for _, name := range names {
		conn := w.open(name, func() (udpConn, error) { return sockets.hearing(port) })
		conns, port = append(conns, conn), addrPort(conn.LocalAddr()).Port()
	}
	return conns, w.Everyone(port)
}

// ForbidBroadcast takes a socket's permission to broadcast away, which Go gives
// to the sockets that it opens (on Windows, to those of IPv4).
func (w *World) ForbidBroadcast(socket Endpoint) {
	var inner any = socket
	if bare, ok := socket.(*net.UDPConn); ok {
		w.update(func() { w.silenced = append(w.silenced, bare) })
	} else {
		inner = w.conn(socket).inner
	}
	switch s := inner.(type) {
	case *simnet.Conn:
		s.SetBroadcast(false)
	case *net.UDPConn:
		if err := setSocketOption(s, broadcastOption, 0); err != nil {
			w.fatal(verdict.NotRun, "The permission to broadcast can't be taken away: %v.", err)
		}
	}
}
