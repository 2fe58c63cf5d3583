package judge

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/stage/build"
)

// TestStartsQuietly: code of which something may happen as the program starts is in no program with another lesson's.
func TestStartsQuietly(t *testing.T) {
	tests := []struct {
		name, source string
		want         bool
	}{
		{"nothing", "func F() {}", true},
		{"init", "func init() {}", false},
		{"method init", "type t struct{}\nfunc (t) init() {}", true},
		{"errors", "import \"errors\"\nvar Err, e = errors.New(\"x\"), errors.New(`y`)", true},
		{"an error's method", "import \"fmt\"\n" + `var e = fmt.Errorf("y: %w", Err)`, false},
		{"a value's method", "import \"fmt\"\nvar e = fmt.Sprint(word{})", false},
		{"pattern", "import \"regexp\"\nvar p = regexp.MustCompile(`(`)", false},
		{"literals", "var m = map[string][]int{\"a\": {1}}\nvar c, b = make(chan int, 9), []byte(\"x\")", true},
		{"structs", "type t struct{ a, b int }\nvar x = []t{{a: 1}, {b: -2}}\nvar p = &x", true},
		{"times", "import \"time\"\nvar d = 5*time.Second/2 + time.Millisecond", true},
		{"function kept", "var f = func() { go g() }", true},
		{"function called", "var x = func() int { return 1 }()", false},
		{"own function called", "var x = f()", false},
		{"within", "var x = []int{f()}", false},
		{"received", "var x = <-c", false},
		{"dialled", "import \"net\"\n" + `var conn, err = net.Dial("udp", "127.0.0.1:1")`, false},
		{"index", "var none []int\nvar x = none[0]", false},
		{"nil", "var p *int\nvar x = *p", false},
		{"part of nil", "var p *struct{ a int }\nvar x = p.a", false},
		{"division", "var zero int\nvar x = 1 / zero", false},
		{"shift", "var n = -1\nvar x = 1 << n", false},
		{"assertion", "var a any\nvar x = a.(int)", false},
		{"part", "var none []int\nvar x = none[1:]", false},
		{"slice to array", "var none []int\nvar x = [1]int(none)", false},
		{"comparison", "var a, b any = []int{}, []int{}\nvar x = a == b", false},
		{"a key that can't be one", "var a any = []int{}\nvar x = map[any]int{a: 1}", false},
		{"in a map of a type", "type m map[any]int\nvar a any = []int{}\nvar x = m{a: 1}", false},
		{"a key that is made", "var x = map[any]int{any([]int{}): 1}", false},
		{"a length", "var x = make([]byte, 99999)", false},
		{"a length below zero", "var n = -1\nvar x = make([]byte, n)", false},
		{"a growing text", "var a = `aaaa`\nvar b = a + a", false},
		{"a big array", "var x [999999]int", false},
		{"arrays of arrays", "type a [99999]int\nvar x [99999]a", false},
		{"an array", "var buf [1500]byte", true},
		{"an array in a function", "func F() { var buf [1 << 16]byte; _ = buf }", true},
		{"far off", "var x = []byte{4000000000: 1}", false},
		{"errors of its own", "import \"udpkata/lessons/01-a/errors\"\n" + `var Err = errors.New("x")`, false},
		{"errors by name", "import errors \"udpkata/lessons/01-a/x\"\n" + `var Err = errors.New("x")`, false},
		{"a variable from below", "import \"udpkata/lessons/01-a/x\"\nvar v = x.V", false},
		{"imported for what it does", "import _ \"expvar\"", false},
		{"unsafe", "import \"unsafe\"\nvar x unsafe.Pointer", false},
		{"make of its own", "func make(int) int { return 1 }", false},
		{"len of its own", "var len = func(int) int { return 1 }", false},
		{"string of its own", "type string struct{}", false},
		{"in a function", "func F() { x := f(); _ = x }", true},
		{"does not parse", "func {", false},
		{"nested too deeply to be read", "var x = " + strings.Repeat("!", 100_001) + "true\nfunc init() {}", false},
		{"a function for a key", "func f() {}\nvar x = map[any]int{f: 1}", false},
		{"a function for a key of a type", "type m map[any]int\nfunc f() {}\nvar x = m{f: 1}", false},
		{"a function for a key within", "func f() {}\nvar x = []map[any]int{{f: 1}}", false},
		{"much of what is big", "type t struct{ a, b [99999]int64 }\nvar x = make([]t, 999)", false},
		{"much of what may be big", "var x = make(chan t, 999)", false},
		{"something that may be big", "var x = new(t)", false},
		{"signals", "var stop, ready = make(chan struct{}, 9), make(chan error)", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := lay(t, map[string]string{"a.go": "package a\n\n" + tt.source + "\n"})
			require.Equal(t, tt.want, startsQuietly(build.Submission{"a.go": filepath.Join(dir, "a.go")}))
		})
	}
	below := lay(t, map[string]string{"x/y/a.go": "package a\n\nfunc init() {}\n"})
	require.False(t, startsQuietly(build.Submission{"x/y/a.go": filepath.Join(below, "x", "y", "a.go")}),
		"as it is its lesson's")
	other := lay(t, map[string]string{"a.s": "TEXT start(SB), 0, $0\n"})
	require.False(t, startsQuietly(build.Submission{"a.s": filepath.Join(other, "a.s")}), "nobody reads what is no Go")
	dir := lay(t, map[string]string{"a_test.go": "package a\n\nfunc init() {}\n"})
	require.True(t, startsQuietly(build.Submission{"a_test.go": filepath.Join(dir, "a_test.go")}), "tests are left out")
}
