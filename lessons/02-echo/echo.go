// Package echo is lesson 02: a server that tells each client how long its
// datagram was, and a client that asks it.
package echo

import (
	"context"
	"io"
	"net"
)

// Serve answers every datagram that arrives on conn with its length, until ctx
// ends or conn is closed: however many come, however long nobody sends, and
// whether or not one like it has come before.
//
// To a datagram of N bytes it answers, through conn, to whoever sent it,
//
//	Your data was N bytes long
//
// A datagram has from 0 to 65,507 bytes (65,527 on IPv6), and any bytes. The
// senders are many, and a new one may come at any time.
//
// It writes to log, first
//
//	Listening at ADDR
//
// with conn's own address, then for each datagram
//
//	The client at ADDR says "TEXT"
//
// with the sender's address and the whole datagram quoted as %q does it, whether or
// not its answer can be sent, and nothing else. The lines of datagrams may come in any
// order. Each line is one Write, with its "\n". log may be used from several
// goroutines. It hides package log, which is not needed here.
//
// An error does not end the service, whether it comes from a read or from a reply,
// and however many come in a row. (Whether you make a pause after one, of a second
// at the most, is up to you.) There are two exceptions:
//
//   - when ctx ends, because it is cancelled or its deadline has come, Serve returns
//     at once, with an error that wraps ctx.Err(), context.Cause(ctx) or
//     os.ErrDeadlineExceeded;
//   - when conn is closed, Serve returns, at once or after such a pause, with an error
//     that wraps net.ErrClosed.
//
// At once means before any time passes, once the call of conn's that is under way
// has returned. On the virtual network, a deadline that is still to come, be it in a
// nanosecond, is too late; use one that is long past. If ctx ends and conn is closed
// at the same instant, either error is right.
//
// Serve leaves conn as it was: open, without a deadline. No goroutine that it has
// started is still running when it returns, but for the moment that it needs to end.
// Serve may be called again on the same conn, and on several conns at a time; each
// call is on its own.
//
// conn has no deadline when it is handed over, and times out only at a deadline that
// you have set; it returns no error of package context. Any implementation may come,
// so don't type-assert it; the addresses that it gives are *net.UDPAddr without a
// zone, and stay as they are. Beside an error there are no bytes, and the address is
// nil. log's Write does not fail. Hold no mutex while you wait: while another
// goroutine waits for it, the virtual network's clock stands still. Keep no channel,
// no timer and no sync.WaitGroup in a package-level variable: every call is on its
// own.
func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {
	panic("TODO: write Serve, which answers each datagram with its length")
}

// Ask sends text to server through conn, once, as one datagram, and returns the
// text of the first datagram that comes back, as it is. Either may be empty, may
// hold any bytes, and may be as long as UDP allows (65,507 bytes on IPv4, 65,527 on
// IPv6). In this lesson, nobody but the server sends to conn, and it does so
// from the address that was asked. server is a *net.UDPAddr, with an IPv4 address in
// 4 bytes or in 16, and the caller's: after the call it may hold another address.
//
// When ctx ends first, Ask returns at once, with an error that wraps ctx.Err(),
// context.Cause(ctx) or os.ErrDeadlineExceeded; so it does when ctx has ended before
// the call, and it is up to you whether text is sent then. (If the answer is there
// too, either may win.) Nothing else limits its wait. An error of conn's, be it from
// sending or from reading, ends it at once too, and is returned as it is or wrapped.
// Beside an error, the text is "".
//
// Ask leaves conn as it was: open, without a deadline, with nobody reading from
// it, and with no goroutine of its own still running, whether ctx has ended, ends
// later, or never does. Another Ask on the same conn works, whatever became of this
// one. (A late answer to this one would be taken by the next; here none comes.)
//
// The rules for conn are those of Serve; calls on other conns may run at the same
// time.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (string, error) {
	panic("TODO: write Ask, which sends text to server and waits for its answer")
}
