// Package broadcast is lesson 05: one datagram for every server on a port in
// the subnet.
package broadcast

import (
	"context"
	"net"
	"net/netip"
)

// BroadcastAddr returns the broadcast address of an IPv4 subnet: the address in
// it whose host part is all ones. The prefix may hold any address of the subnet.
//
//	10.0.0.0/24     10.0.0.255
//	10.0.0.7/24     10.0.0.255
//	172.16.0.0/12   172.31.255.255
//
// Subnets of one or two addresses, /32 and /31, have no broadcast address (for
// /31 see RFC 3021), and IPv6 has no broadcast at all: those are errors, and so is
// a prefix that is not valid.
func BroadcastAddr(prefix netip.Prefix) (netip.Addr, error) {
	panic("TODO: write BroadcastAddr, which finds a subnet's last address")
}

// Shout sends text to an address as one datagram, and returns. It waits for no
// answer: nobody knows how many there will be.
//
// An error of conn's is returned, as it is or wrapped. If conn may not broadcast,
// that is one which wraps syscall.EACCES on Linux; Shout does not change what
// conn may do.
//
// conn may be any implementation, so don't type-assert it.
func Shout(conn net.PacketConn, to net.Addr, text string) error {
	panic("TODO: write Shout, which sends and does not wait")
}

// Hear calls heard for every datagram that arrives on conn, with its sender and
// its text, until ctx is cancelled or conn is closed. It does so for one
// datagram after the other, in the order in which they come, and calls heard
// again only when the last call has returned. A datagram has from 0 to 65,507
// bytes (65,527 on IPv6), and any bytes.
//
// Errors of a read don't end it, with lesson 02's two exceptions: when ctx is
// cancelled, Hear returns at once, with an error that wraps ctx.Err() or
// os.ErrDeadlineExceeded; when conn is closed, with one that wraps net.ErrClosed.
// (A call of heard that is running is waited for.)
//
// Hear sends nothing. It leaves conn open, without a deadline, and with nobody
// reading from it.
//
// conn has no deadline when it is handed over. Any implementation may come, so
// don't type-assert it. Hold no mutex while you wait: while another goroutine
// waits for it, the virtual network's clock stands still. Keep no channel in a
// package-level variable: every call is on its own.
func Hear(ctx context.Context, conn net.PacketConn, heard func(from net.Addr, text string)) error {
	panic("TODO: write Hear, which passes on every datagram that it reads")
}
