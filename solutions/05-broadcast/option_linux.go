package broadcast

//kata:given

import (
	"os"
	"syscall"
)

// permitBroadcast permits the socket with this descriptor to send to broadcast
// addresses.
func permitBroadcast(fd uintptr) error {
	return setOption(fd, syscall.SO_BROADCAST)
}

// sharePort lets other sockets have the same port, if they do this too.
func sharePort(fd uintptr) error {
	return setOption(fd, syscall.SO_REUSEADDR)
}

func setOption(fd uintptr, option int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, option, 1))
}
