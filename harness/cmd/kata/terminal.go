package main

import (
	"errors"
	"os"

	"golang.org/x/term"
)

// Keys that ask the system for a signal elsewhere.
const (
	interruptKey = 3
	suspendKey   = 26
)

// A terminal gives single keys, unseen, from when it is opened until it is restored.
type terminal struct {
	in, out *os.File
	before  modes // as it was found
}

// openTerminal returns an error where not both are a terminal.
func openTerminal(in, out *os.File) (*terminal, error) {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil, errors.New("no terminal")
	}
	before, err := getModes(in, out)
	if err != nil {
		return nil, err
	}
	t := &terminal{in, out, before}
	if err := t.set(); err != nil {
		t.restore()
		return nil, err
	}
	return t, nil
}

// set makes the terminal give single keys.
func (t *terminal) set() error { return t.before.single().apply(t.in, t.out) }

// restore leaves the terminal as it was found. Where that fails, it is gone.
func (t *terminal) restore() { t.before.apply(t.in, t.out) }
