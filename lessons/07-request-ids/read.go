package requestids

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
// error. A datagram that is there by then, it may return all the same. It
// leaves conn without a deadline.
func readFrom(ctx context.Context, conn net.PacketConn, buf []byte) (n int, from net.Addr, err error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0)) // long past: ends the read
	})
	n, from, err = conn.ReadFrom(buf)
	if !stop() {
		<-interrupted // whoever is about to set a deadline has done so
		conn.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return n, from, err
}
