package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"udpkata/harness/grade"
	"udpkata/harness/text"
)

// moodle fills the grading worksheet that Moodle exported (mod/assign/feedback/offline of moodle/moodle), and writes a
// zip of feedback files (mod/assign/feedback/file). Moodle takes no worksheet but with the heads of its own language.
func moodle(d *Dir, r *Request) error {
	if r.Sheet == "" {
		return text.Fail("moodle fills a grading worksheet: download it from the assignment (\"Download grading " +
			"worksheet\"), and give it with --sheet")
	}
	s, err := readSheet(r.Sheet)
	if err != nil {
		return err
	}
	columns, err := worksheet(s)
	if err != nil {
		return err
	}
	byID, err := columns.participants(s)
	if err != nil {
		return err
	}
	r.Most = columns.common(s)
	var feedback bytes.Buffer
	var other error // what tells of another assignment's worksheet
	filled := map[string]bool{}
	z := zip.NewWriter(&feedback)
	err = r.each(func(m grade.Mark) error {
		row, isThere := byID[m.ID]
		switch {
		case m.Unread != "":
			r.leave(m, text.Both(m.Unread, m.Unread))
			return nil
		case row == nil:
			r.leave(m, r.noRow(isThere))
			return nil
		}
		if name := columns.nameOf(row); !sameName(name, m.Student) {
			other = text.Fail("participant %s is %s in %s, and %s in the submissions: is it this assignment's "+
				"worksheet?", m.ID, name, r.Sheet, m.Student)
			r.leave(m, text.Both(other.Error(), other.Error()))
			return nil
		}
		if columns.isLocked(row) {
			mark, err := s.at(row, columns.grade)
			if err == nil {
				filled[m.ID] = true
				r.keep(m, mark)
			}
			return err
		}
		free, err := columns.fill(s, row, m, r)
		switch {
		case err != nil:
			return err
		case !free:
			r.leave(m, text.Say("somebody else has that row of %s already", r.Sheet))
			return nil
		}
		filled[m.ID] = true
		return r.addFeedback(z, m)
	})
	if err = errors.Join(err, z.Close()); err != nil {
		return err
	}
	if len(filled) == 0 && other != nil {
		return other
	}
	r.Blank = columns.blank(s, filled)
	name := filepath.Base(r.Sheet)
	if strings.EqualFold(name, feedbackZip) {
		name = "worksheet.csv"
	}
	if err := d.Write(name, s.write); err != nil {
		return err
	}
	return d.Write(feedbackZip, func(w io.Writer) error {
		_, err := w.Write(feedback.Bytes())
		return err
	})
}

const feedbackZip = "feedback.zip"

// A worksheetColumns has the places of a worksheet's columns.
type worksheetColumns struct{ identifier, fullName, grade, most, change, comments int } // -1 for one that is not there

// The heads of the columns in English and Chinese, as Moodle's language packs have had them. Moodle's importer knows a
// worksheet by the identifier, the grade and when that was last changed.
var (
	identifierHeads = []string{"identifier", "識別碼", "標識符", "标识符"}
	nameHeads       = []string{"full name", "全名", "姓名", "完整姓名", "使用者全名", "用户全名"}
	gradeHeads      = []string{"grade", "成績", "分數", "成绩", "分数"}
	mostHeads       = []string{"maximum grade", "最高成績", "最高分數", "最高分", "最高成绩", "最高分数"}
	changeHeads     = []string{"grade can be changed", "分數可以被更改", "允许更改成绩"}
	commentHeads    = []string{
		"feedback comments", "評語回饋", "回饋評語", "評論回饋", "回饋評論",
		"评语反馈", "反馈评语", "评论反馈", "反馈评论", "反馈意见",
	}
	modifiedHead = regexp.MustCompile(`^(last modified ?\(grade\)|` +
		`最[後后]修改的?[（(](得分|成績|成绩|分數|分数|評分|评分|老師|教師|教师)[)）])$`)
)

// worksheet finds a worksheet's columns.
func worksheet(s *sheet) (c worksheetColumns, err error) {
	among := func(names []string) int {
		return s.column(func(head string) bool { return slices.Contains(names, strings.ToLower(head)) })
	}
	c = worksheetColumns{
		among(identifierHeads), among(nameHeads), among(gradeHeads), among(mostHeads), among(changeHeads),
		among(commentHeads),
	}
	modified := s.column(func(head string) bool { return modifiedHead.MatchString(strings.ToLower(head)) })
	for _, need := range []struct {
		at   int
		name string
	}{
		{c.identifier, "Identifier"}, {c.grade, "Grade"}, {c.most, "Maximum grade"},
		{modified, "Last modified (grade)"},
	} {
		if need.at < 0 {
			return c, text.Fail("%s has no column %q, in English or Chinese: download the worksheet from Moodle anew, "+
				"in one of these languages; its head is %s", s.path, need.name, s.heads())
		}
	}
	return c, nil
}

// lastNumber is a student's in an identifier, such as "Participant 123".
var lastNumber = regexp.MustCompile(`(\d+)\s*$`)

// participants finds the rows by the students' numbers; nil is for one that several rows have.
func (c worksheetColumns) participants(s *sheet) (map[string][]cell, error) {
	all := map[string][]cell{}
	for _, row := range s.rows[1:] {
		id, err := s.at(row, c.identifier)
		if err != nil {
			return nil, err
		}
		m := lastNumber.FindStringSubmatch(id.text)
		if m == nil {
			continue
		}
		if _, twice := all[m[1]]; twice {
			row = nil
		}
		all[m[1]] = row
	}
	return all, nil
}

// nameOf returns what a row calls the student; "" where names are hidden.
func (c worksheetColumns) nameOf(row []cell) string {
	if c.fullName < 0 || c.fullName >= len(row) {
		return ""
	}
	return text.VisibleLine(strings.TrimSpace(row[c.fullName].text))
}

// isLocked reports whether Moodle says that a row's grade can't be changed: its importer passes over such a grade.
func (c worksheetColumns) isLocked(row []cell) bool {
	return c.change >= 0 && c.change < len(row) &&
		slices.Contains([]string{"no", "否"}, strings.ToLower(strings.TrimSpace(row[c.change].text)))
}

// blank returns who is in the worksheet, and has no mark from here: what Moodle has of them stays.
func (c worksheetColumns) blank(s *sheet, filled map[string]bool) (names []string) {
	for _, row := range s.rows[1:] {
		if c.identifier >= len(row) {
			continue
		}
		id := strings.TrimSpace(row[c.identifier].text)
		if m := lastNumber.FindStringSubmatch(id); m == nil || !filled[m[1]] {
			names = append(names, cmp.Or(c.nameOf(row), text.VisibleLine(id)))
		}
	}
	return names
}

// common returns the maximum grade that all rows have; 0 if they differ.
func (c worksheetColumns) common(s *sheet) (most float64) {
	for i, row := range s.rows[1:] {
		if c.most >= len(row) {
			return 0
		}
		x, ok := parseNumber(row[c.most].text)
		if !ok || i > 0 && x != most {
			return 0
		}
		most = x
	}
	return most
}

// ours is how a comment begins that may be replaced: what an instructor has written stays.
const ours = "udpkata: "

// fill fills a student's row, unless it is filled.
func (c worksheetColumns) fill(s *sheet, row []cell, m grade.Mark, r *Request) (bool, error) {
	most, err := s.at(row, c.most)
	if err != nil {
		return false, err
	}
	x, ok := parseNumber(most.text)
	if !ok {
		return false, text.Fail("%s:%d: the maximum grade is %q, which is no number: let Moodle grade by points, not "+
			"by a scale", s.path, most.line, text.VisibleLine(strings.TrimSpace(most.text)))
	}
	mark, err := s.at(row, c.grade)
	if err != nil || !r.fill(m, mark, scaled(m, x)) {
		return false, err
	}
	if c.comments < 0 {
		return true, nil
	}
	comment, err := s.at(row, c.comments)
	if err == nil && (strings.TrimSpace(comment.text) == "" || strings.HasPrefix(comment.text, ours)) {
		comment.set(r.comment(m, x))
	}
	return true, err
}

// comment says what each lesson gave, as a bit of HTML, which Moodle takes it for, and what there is to know beside it:
// so who has nothing reads why. The grade stands beside it, of so many points at the most, if those are not the
// course's.
func (r *Request) comment(m grade.Mark, most float64) string {
	in := text.Preferred()
	lines := []string{ours + headline(m)}
	if most != float64(m.Of) {
		lines = append(lines, text.Say("As a grade here: %s of %s.", number(scaled(m, most)), number(most)).In(in))
	}
	for _, note := range m.Notes {
		lines = append(lines, text.VisibleLine(note.In(in)))
	}
	earned, of := map[string]int{}, map[string]int{}
	var lessons []string
	for _, t := range r.rows(m) {
		if _, known := of[t.Lesson]; !known {
			lessons = append(lessons, t.Lesson)
		}
		earned[t.Lesson] += t.earned()
		points := of[t.Lesson]
		if !t.Out {
			points += t.Points
		}
		of[t.Lesson] = points
	}
	for _, l := range lessons {
		lines = append(lines, fmt.Sprintf("%s: %d/%d", l, earned[l], of[l]))
	}
	for i, line := range lines {
		lines[i] = html.EscapeString(line)
	}
	return strings.Join(lines, "<br>")
}

// addFeedback adds a student's feedback file to a zip. Moodle reads a name from the left, with underscores between its
// parts: a name, the number, and the kind of plugin. What it needs of these is the number.
func (r *Request) addFeedback(z *zip.Writer, m grade.Mark) error {
	name := plainName(m.Student, 25)
	if name == "" {
		name = "Participant"
	}
	w, err := z.CreateHeader(&zip.FileHeader{
		Name:     fmt.Sprintf("%s_%s_assignfeedback_file_udpkata.txt", name, m.ID),
		Method:   zip.Deflate,
		Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), // so that the same marks are the same zip
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, r.page(m))
	return err
}
