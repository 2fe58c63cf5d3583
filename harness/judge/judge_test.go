package judge

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/verdict"
)

// A course of one lesson with three tasks, which says itself how they ended.
var course = map[string]string{
	"go.mod": "module tiny\n\ngo 1.26.0\n",
	"lessons/01-tiny/tiny.go": `package tiny

func A() int { panic("TODO: write A") }

func B() int { panic("TODO: write B") }

func C() int { panic("TODO: write C") }
`,
	"lessons/01-tiny/given.go": `package tiny

//kata:given

const Given = true
`,
	"lessons/01-tiny/tiny_test.go": `package tiny_test

import (
	"runtime/debug"
	"testing"

	tiny "tiny/lessons/01-tiny"
)

func init() { debug.SetMaxStack(1 << 20) }

var ran int // tests, in this process

func check(t *testing.T, f func() int) {
	ran++
	defer func() {
		switch r := recover(); r {
		case nil:
		default:
			t.Attr("kata.state", "todo")
			t.Attr("kata.reason", "tiny.go:1: TODO")
			t.FailNow()
		}
	}()
	switch got := f(); {
	case got == 99:
		t.Skip("skipped without a word to the judge")
	case got == 98 && ran > 1:
		t.Attr("kata.state", "not run")
		t.Attr("kata.reason", "for another's sake")
		t.SkipNow()
	case got == 97:
		return
	case got != 1 && got != 98 || !tiny.Given:
		t.Attr("kata.state", "failed")
		t.Attr("kata.reason", "it is not 1")
		t.Attr("kata.rules", "oneLess because")
		t.Fatalf("got %d, want 1", got)
	}
	t.Attr("kata.state", "passed")
}

// TestA: returns 1.
//
//kata:points 1
func TestA(t *testing.T) { check(t, tiny.A) }

// TestB: returns 1.
//
//kata:points 1
func TestB(t *testing.T) { check(t, tiny.B) }

// TestC: returns 1.
//
//kata:points 1
func TestC(t *testing.T) { check(t, tiny.C) }
`,
	"lessons/01-tiny/hints.md":       hints,
	"lessons/01-tiny/hints.zh-TW.md": hints,
}

const hints = `# Hints

## TestA

It is 1.

1. Think.
2. Return 1.

## TestB

It is 1.

1. Think.
2. Return 1.

## TestC

It is 1.

1. Think.
2. Return 1.
`

// lay writes files below a new directory.
func lay(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// params returns what to judge: these files, in a course of their own. The test is
// skipped where its program runs without Go, as on a system that it was only built for.
func params(t *testing.T, files map[string]string) Params {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
	root := lay(t, course)
	lessons, err := curriculum.Load(root)
	require.NoError(t, err)
	return Params{Lesson: lessons[0], Dir: lay(t, files)}
}

// functions returns a student's file with these bodies of A, B and C.
func functions(imports, a, b, c string) map[string]string {
	return map[string]string{"tiny.go": fmt.Sprintf(
		"package tiny\n\nimport (\n%s\n)\n\nfunc A() int { %s }\n\nfunc B() int { %s }\n\nfunc C() int { %s }\n",
		imports, a, b, c)}
}

// withInit returns a right solution beside a file with an init function.
func withInit(text string) map[string]string {
	files := functions("", "return 1", "return 1", "return 1")
	files["init.go"] = text
	return files
}

// divided returns a right solution that is divided into packages, with other files added, or in the place of its own.
func divided(more map[string]string) map[string]string {
	files := map[string]string{
		"tiny.go": "package tiny\n\nimport \"tiny/lessons/01-tiny/internal/one\"\n\nfunc A() int { return one.One() " +
			"}\n\n" +
			"func B() int { return one.One() }\n\nfunc C() int { return one.One() }\n",
		"internal/one/one.go": "package one\n\nimport \"tiny/lessons/01-tiny/net/two\"\n\nfunc One() int { return " +
			"two.Two() - 1 }\n",
		"net/two/two.go": "package two\n\nfunc Two() int { return 2 }\n",
	}
	maps.Copy(files, more)
	return files
}

// chainOfPackages returns a solution with packages, each of which imports the next.
func chainOfPackages(n int) map[string]string {
	files := functions(`_ "tiny/lessons/01-tiny/p0"`, "return 1", "return 1", "return 1")
	for i := range n {
		files[fmt.Sprintf("p%d/p.go", i)] = fmt.Sprintf("package p\n\nimport _ \"tiny/lessons/01-tiny/p%d\"\n", i+1)
	}
	return files
}

// unhurried is a timeout that tasks which end keep on a busy machine as well.
const unhurried = 5 * time.Second

// A wanted is a task's state and a part of its reason.
type wanted struct {
	state  verdict.State
	reason string
}

var passed = wanted{state: verdict.Passed}

func all(state verdict.State, reason string) []wanted {
	w := wanted{state, reason}
	return []wanted{w, w, w}
}

func TestRun(t *testing.T) {
	const here = runtime.GOOS + " on " + runtime.GOARCH + "."
	tests := []struct {
		name    string
		files   map[string]string
		timeout time.Duration
		want    []wanted
		notes   []string
	}{
		{name: "todo", files: functions("", "return 1", `panic("TODO: write B")`, `panic("TODO: write C")`),
			want: []wanted{passed, {verdict.Todo, "TODO"}, {verdict.Todo, "TODO"}}},
		{name: "each its own", files: functions("", "return 2", "return 99", "return 97"),
			want: []wanted{{verdict.Failed, "it is not 1"}, {verdict.Skipped, "skipped without a word"},
				{verdict.NotRun, "passed without telling a story"}}},
		{name: "right, with a file of the student's own", files: map[string]string{
			"tiny.go": "package tiny\n\nfunc A() int { return one }\n\nfunc B() int { return one }\n\nfunc C() int { " +
				"return one }\n",
			"one.go": "package tiny\n\nconst one = 1\n",
		}, want: all(verdict.Passed, "")},

		{name: "does not parse", files: map[string]string{"tiny.go": "package tiny\n\nfunc A( {\n"},
			want: all(verdict.DidNotCompile, filepath.Join("DIR", "tiny.go")+":3:")},
		{name: "is no Go", files: map[string]string{"tiny.go": "\x00\xff"},
			want: all(verdict.DidNotCompile, filepath.Join("DIR", "tiny.go")+": unexpected NUL")},
		{name: "wrong type", files: functions("", `return "1"`, "return 1", "return 1"),
			want: all(verdict.DidNotCompile, filepath.Join("DIR", "tiny.go")+":7:")},
		{name: "refused by vet", files: functions(`"fmt"`, `fmt.Printf("%d", "x"); return 1`, "return 1", "return 1"),
			want: all(verdict.DidNotCompile, filepath.Join("DIR", "tiny.go")+":7:")},
		{name: "other signature",
			files: map[string]string{"tiny.go": "package tiny\n\nfunc A() string { return `` }\n"},
			want:  all(verdict.DidNotCompile, "tiny_test.go:")},
		{name: "other package", files: map[string]string{"tiny.go": "package other\n"},
			want: all(verdict.DidNotCompile, "found packages")},
		{name: "unknown import", files: functions(`_ "example.com/nothing"`, "return 1", "return 1", "return 1"),
			want: all(verdict.DidNotCompile, "example.com/nothing")},

		{name: "no files", files: nil, want: all(verdict.NotRun, "tiny.go is missing from DIR")},
		{name: "files that are the course's", files: map[string]string{
			"tiny.go": "package tiny\n\nfunc A() int { return 1 }\n\nfunc B() int { return 1 }\n\nfunc C() int " +
				"{ return 1 }\n",
			"tiny_test.go": "package tiny_test\n",
			"z_test.go":    "package tiny_test\n\nimport \"os\"\n\nfunc init() { os.Exit(0) }\n",
			"given.go":     "package tiny\n\nconst Given = false\n",
			"go.mod":       "module other\n",
		}, want: all(verdict.Passed, ""), notes: []string{
			"given.go was left out: this file is given, and not to be changed.",
			"tiny_test.go was left out: the tests are the course's.",
			"z_test.go was left out: the tests are the course's.",
		}},
		{name: "packages below the lesson's", files: divided(map[string]string{
			"internal/one/one_test.go": "package one\n\nfunc init() { panic(1) }\n",
			"internal/one/one.s":       "TEXT ·D(SB),0,$0\n",
			"try/main.go":              "package main // for somebody who tries things, and does not com",
		}), want: all(verdict.Passed, ""), notes: []string{
			"internal/one/one.s was left out: only Go is judged.",
			"internal/one/one_test.go was left out: the tests are the course's.",
		}},
		{name: "a package below that does not compile", files: divided(map[string]string{
			"net/two/two.go": "package two\n\nfunc Two() int { return `` }\n",
		}), want: all(verdict.DidNotCompile, filepath.Join("DIR", "net", "two", "two.go")+":3:25: cannot use")},
		{name: "a package below that panics first", files: divided(map[string]string{
			"net/two/init.go": "package two\n\nfunc init() { panic(7) }\n",
		}), want: all(verdict.Crashed, "before its first test: panic: 7, at net/two/init.go:3.")},
		{name: "a package below that is not there", files: map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"tiny/lessons/01-tiny/one\"\n",
		}, want: all(verdict.DidNotCompile, filepath.Join("DIR", "tiny.go")+":3:8: package tiny/lessons/01-tiny/one "+
			"is "+
			"not in std")},
		{name: "another lesson's package", files: divided(map[string]string{
			"net/two/two.go": "package two\n\nimport _ \"tiny/lessons/02-other/one\"\n",
		}), want: all(verdict.NotRun, "net/two/two.go imports tiny/lessons/02-other/one; a lesson is judged by "+
			"itself: put "+
			"a copy of that code in its folder, or in one below")},
		{name: "packages without end", files: chainOfPackages(MostFiles + 100),
			want: all(verdict.NotRun, "there are more than 100 files with code; join some")},
		{name: "an embedded file", files: map[string]string{
			"tiny.go": "package tiny\n\nimport _ \"embed\"\n\n//go:embed one.txt\nvar one string\n",
			"one.txt": "1",
		}, want: all(verdict.NotRun, "tiny.go embeds files (go:embed one.txt); only Go is judged")},
		{name: "assembly", files: map[string]string{
			"tiny.go": "package tiny\n\nfunc A() int { return 1 }\n\nfunc B() int { return 1 }\n\nfunc C() int " +
				"{ return 1 }\n",
			"tiny.s": "TEXT ·D(SB),0,$0\n",
		}, want: all(verdict.Passed, ""), notes: []string{"tiny.s was left out: only Go is judged."}},
		{name: "other systems and programs", files: map[string]string{
			"tiny.go": "package tiny\n\nfunc A() int { return 1 }\n\nfunc B() int { return 1 }\n\nfunc C() int " +
				"{ return 1 }\n",
			"tiny_plan9.go": "package tiny\n\nfunc A() int { return 2 }\n",
			"try.go":        "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
		}, want: all(verdict.Passed, ""), notes: []string{
			"tiny_plan9.go was left out: by its name or its build tag, it is not for " + here,
			"try.go was left out: by its name or its build tag, it is not for " + here,
		}},
		{name: "huge file", files: map[string]string{"tiny.go": "package tiny\n" + strings.Repeat("\n", MaxFileSize)},
			want: all(verdict.NotRun, "tiny.go has more than 1048576 bytes; make it shorter")},

		{name: "endless init", files: withInit("package tiny\n\nfunc init() { for { } }\n"),
			timeout: time.Second, want: all(verdict.Stuck, "The program did not end within 1s before its first test")},
		{name: "exit in init", files: withInit("package tiny\n\nimport \"os\"\n\nfunc init() { os.Exit(0) }\n"),
			want: all(verdict.Crashed, "The program ended with status 0 before its first test, as os.Exit does.")},
		{name: "panic in init", files: withInit("package tiny\n\nfunc init() { panic(7) }\n"),
			want: all(verdict.Crashed, "before its first test: panic: 7, at init.go:3.")},
		{name: "exit 0 in a task", files: functions(`"os"`, "return 1", "os.Exit(0); return 1", "return 1"),
			// testing makes it a panic, which this course's check recovers
			want: []wanted{passed, {verdict.Todo, ""}, passed}},
		{name: "exit 3 in a task", files: functions(`"os"`, "return 1", "os.Exit(3); return 1", "return 1"),
			want: []wanted{passed, {verdict.Crashed,
				"The process ended with status 3 in the middle of the task, as os.Exit does."}, passed}},
		{name: "panic of a goroutine", files: functions("", "return 1", `go panic("oh"); select {}`, "return 1"),
			want: []wanted{passed, {verdict.Crashed, "panic: oh, at tiny.go:9."}, passed}},
		{name: "stack overflow", files: functions("", "return A() + 1", "return 1", "return 1"),
			want: []wanted{{verdict.Crashed, "goroutine stack exceeds 1048576-byte limit, at tiny.go:7."}, passed,
				passed}},
		{name: "deadlock of all", files: functions("", "return 1", "select {}", "return 1"),
			want: []wanted{passed, {verdict.Crashed, "all goroutines are asleep"}, passed}},
		{name: "endless task", files: functions("", "return 1", "for {}", "return 1"), timeout: unhurried,
			want: []wanted{passed, {verdict.Stuck, "The task did not end within 5s, and was stopped."}, passed}},
		{name: "endless output", files: functions(`"fmt"`, "return 1",
			`for { fmt.Println("again and again and again") }`, "return 1"),
			want: []wanted{passed, {verdict.Stuck, "The task printed more than 8 MiB, and was stopped."}, passed}},
		{name: "exit after the last task", files: functions("\"os\"\n\"time\"", "return 1", "return 1",
			"time.AfterFunc(0, func() { os.Exit(4) }); select {}"),
			want: []wanted{passed, passed, {verdict.Crashed, "status 4"}}},
		{name: "goexit", files: functions(`"runtime"`, "return 1", "runtime.Goexit(); return 1", "return 1"),
			want: []wanted{passed, {verdict.Crashed,
				"panic: test executed panic(nil) or runtime.Goexit, at tiny.go:9."}, passed}},

		{name: "not run for another's sake", files: functions("", "return 1", "return 98", "return 98"),
			want: all(verdict.Passed, "")},
		{name: "prints a verdict", files: functions(`"fmt"`, `fmt.Print("half a line "); return 1`,
			`fmt.Println("--- PASS: TestB (0.00s)"); return 2`, "return 1"),
			want: []wanted{passed, {verdict.Failed, "it is not 1"}, passed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := params(t, tt.files)
			p.Timeout = tt.timeout
			report, err := Run(context.Background(), p)
			require.NoError(t, err)
			require.Len(t, report.Results, len(tt.want))
			for i, want := range tt.want {
				got := report.Results[i]
				reason := strings.ReplaceAll(got.Reason, p.Dir, "DIR")
				require.Equal(t, want.state, got.State, "%s: %s\n%s", got.Task, reason, got.Output)
				require.Contains(t, reason, want.reason)
				require.NotContains(t, reason, "\n")
				require.Equal(t, got.State == verdict.Passed, reason == "", reason)
				if reason == "it is not 1" {
					require.Equal(t, []string{"oneLess", "because"}, got.Rules)
				}
			}
			require.Equal(t, tt.notes, report.Notes)
		})
	}
}

// TestRunErrors: what keeps the judge from judging is an error, and not a
// verdict on anybody.
func TestRunErrors(t *testing.T) {
	right := functions("", "return 1", "return 1", "return 1")

	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := Run(ctx, params(t, right))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("no repository", func(t *testing.T) {
		p := params(t, right)
		p.Lesson.Dir = filepath.Join(t.TempDir(), "no", "lessons", "01-tiny")
		_, err := Run(context.Background(), p)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("a module is not there", func(t *testing.T) {
		p := params(t, functions("", "return 1", "return", "return 1"))
		source := "package tiny_test\n\nimport _ \"example.com/nothing\"\n"
		require.NoError(t, os.WriteFile(filepath.Join(p.Lesson.Dir, "needs_test.go"), []byte(source), 0o600))
		_, err := Run(context.Background(), p)
		require.ErrorContains(t, err, "the course lacks what it needs")
		require.ErrorContains(t, err, "example.com/nothing")
	})
	t.Run("built once, run twice", func(t *testing.T) {
		p := params(t, functions(`"os"`, `return len(os.Getenv("TINY"))`, "return 1", "return 1"))
		var err error
		p.Program, err = Build(context.Background(), p, t.TempDir())
		require.NoError(t, err)
		for tiny, want := range map[string]verdict.State{"1": verdict.Passed, "22": verdict.Failed} {
			p.Env = []string{"TINY=" + tiny}
			report, err := Run(context.Background(), p)
			require.NoError(t, err)
			require.Equal(t, want, report.Results[0].State)
		}
		_, err = Build(context.Background(), params(t, functions("", "return", "return 1", "return 1")), t.TempDir())
		require.ErrorContains(t, err, "not enough return values")
	})
	t.Run("overlay without effect", func(t *testing.T) {
		p := params(t, right)
		var err error
		p.Program, err = Build(context.Background(), p, t.TempDir())
		require.NoError(t, err)
		p.Program.proof = "kata-overlay of other files"
		_, err = Run(context.Background(), p)
		require.ErrorContains(t, err, "go did not use the overlay")
	})
}

// TestMachines: where nothing could be judged, whatever somebody's files are, that is one
// line, and no verdict on anybody; neither is what somebody has set for go of another
// use.
func TestMachines(t *testing.T) {
	right := functions("", "return 1", "return 1", "return 1")
	wrong := functions("", "return 2", "return 1", "return 1")
	for name, tt := range map[string]struct {
		files map[string]string
		env   map[string]string
		edit  func(p *Params)
		want  string
	}{
		"vendored": {files: right, env: map[string]string{"GOFLAGS": "-mod=vendor"}, edit: func(p *Params) {
			require.NoError(t, os.WriteFile(filepath.Join(p.root(), "go.mod"),
				[]byte("module tiny\n\ngo 1.26.0\n\nrequire example.com/nothing v1.0.0\n"), 0o600))
		}, want: "(take -mod=vendor out of GOFLAGS)"},
		"cache that can't be written": {files: right, env: map[string]string{"GOCACHE": os.DevNull + "/cache"},
			want: "(set GOCACHE to a directory that can be written)"},
		"no C compiler": {files: right, env: map[string]string{"CC": "no-such-compiler"},
			edit: func(p *Params) { p.Race = true }, want: "(the race detector needs a C compiler, such as gcc)"},
		"no cgo": {files: right, env: map[string]string{"CGO_ENABLED": "0"},
			edit: func(p *Params) { p.Race = true }, want: "the race detector needs a C compiler"},
		"an older Go": {files: right, env: map[string]string{"GOTOOLCHAIN": "local"}, edit: func(p *Params) {
			course := []byte("module tiny\n\ngo 1.99\n")
			require.NoError(t, os.WriteFile(filepath.Join(p.root(), "go.mod"), course, 0o600))
		}, want: "(install the Go that the course's go.mod names, or a later one)"},
		"a go.work above": {files: right, edit: func(p *Params) {
			work := filepath.Join(filepath.Dir(p.root()), "go.work")
			require.NoError(t, os.WriteFile(work, []byte("go 1.26.0\n"), 0o600))
		}, want: "(GOWORK=off keeps a go.work above the clone out of it)"},
		"lessons behind a link": {files: right, edit: func(p *Params) {
			there, clone := filepath.Join(t.TempDir(), "there"), p.root()
			require.NoError(t, os.Rename(filepath.Join(clone, "lessons"), there))
			require.NoError(t, os.Symlink(there, filepath.Join(clone, "lessons")))
			lessons, err := curriculum.Load(clone)
			require.NoError(t, err)
			p.Lesson = lessons[0]
		}, want: "must not be a symbolic link"},
		"another system": {files: right, env: map[string]string{"GOOS": "plan9"}, want: "no program can be started"},
		"timers of old":  {files: right, env: map[string]string{"GODEBUG": "asynctimerchan=1"}, want: "unset GODEBUG"},
		"nothing starts": {files: right, edit: func(p *Params) {
			source := "package tiny_test\n\nimport \"os\"\n\nfunc init() { os.Exit(7) }\n"
			require.NoError(t, os.WriteFile(filepath.Join(p.Lesson.Dir, "ends_test.go"), []byte(source), 0o600))
		}, want: "no test program starts here, not even the course's own"},

		"flags": {files: wrong, env: map[string]string{"GOFLAGS": "-json -trimpath -cover -v -count=3 -tags=any"}},
		"flags, and does not compile": {files: functions("", "return", "return 1", "return 1"),
			env: map[string]string{"GOFLAGS": "-json"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := params(t, tt.files)
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			if tt.edit != nil {
				tt.edit(&p)
			}
			report, err := Run(context.Background(), p)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				require.NotContains(t, err.Error(), "\n")
				require.Empty(t, report.Results)
				return
			}
			require.NoError(t, err)
			require.Contains(t, []verdict.State{verdict.Failed, verdict.DidNotCompile}, report.Results[0].State)
			refused := filepath.Join(p.Dir, "tiny.go") + ":7:16: not enough return values"
			require.Contains(t, []string{"it is not 1", refused}, report.Results[0].Reason)
		})
	}
}

// TestRootThroughALink: a course behind a symbolic link is judged as well, and
// judged over the right files.
func TestRootThroughALink(t *testing.T) {
	p := params(t, functions("", "return 1", "return 2", "return 1"))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(p.root(), link); err != nil {
		t.Skip(err)
	}
	t.Chdir(link) // by which the variable PWD names it too
	lessons, err := curriculum.Load(link)
	require.NoError(t, err)
	p.Lesson = lessons[0]
	t.Chdir(link) // which sets PWD as well: somebody works behind the link
	report, err := Run(context.Background(), p)
	require.NoError(t, err)
	require.Equal(t, verdict.Passed, report.Results[0].State)
	require.Equal(t, verdict.Failed, report.Results[1].State)
}

// TestFailed: which stories failed is what the tests say, and not what the code prints.
func TestFailed(t *testing.T) {
	p := params(t, functions(`"fmt"`, `fmt.Println("\n--- FAIL: TestA/loopback/ip4 (0.00s)"); return 2`, "return 1",
		"return 1"))
	stories := "package tiny_test\n\nimport \"testing\"\n\n// TestD: two stories.\n//\n//kata:points 1\n" +
		"func TestD(t *testing.T) { for _, name := range []string{`virtual/ip4`, `loopback/ip4`} {\n" +
		"t.Run(name, func(t *testing.T) { if name == `virtual/ip4` { check(t, tiny.A) } }) } }\n"
	stories = strings.Replace(stories, "\n\n// TestD", "\n\nimport tiny \"tiny/lessons/01-tiny\"\n\n// TestD", 1)
	require.NoError(t, os.WriteFile(filepath.Join(p.Lesson.Dir, "z_test.go"), []byte(stories), 0o600))
	p.Tasks = []string{"TestA", "TestD"}
	report, err := Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, verdict.Failed, report.Results[0].State)
	require.Contains(t, report.Results[0].Output, "--- FAIL: TestA/loopback/ip4")
	require.Empty(t, report.Results[0].Failed)
	require.Equal(t, []string{"virtual/ip4"}, report.Results[1].Failed)
}

// TestNotAFile: a directory that is named like a file to write is not read.
func TestNotAFile(t *testing.T) {
	p := params(t, nil)
	require.NoError(t, os.Mkdir(filepath.Join(p.Dir, "tiny.go"), 0o700))
	report, err := Run(context.Background(), p)
	require.NoError(t, err)
	require.Equal(t, Result{Task: "TestA", State: verdict.NotRun, Reason: "tiny.go is not a regular file"},
		report.Results[0])
}

// TestAddedPackages: packages that somebody who learns in this tree has added below a lesson's are no part of what is
// judged.
func TestAddedPackages(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"whole": divided(nil),
		"part": divided(map[string]string{"net/two/two.go": "package two\n\nfunc Two() int { return more }\n",
			"net/two/more.go": "package two\n\nconst more = 2\n"}),
	} {
		t.Run(name, func(t *testing.T) {
			p := params(t, divided(nil))
			for _, file := range []string{"net/two/two.go", "net/two/more.go"} {
				if files[file] == "" {
					continue
				}
				at := filepath.Join(p.Lesson.Dir, filepath.FromSlash(file))
				require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
				require.NoError(t, os.WriteFile(at, []byte(files[file]), 0o600))
			}
			report, err := Run(t.Context(), p)
			require.NoError(t, err)
			require.Equal(t, verdict.Passed, report.Results[0].State, report.Results[0].Output)

			require.NoError(t, os.RemoveAll(filepath.Join(p.Dir, "net")))
			report, err = Run(t.Context(), p)
			require.NoError(t, err)
			require.Equal(t, verdict.DidNotCompile, report.Results[0].State, "with the tree's own package: %s",
				report.Results[0].Output)
		})
	}
}

// TestNoVet: what only go vet minds is left out with it.
func TestNoVet(t *testing.T) {
	p := params(t, functions(`"fmt"`, `fmt.Printf("%d", "x"); return 1`, "return 1", "return 1"))
	p.NoVet = true
	report, err := Run(context.Background(), p)
	require.NoError(t, err)
	for _, r := range report.Results {
		require.Equal(t, verdict.Passed, r.State, r.Reason)
	}
}
