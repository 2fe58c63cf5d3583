package link

import (
	"io"
	"runtime"
	"syscall"
	"unsafe"
)

// tries is how often Read looks before it waits: the other side mostly answers within
// microseconds, and to wait for it, and to be woken, takes longer than that.
const tries = 40

// Read waits for bytes of a descriptor that does not block.
func Read(fd int, p []byte) (int, error) { return ReadUntil(fd, -1, p) }

// ReadUntil does what Read does, until another descriptor, if it is one, is ready: then there is nothing more to come.
func ReadUntil(fd, end int, p []byte) (int, error) {
	ended := false
	for i := 0; ; i++ {
		buf := unsafe.Pointer(&p[0])
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(buf), uintptr(len(p)))
		switch {
		case errno == 0 && n == 0:
			return 0, io.EOF
		case errno == 0:
			return int(n), nil
		case errno == syscall.EINTR:
		case errno != syscall.EAGAIN:
			return 0, errno
		case ended:
			return 0, io.EOF
		case i >= tries:
			ended = await(fd, end, pollIn)
		default:
			runtime.Gosched()
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
