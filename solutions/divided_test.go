package solutions_test

import (
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
)

// TestDivided: the lines of a package that somebody has below a lesson's are the student's, in whichever process the
// code runs, and are named by where they are.
func TestDivided(t *testing.T) {
	all := lessons(t)
	l := all[slices.IndexFunc(all, func(l curriculum.Lesson) bool { return l.Name == "02-echo" })]
	kinds := map[string]judge.Params{"one process": {Lesson: l}}
	if runtime.GOOS == "linux" {
		stage, err := judge.NewStage(t.Context(), root)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, stage.Close()) })
		kinds["stage"] = judge.Params{Lesson: l, Stage: stage}
	}
	for _, tt := range []struct {
		name, file, edit, with, task string
		state                        verdict.State
		says                         []string
	}{
		{"wrong", "answer/answer.go", "Your data was %d bytes long\", len(data)", "Your data was %d bytes long\", 7",
			"TestServeAnswers", verdict.Failed, []string{"(sent at answer/internal/to/to.go:13)"}},
		{"waits", "answer/answer.go", "	n, _, err := conn", "	select {}\n\tn, _, err := conn",
			"TestAsk", verdict.Failed, []string{"waits in a select at answer/answer.go:24"}},
		{"left behind", "internal/watch/watch.go", "		close(done)\n\t\t<-gone", "",
			"TestNothingIsLeftBehind", verdict.Failed, []string{"internal/watch/watch.go:15"}},
		{"panics", "internal/watch/watch.go", "	return func() {", "	panic(7)\n\treturn func() {",
			"TestAsk", verdict.Failed, []string{"internal/watch/watch.go:22"}},
		{"panics in a goroutine", "internal/watch/watch.go", "		close(gone)", "		panic(7)",
			"TestAsk", verdict.Crashed, []string{"panic: 7", "internal/watch/watch.go:20"}},
	} {
		dir := unpack(t, filepath.Join("alternatives", l.Name, "divided"))
		at := filepath.Join(dir, filepath.FromSlash(tt.file))
		source, err := os.ReadFile(at)
		require.NoError(t, err)
		edited := strings.Replace(string(source), tt.edit, tt.with, 1)
		require.NotEqual(t, string(source), edited, tt.edit)
		require.NoError(t, os.WriteFile(at, []byte(edited), 0o600))
		for kind, params := range kinds {
			params.Dir, params.Tasks = dir, []string{tt.task}
			try(t, tt.name+"/"+kind, params, func(t *testing.T, r judge.Report) {
				res := r.Results[0]
				require.Equal(t, tt.state, res.State, res.Output)
				for _, says := range tt.says {
					require.Contains(t, unfolded(res.Reason+" "+res.Output), says)
				}
			})
		}
	}
}
