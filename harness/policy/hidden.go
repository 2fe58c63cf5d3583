package policy

import (
	"bytes"
	"go/build"
	"go/build/constraint"
	"io"
	"path"
	"strings"

	"udpkata/harness/text"
)

// graders are the systems that code is graded on.
var graders = func() (all []build.Context) {
	for _, arch := range []string{"amd64", "arm64"} {
		all = append(all, build.Context{GOOS: "linux", GOARCH: arch, Compiler: "gc", CgoEnabled: true,
			ReleaseTags: build.Default.ReleaseTags})
	}
	return all
}()

// checkHidden refuses a file that is not built where code is graded: nobody would judge what is in it.
func (s *submission) checkHidden(name string, content []byte) {
	const clause = "package x\n"
	switch {
	case hides(name, []byte(clause)):
		s.refuse(name, 0, text.Say("by its name, the file is not built on Linux, where code is graded; rename it, "+
			"or leave "+
			"it out"))
	case hides(name, content):
		s.refuse(name, buildLine(content), text.Say("by this build tag, the file is not built on Linux, where code is "+
			"graded; take the tag away, or leave the file out"))
	}
}

// hides reports whether go leaves out a file on a grader.
func hides(name string, content []byte) bool {
	for _, c := range graders {
		c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		// What can't be read is the compiler's to refuse.
		if match, err := c.MatchFile("", path.Base(name)); err == nil && !match {
			return true
		}
	}
	return false
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
