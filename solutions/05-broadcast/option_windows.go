package broadcast

//kata:given

import (
	"os"
	"syscall"
)

// permitBroadcast permits the socket with this handle to send to broadcast
// addresses.
func permitBroadcast(fd uintptr) error {
	return setOption(fd, syscall.SO_BROADCAST)
}

// sharePort lets the socket have a port that others of the same user have
// already, even if those did not do this.
func sharePort(fd uintptr) error {
	return setOption(fd, syscall.SO_REUSEADDR)
}

func setOption(fd uintptr, option int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, option, 1))
}
