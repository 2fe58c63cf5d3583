//go:build !windows

package ports

//kata:given

import "syscall"

// What the system says when it does not open a socket.
const (
	InUse  = syscall.EADDRINUSE // another socket has the port
	Denied = syscall.EACCES     // this user may not open it
)
