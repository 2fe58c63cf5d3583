package grade

import (
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// CSV writes one row for each student, of the submission that counts, as grades.csv has it. A task that is out of the
// total, as this machine can't tell of it, has no points there.
func (c *Class) CSV(out io.Writer) error {
	w := csv.NewWriter(out)
	head := []string{"student", "id", "attempt", "late", "factor", "earned", "of", "mark", "note"}
	for _, t := range c.Tasks {
		head = append(head, t.Lesson+"/"+t.Task)
	}
	if err := w.Write(head); err != nil {
		return err
	}
	err := c.Students(func(attempts []Mark) error {
		for _, m := range attempts {
			if m.Counts {
				return w.Write(c.row(m))
			}
		}
		return nil
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

func (c *Class) row(m Mark) []string {
	var notes []string
	in := text.Language(c.Head.Language)
	if m.Unread != "" {
		notes = append(notes, m.Unread)
	}
	if m.Refused != nil {
		notes = append(notes, m.Refused.In(in))
	}
	for _, note := range m.Notes {
		notes = append(notes, strings.TrimRight(note.In(in), ".。"))
	}
	late := "no"
	if m.Late {
		late = "yes"
	}
	row := []string{m.Student, m.ID, strconv.Itoa(m.Attempt), late, decimal(m.Factor), strconv.Itoa(m.Earned),
		strconv.Itoa(m.Of), decimal(m.Mark), strings.Join(notes, "; ")}
	passed := map[string]bool{}
	for _, l := range m.Lessons {
		for _, t := range l.Tasks {
			passed[l.Name+"/"+t.Name] = t.State == verdict.Passed
		}
	}
	for _, t := range c.Tasks {
		switch {
		case t.Out:
			row = append(row, "")
		case passed[t.Lesson+"/"+t.Task]:
			row = append(row, strconv.Itoa(t.Points))
		default:
			row = append(row, "0")
		}
	}
	for i, cell := range row {
		row[i] = Plain(cell)
	}
	return row
}

// Plain returns a cell that no spreadsheet takes for a formula, whatever it begins with (OWASP, "CSV Injection").
func Plain(cell string) string {
	return beginsFormula.ReplaceAllString(cell, "$1'$2")
}

// beginsFormula tells what a spreadsheet program may take for a formula's beginning: at the beginning of a cell or, for
// one that splits at semicolons or tabs, behind one of those.
var beginsFormula = regexp.MustCompile(`(^|[;\t\r\n])([\s\p{Z}]*[=+\-@＝＋－＠]|\t|\r)`)

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
