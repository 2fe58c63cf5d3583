package harness

import (
	"net"
	"net/netip"
	"slices"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Subnet is a World in which a datagram can go to everyone.
type Subnet struct {
	*World
	broadcasts
}

// Subnets is a World with two subnets. A story begins with [Subnets.Router]; then the
// peers of [World.Peer], [World.Server] and [Subnets.PeerBeyond] are beyond it, and
// everybody else is before it.
type Subnets struct {
	*World
	broadcasts
	subnetsWords
}

type broadcasts struct {
	w      *World
	subnet network.OneSubnet
}

func newBroadcasts(w *World, s network.OneSubnet) broadcasts {
	b := broadcasts{w, s}
	if _, missing := s.Broadcast(); missing == nil {
		w.everyone = b.Everyone
	}
	return b
}

// Everyone is the endpoint that a broadcast is sent to.
type Everyone struct{ addr netip.AddrPort }

// LocalAddr returns the subnet's broadcast address with a port.
func (e Everyone) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(e.addr) }

// BroadcastAddr returns the address of the subnet's broadcasts. The story is skipped
// where there are none.
func (b broadcasts) BroadcastAddr() netip.Addr {
	addr, missing := b.subnet.Broadcast()
	b.w.need(missing)
	return addr
}

// Everyone returns the endpoint of broadcasts to a port.
func (b broadcasts) Everyone(port uint16) Everyone {
	everyone := Everyone{netip.AddrPortFrom(b.BroadcastAddr(), port)}
	b.w.rec.SetName(everyone.addr, record.Everyone)
	return everyone
}

// Audience adds peers that hear what is sent to everyone on one port.
func (b broadcasts) Audience(names ...string) ([]*Peer, Everyone) {
	sockets, everyone := b.listenBroadcast(names)
	peers := make([]*Peer, len(names))
	for i, socket := range sockets {
		peers[i] = b.w.peerOn(names[i], socket, nil)
	}
	return peers, everyone
}

// ListenBroadcast opens sockets for the student's code that hear what is sent to
// everyone on one port. The world closes them when the story ends.
func (b broadcasts) ListenBroadcast(names ...string) ([]net.PacketConn, Everyone) {
	sockets, everyone := b.listenBroadcast(names)
	handed := make([]net.PacketConn, len(names))
	for i, socket := range sockets {
		handed[i] = record.PacketConn{Conn: b.w.rec.Conn(names[i], socket)}
	}
	return handed, everyone
}

func (b broadcasts) listenBroadcast(names []string) (sockets []record.Socket, everyone Everyone) {
	b.BroadcastAddr() // or the story is skipped
	var port uint16   // any, for the first
	for _, name := range names {
		socket := b.w.open(name, func() (record.Socket, error) { return b.subnet.ListenBroadcast(port) })
		sockets, port = append(sockets, socket), record.AddrPort(socket.LocalAddr()).Port()
	}
	return sockets, b.Everyone(port)
}

// ForbidBroadcast takes the permission to broadcast away from a socket.
func (s *Subnet) ForbidBroadcast(socket Endpoint) { s.forbidBroadcast(s.conn(socket).Inner()) }

func (w *World) forbidBroadcast(socket record.Socket) {
	switch s := socket.(type) {
	case *simnet.Conn:
		s.SetBroadcast(false)
	case *net.UDPConn:
		if err := sockopt.SetBroadcast(s, false); err != nil {
			w.fatal(verdict.NotRun, "The permission to broadcast can't be taken away: %v.", err)
		}
	}
}

// Unread fails the story if the student's code has read from a socket: what arrives
// there is for its owner.
func (s *Subnet) Unread(socket Endpoint) {
	defer s.checked()
	c := s.conn(socket)
	self := record.AddrPort(c.LocalAddr())
	s.rec.Quiesce() // whoever reads has read
	var place int
	var read wire.Datagram
	s.rec.Locked(func() {
		place = slices.IndexFunc(s.rec.Datagrams, func(d wire.Datagram) bool { return d.To == self && d.Heard })
		if place >= 0 {
			read = s.rec.Datagrams[place]
		}
	})
	if place >= 0 {
		s.marks(place+1, "the story wants it left unread")
		s.wants(diagnosis.Unread{Got: read})
		s.fatal(verdict.Failed, "The code has read %s from %s, at %s's socket; the story wants it left there.",
			wire.Quote(string(read.Payload)), s.rec.NameOf(read.From), c.Name)
	}
}

type subnetsWords struct {
	w    *World
	host network.TwoSubnets
}

// Router puts the router between the subnets, before any socket.
func (s subnetsWords) Router() { pathWords{s.w, s.host}.Router(network.LabMTU) }

// BoundPeer adds a peer on everyone's port, at an address of its own alone: what is sent
// to everyone does not reach it.
func (s subnetsWords) BoundPeer(name string, everyone Everyone) *Peer {
	at := netip.AddrPortFrom(s.host.Addr(), everyone.addr.Port())
	return s.w.peerOn(name, s.w.open(name, func() (record.Socket, error) { return s.host.Listen(at) }), nil)
}

// PeerBeyond adds a peer on everyone's port, on the other subnet.
func (s subnetsWords) PeerBeyond(name string, everyone Everyone) *Peer {
	port := everyone.addr.Port()
	return s.w.peerOn(name, s.w.open(name, func() (record.Socket, error) { return s.host.ListenBeyond(port) }), nil)
}
