// Package backoff is lesson 04: a client that asks again when no answer comes,
// waiting twice as long each time, and a server that drops what it likes.
package backoff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// ErrServerDown is why Ask gives up.
//
//lint:ignore ST1005 a sentence, on purpose
var ErrServerDown = errors.New("I think the server is down")

const (
	firstWait = 100 * time.Millisecond
	mostWait  = 2 * time.Second
)

// Ask sends msg on conn until a datagram comes back, and doubles its wait each
// time.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
	buf := make([]byte, maxDatagram)
	cause := os.ErrDeadlineExceeded
	for wait := firstWait; wait <= mostWait; wait *= 2 {
		deadline := time.Now().Add(wait)
		if _, err := conn.Write(msg); err != nil {
			cause = err
		}
		fmt.Fprintf(log, "Waiting up to %v for a reply\n", wait)
		for {
			n, err := readUntil(ctx, conn, deadline, buf)
			if err == nil {
				return buf[:n], nil
			}
			if ctx.Err() != nil {
				return nil, fmt.Errorf("ask: %w", ctx.Err())
			}
			if errors.Is(err, net.ErrClosed) {
				return nil, fmt.Errorf("ask: %w", err)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			cause = err // a refusal, say: no answer, and no reason to hurry
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrServerDown, cause)
}

// Serve answers datagrams on conn with their length, but drops those for which
// drop returns true.
func Serve(ctx context.Context, conn net.PacketConn, drop func() bool, log io.Writer) error {
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
		if drop() {
			fmt.Fprintf(log, "Pretending to drop packet from %v\n", client)
			continue
		}
		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
		reply := fmt.Sprintf("Your data was %d bytes long", n)
		if _, err := conn.WriteTo([]byte(reply), client); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
	}
}
