package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// tinyCourse writes the course of the scripts into a directory.
func tinyCourse(t *testing.T, dir string) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "course.txtar"))
	require.NoError(t, err)
	require.NoError(t, txtar.Write(archive, dir))
}

const mine = "package tiny\n\nfunc A() int { return 1 }\n\nfunc B() int { return 2 }\n"

// TestKilled: whenever a command is killed that writes files, what a student wrote is in its place or in a backup, and
// whole.
func TestKilled(t *testing.T) {
	newer := t.TempDir()
	tinyCourse(t, newer)
	stub, err := os.ReadFile(filepath.Join(newer, "lessons", "01-tiny", "tiny.go"))
	require.NoError(t, err)
	newerStub := strings.ReplaceAll(string(stub), "returns 1", "returns one")
	for _, path := range []string{"tiny.go", "testdata/stubs/tiny.go.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(newer, "lessons", "01-tiny", path), []byte(newerStub), 0o600))
	}
	for _, args := range [][]string{{"reset", "tiny"}, {"update", newer}} {
		t.Run(args[0], func(t *testing.T) {
			const kills = 25
			var whole time.Duration
			for i := range kills + 1 { // the first is not killed, and says how long it takes
				root := t.TempDir()
				tinyCourse(t, root)
				path := filepath.Join(root, "lessons", "01-tiny", "tiny.go")
				require.NoError(t, os.WriteFile(path, []byte(mine), 0o600))
				ctx, cancel := context.WithCancel(t.Context())
				if i > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), whole*time.Duration(i)/kills)
				}
				kata := command(t, root, args...)
				killed := exec.CommandContext(ctx, kata.Path, args...)
				killed.Dir, killed.Env = kata.Dir, append(kata.Env, "XDG_CONFIG_HOME="+t.TempDir())
				began := time.Now()
				out, err := killed.CombinedOutput()
				if i == 0 {
					require.NoError(t, err, string(out))
					whole = time.Since(began)
				}
				cancel()
				kept, err := filepath.Glob(path + "*")
				require.NoError(t, err)
				require.Contains(t, kept, path)
				found := false
				for _, path := range kept {
					data, err := os.ReadFile(path)
					require.NoError(t, err)
					require.Contains(t, []string{mine, string(stub), newerStub}, string(data), path)
					found = found || string(data) == mine
				}
				require.True(t, found, "what was written is nowhere: %v", kept)
			}
		})
	}
}

// inNamespace runs a script of the shell in a course on a disk of its own, which only the script sees. kata is a
// command there, and mine is what the student wrote.
func inNamespace(t *testing.T, script string) string {
	root := t.TempDir()
	tinyCourse(t, root)
	require.NoError(t, os.WriteFile(filepath.Join(root, "mine"), []byte(mine), 0o600))
	kata := command(t, root)
	head := `mount -t tmpfs -o size=1m none "$DISK" && cp -r . "$DISK" && cd "$DISK" || { echo no disk; exit; }
kata() { status=0; "$KATA" "$@" 2>&1 || status=$?; echo "status $status"; }
cp mine lessons/01-tiny/tiny.go
`
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", head+script)
	cmd.Dir, cmd.Env = root, append(kata.Env, "KATA="+kata.Path, "DISK="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir(),
		"UDPKATA_LANG=en", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) == "no disk\n" {
		t.Skipf("needs a mount namespace for ordinary users, which this machine lacks (%v: %s)", err, out)
	}
	return string(out)
}

// TestFullCourseDisk: nothing is lost, and one line says why nothing was done.
func TestFullCourseDisk(t *testing.T) {
	out := inNamespace(t, `cat /dev/zero >full 2>/dev/null
kata reset tiny
cmp mine lessons/01-tiny/tiny.go && ls -A lessons/01-tiny
`)
	require.Regexp(t, `^kata: lessons/01-tiny/tiny.go was not reset: .*no space left on device\nstatus 2\n`+
		`demo\ngiven.go\nhints.md\nhints.zh-TW.md\ntestdata\ntiny.go\ntiny_test.go\n$`, out)
}

// TestReadOnlyDisk: a course that can't be written can be solved no further, but judged and read.
func TestReadOnlyDisk(t *testing.T) {
	out := inNamespace(t, `mount -o remount,ro "$DISK"
kata test a
kata test b
kata hint b
kata list
kata reset tiny
kata update ../nowhere
`)
	require.Regexp(t, `(?s)^passed +TestA\n.*status 0\n`+
		`failed +TestB\n.*it has to be 1.*status 1\n`+
		`01-tiny/TestB, hint 1 of 2.*status 0\n`+
		`01-tiny .*1 of 2 tasks.*status 1\n`+
		`kata: lessons/01-tiny/tiny.go was not reset: .*read-only file system\nstatus 2\n`+
		`kata: .*nowhere.*status 2\n$`, out)
}
