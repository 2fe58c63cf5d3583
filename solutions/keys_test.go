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
func passes(t *testing.T, name string, params judge.Params) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		var err error
		params.Program, err = judge.Build(t.Context(), params, t.TempDir())
		require.NoError(t, err)
		try(t, "home", params, allPass)
		for _, seed := range seeds {
			try(t, seed, under(params, seed), allPass)
		}
	})
}

// dieUnderKeys wants a misconception to die by the task that it dies by at home, whatever the class key.
func dieUnderKeys(t *testing.T, m mutant, number int, params judge.Params) {
	some := seeds[number%len(seeds):][:1]
	if os.Getenv(keysVariable) != "" {
		some = seeds
	} else if params.Program == nil {
		return // it is a program of its own, which takes seconds
	}
	params.Tasks = []string{m.killedBy}
	for _, seed := range some {
		try(t, m.name+"/"+seed, under(params, seed), func(t *testing.T, r judge.Report) {
			require.Len(t, r.Results, 1)
			require.NotContains(t, []verdict.State{verdict.Passed, verdict.NotRun, verdict.DidNotCompile},
				r.Results[0].State, "%s does not see it: %s", m.killedBy, m.misconception)
		})
	}
}

// under returns the parameters with a seed.
func under(params judge.Params, seed string) judge.Params {
	params.Env = append(slices.Clone(params.Env), seed)
	return params
}
