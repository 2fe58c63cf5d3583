package wire

import "net/netip"

// Lengths of headers, in bytes.
const (
	UDPHeader  = 8  // RFC 768
	IPv4Header = 20 // RFC 791, without options
	IPv6Header = 40 // RFC 8200, without extension headers
)

// mostInLength is the most that a length of 16 bits can say.
const mostInLength = 65535

// Headers returns how many bytes stand before the payload of a datagram to an
// address: IP's header and UDP's.
func Headers(to netip.Addr) int {
	if to.Is4() {
		return IPv4Header + UDPHeader
	}
	return IPv6Header + UDPHeader
}

// MaxPayload returns how many bytes a datagram to an address can have at the most.
// IPv4's length, of 16 bits, counts IPv4's own header; IPv6's counts what follows.
func MaxPayload(to netip.Addr) int {
	if to.Is4() {
		return mostInLength - IPv4Header - UDPHeader
	}
	return mostInLength - UDPHeader
}
