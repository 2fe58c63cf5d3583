// Package keep writes files whole or not at all, and keeps what was there before. Whoever ends the program at any
// moment finds each file as it was or as it should be, and nothing is lost.
package keep

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts a file in the place of one of that name, if there is one, whose permissions it then has. Otherwise
// it has mode's.
func Write(path string, data []byte, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // if it could not be renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // or a machine that stops may have the name and not the bytes
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Stream puts what write writes in the place of a file, however much it is. Nobody else may read it.
func Stream(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // if it could not be renamed
	w := bufio.NewWriter(f)
	err = write(w)
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Backup gives a file a second name, which go does not build and nobody has: NAME.1.bak, or the next number. It returns
// that name's path. What is then put in the file's place leaves the backup alone, if it is put there by Write.
func Backup(path string) (backup string, err error) {
	for n := 1; ; n++ {
		backup = fmt.Sprintf("%s.%d.bak", path, n)
		if err = Second(path, backup); !errors.Is(err, fs.ErrExist) {
			return backup, err
		}
	}
}

// Second gives a file a second name, which nobody may have. Not every kind of disk has links; there it is a copy.
func Second(path, name string) error {
	err := os.Link(path, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyNew(path, name)
}

// copyNew copies a file to a name that nobody has. An unfinished copy does not stay, unless the program is killed.
func copyNew(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(to)
	}
	return err
}
