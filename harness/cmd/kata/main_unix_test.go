//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// command returns the command, as it is started in a directory.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// endless is a course whose only task writes its process's number into a pipe named
// begun, and never ends.
var endless = map[string]string{
	"go.mod":                         "module tiny\n\ngo 1.26.0\n",
	"lessons/01-tiny/tiny.go":        "package tiny\n\nfunc Loop() { panic(`TODO: write Loop`) }\n",
	"lessons/01-tiny/hints.md":       "# Hints\n\n## TestLoop\n\nIt ends.\n\n1. Think.\n2. Return.\n",
	"lessons/01-tiny/hints.zh-TW.md": "# Hints\n\n## TestLoop\n\nIt ends.\n\n1. Think.\n2. Return.\n",
	"lessons/01-tiny/tiny_test.go": `package tiny_test

import (
	"testing"

	tiny "tiny/lessons/01-tiny"
)

// TestLoop: ends.
//
//kata:points 1
func TestLoop(*testing.T) { tiny.Loop() }
`,
	"mine/tiny.go": `package tiny

import (
	"fmt"
	"os"
)

func Loop() {
	os.MkdirTemp("", "left-behind-")
	begun, _ := os.OpenFile("../../begun", os.O_WRONLY, 0)
	fmt.Fprintln(begun, os.Getpid())
	begun.Close()
	for {
	}
}
`,
}

// TestSignals: whoever ends the judge leaves nothing running, and no directory. A signal
// that whoever started it keeps from it, as nohup does, does not end it.
func TestSignals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trap    string
		signals []syscall.Signal // the last of which ends it
	}{
		{"interrupt", "", []syscall.Signal{syscall.SIGINT}},
		{"terminated", "", []syscall.Signal{syscall.SIGTERM}},
		{"hangup", "", []syscall.Signal{syscall.SIGHUP}},
		{"nohup", `trap "" HUP; `, []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if last := tt.signals[len(tt.signals)-1]; signal.Ignored(last) {
				t.Skipf("needs a process that does not ignore %q: run the tests without nohup, in the foreground", last)
			}
			root, tmp := t.TempDir(), t.TempDir()
			for name, text := range endless {
				path := filepath.Join(root, filepath.FromSlash(name))
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			}
			require.NoError(t, syscall.Mkfifo(filepath.Join(root, "begun"), 0o600))
			judge := command(t, root, "judge", "01-tiny", "mine")
			judge.Path, judge.Args = "/bin/sh", append([]string{"sh", "-c", tt.trap + `exec "$@"`, "sh"}, judge.Args...)
			judge.Env = append(judge.Env, "TMPDIR="+tmp)
			var said bytes.Buffer
			judge.Stdout, judge.Stderr, judge.WaitDelay = &said, &said, time.Second // or what it left holds them
			begun, err := os.OpenFile(filepath.Join(root, "begun"), os.O_RDWR, 0)
			require.NoError(t, err)
			require.NoError(t, judge.Start())
			ended := make(chan error, 1)
			go func() {
				ended <- judge.Wait()
				begun.Close()
			}()
			var pid int
			_, err = fmt.Fscanln(begun, &pid)
			require.NoError(t, err, "%s", &said)

			for _, s := range tt.signals {
				require.NoError(t, judge.Process.Signal(s))
			}
			exit := (*exec.ExitError)(nil)
			require.True(t, errors.As(<-ended, &exit))
			require.Equal(t, 128+int(tt.signals[len(tt.signals)-1]), exit.ExitCode())
			require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the task still runs")
			left, err := os.ReadDir(tmp)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// TestFullDisk: what could not be written was not said.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs a device that is full: ", err)
	}
	defer full.Close()
	for _, args := range [][]string{{"--help"}, {"judge", "-h"}, {"judge", "02-echo", t.TempDir()}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			cmd := command(t, ".", args...)
			cmd.Stdout = full
			var said strings.Builder
			cmd.Stderr = &said
			exit := (*exec.ExitError)(nil)
			require.True(t, errors.As(cmd.Run(), &exit))
			require.Equal(t, 2, exit.ExitCode())
			require.Contains(t, said.String(), "no space left on device")
		})
	}
}
