//go:build unix

package grade

import (
	"os"
	"syscall"
)

// flock takes a lock on a file, which ends with the process, however that ends: one that others may have too, or one
// that is nobody else's, waiting for that or not.
func flock(f *os.File, shared, waits bool) error {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	if !waits {
		how |= syscall.LOCK_NB
	}
	for {
		if err := syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}
