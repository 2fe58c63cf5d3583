//go:build linux

package solutions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"udpkata/harness/grade"
	"udpkata/harness/sandbox"
)

// errandVariable has this program grade a class, as the process that is killed.
const errandVariable = "UDPKATA_GRADE_ERRAND"

// An errand is what that process is to do.
type errand struct {
	Class, Out, Key, Stage string
	Shard                  grade.Shard
}

// gradedLessons is how many of the course's lessons are: enough for several lessons in a box.
const gradedLessons = 2

// do grades the class, and ends the process.
func (e errand) do(t *testing.T) {
	box, err := sandbox.Find(t.Context(), "")
	require.NoError(t, err)
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	sum, err := grade.Run(t.Context(), grade.Params{
		Root: here, Lessons: lessons(t)[:gradedLessons], Paths: []string{e.Class}, Out: e.Out, Key: e.Key, Box: box,
		Which: "last", Stage: e.Stage, Shard: e.Shard,
	})
	if err == nil && len(sum.Unjudged) > 0 {
		err = fmt.Errorf("could not be judged: %q", sum.Unjudged)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run does an errand in a process that is killed when ctx ends, and reports whether it was. It returns when everything
// is gone that the process has started, and says how many boxes went on to their end without it. Nothing that is
// temporary may be left.
func (e errand) run(t *testing.T, ctx context.Context) (killed bool, wentOn int) {
	program, err := os.Executable()
	require.NoError(t, err)
	data, err := json.Marshal(e)
	require.NoError(t, err)
	// Whoever loses their parent is this process's from then on.
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	tmp := t.TempDir()
	cmd := exec.CommandContext(ctx, program, "-test.run=^TestGradeKilled$")
	cmd.Env = append(os.Environ(), errandVariable+"="+string(data), "TMPDIR="+tmp)
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	err = cmd.Wait()
	for orphans := children(t); len(orphans) > 0; orphans = children(t) {
		for _, pid := range orphans {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			require.NoError(t, err)
			var how unix.WaitStatus
			for err = unix.EINTR; err == unix.EINTR; {
				_, err = unix.Wait4(pid, &how, 0, nil)
			}
			require.NoError(t, err)
			if how.Exited() && outermost.Match(status) {
				wentOn++
			}
		}
	}
	left, readErr := os.ReadDir(tmp)
	require.NoError(t, readErr)
	require.Empty(t, left, "what is temporary stays")
	if state := cmd.ProcessState.Sys().(syscall.WaitStatus); state.Signaled() && state.Signal() == syscall.SIGKILL {
		return true, wentOn
	}
	require.NoError(t, err, "%s", &said)
	require.Zero(t, wentOn)
	return false, 0
}

// outermost tells a box's process that is in nobody's namespace: the others end after it in any case.
var outermost = regexp.MustCompile(`(?s)^Name:\tbwrap\n.*\nNSpid:\t\d+\n`)

// undisturbed does an errand that nobody disturbs.
func (e errand) undisturbed(t *testing.T) {
	killed, _ := e.run(t, t.Context())
	require.False(t, killed)
}

// children lists this process's.
func children(t *testing.T) (all []int) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended
		}
		for pid := range strings.FieldsSeq(string(data)) {
			n, err := strconv.Atoi(pid)
			require.NoError(t, err)
			all = append(all, n)
		}
	}
	return all
}

// TestGradeKilled: whoever grades may be killed at any moment. The same command goes on, in the end everything is as if
// nobody had been, and nothing is left behind. Two shards come to the same, too.
func TestGradeKilled(t *testing.T) {
	if data := os.Getenv(errandVariable); data != "" {
		var e errand
		require.NoError(t, json.Unmarshal([]byte(data), &e))
		e.do(t)
	}
	if testing.Short() {
		t.Skip("judges a class again and again, which takes a while")
	}
	class := t.TempDir()
	writeSteady(t, class)
	p := grading(t, class)
	whole := errand{Class: class, Out: p.Out, Key: p.Key, Stage: p.Stage}
	began := time.Now()
	whole.undisturbed(t) // which builds what the others find there
	took := time.Since(began)
	want := outcome(t, whole.Out)
	require.Regexp(t, `FAIL: \w+/\S*loopback`, want["grades.json"], "nothing is judged twice here")

	t.Run("killed", func(t *testing.T) {
		moments := 3
		e := whole
		e.Out = t.TempDir()
		if os.Getenv(gradeVariable) == "1" {
			moments, e.Stage = 10, t.TempDir() // which is built in between, too
		}
		alone := 0
		for deaths := 0; deaths < moments; {
			at := time.Duration(rand.Int64N(int64(took) / int64(1+2*(deaths%2)))) // some late, some early
			ctx, cancel := context.WithTimeout(t.Context(), at)
			killed, wentOn := e.run(t, ctx)
			cancel()
			alone += wentOn
			if killed {
				deaths++
				t.Logf("killed after %v, with %d files there", at.Round(time.Millisecond), len(outcome(t, e.Out)))
				continue
			}
			require.Equal(t, want, outcome(t, e.Out)) // it had come to its end before, and begins anew
			e.Out = t.TempDir()
		}
		// One may have ended by itself at that very moment.
		require.LessOrEqual(t, alone, 1, "boxes go on without whoever has made them")
		// As if one had been killed between a file's beginning and its end.
		put(t, filepath.Join(e.Out, ".new-1"), "{")
		put(t, filepath.Join(e.Out, "results", ".new-2"), "{")
		put(t, filepath.Join(e.Out, ".key-3", "class.key"), "5e")
		e.undisturbed(t)
		require.Equal(t, want, outcome(t, e.Out))
	})
	t.Run("shards", func(t *testing.T) {
		var outs []string
		for i := range 2 {
			e := whole
			e.Out, e.Shard = t.TempDir(), grade.Shard{I: i + 1, N: 2}
			e.undisturbed(t)
			require.NoFileExists(t, filepath.Join(e.Out, "grades.json"))
			parts, err := filepath.Glob(filepath.Join(e.Out, "results", "*"))
			require.NoError(t, err)
			require.NotEmpty(t, parts, "a shard has nobody")
			outs = append(outs, e.Out)
		}
		missing, err := grade.Merge(outs[0], outs)
		require.NoError(t, err)
		require.Empty(t, missing)
		merged := outcome(t, outs[0])
		for _, name := range []string{"grades.json", "grades.csv"} {
			require.Equal(t, want[name], merged[name])
		}
	})
}

// writeSteady writes a class in which everything ends as it does each time: solved, not solved, wrong in virtual time
// and on real sockets, refused, damaged, handed in twice, and ended by itself.
func writeSteady(t *testing.T, class string) {
	course := lessons(t)[:gradedLessons]
	solved, stubs := files{}, files{}
	for _, l := range course {
		maps.Copy(solved, solutionOf(t, l))
		maps.Copy(stubs, stubOf(t, l))
	}
	inFolders(t, class, "solved", solved)
	zipped(t, class, "twin", solved)
	inFolders(t, class, "stub", stubs)
	wrong := []string{"first-client", "shares-its-port", "answers-in-one-buffer"}
	for _, m := range mutants(t) {
		if slices.Contains(wrong, m.name) {
			inFolders(t, class, m.name, m.handedIn(t))
		}
	}
	for _, h := range hostiles(t) {
		if h.name == "exit-in-init" {
			inFolders(t, class, h.name, h.handedIn(t))
		}
	}
	put(t, filepath.Join(class, "damaged.zip"), "PK\x03\x04, and no more")
}

// varying is what differs from run to run in what a failing story prints: how long it took.
var varying = regexp.MustCompile(`\(\d+\.\d\ds\)`)

// outcome returns the files that a run has left, but for what differs each time; of results it is the names.
func outcome(t *testing.T, out string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(out, path)
		all[name] = ""
		if strings.HasPrefix(name, "grades.") {
			all[name] = string(varying.ReplaceAll(data, []byte("(TIME)")))
		}
		return err
	}))
	return all
}
