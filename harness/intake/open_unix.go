//go:build unix

package intake

import "syscall"

// dontWait keeps a pipe that has taken a file's place from being waited for.
const dontWait = syscall.O_NONBLOCK | syscall.O_NOFOLLOW
