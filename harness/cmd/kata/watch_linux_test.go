package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// three is a course with three tasks, each of which wants a 1.
var three = map[string]string{
	"go.mod":                  "module tiny\n\ngo 1.26.0\n",
	"lessons/01-tiny/tiny.go": written("todo", "todo", "todo"),
	"lessons/01-tiny/testdata/stubs/tiny.go.txt": written("todo", "todo", "todo"),

	"lessons/01-tiny/hints.md":       threeHints,
	"lessons/01-tiny/hints.zh-TW.md": threeHints,
	"lessons/01-tiny/tiny_test.go": `package tiny_test

import (
	"testing"

	tiny "tiny/lessons/01-tiny"
)

func check(t *testing.T, f func() int) {
	defer func() {
		if recover() != nil {
			t.Attr("kata.state", "todo")
			t.Attr("kata.reason", "tiny.go:1: TODO: write it")
			t.FailNow()
		}
	}()
	if got := f(); got != 1 {
		t.Attr("kata.state", "failed")
		t.Attr("kata.reason", "it is not 1")
		t.Fatalf("got %d, want 1", got)
	}
	t.Attr("kata.state", "passed")
}

// TestA: returns 1.
//
//kata:points 1
func TestA(t *testing.T) { check(t, tiny.A) }

// TestB: returns 1.
//
//kata:points 1
func TestB(t *testing.T) { check(t, tiny.B) }

// TestC: returns 1.
//
//kata:points 1
func TestC(t *testing.T) { check(t, tiny.C) }
`,
}

const threeHints = `# Hints

## TestA

It is 1.

1. Think of a number.
2. Return 1.

## TestB

It is 1.

1. Think.
2. Return 1.

## TestC

It is 1.

1. Think.
2. Return 1.
`

// written returns a student's file in which the three return these, or have still to be written.
func written(a, b, c string) string {
	body := func(result string) string {
		if result == "todo" {
			return "panic(`TODO: write it`)"
		}
		return result
	}
	return "package tiny\n\nimport (\n\t\"strconv\"\n\t\"syscall\"\n)\n\nvar _ = strconv.Itoa(syscall.Getpid())\n\n" +
		"func A() int { " + body(a) + " }\n\nfunc B() int { " + body(b) + " }\n\nfunc C() int { " + body(c) + " }\n"
}

// A user sits before a pseudo-terminal in which a course is watched.
type user struct {
	t      *testing.T
	root   string
	cmd    *exec.Cmd
	screen *os.File // the user's side of it
	tty    *os.File
	before unix.Termios

	mu   sync.Mutex
	more *sync.Cond
	seen string // since the last sight of something
	eof  bool
}

// sit starts a command in a course of three tasks, and in a terminal of its own.
func sit(t *testing.T, cmd func(root string) *exec.Cmd) *user {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, text := range three {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	u := &user{t: t, root: root, cmd: cmd(root)}
	u.more = sync.NewCond(&u.mu)
	u.cmd.Env = append(u.cmd.Env, "XDG_CONFIG_HOME="+t.TempDir(), "UDPKATA_LANG=en", "TERM=xterm", "GOWORK=off",
		"VISUAL="+filepath.Join(root, "editor"))
	u.screen, u.tty, err = pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(u.screen, &pty.Winsize{Rows: 40, Cols: 100}))
	u.before = u.modes()
	u.cmd.Stdin, u.cmd.Stdout, u.cmd.Stderr = u.tty, u.tty, u.tty
	u.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, u.cmd.Start())
	go u.look()
	t.Cleanup(func() {
		u.cmd.Process.Kill()
		u.tty.Close()
		u.screen.Close()
	})
	return u
}

// watching starts a watch, and waits for its first verdict.
func watching(t *testing.T) *user {
	u := sit(t, func(root string) *exec.Cmd { return command(t, root, "watch") })
	u.sees("0 of 3 tasks.*TestA, lessons/01-tiny/tiny.go:.*TODO: write it")
	return u
}

func (u *user) modes() unix.Termios {
	m, err := unix.IoctlGetTermios(int(u.tty.Fd()), unix.TCGETS)
	require.NoError(u.t, err)
	return *m
}

// look reads all that comes.
func (u *user) look() {
	b := make([]byte, 4096)
	for {
		n, err := u.screen.Read(b)
		u.mu.Lock()
		u.seen += string(b[:n])
		u.eof = err != nil
		u.more.Broadcast()
		u.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// sees waits until a pattern is on the screen, and returns what was there up to its end.
func (u *user) sees(pattern string) string {
	u.t.Helper()
	want := regexp.MustCompile("(?s)" + pattern)
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		if at := want.FindStringIndex(u.seen); at != nil {
			before := u.seen[:at[1]]
			u.seen = u.seen[at[1]:]
			return before
		}
		if u.eof {
			u.t.Fatalf("%s does not come; there is %q", pattern, u.seen)
		}
		u.more.Wait()
	}
}

func (u *user) types(keys string) {
	_, err := u.screen.WriteString(keys)
	require.NoError(u.t, err)
}

func (u *user) file() string { return filepath.Join(u.root, "lessons", "01-tiny", "tiny.go") }

func (u *user) save(content string) {
	require.NoError(u.t, os.WriteFile(u.file(), []byte(content), 0o600))
}

// ends waits for the command's end, and looks at the terminal afterwards.
func (u *user) ends(status int) {
	u.t.Helper()
	exit, err := (*exec.ExitError)(nil), u.cmd.Wait()
	if status != 0 || err != nil {
		require.True(u.t, errors.As(err, &exit), "%v", err)
		require.Equal(u.t, status, exit.ExitCode())
	}
	require.Equal(u.t, u.before, u.modes())
}

func TestWatchGoesOn(t *testing.T) {
	u := watching(t)
	set := u.modes()
	require.Zero(t, set.Lflag&(unix.ICANON|unix.ECHO))
	require.Equal(t, u.before.Oflag, set.Oflag)

	u.save(written("return 2", "todo", "todo"))
	screen := u.sees(`got 2, want 1\r\n`)
	require.Contains(t, screen, clearing)

	u.save(written("return 1", "todo", "todo"))
	u.sees(`✓ TestA passes.*1 of 3 tasks.*TestB, lessons.*TODO: write it`)

	// By rename, as many editors do.
	require.NoError(t, os.WriteFile(u.file()+".new", []byte(written("return 1", "return 3", "todo")), 0o600))
	require.NoError(t, os.Rename(u.file()+".new", u.file()))
	u.sees(`got 3, want 1\r\n`)

	// Half-written, and whole.
	whole := written("return 1", "return 1", "return 4")
	u.save(whole[:len(whole)-4])
	u.sees(`tiny\.go:\d+:\d+:`)
	u.save(whole)
	u.sees(`✓ TestB passes.*2 of 3 tasks.*got 4, want 1\r\n`)

	// Twice at once.
	u.save(written("return 1", "return 1", "return 5"))
	u.save(written("return 1", "return 1", "return 1"))
	u.sees(`★ TestC passes, and with it all of 01-tiny.*3 of 3 tasks.*Well done!`)
	u.types("q")
	u.ends(0)
}

// endlessly writes its process's number into a pipe, and doesn't end.
const endlessly = "f, _ := syscall.Open(`../../begun`, syscall.O_WRONLY, 0); " +
	"syscall.Write(f, []byte(strconv.Itoa(syscall.Getpid()) + \"\\n\")); for {}"

// runsEndlessly saves what does not end, and returns a pipe that ends with the process that runs it.
func (u *user) runsEndlessly() *os.File {
	path := filepath.Join(u.root, "begun")
	require.NoError(u.t, syscall.Mkfifo(path, 0o600))
	u.save(written(endlessly, "todo", "todo"))
	begun, err := os.Open(path)
	require.NoError(u.t, err)
	u.t.Cleanup(func() { begun.Close() })
	var pid int
	_, err = fmt.Fscanln(begun, &pid)
	require.NoError(u.t, err)
	return begun
}

// isOver waits for the end of what ran endlessly.
func (u *user) isOver(begun *os.File) {
	_, err := io.Copy(io.Discard, begun)
	require.NoError(u.t, err)
}

// TestWatchSaveDuringRun: a run of what is no more ends, and the next begins.
func TestWatchSaveDuringRun(t *testing.T) {
	u := watching(t)
	stale := u.runsEndlessly()
	u.save(written("return 7", "todo", "todo"))
	u.sees(`got 7, want 1\r\n`)
	u.isOver(stale)
	u.types("q")
	u.ends(1)
}

// TestWatchEnds: whatever ends a watch, nothing of its run is left, and the terminal is as it was.
func TestWatchEnds(t *testing.T) {
	for _, end := range []struct {
		name   string
		do     func(*user)
		status int
	}{
		{"Ctrl-C", func(u *user) { u.types("\x03") }, 128 + int(syscall.SIGINT)},
		{"SIGTERM", func(u *user) { u.cmd.Process.Signal(syscall.SIGTERM) }, 128 + int(syscall.SIGTERM)},
		{"SIGHUP", func(u *user) { u.cmd.Process.Signal(syscall.SIGHUP) }, 128 + int(syscall.SIGHUP)},
		{"q", func(u *user) { u.types("q") }, 1},
	} {
		t.Run(end.name, func(t *testing.T) {
			u := watching(t)
			left := u.runsEndlessly()
			end.do(u)
			u.ends(end.status)
			u.isOver(left)
		})
	}
}

func TestWatchKeys(t *testing.T) {
	u := watching(t)
	editor := filepath.Join(u.root, "editor")
	require.Contains(t, u.cmd.Env, "VISUAL="+editor)
	edits := "#!/bin/sh\nstty -a <&0\necho \"edits $1\"\nread said\necho \"said $said\"\n"
	require.NoError(t, os.WriteFile(editor, []byte(edits), 0o700))
	for _, step := range []struct{ key, sees string }{
		{"h", `TestA, hint 1 of 2.*Think of a number`},
		{"h", `TestA, hint 2 of 2.*Return 1`},
		{"l", `> todo +1  TestA`},
		{"p", `This is the first task`},
		{"n", `TestB, lessons/01-tiny/tiny.go`},
		{"n", `TestC, lessons/01-tiny/tiny.go`},
		{"n", `This is the last task`},
		{"p", `TestB, lessons/01-tiny/tiny.go`},
		{"r", `Running 01-tiny/TestB.*TODO: write it`},
		{"s", `there is no solution of 01-tiny here`},
		{"x", `y/n`},
		{"n", `Nothing was changed`}, // an answer, and no key
		{"x", `y/n`},
		{"y", `tiny.go is as it was handed out`},
		{"?", `q  quits`},
		{"e", ` icanon.* echo .*edits .*tiny.go\r\n`},
		{"q\n", `said q\r\n.*TestB, lessons`}, // what is typed is the editor's
	} {
		u.types(step.key)
		u.sees(step.sees)
	}
	// What was reset stays in sight when it has been judged.
	u.save(written("return 1", "return 2", "todo"))
	u.sees(`got 2, want 1\r\n`)
	u.types("xy")
	u.sees(`y/n.*what you wrote is in lessons/01-tiny/tiny.go.1.bak`)
	u.sees(regexp.QuoteMeta(clearing) + `.*what you wrote is in.*TODO: write it`)

	require.NoError(t, pty.Setsize(u.screen, &pty.Winsize{Rows: 20, Cols: 60}))
	u.sees(regexp.QuoteMeta(clearing) + `.*TestB, lessons.*TODO: write it`)
	u.types("q")
	u.ends(1)
}

// TestWatchStops: Ctrl-Z gives the terminal back to the shell, and fg takes it again; so do the signals.
func TestWatchStops(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash, for its jobs: ", err)
	}
	for _, stop := range []string{"\x1a", "SIGTSTP", "SIGSTOP"} {
		t.Run(fmt.Sprintf("%q", stop), func(t *testing.T) {
			u := sit(t, func(root string) *exec.Cmd {
				watch := command(t, root, "watch")
				shell := exec.Command("bash", "--norc", "--noediting", "-i")
				shell.Dir, shell.Env = watch.Dir, append(watch.Env, "PS1=$ ", "KATA="+watch.Path)
				return shell
			})
			u.types("stty -a; \"$KATA\" watch\n")
			u.sees("speed .* icanon.*0 of 3 tasks.*TestA, lessons.*TODO: write it")
			set := u.modes()
			require.Zero(t, set.Lflag&unix.ICANON)
			if stop == "\x1a" {
				u.types(stop)
			} else {
				foreground, err := unix.IoctlGetInt(int(u.screen.Fd()), unix.TIOCGPGRP)
				require.NoError(t, err)
				require.NoError(t, syscall.Kill(foreground, unix.SignalNum(stop)))
			}
			u.sees("Stopped.*\\$ ")
			u.types("stty -a; echo mo''des\n")
			u.sees("speed .* icanon.* echo .*modes")
			u.types("fg\n")
			u.sees(regexp.QuoteMeta(clearing) + ".*TestA, lessons.*TODO: write it")
			require.Equal(t, set, u.modes())
			u.types("q")
			u.sees("\\$ ")
			u.types("exit 0\n")
			u.ends(0)
		})
	}
}

// TestTerminalAfterPanic: a panic leaves the terminal as it was.
func TestTerminalAfterPanic(t *testing.T) {
	screen, tty, err := pty.Open()
	require.NoError(t, err)
	defer screen.Close()
	defer tty.Close()
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	require.NoError(t, err)
	require.Panics(t, func() {
		terminal, err := openTerminal(tty, tty)
		require.NoError(t, err)
		defer terminal.restore()
		set, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		require.NoError(t, err)
		require.NotEqual(t, before, set)
		panic("out of order")
	})
	after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestWatchWithoutTerminal: plain lines, without keys and escapes, whatever a student's program prints.
func TestWatchWithoutTerminal(t *testing.T) {
	u := sit(t, func(root string) *exec.Cmd {
		watch := command(t, root, "watch")
		// What comes through cat comes from no terminal. The shell becomes the watch.
		cmd := exec.Command("/bin/sh", "-c", `exec "$KATA" watch </dev/null > >(cat)`)
		cmd.Path, cmd.Args[0] = "/bin/bash", "bash"
		cmd.Dir, cmd.Env = watch.Dir, append(watch.Env, "KATA="+watch.Path)
		return cmd
	})
	screen := u.sees("0 of 3 tasks.*TestA, lessons/01-tiny/tiny.go:.*TODO: write it")
	u.save(written("print(\"\\x07\\x1b[2J\"); return 2", "todo", "todo"))
	screen += u.sees(`\\x07(?:\\x1b)?\[2J.*got 2, want 1\r\n`) // from Go 1.27 on, go test keeps escapes to itself
	u.save(written("return 1", "todo", "todo"))
	screen += u.sees(`✓ TestA passes.*1 of 3 tasks.*TestB, lessons.*TODO: write it`)
	require.NotContains(t, screen, "\x1b")
	require.NotContains(t, screen, "h hint")
	require.NoError(t, u.cmd.Process.Signal(syscall.SIGINT))
	u.ends(128 + int(syscall.SIGINT))
}
