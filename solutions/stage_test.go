package solutions_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/verdict"
	"udpkata/harness/wire/wiretest"
)

// everyVariable says, if it is set, that all go through the stage: the alternatives and the misconceptions, too.
const everyVariable = "UDPKATA_STAGE_EVERY"

// TestStage: whoever's code runs in a process of its own, each task ends as it does where code and tests share one, and
// the author of a misconception reads the same. What differs, and why, is in testdata/stage.txt.
func TestStage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where alone the code under test can have a process of its own")
	}
	if testing.Short() {
		t.Skip("needs a program for each answer, which takes a while")
	}
	all := mutants(t)
	known := stageDifferences(t)
	stage, err := judge.NewStage(t.Context(), root)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stage.Close()) })
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			s := staged{stage, l, known[l.Name]}
			s.alike(t, "stub", judge.Params{Lesson: l}, "", nil)
			s.alike(t, "solution", judge.Params{Lesson: l, Dir: l.Name}, l.Name, nil)
			if os.Getenv(everyVariable) == "" {
				return // each of the others is a program of its own, which takes minutes
			}
			for _, style := range alternatives(t, l) {
				dir := unpack(t, style)
				s.alike(t, filepath.Base(style), judge.Params{Lesson: l, Dir: dir}, dir, nil)
			}
			eachMutant(t, l, ofLesson(all, l), func(m mutant, params judge.Params) {
				dir := mutate(t, m)
				s.alike(t, m.name, params, dir, &m)
				if m.capture {
					s.captures(t, m, dir)
				}
			})
		})
	}
}

// staged judges code of one lesson through the stage.
type staged struct {
	stage  *judge.Stage
	lesson curriculum.Lesson
	known  map[difference]string // with the reasons
}

// A difference is one between the ways in which code is judged.
type difference struct {
	code string // a misconception's name, an alternative's, "stub" or "solution"
	task string
	part string // "state", "message" for that of the task which kills a misconception, or "sometimes" for either
}

// alike wants the files in dir to be judged through the stage as params has it, in one process. Of a misconception, the
// message of the task that kills it is compared as well; TestMutantsDie sees that it is the kept one. One that is
// unsteady ends its other tasks in one process, too, as its goroutines happen to run.
func (s staged) alike(t *testing.T, code string, params judge.Params, dir string, m *mutant) {
	apart := judge.Params{Lesson: s.lesson, Dir: dir, Stage: s.stage, NoVet: m != nil}
	try(t, code, apart, func(t *testing.T, got judge.Report) {
		want, err := judge.Run(t.Context(), params)
		require.NoError(t, err)
		require.Equal(t, want.Notes, got.Notes)
		require.Len(t, got.Results, len(want.Results))
		found := map[difference]string{}
		for i, w := range want.Results {
			g := got.Results[i]
			if g.State != w.State && (m == nil || m.unsteady == "" || m.killedBy == w.Task) {
				found[difference{code, w.Task, "state"}] = fmt.Sprintf("%s, and not %s: %s\n%s", g.State, w.State,
					cmp.Or(g.Reason, w.Reason), g.Output)
			}
			if m == nil || m.killedBy != w.Task {
				continue
			}
			in, apart := steady(w), steady(g)
			if m.unsteady != "" {
				in, apart = gist(in), gist(apart)
			}
			if g.State == w.State && in != apart {
				found[difference{code, w.Task, "message"}] = apart + "\nand not\n\n" + in
			}
		}
		for d, what := range found {
			if s.known[d] == "" && s.known[difference{d.code, d.task, "sometimes"}] == "" {
				t.Errorf("%s %s: the %s is through the stage %s", code, d.task, d.part, what)
			}
		}
		for d, reason := range s.known {
			if _, differs := found[d]; d.code == code && !differs && d.part != "sometimes" && !skippedBy(want, d.task) {
				t.Errorf("%s %s: the %s is no other through the stage; take the line out of testdata/stage.txt (%s)",
					code, d.task, d.part, reason)
			}
		}
	})
}

// captures wants a failing story to leave a capture, as in one process.
func (s staged) captures(t *testing.T, m mutant, dir string) {
	params := judge.Params{Lesson: s.lesson, Dir: dir, Tasks: []string{m.killedBy}, Stage: s.stage, NoVet: true,
		Artifacts: t.TempDir()}
	try(t, m.name+"'s capture", params, func(t *testing.T, r judge.Report) {
		wiretest.NeedTshark(t)
		path := aCapture.FindStringSubmatch(r.Results[0].Output)
		require.NotNil(t, path, "no capture is named:\n%s", r.Results[0].Output)
		compareCapture(t, path[1], r.Results[0].Output)
	})
}

// skippedBy reports whether a task could not be told of on this machine.
func skippedBy(r judge.Report, task string) bool {
	return slices.ContainsFunc(r.Results, func(res judge.Result) bool {
		return res.Task == task && res.State == verdict.Skipped
	})
}

// stageDifferences reads those that there may be, by lesson. Each has a line like
//
//	02-echo/first-client TestServeAnswers message: the reason
func stageDifferences(t *testing.T) map[string]map[difference]string {
	data, err := os.ReadFile(filepath.Join("testdata", "stage.txt"))
	require.NoError(t, err)
	all := map[string]map[difference]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where, reason, _ := strings.Cut(line, ": ")
		fields := strings.Fields(where)
		require.Len(t, fields, 3, line)
		lesson, code, _ := strings.Cut(fields[0], "/")
		require.NotEmpty(t, reason, line)
		require.Contains(t, []string{"state", "message", "sometimes"}, fields[2], line)
		if all[lesson] == nil {
			all[lesson] = map[difference]string{}
		}
		all[lesson][difference{code, fields[1], fields[2]}] = reason
	}
	return all
}
