package steps

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
)

// Err draws what a read or a write may fail with in a story with a number, mostly the same
// in one story, so that a few stories have all: what systems report, bare or wrapped, and
// what any implementation of net.PacketConn may say. None of them is a time-out, for which
// programs honestly ask by [net.Error]: ETIMEDOUT and EAGAIN are.
func Err(r *rand.Rand, story int) error {
	if r.IntN(4) > 0 {
		return errs[story%len(errs)]
	}
	return OneOf(r, errs...)
}

// OwnErr returns what a read has to fail with in a story with a number, so that no error is
// left out by chance; nil in most stories.
func OwnErr(story int) error {
	if story/len(errs) == 1 {
		return errs[story%len(errs)]
	}
	return nil
}

var errs = []error{
	syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENOBUFS,
	syscall.ENOMEM, syscall.EMSGSIZE, syscall.EPERM, syscall.EACCES, syscall.ECONNRESET, syscall.EINTR,
	syscall.EINVAL, syscall.EIO, io.EOF, io.ErrUnexpectedEOF, io.ErrShortBuffer,
	errors.New("interference"),
	fmt.Errorf("driver: %w", syscall.EIO),
	fmt.Errorf("closed for repairs: %w", syscall.EHOSTUNREACH),
	errors.Join(errors.New("first"), syscall.ENETDOWN),
	&net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("recvmsg", syscall.ENETRESET)},
}
