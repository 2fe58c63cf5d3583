package harness

import (
	"net"
	"os"
	"syscall"
)

// isBlocking reports whether calls on a socket block their thread.
func isBlocking(socket *net.UDPConn) (blocking bool, err error) {
	err = control(socket, func(fd uintptr) error {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		blocking = flags&syscall.O_NONBLOCK == 0
		if errno != 0 {
			return os.NewSyscallError("fcntl", errno)
		}
		return nil
	})
	return blocking, err
}

func dup2(from, to int) error { return syscall.Dup3(from, to, syscall.O_CLOEXEC) }
