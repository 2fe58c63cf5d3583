//go:build unix

package harness

import (
	"net"
	"os"
	"syscall"
)

func setOption(fd uintptr, option, value int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, option, value))
}

func socketOption(socket *net.UDPConn, level, option int) (value int, err error) {
	err = control(socket, func(fd uintptr) error {
		value, err = syscall.GetsockoptInt(int(fd), level, option)
		return os.NewSyscallError("getsockopt", err)
	})
	return value, err
}

// breakSocket puts a file in the place of a socket.
func breakSocket(socket *net.UDPConn) (want, err error) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return syscall.ENOTSOCK, control(socket, func(fd uintptr) error {
		return os.NewSyscallError("dup2", dup2(int(file.Fd()), int(fd)))
	})
}
