//go:build unix

package patience

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that this process has spent so far, in
// user and system mode (getrusage(2)).
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
