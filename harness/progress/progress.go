// Package progress says how far a student is with the course: how each task ends, which is next, and where.
//
// None of it is stored: it is what the tests say of the files in lessons/.
package progress

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A Course is all lessons that have tasks, in teaching order.
type Course struct {
	Root  string // the repository
	Tasks []Task
}

// A Task is one of a lesson's.
type Task struct {
	curriculum.Task
	Lesson curriculum.Lesson
	judge.Result
}

// Open reads the course that a directory is in. How its tasks end is not known then.
func Open(dir string) (Course, error) {
	root, err := curriculum.Root(dir)
	if err != nil {
		return Course{}, err
	}
	lessons, err := curriculum.Load(root)
	if err != nil {
		return Course{}, err
	}
	c := Course{Root: root}
	for _, l := range lessons {
		for _, t := range l.Tasks {
			c.Tasks = append(c.Tasks, Task{Task: t, Lesson: l})
		}
	}
	if len(c.Tasks) == 0 {
		return c, fmt.Errorf("no lesson below %s has tasks", root)
	}
	return c, nil
}

// ID names a task in the whole course, as in "02-echo/TestServeLogs".
func (t Task) ID() string { return t.Lesson.Name + "/" + t.Task.Name }

// Judge finds out how tasks of the course end, and keeps it there.
func (c Course) Judge(ctx context.Context, tasks []Task) error {
	var lessons []curriculum.Lesson
	names := map[string][]string{}
	for _, t := range tasks {
		if names[t.Lesson.Name] == nil {
			lessons = append(lessons, t.Lesson)
		}
		names[t.Lesson.Name] = append(names[t.Lesson.Name], t.Task.Name)
	}
	whole := !slices.ContainsFunc(lessons, func(l curriculum.Lesson) bool { return len(names[l.Name]) < len(l.Tasks) })
	if whole {
		return c.judge(ctx, lessons, nil)
	}
	for _, l := range lessons {
		if err := c.judge(ctx, []curriculum.Lesson{l}, names[l.Name]); err != nil {
			return err
		}
	}
	return nil
}

// Glance finds out how a task ends, but for what go vet says, which takes its time and is for Judge.
func (c Course) Glance(ctx context.Context, t Task) error {
	report, err := judge.Glance(ctx, t.Lesson, t.Task.Name)
	if err == nil {
		c.take(t.Lesson, report)
	}
	return err
}

func (c Course) judge(ctx context.Context, lessons []curriculum.Lesson, names []string) error {
	reports, err := judge.InPlace(ctx, lessons, names...)
	if err != nil {
		return err
	}
	for i, report := range reports {
		c.take(lessons[i], report)
	}
	return nil
}

// take keeps what a report says of a lesson's tasks.
func (c Course) take(l curriculum.Lesson, report judge.Report) {
	for _, r := range report.Results {
		at := slices.IndexFunc(c.Tasks, func(t Task) bool { return t.Lesson.Name == l.Name && t.Task.Name == r.Task })
		c.Tasks[at].Result = r
	}
}

// Find returns the tasks that an argument means: a lesson's, as 02-echo, 02 or echo, or one, as TestServeLogs,
// ServeLogs or 02/ServeLogs. Of tasks of one name it takes that of the current lesson.
func (c Course) Find(arg, current string) ([]Task, error) {
	lesson, name, parted := strings.Cut(arg, "/")
	if !parted {
		if found := c.filter(func(t Task) bool { return curriculum.IsNamed(t.Lesson.Name, arg) }); len(found) > 0 {
			return found, nil
		}
		lesson, name = "", arg
	}
	isNamed := func(t Task) bool {
		return strings.EqualFold(t.Task.Name, name) || strings.EqualFold(t.Task.Name, "Test"+name)
	}
	found := c.filter(func(t Task) bool {
		return isNamed(t) && (lesson == "" || curriculum.IsNamed(t.Lesson.Name, lesson))
	})
	switch own := slices.IndexFunc(found, func(t Task) bool { return strings.HasPrefix(current, t.Lesson.Name+"/") }); {
	case len(found) == 0:
		if near := c.nearest(lesson, name); near != "" {
			return nil, text.Fail("there is no lesson and no task %q; did you mean %s?", arg, near)
		}
		return nil, text.Fail("there is no lesson and no task %q; go tool kata list shows them", arg)
	case len(found) == 1:
		return found, nil
	case own >= 0:
		return found[own : own+1], nil
	}
	var ids []string
	for _, t := range found {
		ids = append(ids, t.ID())
	}
	return nil, text.Fail("%q may be any of %s; say which", arg, strings.Join(ids, ", "))
}

// nearest returns the task whose name is most like what was typed, of the named lesson, if one is; "" if none is like
// it.
func (c Course) nearest(lesson, name string) (id string) {
	name = strings.ToLower(strings.TrimPrefix(name, "Test"))
	best := 3 // letters that differ are more than a slip of the finger
	for _, t := range c.Tasks {
		if lesson != "" && !curriculum.IsNamed(t.Lesson.Name, lesson) {
			continue
		}
		if d := distance(name, strings.ToLower(strings.TrimPrefix(t.Task.Name, "Test"))); d < best {
			best, id = d, t.ID()
		}
	}
	return id
}

// distance returns how many letters have to be put in, left out, or written otherwise, to make one text of another
// (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			other := diagonal
			if a[i] != b[j] {
				other++
			}
			diagonal = row[j+1]
			row[j+1] = min(other, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func (c Course) filter(want func(Task) bool) (found []Task) {
	for _, t := range c.Tasks {
		if want(t) {
			found = append(found, t)
		}
	}
	return found
}

// Index returns where a task stands in the course, or -1.
func (c Course) Index(id string) int {
	return slices.IndexFunc(c.Tasks, func(t Task) bool { return t.ID() == id })
}

// Next returns the first task from the current one on that has not passed yet, or else the first of all; none if every
// task has that this machine can tell of. All have been judged.
func (c Course) Next(current string) (Task, bool) {
	from := max(c.Index(current), 0)
	for _, t := range slices.Concat(c.Tasks[from:], c.Tasks[:from]) {
		if !t.Done() {
			return t, true
		}
	}
	return Task{}, false
}

// Done reports whether there is nothing left to do: the task has passed, or this machine can't tell.
func (t Task) Done() bool { return t.State == verdict.Passed || t.State == verdict.Skipped }

// A Place is a line of a file.
type Place struct {
	File string // its path
	Line int    // from 1 up
}

var aPlace = regexp.MustCompile(`\b((?:[\w.~+-]+/)*[\w-]+\.go):(\d+)`)

// Place returns the student's line that a task is about: that of its TODO, or the first that its message names, or of
// the function that it is called after; otherwise the line of its test.
func (t Task) Place() Place {
	for _, m := range aPlace.FindAllStringSubmatch(t.Reason+"\n"+t.Output, -1) {
		if name, ok := t.theirs(m[1]); ok {
			line, _ := strconv.Atoi(m[2])
			return Place{filepath.Join(t.Lesson.Dir, filepath.FromSlash(name)), line}
		}
	}
	if fs := t.Functions(); len(fs) > 0 {
		return fs[0].Place
	}
	return Place{filepath.Join(t.Lesson.Dir, t.File), t.Line}
}

// theirs returns the name in the lesson's directory of a file that a message names, if it is one of the student's: of
// the lesson's, or of a package below.
func (t Task) theirs(named string) (name string, ok bool) {
	name = named
	if _, below, ok := strings.Cut("/"+named, "/lessons/"+t.Lesson.Name+"/"); ok {
		name = below
	}
	folder, base := path.Split(name)
	if folder != "" {
		_, ok := t.Lesson.Folder("udpkata/lessons/" + t.Lesson.Name + "/" + path.Clean(folder))
		if _, err := os.Stat(filepath.Join(t.Lesson.Dir, filepath.FromSlash(name))); ok && err == nil {
			return name, true
		}
		name = base
	}
	isTheirs := func(f curriculum.File) bool { return f.Name == name && !f.Given }
	return name, slices.ContainsFunc(t.Lesson.Files, isTheirs)
}

// TestSource returns the task's test, as it stands in its file, with its comment.
func (t Task) TestSource() (string, error) {
	data, err := os.ReadFile(filepath.Join(t.Lesson.Dir, t.File))
	if err != nil {
		return "", err
	}
	return declaration(string(data), t.Task.Name)
}
