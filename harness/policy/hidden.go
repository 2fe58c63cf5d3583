package policy

import (
	"bytes"
	"go/build"
	"go/build/constraint"
	"io"
	"path"
	"runtime"
	"strings"

	"udpkata/harness/text"
)

// graders are the systems that code is graded on.
var graders = func() (all []build.Context) {
	for _, arch := range []string{"amd64", "arm64", runtime.GOARCH} {
		for _, cgo := range []bool{false, true} {
			c := build.Default
			c.GOOS, c.GOARCH, c.CgoEnabled = "linux", arch, cgo
			all = append(all, c)
		}
	}
	return all
}()

// checkHidden refuses a file that is built on some graders and not on others: what is judged must not depend on whose
// machine that is. One that none of them builds, such as one for Windows, or a program of the student's own to try
// things with, is left out wherever it is judged; it is read all the same.
func (s *submission) checkHidden(name string, content []byte) {
	switch {
	case builtOnSome(name, []byte("package x\n")):
		s.refuse(name, 0, text.Say("by its name, the file is built on some machines for grading, and not on others; "+
			"rename it, or leave it out"))
	case builtOnSome(name, content):
		s.refuse(name, buildLine(content), text.Say("by this build tag, the file is built on some machines for "+
			"grading, and not on others; take the tag away, or leave the file out"))
	}
}

// builtOnSome reports whether go builds a file on some of the graders, and not on all.
func builtOnSome(name string, content []byte) bool {
	on := 0
	for _, c := range graders {
		c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		// What can't be read is the compiler's to refuse.
		if match, err := c.MatchFile("", path.Base(name)); err != nil || match {
			on++
		}
	}
	return 0 < on && on < len(graders)
}

// buildLine returns the line of a file's first build tag.
func buildLine(content []byte) int {
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		if line = strings.TrimSpace(line); constraint.IsGoBuild(line) || constraint.IsPlusBuild(line) {
			return number
		}
	}
	return 0
}
