//go:build !linux

package judge

import "os/exec"

// startOnOne starts a program.
func startOnOne(program *exec.Cmd) error { return program.Start() }
