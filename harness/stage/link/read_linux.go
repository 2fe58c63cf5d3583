package link

import (
	"io"
	"syscall"
	"unsafe"
)

// Read waits for bytes of a descriptor. It does not look again and again before it waits: where as many submissions are
// judged as there are processors, another one can use the time.
func Read(fd int, p []byte) (int, error) { return ReadUntil(fd, -1, p) }

// ReadUntil does what Read does, of a descriptor that does not block, until another one is ready, if that is not
// negative: then there is nothing more to come.
func ReadUntil(fd, end int, p []byte) (int, error) {
	for {
		ended := end >= 0 && await(fd, end, pollIn)
		n, err := syscall.Read(fd, p)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case err == nil:
			return n, nil
		case err == syscall.EINTR:
		case err != syscall.EAGAIN:
			return 0, err
		case ended:
			return 0, io.EOF
		case end < 0:
			await(fd, -1, pollIn)
		}
	}
}

// Write writes all of p to a descriptor, whether it blocks or not.
func Write(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := syscall.Write(fd, p)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			await(fd, -1, pollOut)
		case err != nil:
			return err
		default:
			p = p[n:]
		}
	}
	return nil
}

// What poll(2) waits for.
const (
	pollIn  = 1
	pollOut = 4
)

// await waits until a descriptor is ready, or another one that is not negative. It reports
// whether that one is.
func await(fd, end int, wanted int16) (ended bool) {
	type event struct {
		fd              int32
		wanted, arrived int16
	}
	events := [2]event{{int32(fd), wanted, 0}, {int32(end), pollIn, 0}}
	syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&events)), 2, 0, 0, 0, 0)
	return events[1].arrived != 0
}
