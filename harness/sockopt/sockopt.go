// Package sockopt is the option calls of all systems, over golang.org/x/sys: what
// package net does not offer of a UDP socket.
//
// A call leaves the socket as it is but for what its name says; in particular it
// stays non-blocking. On a socket that is closed, the error wraps [net.ErrClosed].
// An error of the system's is an [os.SyscallError], which wraps its errno. What a
// system lacks is an error that wraps [errors.ErrUnsupported]; each function says
// where that is. All of them may be called from any goroutine, also while others
// read and write.
package sockopt

import (
	"net"
	"syscall"
)

// SetBroadcast permits a socket to send to broadcast addresses, or forbids it:
// SO_BROADCAST in socket(7). The system says EACCES, or its like, where a socket
// sends there without the permission. Go gives it to the sockets that it opens (on
// Windows only to those for IPv4 alone).
func SetBroadcast(conn *net.UDPConn, permitted bool) error {
	value := 0
	if permitted {
		value = 1
	}
	return set(conn, solSocket, soBroadcast, value)
}

// Broadcast reports whether a socket may send to broadcast addresses: SO_BROADCAST
// in socket(7).
func Broadcast(conn *net.UDPConn) (bool, error) {
	value, err := get(conn, solSocket, soBroadcast)
	return value != 0, err
}

// SetReuseAddr sets SO_REUSEADDR, of socket(7). It is for the Control of a
// [net.ListenConfig], since the system looks at the option when a socket gets its
// port:
//
//	config.Control = func(_, _ string, raw syscall.RawConn) error { return sockopt.SetReuseAddr(raw) }
//
// On Linux, UDP sockets that all have it share a port. On Windows one that has it
// gets a port even if the socket that is there does not have it. The BSDs and macOS
// share a unicast address only with SO_REUSEPORT, which this does not set.
func SetReuseAddr(raw syscall.RawConn) error {
	return controlRaw(raw, func(fd uintptr) error { return setInt(fd, solSocket, soReuseAddr, 1) })
}

func set(conn *net.UDPConn, level, option, value int) error {
	return control(conn, func(fd uintptr) error { return setInt(fd, level, option, value) })
}

func get(conn *net.UDPConn, level, option int) (value int, err error) {
	err = control(conn, func(fd uintptr) (err error) {
		value, err = getInt(fd, level, option)
		return err
	})
	return value, err
}

// Descriptor returns a socket's, of those that [Sockets] lists.
func Descriptor(conn *net.UDPConn) (descriptor uintptr, err error) {
	err = control(conn, func(fd uintptr) error {
		descriptor = fd
		return nil
	})
	return descriptor, err
}

// control calls f with a socket's descriptor, and returns its error or that of the
// socket.
// Same reports whether two connections are the same socket of the kernel's: one is a copy of the other, as
// [net.UDPConn.File] makes them. Linux alone can be asked. A socket that is closed is the same as no other.
func Same(a, b any) bool {
	numberA, okA := Number(a)
	numberB, okB := Number(b)
	return okA && okB && numberA == numberB
}

func control(conn syscall.Conn, f func(fd uintptr) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return controlRaw(raw, f)
}

func controlRaw(raw syscall.RawConn, f func(fd uintptr) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(fd) }); err != nil {
		return err
	}
	return failed
}
