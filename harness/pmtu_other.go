//go:build !linux

package harness

import "net"

// ForbidsFragments is for stories of Linux's sockets.
func (w *World) ForbidsFragments(*net.UDPConn) { panic("ForbidsFragments is for Linux") }

// MTU is for stories of Linux's sockets.
func (w *World) MTU(*net.UDPConn) int { panic("MTU is for Linux") }
