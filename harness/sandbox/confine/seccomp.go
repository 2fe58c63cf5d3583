//go:build linux && (amd64 || arm64)

package confine

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A filter is a program of the kernel's that decides of each system call (seccomp(2)). Where it begins, and before each
// rule, the call's number is loaded.
type filter []unix.SockFilter

// What a filter reads, by its place in struct seccomp_data: the lower half of an argument is all that matters of those
// that are looked at here.
const (
	atNumber   = 0
	atArch     = 4
	atArgument = 16 // and every 8 bytes from there
)

// What becomes of a call.
const (
	allowed = unix.SECCOMP_RET_ALLOW
	refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

func argument(n uint32) unix.SockFilter { return load(atArgument + 8*n) }

func mask(bits uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: bits}
}

// is jumps over some instructions if what is loaded is a value, and over others if not.
func is(value uint32, yes, no int) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jt: uint8(yes), Jf: uint8(no)}
}

func end(result uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: result}
}

// each ends calls with a result.
func (f *filter) each(result uint32, calls ...int) {
	for _, call := range calls {
		*f = append(*f, is(uint32(call), 0, 1), end(result))
	}
}

// rule has instructions decide of a call; they come to an end.
func (f *filter) rule(call int, decide ...unix.SockFilter) {
	*f = append(append(*f, is(uint32(call), 0, len(decide))), decide...)
}

// only allows a call if an argument has one of some values.
func (f *filter) only(call int, arg uint32, values ...uint32) {
	f.by(call, arg, allowed, refused, values)
}

// but refuses a call if an argument has one of some values.
func (f *filter) but(call int, arg uint32, values ...uint32) {
	f.by(call, arg, refused, allowed, values)
}

func (f *filter) by(call int, arg, result, otherwise uint32, values []uint32) {
	decide := filter{argument(arg)}
	for _, v := range values {
		decide = append(decide, is(v, 0, 1), end(result))
	}
	f.rule(call, append(decide, end(otherwise))...)
}

// without refuses a call if an argument has one of some bits.
func (f *filter) without(call int, arg, bits uint32) {
	f.rule(call, argument(arg), mask(bits), is(0, 0, 1), end(allowed), end(refused))
}

// lastKnown is the number of the last system call that this has been written with. Programs do without later ones when
// they hear that there are none; all systems number those alike.
const lastKnown = 463

// fioSetOwn is FIOSETOWN, another name of SIOCSPGRP (asm-generic/sockios.h).
const fioSetOwn = 0x8901

// newFilter returns one that knows how calls are numbered.
func newFilter() filter {
	f := filter{load(atArch), is(arch, 1, 0), end(refused), load(atNumber)}
	// 32-bit code on amd64 has these numbers with a bit.
	return append(f, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K, K: lastKnown, Jf: 1}, end(unknown))
}

// ownCalls allows what [OwnCalls] says, to the process with a number. What it does not know of is refused. Where
// Landlock is missing, it refuses to open files for writing.
func ownCalls(pid uint32, hasLandlock bool) filter {
	f := newFilter()
	f.each(allowed, // first those that are made often
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_NANOSLEEP, unix.SYS_PPOLL,
		unix.SYS_RECVFROM, unix.SYS_SENDTO, unix.SYS_RECVMSG, unix.SYS_SENDMSG, unix.SYS_GETPID, unix.SYS_RT_SIGRETURN,
		unix.SYS_MADVISE, unix.SYS_MMAP)
	f.only(unix.SYS_TGKILL, 0, pid)
	f.each(allowed, // memory, threads, time
		unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MREMAP, unix.SYS_MINCORE, unix.SYS_MSYNC, unix.SYS_BRK,
		unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETTID, unix.SYS_SET_TID_ADDRESS,
		unix.SYS_SET_ROBUST_LIST, unix.SYS_GET_ROBUST_LIST, unix.SYS_MEMBARRIER, unix.SYS_RSEQ, unix.SYS_GETCPU,
		unix.SYS_FUTEX_WAITV, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_TIMER_CREATE,
		unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_GETTIME, unix.SYS_TIMER_DELETE, unix.SYS_TIMERFD_CREATE,
		unix.SYS_TIMERFD_SETTIME, unix.SYS_TIMERFD_GETTIME, unix.SYS_SETITIMER, unix.SYS_GETITIMER, unix.SYS_GETRANDOM,
		// signals, and what the process is
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGPENDING, unix.SYS_RT_SIGTIMEDWAIT,
		unix.SYS_RT_SIGSUSPEND, unix.SYS_SIGALTSTACK, unix.SYS_GETPPID, unix.SYS_GETPGID, unix.SYS_GETSID,
		unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETRESUID, unix.SYS_GETRESGID,
		unix.SYS_GETGROUPS, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_TIMES,
		unix.SYS_CAPGET, unix.SYS_UMASK, unix.SYS_WAIT4, unix.SYS_WAITID,
		// descriptors and files
		unix.SYS_CLOSE, unix.SYS_CLOSE_RANGE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64,
		unix.SYS_PREADV, unix.SYS_PWRITEV, unix.SYS_PREADV2, unix.SYS_PWRITEV2, unix.SYS_LSEEK, unix.SYS_DUP,
		unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT2,
		unix.SYS_EVENTFD2, unix.SYS_PSELECT6, unix.SYS_SENDFILE, unix.SYS_SPLICE, unix.SYS_COPY_FILE_RANGE,
		unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_STATFS, unix.SYS_FSTATFS, unix.SYS_READLINKAT,
		unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_GETDENTS64, unix.SYS_GETCWD, unix.SYS_CHDIR, unix.SYS_FCHDIR,
		unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_FADVISE64,
		// sockets that there are
		unix.SYS_BIND, unix.SYS_CONNECT, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_GETSOCKNAME,
		unix.SYS_GETPEERNAME, unix.SYS_SENDMMSG, unix.SYS_RECVMMSG, unix.SYS_SETSOCKOPT, unix.SYS_GETSOCKOPT,
		unix.SYS_SHUTDOWN)
	f.each(allowed, olderCalls...)
	const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC
	if hasLandlock {
		f.each(allowed, unix.SYS_OPENAT, unix.SYS_EXECVE) // of those that Landlock allows
		f.each(allowed, openCalls...)
	} else {
		f.each(allowed, unix.SYS_EXECVE) // which this program is about to do
		f.without(unix.SYS_OPENAT, 2, writing)
		for _, call := range openCalls {
			f.without(call, 1, writing)
		}
	}
	// Signals go to the process itself alone, and no thread of its own is known here to be one.
	f.only(unix.SYS_KILL, 0, pid)
	f.only(unix.SYS_RT_SIGQUEUEINFO, 0, pid)
	f.only(unix.SYS_RT_TGSIGQUEUEINFO, 0, pid)
	f.only(unix.SYS_PRLIMIT64, 0, 0, pid)
	// A descriptor's owner gets signals of the kernel's on its behalf.
	f.but(unix.SYS_FCNTL, 1, unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG, unix.F_NOTIFY, unix.F_SETLEASE)
	f.but(unix.SYS_IOCTL, 1, fioSetOwn, unix.SIOCSPGRP, unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCSCTTY)
	// A thread is what package runtime starts; a process would not end with its parent.
	const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
		unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	f.rule(unix.SYS_CLONE, argument(0), mask(unix.CLONE_THREAD|namespaces), is(unix.CLONE_THREAD, 0, 1), end(allowed),
		end(refused))
	f.each(unknown, unix.SYS_CLONE3) // whose flags no filter can read: clone is asked next
	// The kernel is to show what the process has open, and to end it with the judge.
	f.only(unix.SYS_PRCTL, 0, unix.PR_SET_VMA, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_GET_DUMPABLE,
		unix.PR_GET_PDEATHSIG, unix.PR_GET_NO_NEW_PRIVS, unix.PR_GET_SECCOMP, unix.PR_CAPBSET_READ)
	// A socket can be left on its way through one of another kind, where no list of the process's has it. Package net
	// tries what there is of IPv6 with a stream, and asks for interfaces by netlink.
	f.rule(unix.SYS_SOCKET, argument(0), is(unix.AF_INET, 2, 0), is(unix.AF_INET6, 1, 0), is(unix.AF_NETLINK, 4, 7),
		argument(1), mask(0xf), is(unix.SOCK_DGRAM, 3, 0), is(unix.SOCK_STREAM, 2, 3),
		argument(2), is(unix.NETLINK_ROUTE, 0, 1), end(allowed), end(refused))
	return append(f, end(refused))
}

// boxCalls allows what [BoxCalls] says.
func boxCalls() filter {
	f := newFilter()
	f.each(refused,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
		unix.SYS_PROCESS_MRELEASE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_IO_URING_SETUP,
		unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN,
		unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_MOUNT,
		unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOUNT_SETATTR, unix.SYS_MOVE_MOUNT,
		unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_UNSHARE,
		unix.SYS_SETNS, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_SETHOSTNAME,
		unix.SYS_SETDOMAINNAME, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG, unix.SYS_INIT_MODULE,
		unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_FANOTIFY_INIT,
		unix.SYS_MBIND, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_PERSONALITY, unix.SYS_SETTIMEOFDAY,
		unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME, unix.SYS_VHANGUP,
		// what outlives processes
		unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SEMGET, unix.SYS_MSGGET, unix.SYS_MQ_OPEN)
	f.each(unknown, unix.SYS_CLONE3)
	const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
		unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	f.without(unix.SYS_CLONE, 0, namespaces)
	f.only(unix.SYS_SOCKET, 0, unix.AF_INET, unix.AF_INET6, unix.AF_UNIX, unix.AF_NETLINK)
	f.but(unix.SYS_IOCTL, 1, unix.TIOCSTI, unix.TIOCLINUX)
	return append(f, end(allowed))
}

// filters returns an error if this machine can't filter system calls.
func filters() error {
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return fmt.Errorf("no filter of system calls: signals reach other processes (the kernel says: %w)", errno)
	}
	return nil
}

// filterCalls takes system calls away from this thread, and what it becomes.
func filterCalls(calls Calls, hasLandlock bool) error {
	if calls == AllCalls || filters() != nil {
		return nil
	}
	f := boxCalls()
	if calls == OwnCalls {
		f = ownCalls(uint32(os.Getpid()), hasLandlock)
	}
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}
