//go:build !linux

package sockopt

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// SetPMTUDiscovery returns an error that wraps [errors.ErrUnsupported].
func SetPMTUDiscovery(*net.UDPConn, bool, PMTUDiscovery) error { return onLinux("path MTU discovery") }

// PMTUDiscoveryOf returns an error that wraps [errors.ErrUnsupported].
func PMTUDiscoveryOf(*net.UDPConn, bool) (PMTUDiscovery, error) {
	return 0, onLinux("path MTU discovery")
}

// PathMTU returns an error that wraps [errors.ErrUnsupported].
func PathMTU(*net.UDPConn, bool) (int, error) { return 0, onLinux("a path's MTU") }

// ErrorPending returns an error that wraps [errors.ErrUnsupported].
func ErrorPending(syscall.Conn, time.Duration) (bool, error) {
	return false, onLinux("whether an error is pending")
}

func onLinux(what string) error {
	return fmt.Errorf("%s: %w but on Linux", what, errors.ErrUnsupported)
}
