package solutions_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/judge"
	"udpkata/harness/verdict"
)

// seeds are those of some class keys, for which stories draw what they send. At home nobody gives one.
var seeds = []string{"UDPKATA_SEED=7", "UDPKATA_SEED=9223372036854775807", "UDPKATA_SEED=16045690984833335023"}

// keysVariable says, if it is set, that all misconceptions are judged under each of the seeds.
const keysVariable = "UDPKATA_KEYS_EVERY"

// passes wants files to pass every task, at home and whatever the class key.
func passes(t *testing.T, name string, params judge.Params, under ...string) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		var err error
		params.Program, err = judge.Build(t.Context(), params, t.TempDir())
		require.NoError(t, err)
		for _, seed := range append([]string{"home"}, under...) {
			t.Run(seed, func(t *testing.T) {
				p := params
				if seed != "home" {
					p.Env = append(slices.Clone(p.Env), seed)
				}
				report, err := judge.Run(t.Context(), p)
				require.NoError(t, err)
				allPass(t, report)
			})
		}
	})
}

// TestMutantsDieUnderKeys: whatever the class key, a misconception dies by the task that it dies by at home.
func TestMutantsDieUnderKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("judges each misconception, which takes a while")
	}
	all := mutants(t)
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			eachMutant(t, l, ofLesson(all, l), func(m mutant, params judge.Params) {
				if params.Program == nil && os.Getenv(keysVariable) == "" {
					return // it is a program of its own, which takes seconds
				}
				i := slices.IndexFunc(all, func(other mutant) bool { return other.path == m.path })
				under := seeds[i%len(seeds):][:1]
				if os.Getenv(keysVariable) != "" {
					under = seeds
				}
				for _, seed := range under {
					p := params
					p.Tasks, p.Env = []string{m.killedBy}, append(slices.Clone(p.Env), seed)
					try(t, m.name+"/"+seed, p, func(t *testing.T, r judge.Report) {
						require.Len(t, r.Results, 1)
						require.NotContains(t, []verdict.State{verdict.Passed, verdict.NotRun, verdict.DidNotCompile},
							r.Results[0].State, "%s does not see it: %s", m.killedBy, m.misconception)
					})
				}
			})
		})
	}
}
