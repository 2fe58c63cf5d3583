package broadcast

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// AllowBroadcast permits a socket to send to broadcast addresses.
func AllowBroadcast(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return control(raw, permitBroadcast)
}

// ListenShared opens a UDP socket on a port that it shares with others.
func ListenShared(addr netip.AddrPort) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return control(raw, sharePort)
	}}
	conn, err := config.ListenPacket(context.Background(), "udp", addr.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// control calls set with a socket's descriptor. Either of the two may fail.
func control(raw syscall.RawConn, set func(fd uintptr) error) error {
	var failed error
	err := raw.Control(func(fd uintptr) { failed = set(fd) })
	return errors.Join(err, failed)
}
