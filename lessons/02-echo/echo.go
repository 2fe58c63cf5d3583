// Package echo is lesson 02: a server that tells each client how long its
// datagram was, and a client that asks it.
package echo

import (
	"context"
	"io"
	"net"
)

// Serve answers every datagram that arrives on conn with its length, until ctx ends or
// conn is closed. This is what each task wants (TestWhateverComes wants all of it):
//
// TestServeAnswers: to a datagram of N bytes it answers, through conn,
//
//	Your data was N bytes long
//
// TestServeAnswersWhoAsked: the answer goes to whoever sent the datagram. The senders
// are many, and a new one may come at any time. Every datagram is answered: however
// many come, however long nobody sends, and whether or not one like it has come
// before.
//
// TestServeCountsBytes: a datagram may be empty, may be as long as UDP allows, and has
// any bytes. N is how many.
//
// TestServeLogs: it writes to log, first
//
//	Listening at ADDR
//
// with conn's own address, then for each datagram
//
//	The client at ADDR says "TEXT"
//
// with the sender's address and the whole datagram quoted as %q does it, and nothing
// else. The lines of datagrams may come in any order. log may be used from several
// goroutines.
//
// TestServeSurvives: an error does not end the service, whether it comes from a read
// or from a reply, and however many come in a row. (Whether you make a pause after
// one, of a second at the most, is up to you.) A datagram is logged whether or not its
// answer can be sent. There are two exceptions. One: when conn is closed, Serve
// returns, at once or after such a pause, with an error that wraps net.ErrClosed.
//
// TestServeStops: the other exception: when ctx ends, because it is cancelled or its
// deadline has come, Serve returns at once, with an error that wraps ctx.Err(),
// context.Cause(ctx) or os.ErrDeadlineExceeded. If ctx ends and conn is closed at the
// same instant, either error is right.
//
// TestNothingIsLeftBehind: Serve leaves conn as it was, and no goroutine behind.
//
// The rules for conn and log, what "at once" means, and what may be left behind are in
// lessons/00-before, section The rules of every lesson. Here also: the addresses that
// conn gives have no zone.
func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {
	panic("TODO: write Serve, which answers each datagram with its length")
}

// Ask sends text to server through conn, once, as one datagram, and returns the text
// of the first datagram that comes back, as it is. This is what each task wants
// (TestWhateverComes wants all of it):
//
// TestAsk: either text may be empty, may hold any bytes, and may be as long as UDP
// allows. In this lesson, nobody but the server sends to conn, and it does so from the
// address that was asked. server is a *net.UDPAddr, with an IPv4 address in 4 bytes or
// in 16, and the caller's: after the call it may hold another address. An error of
// conn's, be it from sending or from reading, ends Ask at once, and is returned as it
// is or wrapped. Beside an error, the text is "". Nothing but ctx limits the wait for
// an answer.
//
// TestAskStops: when ctx ends first, Ask returns at once, with an error that wraps
// ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded; so it does when ctx has
// ended before the call, and it is up to you whether text is sent then. (If the answer
// is there too, either may win.)
//
// TestNothingIsLeftBehind: Ask leaves conn as it was, and no goroutine behind. (A late
// answer to this Ask would be taken by the next one on conn; here none comes.)
//
// The rules for conn are those of Serve.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (string, error) {
	panic("TODO: write Ask, which sends text to server and waits for its answer")
}
