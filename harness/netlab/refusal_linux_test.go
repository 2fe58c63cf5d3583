package netlab_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"udpkata/harness/netlab"
)

// refuseVariable makes a process of this test's refuse itself labs, in some way,
// and say what Missing says then.
const refuseVariable = "UDPKATA_TEST_REFUSE"

func TestMain(m *testing.M) {
	if how := os.Getenv(refuseVariable); how != "" && !netlab.Inside() {
		if err := refuse(how); err != nil {
			fmt.Println("this machine does not allow the test:", err)
		} else {
			fmt.Println(netlab.Missing())
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// refuse changes this thread, which then starts what Missing tries.
func refuse(how string) error {
	runtime.LockOSThread()
	switch how {
	case "limit":
		for _, name := range []string{"max_user_namespaces", "max_net_namespaces"} {
			if err := os.WriteFile("/proc/sys/user/"+name, []byte("0"), 0); err != nil {
				return err
			}
		}
	case "filter":
		return filter()
	case "rights":
		// A root that has lost them, as in a container.
		return dropCapabilities()
	}
	return nil
}

// filter makes the kernel refuse network namespaces to this process, with EPERM.
func filter() error {
	const (
		loadNumber, loadFlags = 0, 16 // of struct seccomp_data, on a little-endian machine
		refuse                = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	)
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: loadNumber},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLONE, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: loadFlags},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_NEWNET, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: refuse},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	list := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&list)))
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}

// dropCapabilities takes CAP_SYS_ADMIN and all others from this process.
func dropCapabilities() error {
	var none [2]unix.CapUserData // 64 capabilities
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return os.NewSyscallError("capset", unix.Capset(&header, &none[0]))
}

// refused runs this test's program so that it refuses itself labs.
func refused(t *testing.T, how string, inUserNamespace bool) string {
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), refuseVariable+"="+how)
	if inUserNamespace {
		one := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: one(os.Geteuid()), GidMappings: one(os.Getegid()),
		}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text := string(bytes.TrimSpace(out))
	if bytes.Contains(out, []byte("this machine does not allow the test")) {
		t.Skip(text)
	}
	return text
}

// TestRefusals: each way in which a machine can refuse has its own sentence.
func TestRefusals(t *testing.T) {
	const refuses = "needs network namespaces, which this machine refuses "
	require.Equal(t, refuses+"(the limit on namespaces is 0): "+
		"sudo sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000",
		refused(t, "limit", true))
	require.Equal(t, refuses+"(a seccomp filter refuses namespaces, as in a container): "+
		"run the container with --security-opt seccomp=unconfined, or the tests outside of it",
		refused(t, "filter", false))
	if os.Geteuid() == 0 {
		require.Equal(t, refuses+"(this root lacks the capability CAP_SYS_ADMIN, as in a container): "+
			"run the container with --cap-add SYS_ADMIN, or the tests as an ordinary user",
			refused(t, "rights", false))
	}
}

// TestReadOnlyProc: where /proc/sys can't be written, there are routers for IPv4
// all the same, and an error that says why there are none for IPv6.
func TestReadOnlyProc(t *testing.T) {
	if netlab.Inside() {
		require.NoError(t, unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		require.NoError(t, unix.Mount("/proc/sys", "/proc/sys", "", unix.MS_BIND|unix.MS_REC, ""))
		const again = unix.MS_BIND | unix.MS_REMOUNT
		const readOnly = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
		if err := unix.Mount("none", "/proc/sys", "", again|readOnly, ""); err != nil {
			t.Skip("needs a /proc/sys that it can make read-only: ", err)
		}
		l, err := netlab.New()
		require.NoError(t, err)
		defer l.Close()
		r := l.Host("r")
		l.Forward(r, false)
		require.NoError(t, l.Err())
		l.Forward(r, true)
		require.ErrorIs(t, l.Err(), syscall.EROFS)
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	cmd := netlab.Command("-test.run=^TestReadOnlyProc$", "-test.v")
	cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNS
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, netlab.Run(cmd), "%s", &out)
	require.Contains(t, out.String(), ": TestReadOnlyProc")
}
