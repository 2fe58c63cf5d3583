//go:build !unix || aix || solaris || illumos

package wire

import "os"

// terminalWidth is 0: nobody asks.
func terminalWidth(*os.File) int { return 0 }
