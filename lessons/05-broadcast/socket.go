package broadcast

import (
	"net"
	"net/netip"
)

// AllowBroadcast permits a socket to send to broadcast addresses: it sets the
// option SO_BROADCAST, with permitBroadcast. If that fails, or the socket's
// descriptor can't be had, it returns the error, as it is or wrapped.
//
// Otherwise the socket stays as it is: no other option is set, and it stays
// non-blocking, so that deadlines go on ending its reads. This is neither a read nor
// a write: a deadline may have passed, and another goroutine may be reading.
func AllowBroadcast(conn *net.UDPConn) error {
	panic("TODO: write AllowBroadcast, which sets an option on an open socket")
}

// ListenShared opens a UDP socket at exactly addr, on a port that it shares with
// all others who open it with ListenShared: the option that sharePort sets has
// to be there before the socket gets its port. (At 0.0.0.0, with "udp" as the
// network, the system may open a socket that hears IPv6 as well. That is right
// too. An IPv4 address other than 0.0.0.0 may come in IPv6's form, as
// ::ffff:127.0.0.1. A multicast address does not come, nor one with a zone.) At port 0 the system chooses
// the port, and that is shared as well. An addr without an address (whose Addr is
// netip.Addr{}) is an error. Any error is returned, as it is or wrapped; no socket is
// opened elsewhere instead, and none stays open but the one that is returned.
func ListenShared(addr netip.AddrPort) (*net.UDPConn, error) {
	panic("TODO: write ListenShared, which sets an option before the socket gets its port")
}
