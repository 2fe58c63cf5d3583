package report

import (
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/text"
)

// canvas writes Canvas's gradebook import (lib/gradebook_importer.rb of instructure/canvas-lms). A row is somebody's by
// the ID, or without one by the SIS IDs, or by the name. A blank cell changes nothing there.
func canvas(w io.Writer, r *Request) error {
	if r.Assignment == "" {
		return text.Fail("canvas needs --assignment, as a gradebook that Canvas exports has it: \"Title (id)\"")
	}
	if strings.ContainsFunc(r.Assignment, func(c rune) bool { return text.VisibleLine(string(c)) != string(c) }) {
		return text.Fail("--assignment is one line, as a gradebook that Canvas exports has it: \"Title (id)\"")
	}
	if r.Sheet != "" {
		if r.OutOf != "" {
			return text.Fail("--sheet has what the assignment is worth, and --out-of says it too: give one of them")
		}
		return r.fillCanvas(w)
	}
	if !canvasTitle.MatchString(r.Assignment) {
		return text.Fail("--assignment %q has no id: write it as a gradebook that Canvas exports has it, "+
			"\"Title (id)\", or Canvas makes a new assignment", r.Assignment)
	}
	points := func(m grade.Mark) string { return number(m.Mark) }
	if r.OutOf != "" {
		most, ok := parseNumber(r.OutOf)
		if !ok || most == 0 {
			return text.Fail("--out-of is what the assignment is worth in Canvas, as in 100, and not %q", r.OutOf)
		}
		r.Most = most
		points = func(m grade.Mark) string { return number(scaled(m, most)) }
	}
	out := csv.NewWriter(w)
	rows := [][]string{
		{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", r.Assignment},
		{pointsPossible, "", "", "", "", number(r.Most)},
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	err := r.each(func(m grade.Mark) error {
		if !r.canvasKnows(m) {
			return nil
		}
		// Whoever has the name of the row above the students' would set what the assignment is worth.
		name := strings.ReplaceAll(grade.Plain(m.Student), pointsPossible, "Points-Possible")
		return out.Write([]string{name, canvasID(m), "", "", "", points(m)})
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

var (
	canvasTitle = regexp.MustCompile(`\S.*\((\d+)\)$`)
	allDigits   = regexp.MustCompile(`^\d+$`)
	aNumber     = regexp.MustCompile(`^\d+([.,]\d+)?$`)
)

// parseNumber reads a number as people write it, with a point or a comma.
func parseNumber(s string) (x float64, ok bool) {
	s = strings.TrimSpace(s)
	if !aNumber.MatchString(s) {
		return 0, false
	}
	x, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return x, err == nil
}

// pointsPossible is in the first cell of the row that says what the assignments are worth.
const pointsPossible = "Points Possible"

// canvasID returns Canvas's number of a student. Of what was no download of Canvas's there is none.
func canvasID(m grade.Mark) string {
	if m.System == intake.Canvas && allDigits.MatchString(m.ID) {
		return m.ID
	}
	return ""
}

// canvasKnows reports whether Canvas can know whose a mark is, and that there is one.
func (r *Request) canvasKnows(m grade.Mark) bool {
	switch {
	case m.Unread != "":
		r.leave(m, text.Both(m.Unread, m.Unread))
	case m.Student == "":
		r.leave(m, text.Say("Canvas can't take the mark of who has no name; grade again once names are shown"))
	default:
		return true
	}
	return false
}

// fillCanvas fills a column of a gradebook that Canvas exported.
func (r *Request) fillCanvas(w io.Writer) error {
	s, err := readSheet(r.Sheet)
	if err != nil {
		return err
	}
	is := func(name string) func(string) bool { return func(head string) bool { return head == name } }
	id, sisID, login, name := s.column(is("ID")), s.column(is("SIS User ID")), s.column(is("SIS Login ID")),
		s.column(is("Student"))
	if id < 0 {
		return text.Fail("%s is no gradebook of Canvas's, which has a column ID: its head is %s", r.Sheet, s.heads())
	}
	mine := s.column(is(r.Assignment))
	if mine < 0 || mine <= max(id, sisID, login, name) {
		return text.Fail("%s has no assignment %q; its columns are %s", r.Sheet, r.Assignment, s.heads())
	}
	var students [][]cell
	for _, row := range s.rows[1:] {
		switch {
		case id >= len(row):
		case row[id].text == "" && strings.Contains(row[0].text, pointsPossible): // no student of that name
			c, err := s.at(row, mine)
			if err != nil {
				return err
			}
			if points, ok := parseNumber(c.text); ok {
				r.Most = points
			}
		default:
			students = append(students, row)
		}
	}
	find := finder(students)
	err = r.each(func(m grade.Mark) error {
		if !r.canvasKnows(m) {
			return nil
		}
		var rows [][]cell
		if n := canvasID(m); n != "" {
			rows = find(n, id)
		} else {
			rows = find(m.Student, login, sisID, name)
		}
		if len(rows) != 1 {
			r.leave(m, r.noRow(len(rows) > 0))
			return nil
		}
		c, err := s.at(rows[0], mine)
		switch {
		case err != nil:
			return err
		case isExcused(c):
			r.keep(m, c)
		case !r.fill(m, c, scaled(m, r.Most)):
			r.leave(m, text.Say("somebody else has that row of %s already", r.Sheet))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, row := range students {
		if c, err := s.at(row, mine); err == nil && c.fresh == nil && !isExcused(c) {
			r.Blank = append(r.Blank, text.VisibleLine(strings.TrimSpace(row[max(0, name)].text)))
		}
	}
	return s.write(w)
}

// isExcused reports whether somebody need not hand in what a cell has the grade of, as Canvas's importer takes it.
func isExcused(c *cell) bool { return strings.EqualFold(strings.TrimSpace(c.text), "EX") }

// finder returns a function that finds the rows that have a text in a column, the first of several columns in which
// there is such a row.
func finder(rows [][]cell) func(value string, columns ...int) [][]cell {
	indices := map[int]map[string][][]cell{}
	return func(value string, columns ...int) [][]cell {
		for _, column := range columns {
			if column < 0 || value == "" {
				continue
			}
			index := indices[column]
			if index == nil {
				index = map[string][][]cell{}
				for _, row := range rows {
					if column < len(row) {
						key := strings.TrimSpace(row[column].text)
						index[key] = append(index[key], row)
					}
				}
				indices[column] = index
			}
			if found := index[value]; len(found) > 0 {
				return found
			}
		}
		return nil
	}
}
