//go:build unix

package wire

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalWidth returns a terminal's width, in columns; 0 if the file is none.
func terminalWidth(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	if size.Col == 0 {
		return defaultWidth // a terminal that does not say
	}
	return int(size.Col)
}

// obeysEscapes reports whether a terminal takes escape sequences for colours.
func obeysEscapes(*os.File) bool { return true }
