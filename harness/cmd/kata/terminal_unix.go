//go:build unix

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// modes are those of a terminal's input.
type modes unix.Termios

func getModes(in, _ *os.File) (modes, error) {
	m, err := unix.IoctlGetTermios(int(in.Fd()), getTermios)
	if err != nil {
		return modes{}, err
	}
	return modes(*m), nil
}

// single returns the modes in which keys come one by one, and unseen. All else stays: Ctrl-C is a signal, and lines
// that are printed begin at the left. Ctrl-Z is a key, since go tool would make a second signal of it and not stop
// itself; so is Ctrl-\, which would end this program where nothing can be restored.
func (m modes) single() modes {
	m.Lflag &^= unix.ICANON | unix.ECHO
	m.Cc[unix.VMIN], m.Cc[unix.VTIME] = 1, 0
	m.Cc[unix.VSUSP], m.Cc[unix.VQUIT] = disabled, disabled
	return m
}

func (m modes) apply(in, _ *os.File) error {
	return unix.IoctlSetTermios(int(in.Fd()), setTermios, (*unix.Termios)(&m))
}

// suspend gives the terminal back, stops all that was started with this program, go tool among it, and takes the
// terminal again when it goes on. Where there is no shell that could make it go on, nothing happens.
func (t *terminal) suspend(ctx context.Context) error {
	if session, err := unix.Getsid(0); err != nil || session == unix.Getpgrp() {
		return nil
	}
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(goesOn)
	t.restore()
	// A signal that can be caught would be by go tool.
	if err := syscall.Kill(0, syscall.SIGSTOP); err != nil {
		return t.set()
	}
	select {
	case <-ctx.Done():
	case <-goesOn:
	}
	return t.set()
}

// follow passes on what the system says of the terminal: that it has another size, that this program has to stop, or
// that it goes on after it was stopped by a signal that can't be caught.
func (t *terminal) follow(ctx context.Context, do func(func() error)) {
	said := make(chan os.Signal, 1)
	signal.Notify(said, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
	defer signal.Stop(said)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-said:
			switch s {
			case syscall.SIGTSTP:
				do(func() error { return t.suspend(ctx) })
			case syscall.SIGCONT:
				do(t.set)
			default:
				do(func() error { return nil })
			}
		}
	}
}
