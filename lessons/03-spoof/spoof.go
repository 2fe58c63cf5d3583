// Package spoof is lesson 03: a client that takes an answer only from whom it
// asked.
package spoof

import (
	"context"
	"net"
	"net/netip"
)

// SameEndpoint reports whether a and b, which are *net.UDPAddr or nil, are one
// endpoint: the same IP address, zone and port. An IPv4 address is the same
// whether it is written as 127.0.0.1 or as ::ffff:127.0.0.1, in 4 bytes or in
// 16, and a zone beside it counts for nothing. All other addresses are different
// ones: 0.0.0.0 and ::, too, are equal to themselves only, and so is port 0. Neither
// a nor b is changed.
//
// Nil is no endpoint, and so is the same as nothing, not even as nil; that
// holds for a nil *net.UDPAddr too.
func SameEndpoint(a, b net.Addr) bool {
	panic("TODO: write SameEndpoint, which compares IP address, zone and port")
}

// MaxStrangers is how many strangers an Answer lists at the most.
const MaxStrangers = 16

// An Answer is what Ask has heard. It is the caller's: no other call changes it.
type Answer struct {
	Data       []byte // the server's datagram, nil or not if that is empty; nil beside an error
	TurnedAway int    // how many datagrams came from anybody else

	// Strangers are the senders of those: each endpoint once, in the order in
	// which they came, and the first MaxStrangers alone. They are what conn gives,
	// or print themselves as that does.
	Strangers []net.Addr
}

// Ask sends msg to server as one datagram, and returns the first datagram that
// comes from server, whatever it holds. Either has any bytes, and from 0 to as
// many as UDP allows (65,507 on IPv4, 65,527 on IPv6). One that is there before
// Ask begins counts like any other. The question is sent once.
//
// Anybody may send to conn, before, while and after the server answers. Ask
// turns away what does not come from server, whatever it holds, counts it, and
// goes on waiting. server is an endpoint, in any form of SameEndpoint; another
// call may have another, also in the same *net.UDPAddr. Neither server nor the bytes
// of msg are changed.
//
// When ctx ends first, or has ended before, Ask returns at once, with an error
// that wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. No datagram
// changes when that is. (If ctx has ended and an answer is there too, either may
// win.) An error of conn's ends Ask too, and is returned as it is or wrapped.
// Nothing else ends it, however long it takes. Beside either, TurnedAway and
// Strangers still say who was turned away.
//
// "At once" means: before any time passes, as soon as the call of conn that is
// under way has returned.
//
// Ask leaves conn as it was: open, without a deadline, with nobody reading from it.
// No goroutine of its own is still running when it returns, but for the moment that
// it needs to end, and what becomes of ctx later changes nothing. Another Ask on the
// same conn works, whatever became of this one. While it waits, calls on other conns
// may run; there are no two at a time on one.
//
// conn has no deadline when it is handed over, and times out only at a deadline
// that you have set, then whatever has come; it returns no error of package
// context. Any implementation may come, so don't type-assert it, not even to an
// interface; the addresses that it gives are *net.UDPAddr, those of IPv4 without a
// zone, and stay as they are. Beside an error there are no bytes, and the address
// is nil. Hold no mutex while you wait: while another goroutine waits for it, the
// virtual network's clock stands still. Keep no channel in a package-level
// variable: every call is on its own.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, msg []byte) (Answer, error) {
	panic("TODO: write Ask, which takes an answer only from whom it asked")
}

// Dial opens a UDP socket that is connected to server, on a port that the
// system chooses: the system itself turns away what comes from anybody else.
// server has no zone, and an IPv4 address may be in either of its forms. Dial sends nothing. The
// socket is a new one each time, as package net opens it: a *net.UDPConn. Beside an
// error, it is a plain nil. No socket stays open but the one that is returned.
func Dial(server netip.AddrPort) (net.Conn, error) {
	panic("TODO: write Dial, which opens a connected UDP socket")
}

// AskConnected sends msg on conn, a connected socket, as one datagram, once, and
// returns the first datagram that comes, also one that is there before. Either has
// any bytes, as with Ask, and may be as long. What it returns is the caller's, and
// nil or not if it is empty; msg is not changed.
//
// When ctx ends first, or has ended before, it returns at once, with an error that
// wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. An error that conn
// returns, such as "connection refused", ends it too, and is returned as it is or
// wrapped. Nothing else does. Beside an error there are no bytes. (If ctx has ended
// and an answer is there too, either may win.)
//
// It leaves conn as Ask does. The rules for conn are those of Ask.
func AskConnected(ctx context.Context, conn net.Conn, msg []byte) ([]byte, error) {
	panic("TODO: write AskConnected, which leaves the turning away to the system")
}
