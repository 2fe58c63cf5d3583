package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"udpkata/harness/internal/record"
	"udpkata/harness/netlab"
	"udpkata/harness/sockopt"
)

// Lab4 and Lab6 are labs of both versions of IP.
var (
	Lab4 = lab("10.0.0.0/24", "10.0.1.0/24")
	Lab6 = lab("fd00::/64", "fd00:1::/64")
)

func lab(near, far string) Network[Lab] {
	prefixes := labHosts{near: netip.MustParsePrefix(near), far: netip.MustParsePrefix(far)}
	run := func(_ *testing.T, _ Watch, story func(Lab)) error {
		l, err := netlab.New()
		if err != nil {
			return err
		}
		defer l.Close()
		h := prefixes // each story has a lab of its own
		h.net = l
		h.nearNet = l.Subnet("near", LabMTU)
		h.farNet = h.nearNet
		story(&h)
		return nil
	}
	return Network[Lab]{Name: "lab/" + version(prefixes.Addr()), Missing: netlab.Missing, InLab: true, Run: run}
}

// labHosts opens each socket on a new host: those of the code near, and peers far,
// which is the same subnet unless there is a router between them.
type labHosts struct {
	near, far       netip.Prefix
	net             *netlab.Lab
	nearNet, farNet *netlab.Subnet
	routed          bool
	hosts           int        // on either subnet
	own             netip.Addr // Home's; zero until it has one
}

// Addr returns the near subnet's.
func (h *labHosts) Addr() netip.Addr { return h.near.Addr() }

// SecondAddr returns no address.
func (h *labHosts) SecondAddr() (netip.Addr, error) { return netip.Addr{}, errOneEach }

// Home returns the address of the host that the code runs on.
func (h *labHosts) Home() (netip.Addr, error) {
	if !h.own.IsValid() {
		h.own = h.attach(h.net.Home(), false)
	}
	return h.own, h.net.Err()
}

func (h *labHosts) host(far bool) (*netlab.Host, netip.Addr, error) {
	host := h.net.Host(fmt.Sprint("host ", h.hosts+1))
	addr := h.attach(host, far)
	return host, addr, h.net.Err()
}

// attach gives a host an address on one of the subnets.
func (h *labHosts) attach(host *netlab.Host, far bool) netip.Addr {
	h.hosts++
	subnet, prefix := h.nearNet, h.near
	if far && h.routed {
		subnet, prefix = h.farNet, h.far
	}
	addr := nth(prefix, h.hosts)
	subnet.Attach(host, netip.PrefixFrom(addr, prefix.Bits()).String())
	if h.routed {
		h.net.Route(host, nth(prefix, routerNumber).String())
	}
	return addr
}

// routerNumber is the router's on each of the subnets.
const routerNumber = 200

// Router puts a router between the two subnets. It comes first in a story.
func (h *labHosts) Router(mtu int) error {
	if h.hosts > 0 || h.routed {
		return errors.New("the router comes first in a story, and there is one")
	}
	h.routed = true
	h.farNet = h.net.Subnet("far", mtu)
	r := h.net.Host("router")
	h.nearNet.Attach(r, netip.PrefixFrom(nth(h.near, routerNumber), h.near.Bits()).String())
	h.farNet.Attach(r, netip.PrefixFrom(nth(h.far, routerNumber), h.far.Bits()).String())
	h.net.Forward(r, h.near.Addr().Is6())
	return h.net.Err()
}

// open opens a socket on a new host, by a function that gets the host's address.
func open[S record.Socket](h *labHosts, far bool, opener func(addr netip.Addr) (S, error)) (conn S, err error) {
	host, addr, err := h.host(far)
	if err != nil {
		return conn, err
	}
	err = host.Do(func() (err error) {
		conn, err = opener(addr)
		return err
	})
	return conn, err
}

// Listen opens a socket on a new host near.
func (h *labHosts) Listen(at netip.AddrPort) (record.Socket, error) {
	return socket(h.listenOn(false, at.Port()))
}

// ListenUDP does the same, on any port.
func (h *labHosts) ListenUDP() (*net.UDPConn, error) { return h.listenOn(false, 0) }

// ListenPeer opens a socket on a new host far.
func (h *labHosts) ListenPeer() (record.Socket, error) { return socket(h.listenOn(true, 0)) }

func (h *labHosts) listenOn(far bool, port uint16) (*net.UDPConn, error) {
	return open(h, far, func(addr netip.Addr) (*net.UDPConn, error) { return listen(netip.AddrPortFrom(addr, port)) })
}

// Dial opens a connected socket on a new host near.
func (h *labHosts) Dial(to netip.AddrPort) (record.Socket, error) { return socket(h.DialUDP(to)) }

// DialUDP does the same.
func (h *labHosts) DialUDP(to netip.AddrPort) (*net.UDPConn, error) {
	return open(h, false, func(addr netip.Addr) (*net.UDPConn, error) { return dial(addr, to) })
}

// DialPath does the same, for a socket whose datagrams must not be fragmented.
func (h *labHosts) DialPath(to netip.AddrPort) (PathSocket, error) {
	conn, err := h.DialUDP(to)
	if err != nil {
		return nil, err
	}
	ipv6 := h.Addr().Is6()
	if err := sockopt.SetPMTUDiscovery(conn, ipv6, sockopt.Do); err != nil {
		conn.Close()
		return nil, err
	}
	return kernelPath{conn, ipv6}, nil
}

type kernelPath struct {
	*net.UDPConn
	ipv6 bool
}

// PathMTU asks the kernel.
func (p kernelPath) PathMTU() (int, error) { return sockopt.PathMTU(p.UDPConn, p.ipv6) }

// Broadcast returns the near subnet's last address.
func (h *labHosts) Broadcast() (netip.Addr, error) { return nth(h.near, broadcastNumber), nil }

// ListenBroadcast opens a socket at that address, on a new host near.
func (h *labHosts) ListenBroadcast(port uint16) (record.Socket, error) {
	return open(h, false, func(netip.Addr) (record.Socket, error) {
		return listenShared(netip.AddrPortFrom(nth(h.near, broadcastNumber), port))
	})
}

// ListenBeyond opens a socket on a new host far.
func (h *labHosts) ListenBeyond(port uint16) (record.Socket, error) {
	if !h.routed {
		return nil, errors.New("the way to another subnet is a router, which the story lacks")
	}
	return open(h, true, func(addr netip.Addr) (record.Socket, error) {
		conn, err := listenShared(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
		return reached{conn, netip.AddrPortFrom(addr, port)}, err
	})
}

// reached is a socket for all addresses of its host, whose LocalAddr is one of them.
type reached struct {
	record.Socket
	at netip.AddrPort
}

// LocalAddr returns the address that others send to.
func (r reached) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(r.at) }
