//go:build !unix && !windows

package judge

import "os/exec"

// ownGroup does nothing here: what the code under test starts outlives it.
func ownGroup(*exec.Cmd) {}
