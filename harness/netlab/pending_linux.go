package netlab

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

// ErrorPending waits until an error is pending on a socket, which the next call on
// it will report, and leaves it there (POLLERR in poll(2)). It returns false if
// there was none for so long.
func ErrorPending(conn *net.UDPConn, atMost time.Duration) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	const pollErr = 8
	var poll struct {
		fd              int32
		events, revents int16
	}
	raw.Control(func(fd uintptr) {
		poll.fd = int32(fd)
		end := time.Now().Add(atMost)
		for again := true; again; {
			timeout := syscall.NsecToTimespec(max(0, time.Until(end)).Nanoseconds())
			_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
			again = errno == syscall.EINTR
		}
	})
	return poll.revents&pollErr != 0
}
