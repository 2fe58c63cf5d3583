package report

import (
	"cmp"
	"io"
	"time"

	"udpkata/harness/intake"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A classroom50Result is result.json of Classroom 50, as foundation50/classroom50's wiki has it under "Advanced
// Autograding". A score is a whole number there, and the tests' sum, so what being late costs is not in it: the
// platform knows when something was handed in.
type classroom50Result struct {
	Schema         string            `json:"schema"`
	Classroom      string            `json:"classroom"`
	Assignment     string            `json:"assignment"`
	AssignmentType string            `json:"assignment_type"`
	Owner          string            `json:"owner"`
	Submission     string            `json:"submission"`
	Commit         string            `json:"commit"`
	Release        string            `json:"release"`
	Review         string            `json:"review"`
	Datetime       string            `json:"datetime,omitempty"` // the commit's; the runner writes it if it is not here
	Score          int               `json:"score"`
	MaxScore       int               `json:"max-score"`
	Tests          []classroom50Test `json:"tests"`
}

// A classroom50Test may have more than the schema says, which is kept there.
type classroom50Test struct {
	Name     string `json:"test-name"`
	Passed   bool   `json:"passed"`
	Score    int    `json:"score"`
	MaxScore int    `json:"max-score"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
}

// mostReason is how many bytes of a reason are in result.json.
const mostReason = 200

// classroom50 writes result.json of one student. Of what, Classroom 50's runner says in the environment.
func classroom50(w io.Writer, r *Request) error {
	env := map[string]string{}
	for _, name := range []string{"CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL"} {
		if env[name] = r.Getenv(name); env[name] == "" {
			return text.Fail("classroom50 needs %s in the environment, where Classroom 50's runner puts it: call this "+
				"from an autograder.py", name)
		}
	}
	m, err := r.one()
	if err != nil {
		return err
	}
	out := classroom50Result{
		Schema: "classroom50/result/v1", Classroom: env["CLASSROOM"], Assignment: env["ASSIGNMENT"],
		AssignmentType: cmp.Or(r.Getenv("ASSIGNMENT_TYPE"), "individual"),
		Owner:          cmp.Or(r.Getenv("OWNER"), r.Getenv("USERNAME"), named(m)), Submission: env["SUBMISSION_TAG"],
		Commit: env["COMMIT_URL"], Release: env["RELEASE_URL"],
		Review: cmp.Or(r.Getenv("REVIEW_URL"), env["COMMIT_URL"]),
		Score:  m.Earned, MaxScore: m.Of, Tests: []classroom50Test{},
	}
	if m.Time != nil && m.Clock == intake.CommitClock {
		out.Datetime = m.Time.UTC().Format(time.RFC3339)
	}
	for _, t := range r.rows(m) {
		test := classroom50Test{
			Name: t.Lesson + "/" + t.Task, Passed: t.State == verdict.Passed, Score: t.earned(), State: string(t.State),
			Reason: cut(t.Reason, mostReason),
		}
		if !t.Out {
			test.MaxScore = t.Points
		}
		out.Tests = append(out.Tests, test)
	}
	return writeJSON(w, out)
}
