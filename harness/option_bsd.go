//go:build unix && !linux

package harness

import (
	"net"
	"syscall"
)

// isBlocking is asked on Linux alone, where package syscall can.
func isBlocking(*net.UDPConn) (bool, error) { return false, nil }

func dup2(from, to int) error { return syscall.Dup2(from, to) }
