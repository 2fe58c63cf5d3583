package tftp

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

// readUntil waits for a datagram, or until the deadline has passed; then it
// returns os.ErrDeadlineExceeded; or until ctx ends; then it returns ctx's
// error. A datagram that is there by then, or another error, it may return all the
// same, so ask ctx.Err(), too. A deadline that is zero never passes. It leaves conn
// without a deadline.
func readUntil(ctx context.Context, conn net.PacketConn, deadline time.Time, buf []byte) (
	n int, from net.Addr, err error) {
	if ctx.Err() != nil {
		return 0, nil, ctx.Err()
	}
	interrupted := make(chan struct{})
	conn.SetReadDeadline(deadline)
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0)) // long past: ends the read
	})
	n, from, err = conn.ReadFrom(buf)
	if !stop() {
		<-interrupted // whoever is about to set a deadline has done so
	}
	conn.SetReadDeadline(time.Time{})
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return n, from, err
}
