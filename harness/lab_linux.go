package harness

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"udpkata/harness/netlab"
	"udpkata/harness/verdict"
)

// lab is a real network, of Linux network namespaces, on which every socket is on
// a host of its own. Its links have an MTU of 1500 bytes.
type lab struct {
	near, far netip.Prefix
	lacks     func() error
}

func onLab(near, far string) network {
	return lab{netip.MustParsePrefix(near), netip.MustParsePrefix(far), netlab.Missing}
}

// labs are those of both versions of IP.
var labs = []network{
	onLab("10.0.0.0/24", "10.0.1.0/24"),
	onLab("fd00::/64", "fd00:1::/64"),
}

const labMTU = 1500

func (n lab) name() string     { return "lab/" + version(n.addr()) }
func (n lab) missing() error   { return n.lacks() }
func (n lab) addr() netip.Addr { return n.near.Addr() }

func (n lab) second() (netip.Addr, error) {
	return netip.Addr{}, errors.New("needs a second loopback address, and in a lab each host has one address")
}

func (n lab) run(_ *testing.T, w *World, story func(*World)) {
	l, err := netlab.New()
	if err != nil {
		w.sockets, w.start, w.changed = nil, time.Now(), make(chan struct{})
		w.fail(verdict.NotRun, "No lab: %v.", err)
		return
	}
	defer l.Close()
	near := l.Subnet("near", labMTU)
	w.perform(&labHosts{lab: n, net: l, nearNet: near, farNet: near}, story)
}

// labHosts opens each socket on a new host: those of the code near, and peers far,
// which is the same subnet unless there is a router between them.
type labHosts struct {
	lab
	net             *netlab.Lab
	nearNet, farNet *netlab.Subnet
	routed          bool
	hosts           int        // on either subnet
	own             netip.Addr // home's; zero until it has one
}

// home is the address of the host that the code runs on.
func (h *labHosts) home() (netip.Addr, error) {
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

// On each of the subnets, the router's number and the one that is everyone's.
const (
	routerNumber    = 200
	broadcastNumber = 255
)

// nth is the address of a subnet with a number.
func nth(prefix netip.Prefix, n int) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	bytes[len(bytes)-1] = byte(n)
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

func (h *labHosts) router(mtu int) error {
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
func (h *labHosts) open(far bool, open func(addr netip.Addr) (udpConn, error)) (conn udpConn, err error) {
	host, addr, err := h.host(far)
	if err != nil {
		return nil, err
	}
	err = host.Do(func() (err error) {
		conn, err = open(addr)
		return err
	})
	return conn, err
}

func (h *labHosts) listen(at netip.AddrPort) (udpConn, error) { return h.listenOn(false, at.Port()) }

// listenFar opens a socket for a peer.
func (h *labHosts) listenFar() (udpConn, error) { return h.listenOn(true, 0) }

func (h *labHosts) listenOn(far bool, port uint16) (udpConn, error) {
	return h.open(far, func(addr netip.Addr) (udpConn, error) {
		return loopback{addr}.listen(netip.AddrPortFrom(addr, port))
	})
}

func (h *labHosts) dial(to netip.AddrPort) (udpConn, error) {
	return h.open(false, func(addr netip.Addr) (udpConn, error) { return loopback{addr}.dial(to) })
}

func (h *labHosts) broadcast() netip.Addr { return nth(h.near, broadcastNumber) }

func (h *labHosts) hearing(port uint16) (udpConn, error) {
	return h.open(false, func(netip.Addr) (udpConn, error) { return hearing(netip.AddrPortFrom(h.broadcast(), port)) })
}

func (h *labHosts) abroad(port uint16) (udpConn, error) {
	if !h.routed {
		return nil, errors.New("the way to another subnet is a router, which the story lacks")
	}
	return h.open(true, func(addr netip.Addr) (udpConn, error) {
		conn, err := hearing(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
		return reached{conn, netip.AddrPortFrom(addr, port)}, err
	})
}

// reached is a socket for all addresses of its host, whose LocalAddr is one of them.
type reached struct {
	udpConn
	at netip.AddrPort
}

func (r reached) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(r.at) }
