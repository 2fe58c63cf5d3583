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

// Ask sends msg to server as one datagram, once, and returns the first datagram that
// comes from server, whatever it holds. This is what each task wants
// (TestWhateverComes wants all of it):
//
// TestAsk: msg and the answer have any bytes, and from none to as many as UDP allows.
// A datagram that is there before Ask begins counts like any other. An error of conn's
// ends Ask, and is returned as it is or wrapped. Nothing but that and the end of ctx
// ends it, however long it takes. Neither server nor the bytes of msg are changed.
//
// TestAskTurnsAwayStrangers: anybody may send to conn, before, while and after the
// server answers. Ask turns away what does not come from server, whatever it holds,
// counts it, and goes on waiting. server is an endpoint, in any form of SameEndpoint;
// another call may have another, also in the same *net.UDPAddr.
//
// TestAskTurnsAwayOtherIP: what comes from the server's port at another IP address
// does not come from server either.
//
// TestAskBearsAThousand and TestAskStops: when ctx ends first, or has ended before,
// Ask returns at once, with an error that wraps ctx.Err(), context.Cause(ctx) or
// os.ErrDeadlineExceeded. No datagram changes when that is. (If ctx has ended and an
// answer is there too, either may win.) Beside this error, or one of conn's,
// TurnedAway and Strangers still say who was turned away.
//
// The rules for conn, what "at once" means, and what may be left behind are in
// lessons/00-before, section The rules of every lesson. Here also: the addresses of
// IPv4 that conn gives have no zone, and there are no two calls at a time on one conn.
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
// returns the first datagram that comes, also one that is there before. Either has any
// bytes, as with Ask, and may be as long. What it returns is the caller's, and nil or
// not if it is empty; msg is not changed.
//
// When ctx ends first, or has ended before, it returns at once, with an error that
// wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. An error that conn
// returns, such as "connection refused", ends it too, and is returned as it is or
// wrapped. Nothing else does. Beside an error there are no bytes. (If ctx has ended
// and an answer is there too, either may win.)
//
// The rules for conn are those of Ask.
func AskConnected(ctx context.Context, conn net.Conn, msg []byte) ([]byte, error) {
	panic("TODO: write AskConnected, which leaves the turning away to the system")
}
