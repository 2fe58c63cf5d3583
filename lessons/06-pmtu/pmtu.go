// Package pmtu is lesson 06: how big a datagram may be that nobody fragments on
// its way.
package pmtu

import (
	"context"
	"errors"
)

// ErrUnsupported is what ForbidFragments, PathMTU and SendBig return where the
// system is not Linux.
//
//lint:ignore ST1005 a sentence, on purpose
var ErrUnsupported = errors.New("Unsupported: Can only perform MTU discovery on Linux")

// ErrNoAnswer is why Probe gives up.
var ErrNoAnswer = errors.New("no answer")

// MaxPayload returns how many bytes a datagram can carry over a link or a path
// with this MTU (in bytes) without fragmentation: what IP's header of 20 bytes, or
// 40 on IPv6, and UDP's of 8 leave. It is never more than UDP can carry anyway,
// 65,507 bytes on IPv4 and 65,527 on IPv6, and never negative. Any number may come,
// and none is an exception.
func MaxPayload(mtu int, ipv6 bool) int {
	panic("TODO: write MaxPayload, which takes the headers off")
}

// A Report is what became of a big datagram.
type Report struct {
	Sent bool // the system has taken it
	MTU  int  // of the path, in bytes, if the datagram did not fit; else 0
	Fits int  // how many bytes would fit, if these did not; else 0
}

// Probe returns how many bytes the biggest datagram has that gets over path without
// fragmentation. At the other end is lesson 02's server: it answers a datagram of N
// bytes with
//
//	Your data was N bytes long
//
// This is what each task wants (TestWhateverComes wants all of it):
//
// TestProbe: Probe begins with the size that path.MTU makes likely at this call,
// MaxPayload of it, however small. It sends so many bytes, whatever bytes they are,
// and waits for exactly this text, with this number; then it returns, and sends
// nothing more. That Write returned no error proves nothing.
//
// If the path can't take that much, Write fails with syscall.EMSGSIZE, or a later Read
// or Write does. Probe then asks path.MTU again. If less fits now than it has tried,
// it sends that much, at once. (A Write that failed with this error has sent nothing.)
//
// TestProbeWaits: while no answer comes, Probe sends the same size again, and waits as
// lesson 04's client does: 100, 200, 400, 800 and 1600 ms, the deadline of each wait
// being counted from its send. Each smaller size has five sends of its own, however
// often less fits than before. After the fifth wait Probe gives up, with an error that
// wraps ErrNoAnswer.
//
// TestProbeMeetsOldErrors: no other answer counts than the one to the size sent last,
// neither with a smaller number nor with a bigger one, as it may be one to an earlier
// send. If syscall.EMSGSIZE comes, and no less fits now than Probe has tried, the
// error is about an earlier datagram: it changes nothing. (If it was Write that
// failed, this counts as a send all the same, and its wait follows; where less fits,
// it does not count.) Other errors of Write and Read (such as "connection refused"),
// however many, are no answer, and change nothing; a Write that fails with one counts
// as a send.
//
// TestProbeStops: when path is closed, Probe returns at once, with an error that wraps
// net.ErrClosed; when ctx ends, with one that wraps ctx.Err(), context.Cause(ctx) or
// os.ErrDeadlineExceeded. Either may be so before the call. An error of path.MTU's is
// returned at once, as it is or wrapped. (What else an error wraps does not matter.)
//
// The rules for path, and what "at once" means, are those for conn in
// lessons/00-before, section The rules of every lesson. Here also: no timer of Probe's
// own is still running when it returns.
func Probe(ctx context.Context, path Path) (int, error) {
	panic("TODO: write Probe, which sends, learns from the refusal, and shrinks")
}
