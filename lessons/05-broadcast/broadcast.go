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
// datagram, and returns at once.
// It waits for no answer: nobody knows how many there will be. It sends once a
// call, also if it has sent the same before.
//
// Any error of conn's is returned, as it is or wrapped. If conn may not broadcast,
// that is one which wraps syscall.EACCES on Linux; Shout does not change what
// conn may do, and leaves it open and without a deadline.
//
// conn may be any implementation, so don't type-assert it.
func Shout(conn net.PacketConn, to net.Addr, text string) error {
	panic("TODO: write Shout, which sends and does not wait")
}

// Hear calls heard for every datagram that arrives on conn, with its sender and
// its text, until ctx ends or conn is closed. It does so for one datagram after
// the other, in the order in which they come, and calls heard again only when the
// last call has returned. A datagram has from 0 to 65,507 bytes (65,527 on IPv6),
// and any bytes; every sender counts, even conn itself. The caller may keep what
// heard is given: nobody changes it afterwards.
//
// Neither silence, however long, nor errors of reads, however many, end it
// (whether you make a pause after an error, of a second at the most, is up to
// you), with lesson 02's two exceptions: when ctx ends, Hear returns at once,
// with an error that wraps ctx.Err(), context.Cause(ctx) or
// os.ErrDeadlineExceeded; when conn is closed, Hear returns, at once or after
// such a pause, with an error that wraps net.ErrClosed. Either may be so before
// the call, and ctx may end by its deadline. ("At once" is before any time
// passes, also in virtual time. But a call of heard that is running is waited
// for. Hear reads no more than two datagrams ahead: what is still waiting on conn
// by then is left alone. Whether heard is still called for what was read by then
// is up to you.)
//
// Hear sends nothing. It leaves conn open and without a deadline, and no goroutine
// of its own is still running when it returns.
//
// conn has no deadline when it is handed over, and times out only at a deadline that
// you have set; it returns no error of package context. Any implementation may come,
// so don't type-assert it, and look into its errors with errors.Is alone; beside an
// error there are no bytes. The addresses that it gives stay as they are: you may
// keep them, and pass them on. Calls on other conns may run at the same time. Hold no
// mutex while you wait: while another goroutine waits for it, the virtual network's
// clock stands still. Keep no channel in a package-level variable: every call is on
// its own.
func Hear(ctx context.Context, conn net.PacketConn, heard func(from net.Addr, text string)) error {
	panic("TODO: write Hear, which passes on every datagram that it reads")
}
