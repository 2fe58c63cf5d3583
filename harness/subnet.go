package harness

import (
	"net"
	"net/netip"

	"udpkata/harness/capability"
	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
)

// This file is about broadcasts, in stories told by OnSubnet.

// Everyone is the endpoint that a broadcast is sent to.
type Everyone struct{ addr netip.AddrPort }

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

// BroadcastAddr is the address of loopback's broadcasts, 127.255.255.255. The
// story is skipped where there are none.
func (w *World) BroadcastAddr() netip.Addr {
	w.onlyKernel("BroadcastAddr")
	w.need(capability.Broadcast.Missing())
	return loopbackBroadcast4
}

func (w *World) hearing(names []string) ([]udpConn, Everyone) {
	if _, real := w.net.(loopback); real {
		w.need(capability.Broadcast.Missing())
	}
	sockets, ok := w.sockets.(interface {
		hearing(port uint16) (udpConn, error)
	})
	if !ok {
		panic("broadcasts are for stories told by OnSubnet")
	}
	var conns []udpConn
	var everyone Everyone
	for _, name := range names {
		conn := w.open(name, func() (udpConn, error) { return sockets.hearing(everyone.addr.Port()) })
		conns, everyone.addr = append(conns, conn), addrPort(conn.LocalAddr())
	}
	w.update(func() { w.names[everyone.addr] = "everyone" })
	return conns, everyone
}

// ForbidBroadcast takes a socket's permission to broadcast away, which Go gives
// to the sockets that it opens (on Windows, to those of IPv4).
func (w *World) ForbidBroadcast(socket Endpoint) {
	var inner any = socket
	if _, bare := socket.(*net.UDPConn); !bare {
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
