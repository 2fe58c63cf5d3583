package backoff

//kata:given

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// maxDatagram is enough for any UDP datagram: its length field has 16 bits.
const maxDatagram = 1 << 16

// readFrom waits for a datagram, or until ctx ends; then it returns ctx's
// error. It leaves conn without a deadline.
func readFrom(ctx context.Context, conn net.PacketConn, buf []byte) (n int, from net.Addr, err error) {
	err = interruptible(ctx, conn, time.Time{}, func() error {
		n, from, err = conn.ReadFrom(buf)
		return err
	})
	return n, from, err
}

// readUntil waits for a datagram, or until the deadline has passed; then it
// returns os.ErrDeadlineExceeded; or until ctx ends; then it returns ctx's
// error. It leaves conn without a deadline.
func readUntil(ctx context.Context, conn net.Conn, deadline time.Time, buf []byte) (n int, err error) {
	err = interruptible(ctx, conn, deadline, func() error {
		n, err = conn.Read(buf)
		return err
	})
	return n, err
}

// interruptible calls read, and ends it by a deadline: by the one that is
// given, if it is not zero, or, when ctx ends, by one that is long past.
func interruptible(ctx context.Context, conn interface{ SetReadDeadline(time.Time) error }, deadline time.Time,
	read func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	interrupted := make(chan struct{})
	conn.SetReadDeadline(deadline)
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0))
	})
	err := read()
	if !stop() {
		<-interrupted // whoever is about to set a deadline has done so
	}
	conn.SetReadDeadline(time.Time{})
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
