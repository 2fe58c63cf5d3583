package harness

import (
	"errors"
	"net"
	"syscall"

	"udpkata/harness/diagnosis"
	"udpkata/harness/verdict"
)

// This file is about sockets of the kernel that the student's code gets bare, as
// *net.UDPConn, so that it can set options on them. What is sent and heard
// there, the story does not see.

// UDPConn opens a socket of the kernel's for the student's code.
func (w *World) UDPConn(name string) *net.UDPConn { return w.bare(name, w.listen) }

// DialUDP opens a socket of the kernel's for the student's code that is
// connected to an endpoint.
func (w *World) DialUDP(name string, to Endpoint) *net.UDPConn {
	return w.bare(name, func() (udpConn, error) { return w.sockets.dial(addrPort(to.LocalAddr())) })
}

func (w *World) bare(name string, open func() (udpConn, error)) *net.UDPConn {
	w.onlyKernel("a *net.UDPConn")
	conn := w.open(name, open).(*net.UDPConn)
	w.kernel[conn] = name
	return conn
}

// BrokenSocket opens a socket on which every option call fails, with an error
// that wraps want: where a system can do that, its descriptor is no socket any
// more; elsewhere it is closed.
func (w *World) BrokenSocket(name string) (socket *net.UDPConn, want error) {
	socket = w.UDPConn(name)
	want, err := breakSocket(socket)
	if err != nil {
		w.fatal(verdict.NotRun, "%s can't be broken: %v.", name, err)
	}
	return socket, want
}

// MayBroadcast fails the story unless a socket is permitted to broadcast.
func (w *World) MayBroadcast(socket *net.UDPConn) {
	if w.option(socket, syscall.SOL_SOCKET, broadcastOption) == 0 {
		w.wants(diagnosis.Permitted{Socket: w.kernel[socket]})
		w.fatal(verdict.Failed, "%s may not broadcast: its option SO_BROADCAST is 0.", w.kernel[socket])
	}
}

// StillNonBlocking fails the story if a socket has been made blocking, as
// [os.File.Fd] does with the file that [net.UDPConn.File] returns.
func (w *World) StillNonBlocking(socket *net.UDPConn) {
	blocking, err := isBlocking(socket)
	switch {
	case err != nil:
		w.fatal(verdict.NotRun, "%s can't be asked whether it is blocking: %v.", w.kernel[socket], err)
	case blocking:
		w.wants(diagnosis.NonBlocking{})
		w.fatal(verdict.Failed, "%s is a blocking socket now, and no deadline ends its reads any more.", w.kernel[socket])
	}
}

// option is the value of an option of a socket's.
func (w *World) option(socket *net.UDPConn, level, option int) int {
	value, err := socketOption(socket, level, option)
	if err != nil {
		w.fatal(verdict.NotRun, "%s can't be asked for an option: %v.", w.kernel[socket], err)
	}
	return value
}

const broadcastOption = syscall.SO_BROADCAST

// setSocketOption sets an option of the level SOL_SOCKET.
func setSocketOption(socket *net.UDPConn, option, value int) error {
	return control(socket, func(fd uintptr) error { return setOption(fd, option, value) })
}

// control calls f with a socket's descriptor.
func control(socket *net.UDPConn, f func(fd uintptr) error) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	return errors.Join(raw.Control(func(fd uintptr) { failed = f(fd) }), failed)
}
