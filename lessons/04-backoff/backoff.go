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

// Ask sends msg on conn, as one datagram, and returns the datagram that comes back.
// If none does, it sends the same bytes again, five times in all, and waits longer
// each time:
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
// msg and the answer have any bytes, and from 0 to as many as UDP allows (65,507 on
// IPv4, 65,527 on IPv6). msg is not changed. The answer is the caller's: no other
// call changes it. Beside an error there are no bytes.
//
// Any datagram that comes while Ask waits is an answer, whatever it holds, also one
// to an earlier send. One that is there before the first wait counts as well. Once it
// has an answer, Ask sends nothing more.
//
// An error that conn returns, such as "connection refused", is not an answer: it
// ends neither the wait nor Ask, however many there are, and brings no send forward;
// Ask goes on listening at once. A send that fails counts as a send, with its wait.
// Only when conn is closed does Ask return at once, with an error that wraps
// net.ErrClosed.
//
// When ctx ends, or has ended before, Ask returns at once, with an error that wraps
// ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded.
//
// What Ask returns when ctx ends or conn is closed does not wrap ErrServerDown.
// "At once" means: before any time passes, as soon as the call of conn that is under
// way has returned.
//
// To log, whose Write does not fail, it writes, for each of its waits, one line with
// one Write, when the wait begins, just before the send or just after it:
//
//	Waiting up to 100ms for a reply
//
// where 100ms is a time.Duration as it prints itself, and nothing else. (log
// hides package log, which is not needed here.)
//
// Ask leaves conn as it was, also when the server is down: open, without a deadline,
// with nobody reading from it. No goroutine of its own is still running when it
// returns, and what becomes of ctx later changes nothing. Another Ask on the same
// conn begins anew, with a wait of 100 ms. While it waits, calls on other conns may
// run; there are no two at a time on one.
//
// conn has no deadline when it is handed over, and times out only at a deadline that
// you have set; it returns no error of package context. Any implementation may come,
// so don't type-assert it, not even to an interface. Beside an error of its there are
// no bytes. Hold no mutex while you wait: while another goroutine waits for it, the
// virtual network's clock stands still. Keep no channel in a package-level variable:
// every call is on its own.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
	panic("TODO: write Ask, which sends again, and waits twice as long each time")
}

// Serve answers datagrams that arrive on conn with their length, but drops some,
// until ctx ends or conn is closed. It calls drop once for each datagram, in the
// order in which they come, and never twice at a time. If drop returns true, Serve
// sends nothing. If it returns false, Serve answers a datagram of N bytes, through
// conn, to whoever sent it, with
//
//	Your data was N bytes long
//
// A datagram has from 0 to 65,507 bytes (65,527 on IPv6), and any bytes. It counts
// also if it is empty, or the same as the one before it.
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
// and nothing else. Each line is one Write, with its "\n". log's Write does not
// fail, and may be used from several goroutines.
//
// A read that fails has brought no datagram: drop is not asked, and nothing is
// logged. An answer that can't be sent is logged like one that can. Neither ends the
// service, however many there are. (Whether you make a pause after one, of a second
// at the most, is up to you.) There are two exceptions:
//
//   - when ctx ends, or has ended before, Serve returns at once, with an error that
//     wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded;
//   - when conn is closed, Serve returns, at once or after such a pause, with an
//     error that wraps net.ErrClosed.
//
// Nothing else ends it, however long nobody sends. Serve leaves conn as Ask does, and
// no goroutine of its own is still running when it returns.
//
// The rules for conn are those of Ask. The addresses that it gives are
// *net.UDPAddr, stay as they are, and are nil beside an error.
func Serve(ctx context.Context, conn net.PacketConn, drop func() bool, log io.Writer) error {
	panic("TODO: write Serve, which answers as lesson 02's does, but drops some datagrams")
}
