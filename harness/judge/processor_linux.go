package judge

import (
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// startOnOne starts a program that stays, with all that it starts, on the processor on which this goroutine runs just
// now. The judge and the stage take turns, and to wake another processor takes longer than a turn. Where that can't be,
// they run wherever they like.
func startOnOne(program *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	var now uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&now)), 0, 0); errno != 0 ||
		unix.SchedGetaffinity(0, &all) != nil {
		return program.Start()
	}
	one.Set(int(now))
	if unix.SchedSetaffinity(0, &one) == nil {
		defer unix.SchedSetaffinity(0, &all)
	}
	return program.Start()
}
