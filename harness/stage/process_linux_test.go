package stage

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/stage/link"
)

// begin starts a process that does what a script says. It ends with the test.
func begin(t *testing.T, script string) *process {
	runtime.LockOSThread() // with whose thread it would end
	before := program
	t.Cleanup(func() { program = before })
	program = filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	p, err := start()
	require.NoError(t, err)
	t.Cleanup(p.kill)
	return p
}

// within wants f to end by itself, though what it waits for never comes.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits for ever")
	}
}

// TestSilent: nobody waits for ever for a process that does nothing.
func TestSilent(t *testing.T) {
	p := begin(t, "exec sleep 600")
	within(t, func() {
		for range 2 {
			_, err := p.ask()
			require.Equal(t, errSilent, err)
		}
		for over := p.vigil(); !over(); {
			time.Sleep(time.Millisecond)
		}
		p.send(link.Frame{Body: make([]byte, 1<<20)})
	})
	require.Equal(t, "does not hear what it is told", *p.misuse.Load())
	how, ok := p.ends()
	require.True(t, ok)
	require.Equal(t, "signal: killed", how)
}

// TestAtWork: a process that has the processor, or waits for it, does something.
func TestAtWork(t *testing.T) {
	p := begin(t, "while :; do :; done")
	for !p.isIn("R") { // until it has begun
		time.Sleep(time.Millisecond)
	}
	runs := 0
	for range 100 {
		if p.isIn("R") {
			runs++
		}
	}
	require.Greater(t, runs, 90)
}

// TestPipeIsKept: what a process has started may keep the pipe, and yet nothing more comes once the process has ended.
func TestPipeIsKept(t *testing.T) {
	p := begin(t, "sleep 600 & exit 3")
	within(t, func() {
		_, err := p.from.Next()
		require.Equal(t, io.EOF, err)
	})
	how, ok := p.ends()
	require.True(t, ok)
	require.Equal(t, "status 3", how)
}

// TestPipeIsClosed: a process may close the pipe and live.
func TestPipeIsClosed(t *testing.T) {
	p := begin(t, "exec 3<&- 4>&- sleep 600")
	within(t, func() {
		_, err := p.from.Next()
		require.Equal(t, io.EOF, err)
		_, ok := p.ends()
		require.False(t, ok)
	})
}

// TestForgedAnswers: an answer comes to its end, and is no longer than any may be.
func TestForgedAnswers(t *testing.T) {
	for _, script := range []string{
		`printf '\377\377\377\377' >&5; exec sleep 600`,        // of 4 GiB
		`printf '\0\0\0\377' >&5; exec sleep 600`,              // whose rest never comes
		`while :; do printf '\0\20\0\0' >&5; sleep 0.05; done`, // which comes a little at a time
		`exec 5>&-; sleep 600`,                                 // of none
		`exec cat /dev/zero >&5`,                               // of nothing, without end
	} {
		p := begin(t, script)
		within(t, func() {
			for range 3 {
				said, err := p.ask()
				require.True(t, err != nil || len(said) == 0, script)
			}
		})
	}
}
