//go:build !linux

package harness

import (
	"errors"
	"net"
)

// ForbidsFragments is for stories of Linux's sockets.
func (w *World) ForbidsFragments(*net.UDPConn) { panic("ForbidsFragments is for Linux") }

// MTU is for stories of Linux's sockets.
func (w *World) MTU(*net.UDPConn) int { panic("MTU is for Linux") }

// Learned is for stories of Linux's sockets.
func (w *World) Learned(*net.UDPConn, int) { panic("Learned is for Linux") }

func forbidFragments(*net.UDPConn, bool) error { return errors.ErrUnsupported }

func pathMTU(*net.UDPConn, bool) (int, error) { return 0, errors.ErrUnsupported }
