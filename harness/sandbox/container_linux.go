package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"udpkata/harness/sandbox/confine"
)

// container makes boxes in a container that is thrown away later: each has a user of its own.
type container struct{}

func (container) stamp() string {
	stamp := "in a container: a user of its own; network not isolated"
	if missing := confine.Missing(); missing != nil {
		stamp += "; " + strings.Join(missing, "; ")
	}
	return stamp
}

func (container) start(b *box) (err error) {
	if os.Getuid() != 0 {
		return errors.New("a user for each box takes root, in a container that is thrown away afterwards")
	}
	if err := errors.Join(b.readable(), b.reachable()); err != nil {
		return err
	}
	if b.slot, err = takeSlot(); err != nil {
		return err
	}
	if err := b.slot.sweep(); err != nil { // whoever had it before
		return err
	}
	if err := makeWork(b, b.slot.uid); err != nil {
		return err
	}
	setting := b.setting()
	setting.UID, setting.Calls = b.slot.uid, confine.BoxCalls
	setting.Limits[unix.RLIMIT_NPROC] = uint64(b.Processes)
	setting.Run = append(append(append([]string{}, ofSystem...), "/proc"), b.Read...)
	setting.Write = []string{b.work, "/dev/null"}
	setting.Read = []string{"/dev/zero", "/dev/random", "/dev/urandom"}
	// Programs that are built in the box are run there.
	setting.Run = append(setting.Run, b.work)
	fd, err := unix.Open(b.Args[0], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", b.Args[0], err)
	}
	program := os.NewFile(uintptr(fd), b.Args[0])
	defer program.Close()
	return confine.Start(b.cmd, program, setting)
}

// makeWork makes a working directory on the disk, for a user.
func makeWork(b *box, uid int) (err error) {
	if b.work, err = os.MkdirTemp("", "udpkata-box-"); err != nil {
		return err
	}
	if b.work, err = filepath.EvalSymlinks(b.work); err != nil {
		return err
	}
	b.cmd.Dir = b.work
	b.settle()
	return os.Chown(b.work, uid, uid)
}

func (container) processes(b *box) []int { return ofUser(b.slot.uid) }

func (container) files(b *box) (bytes, files int64) { return onDisk(b.work) }

// onDisk adds up what a directory has, as far as it takes to see that it is too much.
func onDisk(dir string) (bytes, files int64) {
	tooMany := errors.New("too many")
	filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := e.Info(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				bytes += stat.Blocks * 512
			}
		}
		if files++; files > mostFiles {
			return tooMany
		}
		return nil
	})
	return bytes, files
}

func (container) end(b *box) error {
	if b.slot == nil {
		return nil
	}
	defer b.slot.free()
	swept := b.slot.sweep()
	if b.work == "" {
		return swept
	}
	return errors.Join(swept, os.RemoveAll(b.work))
}

// A slot is a user that one box has at a time.
type slot struct {
	uid  int
	lock *os.File
}

// The users of boxes: some that no system gives to anybody (systemd.io/UIDS-GIDS).
const (
	firstSlot = 60800
	slots     = 256
)

// takeSlot takes a user that no box has, of whichever process of root's. It takes root.
func takeSlot() (*slot, error) {
	dir := "/run/udpkata-slots"
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	for i := range slots {
		lock, err := os.OpenFile(fmt.Sprintf("%s/%d", dir, i), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			return &slot{firstSlot + i, lock}, nil
		}
		lock.Close()
	}
	return nil, fmt.Errorf("all %d users for boxes are taken", slots)
}

func (s *slot) free() { s.lock.Close() }

// sweep ends all processes of the slot's user. It stops them all before it ends any: those that are stopped count for
// the limit of processes, so that even those that start others without end come to their end.
func (s *slot) sweep() error {
	stopped := map[int]bool{}
	for range lastWords / sweepPause {
		all := ofUser(s.uid)
		if len(all) == 0 {
			return nil
		}
		fresh := slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return stopped[pid] })
		for _, pid := range fresh {
			unix.Kill(pid, unix.SIGSTOP)
			stopped[pid] = true
		}
		if len(fresh) > 0 {
			continue
		}
		for _, pid := range all {
			unix.Kill(pid, unix.SIGKILL)
		}
		clear(stopped)
		time.Sleep(sweepPause)
	}
	return fmt.Errorf("processes of the box's user %d do not end", s.uid)
}

// sweepPause is how long the kernel has to end processes.
const sweepPause = 10 * time.Millisecond
