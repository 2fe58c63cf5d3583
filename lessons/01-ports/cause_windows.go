package ports

//kata:given

import "syscall"

// What the system says when it does not open a socket.
const (
	InUse  = syscall.Errno(10048) // WSAEADDRINUSE: another socket has the port
	Denied = syscall.Errno(10013) // WSAEACCES: this user may not open it
)
