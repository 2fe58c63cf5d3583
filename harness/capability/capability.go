// Package capability says what of all that stories need this machine can do, and
// how to get what it can't. A story that needs more is skipped with one sentence:
// the capability's error.
package capability

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
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

// SecondLoopback is the loopback address 127.0.0.2.
var SecondLoopback = &Capability{
	name: "a second loopback address",
	cure: "give loopback the address 127.0.0.2 (on macOS: sudo ifconfig lo0 alias 127.0.0.2)",
	probe: sync.OnceValue(func() error {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
		if err != nil {
			return err
		}
		return conn.Close()
	}),
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
