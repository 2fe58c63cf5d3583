package standin

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/curriculum/given"
)

var update = flag.Bool("update", false, "write what is generated now to testdata/")

// TestBackAndForth: values get through a call, both ways, as they were, whatever of the known types they have.
func TestBackAndForth(t *testing.T) {
	m := newModule(t)
	for _, tt := range []struct{ name, want string }{
		{"everything", "as it was\n"},
		{"back", strings.TrimLeft(`
true :7 a+b true true
true true true :7 a+b
<nil> <nil> <nil> <nil>
Send sent
Reset
Write written
4 EOF 3 "xyz\x00" true unsupported operation
q49 <nil>
q50 <nil>
nobody asks <nil>
true true false true 1
no socket 7
invalid argument
true
`, "\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, archive := readLesson(t, tt.name)
			m.add(l, archive)
			require.Equal(t, tt.want, m.play(l))
		})
	}
}

// TestGenerated: what is generated is what was read when it was last looked at.
func TestGenerated(t *testing.T) {
	const path = "testdata/back.generated.txtar"
	l, _ := readLesson(t, "back")
	got := txtar.Format(&txtar.Archive{Comment: []byte("What is made of back.txtar.\n\n"), Files: generated(t, l)})
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// TestLessons: both halves of each lesson of the course compile.
func TestLessons(t *testing.T) {
	m := newModule(t)
	all, err := curriculum.Load(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	n := 0
	for _, l := range all {
		if len(l.Files) == 0 {
			glue, err := Glue(l)
			require.NoError(t, err)
			require.Empty(t, glue)
			continue
		}
		var code txtar.Archive
		for _, f := range l.Files {
			source, err := os.ReadFile(filepath.Join(l.Dir, f.Name))
			require.NoError(t, err)
			code.Files = append(code.Files, txtar.File{Name: "student/" + f.Name, Data: source})
		}
		m.add(l, &code)
		n++
	}
	require.NotZero(t, n)
	m.run("go", "build", "./...")
}

// TestRefused: a stub that the link can't carry is refused in one line, which says where, and what could be.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, code, at, typ, why string }{
		{"of another package", `import "os"; func F(f *os.File) {}`, "2:23: F", "*os.File",
			"it is of another package"},
		{"result", `func F() (int, chan int) { return 0, nil }`, "2:16: F", "chan int",
			"it can't be sent"},
		{"second of a list", `func F(a, b any) {}`, "2:13: F", "any",
			"an interface has to be one of the package's, and a parameter"},
		{"returned function", `func F() func() { return nil }`, "2:10: F", "func()",
			"a function can be a parameter alone"},
		{"returned context", `import "context"; func F() (c context.Context) { return }`, "2:31: F", "context.Context",
			"not at this place"},
		{"socket in a callback", `import "net"; func F(f func(net.Conn)) {}`, "2:24: F", "func(net.Conn)",
			"net.Conn in it: not at this place"},
		{"socket of the kernel's for a callback", `import "net"; func F(f func() *net.UDPConn) {}`, "2:24: F",
			"func() *net.UDPConn", "*net.UDPConn in it: not at this place"},
		{"field", `type T struct{ A []T2 }; type T2 struct { b int }; func F(t T) {}`, "2:61: F", "T",
			"its field A: its field b is not exported"},
		{"recursive", `type T struct{ Next *T }; func F(t *T) {}`, "2:36: F", "*T",
			"its field Next: it is a part of itself"},
		{"handle by value", `type T struct{}; func (t *T) M() {}; func F(t T) {}`, "2:47: F", "T",
			"T has methods, so it is known by its pointer alone"},
		{"not exported", `type t int; func F(t) {}`, "2:20: F", "t",
			"t is not exported"},
		{"generic", `func F[T any](t T) {}`, "2:6: F", "", "it is generic"},
		{"generic type", `type G[T any] struct{ A T }; func F(G[int]) {}`, "2:37: F", "G[int]",
			"G is generic"},
		{"nothing, often", `func F([]struct{}) {}`, "2:8: F", "[]struct{}",
			"its elements are nothing"},
		{"key", `func F(map[[2]int]string) {}`, "2:8: F", "map[[2]int]string",
			"keys of a map have to be numbers or strings"},
		{"no method of a socket", `type I interface{ Read() }; func F(I) {}`, "2:36: F", "I",
			"its method Read is not as in net.Conn or net.PacketConn"},
		{"pointer", `func F(*int) {}`, "2:8: F", "*int",
			"it is no pointer to a struct of the package"},
		{"pointer to a known type", `import "time"; func F(*time.Time) {}`, "2:23: F", "*time.Time",
			"it is no pointer to a struct of the package"},
		{"handle in a callback", `type T struct{}; func (t *T) M() {}; func F(func(*T)) {}`, "2:45: F", "func(*T)",
			"*T in it: not at this place"},
		{"method", `type T int; func (t T) M(complex64) {}`, "2:26: T.M", "complex64",
			"it can't be sent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := someLesson(t, "10-some", &txtar.Archive{Files: []txtar.File{{Name: "some.go",
				Data: []byte("package some\n" + tt.code + "\n")}}})
			want := "lessons/10-some/some.go:" + tt.at + ": "
			if tt.typ != "" {
				want += fmt.Sprintf("the type %s is unknown here (%s)", tt.typ, tt.why)
			} else {
				want += tt.why
			}
			_, err := Judge(l)
			require.EqualError(t, err, want+"; "+knownTypes)
			_, err = Glue(l)
			require.EqualError(t, err, want+"; "+knownTypes)
		})
	}
}

// TestUnreadable: a stub that is no Go is an error.
func TestUnreadable(t *testing.T) {
	l := someLesson(t, "10-some", &txtar.Archive{Files: []txtar.File{{Name: "some.go", Data: []byte("package")}}})
	_, err := Judge(l)
	require.ErrorContains(t, err, "lessons/10-some/some.go:1:8: expected 'IDENT'")
}

// readLesson makes a lesson of a file of testdata/.
func readLesson(t *testing.T, name string) (curriculum.Lesson, *txtar.Archive) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	require.NoError(t, err)
	return someLesson(t, "10-"+name, archive), archive
}

// someLesson makes a lesson of an archive's files.
func someLesson(t *testing.T, name string, archive *txtar.Archive) curriculum.Lesson {
	l := curriculum.Lesson{Name: name, Dir: t.TempDir()}
	for _, f := range archive.Files {
		if !strings.Contains(f.Name, "/") && filepath.Ext(f.Name) == ".go" && f.Name != "play.go" {
			write(t, filepath.Join(l.Dir, f.Name), f.Data)
			l.Files = append(l.Files, curriculum.File{Name: f.Name, Given: given.Marked(f.Data)})
		}
	}
	return l
}

// A module is one that has both halves of lessons in it, over the packages of testdata/skeleton.txtar.
type module struct {
	t   *testing.T
	dir string
}

func newModule(t *testing.T) module {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
	m := module{t, t.TempDir()}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "skeleton.txtar"))
	require.NoError(t, err)
	for _, f := range archive.Files {
		write(t, filepath.Join(m.dir, f.Name), f.Data)
	}
	m.copy(filepath.Join("..", "link"), filepath.Join("harness", "stage", "link"))
	sums, err := os.ReadFile(filepath.Join("..", "..", "..", "go.sum"))
	require.NoError(t, err)
	write(t, filepath.Join(m.dir, "go.sum"), sums)
	return m
}

// copy brings the Go files of a directory to one of the module.
func (m module) copy(from, to string) {
	paths, err := filepath.Glob(filepath.Join(from, "*.go"))
	require.NoError(m.t, err)
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(m.t, err)
		if !strings.HasSuffix(path, "_test.go") {
			write(m.t, filepath.Join(m.dir, to, filepath.Base(path)), source)
		}
	}
}

// add puts in the judge's half of a lesson, what a student wrote, and the glue for that.
func (m module) add(l curriculum.Lesson, archive *txtar.Archive) {
	m.copy(l.Dir, filepath.Join("lessons", l.Name))
	m.copy(l.Dir, filepath.Join("student", l.Name))
	for _, f := range generated(m.t, l) {
		name := strings.TrimPrefix(f.Name, "generated/")
		if name != "glue" {
			write(m.t, filepath.Join(m.dir, "lessons", l.Name, strings.TrimPrefix(name, "judge/")), f.Data)
			continue
		}
		glue := strings.Replace(string(f.Data), "udpkata/lessons/", "udpkata/student/", 1)
		write(m.t, filepath.Join(m.dir, "play", l.Name, "glue.go"), []byte(glue))
	}
	main := []byte("package main\n\nfunc main() {}\n")
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "student/"); ok {
			write(m.t, filepath.Join(m.dir, "student", l.Name, name), f.Data)
			_ = os.Remove(filepath.Join(m.dir, "student", l.Name, "needed.go"))
		}
		if f.Name == "play.go" {
			main = f.Data
		}
	}
	write(m.t, filepath.Join(m.dir, "play", l.Name, "main.go"), main)
}

// generated returns what is made of a lesson.
func generated(t *testing.T, l curriculum.Lesson) (all []txtar.File) {
	files, err := Judge(l)
	require.NoError(t, err)
	for _, f := range l.Files {
		if source, ok := files[f.Name]; ok {
			require.False(t, f.Given)
			all = append(all, txtar.File{Name: "generated/judge/" + f.Name, Data: source})
		}
	}
	glue, err := Glue(l)
	require.NoError(t, err)
	return append(all, txtar.File{Name: "generated/glue", Data: glue})
}

// play runs a lesson's play.go.
func (m module) play(l curriculum.Lesson) string { return m.run("go", "run", "./play/"+l.Name) }

func (m module) run(name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir = m.dir
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod", "GOOS="+runtime.GOOS)
	out, err := cmd.CombinedOutput()
	require.NoError(m.t, err, "%s", out)
	return string(out)
}

func write(t *testing.T, path string, data []byte) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, data, 0o600))
}
