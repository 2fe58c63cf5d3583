package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"syscall"

	"udpkata/harness/capability"
	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/record"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
)

// This file is about ports that the student's code is told to open.

// manyPorts is how many ports are tried before a story gives up finding one.
const manyPorts = 1000

// FreePort returns a port that is free for UDP and for TCP on the story's addresses,
// and stays so until the code under test takes it.
func (k kernelWords) FreePort() uint16 { return k.freeAmong(unassigned()) }

// LowPort returns a free port below 1024, of four digits as in FreePort, unless this user
// may open none.
func (k kernelWords) LowPort() (port uint16, ok bool) {
	if capability.ForbiddenPort.Missing() == nil {
		return 0, false
	}
	return k.freeAmong(1000, 1023), true
}

// freeAmong returns a port from low to high that is free.
func (k kernelWords) freeAmong(low, high int) uint16 {
	addrs := []netip.Addr{k.Home()}
	if second, missing := k.host.SecondAddr(); missing == nil {
		addrs = append(addrs, second)
	}
	var err error
	for range manyPorts {
		port := uint16(low + rand.IntN(high-low+1))
		if err = k.reserve(port); err != nil {
			continue
		}
		for _, addr := range addrs {
			err = errors.Join(err, tryPort(netip.AddrPortFrom(addr, port)))
		}
		if err == nil {
			return port
		}
	}
	k.w.need(capability.Exhausted(err))
	k.w.fatal(verdict.NotRun, "This computer has no free port: %v.", err)
	return 0
}

// unassigned returns the greater part of the ports from 10000 up that the system
// gives nobody who does not name them. So a port that is free there stays free
// even if it is not held. Where the system leaves none, it is all from 10000 up.
// All have five digits, so that messages are as long each time.
func unassigned() (low, high int) {
	const first, last, few = 10_000, 65_535, 1000
	systemFirst, systemLast, err := capability.SystemPorts()
	below, above := systemFirst-first, last-systemLast
	switch {
	case err != nil, max(below, above) < few:
		return first, last
	case above > below:
		return systemLast + 1, last
	}
	return first, systemFirst - 1
}

// bookings is a loopback address that nobody uses for anything else: a TCP
// listener there on a port tells the harness in other processes to leave the
// port alone, and is in nobody's way.
var bookings = netip.AddrFrom4([4]byte{127, 85, 68, 80})

// reserve keeps the harness in other processes off a port until the story's
// end, where loopback has more than one address.
func (k kernelWords) reserve(port uint16) error {
	if capability.SecondLoopback.Missing() != nil {
		return nil
	}
	return k.listenTCP(netip.AddrPortFrom(bookings, port))
}

// tryPort reports whether a port is free.
func tryPort(at netip.AddrPort) error {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	udp.Close()
	tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	return tcp.Close()
}

// ListenTCP lets somebody listen on TCP until the story ends.
func (k kernelWords) ListenTCP(at netip.AddrPort) {
	if err := k.listenTCP(at); err != nil {
		k.w.need(capability.Exhausted(err))
		k.w.fatal(verdict.NotRun, "No TCP listener: %v.", err)
	}
}

func (k kernelWords) listenTCP(at netip.AddrPort) error {
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err == nil {
		k.w.closers = append(k.w.closers, listener.Close)
	}
	return err
}

// AllowsSharing lets others open sockets at a peer's address that ask to share it, as far as the system lets the peer
// say so afterwards: on Linux, with SO_REUSEADDR (socket(7)).
func (k kernelWords) AllowsSharing(p *Peer) {
	conn, ok := p.conn.(syscall.Conn)
	if !ok || runtime.GOOS != "linux" {
		return
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = sockopt.SetReuseAddr(raw)
	}
	k.w.need(err)
}

// ForbiddenPort returns a port that this user may not open, 1 unless it is drawn as [Number] draws. The story is
// skipped where every port may be opened.
func (k kernelWords) ForbiddenPort() uint16 {
	k.w.need(capability.ForbiddenPort.Missing())
	return uint16(Number(k.w, capability.LowPort, capability.LowPort, capability.LastForbiddenPort()))
}

// ChosenBySystem fails the story unless a socket's port is one that the system
// may have chosen. Only Linux says for sure which those are; elsewhere any will
// do.
func (k kernelWords) ChosenBySystem(socket Endpoint) {
	if runtime.GOOS != "linux" {
		return
	}
	defer k.w.checked()
	first, last, err := capability.SystemPorts()
	if err != nil {
		k.w.need(fmt.Errorf("needs to know which ports the system chooses from, "+
			"which it does not say (%v): mount /proc", err))
	}
	if port := int(record.AddrPort(socket.LocalAddr()).Port()); port < first || port > last {
		k.w.wants(diagnosis.Chosen{})
		k.w.fatal(verdict.Failed, "%s is at port %d, which the system did not choose: it chooses from %d to %d.",
			k.w.nameOf(socket), port, first, last)
	}
}
