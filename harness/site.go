package harness

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"udpkata/harness/curriculum/given"
)

// A site says whose lines are whose in a story: the student's code, the
// story itself, and everything else, which no message shows.
type site struct {
	task    string // the top-level test's name
	student string // the directory of the code under test
	story   string // the directory of the test files that tell the story
	begin   line   // where the story was started

	// given are the names of the files there that students don't write. Where
	// the sources can't be read, they are taken for the student's.
	given map[string]bool
}

// lesson is the directory's name, as in "02-echo".
func (s site) lesson() string { return path.Base(s.student) }

// A line is a place in a file; the zero line is unknown.
type line struct {
	file   string // the base name
	number int
}

func (l line) String() string { return fmt.Sprintf("%s:%d", l.file, l.number) }

func (l line) known() bool { return l.number > 0 }

// callerSite is the site of a lesson test: skip counts the frames between it
// and the test, as in [runtime.Caller].
func callerSite(task string, skip int) site {
	_, file, number, _ := runtime.Caller(skip + 1)
	dir := path.Dir(file)
	return site{task: task, student: dir, story: dir, begin: line{path.Base(file), number}, given: givenFiles(dir)}
}

var givenByDir sync.Map // of map[string]bool, by directory

// givenFiles are the names of the finished files in a lesson's directory.
func givenFiles(dir string) map[string]bool {
	if known, ok := givenByDir.Load(dir); ok {
		return known.(map[string]bool)
	}
	finished := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && given.Marked(data) {
			finished[filepath.Base(file)] = true
		}
	}
	givenByDir.Store(dir, finished)
	return finished
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

func (s site) isStudent(file string) bool {
	return path.Dir(file) == s.student && !isTest(file) && !s.given[path.Base(file)]
}

func (s site) isStory(file string) bool { return path.Dir(file) == s.story && isTest(file) }

// studentLine is the student's line nearest to the caller, on this goroutine.
func (s site) studentLine() line {
	return nearest(func(f runtime.Frame) bool { return s.isStudent(f.File) })
}

// storyLine is the story's line nearest to the caller, on this goroutine,
// leaving out the functions that called Helper.
func (s site) storyLine(helpers map[string]bool) line {
	return nearest(func(f runtime.Frame) bool { return s.isStory(f.File) && !helpers[f.Function] })
}

func nearest(wanted func(runtime.Frame) bool) line {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if wanted(f) {
			return line{path.Base(f.File), f.Line}
		}
		if !more {
			return line{}
		}
	}
}
