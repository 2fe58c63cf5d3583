//go:build unix

package capability

import "syscall"

// mostDescriptors returns how many files and sockets this process may have (getrlimit(2)).
func mostDescriptors() (most uint64, known bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}
