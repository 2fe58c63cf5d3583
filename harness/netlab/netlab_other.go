//go:build !linux

package netlab

import (
	"errors"
	"os/exec"
	"runtime"
)

// Missing says why this machine can't have labs.
func Missing() error {
	return errors.New("needs network namespaces, which " + runtime.GOOS + " lacks: run the tests on Linux")
}

// Inside reports whether this process is one that Command has started, which none
// is here.
func Inside() bool { return false }

// Command returns a command that Run refuses.
func Command(...string) *exec.Cmd { return &exec.Cmd{} }

// Run returns an error, which says what Missing says.
func Run(*exec.Cmd) error { return Missing() }
