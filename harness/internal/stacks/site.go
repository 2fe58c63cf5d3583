// Package stacks reads stack traces: whose lines are whose in a story, what the
// student's goroutines are about, and on which line.
package stacks

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

// A Site says whose lines are whose in a story: the student's code, the
// story itself, and everything else, which no message shows.
type Site struct {
	Task    string // the top-level test's name
	Student string // the directory of the code under test
	Tests   string // the directory of the test files that tell the story
	Begin   Line   // where the story was started

	// given are the names of the files there that students don't write. Where
	// the sources can't be read, they are taken for the student's.
	given map[string]bool
}

// Lesson returns the directory's name, as in "02-echo".
func (s Site) Lesson() string { return path.Base(s.Student) }

// A Line is a place in a file; the zero Line is unknown.
type Line struct {
	File   string // the base name; of a package below the lesson's, the name in the lesson's directory
	Number int
}

// String writes a line as in "echo.go:12".
func (l Line) String() string { return fmt.Sprintf("%s:%d", l.File, l.Number) }

// Known reports whether there is such a line.
func (l Line) Known() bool { return l.Number > 0 }

// CallerSite returns the site of a lesson test, in whose file the nearest caller is that
// is in a test's.
func CallerSite(task string) Site {
	f, _ := nearest(func(f runtime.Frame) bool { return isTest(f.File) })
	dir := path.Dir(f.File)
	s := Site{Task: task, Student: dir, Tests: dir, given: givenFiles(dir)}
	s.Begin = s.line(f.File, f.Line)
	return s
}

var givenByDir sync.Map // of map[string]bool, by directory

// givenFiles returns the names of the finished files in a lesson's directory.
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

func (s Site) isStudent(file string) bool {
	name, ok := s.inLesson(file)
	return ok && !isTest(name) && !s.given[name]
}

// inLesson returns a file's name in the directory of the code under test, as in "echo.go", or "internal/x/x.go" for a
// package of the student's own below the lesson's.
func (s Site) inLesson(file string) (name string, ok bool) {
	name, ok = strings.CutPrefix(file, s.Student+"/")
	// What is below other directories is no part of them.
	isLesson := path.Base(path.Dir(s.Student)) == "lessons"
	return name, ok && (isLesson || s.Student != "" && !strings.Contains(name, "/"))
}

// NameThere returns the name in the lesson's directory of a file of another process, in which the lessons' directories
// may be elsewhere than here.
func (s Site) NameThere(file string) (name string, ok bool) {
	_, name, ok = strings.Cut(path.Clean(file), "/lessons/"+s.Lesson()+"/")
	return name, ok
}

// IsTheirs reports whether a file of the lesson's, of which the name in its directory is given, is one that students
// write.
func (s Site) IsTheirs(name string) bool {
	isBelow := path.Clean("/"+name) == "/"+name // and does not lead out of it
	return isBelow && s.isStudent(s.Student+"/"+name)
}

func (s Site) isStory(file string) bool { return path.Dir(file) == s.Tests && isTest(file) }

// StudentLine returns the student's line nearest to the caller, on this goroutine.
func (s Site) StudentLine() Line {
	if e := elsewhere.Load(); e != nil {
		if lines := (*e).Lines(); len(lines) > 0 {
			return lines[0]
		}
		return Line{}
	}
	f, _ := nearest(func(f runtime.Frame) bool { return s.isStudent(f.File) })
	return s.line(f.File, f.Line)
}

// StoryLine returns the story's line nearest to the caller, on this goroutine,
// leaving out the functions that called Helper.
func (s Site) StoryLine(helpers map[string]bool) Line {
	f, _ := nearest(func(f runtime.Frame) bool { return s.isStory(f.File) && !helpers[f.Function] })
	return s.line(f.File, f.Line)
}

// Sources returns lines of the story, each after its place, as they stand in its files; where those can't be read,
// none.
func (s Site) Sources(lines []Line) (all []string) {
	for _, l := range lines {
		data, err := os.ReadFile(filepath.Join(filepath.FromSlash(s.Tests), l.File))
		rows := strings.Split(string(data), "\n")
		if err == nil && 0 < l.Number && l.Number <= len(rows) {
			all = append(all, fmt.Sprintf("%s: %s", l, strings.TrimSpace(rows[l.Number-1])))
		}
	}
	return all
}

// line returns a line of a file, whose path is given; none has the zero Line.
func (s Site) line(file string, number int) Line {
	if name, ok := s.inLesson(file); ok {
		return Line{name, number}
	}
	if file == "" {
		return Line{}
	}
	return Line{path.Base(file), number}
}

// nearest returns the nearest of this goroutine's frames that is wanted.
func nearest(wanted func(runtime.Frame) bool) (runtime.Frame, bool) {
	var pcs [64]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		for _, f := range framesAt(pc) {
			if wanted(f) {
				return f, true
			}
		}
	}
	return runtime.Frame{}, false
}

var framesByPC sync.Map // of []runtime.Frame, by uintptr

// framesAt returns what CallersFrames makes of a program counter. It is slow, and asked for the same ones again and
// again, so what it says is kept.
func framesAt(pc uintptr) (all []runtime.Frame) {
	if known, ok := framesByPC.Load(pc); ok {
		return known.([]runtime.Frame)
	}
	frames := runtime.CallersFrames([]uintptr{pc})
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		all = append(all, f)
	}
	framesByPC.Store(pc, all)
	return all
}
