//go:build unix

package judge

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a process group of its own, and makes ending it end
// the group: whatever the code under test started goes with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
