package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
)

// This file is about what is between the hosts, in stories told by OnPath,
// OnRealPath and OnLab.

// Router puts a router before a link with an MTU, in bytes, between the hosts.
// It drops what is longer and must not be cut up, and says so to the sender
// (RFC 1191, RFC 8201).
func (w *World) Router(mtu int) {
	if r, ok := w.sockets.(interface{ router(mtu int) error }); ok {
		switch err := r.router(mtu); {
		case errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
			w.need(fmt.Errorf("needs a router, and this machine makes none (%v): let the tests write to /proc/sys", err))
		case err != nil:
			w.fatal(verdict.NotRun, "No router: %v.", err)
		}
		return
	}
	w.between(simnet.Router(mtu))
}

// BlackHole is a Router that says nothing.
func (w *World) BlackHole(mtu int) {
	w.between(simnet.Only(
		func(d simnet.Datagram) bool { return d.Size() > mtu },
		simnet.Loss(func() bool { return true })))
}

// Distance makes every datagram take a while to get where it goes, or to
// whatever is put between the hosts afterwards.
func (w *World) Distance(d time.Duration) { w.between(simnet.Delay(d)) }

// Lose loses the next so many datagrams that are sent to an endpoint.
func (w *World) Lose(to Endpoint, datagrams int) {
	at := addrPort(to.LocalAddr())
	var passed atomic.Int64
	w.between(simnet.Only(
		func(d simnet.Datagram) bool { return d.To == at },
		simnet.Loss(func() bool { return passed.Add(1) <= int64(datagrams) })))
}

func (w *World) between(p simnet.Path) {
	w.onlyVirtual("what is between the hosts")
	w.path = append(w.path, p)
	w.virtual.SetPath(simnet.Through(w.path...))
}

// A Path is a connected socket whose datagrams must not be cut up, and which
// knows the MTU of the path.
type Path struct {
	connectedConn
	mtu func() (int, error)
}

// DialPath opens a Path to an endpoint for the student's code. The world closes
// it when the story ends.
func (w *World) DialPath(name string, to Endpoint) *Path {
	inner := w.open(name, func() (udpConn, error) { return w.sockets.dial(addrPort(to.LocalAddr())) })
	path := &Path{connectedConn: connectedConn{w.hand(name, inner)}}
	switch socket := inner.(type) {
	case *simnet.Conn:
		socket.SetPMTUDiscovery(simnet.Do)
		path.mtu = socket.PathMTU
	case *net.UDPConn:
		if err := forbidFragments(socket, path.IPv6()); err != nil {
			w.fatal(verdict.NotRun, "%s's datagrams can't be kept whole: %v.", name, err)
		}
		path.mtu = func() (int, error) { return pathMTU(socket, path.IPv6()) }
	}
	return path
}

// MTU is the MTU of the path, in bytes, as far as the host knows it (IP_MTU in
// ip(7)).
func (p *Path) MTU() (int, error) { return p.mtu() }

// IPv6 reports whether the path is one of IPv6.
func (p *Path) IPv6() bool { return addrPort(p.LocalAddr()).Addr().Is6() }
