package update

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/curriculum/given"
	"udpkata/harness/text"
)

// owned are the directories, beside lessons/, in which everything is the course's. One that the newer course lacks
// stays: a class's branch has no solutions.
var owned = []string{"harness", "solutions", ".ci", ".github"}

// topFiles are the patterns of those files at the top that are the course's.
var topFiles = []string{"*.md", "LICENSE", "go.mod", "go.sum", ".gitattributes", ".gitignore"}

// A file is one of a tree, as it is read.
type file struct {
	data []byte
	exec bool
}

// A planner gathers what is to be done.
type planner struct {
	old, now map[string]file // by path, with slashes
	changes  []Change
}

// plan compares the course at root with a newer one.
func plan(root, newer string) ([]Change, error) {
	old, err := tree(root, false)
	if err != nil {
		return nil, err
	}
	now, err := tree(newer, true)
	if err != nil {
		return nil, err
	}
	p := &planner{old: old, now: now}
	for _, name := range slices.Sorted(maps.Keys(union(old, now))) {
		lesson, rest, inLesson := lessonOf(name)
		top, _, _ := strings.Cut(name, "/")
		switch {
		case inLesson && !p.has(now, lesson):
			p.dropped(lesson, name)
		case inLesson:
			p.lessonFile(lesson, rest, name)
		case top == name || p.has(now, top):
			p.mirror(name)
		}
	}
	slices.SortStableFunc(p.changes, func(a, b Change) int { return cmp.Compare(rank(a), rank(b)) })
	return p.changes, nil
}

// rank has the copies of stubs come last: until then, the old ones tell what the student has written in.
func rank(c Change) int {
	if strings.Contains(c.Path, "/"+stubs+"/") {
		return 1
	}
	return 0
}

var stubs = filepath.ToSlash(curriculum.StubsDir)

// tree reads the files of a course that may be the course's, and those of the lessons. In a newer one, what editors and
// this tool leave behind does not count, and what is no ordinary file must not be.
func tree(root string, newer bool) (map[string]file, error) {
	all := map[string]file{}
	read := func(full string, entry fs.DirEntry) error {
		if newer && leftBehind(entry.Name()) {
			return nil
		}
		name, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() && !newer {
			return nil
		}
		if !info.Mode().IsRegular() {
			return text.Fail("%s is no ordinary file; the course has no others", full)
		}
		data, err := os.ReadFile(full)
		all[filepath.ToSlash(name)] = file{data, info.Mode()&0o111 != 0}
		return err
	}
	for _, dir := range append([]string{"lessons"}, owned...) {
		err := filepath.WalkDir(filepath.Join(root, dir), func(full string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			return read(full, entry)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		isCourses := func(pattern string) bool { ok, _ := path.Match(pattern, e.Name()); return ok }
		if !e.IsDir() && slices.ContainsFunc(topFiles, isCourses) {
			if err := read(filepath.Join(root, e.Name()), e); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// leftBehind reports whether a file has the name of a backup, a new version beside, an editor's or a test's.
func leftBehind(name string) bool {
	return strings.HasSuffix(name, "~") || strings.HasPrefix(name, ".") && !strings.HasPrefix(name, ".git") ||
		slices.Contains([]string{".bak", NewExt, ".test", ".swp"}, path.Ext(name))
}

// lessonOf returns the lesson that a file is in, as lessons/02-echo, and its name there.
func lessonOf(name string) (lesson, rest string, ok bool) {
	below, ok := strings.CutPrefix(name, "lessons/")
	if !ok {
		return "", "", false
	}
	lesson, rest, ok = strings.Cut(below, "/")
	return "lessons/" + lesson, rest, ok
}

// has reports whether a tree has anything in a directory.
func (p *planner) has(tree map[string]file, dir string) bool {
	for name := range tree {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// stub returns a stub as a tree hands it out. A tree that keeps no copies has them in the files themselves, as far as
// nobody has written there.
func stub(tree map[string]file, lesson, name string) (curriculum.Stub, bool) {
	f, ok := tree[lesson+"/"+stubs+"/"+name+".txt"]
	return curriculum.Stub{Name: name, Source: f.data}, ok
}

// isCourses reports whether a file of a lesson is the course's in a tree, and not one that a student writes.
func isCourses(name string, f file) bool {
	return strings.Contains(name, "/") || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") ||
		given.Marked(f.data)
}

// lessonFile plans for a file of a lesson that the newer course has.
func (p *planner) lessonFile(lesson, rest, name string) {
	mine, have := p.old[name]
	theirs, comes := p.now[name]
	oldStub, wasStub := stub(p.old, lesson, rest)
	newStub, isStub := stub(p.now, lesson, rest)
	switch {
	case isStub, comes && !isCourses(rest, theirs) && !p.has(p.now, lesson+"/"+stubs):
		if !isStub {
			newStub = curriculum.Stub{Name: rest, Source: theirs.data}
		}
		switch {
		case !have || wasStub && oldStub.Untouched(mine.data):
			p.put(name, newStub.Source, false)
		case newStub.Untouched(mine.data), wasStub && newStub.Untouched(oldStub.Source):
		default:
			p.beside(name, newStub.Source)
		}
	case comes && !isCourses(rest, theirs): // somebody's own, where the newer course was learned in
	case comes && have && !isCourses(rest, mine) && !(wasStub && oldStub.Untouched(mine.data)):
		p.beside(name, theirs.data)
	case comes:
		p.mirror(name)
	case wasStub && oldStub.Untouched(mine.data), strings.HasSuffix(rest, "_test.go"),
		strings.HasPrefix(rest, "demo/"), strings.HasPrefix(rest, "testdata/"),
		path.Ext(rest) == ".go" && given.Marked(mine.data):
		p.mirror(name)
	case wasStub:
		p.changes = append(p.changes, Change{Path: name, Kind: Kept})
	}
}

// dropped plans for a file of a lesson that the newer course lacks. Where a student has written in it, it stays.
func (p *planner) dropped(lesson, name string) {
	for other, f := range p.old {
		in, rest, _ := lessonOf(other)
		if in != lesson || isCourses(rest, f) {
			continue
		}
		if s, wasStub := stub(p.old, lesson, rest); !wasStub || !s.Untouched(f.data) {
			if other == name {
				p.changes = append(p.changes, Change{Path: name, Kind: Kept})
			}
			return
		}
	}
	p.mirror(name)
}

// mirror has a file be as it is in the newer course, or go as there.
func (p *planner) mirror(name string) {
	if f, comes := p.now[name]; comes {
		p.put(name, f.data, f.exec)
	} else if mine, have := p.old[name]; have && (strings.Contains(name, "/")) {
		p.changes = append(p.changes, Change{Path: name, Kind: Removed, old: mine.data})
	}
}

func (p *planner) put(name string, data []byte, exec bool) {
	mine, have := p.old[name]
	switch {
	case !have:
		p.changes = append(p.changes, Change{Path: name, Kind: Added, data: data, exec: exec})
	case !bytes.Equal(mine.data, data):
		p.changes = append(p.changes, Change{Path: name, Kind: Replaced, data: data, old: mine.data, exec: exec})
	}
}

// beside puts a new file beside the student's.
func (p *planner) beside(name string, data []byte) {
	earlier, have := p.old[name+NewExt]
	if have && bytes.Equal(earlier.data, data) {
		return
	}
	c := Change{Path: name, Kind: Beside, data: data}
	if have {
		c.old = earlier.data
	}
	p.changes = append(p.changes, c)
}

func union(a, b map[string]file) map[string]file {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
