package report

import (
	"io"

	"udpkata/harness/grade"
	"udpkata/harness/verdict"
)

// The fields that are used of the Common Test Report Format, as in schema/ctrf.schema.json of ctrf-io/ctrf. Times are
// needed there, and 0 here: a result does not depend on when it was found out, and so does not say it.
type (
	ctrfReport struct {
		Format  string      `json:"reportFormat"`
		Version string      `json:"specVersion"`
		Results ctrfResults `json:"results"`
	}
	ctrfResults struct {
		Tool    ctrfTool    `json:"tool"`
		Summary ctrfSummary `json:"summary"`
		Tests   []ctrfTest  `json:"tests"`
	}
	ctrfTool struct {
		Name string `json:"name"`
	}
	ctrfSummary struct {
		Tests   int       `json:"tests"`
		Passed  int       `json:"passed"`
		Failed  int       `json:"failed"`
		Skipped int       `json:"skipped"`
		Pending int       `json:"pending"`
		Other   int       `json:"other"`
		Start   int       `json:"start"`
		Stop    int       `json:"stop"`
		Extra   ctrfExtra `json:"extra"`
	}
	ctrfExtra struct {
		Student string `json:"student"`
		ID      string `json:"id,omitempty"`
		extra
	}
	ctrfTest struct {
		Name     string     `json:"name"`
		Status   string     `json:"status"`
		Duration int        `json:"duration"`
		Suite    []string   `json:"suite"`
		Message  string     `json:"message,omitempty"`
		Trace    string     `json:"trace,omitempty"`
		Raw      string     `json:"rawStatus"`
		Extra    ctrfPoints `json:"extra"`
	}
	ctrfPoints struct {
		Points int `json:"points"` // that the task is worth
		Earned int `json:"earned"`
	}
)

// ctrf writes a file a student.
func ctrf(d *Dir, r *Request) error {
	return r.each(func(m grade.Mark) error {
		report := ctrfReport{Format: "CTRF", Version: "1.0.0", Results: ctrfResults{
			Tool: ctrfTool{"udpkata"}, Tests: []ctrfTest{},
			Summary: ctrfSummary{Extra: ctrfExtra{m.Student, m.ID, extra{m.Earned, m.Of, m.Factor, m.Mark}}},
		}}
		sum := &report.Results.Summary
		for _, t := range r.rows(m) {
			test := ctrfTest{Name: t.Task, Suite: []string{t.Lesson}, Message: t.Reason, Raw: string(t.State)}
			test.Extra.Points, test.Extra.Earned = t.Points, t.earned()
			sum.Tests++
			switch {
			case t.Out:
				test.Status = "skipped"
				sum.Skipped++
			case t.State == verdict.Passed:
				test.Status, test.Message = "passed", ""
				sum.Passed++
			default:
				test.Status, test.Trace = "failed", t.Output
				sum.Failed++
			}
			report.Results.Tests = append(report.Results.Tests, test)
		}
		return d.Write(d.Name(m)+".json", func(w io.Writer) error { return writeJSON(w, report) })
	})
}
