// Package ports is lesson 01: what a port's number says, and how to get a
// socket on a port.
package ports

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Range is one of the three into which IANA divides the ports (RFC 6335
// section 6). It prints as its name.
type Range string

const (
	WellKnown  Range = "well known" // 0 to 1023
	Registered Range = "registered" // 1024 to 49151
	Dynamic    Range = "dynamic"    // 49152 to 65535
)

// RangeOf returns the range of a port.
func RangeOf(port int) (Range, error) {
	switch {
	case port < 0 || port > 65535:
		return "", fmt.Errorf("%d is no port: ports are from 0 to 65535", port)
	case port <= 1023:
		return WellKnown, nil
	case port <= 49151:
		return Registered, nil
	}
	return Dynamic, nil
}

// ParsePort reads a port's number, in decimal digits and nothing else.
func ParsePort(text string) (int, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no port: %w", text, err)
	}
	if text != strconv.FormatUint(port, 10) { // leading zeros
		return 0, fmt.Errorf("%q is no port: write %d", text, port)
	}
	return int(port), nil
}

// Ephemeral opens a UDP socket at loopback, on a port that the system chooses.
func Ephemeral(loopback netip.Addr) (net.PacketConn, error) {
	return listen(netip.AddrPortFrom(loopback, 0))
}

// ParseSystemRange reads the first and the last port of a range, as Linux writes
// them.
func ParseSystemRange(text string) (first, last int, err error) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, 0, fmt.Errorf("%q is no range: it has %d numbers instead of two", text, len(fields))
	}
	if first, err = ParsePort(fields[0]); err != nil {
		return 0, 0, err
	}
	if last, err = ParsePort(fields[1]); err != nil {
		return 0, 0, err
	}
	if first > last {
		return 0, 0, fmt.Errorf("%q is no range: its first port is greater than its last", text)
	}
	return first, last, nil
}

// Why Claim can't open a socket.
var (
	ErrTaken     = errors.New("the port is taken")
	ErrForbidden = errors.New("the port is forbidden")
)

// Claim opens a UDP socket at exactly addr.
func Claim(addr netip.AddrPort) (net.PacketConn, error) {
	if addr.Port() == 0 {
		return nil, fmt.Errorf("claim %v: 0 stands for any port", addr)
	}
	conn, err := listen(addr)
	switch {
	case errors.Is(err, InUse):
		return nil, fmt.Errorf("claim %v: %w: %w", addr, ErrTaken, err)
	case errors.Is(err, Denied):
		return nil, fmt.Errorf("claim %v: %w: %w", addr, ErrForbidden, err)
	case err != nil:
		return nil, fmt.Errorf("claim %v: %w", addr, err)
	}
	return conn, nil
}

// listen opens a UDP socket. Without an error check in between, a nil *UDPConn
// would become a PacketConn that is not nil.
func listen(addr netip.AddrPort) (net.PacketConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return conn, nil
}
