package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"udpkata/harness/curriculum"
	"udpkata/harness/curriculum/given"
	"udpkata/harness/text"
	"udpkata/harness/wire"
)

type solutionCommand struct {
	Lesson string `arg:"" placeholder:"LESSON" help:"As in 02-echo, echo or 2."`
	GiveUp bool   `help:"Show it though not all of the lesson's tasks pass."`
}

func (c *solutionCommand) run(s *session) (bool, error) {
	lesson, err := s.lesson(c.Lesson)
	if err != nil {
		return false, err
	}
	if !c.GiveUp {
		tasks, err := s.course.Find(lesson.Name, "")
		if err != nil {
			return false, err
		}
		if err := s.course.Judge(s, tasks); err != nil {
			return false, err
		}
	}
	return s.solve(lesson, c.GiveUp)
}

// solve shows how the student's files differ from a lesson's solution, once it is known that all its tasks pass, or if
// they give up.
func (s *session) solve(lesson curriculum.Lesson, giveUp bool) (bool, error) {
	files, err := s.solution(lesson)
	if err != nil {
		return false, err
	}
	tasks, err := s.course.Find(lesson.Name, "")
	if err != nil {
		return false, err
	}
	if passed, all, _, _ := count(tasks); !giveUp && !allDone(tasks) {
		s.say("%d of %d tasks of %s pass; go tool kata solution --give-up %s shows the solution before all do.\n",
			passed, all, lesson.Name, lesson.Name)
		return false, nil
	}
	for _, path := range files {
		if err := s.compare(filepath.Join(lesson.Dir, filepath.Base(path)), path); err != nil {
			return false, err
		}
	}
	return true, nil
}

// solution returns the paths of a lesson's reference files, but for those that are given.
func (s *session) solution(lesson curriculum.Lesson) (all []string, err error) {
	dir := filepath.Join(s.course.Root, "solutions", lesson.Name)
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, text.Fail("the solution can't be read: %v", err)
		}
		if !given.Marked(source) && !strings.HasSuffix(path, "_test.go") {
			all = append(all, path)
		}
	}
	if len(all) == 0 {
		return nil, text.Fail("there is no solution of %s here: %s is missing; ask whoever gave you the course",
			lesson.Name, s.below(dir))
	}
	return all, nil
}

// sideBySide is how many columns a terminal needs for two files beside each other.
const sideBySide = 140

// compare shows how the student's file and the reference differ.
func (s *session) compare(mine, reference string) error {
	a, err := os.ReadFile(mine)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return text.Fail("%s can't be read: %v", s.below(mine), err)
	}
	b, err := os.ReadFile(reference)
	if err != nil {
		return text.Fail("the solution can't be read: %v", err)
	}
	a, b = uncommented(a), uncommented(b)
	unified := string(diff.Diff(s.below(mine), a, s.below(reference), b))
	if unified == "" {
		s.say("%s is just like the solution.\n", s.below(mine))
		return nil
	}
	_, unified, _ = strings.Cut(unified, "\n") // the command that diff would have been
	if width := wire.CurrentStyle().Width; width >= sideBySide {
		unified = beside(unified, width)
	}
	fmt.Fprint(s.out, unified)
	return nil
}

// uncommented returns a source without the comments above its declarations: those of the stub say what is wanted, and
// those of the solution what was done.
func uncommented(source []byte) []byte {
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	places := token.NewFileSet()
	file, err := parser.ParseFile(places, "", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source
	}
	docs := []*ast.CommentGroup{file.Doc}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			docs = append(docs, d.Doc)
		case *ast.GenDecl:
			docs = append(docs, d.Doc)
		}
	}
	for _, doc := range slices.Backward(docs) {
		if doc != nil {
			from, to := places.Position(doc.Pos()).Offset, places.Position(doc.End()).Offset
			source = slices.Delete(slices.Clone(source), from, min(to+1, len(source)))
		}
	}
	return source
}

// beside draws a unified diff with the old file on the left and the new one on the right.
func beside(unified string, width int) string {
	const between = " │ "
	half := (width - len([]rune(between))) / 2
	var out strings.Builder
	row := func(left, mark, right string) {
		line := fit(left, half) + strings.Replace(between, "│", mark, 1) + fit(right, half)
		fmt.Fprintln(&out, strings.TrimRight(line, " "))
	}
	var old, now []string
	flush := func() {
		for i := range max(len(old), len(now)) {
			switch {
			case i >= len(old):
				row("", ">", now[i])
			case i >= len(now):
				row(old[i], "<", "")
			default:
				row(old[i], "|", now[i])
			}
		}
		old, now = nil, nil
	}
	head := ""
	for line := range strings.Lines(unified) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "--- ") && head == "":
			head = line[len("--- "):]
		case strings.HasPrefix(line, "+++ ") && out.Len() == 0:
			row(head, "│", line[len("+++ "):])
		case strings.HasPrefix(line, "-"):
			old = append(old, line[1:])
		case strings.HasPrefix(line, "+"):
			now = append(now, line[1:])
		case strings.HasPrefix(line, " "):
			flush()
			row(line[1:], "│", line[1:])
		default: // where the next piece is, or that the last line has no end
			flush()
			fmt.Fprintln(&out, line)
		}
	}
	flush()
	return out.String()
}

// fit makes a line so many columns wide. What has no room is cut off.
func fit(line string, columns int) string {
	line = strings.ReplaceAll(line, "\t", "    ")
	if wire.Cells(line) <= columns {
		return line + strings.Repeat(" ", columns-wire.Cells(line))
	}
	var short strings.Builder
	left := columns - 1
	for _, r := range line {
		if left -= wire.Cells(string(r)); left < 0 {
			break
		}
		short.WriteRune(r)
	}
	line = short.String() + "…"
	return line + strings.Repeat(" ", columns-wire.Cells(line))
}
