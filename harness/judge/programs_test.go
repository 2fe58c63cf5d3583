package judge

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/stage/build"
)

// TestRunsByItself: code that runs before any function is called is in no program with another lesson's.
func TestRunsByItself(t *testing.T) {
	tests := []struct {
		name, source string
		want         bool
	}{
		{"nothing", "func F() {}", false},
		{"init", "func init() {}", true},
		{"method init", "type t struct{}\nfunc (t) init() {}", false},
		{"errors", "import (\"errors\"; \"fmt\")\n" + `var Err, e = errors.New("x"), fmt.Errorf("y: %w", Err)`, false},
		{"pattern", "import \"regexp\"\nvar p = regexp.MustCompile(`a`)", false},
		{"literals", "var m = map[string][]int{\"a\": {1}}\nvar c, b = make(chan int, len(m)), []byte(\"x\")", false},
		{"function kept", "var f = func() { go g() }", false},
		{"function called", "var x = func() int { return 1 }()", true},
		{"own function called", "var x = f()", true},
		{"within", "var x = []int{f()}", true},
		{"received", "var x = <-c", true},
		{"dialled", `var conn, err = net.Dial("udp", "127.0.0.1:1")`, true},
		{"errors of its own", "import \"udpkata/lessons/01-a/errors\"\n" + `var Err = errors.New("x")`, true},
		{"errors by name", "import errors \"udpkata/lessons/01-a/x\"\n" + `var Err = errors.New("x")`, true},
		{"make of its own", "func make(int) int { return 1 }", true},
		{"len of its own", "var len = func(int) int { return 1 }", true},
		{"in a function", "func F() { x := f(); _ = x }", false},
		{"does not parse", "func {", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := lay(t, map[string]string{"a.go": "package a\n\n" + tt.source + "\n"})
			require.Equal(t, tt.want, runsByItself(build.Submission{"a.go": filepath.Join(dir, "a.go")}))
		})
	}
	below := lay(t, map[string]string{"x/y/a.go": "package a\n\nfunc init() {}\n"})
	require.True(t, runsByItself(build.Submission{"x/y/a.go": filepath.Join(below, "x", "y", "a.go")}), "as it is its "+
		"lesson's")
	dir := lay(t, map[string]string{"a_test.go": "package a\n\nfunc init() {}\n"})
	require.False(t, runsByItself(build.Submission{"a_test.go": filepath.Join(dir, "a_test.go")}), "tests are left out")
}
