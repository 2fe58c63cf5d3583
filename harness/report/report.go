// Package report writes a class's marks in the formats of other systems.
//
// What a format is made of is one grading result, as [grade.Open] has it, and of each student the one submission that
// counts. So all formats agree:
//
//   - What was earned, and of how many points, is that of grades.csv, and so is the mark, which is what was earned
//     less what being late costs. Where a format has a total, it is the mark; where it has none, or whole numbers alone
//     (junit, exercism, ctrf, classroom50), it is what the passed tasks are worth, and the mark stands beside it if
//     there is a place for it.
//   - A task that is out of the total, as this machine can't tell of it, is skipped there, whatever the code did with
//     it, and nothing else is. Exercism knows no such thing, and is not told of the task.
//   - A lesson that was not handed in has all its tasks, none of which has passed. So has a submission that was
//     refused as a whole, with the reason.
//   - A submission that this machine could not read has no mark, which is not the same as none of the points: canvas
//     and moodle leave it blank, and [Request.Left] says whose it is.
//   - Who has no name, since the platform hides it, is called by the platform's number. Canvas's import takes no
//     submission without a name at all, as the number in such a name is not the student's.
//
// # Formats
//
//	canvas       Canvas's gradebook import, or, with a gradebook that was exported, that one with a column filled
//	moodle       the exported grading worksheet, filled, and feedback.zip for "upload multiple feedback files"
//	gradescope   results.json, of one student
//	classroom50  result.json, of one student; who and what it is of, the runner's environment says
//	feedback     a file a student, for people; of Canvas's download, named as Canvas takes it as a comment
//	junit        a file a student, with one test suite
//	exercism     STUDENT/LESSON/results.json (version 3): a lesson is what an exercise is there
//	ctrf         a file a student
//	html         one page for a browser (package html)
//	csv, json    grades.csv and grades.json again
//
// A sheet that is filled keeps all its other bytes, the grade of who is excused in Canvas, and one that Moodle lets
// nobody change; [Request.Changed] says who else had another grade. The points are scaled to those of the sheet: to
// Canvas's row "Points Possible", to Moodle's column "Maximum grade", in both cases to two decimals. Those for Canvas
// are scaled to [Request.OutOf] where there is no sheet.
//
// # What students have written
//
// Names, files' names, and what a program has printed come from strangers. Package grade takes out what a terminal
// would obey; each format quotes by its own rules; a cell of a table is no formula; a file's name is made of letters,
// digits and hyphens, and nobody else in the directory has it. What a task has printed is cut:
//
//	gradescope, junit, ctrf   32 KiB a task (GitLab takes 30 MB a file of JUnit's)
//	exercism                  32 KiB a task, and a message of 65,535 bytes
//	moodle, feedback          32 KiB a task, and 256 KiB a feedback file; the comment in Moodle's worksheet has what
//	                          each lesson gave
//	classroom50               nothing of it is there but the reasons, of 200 bytes each
//	json                      all of it is there
package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/grade"
	"udpkata/harness/keep"
	"udpkata/harness/report/html"
	"udpkata/harness/text"
)

// A Format is a way to write marks. It has one of File and Dir.
type Format struct {
	Name  string
	Takes []string // what it has a use for of "student", "sheet", "assignment", "out-of" and "visibility"
	File  func(w io.Writer, r *Request) error
	Dir   func(d *Dir, r *Request) error
}

// Formats are all there are. A new one is a line here.
var Formats = []Format{
	{Name: "canvas", Takes: []string{"sheet", "assignment", "out-of"}, File: canvas},
	{Name: "moodle", Takes: []string{"sheet"}, Dir: moodle},
	{Name: "gradescope", Takes: []string{"student", "visibility"}, File: gradescope},
	{Name: "classroom50", Takes: []string{"student"}, File: classroom50},
	{Name: "feedback", Dir: feedback},
	{Name: "junit", Dir: junit},
	{Name: "exercism", Dir: exercism},
	{Name: "ctrf", Dir: ctrf},
	{Name: "html", File: func(w io.Writer, r *Request) error { return html.Write(r.Class, w, html.Options{}) }},
	{Name: "csv", File: func(w io.Writer, r *Request) error { return r.Class.CSV(w) }},
	{Name: "json", File: func(w io.Writer, r *Request) error { return r.Class.JSON(w) }},
}

// A Request says what to write, and collects what could not be.
type Request struct {
	Class *grade.Class

	Student    string // a name or a number, as in grades.csv; may be "" if the class has but one student
	Sheet      string // the path of a table that the platform exported
	Assignment string // Canvas's name of a column: "Title (id)"
	OutOf      string // what the assignment is worth in Canvas; "" for the course's points
	Visibility string // Gradescope's; "" is visible
	Getenv     func(string) string

	// Marks is how many marks were written, and Most what one can be at the most; it is 0 where that differs.
	Marks int
	Most  float64
	// Left are those who have no mark in what was written, a line each.
	Left []text.Text
	// Kept are those whose grade in the sheet stays, as nobody may change it or they are excused, and Changed those who
	// had another one there: as in "alice (102) EX", and "bob (104) 15 → 20".
	Kept, Changed []string
	// Blank are those in the sheet whose rows got no mark, such as who handed in nothing.
	Blank []string
}

// leave notes that somebody has no mark in what is written.
func (r *Request) leave(m grade.Mark, why text.Text) {
	r.Left = append(r.Left, text.Say("%s: %s", who(m), why))
}

// noRow says why a sheet has no row of somebody's: there is none, or it is not known which one.
func (r *Request) noRow(isThere bool) text.Text {
	if isThere {
		return text.Say("more than one row of %s can be meant", r.Sheet)
	}
	return text.Say("not in %s", r.Sheet)
}

// keep notes that a grade in the sheet stays.
func (r *Request) keep(m grade.Mark, c *cell) {
	r.Kept = append(r.Kept, strings.TrimSpace(who(m)+" "+text.VisibleLine(strings.TrimSpace(c.text))))
}

// fill puts a mark into a cell, unless another one was put there, and notes what the platform had as a grade.
func (r *Request) fill(m grade.Mark, c *cell, mark float64) bool {
	if !c.set(number(mark)) {
		return false
	}
	had := strings.TrimSpace(c.text)
	x, isNumber := parseNumber(had)
	if had != "" && had != "-" && !(isNumber && x == mark) {
		r.Changed = append(r.Changed, fmt.Sprintf("%s %s → %s", who(m), text.VisibleLine(had), number(mark)))
	}
	return true
}

// Open reads a directory of [grade.Run]'s, which has to have all marks.
func Open(dir string) (*grade.Class, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, text.Fail("%s is a file: give the directory that it is in, which go tool kata grade had as -o", dir)
	}
	c, missing, err := grade.Open(dir)
	if err != nil {
		return nil, err
	}
	switch {
	case len(missing) == 0:
		return c, nil
	case c != nil && c.Shards > 1:
		return nil, text.Fail("%s has no marks yet, as %s is missing: go tool kata grade SUBMISSIONS -o %s makes them "+
			"(if it was stopped, the same command goes on), and go tool kata merge %s if other machines have a part",
			dir, missing[0], dir, dir)
	}
	return nil, text.Fail("%s has no marks yet, as %s is missing: go tool kata grade SUBMISSIONS -o %s makes them "+
		"(if it was stopped, the same command goes on)", dir, missing[0], dir)
}

// Find returns the format of a name.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats {
		if strings.EqualFold(f.Name, name) {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, text.Fail("--format is one of %s, and not %q", strings.Join(names, ", "), name)
}

// Write writes a report to a file, whole or not at all, or into a directory, which is made, or is empty. A file goes
// to stdout if out is "" or "-". It leaves in r.Left whose marks it could not write, and in r.Marks how many it could.
func Write(f Format, out string, stdout io.Writer, r *Request) error {
	for _, given := range []struct{ flag, value string }{
		{"student", r.Student}, {"sheet", r.Sheet}, {"assignment", r.Assignment}, {"out-of", r.OutOf},
		{"visibility", r.Visibility},
	} {
		if given.value != "" && given.flag == "out-of" && f.Name == "moodle" {
			return text.Fail("moodle has no use for --out-of, as Moodle's maximum is the worksheet's: change it in " +
				"the assignment, and download the worksheet again")
		}
		if given.value != "" && !slices.Contains(f.Takes, given.flag) {
			return text.Fail("%s has no use for --%s: leave it out", f.Name, given.flag)
		}
	}
	r.Most = float64(r.possible())
	if err := write(f, out, stdout, r); err != nil {
		return err
	}
	all := 0
	err := r.each(func(grade.Mark) error { all++; return nil })
	if slices.Contains(f.Takes, "student") {
		all = 1
	}
	r.Marks = all - len(r.Left) - len(r.Kept)
	return err
}

// ToStdout reports whether it is no file, nor a directory, where a report goes.
func ToStdout(out string) bool { return out == "" || out == "-" }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func write(f Format, out string, stdout io.Writer, r *Request) error {
	switch {
	case f.Dir != nil && ToStdout(out):
		return text.Fail("%s is several files: give a directory for them with -o", f.Name)
	case f.Dir != nil:
		d, err := newDir(out)
		if err != nil {
			return err
		}
		return f.Dir(d, r)
	case ToStdout(out):
		return f.File(stdout, r)
	}
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		return text.Fail("%s is no ordinary file: give the name of one with -o, or leave that out", out)
	}
	if dir := filepath.Dir(out); !isDir(dir) {
		return text.Fail("%s is no directory: make it, or give another file with -o than %s", dir, out)
	}
	return keep.Stream(filepath.Clean(out), func(w io.Writer) error { return f.File(w, r) })
}
