// Package curriculum reads lessons/: which lessons there are, what their tasks
// are and what they are worth, the hints, and which files a student writes.
//
// Nothing of it is kept by hand anywhere else. A lesson is a directory named
// NN-name. If it has test files, its tasks are their exported top-level tests,
// in the order of the files and of the tests in them; without, it is a page to
// read. A task's description is its doc comment, its points are the comment's
// directive
//
//	//kata:points 2
//
// and its hints are the section of its name in the lesson's hints.md (and, in
// Traditional Chinese, hints.zh-TW.md). A file with a line
//
//	//kata:given
//
// is finished: students don't write it.
package curriculum

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"udpkata/harness/curriculum/given"
	"udpkata/harness/text"
)

// languages are those that the course's pages are written in.
var languages = []text.Language{text.English, text.Chinese}

// A Lesson is one directory of lessons/.
type Lesson struct {
	Name        string // as in "02-echo"
	Dir         string // its absolute path, without symbolic links
	TestPackage string // the package clause of its tests
	Tasks       []Task
	Files       []File // its non-test Go files, by name
}

// IsNamed reports whether somebody means a lesson who writes 02-echo, echo or 2.
func IsNamed(lesson, arg string) bool {
	number, rest, _ := strings.Cut(lesson, "-")
	n, err := strconv.Atoi(arg)
	want, _ := strconv.Atoi(number)
	return strings.EqualFold(lesson, arg) || strings.EqualFold(rest, arg) || err == nil && n == want
}

// A Task is one exported top-level test.
type Task struct {
	Name   string
	Points int    // 0 for a task that shows something and counts for nothing
	Doc    string // the description, in English
	File   string // the test file's name
	Line   int    // where the test stands there, from 1 up
	Hints  map[text.Language]Advice
}

// Advice is a task's section of a hints file.
type Advice struct {
	Text  string   // a paragraph that describes the task
	Hints []string // two or more, from a nudge to nearly the answer, in Markdown
}

// A File is a non-test Go file of a lesson.
type File struct {
	Name  string
	Given bool // finished: the course's own is always taken
	Added bool // none of the course's: somebody who learns in this tree has put it there
}

// folderName is how go lets a folder be named whose package is imported.
var folderName = regexp.MustCompile(`^[\w~+-]([\w.~+-]*[\w~+-])?$`)

// Folder returns the folder below the lesson's, with slashes, whose package an import path names: somebody may divide
// their code into packages there. demo and testdata are the course's own.
func (l Lesson) Folder(importPath string) (folder string, ok bool) {
	_, below, _ := strings.Cut(importPath, "/") // the module's name
	if folder, ok = strings.CutPrefix(below, "lessons/"+l.Name+"/"); !ok {
		return "", false
	}
	for i, name := range strings.Split(folder, "/") {
		lower := strings.ToLower(name)
		isOurs := i == 0 && (lower == "demo" || lower == "testdata")
		isFile := strings.HasSuffix(lower, ".go") // or may be one beside it
		if isOurs || isFile || name == "vendor" || !folderName.MatchString(name) {
			return "", false
		}
	}
	return folder, true
}

var lessonName = regexp.MustCompile(`^\d\d-[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads all lessons below a repository's root, in teaching order. It
// fails, with everything that it found wrong, unless code, tests and hints
// agree.
func Load(root string) ([]Lesson, error) {
	dir, err := filepath.Abs(filepath.Join(root, "lessons"))
	if err != nil {
		return nil, err
	}
	// go's -overlay knows a file by one path only.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("no lessons here: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var lessons []Lesson
	var wrong []error
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case !e.IsDir() || !lessonName.MatchString(e.Name()):
			wrong = append(wrong, fmt.Errorf("lessons/%s: not a lesson: their directories are named like 02-echo",
				e.Name()))
		default:
			l, err := load(filepath.Join(dir, e.Name()))
			if err != nil {
				wrong = append(wrong, err)
			}
			lessons = append(lessons, l)
		}
	}
	return lessons, errors.Join(wrong...)
}

// load reads one lesson.
func load(dir string) (Lesson, error) {
	l := Lesson{Name: filepath.Base(dir), Dir: dir}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return l, err
	}
	var wrong []error
	complain := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("lessons/"+l.Name+"/"+format, args...))
	}
	for _, path := range paths {
		name := filepath.Base(path)
		source, err := os.ReadFile(path)
		if err != nil {
			complain("%s: %w", name, err)
			continue
		}
		if !strings.HasSuffix(name, "_test.go") {
			// A student's file need not parse.
			l.Files = append(l.Files, File{Name: name, Given: given.Marked(source)})
			continue
		}
		places := token.NewFileSet()
		file, err := parser.ParseFile(places, name, source, parser.ParseComments)
		if err != nil {
			complain("%v", err)
			continue
		}
		l.TestPackage = file.Name.Name
		tasks, err := readTasks(places, file)
		if err != nil {
			complain("%s: %w", name, err)
		}
		l.Tasks = append(l.Tasks, tasks...)
	}
	stubs, err := Stubs(dir)
	if err != nil {
		complain("%s: %w", StubsDir, err)
	}
	for i, f := range l.Files {
		isStub := func(s Stub) bool { return s.Name == f.Name }
		l.Files[i].Added = len(stubs) > 0 && !f.Given && !slices.ContainsFunc(stubs, isStub)
	}
	if len(l.Tasks) == 0 {
		return l, errors.Join(wrong...)
	}
	for _, language := range languages {
		name := language.Page("hints")
		sections, err := readHints(filepath.Join(dir, name))
		if err != nil {
			complain("%s: %w", name, err)
			continue
		}
		for i, t := range l.Tasks {
			advice, ok := sections[t.Name]
			if !ok {
				complain("%s: no section %s", name, t.Name)
				continue
			}
			delete(sections, t.Name)
			if t.Hints == nil {
				l.Tasks[i].Hints = map[text.Language]Advice{}
			}
			l.Tasks[i].Hints[language] = advice
		}
		for section := range sections {
			complain("%s: section %s has no test of that name", name, section)
		}
	}
	return l, errors.Join(wrong...)
}

// readTasks lists the tasks of a test file.
func readTasks(places *token.FileSet, file *ast.File) ([]Task, error) {
	var tasks []Task
	var wrong []error
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !isTestName(f.Name.Name) {
			continue
		}
		place := places.Position(f.Pos())
		t := Task{Name: f.Name.Name, Doc: strings.TrimSpace(f.Doc.Text()), File: place.Filename, Line: place.Line}
		points, err := readPoints(f.Doc)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", t.Name, err))
		}
		t.Points = points
		if !strings.HasPrefix(t.Doc, t.Name+": ") {
			wrong = append(wrong, fmt.Errorf("%s: its doc comment should begin with %q and describe the task", t.Name,
				t.Name+": "))
		}
		tasks = append(tasks, t)
	}
	return tasks, errors.Join(wrong...)
}

// isTestName tells as go test does which functions are tests.
func isTestName(name string) bool {
	rest, ok := strings.CutPrefix(name, "Test")
	if !ok || name == "TestMain" {
		return false
	}
	for _, r := range rest {
		return !unicode.IsLower(r)
	}
	return true
}

func readPoints(doc *ast.CommentGroup) (int, error) {
	if doc != nil {
		for _, c := range doc.List {
			if number, ok := strings.CutPrefix(c.Text, "//kata:points "); ok {
				points, err := strconv.Atoi(number)
				if err != nil || points < 0 {
					return 0, fmt.Errorf("//kata:points %s: want a whole number from 0 up", number)
				}
				return points, nil
			}
		}
	}
	return 0, errors.New("no //kata:points directive")
}

// Root returns the repository that a directory is in: the nearest one at or above it
// that holds lessons/ and go.mod.
func Root(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		info, err2 := os.Stat(filepath.Join(dir, "lessons"))
		if err == nil && err2 == nil && info.IsDir() {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", text.Fail("%s is in no udpkata repository (a directory with go.mod and lessons/): %v", start,
				fs.ErrNotExist)
		}
	}
}
