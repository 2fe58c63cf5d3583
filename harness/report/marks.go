package report

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"udpkata/harness/grade"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// mostOutput is how many bytes of what a task has printed are in a report.
const mostOutput = 32 << 10

// each calls f with the mark of each student that counts.
func (r *Request) each(f func(grade.Mark) error) error {
	return r.Class.Students(func(attempts []grade.Mark) error {
		for _, m := range attempts {
			if m.Counts {
				return f(m)
			}
		}
		return nil
	})
}

// one returns the mark of the student that was asked for. A number that is somebody's is not taken for a name: whoever
// chooses another's number for a name is not found by it.
func (r *Request) one() (grade.Mark, error) {
	var byName, byID []grade.Mark
	all := 0
	err := r.each(func(m grade.Mark) error {
		all++
		switch {
		case r.Student == "" && all > 1:
		case m.ID != "" && m.ID == r.Student:
			byID = append(byID, m)
		case r.Student == "" || strings.EqualFold(m.Student, r.Student):
			byName = append(byName, m)
		}
		return nil
	})
	found := byID
	if len(byID) == 0 {
		found = byName
	}
	switch {
	case err != nil:
		return grade.Mark{}, err
	case r.Student == "" && all != 1:
		return grade.Mark{}, text.Fail("this is of one student, and there are %d: say with --student who it is", all)
	case len(found) == 0:
		return grade.Mark{}, text.Fail("there is no student %q: grades.csv has the names", r.Student)
	case len(found) > 1:
		return grade.Mark{}, text.Fail("there are %d students %q: give the number that grades.csv has, if there is one",
			len(found), r.Student)
	}
	return found[0], nil
}

// possible returns the points that can be earned here.
func (r *Request) possible() (points int) {
	for _, t := range r.Class.Tasks {
		if !t.Out {
			points += t.Points
		}
	}
	return points
}

// A row is how one task ended for somebody.
type row struct {
	grade.Column
	State  verdict.State
	Reason string // one line; "" if it has passed
	Output string
	number int // of the task in its lesson, from 1 up
	lesson int // from 1 up
}

// earned returns the points that are somebody's. Of what is out of the total, rows has made a skipped task.
func (t row) earned() int {
	if t.State != verdict.Passed {
		return 0
	}
	return t.Points
}

// rows lists all tasks, in the course's order, also those of which the submission has nothing.
func (r *Request) rows(m grade.Mark) (rows []row) {
	had := map[string]grade.Task{}
	for _, l := range m.Lessons {
		for _, t := range l.Tasks {
			had[l.Name+"/"+t.Name] = t
		}
	}
	for i, c := range r.Class.Tasks {
		t := row{Column: c, State: verdict.NotRun, Reason: nothing(m), number: 1, lesson: 1}
		if done, ok := had[c.Lesson+"/"+c.Task]; ok {
			t.State, t.Reason, t.Output = done.State, done.Reason, cut(done.Output, mostOutput)
		}
		if i > 0 {
			if last := rows[i-1]; last.Lesson == c.Lesson {
				t.lesson, t.number = last.lesson, last.number+1
			} else {
				t.lesson = last.lesson + 1
			}
		}
		if c.Out {
			t.State = verdict.Skipped
			t.Reason = text.VisibleLine(r.Class.Reference.Skipped[c.Lesson+"/"+c.Task])
		}
		rows = append(rows, t)
	}
	return rows
}

// nothing says why there is no result.
func nothing(m grade.Mark) string {
	switch {
	case m.Refused != nil:
		return m.Refused.In(text.Preferred())
	case m.Unread != "":
		return m.Unread
	}
	return text.Say("There is no result.").In(text.Preferred())
}

// page returns a row's reason and output.
func (t row) page() string { return strings.TrimSpace(t.Reason + "\n\n" + t.Output) }

// headline says in one line, for the student, what a mark is made of.
func headline(m grade.Mark) string {
	var late text.Text
	if m.Factor != 1 {
		late = text.Say(", times %s for being late", number(m.Factor))
	}
	s := text.Say("%s points: %d of %d%s", number(m.Mark), m.Earned, m.Of, late).In(text.Preferred())
	if m.Refused != nil || m.Unread != "" {
		s += " (" + nothing(m) + ")"
	}
	return s
}

// who names a student for people.
func who(m grade.Mark) string {
	switch {
	case m.ID == "":
		return m.Student
	case m.Student == "":
		return m.ID
	}
	return fmt.Sprintf("%s (%s)", m.Student, m.ID)
}

// cut returns at most so many bytes of a text. It says how much is missing.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	room := max(0, most-100)
	for room > 0 && !utf8.RuneStart(s[room]) {
		room--
	}
	note := text.Say("… (%d bytes more)", len(s)-room).In(text.Preferred())
	return s[:room] + "\n" + note + "\n"
}

// number writes a number with a point, as short as it is.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// scaled returns a mark as a part of other points than the course's, to two decimals. In a course without points that
// count it is 0.
func scaled(m grade.Mark, most float64) float64 {
	if m.Of == 0 {
		return 0
	}
	return math.Round(m.Mark*most/float64(m.Of)*100) / 100
}

// named returns what a student is called where a name has to be.
func named(m grade.Mark) string { return cmp.Or(m.Student, m.ID, "student") }
