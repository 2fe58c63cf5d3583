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

// Ask sends msg on conn, as one datagram, and returns the datagram that comes back. If
// none does, it sends the same bytes again, five times in all, and waits longer each
// time:
//
//	send 1, wait up to 100 ms
//	send 2, wait up to 200 ms
//	send 3, wait up to 400 ms
//	send 4, wait up to 800 ms
//	send 5, wait up to 1600 ms
//
// There is no sixth, as its wait of 3200 ms would be longer than 2 s. This is what
// each task wants (TestWhateverComes wants all of it):
//
// TestAskAnswered: any datagram that comes while Ask waits is an answer, whatever it
// holds. One that is there before the first wait counts as well. msg and the answer
// have any bytes, and from none to as many as UDP allows. msg is not changed. The
// answer is the caller's: no other call changes it. For each of its waits, Ask writes
// one line to log when the wait begins, just before the send or just after it:
//
//	Waiting up to 100ms for a reply
//
// where 100ms is a time.Duration as it prints itself, and nothing else.
//
// TestAskDoublesItsWait: the sends are at 0, 100, 300, 700 and 1500 ms, and Ask gives
// up after 3100 ms, with an error that wraps ErrServerDown and a cause:
// os.ErrDeadlineExceeded or context.DeadlineExceeded, or whatever else conn said (such
// as syscall.ECONNREFUSED), or both. Beside an error, this one or another, there are
// no bytes. Ask leaves conn as it was when the server is down, too. Another Ask on the
// same conn begins anew, with a wait of 100 ms.
//
// TestAskTakesLateAnswers: the answer may be one to an earlier send.
//
// TestAskIsSilentAfterwards: once it has an answer, Ask sends nothing more, and leaves
// nothing behind.
//
// TestAskIgnoresErrors: an error that conn returns, such as "connection refused", is
// not an answer: it ends neither the wait nor Ask, however many there are, and brings
// no send forward; Ask goes on listening at once. A send that fails counts as a send,
// with its wait.
//
// TestAskStops: of the errors of conn, only that of a closed one ends Ask. When conn
// is closed, it returns at once, with an error that wraps net.ErrClosed. When ctx
// ends, or has ended before, it returns at once as well, with an error that wraps
// ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. What Ask returns then, in
// either case, does not wrap ErrServerDown.
//
// TestAskMeetsLoss wants nothing new: a thousand clients ask a server that drops half
// of what it hears.
//
// The rules for conn and log, what "at once" means, and what may be left behind are in
// lessons/00-before, section The rules of every lesson. Here also: there are no two
// calls at a time on one conn.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
	panic("TODO: write Ask, which sends again, and waits twice as long each time")
}

// Serve answers datagrams that arrive on conn with their length, but drops some, until
// ctx ends or conn is closed. This is what each task wants (TestWhateverComes wants
// all of it):
//
// TestServeDrops: Serve calls drop once for each datagram, in the order in which they
// come, and never twice at a time. If drop returns true, Serve sends nothing. If it
// returns false, Serve answers a datagram of N bytes, through conn, to whoever sent
// it, with
//
//	Your data was N bytes long
//
// A datagram has any bytes, and from none to as many as UDP allows. It counts also if
// it is empty, or the same as the one before it.
//
// To log Serve writes, first
//
//	Listening at ADDR
//
// with conn's own address, then for each datagram that it answers
//
//	The client at ADDR says "TEXT"
//
// with the sender's address and the datagram's bytes quoted as %q does it, and for
// each that it drops only
//
//	Pretending to drop packet from ADDR
//
// and nothing else. log may be used from several goroutines.
//
// A read that fails has brought no datagram: drop is not asked, and nothing is logged.
// An answer that can't be sent is logged like one that can. Neither ends the service,
// however many there are. (Whether you make a pause after one, of a second at the
// most, is up to you.)
//
// TestServeStops: there are two exceptions:
//
//   - when ctx ends, or has ended before, Serve returns at once, with an error that
//     wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded;
//   - when conn is closed, Serve returns, at once or after such a pause, with an error
//     that wraps net.ErrClosed.
//
// Nothing else ends it, however long nobody sends.
//
// The rules for conn and log are those of Ask.
func Serve(ctx context.Context, conn net.PacketConn, drop func() bool, log io.Writer) error {
	panic("TODO: write Serve, which answers as lesson 02's does, but drops some datagrams")
}
