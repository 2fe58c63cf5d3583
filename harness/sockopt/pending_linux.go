package sockopt

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrorPending reports whether an error is pending on a socket, which the next call
// on it will report, and leaves it there: POLLERR in poll(2). It waits for one, but
// not longer than atMost; 0 or less is not to wait. Closing the socket does not end
// the wait. On other systems than Linux the error wraps [errors.ErrUnsupported].
func ErrorPending(conn syscall.Conn, atMost time.Duration) (pending bool, err error) {
	end := time.Now().Add(atMost)
	err = control(conn, func(fd uintptr) error {
		polls := []unix.PollFd{{Fd: int32(fd)}} // POLLERR is always asked for
		for {
			left := unix.NsecToTimespec(max(0, time.Until(end)).Nanoseconds())
			_, err := unix.Ppoll(polls, &left, nil)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			pending = polls[0].Revents&unix.POLLERR != 0
			return os.NewSyscallError("ppoll", err)
		}
	})
	return pending && err == nil, err
}
