// Package broadcast is lesson 05: one datagram for every server on a port in
// the subnet.
package broadcast

import (
	"context"
	"net"
	"net/netip"
)

// BroadcastAddr returns the broadcast address of an IPv4 subnet: the address in
// it whose host part is all ones, as an IPv4 address (of 4 bytes). The prefix may
// hold any address of the subnet, and have any length from 0 to 30.
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

// Shout sends text, any bytes, to an address, which is a *net.UDPAddr, as one
// datagram, and returns at once. It waits for no answer: nobody knows how many there
// will be. It sends once a call, also if it has sent the same before.
//
// Any error of conn's is returned, as it is or wrapped. If conn may not broadcast,
// that is one which wraps syscall.EACCES on Linux; Shout does not change what conn may
// do.
//
// The rules for conn are in lessons/00-before, section The rules of every lesson.
func Shout(conn net.PacketConn, to net.Addr, text string) error {
	panic("TODO: write Shout, which sends and does not wait")
}

// Hear calls heard for every datagram that arrives on conn, with its sender and its
// text, until ctx ends or conn is closed. This is what each task wants
// (TestWhateverComes wants all of it):
//
// TestHear: Hear calls heard for one datagram after the other, in the order in which
// they come, and calls it again only when the last call has returned. A datagram has
// any bytes, and from none to as many as UDP allows; every sender counts, even conn
// itself. The caller may keep what heard is given: nobody changes it afterwards. Hear
// sends nothing.
//
// Neither silence, however long, nor errors of reads, however many, end it (whether
// you make a pause after an error, of a second at the most, is up to you), with lesson
// 02's two exceptions. When conn is closed, also before the call, Hear returns, at
// once or after such a pause, with an error that wraps net.ErrClosed.
//
// TestHearStops: when ctx ends, also by its deadline or before the call, Hear returns
// at once, with an error that wraps ctx.Err(), context.Cause(ctx) or
// os.ErrDeadlineExceeded. Whether ctx ends or conn is closed, a call of heard that is
// running is waited for. Hear reads no more than two datagrams ahead: what is still
// waiting on conn by then is left alone. Whether heard is still called for what was
// read by then is up to you.
//
// TestEveryoneHears wants nothing new: three servers hear what Shout has sent, once
// each.
//
// The rules for conn, what "at once" means, and what may be left behind are in
// lessons/00-before, section The rules of every lesson. Here also: look into conn's
// errors with errors.Is alone.
func Hear(ctx context.Context, conn net.PacketConn, heard func(from net.Addr, text string)) error {
	panic("TODO: write Hear, which passes on every datagram that it reads")
}
