package update

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"udpkata/harness/text"
)

// The most that a zip may hold: the course has a hundredth of it.
const (
	mostFiles = 20_000
	mostBytes = 256 << 20
)

// unzip unpacks a zip below a directory, and returns where the course is in it: zips that a site makes of a repository
// have one directory around everything.
func unzip(name, dir string) (string, error) {
	archive, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrInsecurePath) {
		archive.Close()
		return "", text.Fail("%s holds files that would go elsewhere, and nothing was unpacked", name)
	}
	if err != nil {
		return "", text.Fail("%s is neither a directory nor a zip that can be read: %v", name, err)
	}
	defer archive.Close()
	if len(archive.File) > mostFiles {
		return "", text.Fail("%s holds more than %d files, and is no udpkata course", name, mostFiles)
	}
	left := int64(mostBytes)
	for _, f := range archive.File {
		if !filepath.IsLocal(f.Name) || strings.Contains(f.Name, `\`) ||
			!f.Mode().IsRegular() && !f.Mode().IsDir() {
			return "", text.Fail("%s holds %q, which would go elsewhere, and nothing was unpacked", name, f.Name)
		}
	}
	for _, f := range archive.File {
		if f.Mode().IsDir() {
			continue
		}
		n, err := unpack(f, filepath.Join(dir, filepath.FromSlash(f.Name)), left)
		if err != nil {
			return "", text.Fail("%s can't be unpacked: %v", name, err)
		}
		if left -= n; left < 0 {
			return "", text.Fail("%s holds more than %d bytes, and is no udpkata course", name, mostBytes)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		if entries, err := os.ReadDir(dir); err == nil && len(entries) == 1 && entries[0].IsDir() {
			dir = filepath.Join(dir, entries[0].Name())
		}
	}
	return dir, nil
}

// unpack writes one file, of which it reads one byte more than there may be.
func unpack(f *zip.File, path string, most int64) (n int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	from, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|f.Mode().Perm()&0o111)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(to, io.LimitReader(from, most+1))
	return n, errors.Join(err, to.Close())
}
