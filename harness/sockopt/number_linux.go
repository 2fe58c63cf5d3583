package sockopt

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Number returns the kernel's number of a connection's socket, as /proc/PID/fd shows it (proc_pid_fd(5)): copies of a
// socket have the same. ok is false of one that is closed, or has no descriptor, and on other systems than Linux.
func Number(conn any) (number uintptr, ok bool) {
	c, isConn := conn.(syscall.Conn)
	if !isConn {
		return 0, false
	}
	var stat unix.Stat_t
	err := control(c, func(fd uintptr) error { return unix.Fstat(int(fd), &stat) })
	return uintptr(stat.Ino), err == nil
}
