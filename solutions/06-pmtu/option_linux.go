//go:build !unsupported

package pmtu

//kata:given

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Supported reports whether this system lets programs discover a path's MTU.
const Supported = true

// setOption sets an option of the socket with this descriptor.
func setOption(fd uintptr, level, option, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), level, option, value))
}

// getOption returns the value of an option.
func getOption(fd uintptr, level, option int) (int, error) {
	value, err := unix.GetsockoptInt(int(fd), level, option)
	return value, os.NewSyscallError("getsockopt", err)
}

// isIPv6 reports whether conn is an IPv6 socket.
func isIPv6(conn *net.UDPConn) bool {
	udp, ok := conn.LocalAddr().(*net.UDPAddr)
	return ok && udp.IP.To4() == nil
}
