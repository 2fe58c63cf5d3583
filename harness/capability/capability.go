// Package capability says what of all that stories need this machine can do, and
// how to get what it can't. A story that needs more is skipped with one sentence:
// the capability's error.
package capability

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"
)

// A Capability is something that stories may need and a machine may lack.
type Capability struct {
	name  string
	cure  string
	probe func() error
}

// Missing returns an error to skip with, which names the cure, or nil where the
// machine has the capability. The machine is asked once.
func (c *Capability) Missing() error {
	if err := c.probe(); err != nil {
		return fmt.Errorf("needs %s, which this machine lacks (%w): %s", c.name, err, c.cure)
	}
	return nil
}

// IPv6 is the loopback address ::1.
var IPv6 = &Capability{
	name: "IPv6 on loopback",
	cure: "switch IPv6 on (on Linux: sysctl net.ipv6.conf.lo.disable_ipv6=0)",
	probe: sync.OnceValue(func() error {
		conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
		if err != nil {
			return err
		}
		return conn.Close()
	}),
}

// SecondLoopback is the loopback address 127.0.0.2, as one that has ports of its own
// and that datagrams come from.
var SecondLoopback = &Capability{
	name:  "a second loopback address",
	cure:  "give loopback the address 127.0.0.2 (on macOS: sudo ifconfig lo0 alias 127.0.0.2)",
	probe: sync.OnceValue(secondLoopback),
}

// manyPorts is how many ports are tried on two addresses before they count as not free.
const manyPorts = 20

func secondLoopback() (err error) {
	first, second := net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)
	for range manyPorts {
		var a, b *net.UDPConn
		if a, err = net.ListenUDP("udp4", &net.UDPAddr{IP: first}); err != nil {
			return err
		}
		defer a.Close()
		port := a.LocalAddr().(*net.UDPAddr).Port
		if b, err = net.ListenUDP("udp4", &net.UDPAddr{IP: second, Port: port}); err != nil {
			continue // somebody else may have this one
		}
		defer b.Close()
		return errors.Join(carries(a, b), carries(b, a))
	}
	return err
}

// carries reports whether a datagram reaches a socket from another, and says so.
func carries(from, to *net.UDPConn) error {
	if _, err := from.WriteTo([]byte{1}, to.LocalAddr()); err != nil {
		return err
	}
	to.SetReadDeadline(time.Now().Add(5 * time.Second)) // on loopback it is there already
	_, source, err := to.ReadFrom(make([]byte, 1))
	switch {
	case err != nil:
		return err
	case source.String() != from.LocalAddr().String():
		return fmt.Errorf("a datagram of %v's comes from %v", from.LocalAddr(), source)
	}
	return nil
}

// Absent4 and Absent6 are addresses for examples (RFC 5737, RFC 3849), which no
// computer has.
var (
	Absent4 = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	Absent6 = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1})
)

// AbsentAddress4 and AbsentAddress6 are that no socket can be opened at [Absent4] and
// [Absent6].
var (
	AbsentAddress4 = absent(Absent4, "sysctl net.ipv4.ip_nonlocal_bind=0")
	AbsentAddress6 = absent(Absent6, "sysctl net.ipv6.ip_nonlocal_bind=0")
)

func absent(addr netip.Addr, sysctl string) *Capability {
	return &Capability{
		name: "an address that no socket can be opened at",
		cure: "let sockets be opened at the computer's own addresses alone (on Linux: " + sysctl + ")",
		probe: sync.OnceValue(func() error {
			conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
			if err != nil {
				return nil
			}
			conn.Close()
			return fmt.Errorf("%v can be opened", addr)
		}),
	}
}

// Broadcast is that loopback has a broadcast address, 127.255.255.255, which
// only those may send to who are permitted to.
var Broadcast = &Capability{
	name: "broadcasts on loopback",
	cure: "run the tests on Linux",
	probe: sync.OnceValue(func() error {
		if runtime.GOOS != "linux" {
			return errors.New("loopback has no broadcast address on " + runtime.GOOS)
		}
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255)})
		if err != nil {
			return err
		}
		return conn.Close()
	}),
}

// LowPort is a port that ForbiddenPort tries. On most systems the ports below
// 1024 are for administrators alone; this one, of an old service (TCPMUX, RFC
// 1078), is hardly ever in use.
const LowPort = 1

// ForbiddenPort is that this user may not open LowPort.
var ForbiddenPort = &Capability{
	name: "a port that the user may not open",
	cure: "run the tests as an ordinary user, not as root (on Linux: with sysctl " +
		"net.ipv4.ip_unprivileged_port_start=1024)",
	probe: sync.OnceValue(func() error {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: LowPort})
		switch {
		case err == nil:
			conn.Close()
			return fmt.Errorf("port %d is open to this user", LowPort)
		case errors.Is(err, os.ErrPermission):
			return nil
		}
		return err
	}),
}
