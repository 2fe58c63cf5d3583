package grade

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// enter says that this process is at work in a directory of results, and removes what others have left unfinished there
// that were killed. While others are at work, it may be theirs, and stays for a later run. leave is to be called in the
// end. Where a disk has no locks, nothing is removed.
func enter(out string) (leave func(), err error) {
	dir, err := os.Open(out)
	if err != nil {
		return nil, err
	}
	if flock(dir, false, false) == nil {
		for _, pattern := range []string{".new-*", ".key-*", filepath.Join("*", ".new-*")} {
			left, err := filepath.Glob(filepath.Join(out, pattern))
			for _, path := range left {
				err = errors.Join(err, os.RemoveAll(path))
			}
			if err != nil {
				dir.Close()
				return nil, err
			}
		}
	}
	flock(dir, true, true)
	return func() { dir.Close() }, nil
}

// alone waits until no other process is in the middle of building in a directory, and keeps others from it until leave
// is called. Where a disk has no locks, it does not.
func alone(ctx context.Context, path string) (leave func(), err error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	locked := make(chan struct{})
	go func() {
		flock(dir, false, true)
		close(locked)
	}()
	select {
	case <-locked:
		return func() { dir.Close() }, nil
	case <-ctx.Done():
		go func() {
			<-locked // or the lock would be of whatever has the descriptor's number next
			dir.Close()
		}()
		return nil, ctx.Err()
	}
}
