package judge

import (
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/stage/build"
	"udpkata/harness/text"
)

// This file is about which of somebody's files are a lesson's.

const (
	// MaxFileSize is the most bytes that a file may have.
	MaxFileSize = 1 << 20

	// MostFiles is how many Go files of their own somebody may have for a lesson.
	MostFiles = 100
)

// otherSources are how files end that go would build beside those of Go.
var otherSources = []string{".s", ".S", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".swig",
	".swigcxx", ".syso", ".f", ".F", ".for", ".f90"}

// IsOtherSource reports whether go would build a file of such a name beside those of Go. The judge leaves it out.
func IsOtherSource(name string) bool { return slices.Contains(otherSources, filepath.Ext(name)) }

// isCode reports whether go looks at a file of such a name. Others are such as macOS adds.
func isCode(name string) bool {
	base := path.Base(name)
	return (path.Ext(base) == ".go" || IsOtherSource(base)) && !strings.HasPrefix(base, ".")
}

// Read returns the files of code that somebody has in a directory for a lesson, by their names there, with slashes: as
// [Reached] does, and by the same rules. Of a file that is too big it returns as much as it takes to tell. It follows
// no link: what is neither an ordinary file nor an ordinary folder is an error, as is what can't be read.
func Read(l curriculum.Lesson, dir string) (map[string][]byte, error) {
	return reach(l, func(folder string) (map[string][]byte, error) { return readFolder(dir, folder) })
}

// Reached returns those of somebody's files, by their names in the lesson's directory, that are code for the lesson:
// those in the directory itself, and in the folders below whose packages are imported by one that counts. What else
// lies there, such as a program of the student's own to try things with, is nobody's concern. If there are more than
// [MostFiles], some may be missing.
func Reached(l curriculum.Lesson, files map[string][]byte) map[string][]byte {
	folders := map[string]map[string][]byte{}
	for name, data := range files {
		folder := path.Dir(name)
		if !isCode(name) {
			continue
		}
		if folders[folder] == nil {
			folders[folder] = map[string][]byte{}
		}
		folders[folder][name] = data
	}
	all, _ := reach(l, func(folder string) (map[string][]byte, error) { return folders[folder], nil })
	return all
}

// reach collects the files of the lesson's folder, which is ".", and of those that are imported from there.
func reach(l curriculum.Lesson, read func(folder string) (map[string][]byte, error)) (map[string][]byte, error) {
	all, met, theirs := map[string][]byte{}, map[string]bool{".": true}, 0
	for next := []string{"."}; len(next) > 0 && theirs <= MostFiles; next = next[1:] {
		files, err := read(next[0])
		if err != nil {
			return nil, err
		}
		maps.Copy(all, files)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if ours, _ := own(l, name); ours || path.Ext(name) != ".go" {
				continue
			}
			theirs++
			for _, folder := range Folders(l, files[name]) {
				if !met[folder] {
					met[folder] = true
					next = append(next, folder)
				}
			}
		}
	}
	return all, nil
}

// Folders returns the folders below the lesson's whose packages a file imports, as far as it can be read.
func Folders(l curriculum.Lesson, source []byte) (folders []string) {
	for _, importPath := range imports(source) {
		if folder, ok := l.Folder(importPath); ok {
			folders = append(folders, folder)
		}
	}
	return folders
}

// imports returns the paths that a file imports, as far as it can be read.
func imports(source []byte) (paths []string) {
	file, _ := parser.ParseFile(token.NewFileSet(), "", source, parser.ImportsOnly)
	if file == nil {
		return nil
	}
	for _, spec := range file.Imports {
		if importPath, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, importPath)
		}
	}
	return paths
}

// readFolder reads the files of code in a folder of a directory's. A folder below it that is not there has none.
func readFolder(dir, folder string) (map[string][]byte, error) {
	at := dir
	if folder != "." {
		for name := range strings.SplitSeq(folder, "/") {
			at = filepath.Join(at, name)
			info, err := os.Lstat(at)
			switch {
			case os.IsNotExist(err):
				return nil, nil
			case err != nil:
				return nil, text.Fail("%s can't be read: %v", at, err)
			case info.Mode()&os.ModeSymlink != 0:
				return nil, text.Fail("%s is no ordinary folder; put a copy there of what it stands for", at)
			case !info.IsDir():
				return nil, nil
			}
		}
	}
	entries, err := os.ReadDir(at)
	if err != nil {
		return nil, text.Fail("%s can't be read: %v", at, err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || !isCode(e.Name()) {
			continue
		}
		full := filepath.Join(at, e.Name())
		if !e.Type().IsRegular() {
			return nil, text.Fail("%s is no ordinary file; put a copy there of what it stands for", full)
		}
		if files[path.Join(folder, e.Name())], err = readFile(full); err != nil {
			return nil, text.Fail("%s can't be read: %v", full, err)
		}
	}
	return files, nil
}

// readFile returns a file's bytes, of a big one one more than it may have.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFileSize+1))
}

// own reports whether the course's own file is used whatever somebody has under the name, and why.
func own(l curriculum.Lesson, name string) (ours bool, why string) {
	if strings.HasSuffix(name, "_test.go") {
		return true, "the tests are the course's"
	}
	for _, f := range l.Files {
		if f.Name == name && f.Given {
			return true, "this file is given, and not to be changed"
		}
	}
	return false, ""
}

// collect lists somebody's files. Those that are in lessons/ themselves it leaves to the go command, unless there is a
// stage. An error says why these files can't be judged.
func collect(p Params) (code build.Submission, notes []string, err error) {
	dir := p.Dir
	if dir == "" {
		if p.Stage == nil {
			return nil, nil, nil
		}
		dir = p.Lesson.Dir
	}
	files, err := Read(p.Lesson, dir)
	if err != nil {
		return nil, nil, err
	}
	code = build.Submission{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if IsOtherSource(name) {
			notes = append(notes, name+" was left out: only Go is judged.")
			continue
		}
		if ours, why := own(p.Lesson, name); ours {
			course, err := os.ReadFile(filepath.Join(p.Lesson.Dir, filepath.FromSlash(name)))
			if err != nil || string(course) != string(files[name]) {
				notes = append(notes, fmt.Sprintf("%s was left out: %s.", name, why))
			}
			continue
		}
		if !build.IsForHere(name, files[name]) {
			notes = append(notes, fmt.Sprintf("%s was left out: by its name or its build tag, it is not for %s on %s.",
				name, runtime.GOOS, runtime.GOARCH))
		}
		if len(files[name]) > MaxFileSize {
			return nil, notes, text.Fail("%s has more than %d bytes; make it shorter", name, MaxFileSize)
		}
		if err := alone(p.Lesson, name, files[name]); err != nil {
			return nil, notes, err
		}
		if code[name], err = filepath.Abs(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, notes, err
		}
	}
	if len(code) > MostFiles {
		return nil, notes, text.Fail("there are more than %d files with code; join some", MostFiles)
	}
	for _, f := range p.Lesson.Files {
		if code[f.Name] != "" || f.Given || f.Added {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, f.Name)); err == nil {
			return nil, notes, text.Fail("%s is not a regular file", f.Name)
		}
		return nil, notes, text.Fail("%s is missing from %s", f.Name, dir)
	}
	return code, notes, nil
}

// alone returns an error if a file of somebody's can't do without what is not the lesson's: another lesson, and files
// that it embeds.
func alone(l curriculum.Lesson, name string, source []byte) error {
	file, _ := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
	if file == nil {
		return nil // it can't be read, and whoever builds it will say so
	}
	embeds := false
	for _, importPath := range imports(source) {
		_, below, _ := strings.Cut(importPath, "/")
		lesson, isLesson := strings.CutPrefix(below, "lessons/")
		if lesson, _, _ = strings.Cut(lesson, "/"); isLesson && lesson != l.Name {
			return text.Fail("%s imports %s; a lesson is judged by itself: put a copy of that code in its folder, or "+
				"in one below", name, importPath)
		}
		embeds = embeds || importPath == "embed"
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if embeds && strings.HasPrefix(c.Text, "//go:embed ") {
				return text.Fail("%s embeds files (%s); only Go is judged: write into the code what they hold", name,
					strings.TrimPrefix(c.Text, "//"))
			}
		}
	}
	return nil
}
