package grade

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"udpkata/harness/sandbox"
	"udpkata/harness/text"
)

// This file is about the directories in which the programs with the lessons' tests stay from one run to the next: one
// for each course and Go that somebody grades with, and so another after each change of either.

const (
	// usedFile, in such a directory, says when a run has last used it, and is locked by those that do.
	usedFile = "used"

	// keptFor is how long a directory stays that no run uses.
	keptFor = 30 * 24 * time.Hour
)

// use makes a directory for the programs, unless it is there, and keeps it from those who remove what nobody uses,
// until leave is called.
func use(dir string) (leave func(), err error) {
	for {
		if err := os.MkdirAll(dir, 0o755); errors.Is(err, os.ErrExist) && !isOther(dir) {
			continue // it was there, and has been removed just now
		} else if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, usedFile)
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if errors.Is(err, os.ErrNotExist) {
			continue // the directory has been removed just now
		}
		if err != nil {
			f, err = os.Open(path) // somebody else's
		}
		if err != nil { // where nothing can be written, nobody removes anything
			return func() {}, nil
		}
		flock(f, true, true)
		if isStill(f, path) {
			now := time.Now()
			os.Chtimes(path, now, now)
			return func() { f.Close() }, nil
		}
		f.Close()
	}
}

// elsewhere adds to an error of what a box's user can't come to which flag says where that is, if it is in the cache.
func (p Params) elsewhere(err error) error {
	var far *sandbox.UnreachableError
	if errors.As(err, &far) && strings.HasPrefix(far.Path, p.Cache+string(filepath.Separator)) {
		return text.Fail("%v (with --cache DIR)", err)
	}
	return err
}

// isOther reports whether something is there that is no directory.
func isOther(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.IsDir()
}

// isStill reports whether a file that was opened is still the one at its path.
func isStill(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// programsName is how a directory for the programs is named, and what is left of one that was being removed.
var programsName = regexp.MustCompile(`^[0-9a-f]{16}(\.old)?$`)

// removeUnused removes those of the directories in a cache that no run has used for long, as far as that can be done.
// Where a disk has no locks, nothing is removed.
func removeUnused(cache string, now time.Time) {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir := filepath.Join(cache, e.Name())
		switch {
		case !e.IsDir() || !programsName.MatchString(e.Name()):
		case filepath.Ext(dir) != "":
			os.RemoveAll(dir)
		default:
			removeIfUnused(dir, now)
		}
	}
}

func removeIfUnused(dir string, now time.Time) {
	info, err := os.Stat(dir)
	if err != nil {
		return
	}
	path := filepath.Join(dir, usedFile)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) && now.Sub(info.ModTime()) > keptFor { // it is from before there was such a file
		if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644); err == nil {
			os.Chtimes(path, info.ModTime(), info.ModTime())
		}
	}
	if err != nil {
		return
	}
	defer f.Close()
	if flock(f, false, false) != nil || !isStill(f, path) {
		return
	}
	if info, err = f.Stat(); err != nil || now.Sub(info.ModTime()) <= keptFor {
		return
	}
	// Whoever waits for the lock, or comes now, makes another.
	if old := dir + ".old"; os.Rename(dir, old) == nil {
		os.RemoveAll(old)
	}
}
