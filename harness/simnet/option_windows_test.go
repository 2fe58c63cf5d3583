package simnet_test

import "syscall"

const reuseAddr = syscall.SO_REUSEADDR

func setOption(fd uintptr, option, value int) error {
	return syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, option, value)
}
