package solutions_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
)

// The lesson, the solution and the misconception that the tests of the format change.
var (
	someLessons = []curriculum.Lesson{{
		Name:  "01-x",
		Tasks: []curriculum.Task{{Name: "TestX"}},
		Files: []curriculum.File{{Name: "other.go"}, {Name: "system.go", Given: true}, {Name: "x.go"}},
	}}
	someSolution = `package x

func X() int {
	n := 1

	n++
	return n
}

func Y() int {
	return 2
}
`
	someMutant = `Nothing
counts up.

killed by: TestX
says: X() returned 1: the story wants 2
means: n++ counts up
needs: IPv6
total: yes
unsteady: which of two comes first
capture: yes
true: staleTail
true: because: n++ counts up
plain: it names both numbers
-- x.go --
@@ -3,4 +3,4 @@ func
 func X() int {
-	n := 1
+	n := 0

@@
-	return 2
-- message --
x_test.go:7: X() returned 1.

--- FAIL: TestX
-- message zh-TW --
`
)

// load reads one file beside a solution.
func load(file, content string) (mutant, error) {
	all, err := loadMutants(fstest.MapFS{
		"01-x/x.go":     {Data: []byte(someSolution)},
		"01-x/other.go": {Data: []byte(someSolution)},
		file:            {Data: []byte(content)},
	}, someLessons)
	return all[0], err
}

func TestLoadMutants(t *testing.T) {
	got, err := load("mutants/01-x/counts-down.txtar", someMutant)
	require.NoError(t, err)
	changed := strings.NewReplacer("n := 1", "n := 0", "\treturn 2\n", "").Replace(someSolution)
	require.Equal(t, mutant{
		lesson: someLessons[0], name: "counts-down", path: "mutants/01-x/counts-down.txtar",
		misconception: "Nothing counts up.", killedBy: "TestX", says: "X() returned 1: the story wants 2",
		means: "n++ counts up", needs: "IPv6", unsteady: "which of two comes first", total: true, capture: true,
		file: "x.go", edited: changed,
		truths: []truth{{"staleTail", ""}, {"because", "n++ counts up"}}, plain: "it names both numbers",
		messages: map[string]string{
			"message":       "x_test.go:7: X() returned 1.\n\n--- FAIL: TestX\n",
			"message zh-TW": "",
		},
	}, got)
}

// TestLoadMutantsRefuses: each mistake in a file has one sentence, with its place and what to do.
func TestLoadMutantsRefuses(t *testing.T) {
	tests := []struct {
		name, find, put string // in the good file; find is "" for a file that is otherwise good
		want            string
	}{
		{"no sentence", "Nothing\ncounts up.\n", "", "line 1: say here what somebody believes"},
		{"no empty line", "up.\n\n", "up.\n", `no "killed by:" below the first empty line`},
		{"unknown key", "means:", "meaning:", `line 6: there is no key "meaning"; the keys are capture, killed by,`},
		{"no key", "means: n", "n", `line 6: there is no key "n++ counts up"; the keys are`},
		{"key without value", "says: X() returned 1: the story wants 2", "says:", `line 5: "says" has no value`},
		{"key twice", "means:", "says:", `line 6: a second "says"; leave one`},
		{"no killed by", "killed by: TestX\n", "", `no "killed by:" below the first empty line; name there the task`},
		{"no says", "says: X() returned 1: the story wants 2\n", "",
			`no "says:" below the first empty line; quote there`},
		{"unknown task", "killed by: TestX", "killed by: TestY", `killed by: 01-x has no task "TestY"; name one`},
		{"unknown need", "needs: IPv6", "needs: IPv7",
			`needs: nothing has the name "IPv7"; the names are IPv6, broadcast, forbidden port, lab`},
		{"total", "total: yes", "total: no", `total: "no"; want "yes", or leave the line out`},
		{"capture", "capture: yes", "capture: true", `capture: "true"; want "yes", or leave the line out`},
		{"unknown section", "-- message zh-TW --", "-- message fr --",
			`line 26: a section "message fr"; want a Go file of the solution, or one of ["message" "first message"`},
		{"any reason", "true: because: n++ counts up", "true: because",
			`line 12: true: "because" stands for any reason; add words of the one that is meant`},
		{"section twice", "-- message zh-TW --", "-- message --", `line 26: a second section "message"; leave one`},
		{"edit of a given file", "-- x.go --", "-- system.go --", "line 14: system.go is given"},
		{"no edit", someMutant[strings.Index(someMutant, "-- x.go"):strings.Index(someMutant, "-- message")], "",
			"no edit; add a section named like the solution's file"},
		{"edits of two files", "-- message --", "-- other.go --\n-	return 2\n-- message --",
			"line 22: a second edit, after that of x.go; change one file"},
		{"line of no sort", "+	n := 0", "	n := 0", `line 18: a line of an edit begins with "-", "+" or a blank`},
		{"nowhere", "-	n := 1", "-	n := 7", "line 15: the solution has no such lines; copy"},
		{"half a line", "-	return 2", "-	return", "line 20: the solution has no such lines; copy"},
		{"twice", "-	return 2", " }", "line 20: such lines stand in the solution 2 times; add one"},
		{"no place", "-	return 2", "+	return 2",
			"line 20: the edit does not say where; begin with a line that stays"},
		{"itself", "-	n := 1\n+	n := 0\n\n@@\n-	return 2\n", "", "line 16: the edit changes nothing"},
		{"last line", "-- message zh-TW --\n", "-- message zh-TW --", "its last line has no line end; add one"},
		{"line ends of Windows", "counts up.\n", "counts up.\r\n", `it has "\r" in it; save it with line ends`},
		{"blanks in a head", "-- message --", "--  message --",
			`line 22: a section's first line must be "-- message --"`},
	}
	const file = "mutants/01-x/counts-down.txtar"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, someMutant, tt.find)
			_, err := load(file, strings.Replace(someMutant, tt.find, tt.put, 1))
			require.ErrorContains(t, err, file+": "+tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	for file, want := range map[string]string{
		"mutants/01-x/counts-down.txt":        "no misconception: the name of such a file ends in .txtar",
		"mutants/02-y/counts-down.txtar":      "no lesson has this folder; a misconception's file is",
		"mutants/counts-down.txtar":           "no lesson has this folder; a misconception's file is",
		"mutants/01-x/deep/counts-down.txtar": "no lesson has this folder; a misconception's file is",
	} {
		_, err := load(file, someMutant)
		require.ErrorContains(t, err, file+": "+want)
	}
	_, err := load("mutants/02-y/counts-down.txtar", someMutant)
	require.ErrorContains(t, err, "mutants/01-x: there is no misconception yet; write one")
}

// TestWithMessage: a message is all that changes, byte for byte, and none is read as something else.
func TestWithMessage(t *testing.T) {
	const message = "x_test.go:8: no\n\n  -- a --\n--- FAIL: TestX\n"
	got, err := withMessage([]byte(someMutant), "message", message)
	require.NoError(t, err)
	before, _, _ := strings.Cut(someMutant, "x_test.go")
	to := strings.Index(someMutant, "-- message zh-TW --")
	require.Equal(t, before+message+someMutant[to:], string(got))

	got, err = withMessage([]byte(someMutant), "message zh-TW", message)
	require.NoError(t, err)
	require.Equal(t, someMutant+message, string(got))

	got, err = withMessage([]byte(someMutant), "message zh-TW", "")
	require.NoError(t, err)
	require.Equal(t, someMutant[:to], string(got))

	unwritten, _, _ := strings.Cut(someMutant, "-- message --\n")
	got, err = withMessage([]byte(unwritten), "message", message)
	require.NoError(t, err)
	require.Equal(t, unwritten+"-- message --\n"+message, string(got))

	for _, bad := range []string{"-- a --\n", "no\n-- a --\nno\n", "no\n-- message zh-TW --\n", "no"} {
		_, err := withMessage([]byte(someMutant), "message", bad)
		require.ErrorContains(t, err, "a section can't keep this message", bad)
	}
}
