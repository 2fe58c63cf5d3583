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

// Inside is false.
func Inside() bool { return false }

// Command is a command that Run refuses.
func Command(...string) *exec.Cmd { return &exec.Cmd{} }

// Run is an error.
func Run(*exec.Cmd) error { return Missing() }
