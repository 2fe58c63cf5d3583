package harness

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// TestIsPlain: whoever asks for some tests, or for more of them, gets all that they say.
func TestIsPlain(t *testing.T) {
	for args, want := range map[string]bool{
		"":                      true,
		"-test.count=1":         true,
		"-test.timeout=10m":     true,
		"-test.v=test2json":     false,
		"-test.run=TestX":       false,
		"-test.run=":            true,
		"-test.skip=TestX":      false,
		"-test.list=.":          false,
		"-test.failfast":        false,
		"-test.count=2":         false,
		"-test.cpu=1,2":         false,
		"-test.shuffle=on":      false,
		"-test.bench=.":         false,
		"-test.fuzz=.":          false,
		"-test.coverprofile=/x": true,
	} {
		t.Run(args, func(t *testing.T) {
			flags := flag.NewFlagSet("", flag.ContinueOnError)
			flag.VisitAll(func(f *flag.Flag) {
				if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() && f.Name != "test.v" {
					flags.Bool(f.Name, false, "")
				} else {
					flags.String(f.Name, f.DefValue, "")
				}
			})
			require.NoError(t, flags.Parse(strings.Fields(args)))
			require.Equal(t, want, isPlain(flags))
		})
	}
	require.False(t, isPlain(flag.NewFlagSet("", flag.ContinueOnError)))
}

// inBrief has failures told in brief for one test.
func inBrief(t *testing.T) (out *bytes.Buffer) {
	out = &bytes.Buffer{}
	stdout := mentions
	brief.Store(true)
	failureSeen.Store(false)
	mentions = out
	t.Cleanup(func() {
		mentions = stdout
		brief.Store(false)
		failureSeen.Store(false)
	})
	return out
}

// TestMention: the first failure is told whole, and each one after it in a line.
func TestMention(t *testing.T) {
	s := stacks.Site{Task: "TestIt"}
	at := stacks.Line{File: "a_test.go", Number: 7}
	f := &failure.Failure{State: verdict.Failed, At: at, Text: text.Both("a\nb", "甲\n乙")}
	todo := &failure.Failure{State: verdict.Todo}
	require.False(t, mention(s, f))
	require.False(t, mention(s, f))
	out := inBrief(t)
	require.False(t, mention(s, todo), "which has its own way")
	require.False(t, mention(s, f))
	require.Empty(t, out.String())
	require.False(t, mention(s, todo))
	require.True(t, mention(s, f))
	require.Equal(t, "TestIt fails too: a_test.go:7: a\n", out.String())
	out.Reset()
	t.Setenv("UDPKATA_LANG", "zh-TW")
	require.True(t, mention(s, f))
	require.Equal(t, "TestIt 也失敗了：a_test.go:7: 甲\n", out.String())
}

// TestLaterFailures: of a failure that is told in brief, go test prints nothing more, and
// the judge still hears of it.
func TestLaterFailures(t *testing.T) {
	out := inBrief(t)
	failureSeen.Store(true)
	told := 0
	t.Run("later", func(t *testing.T) {
		result := resultOf(t)
		t.Cleanup(func() {
			require.True(t, t.Skipped())
			require.Equal(t, verdict.Failed, result.state)
			require.Contains(t, result.reason, "The story gave up.")
		})
		OnEachNetwork(t, func(w *World) {
			told++
			w.FailNow()
		})
	})
	require.Equal(t, 1, told)
	require.Regexp(t, `^TestLaterFailures/later fails too: main_test.go:\d+: The story gave up.\n$`, out.String())
}

// TestSummary: what the last line says.
func TestSummary(t *testing.T) {
	const passed, failed, todo, skipped = verdict.Passed, verdict.Failed, verdict.Todo, verdict.Skipped
	for _, tt := range []struct {
		states []verdict.State
		want   string
	}{
		{nil, ""},
		{[]verdict.State{todo, todo}, ""},
		{[]verdict.State{skipped, todo}, ""},
		{[]verdict.State{passed, passed}, "All 2 tasks pass.\n"},
		{[]verdict.State{passed, skipped}, "1 of 2 tasks pass; skipped: 1 (go test -v says why)\n"},
		{[]verdict.State{passed, todo, todo}, "1 of 3 tasks pass; next: TestB\n"},
		{[]verdict.State{failed, passed, failed}, "1 of 3 tasks pass; next: TestA\n"},
		{[]verdict.State{skipped, failed, verdict.NotRun},
			"0 of 3 tasks pass; skipped: 1 (go test -v says why); next: TestB\n"},
		{[]verdict.State{passed, ""}, "1 of 2 tasks pass; next: TestB\n"}, // told no story
	} {
		var o outcomes
		for i, state := range tt.states {
			o.note("Test"+string(rune('A'+i)), state)
		}
		require.Equal(t, tt.want, o.summary().EN)
	}
}

// TestEnded: what go test calls failed does not pass, though each story holds.
func TestEnded(t *testing.T) {
	require.Equal(t, verdict.Failed, (&result{state: verdict.Passed}).ended(true))
	require.Equal(t, verdict.Todo, (&result{state: verdict.Todo}).ended(true))
	require.Equal(t, verdict.Passed, (&result{state: verdict.Passed}).ended(false))
	require.Equal(t, verdict.Failed, (&result{state: verdict.Failed}).ended(false))
}

// TestMistyped: a name that no lesson has is told, and one that another lesson has is not.
func TestMistyped(t *testing.T) {
	root := t.TempDir()
	for name, tests := range map[string][]string{"01-a": {"TestOne", "TestTwo"}, "02-b": {"TestThree"}} {
		require.NoError(t, os.Mkdir(filepath.Join(root, name), 0o700))
		var source strings.Builder
		source.WriteString("package x_test\n\nfunc TestMain(m *testing.M) { harness.Main(m) }\n")
		for _, test := range tests {
			source.WriteString("\nfunc " + test + "(t *testing.T) {}\n")
		}
		require.NoError(t, os.WriteFile(filepath.Join(root, name, "x_test.go"), []byte(source.String()), 0o600))
	}
	t.Chdir(filepath.Join(root, "01-a"))
	require.Equal(t, "-run \"TestOen\" is the name of no test. This lesson's are TestOne, TestTwo.\n",
		mistyped("TestOen").EN)
	require.NotEmpty(t, mistyped("TestOne$x/virtual").EN)
	for _, run := range []string{"", "^$", "TestOne", "Two", "TestThree$", "TestOne/virtual", "^(TestTwo)$", "("} {
		require.Empty(t, mistyped(run).EN, run)
	}
	t.Chdir(root) // where a program is run without its lesson
	require.Empty(t, mistyped("TestOen").EN)
}

// TestLessonsRunMain: each lesson's tests are run by Main.
func TestLessonsRunMain(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "lessons", "*", "*_test.go"))
	require.NoError(t, err)
	run := map[string]bool{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		dir := filepath.Dir(name)
		run[dir] = run[dir] || bytes.Contains(source, []byte("\nfunc TestMain(m *testing.M) { harness.Main(m) }\n"))
	}
	require.NotEmpty(t, run)
	for dir, ok := range run {
		require.True(t, ok, "the tests of %s have no TestMain that calls harness.Main", dir)
	}
}

// TestBeginning: what is too long for one of go test's lines ends with a whole letter, and says that it goes on.
func TestBeginning(t *testing.T) {
	require.Equal(t, "all", beginning("all", 3))
	require.Equal(t, "al…", beginning("all", 2))
	require.Equal(t, "編…", beginning("編號", 5))
}
