package harness

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"udpkata/harness/internal/network"
	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
)

// A Path is a World in virtual time, with something between the hosts.
type Path struct {
	*World
	virtualWords
	pathWords
}

// BlackHole puts a router between the hosts that drops what is longer than an MTU, in
// bytes, and tells nobody.
func (p *Path) BlackHole(mtu int) {
	p.net.Extend(simnet.Only(
		func(d simnet.Datagram) bool { return d.Size() > mtu },
		simnet.Loss(func() bool { return true })))
}

// Lose loses the next so many datagrams that are sent to an endpoint.
func (p *Path) Lose(to Endpoint, datagrams int) {
	at := record.AddrPort(to.LocalAddr())
	var passed atomic.Int64
	p.net.Extend(simnet.Only(
		func(d simnet.Datagram) bool { return d.To == at },
		simnet.Loss(func() bool { return passed.Add(1) <= int64(datagrams) })))
}

// pathWords are those of a network that can have a router.
type pathWords struct {
	w      *World
	routed network.Routed
}

// Router puts a router before a link with an MTU, in bytes, between the hosts. It drops
// what is longer and must not be fragmented, and says so to the sender (RFC 1191, RFC
// 8201). In a lab it comes first in a story, and there is one at most.
func (p pathWords) Router(mtu int) {
	switch err := p.routed.Router(mtu); {
	case errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
		p.w.need(fmt.Errorf("needs a router, and this machine makes none (%v): let the tests write to /proc/sys", err))
	case err != nil:
		p.w.fatal(verdict.NotRun, "No router: %v.", err)
	}
}

// DialPath opens a socket for the student's code that is connected to an endpoint, and
// whose datagrams must not be fragmented. The world closes it when the story ends.
func (p pathWords) DialPath(name string, to Endpoint) *PathConn {
	var socket network.PathSocket
	inner := p.w.open(name, func() (_ record.Socket, err error) {
		socket, err = p.routed.DialPath(record.AddrPort(to.LocalAddr()))
		return socket, err
	})
	return &PathConn{record.ConnectedConn{Conn: p.w.rec.Conn(name, inner)}, socket}
}

// A PathConn is a connected socket that knows the MTU of its path.
type PathConn struct {
	record.ConnectedConn
	path network.PathSocket
}

// MTU returns the MTU of the path, in bytes, as far as the host knows it (IP_MTU in
// ip(7)).
func (c *PathConn) MTU() (int, error) { return c.path.PathMTU() }

// IPv6 reports whether the path is one of IPv6.
func (c *PathConn) IPv6() bool { return record.AddrPort(c.LocalAddr()).Addr().Is6() }
