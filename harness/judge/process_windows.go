package judge

import (
	"os/exec"
	"strconv"
)

// ownGroup makes the end of cmd that of all that it has started.
func ownGroup(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		pid := strconv.Itoa(cmd.Process.Pid)
		if exec.Command("taskkill", "/T", "/F", "/PID", pid).Run() == nil {
			return nil
		}
		return cmd.Process.Kill()
	}
}
