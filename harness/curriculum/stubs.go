package curriculum

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Stub is a file that students write, as it was handed out.
type Stub struct {
	Name   string
	Source []byte
}

// StubsDir is where, in a lesson's directory, a copy of each stub is kept, as in testdata/stubs/echo.go.txt. It says
// what the student's file was before anything was written in it, to whoever has no git, or has committed since.
var StubsDir = filepath.Join("testdata", "stubs")

// stubsExt keeps the copies from being taken for code, by go and by editors.
const stubsExt = ".txt"

// Stubs returns those of the lesson in a directory, by name. A directory without any has none.
func Stubs(lesson string) (all []Stub, err error) {
	dir := filepath.Join(lesson, StubsDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".go"+stubsExt)
		if !ok {
			continue
		}
		source, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, Stub{name + ".go", source})
	}
	return all, nil
}

// Untouched reports whether a student's file is still as it was handed out. How its lines end does not count, as git
// and editors may have changed that.
func (s Stub) Untouched(source []byte) bool { return bytes.Equal(unix(s.Source), unix(source)) }

func unix(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
