package solutions_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/netlab"
)

// mistakes are what the student of the transcript gets wrong first, by lesson.
var mistakes = map[string]string{
	"01-ports":     "well-known-long",
	"02-echo":      "first-client",
	"03-spoof":     "content",
	"04-backoff":   "constant-wait",
	"05-broadcast": "always-255",
	"06-pmtu":      "mtu-error-ignored",

	"07-request-ids": "new-id-each-time",
	"08-tftp":        "no-empty-block",
}

// TestTranscript goes from a fresh clone to all lessons solved, with nothing but go tool kata and an editor. What is
// seen on the way is in testdata/transcript.txt, to be read, which
//
//	go test ./solutions -run TestTranscript -update
//
// writes anew.
func TestTranscript(t *testing.T) {
	needed := []error{capability.IPv6.Missing(), capability.Broadcast.Missing(), noLowPort(), netlab.Missing()}
	if missing := errors.Join(needed...); missing != nil {
		t.Skip(missing) // it tells of a machine that skips always the same
	}
	s := freshStudent(t)
	s.comment("A fresh clone.")
	s.kata("")
	s.kata("show")
	for _, l := range lessons(t) {
		m := s.mutant(l)
		s.comment("%s: written, with a mistake. %s", l.Name, m.misconception)
		s.write(m)
		s.kata("test " + m.lesson.Name[:2])
		s.kata("hint " + m.killedBy)
		s.comment("%s: mended.", l.Name)
		s.solve(l)
		s.kata("test " + m.killedBy)
		s.kata("test " + m.lesson.Name[:2])
		s.kata("solution " + m.lesson.Name[:2])
		s.kata("")
	}
	s.kata("list")
	golden := filepath.Join("testdata", "transcript.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(s.seen.String()), 0o644))
	}
	kept, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(kept), s.seen.String())
}

// A student is somebody with a clone of the course, and what they have seen.
type student struct {
	t       *testing.T
	clone   string
	env     []string
	mutants []mutant
	seen    strings.Builder
}

// freshStudent has just cloned the course.
func freshStudent(t *testing.T) *student {
	s := &student{t: t, clone: t.TempDir(), mutants: mutants(t)}
	s.env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "GOWORK=off", "UDPKATA_LAB=")
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(s.clone, name), data, 0o644))
	}
	dirs := []string{"harness", "lessons"}
	for _, l := range lessons(t) {
		dirs = append(dirs, "solutions/"+l.Name)
	}
	for _, dir := range dirs {
		require.NoError(t, os.CopyFS(filepath.Join(s.clone, dir), os.DirFS(filepath.Join(root, dir))))
	}
	for _, l := range lessons(t) { // whatever somebody has written in this tree
		stubs, err := curriculum.Stubs(l.Dir)
		require.NoError(t, err)
		for _, stub := range stubs {
			require.NoError(t, os.WriteFile(s.file(l, stub.Name), stub.Source, 0o644))
		}
	}
	return s
}

func (s *student) file(l curriculum.Lesson, name string) string {
	return filepath.Join(s.clone, "lessons", l.Name, name)
}

func (s *student) comment(format string, args ...any) {
	fmt.Fprintf(&s.seen, "# "+format+"\n\n", args...)
}

// kata runs a command of the course's tool, and keeps what is seen.
func (s *student) kata(command string) {
	args := append([]string{"tool", "kata"}, strings.Fields(command)...)
	cmd := exec.CommandContext(s.t.Context(), "go", args...)
	cmd.Dir, cmd.Env = s.clone, s.env
	out, err := cmd.CombinedOutput()
	exit := (*exec.ExitError)(nil)
	if err != nil {
		require.True(s.t, errors.As(err, &exit) && exit.ExitCode() == 1, "%v: %s", err, out)
	}
	fmt.Fprintf(&s.seen, "$ go %s\n%s\n", strings.Join(args, " "), out)
}

// mutant returns the mistake of a lesson.
func (s *student) mutant(l curriculum.Lesson) mutant {
	isTheirs := func(m mutant) bool { return m.lesson.Name == l.Name && m.name == mistakes[l.Name] }
	i := slices.IndexFunc(s.mutants, isTheirs)
	require.GreaterOrEqual(s.t, i, 0, "which mistake is made in %s?", l.Name)
	return s.mutants[i]
}

// solve writes a lesson's solution.
func (s *student) solve(l curriculum.Lesson) {
	for _, f := range l.Files {
		if data, err := os.ReadFile(filepath.Join(l.Name, f.Name)); !f.Given {
			require.NoError(s.t, err)
			require.NoError(s.t, os.WriteFile(s.file(l, f.Name), data, 0o644))
		}
	}
}

// write writes a lesson's solution with a mistake in it.
func (s *student) write(m mutant) {
	s.solve(m.lesson)
	require.NoError(s.t, os.WriteFile(s.file(m.lesson, m.file), []byte(m.edited), 0o644))
}
