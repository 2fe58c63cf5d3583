package main

import (
	"os"
	"strconv"
	"strings"

	"udpkata/harness/report"
	"udpkata/harness/text"
)

type reportCommand struct {
	Out        string `arg:"" name:"out" help:"A directory of go tool kata grade."`
	Format     string `placeholder:"FORMAT" help:"For what: html, canvas, moodle, feedback, gradescope, junit, …"`
	Output     string `short:"o" aliases:"out" placeholder:"FILE" help:"The file or directory; else it is printed."`
	Student    string `placeholder:"STUDENT" help:"Who, for gradescope and classroom50: as in grades.csv."`
	Sheet      string `placeholder:"FILE" help:"The table to fill, as Moodle or Canvas exported it."`
	Assignment string `placeholder:"TITLE" help:"Canvas's column, as in \"UDP (1234)\"."`
	OutOf      string `placeholder:"N" help:"What it is worth in Canvas; the course's points, unless given."`
	Visibility string `placeholder:"WHEN" help:"Gradescope's: visible, hidden, after_due_date or after_published."`
}

func (*reportCommand) needsNoCourse() {}

// run writes a report. All is well if everybody's mark is in it, but for those whose grade is not to be changed.
func (c *reportCommand) run(s *session) (bool, error) {
	format, err := report.Find(c.Format)
	if err != nil {
		return false, err
	}
	class, err := report.Open(c.Out)
	if err != nil {
		return false, err
	}
	r := &report.Request{
		Class: class, Student: c.Student, Sheet: c.Sheet, Assignment: c.Assignment, OutOf: c.OutOf,
		Visibility: c.Visibility, Getenv: os.Getenv,
	}
	if err := report.Write(format, c.Output, s.out, r); err != nil {
		return false, err
	}
	if err := s.out.Flush(); err != nil {
		return false, err
	}
	// Not into the report, which may be what is printed.
	say := func(t text.Text) { os.Stderr.WriteString(t.In(text.Preferred()) + "\n") }
	if !report.ToStdout(c.Output) {
		say(marksIn(c.Output, r))
	}
	if format.Name == "canvas" && c.Sheet == "" && c.OutOf == "" {
		say(text.Say("The marks are out of %s points. If the assignment is worth others in Canvas, give those with "+
			"--out-of.", strconv.FormatFloat(r.Most, 'f', -1, 64)))
	}
	if class.Begun != "" {
		say(class.Unfinished())
	}
	for _, left := range r.Left {
		say(text.Say("no mark is in it for %s", left))
	}
	if len(r.Kept) > 0 {
		say(text.Say("Rows of %s that stay as they were, as they are excused (EX) or can't be changed: %d (%s)",
			c.Sheet, len(r.Kept), text.Some(r.Kept)))
	}
	if len(r.Changed) > 0 {
		say(text.Say("Rows of %s that had another grade: %d (%s)", c.Sheet, len(r.Changed), text.Some(r.Changed)))
	}
	if len(r.Blank) > 0 {
		say(text.Say("Rows of %s that have no mark from here: %d (%s)", c.Sheet, len(r.Blank),
			strings.Join(r.Blank, ", ")))
	}
	return len(r.Left) == 0, nil
}

// marksIn says what a report has.
func marksIn(where string, r *report.Request) text.Text {
	if r.Most == 0 {
		return text.Say("Marks in %s: %d.", where, r.Marks)
	}
	return text.Say("Marks in %s: %d, out of %s points.", where, r.Marks, strconv.FormatFloat(r.Most, 'f', -1, 64))
}
