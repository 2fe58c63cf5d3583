package harness

import (
	"net"
	"os"
	"syscall"
	"unsafe"
)

func setOption(fd uintptr, option, value int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, option, value))
}

func socketOption(socket *net.UDPConn, level, option int) (value int, err error) {
	err = control(socket, func(fd uintptr) error {
		var number, size int32 = 0, 4
		err := syscall.Getsockopt(syscall.Handle(fd), int32(level), int32(option), (*byte)(unsafe.Pointer(&number)), &size)
		value = int(number)
		return os.NewSyscallError("getsockopt", err)
	})
	return value, err
}

// isBlocking is false: Go's sockets do not depend on their mode here.
func isBlocking(*net.UDPConn) (bool, error) { return false, nil }

// breakSocket closes a socket: a handle can't be made that of something else.
func breakSocket(socket *net.UDPConn) (want, err error) { return net.ErrClosed, socket.Close() }
