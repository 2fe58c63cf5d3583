package netlab

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// ErrorPending waits until an error is pending on a socket, which the next call on
// it will report, and leaves it there (POLLERR in poll(2)). It returns false if
// there was none for so long.
func ErrorPending(conn *net.UDPConn, atMost time.Duration) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	polls := []unix.PollFd{{}}
	raw.Control(func(fd uintptr) {
		polls[0].Fd = int32(fd)
		for end := time.Now().Add(atMost); ; {
			left := unix.NsecToTimespec(max(0, time.Until(end)).Nanoseconds())
			if _, err := unix.Ppoll(polls, &left, nil); !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	return polls[0].Revents&unix.POLLERR != 0
}
