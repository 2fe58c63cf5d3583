//go:build unix

package sockopt

import (
	"net"
	"net/netip"
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

// Sockets returns the sockets of IP that this process has open, by descriptor, and their
// addresses: one that is not bound has port 0. It knows the first 256 descriptors alone. On
// Windows it knows none.
func Sockets() map[uintptr]netip.AddrPort {
	all := map[uintptr]netip.AddrPort{}
	for fd := range 256 {
		switch at, _ := unix.Getsockname(fd); at := at.(type) {
		case *unix.SockaddrInet4:
			all[uintptr(fd)] = netip.AddrPortFrom(netip.AddrFrom4(at.Addr), uint16(at.Port))
		case *unix.SockaddrInet6:
			all[uintptr(fd)] = netip.AddrPortFrom(netip.AddrFrom16(at.Addr), uint16(at.Port))
		}
	}
	return all
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
