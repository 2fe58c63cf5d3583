package main

import (
	"os"

	"udpkata/harness/report"
	"udpkata/harness/text"
)

type reportCommand struct {
	Out        string `arg:"" name:"out" help:"A directory of go tool kata grade."`
	Format     string `placeholder:"FORMAT" help:"For what: canvas, moodle, gradescope, classroom50, junit, …"`
	Output     string `short:"o" placeholder:"FILE" help:"The file, or the directory for several; else it is printed."`
	Student    string `placeholder:"STUDENT" help:"Who, for gradescope and classroom50: as in grades.csv."`
	Sheet      string `placeholder:"FILE" help:"The table to fill, as Moodle or Canvas exported it."`
	Assignment string `placeholder:"TITLE" help:"Canvas's column, as in \"UDP (1234)\"."`
	Visibility string `placeholder:"WHEN" help:"Gradescope's: visible, hidden, after_due_date or after_published."`
}

func (*reportCommand) needsNoCourse() {}

// run writes a report. All is well if everybody's mark is in it.
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
		Class: class, Student: c.Student, Sheet: c.Sheet, Assignment: c.Assignment, Visibility: c.Visibility,
		Getenv: os.Getenv,
	}
	if err := report.Write(format, c.Output, s.out, r); err != nil {
		return false, err
	}
	if err := s.out.Flush(); err != nil {
		return false, err
	}
	for _, left := range r.Left {
		// Not into the report, which may be what is printed.
		os.Stderr.WriteString(text.Say("no mark is in it for %s\n", left).In(text.Preferred()))
	}
	return len(r.Left) == 0, nil
}
