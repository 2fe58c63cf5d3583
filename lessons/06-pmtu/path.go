package pmtu

//kata:given

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// A Path is a way to a server, over a connected socket whose datagrams nobody
// may fragment.
type Path interface {
	Write(p []byte) (int, error)
	Read(p []byte) (int, error)
	SetReadDeadline(t time.Time) error
	MTU() (int, error) // in bytes, as far as the system knows it
	IPv6() bool
}

// PathOver returns the Path over a connected socket of the system's.
func PathOver(conn *net.UDPConn) (Path, error) {
	if err := ForbidFragments(conn); err != nil {
		return nil, err
	}
	return udpPath{conn}, nil
}

type udpPath struct{ *net.UDPConn }

func (p udpPath) MTU() (int, error) { return PathMTU(p.UDPConn) }

func (p udpPath) IPv6() bool {
	udp, ok := p.LocalAddr().(*net.UDPAddr)
	return ok && udp.IP.To4() == nil
}

// readUntil waits for a datagram, or until the deadline has passed; then it
// returns os.ErrDeadlineExceeded; or until ctx ends; then it returns ctx's
// error. It leaves path without a deadline.
func readUntil(ctx context.Context, path Path, deadline time.Time, buf []byte) (n int, err error) {
	interrupted := make(chan struct{})
	path.SetReadDeadline(deadline)
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		path.SetReadDeadline(time.Unix(1, 0)) // long past: ends the read
	})
	n, err = path.Read(buf)
	if !stop() {
		<-interrupted // whoever is about to set a deadline has done so
	}
	path.SetReadDeadline(time.Time{})
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return n, err
}
