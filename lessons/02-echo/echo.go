// Package echo is lesson 02: a server that tells each client how long its
// datagram was, and a client that asks it.
package echo

import (
	"context"
	"io"
	"net"
)

// Serve answers every datagram that arrives on conn with its length, until ctx
// is cancelled or conn is closed.
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
// with the sender's address and the datagram quoted as %q does it, and nothing
// else. Each line is one Write, with its "\n". log may be used from several
// goroutines. It hides package log, which is not needed here.
//
// An error does not end the service, whether it comes from a read or from a
// reply, with two exceptions:
//
//   - when ctx is cancelled, Serve returns at once, with an error that wraps
//     ctx.Err() or os.ErrDeadlineExceeded;
//   - when conn is closed, Serve returns an error that wraps net.ErrClosed.
//
// Serve leaves conn as it was: open, without a deadline. It starts no goroutine
// that is still running when it returns.
//
// conn has no deadline when it is handed over. Any implementation may come, so
// don't type-assert it; the addresses that it gives are *net.UDPAddr, and nil
// beside an error. Hold no mutex while you wait: while another goroutine waits
// for it, the virtual network's clock stands still. Keep no channel in a
// package-level variable: every call is on its own.
func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {
	panic("TODO: write Serve, which answers each datagram with its length")
}

// Ask sends text to server through conn, as one datagram, and returns the text
// of the datagram that comes back. Either may be empty, and as long as UDP
// allows (65,507 bytes on IPv4, 65,527 on IPv6). In this lesson, nobody but the
// server sends to conn.
//
// When ctx ends first, Ask returns at once, with an error that wraps ctx.Err()
// or os.ErrDeadlineExceeded. An error of conn's ends it too, and is returned as
// it is or wrapped. The text is then "".
//
// Ask leaves conn as it was: open, without a deadline, with nobody reading from
// it. Another Ask on the same conn works, whatever became of this one. (A late
// answer to this one would be taken by the next; here none comes.)
//
// The rules for conn are those of Serve.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (string, error) {
	panic("TODO: write Ask, which sends text to server and waits for its answer")
}
