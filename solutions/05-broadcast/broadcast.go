// Package broadcast is lesson 05: one datagram for every server on a port in
// the subnet.
package broadcast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// BroadcastAddr returns the broadcast address of an IPv4 subnet.
func BroadcastAddr(prefix netip.Prefix) (netip.Addr, error) {
	switch {
	case !prefix.IsValid():
		return netip.Addr{}, errors.New("this is no valid prefix")
	case !prefix.Addr().Is4():
		return netip.Addr{}, fmt.Errorf("%v: IPv6 has no broadcast", prefix)
	case prefix.Bits() >= 31:
		return netip.Addr{}, fmt.Errorf("%v: a subnet so small has no broadcast address", prefix)
	}
	addr := prefix.Addr().As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		addr[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(addr), nil
}

// Shout sends text to an address as one datagram.
func Shout(conn net.PacketConn, to net.Addr, text string) error {
	if _, err := conn.WriteTo([]byte(text), to); err != nil {
		return fmt.Errorf("shout: %w", err)
	}
	return nil
}

// Hear calls heard for every datagram that arrives on conn, until ctx is
// cancelled or conn is closed.
func Hear(ctx context.Context, conn net.PacketConn, heard func(from net.Addr, text string)) error {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("hear: %w", err)
		}
		if err != nil {
			continue // about one datagram, not about the socket
		}
		heard(from, string(buf[:n]))
	}
}
