package harness

import (
	"net"
	"syscall"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/netlab"
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
		whole := diagnosis.Whole{Got: got}
		if w.net.addr().Is6() {
			whole.IPv4Only = w.option(socket, syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER) == syscall.IP_PMTUDISC_DO
		}
		w.wants(whole)
		w.fatal(verdict.Failed, "%s's datagrams may be cut up: its option %s is %d; the story wants %d.", w.kernel[socket], name, got, syscall.IP_PMTUDISC_DO)
	}
}

// MTU is the MTU of the path that a connected socket's datagrams take, in bytes
// (IP_MTU in ip(7)).
func (w *World) MTU(socket *net.UDPConn) int {
	mtu, err := pathMTU(socket, w.net.addr().Is6())
	if err != nil {
		w.fatal(verdict.NotRun, "%s can't be asked for its MTU: %v.", w.kernel[socket], err)
	}
	return mtu
}

// Learned waits until the kernel knows the MTU of a socket's path, in bytes, and
// the socket its error for it.
func (w *World) Learned(socket *net.UDPConn, mtu int) {
	const patience = 10 * time.Second // a router's word takes microseconds
	for began := time.Now(); w.MTU(socket) != mtu; time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			w.fatal(verdict.NotRun, "No router told that the path's MTU is %d; it is %d.", mtu, w.MTU(socket))
		}
	}
	netlab.ErrorPending(socket, patience) // unless the code has met it already
}

// forbidFragments sets IP_MTU_DISCOVER or IPV6_MTU_DISCOVER to "do".
func forbidFragments(socket *net.UDPConn, ipv6 bool) error {
	level, option := syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER
	if ipv6 {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER
	}
	return control(socket, func(fd uintptr) error {
		return syscall.SetsockoptInt(int(fd), level, option, syscall.IP_PMTUDISC_DO)
	})
}

// pathMTU is IP_MTU or IPV6_MTU.
func pathMTU(socket *net.UDPConn, ipv6 bool) (int, error) {
	if ipv6 {
		return socketOption(socket, syscall.IPPROTO_IPV6, syscall.IPV6_MTU)
	}
	return socketOption(socket, syscall.IPPROTO_IP, syscall.IP_MTU)
}
