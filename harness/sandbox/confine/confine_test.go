//go:build linux

package confine

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// triesVariable has, in the environment of a helper, what it tries.
const triesVariable = "UDPKATA_CONFINE_TRIES"

// TestMain has this program be the helper, too, which is started confined.
func TestMain(m *testing.M) {
	if name := os.Getenv(triesVariable); name != "" {
		fmt.Printf("%v\n", errno(tries[name]()))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// errno returns what the kernel has said, if it has.
func errno(err error) any {
	for e := err; e != nil; {
		if n, ok := e.(syscall.Errno); ok {
			return unix.ErrnoName(n)
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	return err
}

// call makes a system call.
func call(number uintptr, args ...uintptr) error {
	args = append(args, make([]uintptr, 6)...)
	if _, _, errno := syscall.Syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]); errno != 0 {
		return errno
	}
	return nil
}

func parent() uintptr { return uintptr(os.Getppid()) }

// secret returns the path of a file of somebody's.
func secret() string { return os.Getenv("SECRET") }

func read(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func create(path string) error { return os.WriteFile(path, nil, 0o600) }

func socket(domain, kind, protocol int) error {
	_, err := unix.Socket(domain, kind, protocol)
	return err
}

var tries = map[string]func() error{
	"signal to the parent":   func() error { return unix.Kill(os.Getppid(), 0) },
	"signal to the group":    func() error { return unix.Kill(0, 0) },
	"signal to all":          func() error { return unix.Kill(-1, 0) },
	"signal to a thread":     func() error { return unix.Tgkill(os.Getppid(), os.Getppid(), 0) },
	"signal by thread alone": func() error { return call(unix.SYS_TKILL, parent(), 0) },
	"signal as SIGIO": func() error {
		_, err := unix.FcntlInt(0, unix.F_SETOWN, os.Getppid())
		return err
	},
	"signal as SIGIO by ioctl": func() error { return unix.IoctlSetPointerInt(0, fioSetOwn, os.Getppid()) },
	"signal to itself":         func() error { return unix.Kill(os.Getpid(), 0) },
	"ptrace":                   func() error { return unix.PtraceAttach(os.Getppid()) },
	"memory by system call": func() error {
		_, err := unix.ProcessVMReadv(os.Getppid(), []unix.Iovec{{}}, []unix.RemoteIovec{{}}, 0)
		return err
	},
	"memory by /proc":      func() error { return read(fmt.Sprintf("/proc/%d/mem", os.Getppid())) },
	"maps":                 func() error { return read(fmt.Sprintf("/proc/%d/maps", os.Getppid())) },
	"environment":          func() error { return read(fmt.Sprintf("/proc/%d/environ", os.Getppid())) },
	"descriptors by /proc": func() error { return read(fmt.Sprintf("/proc/%d/fd/0", os.Getppid())) },
	"descriptors by pidfd": func() error { return call(unix.SYS_PIDFD_OPEN, parent(), 0) },
	"limits of the parent": func() error { return unix.Prlimit(os.Getppid(), unix.RLIMIT_NOFILE, nil, &unix.Rlimit{}) },
	"limits of its own":    func() error { return unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &unix.Rlimit{}) },
	"priority":             func() error { return unix.Setpriority(unix.PRIO_PROCESS, os.Getppid(), 19) },
	"processors":           func() error { return unix.SchedSetaffinity(os.Getppid(), &unix.CPUSet{1}) },
	"process": func() error {
		started, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
		if err == nil {
			_, err = started.Wait()
		}
		return err
	},
	"another program":   func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"group":             func() error { return unix.Setpgid(0, os.Getppid()) },
	"session":           func() error { return call(unix.SYS_SETSID) },
	"not dumpable":      func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) },
	"outlive":           func() error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) },
	"user namespace":    func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
	"network namespace": func() error { return unix.Unshare(unix.CLONE_NEWNET) },
	"namespace by clone": func() error {
		return call(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD))
	},
	"clone3":           func() error { return call(unix.SYS_CLONE3, 0, 0) },
	"mount":            func() error { return unix.Mount("x", "/", "tmpfs", 0, "") },
	"io_uring":         func() error { return call(unix.SYS_IO_URING_SETUP, 1, 0) },
	"bpf":              func() error { return call(unix.SYS_BPF, 0, 0, 0) },
	"keys":             func() error { return call(unix.SYS_KEYCTL, 0, 0) },
	"performance":      func() error { return call(unix.SYS_PERF_EVENT_OPEN, 0, 0, 0) },
	"userfaultfd":      func() error { return call(unix.SYS_USERFAULTFD, 0) },
	"memory as a file": func() error { return call(unix.SYS_MEMFD_CREATE, 0, 0) },
	"newer call":       func() error { return call(lastKnown + 1) },
	"pair of sockets": func() error {
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		return err
	},
	"local socket":      func() error { return socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0) },
	"packet socket":     func() error { return socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0) },
	"raw socket":        func() error { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) },
	"netlink of audit":  func() error { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT) },
	"somebody's file":   func() error { return read(secret()) },
	"directory":         func() error { return read(filepath.Dir(secret())) },
	"file's mode":       func() error { return os.Chmod(secret(), 0) },
	"file's name":       func() error { return os.Rename(secret(), secret()+"2") },
	"file removed":      func() error { return os.Remove(secret()) },
	"file made":         func() error { return create(secret() + "3") },
	"file in /dev/shm":  func() error { return create("/dev/shm/udpkata") },
	"kernel's settings": func() error { return create("/proc/sys/kernel/core_pattern") },
	"2 GiB of memory": func() error {
		_, err := unix.Mmap(-1, 0, 2<<30, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		return err
	},
	"9 GiB of shared memory": func() error {
		_, err := unix.Mmap(-1, 0, 9<<30, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
		return err
	},
	"end it sooner": func() error {
		now, err := os.ReadFile("/proc/self/oom_score_adj")
		return cmp.Or(err, fmt.Errorf("%s", now))
	},
	"number":             func() error { return fmt.Errorf("%d", os.Getpid()) },
	"ordinary work":      work,
	"files, no Landlock": withoutLandlock,
	"rights": func() error {
		status, err := os.ReadFile("/proc/self/status")
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
			switch name {
			case "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
				if strings.Trim(value, "0") != "" && strings.Trim(value, "0") != "4" && os.Getuid() == 0 {
					return fmt.Errorf("%s is %s", name, value)
				}
			case "NoNewPrivs", "Seccomp":
				if value == "0" {
					return fmt.Errorf("%s is 0", name)
				}
			}
		}
		return err
	},
}

// work does what honest code may do, and the runner of the stage's.
func work() error {
	if os.Getenv(stepVariable) != "" {
		return fmt.Errorf("the step is in the environment")
	}
	for _, path := range []string{"/proc/sys/net/ipv4/ip_local_port_range", "/proc/self/status", "/proc/net/udp"} {
		if err := read(path); err != nil {
			return err
		}
	}
	if err := os.WriteFile(os.DevNull, []byte("x"), 0); err != nil {
		return err
	}
	if _, err := net.Interfaces(); err != nil {
		return err
	}
	for range 20 { // threads
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	client, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		return err
	}
	if _, err := client.Write([]byte("x")); err != nil {
		return err
	}
	if _, _, err = server.ReadFrom(make([]byte, 1)); err != nil {
		return err
	}
	server.SetReadDeadline(time.Unix(1, 0))
	if _, _, err = server.ReadFrom(make([]byte, 1)); err == nil || !err.(net.Error).Timeout() {
		return fmt.Errorf("no timeout: %v", err)
	}
	f := os.NewFile(3, "given")
	got, err := io.ReadAll(f)
	if string(got) != "given" {
		return fmt.Errorf("descriptor 3 had %q: %v", got, err)
	}
	for fd := 4; fd < 10; fd++ {
		link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && strings.Contains(link, "confine.test") {
			return fmt.Errorf("descriptor %d is left: %s", fd, link)
		}
	}
	return nil
}

// withoutLandlock has itself confined once more, as if there were no Landlock, and opens /dev/null for writing.
func withoutLandlock() error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := filterCalls(OwnCalls, false); err != nil {
		return err
	}
	if err := read("/dev/zero/x"); errno(err) != "ENOTDIR" {
		return fmt.Errorf("reading says %v", err)
	}
	return create("/dev/null")
}

// helper returns a command for the helper.
func helper(t *testing.T, name, file string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{triesVariable + "=" + name, "SECRET=" + file}
	given, gives, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { given.Close() })
	gives.WriteString("given")
	gives.Close()
	cmd.ExtraFiles = []*os.File{given}
	return cmd
}

// program opens this program.
func program(t *testing.T) *os.File {
	fd, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	f := os.NewFile(uintptr(fd), "program")
	t.Cleanup(func() { f.Close() })
	return f
}

// start starts the helper as a stage is started, and returns what it says.
func start(t *testing.T, cmd *exec.Cmd) string {
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // with whose end the helper would end
	setting := Stage()
	setting.Run = []string{"/lib", "/lib64", "/usr/lib"} // for this program, which may be linked with C's library
	require.NoError(t, Start(cmd, program(t), setting))
	err := cmd.Wait()
	require.NoError(t, err, said.String())
	return strings.TrimSpace(said.String())
}

// TestStage: what is the judge's, or anybody else's, is out of reach for the code under test, and its own is not.
func TestStage(t *testing.T) {
	if missing := Missing(); missing != nil {
		t.Skip(strings.Join(missing, "; "))
	}
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	want := map[string]string{
		"memory by /proc": "EACCES", "maps": "EACCES", "environment": "EACCES", "descriptors by /proc": "EACCES",
		"another program": "EACCES", "somebody's file": "EACCES", "directory": "EACCES", "file made": "EACCES",
		"file in /dev/shm": "EACCES", "kernel's settings": "EACCES", "clone3": "ENOSYS", "newer call": "ENOSYS",
		"2 GiB of memory": "ENOMEM", "9 GiB of shared memory": "ENOMEM", "signal to itself": "<nil>",
		"limits of its own": "<nil>", "end it sooner": "1000", "ordinary work": "<nil>", "rights": "<nil>",
	}
	for name := range tries {
		if name == "number" || name == "files, no Landlock" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			expected, ok := want[name]
			if !ok {
				expected = "EPERM"
			}
			require.Equal(t, expected, start(t, helper(t, name, file)))
		})
	}
	require.FileExists(t, file)
}

// TestFree: without confinement, the helper gets at what it tries, so that the other tests can fail.
func TestFree(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	for _, name := range []string{
		"signal to the parent", "signal to the group", "maps", "environment", "process", "not dumpable",
		"pair of sockets", "local socket", "somebody's file", "file's mode", "file made", "2 GiB of memory",
	} {
		t.Run(name, func(t *testing.T) {
			cmd := helper(t, name, file)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			said, err := cmd.CombinedOutput()
			require.NoError(t, err)
			require.Equal(t, "<nil>", strings.TrimSpace(string(said)))
		})
	}
}

// TestWithoutLandlock: the filter of system calls alone keeps files from being written to.
func TestWithoutLandlock(t *testing.T) {
	if err := filters(); err != nil {
		t.Skip(err)
	}
	cmd := helper(t, "files, no Landlock", "")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "EPERM", strings.TrimSpace(string(said)))
}

// TestKeepsItsNumber: whoever has started the process knows it.
func TestKeepsItsNumber(t *testing.T) {
	cmd := helper(t, "number", "")
	require.Equal(t, start(t, cmd), fmt.Sprint(cmd.Process.Pid))
}

// TestCannot: a program that can't be run confined is not run otherwise.
func TestCannot(t *testing.T) {
	for _, tt := range []struct {
		name    string
		file    string
		setting Setting
		want    string
	}{
		{"not to be run", "/etc/passwd", Stage(), "it can't be confined here: /proc/self/fd/4: permission denied"},
		{"no such limit", "/bin/true", Setting{Limits: map[int]uint64{99: 0}},
			"it can't be confined here: getrlimit: invalid argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := os.Open(tt.file)
			require.NoError(t, err)
			defer f.Close()
			cmd := helper(t, "rights", "")
			err = Start(cmd, f, tt.setting)
			require.ErrorContains(t, err, tt.want)
			require.NotNil(t, cmd.ProcessState, "it has been waited for")
		})
	}
}
