package report

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"udpkata/harness/grade"
	"udpkata/harness/keep"
	"udpkata/harness/text"
)

// A Dir is where the files of a report go.
type Dir struct {
	path string
	unique
}

// newDir makes a directory, which may be there if there is nothing in it: what is left of an older report would be
// taken for a part of this one.
func newDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); errors.Is(err, syscall.ENOTDIR) {
		return nil, text.Fail("%s can't be a directory, as a part of its path is a file: give another one with -o",
			path)
	} else if err != nil {
		return nil, err
	}
	there, err := os.ReadDir(path)
	if err == nil && len(there) > 0 {
		err = text.Fail("%s is not empty: give another directory with -o, or empty it", path)
	}
	if err != nil {
		return nil, err
	}
	return &Dir{path: path}, nil
}

// Write writes a file, whose name has slashes between its parts. Nobody else may read it.
func (d *Dir) Write(name string, write func(io.Writer) error) error {
	path := filepath.Join(d.path, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return keep.Stream(path, write)
}

// unique makes names for files.
type unique struct{ taken map[string]bool }

// Name returns a name for what is written of a student: of letters, digits and hyphens, at most 160 bytes long, and no
// other student's, on a disk too where big letters are small ones.
func (u *unique) Name(m grade.Mark) string {
	base := plainName(m.Student, 25)
	if id := plainName(m.ID, 10); id != "" {
		base = strings.TrimPrefix(base+"-"+id, "-")
	}
	if base == "" || reserved[strings.ToLower(base)] {
		base = strings.TrimSuffix("student-"+base, "-")
	}
	if u.taken == nil {
		u.taken = map[string]bool{}
	}
	name := base
	for n := 2; u.taken[strings.ToLower(name)]; n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	u.taken[strings.ToLower(name)] = true
	return name
}

// plainName returns what can be in a file's name on any system, of so many letters at the most. Letters that are
// written in several ways, such as an é out of two characters, are none here: some disks take both for one name.
func plainName(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			break
		}
		if unicode.IsLetter(r) && !isJamo(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// isJamo reports whether a letter is a part of a Korean syllable.
func isJamo(r rune) bool { return 0x1100 <= r && r <= 0x11ff }

// reserved are names that Windows has a device for.
var reserved = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}

func init() {
	for _, digit := range "0123456789¹²³" {
		reserved["com"+string(digit)], reserved["lpt"+string(digit)] = true, true
	}
}
