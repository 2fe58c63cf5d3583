package broadcast

//kata:given

import (
	"os"

	"golang.org/x/sys/windows"
)

// permitBroadcast permits the socket with this handle to send to broadcast
// addresses.
func permitBroadcast(fd uintptr) error {
	return setOption(fd, windows.SO_BROADCAST)
}

// sharePort lets the socket have a port that others of the same user have
// already, even if those did not do this.
func sharePort(fd uintptr) error {
	return setOption(fd, windows.SO_REUSEADDR)
}

func setOption(fd uintptr, option int) error {
	return os.NewSyscallError("setsockopt", windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, option, 1))
}
