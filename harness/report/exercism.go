package report

import (
	"io"
	"path"
	"slices"

	"udpkata/harness/grade"
	"udpkata/harness/verdict"
)

// An exercismResults is results.json of version 3, as exercism.org/docs/building/tooling/test-runners/interface has it.
type exercismResults struct {
	Version int            `json:"version"`
	Status  string         `json:"status"`            // pass, fail, or error if no test has run
	Message string         `json:"message,omitempty"` // if it is error
	Tests   []exercismTest `json:"tests"`
}

// An exercismTest has no output: that is for what the student's code has printed, which can't be told from what the
// test has. Both are in the message.
type exercismTest struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // pass, fail, or error if the code has not run to its end
	Message string `json:"message,omitempty"`
	TaskID  int    `json:"task_id"` // the number of the task in its lesson
}

// mostMessage is how many bytes a message has at the most.
const mostMessage = 65_535

// exercism writes a results.json a lesson and student, in STUDENT/LESSON: a lesson is what Exercism calls an exercise.
func exercism(d *Dir, r *Request) error {
	return r.each(func(m grade.Mark) error {
		name := d.Name(m)
		rows := r.rows(m)
		for len(rows) > 0 {
			n := slices.IndexFunc(rows, func(t row) bool { return t.Lesson != rows[0].Lesson })
			if n < 0 {
				n = len(rows)
			}
			results := exercise(rows[:n])
			at := path.Join(name, plainName(rows[0].Lesson, 60), "results.json")
			if err := d.Write(at, func(w io.Writer) error { return writeJSON(w, results) }); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	})
}

// exercise makes results of one lesson's rows.
func exercise(rows []row) exercismResults {
	e := exercismResults{Version: 3, Status: "pass", Tests: []exercismTest{}}
	ran := false
	for _, t := range rows {
		if t.Out {
			continue
		}
		test := exercismTest{Name: t.Task, Status: "pass", TaskID: t.number}
		if t.State != verdict.Passed {
			e.Status, test.Status, test.Message = "fail", "fail", cut(t.page(), mostMessage)
		}
		if didNotRun[t.State] {
			test.Status = "error"
		}
		ran = ran || t.State == verdict.Crashed || !didNotRun[t.State]
		e.Tests = append(e.Tests, test)
	}
	if !ran && len(e.Tests) > 0 {
		e.Status, e.Message, e.Tests = "error", e.Tests[0].Message, []exercismTest{}
	}
	return e
}
