//go:build linux

package solutions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/sandbox"
	"udpkata/harness/sandbox/confine"
)

// The box: this program runs again in it, as the judge of one submission, and prints what it finds. It is one of
// package sandbox's, as whoever grades has it.
//
// The code under test is confined there. On a kernel that lacks a part of that, what is hostile could do anything to
// the judge in the same box that one user can do to their own processes. Those submissions that try to have
// "box: true": if no report comes of them there, that is well, as nobody gets a point by it.

const (
	// boxedVariable names, in the box, the submission.
	boxedVariable = "UDPKATA_HOSTILE"
	// stageDirVariable names, in the box, the directory with the programs of the lessons' tests.
	stageDirVariable = "UDPKATA_HOSTILE_STAGE"
	// hereVariable names, in the box, the directory of this package.
	hereVariable = "UDPKATA_HOSTILE_HERE"
)

const (
	boxTime  = 5 * time.Minute  // for one box, on a machine that has others at work
	taskTime = 90 * time.Second // for one task
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
	*sandbox.Sandbox
	command sandbox.Command
	free    chan struct{} // holds as many as may be in use at once: most of them wait most of the time
}

// newBox prepares the lessons' tests for all boxes. It skips the test if there can't be a box here.
func newBox(t *testing.T) *box {
	kind, err := sandbox.Find(t.Context(), sandbox.Bubblewrap)
	if err != nil {
		t.Skip(err)
	}
	built, err := os.Executable()
	require.NoError(t, err)
	repository, err := filepath.Abs(root)
	require.NoError(t, err)
	dir := t.TempDir()
	b := &box{Sandbox: kind, free: make(chan struct{}, 4)}
	b.command = sandbox.Command{
		Args: []string{built, "-test.run=^TestHostile$"}, Read: []string{repository, built, dir},
		Limits: sandbox.Usual(),
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "GOPROXY=off", "GOTOOLCHAIN=local", "UDPKATA_LANG=en", "LC_ALL=C.UTF-8",
			confine.Variable + "=1", "GOMEMLIMIT=512MiB", stageDirVariable + "=" + dir,
			hereVariable + "=" + filepath.Join(repository, "solutions"),
			hostileVariable + "=" + os.Getenv(hostileVariable),
		},
	}
	b.command.Wall = boxTime
	for _, name := range []string{"GOROOT", "GOCACHE", "GOMODCACHE"} {
		out, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		value := strings.TrimSpace(string(out))
		b.command.Read = append(b.command.Read, value)
		b.command.Env = append(b.command.Env, name+"="+value)
	}
	s, err := judge.OpenStage(t.Context(), root, dir)
	require.NoError(t, err)
	for _, l := range lessons(t) {
		require.NoError(t, s.Prepare(t.Context(), l))
	}
	// Whoever the box's user is may read it.
	require.NoError(t, exec.Command("chmod", "-R", "go+rX", dir).Run())
	// Whatever else the judge needs of the go command is in the cache from now on.
	require.NoError(t, exec.Command("go", "tool", "-n", "test2json").Run())
	return b
}

// judge has a submission judged in a box.
func (b *box) judge(t *testing.T, h hostile) (v boxed) {
	b.free <- struct{}{}
	defer func() { <-b.free }()
	c := b.command
	c.Env = append(slices.Clone(c.Env), boxedVariable+"="+h.name)
	out, err := b.Run(t.Context(), c)
	require.NoError(t, err)
	if json.Unmarshal(out.Stdout, &v) != nil {
		v = boxed{Error: fmt.Sprintf("after %v: status %d, limit %q: %s", out.Took.Round(time.Second), out.Status,
			out.Limit, out.Stderr)}
	}
	t.Logf("took %.1f s, and the solution %.1f s; processor time %.1f s; %d MiB, %d threads", v.Took.Seconds(),
		v.AndThen.Seconds(), v.CPU.Seconds(), out.Memory>>20, out.Processes)
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
	if err := os.Chdir(os.Getenv(hereVariable)); err != nil {
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
		at := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(at, f.Data, 0o600); err != nil {
			return err
		}
	}
	ctx := context.Background()
	s, err := judge.OpenStage(ctx, root, os.Getenv(stageDirVariable))
	if err != nil {
		return err
	}
	began := time.Now()
	params := judge.Params{Lesson: h.lesson, Dir: dir, Stage: s, Timeout: taskTime, Env: seeds[:1]}
	v.Report, err = judge.Run(ctx, params)
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
	params.Dir, params.NoVet, params.Timeout = h.lesson.Name, true, 0
	v.Honest, err = judge.Run(ctx, params)
	v.AndThen = time.Since(began)
	return err
}

// unprintable reports what no report may have.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && !unicode.IsPrint(r)
}
