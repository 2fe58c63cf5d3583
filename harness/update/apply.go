package update

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"udpkata/harness/keep"
	"udpkata/harness/text"
)

// beforeName is the name of the directory that keeps what was there before. Neither go nor the tests look into one
// whose name begins with a dot.
const beforeName = ".before-update-%d"

// staged is where in that directory the new files are, before they are in their places.
const staged = ".new"

// note is for whoever finds the directory after an update that was killed.
const note = `This is what an update of the course has replaced. If that update was ended half-way:
copy everything that is here back to where it was (lessons/, harness/ and so on), and
run the update again.

這裡是更新課程時被取代的檔案。如果更新中途中斷：把這裡的所有檔案複製回原處（lessons/、harness/ 等），再更新一次。
`

// apply does what is planned, or nothing.
func apply(root string, changes []Change) (before string, err error) {
	if len(changes) == 0 {
		return "", nil
	}
	if before, err = newDirectory(root); err != nil {
		return "", text.Fail("the course can't be written: %v", err)
	}
	dir := filepath.Join(root, before)
	replaced, err := stage(root, dir, changes)
	if err != nil {
		os.RemoveAll(dir)
		return "", text.Fail("nothing was changed: %v", err)
	}
	for i, c := range changes {
		if err := c.do(root, dir); err != nil {
			for _, done := range changes[:i] {
				err = errors.Join(err, done.undo(root, dir))
			}
			os.RemoveAll(filepath.Join(dir, staged))
			return "", text.Fail("everything is as it was before: %v", err)
		}
	}
	os.RemoveAll(filepath.Join(dir, staged))
	if replaced == 0 {
		return "", os.RemoveAll(dir)
	}
	return before, nil
}

func newDirectory(root string) (string, error) {
	for n := 1; ; n++ {
		name := fmt.Sprintf(beforeName, n)
		if err := os.Mkdir(filepath.Join(root, name), 0o777); !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// stage writes all new files, and keeps all old ones, before anything is changed.
func stage(root, dir string, changes []Change) (replaced int, err error) {
	if err := os.WriteFile(filepath.Join(dir, "README.txt"), []byte(note), 0o666); err != nil {
		return 0, err
	}
	for _, c := range changes {
		if c.data != nil {
			mode := fs.FileMode(0o644)
			if c.exec {
				mode = 0o755
			}
			path := filepath.Join(dir, staged, c.target())
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return 0, err
			}
			if err := os.WriteFile(path, c.data, mode); err != nil {
				return 0, err
			}
		}
		if c.old != nil {
			replaced++
			path := filepath.Join(dir, c.target())
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return 0, err
			}
			if err := keep.Second(filepath.Join(root, c.target()), path); err != nil {
				return 0, err
			}
		}
	}
	return replaced, nil
}

// target returns the path, below the repository, of the file that changes.
func (c Change) target() string {
	path := filepath.FromSlash(c.Path)
	if c.Kind == Beside {
		path += NewExt
	}
	return path
}

// do makes one change.
func (c Change) do(root, dir string) error {
	if c.Kind == Kept {
		return nil
	}
	path := filepath.Join(root, c.target())
	now, err := os.ReadFile(path)
	if c.old == nil && !errors.Is(err, fs.ErrNotExist) || c.old != nil && (err != nil || !bytes.Equal(now, c.old)) {
		return text.Fail("%s has been changed meanwhile; run it again", path)
	}
	if c.Kind == Removed {
		return remove(root, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, staged, c.target()), path)
}

// undo takes one change back. The old file gets its old name once more.
func (c Change) undo(root, dir string) error {
	path := filepath.Join(root, c.target())
	switch {
	case c.Kind == Kept:
		return nil
	case c.old == nil:
		return remove(root, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, c.target()), path)
}

// remove removes a file, and the directories that are empty then.
func remove(root, path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	for dir := filepath.Dir(path); dir != root && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
	}
	return nil
}
