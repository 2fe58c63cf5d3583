package build

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// TestStage: a submission's program is of its own files, the given ones and the glue.
func TestStage(t *testing.T) {
	c := newCourse(t)
	program, refused := c.build(c.good)
	require.Empty(t, refused)
	require.Equal(t, "/udpkata/lessons/10-one/one.go", run(t, program, "10-one.Where"))
	require.Equal(t, "the course's", run(t, program, "10-one.Given"))
	require.Equal(t, "2", run(t, program, "11-two.Two"))

	t.Run("again", func(t *testing.T) {
		again, refused := c.build(c.good)
		require.Empty(t, refused)
		require.Equal(t, read(t, program), read(t, again), "the same files make the same program, in any directory")
	})
}

// TestKept: a course finds in its directory what the one before it has found, and asks no go command, unless that one
// was killed while it wrote that.
func TestKept(t *testing.T) {
	c := newCourse(t)
	program, _ := c.build(c.good)
	require.NoError(t, os.Truncate(filepath.Join(filepath.Dir(c.students), "found.json"), 100))
	_, err := NewCourse(t.Context(), c.root, filepath.Dir(c.students))
	require.NoError(t, err)
	t.Setenv("PATH", "")
	again, err := NewCourse(t.Context(), c.root, filepath.Dir(c.students))
	require.NoError(t, err)
	c.Course = again
	same, refused := c.build(c.good)
	require.Empty(t, refused)
	require.Equal(t, read(t, program), read(t, same))
	_, err = NewCourse(t.Context(), c.root, t.TempDir())
	require.Error(t, err)
}

// TestRefused: a lesson that is wrong costs itself, and the words for it name somebody's own file.
func TestRefused(t *testing.T) {
	c := newCourse(t)
	const two, rest = "package two\n\n", "func Two() int { return 2 }"
	for _, tt := range []struct{ name, code, want string }{
		{"no Go", two + "func Two() int {", "DIR/two.go:4:1: syntax error: unexpected EOF, expected }"},
		{"does not compile", two + "func Two() int { return \"\" }",
			"DIR/two.go:3:25: cannot use \"\" (untyped string constant) as int value in return"},
		{"unused", two + "import \"os\"\n\n" + rest,
			"DIR/two.go:3:8: \"os\" imported and not used"},
		{"other signature", two + "func Two() string { return \"\" }",
			"lessons/11-two: cannot use two.Two (value of type func() string) as func() int value in variable " +
				"declaration"},
		{"function is missing", two + "const Three = 3", "lessons/11-two: undefined: two.Two"},
		{"other package", "package main\n\n" + rest, "DIR/two.go: package main; expected package two"},
		{"the runner", two + "import _ \"udpkata/harness/stage/runner\"\n\n" + rest,
			"DIR/two.go:3:10: could not import udpkata/harness/stage/runner (the standard library, " +
				"golang.org/x/sys and packages below the lesson's own are all that may be)"},
		{"another lesson", two + "import _ \"udpkata/lessons/10-one\"\n\n" + rest,
			"DIR/two.go:3:10: could not import udpkata/lessons/10-one"},
		{"internal", two + "import _ \"internal/poll\"\n\n" + rest,
			"DIR/two.go:3:10: could not import internal/poll"},
		{"C", two + "import \"C\"\n\n" + rest, "DIR/two.go:3:8: could not import C"},
		{"embeds", two + "import _ \"embed\"\n\n//go:embed two.go\nvar code string\n\n" + rest,
			"DIR/two.go:5:3: invalid go:embed"},
		{"function without code", two + "func Two() int", "DIR/two.go:3:6: missing function body"},
		{"the linker refuses", two + "import _ \"unsafe\"\n\n//go:linkname goexit runtime.goexit0\nfunc goexit()\n\n" +
			"func Two() int { goexit(); return 2 }", "udpkata/lessons/11-two: invalid reference to runtime.goexit0"},
		{"too big", two + "var data [1 << 40]byte\n\nfunc Two() int { return int(data[1]) }", "too large"},
		{"for another system", "//go:build plan9\n\npackage two\n\n" + rest, "no Go file is for "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := filepath.Join(t.TempDir(), "two.go")
			write(t, code, tt.code+"\n")
			program, refused := c.build(map[string]Submission{"10-one": c.good["10-one"], "11-two": {"two.go": code}})
			require.Len(t, refused, 1)
			got := strings.ReplaceAll(refused["11-two"], filepath.Dir(code), "DIR")
			require.Contains(t, got, tt.want)
			require.True(t, strings.HasPrefix(got, tt.want) || !strings.HasPrefix(tt.want, "DIR"), got)
			require.Equal(t, "the course's", run(t, program, "10-one.Given"))
			require.Equal(t, "no such function", run(t, program, "11-two.Two"))
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, refused := c.build(map[string]Submission{"11-two": {}})
		require.Equal(t, map[string]string{"11-two": "two.go is missing"}, refused)
	})
}

// TestBelow: packages in folders below a lesson's are its own, whatever they are named.
func TestBelow(t *testing.T) {
	c := newCourse(t)
	two := func(imported, body string, below ...string) map[string]string {
		files := map[string]string{"two.go": "package two\n\nimport " + imported + "\n\nfunc Two() int " +
			"{" + body + "}\n"}
		for i := 0; i < len(below); i += 2 {
			files[below[i]] = below[i+1]
		}
		return files
	}
	const one = "package one\n\nfunc One() int { return 1 }\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"deep", two(`"udpkata/lessons/11-two/a/b/c/d/e/f/g/h"`, "return one.One()", "a/b/c/d/e/f/g/h/x.go", one), "1"},
		{"twice", two(`("udpkata/lessons/11-two/a"; "udpkata/lessons/11-two/b")`, "return a.A() + b.B()",
			"a/a.go", "package a\n\nimport \"udpkata/lessons/11-two/b\"\n\nfunc A() int { return b.B() }\n",
			"b/b.go", "package b\n\nvar n = 1\n\nfunc B() int { n++; return n }\n"), "5"},
		{"internal", two(`"udpkata/lessons/11-two/internal/a"`, "return one.One()", "internal/a/a.go", one), "1"},
		{"internal below", two(`"udpkata/lessons/11-two/a"`, "return a.A()",
			"a/a.go", "package a\n\nimport \"udpkata/lessons/11-two/a/internal/b\"\n\nfunc A() int { return "+
				"one.One() }\n",
			"a/internal/b/b.go", one), "1"},
		{"the runner's name", two(`one "udpkata/lessons/11-two/harness/stage/runner"`, "return one.One()",
			"harness/stage/runner/runner.go", one), "1"},
		{"another lesson's name", two(`one "udpkata/lessons/11-two/lessons/10-one"`, "return one.One()",
			"lessons/10-one/one.go", one), "1"},
		{"of the standard library's name", two(`("net"; mine "udpkata/lessons/11-two/net")`,
			"var a net.Addr = mine.Addr{}; _ = a; return 1",
			"net/net.go", "package net\n\nimport \"net\"\n\ntype Addr struct{ net.Addr }\n"), "1"},
		{"odd name", two(`"udpkata/lessons/11-two/_a-b.c~d+e"`, "return one.One()", "_a-b.c~d+e/a.go", one), "1"},
		{"tests and files for other systems", two(`"udpkata/lessons/11-two/a"`, "return one.One()", "a/a.go", one,
			"a/a_test.go", "package nonsense", "a/a_plan9.go", "package more nonsense"), "1"},
		{"what nobody imports", two(`_ "fmt"`, "return 1", "a/a.go", "nonsense"), "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program, refused := c.build(map[string]Submission{"11-two": c.laid(tt.files)})
			require.Empty(t, refused)
			require.Equal(t, tt.want, run(t, program, "11-two.Two"))
		})
	}
	t.Run("costs its lesson alone", func(t *testing.T) {
		_, refused := c.build(map[string]Submission{"10-one": c.good["10-one"], "11-two": c.laid(two(
			`"udpkata/lessons/11-two/a"`, "return a.A", "a/a.go", "package a\n\nconst A int = `1`\n"))})
		require.Len(t, refused, 1)
		require.Regexp(t, `^/\S+/a/a.go:3:15: cannot use `, refused["11-two"])
	})
	t.Run("another module's", func(t *testing.T) {
		_, refused := c.build(map[string]Submission{"11-two": c.laid(two(`_ "other/lessons/11-two/a"`, "return 1",
			"a/a.go", one))})
		require.Contains(t, refused["11-two"], "two.go:3:10: could not import other/lessons/11-two/a (the standard ")
	})
	t.Run("twice the same", func(t *testing.T) {
		files := two(`"udpkata/lessons/11-two/a"`, "return one.One()", "a/a.go", one)
		first, _ := c.build(map[string]Submission{"11-two": c.laid(files)})
		second, _ := c.build(map[string]Submission{"11-two": c.laid(files)})
		require.Equal(t, read(t, first), read(t, second))
	})
}

// laid writes somebody's files, and lists them.
func (c course) laid(files map[string]string) Submission {
	dir, code := c.t.TempDir(), Submission{}
	for name, source := range files {
		code[name] = filepath.Join(dir, filepath.FromSlash(name))
		write(c.t, code[name], source)
	}
	return code
}

// TestMayUse: what is internal is for those below where it is.
func TestMayUse(t *testing.T) {
	for _, tt := range []struct {
		from, folder string
		want         bool
	}{
		{".", "a", true}, {".", "internal", true}, {".", "internal/a", true}, {"a", "internal/b/c", true},
		{".", "a/internal", false}, {".", "a/internal/b", false}, {"a", "a/internal/b", true}, {"a/c", "a/" +
			"internal", true},
		{"ab", "a/internal", false}, {"b", "a/internal/internal/c", false}, {"a", "a/internal/internal/c", false},
		{"a/internal", "a/internal/internal/c", true}, {".", "internals/a", true}, {".", "a/myinternal", true},
	} {
		require.Equal(t, tt.want, mayUse(tt.from, tt.folder), "%s uses %s", tt.from, tt.folder)
	}
}

// TestCannotBuild: what is not for somebody's code is an error.
func TestCannotBuild(t *testing.T) {
	c := newCourse(t)
	t.Run("no such lesson", func(t *testing.T) {
		_, err := c.Stage(t.Context(), map[string]Submission{"12-three": nil}, t.TempDir(), "out")
		require.EqualError(t, err, "12-three: the course has no such lesson")
	})
	t.Run("over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Stage(ctx, c.good, t.TempDir(), filepath.Join(t.TempDir(), "out"))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("no packages", func(t *testing.T) {
		broken := *c.Course
		broken.Packages = ""
		_, err := broken.Stage(t.Context(), c.good, t.TempDir(), filepath.Join(t.TempDir(), "out"))
		require.ErrorContains(t, err, "no program for the stage can be built here: main.go:3:8: could not import")
	})
	t.Run("no room", func(t *testing.T) {
		_, err := c.Stage(t.Context(), c.good, t.TempDir(), filepath.Join(t.TempDir(), "no", "such", "directory"))
		require.Error(t, err)
	})
}

// A course is one of testdata/, with somebody's files for it.
type course struct {
	*Course
	t    *testing.T
	root string
	good map[string]Submission
}

func newCourse(t *testing.T) course {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "course.txtar"))
	require.NoError(t, err)
	root := t.TempDir()
	good := map[string]Submission{"10-one": {}, "11-two": {}}
	for _, f := range archive.Files {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		write(t, path, string(f.Data))
		if name, ok := strings.CutPrefix(f.Name, "good/"); ok {
			lesson := "10-one"
			if name == "two.go" {
				lesson = "11-two"
			}
			good[lesson][name] = path
		}
	}
	write(t, filepath.Join(root, "go.sum"), string(read(t, filepath.Join("..", "..", "..", "go.sum"))))
	c, err := NewCourse(t.Context(), root, t.TempDir())
	require.NoError(t, err)
	return course{c, t, root, good}
}

// build builds a program, each time in another directory.
func (c course) build(lessons map[string]Submission) (program string, refused map[string]string) {
	program = filepath.Join(c.t.TempDir(), "stage.exe")
	refused, err := c.Stage(c.t.Context(), lessons, c.t.TempDir(), program)
	require.NoError(c.t, err)
	return program, refused
}

// run returns what a program's function puts.
func run(t *testing.T, program, function string) string {
	out, err := exec.Command(program, function).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func write(t *testing.T, path, data string) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
}
