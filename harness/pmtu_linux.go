package harness

import (
	"net"
	"syscall"

	"udpkata/harness/verdict"
)

// ForbidsFragments fails the story unless a socket's datagrams go whole or not at
// all: its option IP_MTU_DISCOVER, on IPv6 IPV6_MTU_DISCOVER, is "do".
func (w *World) ForbidsFragments(socket *net.UDPConn) {
	level, option, name := syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, "IP_MTU_DISCOVER"
	if w.net.addr().Is6() {
		level, option, name = syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, "IPV6_MTU_DISCOVER"
	}
	if got := w.option(socket, level, option); got != syscall.IP_PMTUDISC_DO {
		w.fatal(verdict.Failed, "%s's datagrams may be cut up: its option %s is %d; the story wants %d.", w.kernel[socket], name, got, syscall.IP_PMTUDISC_DO)
	}
}

// MTU is the MTU of the path that a connected socket's datagrams take, in bytes
// (IP_MTU in ip(7)).
func (w *World) MTU(socket *net.UDPConn) int {
	if w.net.addr().Is6() {
		return w.option(socket, syscall.IPPROTO_IPV6, syscall.IPV6_MTU)
	}
	return w.option(socket, syscall.IPPROTO_IP, syscall.IP_MTU)
}
