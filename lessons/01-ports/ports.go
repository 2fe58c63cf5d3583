// Package ports is lesson 01: what a port's number says, and how to get a
// socket on a port.
package ports

import (
	"errors"
	"net"
	"net/netip"
)

// A Range is one of the three into which IANA divides the ports (RFC 6335
// section 6). It prints as its name: fmt.Print(Dynamic) prints dynamic.
type Range string

const (
	WellKnown  Range = "well known" // 0 to 1023
	Registered Range = "registered" // 1024 to 49151
	Dynamic    Range = "dynamic"    // 49152 to 65535
)

// RangeOf returns the range of a port. Port 0 counts as well known,
// although no socket is ever at it. A number below 0 or above 65535 is no port:
// that is an error. With an error, the other result may be anything.
func RangeOf(port int) (Range, error) {
	panic("TODO: write RangeOf, which says in which range a port is")
}

// ParsePort reads a port's number, from 0 to 65535, in the digits 0 to 9 and
// nothing else. Whatever could be written in a shorter way, or is not a number,
// or no port, is an error: "01060", "+1060", "1060 ", "0x424", "" and "65536".
// With an error, the other result may be anything.
func ParsePort(text string) (int, error) {
	panic("TODO: write ParsePort, which reads a port's number and is strict about it")
}

// Ephemeral opens a UDP socket at the address loopback, and nowhere else, on a
// port that the system chooses. loopback is an address such as 127.0.0.1, 127.0.0.2
// or ::1: it has no zone, and is not in IPv6's form of IPv4, as ::ffff:127.0.0.1 is.
// The socket is a *net.UDPConn, another one each time, with the options that package
// net gives to it, and ready to send and receive. It stays open until whoever called
// closes it.
//
// An error of the system's is returned, as it is or wrapped: that for an address which
// this computer does not have, say. With an error, the socket is a plain nil.
// No socket stays open but the one that is returned.
func Ephemeral(loopback netip.Addr) (net.PacketConn, error) {
	panic("TODO: write Ephemeral, which lets the system choose a port")
}

// ParseSystemRange reads the first and the last port of a range, as Linux writes
// them in /proc/sys/net/ipv4/ip_local_port_range: two numbers with blanks or
// tabs between them, and a newline at the end.
//
//	32768	60999
//
// It is an error if there are fewer or more than two numbers, on whatever line,
// if one of them is not one that ParsePort accepts, or if the first is greater
// than the last. Where blanks, tabs and newlines stand in another way, or other white
// space stands in their place, such as a carriage return, or the newline is missing,
// it may be an error or not. With an error, the other results may be anything.
func ParseSystemRange(text string) (first, last int, err error) {
	panic("TODO: write ParseSystemRange, which reads two ports")
}

// Why Claim can't open a socket.
var (
	ErrTaken     = errors.New("the port is taken")
	ErrForbidden = errors.New("the port is forbidden")
)

// Claim opens a UDP socket at exactly addr, on no other port and at no other address.
// This is what each task wants:
//
// TestClaim: the socket, what is returned with an error, and what stays open are as with
// Ephemeral. Port 0 is an error, since it does not say which port is to be claimed; so
// it is in netip.AddrPort{}. Several ports can be claimed at a time, by calls side by
// side too, and each socket stays open until whoever called closes it. Then the port can
// be claimed again. addr names one address, on IPv4 or on IPv6: what never comes is
// 0.0.0.0 or ::, which are all of them, a multicast address, ::ffff:127.0.0.1, which is
// IPv4 in IPv6's form, and one with a zone, such as fe80::1%lo. An error of the
// system's that is neither of the two below is returned, as it is or wrapped. These
// errors wrap neither ErrTaken nor ErrForbidden.
//
// TestClaimTaken and TestClaimForbidden: if another UDP socket has the port, the error
// wraps ErrTaken; if this user may not open it, ErrForbidden; and not both. Either way
// it wraps the system's cause as well, which is InUse or Denied (given, in cause_*.go),
// and its text contains addr, written as addr.String() does.
//
// TestClaimBesideTCP and TestClaimOnTwoAddresses: a port that is taken on TCP, or at
// another single address, is free for all that Claim cares about.
func Claim(addr netip.AddrPort) (net.PacketConn, error) {
	panic("TODO: write Claim, which opens a socket on exactly this port")
}
