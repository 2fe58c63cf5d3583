package spoof

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
	err = interruptible(ctx, conn, func() error {
		n, from, err = conn.ReadFrom(buf)
		return err
	})
	return n, from, err
}

// read does for a connected socket what readFrom does.
func read(ctx context.Context, conn net.Conn, buf []byte) (n int, err error) {
	err = interruptible(ctx, conn, func() error {
		n, err = conn.Read(buf)
		return err
	})
	return n, err
}

// interruptible calls wait, and ends it by a deadline that is long past when ctx
// ends.
func interruptible(ctx context.Context, conn interface{ SetReadDeadline(time.Time) error }, wait func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0))
	})
	err := wait()
	if !stop() {
		<-interrupted // whoever is about to set a deadline has done so
		conn.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
