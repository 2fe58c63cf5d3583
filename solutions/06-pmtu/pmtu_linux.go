//go:build !unsupported

package pmtu

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// ForbidFragments makes conn's datagrams go whole or not at all.
func ForbidFragments(conn *net.UDPConn) error {
	level, option, value := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO
	if isIPv6(conn) {
		level, option, value = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO
	}
	return control(conn, func(fd uintptr) error { return setOption(fd, level, option, value) })
}

// PathMTU returns the MTU of the path that a connected socket's datagrams take,
// as far as the system knows it.
func PathMTU(conn *net.UDPConn) (mtu int, err error) {
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if isIPv6(conn) {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	err = control(conn, func(fd uintptr) (err error) {
		mtu, err = getOption(fd, level, option)
		return err
	})
	return mtu, err
}

// control calls f with a socket's descriptor. Either of the two may fail.
func control(conn *net.UDPConn, f func(fd uintptr) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(fd) })
	return errors.Join(err, failed)
}

// SendBig sends a datagram of size bytes that nobody may fragment.
func SendBig(conn *net.UDPConn, size int) (Report, error) {
	if err := ForbidFragments(conn); err != nil {
		return Report{}, fmt.Errorf("send big: %w", err)
	}
	_, err := conn.Write(bytes.Repeat([]byte("#"), size))
	if err == nil {
		return Report{Sent: true}, nil
	}
	if !errors.Is(err, syscall.EMSGSIZE) {
		return Report{}, fmt.Errorf("send big: %w", err)
	}
	mtu, err := PathMTU(conn)
	if err != nil {
		return Report{}, fmt.Errorf("send big: %w", err)
	}
	return Report{MTU: mtu, Fits: MaxPayload(mtu, isIPv6(conn))}, nil
}
