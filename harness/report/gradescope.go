package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// visibilities are Gradescope's words for when a student sees a result.
var visibilities = []string{"visible", "hidden", "after_due_date", "after_published"}

// A gradescopeResults is results.json, as gradescope-autograders.readthedocs.io/en/latest/specs has it.
type gradescopeResults struct {
	Score            float64          `json:"score"` // which Gradescope takes instead of the tests' sum
	Output           string           `json:"output"`
	OutputFormat     string           `json:"output_format"`
	TestOutputFormat string           `json:"test_output_format"`
	TestNameFormat   string           `json:"test_name_format"`
	Visibility       string           `json:"visibility"`
	StdoutVisibility string           `json:"stdout_visibility"`
	Tests            []gradescopeTest `json:"tests"`
	ExtraData        extra            `json:"extra_data"` // which Gradescope keeps, and shows nobody
}

type gradescopeTest struct {
	Score    int    `json:"score"`
	MaxScore int    `json:"max_score"`
	Status   string `json:"status,omitempty"` // passed or failed; without one, the task is out of the total
	Name     string `json:"name"`
	Number   string `json:"number"`
	Output   string `json:"output,omitempty"`
}

// An extra is what a mark is made of, where a format has a place for things of one's own.
type extra struct {
	Earned int     `json:"earned"`
	Of     int     `json:"of"`
	Factor float64 `json:"factor"`
	Mark   float64 `json:"mark"`
}

// gradescope writes results.json of one student. The whole of it has a visibility, and no task one of its own, since
// one hidden task would hide the total.
func gradescope(w io.Writer, r *Request) error {
	if r.Visibility == "" {
		r.Visibility = visibilities[0]
	}
	if !slices.Contains(visibilities, r.Visibility) {
		return text.Fail("--visibility is one of %s, and not %q", strings.Join(visibilities, ", "), r.Visibility)
	}
	m, err := r.one()
	if err != nil {
		return err
	}
	out := gradescopeResults{
		Score: m.Mark, Output: headline(m), OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text",
		Visibility: r.Visibility, StdoutVisibility: "hidden", Tests: []gradescopeTest{},
		ExtraData: extra{m.Earned, m.Of, m.Factor, m.Mark},
	}
	for _, t := range r.rows(m) {
		test := gradescopeTest{
			Name: t.Lesson + "/" + t.Task, Number: fmt.Sprintf("%d.%d", t.lesson, t.number), Output: t.Reason,
		}
		switch {
		case t.Out:
		case t.State == verdict.Passed:
			test.Score, test.MaxScore, test.Status, test.Output = t.Points, t.Points, "passed", ""
		default:
			test.MaxScore, test.Status, test.Output = t.Points, "failed", t.page()
		}
		out.Tests = append(out.Tests, test)
	}
	return writeJSON(w, out)
}

// writeJSON writes a value for programs and people.
func writeJSON(w io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}
