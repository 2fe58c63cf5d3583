package netlab

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// What a process is for that Command has started.
const (
	childVariable = "UDPKATA_NETLAB"
	isLab         = "lab"
	isProbe       = "probe"
)

func init() {
	switch os.Getenv(childVariable) {
	case isLab:
		// The main thread can't be thrown away as others are, so it must never
		// be the one that enters a namespace.
		runtime.LockOSThread()
	case isProbe:
		if err := up(loopbackIndex); err != nil {
			fmt.Print(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// Inside reports whether this process is one that Command has started.
func Inside() bool { return os.Getenv(childVariable) == isLab }

// Command returns the command that runs this program again, with arguments, in a
// network namespace of its own, and in a user namespace too where that takes no
// root. It ends when this process does. It must be started by [Run].
func Command(args ...string) *exec.Cmd { return command(isLab, args...) }

func command(purpose string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), childVariable+"="+purpose, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if uid := os.Geteuid(); uid != 0 {
		one := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = one(uid), one(os.Getegid())
	}
	return cmd
}

// Run starts a command of Command's, and waits for its end. The signal that ends
// it with this process comes when the thread ends that started it, so this one
// stays where it is.
func Run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// Missing says why this machine can't have labs, and what would help; nil if it
// can. The machine is asked once.
var Missing = sync.OnceValue(func() error {
	if Inside() {
		return nil
	}
	var out strings.Builder
	cmd := command(isProbe)
	cmd.Stdout = &out
	err := Run(cmd)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return refusal(errors.New(cmp.Or(out.String(), exit.Error())), true)
	}
	return refusal(err, false)
})

// refusal explains why a namespace could not be made, or, if forked, why nothing
// can be done in it.
func refusal(err error, forked bool) error {
	sysctl := func(name string) string {
		data, _ := os.ReadFile("/proc/sys/" + name)
		return strings.TrimSpace(string(data))
	}
	denied, full := errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ENOSPC)
	why := fmt.Sprint(err)
	cure := "run the tests on a Linux that allows user namespaces"
	switch {
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && (forked || denied):
		why = "AppArmor takes the rights away that an ordinary user has in a namespace"
		cure = "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
	case full && (sysctl("user/max_user_namespaces") == "0" || sysctl("user/max_net_namespaces") == "0"):
		why = "the limit on namespaces is 0"
		cure = "sudo sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000"
	case full:
		why = "there are as many namespaces as this user may have"
		cure = "end what holds them, or raise user.max_user_namespaces and user.max_net_namespaces"
	case sysctl("kernel/unprivileged_userns_clone") == "0" && denied:
		why = "this system keeps namespaces from ordinary users"
		cure = "sudo sysctl kernel.unprivileged_userns_clone=1"
	case errors.Is(err, os.ErrNotExist):
		cure = "mount /proc"
	case errors.Is(err, syscall.EACCES):
		why = "a security module refuses namespaces"
		cure = "ask the administrator to allow user namespaces"
	case denied && filtered():
		why = "a seccomp filter refuses namespaces, as in a container"
		cure = "run the container with --security-opt seccomp=unconfined, or the tests outside of it"
	case denied && os.Geteuid() == 0:
		why = "this root lacks the capability CAP_SYS_ADMIN, as in a container"
		cure = "run the container with --cap-add SYS_ADMIN, or the tests as an ordinary user"
	}
	return fmt.Errorf("needs network namespaces, which this machine refuses (%s): %s", why, cure)
}

// filtered reports whether a seccomp filter is in force here.
func filtered() bool {
	status, _ := os.ReadFile("/proc/thread-self/status")
	for line := range strings.Lines(string(status)) {
		if mode, ok := strings.CutPrefix(line, "Seccomp:"); ok {
			return strings.TrimSpace(mode) != "0"
		}
	}
	return false
}
