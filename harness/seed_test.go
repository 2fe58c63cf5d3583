package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// TestSeed: one seed draws the same each time, and a failure has the command that
// gives it again.
func TestSeed(t *testing.T) {
	draw := func(seed string) (drawn uint64, f *failure.Failure) {
		t.Setenv(seedVariable, seed)
		f, _ = tell(t, virtual4, func(w *Virtual) {
			drawn = w.Rand().Uint64()
			w.Errorf("no")
		})
		return drawn, f
	}
	one, _ := draw("18446744073709551615")
	other, _ := draw("7")
	again, f := draw("18446744073709551615")
	require.Equal(t, one, again)
	require.NotEqual(t, one, other)
	require.Contains(t, f.Page(stacks.Site{Task: "TestX", Student: "/lessons/09-x"}, nil, "", wire.Style{}),
		"\nThe same again: UDPKATA_SEED=18446744073709551615 go test ./lessons/09-x/ -run '^TestX$'\n")

	for _, wrong := range []string{"", "-1", "one", "18446744073709551616"} {
		_, f := draw(wrong)
		require.Equal(t, verdict.NotRun, f.State)
		require.Contains(t, f.Text.EN, "and has to be a number from 0 to 18446744073709551615")
	}
	f, _ = tell(t, virtual4, func(w *Virtual) { w.Errorf("no") })
	require.NotContains(t, f.Page(stacks.Site{}, nil, "", wire.Style{}), seedVariable, "nothing was left to chance")
}
