// Package capability says what of all that stories need this machine can do, and
// how to get what it can't. A story that needs more is skipped with one sentence:
// the capability's error. Where no lesson could be told, it is not run instead.
package capability

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"udpkata/harness/sockopt"
	"udpkata/harness/text"
)

// A Capability is something that stories may need and a machine may lack.
type Capability struct {
	name  text.Text
	cure  text.Text
	vital bool
	probe func() error
}

// Missing returns a [Lack], or nil where the machine has the capability. The machine is
// asked once.
func (c *Capability) Missing() error {
	if err := c.probe(); err != nil {
		return &Lack{Vital: c.vital, what: c.name, why: err, cure: c.cure}
	}
	return nil
}

// A Lack is what a machine has not, and the cure.
type Lack struct {
	Vital bool // the lessons can't do without it

	what, cure text.Text
	why        error
}

// Error returns one sentence, to skip with, in the student's language.
func (l *Lack) Error() string {
	return text.Say("needs %s, which this machine lacks (%v): %s", l.what, l.why, l.cure).In(text.Preferred())
}

// Unwrap returns what the system said.
func (l *Lack) Unwrap() error { return l.why }

// IsVital reports whether an error is a Lack that the lessons can't do without.
func IsVital(err error) bool {
	lack := (*Lack)(nil)
	return errors.As(err, &lack) && lack.Vital
}

// Missing returns the first Lack of several capabilities, or nil.
func Missing(needed ...*Capability) error {
	for _, c := range needed {
		if missing := c.Missing(); missing != nil {
			return missing
		}
	}
	return nil
}

// MissingVital returns a Lack that the lessons can't do without, or nil.
func MissingVital() error { return Missing(Bubbles, Descriptors, Loopback) }

// Bubbles is virtual time, by package testing/synctest.
var Bubbles = &Capability{
	name:  text.Say("timers as Go has them since 1.23"),
	cure:  text.Say("take asynctimerchan out of the variable GODEBUG (unset GODEBUG)"),
	vital: true,
	probe: func() error { return oldTimers(os.Getenv("GODEBUG")) },
}

// oldTimers returns an error if GODEBUG has the value that asks for the timers of before
// Go 1.23. Of several settings the last counts.
func oldTimers(godebug string) (err error) {
	for setting := range strings.SplitSeq(godebug, ",") {
		if value, ok := strings.CutPrefix(setting, "asynctimerchan="); ok {
			err = nil
			if value != "0" {
				err = fmt.Errorf("GODEBUG has %s, and package synctest can't work with that", setting)
			}
		}
	}
	return err
}

var (
	localhost4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	second4    = netip.AddrFrom4([4]byte{127, 0, 0, 2})
	everyone4  = netip.AddrFrom4([4]byte{127, 255, 255, 255})
)

// Descriptors is a handful of files and sockets for most stories; few have more.
var Descriptors = &Capability{
	name:  text.Say("%d files and sockets", handful),
	cure:  manyDescriptors,
	vital: true,
	probe: func() error {
		if most, known := mostDescriptors(); known && most < handful {
			return tooFew(most)
		}
		return nil
	},
}

// handful is how many files and sockets most stories do with, and enough is more than
// any of them has.
const (
	handful = 32
	enough  = 256
)

var manyDescriptors = text.Say("let a process have more (ulimit -n %d)", 4*enough)

func tooFew(descriptors uint64) error { return fmt.Errorf("a process may have %d", descriptors) }

// Loopback is the loopback address 127.0.0.1, at which sockets hear each other.
var Loopback = &Capability{
	name:  text.Say("the loopback address 127.0.0.1"),
	cure:  text.Say("bring loopback up (on Linux: ip link set lo up), and let no firewall drop what is sent there"),
	vital: true,
	probe: sync.OnceValue(func() error {
		err := hears(localhost4, localhost4)
		if errors.Is(err, syscall.ENETUNREACH) {
			return errors.New("loopback is down")
		}
		return err
	}),
}

// IPv6 is the loopback address ::1, at which sockets hear each other.
var IPv6 = &Capability{
	name: text.Say("IPv6 on loopback"),
	cure: text.Say("switch IPv6 on (on Linux: sysctl net.ipv6.conf.lo.disable_ipv6=0), and let no firewall drop " +
		"what is sent to ::1"),
	probe: sync.OnceValue(func() error { return hears(netip.IPv6Loopback(), netip.IPv6Loopback()) }),
}

// SecondLoopback is the loopback address 127.0.0.2, which has ports of its own: one has
// another owner than the same port of 127.0.0.1, and each hears what is sent to it.
var SecondLoopback = &Capability{
	name:  text.Say("a second loopback address"),
	cure:  text.Say("give loopback the address 127.0.0.2 (on macOS: sudo ifconfig lo0 alias 127.0.0.2)"),
	probe: sync.OnceValue(func() error { return ownPorts(localhost4, second4) }),
}

// Broadcast is that loopback has a broadcast address, 127.255.255.255, at which sockets
// hear what is sent there, and which only those may send to who are permitted to.
var Broadcast = &Capability{
	name: text.Say("broadcasts on loopback"),
	cure: text.Say("run the tests on Linux, with an ordinary loopback (127.0.0.1/8)"),
	probe: sync.OnceValue(func() error {
		if runtime.GOOS != "linux" {
			return errors.New("loopback has no broadcast address on " + runtime.GOOS)
		}
		if err := hears(localhost4, everyone4); err != nil {
			return err
		}
		conn, err := listen(netip.AddrPortFrom(localhost4, 0))
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := sockopt.SetBroadcast(conn, false); err != nil {
			return err
		}
		discard := net.UDPAddrFromAddrPort(netip.AddrPortFrom(everyone4, portOf(conn)))
		if _, err := conn.WriteTo(nil, discard); !errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("sending there without permission gives %v", err)
		}
		return nil
	}),
}

// AskAll finds out about all that is asked for once: from then on, nothing that happens on this machine changes what
// is known of it.
func AskAll() {
	for _, c := range []*Capability{Loopback, IPv6, SecondLoopback, Broadcast} {
		c.Missing()
	}
}

// AbsentAddress returns the capability to refuse a socket at an address that is for
// examples, so that no computer has it.
func AbsentAddress(addr netip.Addr) *Capability {
	return &Capability{
		name: text.Say("an address at which no socket can be opened"),
		cure: text.Say("let only addresses be used that the computer has (on Linux: sysctl " +
			"net.ipv4.ip_nonlocal_bind=0 net.ipv6.ip_nonlocal_bind=0)"),
		probe: func() error {
			conn, err := listen(netip.AddrPortFrom(addr, 0))
			if err != nil {
				return nil
			}
			conn.Close()
			return fmt.Errorf("%v can be used", addr)
		},
	}
}

// Exhausted returns a Lack if an error says that this machine allows fewer sockets than
// stories open, or nil.
func Exhausted(err error) error {
	for _, limit := range limits {
		if why := limit.reached(err); why != nil {
			return &Lack{what: text.Say("more files and sockets"), why: why, cure: limit.cure}
		}
	}
	return nil
}

// limits are those on sockets. Where there may be enough of them, somebody else is to
// blame who has them all: perhaps the code under test.
var limits = []struct {
	reached func(error) error
	cure    text.Text
}{
	{func(err error) error {
		if most, known := mostDescriptors(); errors.Is(err, syscall.EMFILE) && known && most < enough {
			return tooFew(most)
		}
		return nil
	}, manyDescriptors},
	{func(err error) error {
		none := errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL) ||
			errors.Is(err, syscall.EAGAIN)
		if first, last, err := SystemPorts(); none && err == nil && last-first+1 < enough {
			return fmt.Errorf("it chooses from the ports %d to %d", first, last)
		}
		return nil
	}, text.Say(`sysctl net.ipv4.ip_local_port_range="32768 60999"`)},
	{func(err error) error {
		if errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM) {
			return err
		}
		return nil
	}, text.Say("end other programs that have many sockets, or allow more")},
}

// SystemPorts returns the first and the last of the ports that the system chooses from:
// on Linux as it is set up, see ip_local_port_range in ip(7); elsewhere IANA's (RFC 6335
// section 6), unless somebody has set up something else.
func SystemPorts() (first, last int, err error) {
	if runtime.GOOS != "linux" {
		return 49152, 65535, nil
	}
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Sscan(string(data), &first, &last)
	}
	return first, last, err
}

// LowPort is a port that ForbiddenPort tries. On most systems the ports below
// 1024 are for administrators alone; this one, of an old service (TCPMUX, RFC
// 1078), is hardly ever in use.
const LowPort = 1

// LastForbiddenPort returns the last of the ports from LowPort on that this user may not open, where [ForbiddenPort]
// holds: on Linux the one before ip_unprivileged_port_start, see ip(7), but none above 1023; elsewhere, only LowPort
// is known.
func LastForbiddenPort() int {
	first := LowPort + 1
	if data, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
		fmt.Sscan(string(data), &first)
	}
	return min(max(first-1, LowPort), 1023)
}

// ForbiddenPort is that this user may not open LowPort.
var ForbiddenPort = &Capability{
	name: text.Say("a port that the user may not open"),
	cure: text.Say("run the tests as an ordinary user, not as root; if you are one already, low ports are open " +
		"to everybody here (on Linux, sysctl net.ipv4.ip_unprivileged_port_start=1024 closes them)"),
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
