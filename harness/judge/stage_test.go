package judge

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/stage"
	"udpkata/harness/verdict"
)

// stagedCourse returns the course whose module is named as the house's is, with a runner that does nothing.
func stagedCourse() map[string]string {
	files := map[string]string{
		"harness/stage/runner/runner.go": `package runner

type In struct{}

type Out struct{}

func (*Out) Int(int64) {}

func Function(lesson, name string, f func(*In, *Out)) {}

func Main() {}
`,
		"solutions/01-tiny/tiny.go": "package tiny\n\nconst One = 1\n",
	}
	for name, source := range course {
		files[name] = strings.ReplaceAll(source, "tiny/lessons", "udpkata/lessons")
	}
	sum, _ := os.ReadFile(filepath.Join("..", "..", "go.sum"))
	files["go.sum"] = string(sum)
	files["go.mod"] = "module udpkata\n\ngo 1.26.0\n\nrequire golang.org/x/sys v0.50.0\n"
	return files
}

func newStage(t *testing.T) (*Stage, curriculum.Lesson) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where alone the code under test can have a process of its own")
	}
	root := lay(t, stagedCourse())
	lessons, err := curriculum.Load(root)
	require.NoError(t, err)
	s, err := NewStage(t.Context(), root)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoDirExists(t, s.dir)
	})
	return s, lessons[0]
}

// TestStageRefuses: of files that make no program, the same is said in whichever process they were to run. A few are
// judged by other words, or at all.
func TestStageRefuses(t *testing.T) {
	s, lesson := newStage(t)
	const right = "func A() int { return 1 }\n\nfunc B() int { return 1 }\n\nfunc C() int { return 1 }\n"
	notC := strings.ReplaceAll(right, "func C", "func D")
	imported := func(path string) map[string]string {
		return map[string]string{"tiny.go": "package tiny\n\nimport _ \"" + path + "\"\n\n" + right}
	}
	below := func(folder, source, right string) map[string]string {
		return map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"udpkata/lessons/01-tiny/" + folder + "\"\n\n" + right,
			folder + "/" + filepath.Base(folder) + ".go": source,
		}
	}
	const passes, anything = "", "as the machine has a C compiler or not"
	tests := []struct {
		name   string
		files  map[string]string
		state  verdict.State
		reason string // in one process
		apart  string // "" for the same
	}{
		{name: "does not parse", files: map[string]string{"tiny.go": "package tiny\n\nfunc A( {\n"},
			reason: "DIR/tiny.go:3:9: syntax error: unexpected {, expected )"},
		{name: "no Go", files: map[string]string{"tiny.go": "\x00\xff"},
			reason: "read DIR/tiny.go: unexpected NUL in input", apart: "DIR/tiny.go:1:1: invalid character U+0000"},
		{name: "wrong type", files: functions("", `return "1"`, "return 1", "return 1"),
			reason: `DIR/tiny.go:7:23: cannot use "1" (untyped string constant) as int value in return statement`},
		{name: "unused import", files: functions(`"os"`, "return 1", "return 1", "return 1"),
			reason: `DIR/tiny.go:4:1: "os" imported and not used`},
		{name: "refused by vet", files: functions(`"fmt"`, `fmt.Printf("%d", "x"); return 1`, "return 1", "return 1"),
			reason: `DIR/tiny.go:7:28: fmt.Printf format %d has arg "x" of wrong type string`},
		{name: "missing function", files: map[string]string{"tiny.go": "package tiny\n\n" + notC},
			reason: "lessons/01-tiny/tiny_test.go:56:42: undefined: tiny.C",
			apart:  "lessons/01-tiny: undefined: tiny.C"},
		{name: "other signature", files: map[string]string{"tiny.go": "package tiny\n\n" +
			strings.Replace(right, "C() int { return 1", "C() string { return ``", 1)},
			reason: "lessons/01-tiny/tiny_test.go:56:37: cannot use tiny.C (value of type func() string) as func() " +
				"int value in argument to check",
			apart: "lessons/01-tiny: cannot use tiny.C (value of type func() string) as func() int value in variable " +
				"declaration"},
		{name: "other package", files: map[string]string{"tiny.go": "package other\n"},
			reason: "found packages tiny (given.go) and other (tiny.go) in ROOT/lessons/01-tiny",
			apart:  "DIR/tiny.go: package other; expected package tiny"},
		{name: "missing file", state: verdict.NotRun, reason: "tiny.go is missing from DIR"},
		{name: "embeds", state: verdict.NotRun, files: map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"embed\"\n\n//go:embed given.go\nvar given string\n\n" + right,
		}, reason: "tiny.go embeds files (go:embed given.go); only Go is judged: write into the code what they hold"},
		{name: "unknown import", files: imported("example.com/nothing"),
			reason: "DIR/tiny.go:3:8: no required module provides package example.com/nothing; to add it:",
			apart: "DIR/tiny.go:3:10: could not import example.com/nothing (the standard library, " +
				"golang.org/x/sys and packages below the lesson's own are all that may be)"},
		{name: "does not compile below", files: below("a/b", "package b\n\nfunc F() int { return `` }\n", right),
			reason: "DIR/a/b/b.go:3:23: cannot use `` (untyped string constant \"\") as int value in return statement"},
		{name: "does not parse below", files: below("a/b", "package b\n\nfunc F( {\n", right),
			reason: "DIR/a/b/b.go:3:9: syntax error: unexpected {, expected )"},
		{name: "printf of a package below", files: map[string]string{
			"tiny.go": "package tiny\n\nimport \"udpkata/lessons/01-tiny/say\"\n\nfunc D() { say.Say(\"%d\", `x`) " +
				"}\n\n" +
				right,
			"say/say.go": "package say\n\nimport \"fmt\"\n\nfunc Say(f string, a ...any) { fmt.Printf(f, a...) }\n",
		}, reason: passes, apart: "DIR/tiny.go:5:21: udpkata/lessons/01-tiny/say.Say format %d has arg `x` of wrong " +
			"type string"},
		{name: "internal", files: below("a/internal/b", "package b\n", right),
			reason: "DIR/tiny.go:3:8: use of internal package udpkata/lessons/01-tiny/a/internal/b not allowed"},
		{name: "a program below", files: below("b", "package main\n\nfunc main() {}\n", right),
			reason: `DIR/tiny.go:3:8: import "udpkata/lessons/01-tiny/b" is a program, not an importable package`},
		{name: "cycle", files: below("b", "package b\n\nimport _ \"udpkata/lessons/01-tiny\"\n", right),
			reason: "package udpkata/lessons/01-tiny imports udpkata/lessons/01-tiny/b from tiny.go imports " +
				"udpkata/lessons/01-tiny from b.go: import cycle not allowed",
			apart: "DIR/b/b.go:3:8: import cycle not allowed: udpkata/lessons/01-tiny imports udpkata/lessons/" +
				"01-tiny/b " +
				"imports udpkata/lessons/01-tiny"},
		{name: "cycle below", files: map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"udpkata/lessons/01-tiny/b\"\n\n" + right,
			"b/b.go":  "package b\n\nimport _ \"udpkata/lessons/01-tiny/c\"\n",
			"c/c.go":  "package c\n\nimport _ \"udpkata/lessons/01-tiny/b\"\n",
		}, reason: "package udpkata/lessons/01-tiny imports udpkata/lessons/01-tiny/b from tiny.go imports " +
			"udpkata/lessons/01-tiny/c from b.go imports udpkata/lessons/01-tiny/b from c.go: import cycle not allowed",
			apart: "DIR/c/c.go:3:8: import cycle not allowed: udpkata/lessons/01-tiny/b imports udpkata/lessons/" +
				"01-tiny/c " +
				"imports udpkata/lessons/01-tiny/b"},
		{name: "two packages in a folder", files: map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"udpkata/lessons/01-tiny/b\"\n\n" + right,
			"b/b.go":  "package b\n",
			"b/c.go":  "package c\n",
		}, reason: "DIR/tiny.go:3:8: found packages b (b.go) and c (c.go) in ROOT/lessons/01-tiny/b",
			apart: "DIR/b/c.go: package c; expected package b"},
		{name: "for another system below", files: below("b", "//go:build plan9\n\npackage b\n", right),
			reason: "package udpkata/lessons/01-tiny imports udpkata/lessons/01-tiny/b: build constraints exclude " +
				"all Go " +
				"files in ROOT/lessons/01-tiny/b",
			apart: "udpkata/lessons/01-tiny/b: no Go file is for " + runtime.GOOS + "/" + runtime.GOARCH},
		{name: "another lesson", state: verdict.NotRun, files: below("b",
			"package b\n\nimport _ \"udpkata/lessons/02-two/x\"\n", right),
			reason: "b/b.go imports udpkata/lessons/02-two/x; a lesson is judged by itself: put a copy of that code " +
				"in its " +
				"folder, or in one below"},
		// A solution, or what the house has, is not for whoever hands something in.
		{name: "imports a solution", files: imported("udpkata/solutions/01-tiny"), reason: passes,
			apart: "DIR/tiny.go:3:10: could not import udpkata/solutions/01-tiny (the standard library, " +
				"golang.org/x/sys and packages below the lesson's own are all that may be)"},
		{name: "cgo", files: map[string]string{"tiny.go": "package tiny\n\nimport \"C\"\n\n" + right},
			reason: anything, apart: "DIR/tiny.go:3:8: could not import C (the " +
				"standard library, golang.org/x/sys and packages below the lesson's own are all that may be)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := lay(t, tt.files)
			for _, p := range []Params{{Lesson: lesson, Dir: dir}, {Lesson: lesson, Dir: dir, Stage: s}} {
				report, err := Run(t.Context(), p)
				require.NoError(t, err)
				want := tt.reason
				if p.Stage != nil {
					want = cmp.Or(tt.apart, want)
				}
				for _, r := range report.Results {
					if want == anything {
						break
					}
					reason := strings.NewReplacer(dir, "DIR", p.root(), "ROOT").Replace(r.Reason)
					require.Equal(t, want, reason)
					if want == passes {
						require.Equal(t, verdict.Passed, r.State)
						continue
					}
					require.Equal(t, cmp.Or(tt.state, verdict.DidNotCompile), r.State, reason)
				}
			}
		})
	}
}

// TestSolvedTree: what somebody has written in the tree that judges, or has added there, has no part in what is judged.
func TestSolvedTree(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where alone the code under test can have a process of its own")
	}
	files := stagedCourse()
	files["harness/stage/stage.go"] = `package stage

type Call struct{}

func Invoke(lesson, function string) *Call { return nil }

func (*Call) Run() *In { return nil }

type In struct{}

func (*In) Int() int64 { return 1 }
`
	files["lessons/01-tiny/testdata/stubs/tiny.go.txt"] = files["lessons/01-tiny/tiny.go"]
	files["lessons/01-tiny/tiny.go"] = "package tiny\n\nfunc A(c chan int) int { return"
	files["lessons/01-tiny/more.go"] = "package other\n\nfunc A() {"
	root := lay(t, files)
	lessons, err := curriculum.Load(root)
	require.NoError(t, err)
	s, err := NewStage(t.Context(), root)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	dir := lay(t, functions("", "return 1", "return 1", "return 1"))
	p := Params{Lesson: lessons[0], Dir: dir}
	report, err := Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, verdict.Passed, report.Results[0].State, report.Results[0].Output)
	p.Stage = s
	_, err = Build(t.Context(), p, t.TempDir())
	require.NoError(t, err)
}

// TestStageErrors: what is for nobody's files is an error.
func TestStageErrors(t *testing.T) {
	s, lesson := newStage(t)
	p := Params{Lesson: lesson, Dir: lay(t, functions("", "return 1", "return 1", "return 1")), Stage: s}
	t.Run("race detector", func(t *testing.T) {
		p := p
		p.Race = true
		_, err := Run(t.Context(), p)
		require.ErrorContains(t, err, "neither the race detector nor tags")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Run(ctx, p)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("the tests can't be built", func(t *testing.T) { // as the course has no package for the stand-ins
		_, err := Run(t.Context(), p)
		require.ErrorContains(t, err, "the course lacks what it needs here: ")
		require.NotContains(t, err.Error(), "\n")
	})
	t.Run("a directory that stays", func(t *testing.T) {
		dir := t.TempDir()
		for range 2 {
			kept, err := OpenStage(t.Context(), p.root(), dir)
			require.NoError(t, err)
			require.Error(t, kept.Prepare(t.Context(), lesson), "this course's tests can't be built")
			require.NoError(t, kept.Close())
			require.DirExists(t, dir)
			t.Setenv("PATH", "") // the second one needs no go command
		}
		whole := proofWords + strings.Repeat("0", 64)
		for _, proof := range []string{"", whole[:40], whole} {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, lesson.Name), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, lesson.Name, "proof"), []byte(proof), 0o644))
			kept, err := OpenStage(t.Context(), p.root(), dir)
			require.NoError(t, err)
			err = kept.Prepare(t.Context(), lesson)
			require.Equal(t, proof == whole, err == nil, "who was killed while %q was being written: %v", proof, err)
		}
	})
	t.Run("no course", func(t *testing.T) {
		_, err := NewStage(t.Context(), t.TempDir())
		require.Error(t, err)
		require.NotContains(t, err.Error(), "\n")
	})
}

// TestStageVariable: the program with the tests knows the variable by the same name.
func TestStageVariable(t *testing.T) { require.Equal(t, stage.Variable, stageVariable) }
