// Package pmtu is lesson 06: how big a datagram may be that nobody fragments on
// its way.
package pmtu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// ErrUnsupported is what ForbidFragments, PathMTU and SendBig return where the
// system is not Linux.
//
//lint:ignore ST1005 a sentence, on purpose
var ErrUnsupported = errors.New("Unsupported: Can only perform MTU discovery on Linux")

// ErrNoAnswer is why Probe gives up.
var ErrNoAnswer = errors.New("no answer")

// The lengths of headers, in bytes.
const (
	ipv4Header = 20
	ipv6Header = 40
	udpHeader  = 8
)

// MaxPayload returns how many bytes a datagram can carry over a path with this
// MTU without fragmentation.
func MaxPayload(mtu int, ipv6 bool) int {
	headers, most := ipv4Header+udpHeader, 65535-ipv4Header-udpHeader
	if ipv6 {
		headers, most = ipv6Header+udpHeader, 65535-udpHeader
	}
	mtu = max(mtu, 0) // or the least of all numbers, less the headers, would be a big one
	return max(0, min(mtu-headers, most))
}

// A Report is what became of a big datagram.
type Report struct {
	Sent bool // the system has taken it
	MTU  int  // of the path, in bytes, if the datagram did not fit; else 0
	Fits int  // how many bytes would fit, if these did not; else 0
}

const (
	firstWait = 100 * time.Millisecond
	mostWait  = 2 * time.Second
)

// Probe returns how many bytes the biggest datagram has that gets over path
// without fragmentation.
func Probe(ctx context.Context, path Path) (int, error) {
	size, err := likely(path)
	for err == nil {
		fits, failed := try(ctx, path, size)
		if failed == nil && fits == size {
			return size, nil
		}
		size, err = fits, failed
	}
	return 0, fmt.Errorf("probe: %w", err)
}

// likely returns the size that fits as far as the system knows.
func likely(path Path) (int, error) {
	mtu, err := path.MTU()
	return MaxPayload(mtu, path.IPv6()), err
}

// try sends size bytes until they have arrived, or until it is known that only
// fewer fit. It returns how many.
func try(ctx context.Context, path Path, size int) (int, error) {
	msg := bytes.Repeat([]byte("#"), size)
	want := fmt.Appendf(nil, "Your data was %d bytes long", size)
	buf := make([]byte, 1<<16)
	for wait := firstWait; wait <= mostWait; wait *= 2 {
		deadline := time.Now().Add(wait)
		_, err := path.Write(msg)
		for !errors.Is(err, os.ErrDeadlineExceeded) {
			if errors.Is(err, net.ErrClosed) {
				return 0, err
			}
			if errors.Is(err, syscall.EMSGSIZE) {
				fits, err := likely(path)
				if err != nil || fits < size {
					return fits, err
				}
			}
			var n int
			n, err = readUntil(ctx, path, deadline, buf)
			if err == nil && bytes.Equal(buf[:n], want) {
				return size, nil
			}
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
		}
	}
	return 0, ErrNoAnswer
}
