//go:build unix && !aix && !solaris && !illumos

package wire

import (
	"os"
	"syscall"
	"unsafe"
)

// terminalWidth is a terminal's, in columns; 0 if the file is none.
func terminalWidth(f *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0
	}
	if size.columns == 0 {
		return defaultWidth // a terminal that does not say
	}
	return int(size.columns)
}
