//go:build linux

// Package confine takes rights away from a process before it becomes another program: capabilities, most system calls
// (seccomp), all files but a few (Landlock), and resources (setrlimit(2)). The program has no
// way to get them back; it keeps its process's number and its descriptors, so that whoever has started it can look
// after it as after any child.
//
// There is nothing to install for it. [Start] runs this program once more, in which the package finds, before any other
// code of the program's, what it is to take away, does so, and becomes the program that was meant. So each program that
// links this package can be that step.
//
// Landlock needs Linux 5.13, and has to be switched on; the filter of system calls knows amd64 and arm64. Where one is
// missing, the rest is done all the same, and [Missing] says so, for whoever reports on what has run.
package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Setting is what a program may do. The zero value allows no file but the program's own, and all system calls.
type Setting struct {
	Read  []string // files that may be read, and directories with all that is below them; what is not there is left out
	Run   []string // the same, to be read and run
	Write []string // the same, to be read and changed; a directory's files may be made and removed, too
	// AllFiles leaves files as they are, for a program that sees none but its own anyway.
	AllFiles bool
	Calls    Calls
	// Limits are most values by resource, as in unix.RLIMIT_CORE. One that is lower already stays.
	Limits map[int]uint64
	// OOM, from 0 to 1000, is how much sooner than others the kernel ends the program where memory is short:
	// oom_score_adj in proc(5). What is more already stays.
	OOM int
	// UID is the user and the group that the program runs as; 0 if it keeps those that it has. It takes root.
	UID int
}

// Calls says which system calls a program may make.
type Calls string

const (
	// AllCalls are all.
	AllCalls Calls = ""
	// OwnCalls are those that concern the process itself: it starts no other, signals none, has no sockets but for IPv4
	// and IPv6 (and those that it was given), and changes no file's name, owner or mode.
	OwnCalls Calls = "own"
	// BoxCalls are those of ordinary programs, which start others and end them: all but those that look into other
	// processes, make namespaces, mount, load code into the kernel or keep keys there.
	BoxCalls Calls = "box"
)

// Variable, set to 1 in the environment of a judge's process, has package stage confine the code under test, as [Stage]
// says. It is for whoever grades: a student's own test run leaves it out, and the code there is the student's own.
const Variable = "UDPKATA_CONFINE"

// On reports whether [Variable] is set to 1.
func On() bool { return os.Getenv(Variable) == "1" }

// The limits of a stage.
const (
	stageData        = 1 << 30 // bytes that it may write to: some 50 times of what any lesson takes
	stageAddresses   = 8 << 30 // bytes of addresses: Go asks for many more than it uses
	stageDescriptors = 4096
)

// Stage returns what the code under test may do, which has to do with its own sockets, and with what package net and
// package time read.
func Stage() Setting {
	return Setting{
		Calls: OwnCalls,
		// What is other processes' in /proc, the kernel keeps from it on account of Landlock.
		Read: []string{"/proc", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services",
			"/etc/protocols", "/etc/localtime", "/usr/share/zoneinfo",
			"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "/dev/zero", "/dev/random", "/dev/urandom"},
		Write: []string{"/dev/null"},
		Limits: map[int]uint64{
			unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_DATA: stageData, unix.RLIMIT_AS: stageAddresses,
			unix.RLIMIT_NOFILE: stageDescriptors, unix.RLIMIT_MEMLOCK: 0, unix.RLIMIT_MSGQUEUE: 0,
		},
		OOM: 1000,
	}
}

// Missing says what this machine lacks of the confinement, each in a few words with what would help; nil if nothing.
func Missing() (all []string) {
	if _, err := landlock(); err != nil {
		all = append(all, err.Error())
	}
	if err := filters(); err != nil {
		all = append(all, err.Error())
	}
	return all
}

// Start starts a command whose program becomes what the setting allows. program is the open program, of which O_PATH is
// enough; it is a binary, no script. The error says what could not be taken away: then nothing of the program has run.
func Start(cmd *exec.Cmd, program *os.File, s Setting) error {
	said, says, err := os.Pipe()
	if err != nil {
		return err
	}
	defer said.Close()
	defer says.Close()
	number := 3 + len(cmd.ExtraFiles)
	cmd.ExtraFiles = append(cmd.ExtraFiles, program, says)
	if err := prepare(cmd, "/proc/self/exe", step{s, fmt.Sprintf("/proc/self/fd/%d", number), number + 1}); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	says.Close()
	why, err := io.ReadAll(said) // until it has become the program, or has ended
	if err == nil && len(why) == 0 {
		return nil
	}
	cmd.Process.Kill()
	cmd.Wait()
	return errors.Join(err, fmt.Errorf("it can't be confined here: %s", why))
}

// Before changes a command so that its program, with the path that the command has, is run confined by way of the
// program at path, which links this package. What keeps it from that is printed on standard error, and the status is
// [Failed].
func Before(cmd *exec.Cmd, path string, s Setting) error {
	return prepare(cmd, path, step{Setting: s, Program: cmd.Path})
}

// Failed is the status of a command that could not be confined, after [Before].
const Failed = 125

func prepare(cmd *exec.Cmd, path string, s step) error {
	said, err := json.Marshal(s)
	if err != nil {
		return err
	}
	cmd.Path = path
	cmd.Env = append(cmd.Environ(), stepVariable+"="+string(said))
	return nil
}

// stepVariable has, in the environment of a process that is to become another program, the step to it.
const stepVariable = "UDPKATA_CONFINE_STEP"

// A step is what is done to this process, and the program that it becomes.
type step struct {
	Setting
	Program string
	Report  int // the descriptor that takes what goes wrong; 0 for standard error
}

// Whatever this program is otherwise, it is no more than the step if it is told one.
func init() {
	said, ok := os.LookupEnv(stepVariable)
	if !ok {
		return
	}
	runtime.LockOSThread() // all that follows is this thread's
	var s step
	err := json.Unmarshal([]byte(said), &s)
	if err == nil {
		err = s.take()
	}
	report := os.Stderr
	if s.Report > 0 {
		report = os.NewFile(uintptr(s.Report), "report")
	}
	fmt.Fprintf(report, "%v", err)
	os.Exit(Failed)
}

// take does the step. It returns if that can't be done.
func (s *step) take() error {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, stepVariable+"=") {
			env = append(env, v)
		}
	}
	if s.Report > 0 {
		syscall.CloseOnExec(s.Report)
		syscall.CloseOnExec(s.Report - 1) // the program
	}
	for resource, most := range s.Limits {
		if err := limit(resource, most); err != nil {
			return err
		}
	}
	s.endSooner()
	if err := s.dropRights(); err != nil {
		return err
	}
	hasLandlock := false
	if !s.AllFiles {
		var err error
		if hasLandlock, err = s.hideFiles(); err != nil {
			return err
		}
	}
	if err := filterCalls(s.Calls, hasLandlock); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", s.Program, syscall.Exec(s.Program, os.Args, env))
}

// limit lowers a limit.
func limit(resource int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	// Package syscall has raised the soft one of descriptors, and would set it back, had it not been set here.
	most = min(most, now.Max)
	return os.NewSyscallError("setrlimit", unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}))
}

// endSooner has the kernel end this process before others. Where it can't be had, the limits of memory hold all the
// same.
func (s *step) endSooner() {
	const path = "/proc/self/oom_score_adj"
	now, err := os.ReadFile(path)
	if n, wrong := strconv.Atoi(strings.TrimSpace(string(now))); err == nil && wrong == nil && n < s.OOM {
		os.WriteFile(path, []byte(strconv.Itoa(s.OOM)), 0)
	}
}

// dropRights takes the user and the capabilities away, and the ways to get others. One stays: who may open a socket on
// any port may still do so, as this is about the network that the process is in, and lesson tests ask for it.
func (s *step) dropRights() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var had, keeps [2]unix.CapUserData
	if err := unix.Capget(&header, &had[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	if s.UID == 0 {
		keeps[0].Permitted = had[0].Permitted & (1 << unix.CAP_NET_BIND_SERVICE)
		keeps[0].Effective, keeps[0].Inheritable = keeps[0].Permitted, keeps[0].Permitted
	}
	// These two take CAP_SETPCAP. Where that is missing, nothing is lost, as the process gets no new privileges.
	for c := range uintptr(unix.CAP_LAST_CAP + 1) {
		if c != unix.CAP_NET_BIND_SERVICE || keeps[0].Permitted == 0 {
			unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		}
	}
	const noRoot = 1<<0 | 1<<1 // SECBIT_NOROOT, and its lock: user 0 gets no capabilities by running a program
	unix.Prctl(unix.PR_SET_SECUREBITS, noRoot, 0, 0, 0)
	if s.UID != 0 {
		if err := setUser(uintptr(s.UID)); err != nil {
			return err
		}
	}
	unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	if err := unix.Capset(&header, &keeps[0]); err != nil {
		return os.NewSyscallError("capset", err)
	}
	if keeps[0].Permitted != 0 {
		unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_NET_BIND_SERVICE, 0, 0)
	}
	return os.NewSyscallError("prctl(PR_SET_NO_NEW_PRIVS)", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
}

// setUser makes this thread's user and group one that is nobody's, with no other groups. Package syscall would do that
// to all threads, of which the others end anyway.
func setUser(id uintptr) error {
	for _, call := range []struct {
		name     string
		number   uintptr
		argument uintptr
	}{
		{"setgroups", unix.SYS_SETGROUPS, 0}, {"setresgid", unix.SYS_SETRESGID, id},
		{"setresuid", unix.SYS_SETRESUID, id},
	} {
		if _, _, errno := unix.RawSyscall(call.number, call.argument, call.argument, call.argument); errno != 0 {
			return os.NewSyscallError(call.name, errno)
		}
	}
	return nil
}
