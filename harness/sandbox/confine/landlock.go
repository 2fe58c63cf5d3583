//go:build linux

package confine

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock's rights that concern a file, whatever it is; the others are a directory's.
const (
	toRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	toRun   = toRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	toWrite = toRead | toChange

	toChange = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER

	ofFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// handled returns the rights that a version of Landlock can take away.
func handled(version int) uint64 {
	rights := uint64(unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1)
	if version >= 2 {
		rights |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		rights |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 5 {
		rights |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return rights
}

// landlock returns the version of Landlock that the kernel has, from 1. The error says why it has none.
func landlock() (version int, err error) {
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
		return int(n), nil
	case unix.ENOSYS:
		return 0, errors.New("no Landlock: files are as the user has them (Linux has it from 5.13 on)")
	case unix.EOPNOTSUPP:
		return 0, errors.New("no Landlock, as it is off: files are as the user has them (boot with lsm=landlock,...)")
	}
	return 0, fmt.Errorf("no Landlock: files are as the user has them (a filter of system calls says: %w)", errno)
}

// A ruleset is Landlock's landlock_ruleset_attr.
type ruleset struct {
	files, network, scoped uint64
}

// hideFiles leaves the setting's files to this thread, and what it becomes, and reports whether the kernel can do that.
// Processes outside get no signal from it any more, and what is theirs in /proc is hidden with the rest.
func (s *step) hideFiles() (done bool, err error) {
	version, err := landlock()
	if err != nil {
		return false, nil // which Missing says
	}
	rights := ruleset{files: handled(version)}
	size := unsafe.Sizeof(rights.files)
	if version >= 6 {
		size = unsafe.Sizeof(rights)
		rights.scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rights)), size, 0)
	if errno != 0 {
		return false, os.NewSyscallError("landlock_create_ruleset", errno)
	}
	set := int(n)
	defer unix.Close(set)
	for _, rule := range []struct {
		paths  []string
		rights uint64
	}{{[]string{s.Program}, toRun}, {s.Read, toRead}, {s.Run, toRun}, {s.Write, toWrite}} {
		for _, path := range rule.paths {
			if err := allow(set, path, rule.rights&rights.files); err != nil {
				return false, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0, 0); errno != 0 {
		return false, os.NewSyscallError("landlock_restrict_self", errno)
	}
	return true, nil
}

// allow adds a rule for a file, or a directory with what is below it.
func allow(set int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES) {
		return nil // and so nobody reads it
	}
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= ofFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("landlock_add_rule", errno)
	}
	return nil
}
