package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVet: what go test has go vet say of code, it says of a lesson.
func TestVet(t *testing.T) {
	c := newCourse(t)
	for _, tt := range []struct{ name, code, want string }{
		{"right", "func Two() int { return 2 }", ""},
		{"printf", `func Two() int { fmt.Printf("%d", "x"); return 2 }`,
			`DIR/two.go:5:30: fmt.Printf format %d has arg "x" of wrong type string`},
		{"a printf of its own",
			"func Two() int { say(\"%d\", `x`); return 2 }\n\nfunc say(f string, a ...any) { fmt.Printf(f, a...) }",
			"DIR/two.go:5:23: udpkata/lessons/11-two.say format %d has arg `x` of wrong type string"},
		{"unsafe", "import \"unsafe\"\n\nfunc Two() int { return int(unsafe.Sizeof(uint16(0))) }", ""},
		{"not one of go test's", "func Two() int { fmt.Print(); return 2; return 3 }", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := filepath.Join(t.TempDir(), "two.go")
			write(t, code, "package two\n\nimport \"fmt\"\n\n"+tt.code+"\n\nvar _ = fmt.Print\n")
			lessons := map[string]Submission{"10-one": c.good["10-one"], "11-two": {"two.go": code}}
			dir := t.TempDir()
			refused, err := c.Stage(t.Context(), lessons, dir, filepath.Join(t.TempDir(), "stage.exe"))
			require.NoError(t, err)
			require.Empty(t, refused)
			said, err := c.Vet(t.Context(), lessons, dir)
			require.NoError(t, err)
			require.Empty(t, said["10-one"])
			require.Equal(t, tt.want, strings.ReplaceAll(said["11-two"], filepath.Dir(code), "DIR"))
		})
	}
}

// TestVetChecks: those are made that go test makes, of the release of Go that go.mod names. A later one knows the names
// that they had then, too.
func TestVetChecks(t *testing.T) {
	if !strings.HasPrefix(runtime.Version(), "go1.26") {
		t.Skip("needs Go 1.26, whose checks they are; this is ", runtime.Version())
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("needs the command go: ", err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src",
		"cmd", "go", "internal", "test", "test.go"))
	if err != nil {
		t.Skip("needs Go's own source: ", err)
	}
	_, list, found := strings.Cut(string(source), "\nvar defaultVetFlags = []string{\n")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "\n}\n")
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\t"(-\w+)",$`).FindAllStringSubmatch(list, -1) {
		want = append(want, m[1])
	}
	require.Equal(t, want, vetChecks)
}
