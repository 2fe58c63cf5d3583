//go:build !unix && !windows

package wire

import "os"

// terminalWidth returns 0: nobody asks.
func terminalWidth(*os.File) int { return 0 }

// obeysEscapes returns false: nobody asks.
func obeysEscapes(*os.File) bool { return false }
