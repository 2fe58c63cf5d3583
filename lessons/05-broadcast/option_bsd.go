//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package broadcast

//kata:given

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// permitBroadcast permits the socket with this descriptor to send to broadcast
// addresses.
func permitBroadcast(fd uintptr) error {
	return setOption(fd, unix.SO_BROADCAST)
}

// sharePort lets other sockets have the same port, if they do this too.
func sharePort(fd uintptr) error {
	return errors.Join(setOption(fd, unix.SO_REUSEADDR), setOption(fd, unix.SO_REUSEPORT))
}

func setOption(fd uintptr, option int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, 1))
}
