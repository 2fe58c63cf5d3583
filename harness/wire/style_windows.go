package wire

import (
	"os"

	"golang.org/x/sys/windows"
)

// terminalWidth returns the width of a console's window, in columns; 0 if the file
// is none.
func terminalWidth(f *os.File) int {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(f.Fd()), &info) != nil {
		return 0
	}
	return int(info.Window.Right) - int(info.Window.Left) + 1
}

// obeysEscapes reports whether a console takes escape sequences for colours, which
// not every one is set to do.
func obeysEscapes(f *os.File) bool {
	var mode uint32
	err := windows.GetConsoleMode(windows.Handle(f.Fd()), &mode)
	return err == nil && mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0
}
