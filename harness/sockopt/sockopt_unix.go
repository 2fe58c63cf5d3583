//go:build unix

package sockopt

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	solSocket   = unix.SOL_SOCKET
	soBroadcast = unix.SO_BROADCAST
	soReuseAddr = unix.SO_REUSEADDR
)

func setInt(fd uintptr, level, option, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), level, option, value))
}

func getInt(fd uintptr, level, option int) (int, error) {
	value, err := unix.GetsockoptInt(int(fd), level, option)
	return value, os.NewSyscallError("getsockopt", err)
}

// IsBlocking reports whether calls on a socket block their thread, so that no
// deadline ends them: whether O_NONBLOCK is not set, as fcntl(2) tells with F_GETFL.
// On Windows, which can't be asked, the error wraps [errors.ErrUnsupported].
func IsBlocking(conn *net.UDPConn) (blocking bool, err error) {
	err = control(conn, func(fd uintptr) error {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		blocking = flags&unix.O_NONBLOCK == 0
		return os.NewSyscallError("fcntl", err)
	})
	return blocking && err == nil, err
}

// Break makes every later option call on a socket fail, for good, and returns what
// their errors wrap. On Unix the socket's descriptor becomes one of a file, so that
// is syscall.ENOTSOCK (dup2(2)); on Windows, where no handle can become another's,
// the socket is closed, so it is [net.ErrClosed]. The socket has still to be closed.
func Break(conn *net.UDPConn) (want, err error) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	err = control(conn, func(fd uintptr) error {
		syscall.ForkLock.RLock() // no child may inherit the descriptor before it is marked
		defer syscall.ForkLock.RUnlock()
		if err := unix.Dup2(int(file.Fd()), int(fd)); err != nil {
			return os.NewSyscallError("dup2", err)
		}
		unix.CloseOnExec(int(fd))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return syscall.ENOTSOCK, nil
}
