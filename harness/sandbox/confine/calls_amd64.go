//go:build linux

package confine

import "golang.org/x/sys/unix"

// arch is how the kernel names this one.
const arch = unix.AUDIT_ARCH_X86_64

// olderCalls are those that newer systems have not, with what package runtime needs here.
var olderCalls = []int{
	unix.SYS_ARCH_PRCTL, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_PIPE, unix.SYS_SELECT, unix.SYS_POLL,
	unix.SYS_DUP2, unix.SYS_EPOLL_CREATE, unix.SYS_EPOLL_WAIT, unix.SYS_EVENTFD, unix.SYS_GETDENTS, unix.SYS_READLINK,
	unix.SYS_TIME, unix.SYS_ALARM, unix.SYS_PAUSE, unix.SYS_GETPGRP,
}

// openCalls open a file, with flags as their second argument.
var openCalls = []int{unix.SYS_OPEN}
