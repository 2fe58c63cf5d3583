package sockopt

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/windows"
)

const (
	solSocket   = windows.SOL_SOCKET
	soBroadcast = windows.SO_BROADCAST
	soReuseAddr = windows.SO_REUSEADDR
)

func setInt(fd uintptr, level, option, value int) error {
	return os.NewSyscallError("setsockopt", windows.SetsockoptInt(windows.Handle(fd), level, option, value))
}

func getInt(fd uintptr, level, option int) (int, error) {
	value, err := windows.GetsockoptInt(windows.Handle(fd), level, option)
	return value, os.NewSyscallError("getsockopt", err)
}

// Sockets returns none.
func Sockets() map[uintptr]netip.AddrPort { return map[uintptr]netip.AddrPort{} }

// IsBlocking returns an error that wraps [errors.ErrUnsupported]: Windows can be
// told whether a socket blocks, but not asked.
func IsBlocking(*net.UDPConn) (bool, error) {
	return false, fmt.Errorf("whether a socket blocks: %w", errors.ErrUnsupported)
}

// Break closes a socket, and returns [net.ErrClosed], which the errors of all later
// option calls wrap: no handle can become that of something else.
func Break(conn *net.UDPConn) (want, err error) {
	if err := conn.Close(); err != nil {
		return nil, err
	}
	return net.ErrClosed, nil
}
