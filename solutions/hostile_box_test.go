//go:build linux

package solutions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/sandbox/confine"
)

// The box: this program runs again in it, as the judge of one submission, and prints what it finds. The box has a
// network of its own, which reaches nobody, a read-only disk, some memory to write to, and no process of the machine's.
//
// The code under test is confined there. On a kernel that lacks a part of that, what is hostile could do anything to
// the judge in the same box that one user can do to their own processes. Those submissions that try to have
// "box: true": if no report comes of them there, that is well, as nobody gets a point by it.

const (
	// boxedVariable names, in the box, the submission.
	boxedVariable = "UDPKATA_HOSTILE"
	// stageDirVariable names, in the box, the directory with the programs of the lessons' tests.
	stageDirVariable = "UDPKATA_HOSTILE_STAGE"
)

const (
	boxTime   = 5 * time.Minute  // for one box, on a machine that has others at work
	taskTime  = 90 * time.Second // for one task
	boxRoom   = 512 << 20        // bytes of files
	boxMemory = 6 << 30          // bytes of addresses for each process; Go asks for many more than it uses
)

// A boxed verdict is what comes out of a box.
type boxed struct {
	Error   string // why there is no report
	Report  judge.Report
	Wrong   []string      // what of the report can't be shown as it is
	Honest  judge.Report  // of the lesson's solution, which is judged next, with the same stage
	Took    time.Duration // for the submission
	AndThen time.Duration // for the solution; 0 if it is not judged
	CPU     time.Duration // of a processor, for the submission, as far as the box knows
}

// A box is where submissions are judged, each in one of its own.
type box struct {
	program string        // this one
	dir     string        // of the stage
	env     []string      // within
	free    chan struct{} // holds as many as may be in use at once: most of them wait most of the time
}

// goDirs are the go command's settings that are directories, which the box has, too.
var goDirs = []string{"GOROOT", "GOCACHE", "GOMODCACHE"}

// newBox prepares the lessons' tests for all boxes. It skips the test if there can't be a box here.
func newBox(t *testing.T) *box {
	program, err := os.Executable()
	require.NoError(t, err)
	b := &box{program: program, dir: t.TempDir(), free: make(chan struct{}, 4)}
	for _, name := range goDirs {
		out, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		b.env = append(b.env, name+"="+strings.TrimSpace(string(out)))
	}
	b.env = append(b.env, "PATH="+os.Getenv("PATH"), "HOME=/tmp", "TMPDIR=/tmp", "GOPROXY=off", "GOTOOLCHAIN=local",
		"UDPKATA_LANG=en", "LC_ALL=C.UTF-8", confine.Variable+"=1", "GOMEMLIMIT=512MiB", stageDirVariable+"="+b.dir)
	if out, err := b.command(t.Context(), "true").CombinedOutput(); err != nil {
		t.Skipf("needs bubblewrap, and user namespaces: %v: %s", err, out)
	}
	s, err := judge.OpenStage(t.Context(), root, b.dir)
	require.NoError(t, err)
	for _, l := range lessons(t) {
		require.NoError(t, s.Prepare(t.Context(), l))
	}
	// Whatever else the judge needs of the go command is in the cache from now on.
	require.NoError(t, exec.Command("go", "tool", "-n", "test2json").Run())
	return b
}

// command returns one that runs in a box of its own, which ends with it. As nobody in the box has capabilities, it does
// not matter if the user is root.
func (b *box) command(ctx context.Context, args ...string) *exec.Cmd {
	repository, _ := filepath.Abs(root)
	box := []string{
		"--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
		"--die-with-parent", "--new-session", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
		"--tmpfs", "/run", "--size", fmt.Sprint(boxRoom), "--tmpfs", "/tmp", "--tmpfs", "/dev/shm",
		"--ro-bind", repository, repository, "--ro-bind", b.program, b.program, "--ro-bind", b.dir, b.dir,
		"--remount-ro", "/dev/shm", "--remount-ro", "/run", "--chdir", filepath.Join(repository, "solutions"),
	}
	for _, setting := range b.env {
		if name, dir, _ := strings.Cut(setting, "="); slices.Contains(goDirs, name) {
			box = append(box, "--ro-bind", dir, dir)
		}
	}
	cmd := exec.CommandContext(ctx, "bwrap", append(box, args...)...)
	cmd.Env = b.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// judge has a submission judged in a box.
func (b *box) judge(t *testing.T, h hostile) (v boxed) {
	b.free <- struct{}{}
	defer func() { <-b.free }()
	ctx, cancel := context.WithTimeout(t.Context(), boxTime)
	defer cancel()
	cmd := b.command(ctx, b.program, "-test.run=^TestHostile$")
	cmd.Env = append(cmd.Env, boxedVariable+"="+h.name, hostileVariable+"="+os.Getenv(hostileVariable))
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	began := time.Now()
	err := runBox(cmd)
	if json.Unmarshal(said.Bytes(), &v) != nil {
		v = boxed{Error: fmt.Sprintf("after %v: %v: %s", time.Since(began).Round(time.Second), err, wrong.String())}
	}
	t.Logf("took %.1f s, and the solution %.1f s; processor time %.1f s", v.Took.Seconds(), v.AndThen.Seconds(),
		v.CPU.Seconds())
	for _, res := range v.Report.Results {
		t.Logf("%s: %s: %.300s", res.Task, res.State, res.Reason)
	}
	return v
}

// judgeBoxed judges a submission in the box that this process is in, and ends the process.
func judgeBoxed(name string) {
	var v boxed
	if err := v.judge(name); err != nil {
		v.Error = err.Error()
	}
	data, err := json.Marshal(v)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(data)
	os.Exit(0)
}

func (v *boxed) judge(name string) error {
	if err := limit(); err != nil {
		return err
	}
	all, err := curriculum.Load(root)
	if err != nil {
		return err
	}
	h, err := readHostile(filepath.Join("hostile", name+".txtar"), all)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "submission-")
	if err != nil {
		return err
	}
	for _, f := range h.files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), f.Data, 0o600); err != nil {
			return err
		}
	}
	ctx := context.Background()
	s, err := judge.OpenStage(ctx, root, os.Getenv(stageDirVariable))
	if err != nil {
		return err
	}
	began := time.Now()
	v.Report, err = judge.Run(ctx, judge.Params{Lesson: h.lesson, Dir: dir, Stage: s, Timeout: taskTime})
	v.Took = time.Since(began)
	if err != nil {
		return err
	}
	v.Wrong = unshowable(v.Report)
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &used); err != nil {
		return err
	}
	v.CPU = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	if os.Getenv(hostileVariable) == "" && h.kind != "Around" && h.kind != "Shared state" {
		return nil // the others leave nothing behind that the next one could meet
	}
	began = time.Now()
	v.Honest, err = judge.Run(ctx, judge.Params{Lesson: h.lesson, Dir: h.lesson.Name, Stage: s, NoVet: true})
	v.AndThen = time.Since(began)
	return err
}

// limit keeps this process, and what it starts, from using the machine up.
func limit() error {
	for which, most := range map[int]uint64{
		unix.RLIMIT_AS: boxMemory, unix.RLIMIT_FSIZE: boxRoom, unix.RLIMIT_CORE: 0, unix.RLIMIT_CPU: 300,
	} {
		if err := unix.Setrlimit(which, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return nil
}

// unprintable reports what no report may have.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && !unicode.IsPrint(r)
}

// runBox runs a box's command. The kernel ends it when the thread ends that started it, so this one stays where it is.
func runBox(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}
