// Package backoff is lesson 04: a client that asks again when no answer comes,
// waiting twice as long each time, and a server that drops what it likes.
package backoff

import (
	"context"
	"errors"
	"io"
	"net"
)

// ErrServerDown is why Ask gives up.
//
//lint:ignore ST1005 a sentence, on purpose
var ErrServerDown = errors.New("I think the server is down")

// Ask sends msg on conn and returns the datagram that comes back. If none does,
// it sends the same bytes again, five times in all, and waits longer each time:
//
//	send 1, wait up to 100 ms
//	send 2, wait up to 200 ms
//	send 3, wait up to 400 ms
//	send 4, wait up to 800 ms
//	send 5, wait up to 1600 ms
//
// There is no sixth, as its wait of 3200 ms would be longer than 2 s. So the
// sends are at 0, 100, 300, 700 and 1500 ms, and Ask gives up after 3100 ms, with
// an error that wraps ErrServerDown and a cause: os.ErrDeadlineExceeded or
// context.DeadlineExceeded, or whatever else conn said (such as
// syscall.ECONNREFUSED), or both.
//
// Any datagram that comes while Ask waits is an answer, also one to an earlier
// send, one that is empty, and one as long as UDP allows (65,507 bytes on IPv4,
// 65,527 on IPv6). Once it has an answer, Ask sends nothing more.
//
// An error that conn returns, such as "connection refused", is not an answer: it
// ends neither the wait nor Ask, and brings no send forward. A send that fails
// counts as a send, with its wait. Only when conn is closed does Ask return at
// once, with an error that wraps net.ErrClosed.
//
// When ctx ends, Ask returns at once, with an error that wraps ctx.Err() or
// os.ErrDeadlineExceeded.
//
// What Ask returns when ctx ends or conn is closed does not wrap ErrServerDown.
//
// To log it writes, for each of its waits, one line with one Write:
//
//	Waiting up to 100ms for a reply
//
// where 100ms is a time.Duration as it prints itself, and nothing else. (log
// hides package log, which is not needed here.)
//
// Ask leaves conn as it was: open, without a deadline, and with no goroutine
// that still uses it.
//
// conn has no deadline when it is handed over. Any implementation may come, so
// don't type-assert it. Hold no mutex while you wait: while another goroutine
// waits for it, the virtual network's clock stands still. Keep no channel in a
// package-level variable: every call is on its own.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
	panic("TODO: write Ask, which sends again, and waits twice as long each time")
}

// Serve answers datagrams that arrive on conn with their length, but drops some,
// until ctx is cancelled or conn is closed. It calls drop once for each datagram,
// in the order in which they come. If drop returns true, Serve sends nothing. If
// it returns false, Serve answers a datagram of N bytes, through conn, to whoever
// sent it, with
//
//	Your data was N bytes long
//
// A datagram has from 0 to 65,507 bytes (65,527 on IPv6), and any bytes. An empty
// one is answered or dropped like any other.
//
// To log it writes, first
//
//	Listening at ADDR
//
// with conn's own address, then for each datagram that it answers
//
//	The client at ADDR says "TEXT"
//
// with the sender's address and the datagram's bytes quoted as %q does it, and
// for each that it drops only
//
//	Pretending to drop packet from ADDR
//
// and nothing else. Each line is one Write, with its "\n". log may be used from
// several goroutines.
//
// A read that fails has brought no datagram: drop is not asked, and nothing is
// logged. An answer that can't be sent is logged like one that can. Neither ends
// the service, with two exceptions:
//
//   - when ctx is cancelled, Serve returns at once, with an error that wraps
//     ctx.Err() or os.ErrDeadlineExceeded;
//   - when conn is closed, Serve returns an error that wraps net.ErrClosed.
//
// Serve leaves conn as it was: open, without a deadline, with nobody reading from
// it. It starts no goroutine that is still running when it returns.
//
// The rules for conn are those of Ask. The addresses that it gives are
// *net.UDPAddr, and nil beside an error.
func Serve(ctx context.Context, conn net.PacketConn, drop func() bool, log io.Writer) error {
	panic("TODO: write Serve, which answers as lesson 02's does, but drops some datagrams")
}
