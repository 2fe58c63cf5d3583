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
// 16.
//
// Nil is no endpoint, and so is the same as nothing, not even as nil; that
// holds for a nil *net.UDPAddr too.
func SameEndpoint(a, b net.Addr) bool {
	panic("TODO: write SameEndpoint, which compares IP address, zone and port")
}

// MaxStrangers is how many strangers an Answer lists at the most.
const MaxStrangers = 16

// An Answer is what Ask has heard.
type Answer struct {
	Data       []byte // the server's datagram; nil beside an error
	TurnedAway int    // how many datagrams came from anybody else

	// Strangers are the senders of those: each once, in the order in which they
	// came, and the first MaxStrangers alone.
	Strangers []net.Addr
}

// Ask sends msg to server as one datagram, and returns the first datagram that
// comes from server, whatever it holds. It may be empty, and as long as UDP
// allows (65,507 bytes on IPv4, 65,527 on IPv6).
//
// Anybody may send to conn, before, while and after the server answers. Ask
// turns away what does not come from server, whatever it holds, counts it, and
// goes on waiting. server may be written in any form of SameEndpoint.
//
// When ctx ends first, Ask returns at once, with an error that wraps ctx.Err()
// or os.ErrDeadlineExceeded. No datagram changes when that is. (If ctx has
// ended and an answer is there too, either may win.) An error of conn's ends
// Ask too, and is returned as it is or wrapped. Beside either, the Answer still
// says who was turned away.
//
// Ask leaves conn as it was: open, without a deadline, with nobody reading from
// it. Another Ask on the same conn works, whatever became of this one.
//
// conn has no deadline when it is handed over. Any implementation may come, so
// don't type-assert it; the addresses that it gives are *net.UDPAddr. Hold no
// mutex while you wait: while another goroutine waits for it, the virtual
// network's clock stands still. Keep no channel in a package-level variable:
// every call is on its own.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, msg []byte) (Answer, error) {
	panic("TODO: write Ask, which takes an answer only from whom it asked")
}

// Dial opens a UDP socket that is connected to server, on a port that the
// system chooses: the system itself turns away what comes from anybody else.
// The socket is as package net opens it: a *net.UDPConn.
func Dial(server netip.AddrPort) (net.Conn, error) {
	panic("TODO: write Dial, which opens a connected UDP socket")
}

// AskConnected sends msg on conn, a connected socket, and returns the datagram
// that comes back, of any length from 0 up.
//
// When ctx ends first, it returns at once, with an error that wraps ctx.Err()
// or os.ErrDeadlineExceeded. An error that conn returns, such as "connection
// refused", ends it too, and is returned as it is or wrapped.
//
// It leaves conn as it was. The rules for conn are those of Ask.
func AskConnected(ctx context.Context, conn net.Conn, msg []byte) ([]byte, error) {
	panic("TODO: write AskConnected, which leaves the turning away to the system")
}
