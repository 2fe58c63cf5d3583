// Package echo is lesson 02: a server that tells each client how long its
// datagram was, and a client that asks it.
package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// maxDatagram is enough for any UDP datagram: its length field has 16 bits.
const maxDatagram = 1 << 16

// Serve answers every datagram that arrives on conn with its length, until ctx
// is cancelled or conn is closed. It returns why it ended.
func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {
	fmt.Fprintf(log, "Listening at %v\n", conn.LocalAddr())
	buf := make([]byte, maxDatagram)
	for {
		n, client, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		if err != nil {
			continue // about one datagram, not about the socket
		}
		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
		reply := fmt.Sprintf("Your data was %d bytes long", n)
		if _, err := conn.WriteTo([]byte(reply), client); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
	}
}

// Ask sends text to server as one datagram, and returns the text of the
// datagram that comes back.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (string, error) {
	if _, err := conn.WriteTo([]byte(text), server); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	buf := make([]byte, maxDatagram)
	n, _, err := readFrom(ctx, conn, buf)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	return string(buf[:n]), nil
}

// readFrom does what conn.ReadFrom does, and also ends, with ctx's error, when ctx
// does. It leaves conn without a deadline.
func readFrom(ctx context.Context, conn net.PacketConn, buf []byte) (int, net.Addr, error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0)) // long past: ends the read
	})
	n, from, err := conn.ReadFrom(buf)
	if !stop() {
		<-interrupted
		conn.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return n, from, err
}
