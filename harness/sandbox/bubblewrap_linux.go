package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"udpkata/harness/sandbox/confine"
)

// bubblewrap makes boxes out of namespaces.
type bubblewrap struct{}

func (bubblewrap) stamp() string {
	return "in bubblewrap: files, processes and network apart from the machine's"
}

// Where things are in such a box: at names that nobody has a course below.
const (
	boxWork = "/udpkata-work"
	boxSelf = "/udpkata-step"
)

// ofSystem is what programs need of the system, where it has it: links as they are, and all else read-only.
var ofSystem = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols", "/etc/localtime",
	"/etc/alternatives", "/nix/store",
}

func (bubblewrap) start(b *box) error {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return errors.New("there is no program bwrap: apt-get install bubblewrap, or dnf install bubblewrap")
	}
	if os.Getuid() == 0 {
		if err := b.readable(); err != nil {
			return err
		}
		if b.slot, err = takeSlot(); err != nil {
			return err
		}
	}
	b.work = boxWork
	b.settle()
	setting := b.setting()
	setting.AllFiles = true // which are the box's
	args := []string{"bwrap"}
	if b.slot != nil {
		// The first process there becomes the box's user. Bubblewrap would make it one that is root outside.
		setting.UID = b.slot.uid
		args = append(args, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add",
			"CAP_SETPCAP")
	} else {
		args = append(args, "--unshare-user", "--uid", "65534", "--gid", "65534")
	}
	if b.slot != nil || countsByNamespace() {
		setting.Limits[unix.RLIMIT_NPROC] = uint64(b.Processes)
	}
	args = append(args, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
		"--hostname", "udpkata", "--die-with-parent", "--new-session")
	for _, name := range ofSystem {
		if target, err := os.Readlink(name); err == nil && filepath.Dir(name) == "/" {
			args = append(args, "--symlink", target, name)
		} else {
			args = append(args, "--ro-bind-try", name, name)
		}
	}
	args = append(args, "--proc", "/proc", "--dev", "/dev")
	for _, path := range b.Read {
		for _, dir := range above(path) { // which would be root's alone
			args = append(args, "--perms", "0755", "--dir", dir)
		}
		args = append(args, "--ro-bind", path, path)
	}
	args = append(args, "--ro-bind", b.self, boxSelf, "--perms", "1777", "--size", strconv.FormatInt(b.Room, 10),
		"--tmpfs", boxWork, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", boxWork, "--")
	// What bubblewrap runs is the step to the command.
	if err := confine.Before(b.cmd, boxSelf, setting); err != nil {
		return err
	}
	b.cmd.Args = append(append(args, boxSelf), b.Args[1:]...)
	b.cmd.Path = path
	return b.cmd.Start()
}

// above lists the directories that a path goes through, from the root's on.
func above(path string) (all []string) {
	for dir := filepath.Dir(path); dir != "/"; dir = filepath.Dir(dir) {
		all = append([]string{dir}, all...)
	}
	return all
}

// countsByNamespace reports whether the kernel counts processes for the limit by the user's namespace, from Linux 5.14
// on, and not together with those that the user has elsewhere.
func countsByNamespace() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return major > 5 || major == 5 && minor >= 14
}

// first returns the number of the box's first process, with which all others end.
func (bubblewrap) first(b *box) (pid int, ok bool) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", b.cmd.Process.Pid, b.cmd.Process.Pid))
	if fields := strings.Fields(string(children)); len(fields) > 0 {
		pid, err := strconv.Atoi(fields[0])
		return pid, err == nil
	}
	return 0, false
}

func (t bubblewrap) processes(b *box) []int {
	if pid, ok := t.first(b); ok {
		return family(pid)
	}
	return nil
}

func (t bubblewrap) files(b *box) (bytes, files int64) {
	pid, ok := t.first(b)
	var stat unix.Statfs_t
	if !ok || unix.Statfs(fmt.Sprintf("/proc/%d/root%s", pid, boxWork), &stat) != nil || stat.Type != unix.TMPFS_MAGIC {
		return 0, 0
	}
	return int64(stat.Blocks-stat.Bfree) * stat.Bsize, int64(stat.Files - stat.Ffree)
}

// end sweeps what is left for a moment, until the kernel has ended the namespace of processes with all that are there.
func (bubblewrap) end(b *box) error {
	if b.slot == nil {
		return nil
	}
	defer b.slot.free()
	return b.slot.sweep()
}
