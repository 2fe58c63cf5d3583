package main

import (
	"context"
	"os"

	"golang.org/x/sys/windows"
)

// modes are those of a console's two sides.
type modes struct{ in, out uint32 }

func getModes(in, out *os.File) (m modes, err error) {
	if err := windows.GetConsoleMode(windows.Handle(in.Fd()), &m.in); err != nil {
		return m, err
	}
	return m, windows.GetConsoleMode(windows.Handle(out.Fd()), &m.out)
}

// single returns the modes in which keys come one by one, and unseen; Ctrl-C stays a signal. A console that can't clear
// its screen the way that all terminals can refuses them.
func (m modes) single() modes {
	m.in &^= windows.ENABLE_LINE_INPUT | windows.ENABLE_ECHO_INPUT
	m.out |= windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return m
}

func (m modes) apply(in, out *os.File) error {
	if err := windows.SetConsoleMode(windows.Handle(out.Fd()), m.out); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(in.Fd()), m.in)
}

// suspend does nothing: this system has no such thing.
func (t *terminal) suspend(context.Context) error { return nil }

// follow does nothing: the console says nothing of its size.
func (t *terminal) follow(context.Context, func(func() error)) {}
