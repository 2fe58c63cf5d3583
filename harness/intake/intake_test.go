package intake_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
)

const (
	echo    = "package echo // written\n"
	spoof   = "package spoof // written\n"
	backoff = "package backoff // written\n"
	ofSpoof = "package spoof // path\n"
)

// course lays lessons of a small course: two of them have a path.go, and two a read.go that is given.
func course(t testing.TB) (lessons []curriculum.Lesson) {
	root := t.TempDir()
	for _, l := range []struct {
		name  string
		files []string
		given []string
	}{
		{"00-before", nil, nil},
		{"02-echo", []string{"echo.go"}, nil},
		{"03-spoof", []string{"path.go", "spoof.go"}, []string{"read.go"}},
		{"04-backoff", []string{"backoff.go", "path.go"}, []string{"read.go"}},
	} {
		dir := filepath.Join(root, "lessons", l.name)
		lesson := curriculum.Lesson{Name: l.name, Dir: dir}
		name := l.name[3:]
		for _, file := range l.given {
			lesson.Files = append(lesson.Files, curriculum.File{Name: file, Given: true})
			lay(t, dir, file, "package "+name+" // given\n")
		}
		for _, file := range l.files {
			lesson.Files = append(lesson.Files, curriculum.File{Name: file})
			lay(t, dir, "testdata/stubs/"+file+".txt", "package "+name+" // stub\n")
		}
		if l.files != nil {
			lesson.TestPackage = name + "_test"
			lesson.Tasks = []curriculum.Task{{Name: "TestOne", Points: 1}}
		}
		lessons = append(lessons, lesson)
	}
	return lessons
}

func lay(t testing.TB, dir, name, content string) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if strings.HasSuffix(name, "/") {
		require.NoError(t, os.MkdirAll(path, 0o700))
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	one := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) // else a slow disk would say what is newer
	require.NoError(t, os.Chtimes(path, one, one))
}

// An at is a file's or an entry's path and content.
type at struct{ name, content string }

func zipped(t testing.TB, entries ...at) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(e.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

func tarred(t testing.TB, headers []tar.Header, contents ...string) string {
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	for i, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if i < len(contents) {
			h.Size = int64(len(contents[i]))
		}
		require.NoError(t, w.WriteHeader(&h))
		if i < len(contents) {
			_, err := w.Write([]byte(contents[i]))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, packed.Close())
	return b.String()
}

func find(t testing.TB, paths ...string) ([]intake.Submission, []intake.Left) {
	all, left, err := intake.Find(paths, course(t), intake.Limits{}, nil)
	require.NoError(t, err)
	return all, left
}

// read returns what a submission of one kind or another has, by lesson and file, and what was left out and why.
func read(t testing.TB, s intake.Submission) (files, left map[string]string, c intake.Content) {
	c, err := s.Unpack(t.Context())
	require.NoError(t, err)
	files, left = map[string]string{}, map[string]string{}
	for _, l := range c.Lessons {
		for _, f := range l.Files {
			files[l.Name+"/"+f.Name] = string(f.Data)
		}
	}
	for _, l := range c.Left {
		require.NotContains(t, left, l.Path)
		left[l.Path] = l.Reason.EN
		require.NotEqual(t, l.Reason.EN, l.Reason.ZH, "no Chinese")
	}
	return files, left, c
}

// one lays a submission in a folder or archive of its own, and reads it.
func one(t testing.TB, name string, entries ...at) (files, left map[string]string, c intake.Content) {
	path := filepath.Join(t.TempDir(), name)
	if filepath.Ext(name) == ".zip" {
		require.NoError(t, os.WriteFile(path, []byte(zipped(t, entries...)), 0o600))
	} else {
		for _, e := range entries {
			lay(t, path, e.name, e.content)
		}
	}
	all, _ := find(t, path)
	require.Len(t, all, 1)
	return read(t, all[0])
}

// divided imports a package below its own.
const divided = "package echo\n\nimport _ \"udpkata/lessons/02-echo/internal/a\"\n"

const (
	taken   = "the course's own is taken"
	outside = "of the repository, and not in its folder lessons"
)

// TestLayouts: the files of the lessons are found wherever they lie, in folders and in archives.
func TestLayouts(t *testing.T) {
	tests := []struct {
		name        string
		entries     []at
		files, left map[string]string
	}{
		{"flat", []at{{"echo.go", echo}, {"spoof.go", spoof}},
			map[string]string{"02-echo/echo.go": echo, "03-spoof/spoof.go": spoof}, nil},
		{"in folders of the lessons", []at{{"02-echo/echo.go", echo}, {"03-spoof/path.go", ofSpoof}},
			map[string]string{"02-echo/echo.go": echo, "03-spoof/path.go": ofSpoof}, nil},
		{"in one more folder", []at{{"lessons/x/02-echo/echo.go", echo}}, map[string]string{"02-echo/echo.go": echo},
			nil},
		{"the whole repository", []at{
			{"udpkata-main/go.mod", "module udpkata\n"}, {"udpkata-main/lessons/02-echo/echo.go", echo},
			{"udpkata-main/lessons/02-echo/echo_test.go", "package echo_test\n"},
			{"udpkata-main/lessons/02-echo/demo/main.go", "package main\n"},
			{"udpkata-main/lessons/03-spoof/read.go", "package spoof // given\r\n"},
			{"udpkata-main/lessons/04-backoff/read.go", "package backoff // mine\n"},
			{"udpkata-main/solutions/02-echo/echo.go", "package echo // stolen\n"},
			{"udpkata-main/solutions/03-spoof/spoof.go", "package spoof // stolen\n"},
			{"udpkata-main/harness/harness.go", "package harness\n"}, {"udpkata-main/README.md", "# Read\n"},
		}, map[string]string{"02-echo/echo.go": echo}, map[string]string{
			"udpkata-main/lessons/02-echo/echo_test.go": "the tests are the course's",
			"udpkata-main/lessons/02-echo/demo/main.go": taken,
			"udpkata-main/lessons/03-spoof/read.go":     taken,
			"udpkata-main/lessons/04-backoff/read.go": "a file that is given, and was changed; the course's own is " +
				"taken",
			"udpkata-main/solutions/": outside, "udpkata-main/harness/": outside,
			"udpkata-main/*.md": "not Go; only Go is judged", "udpkata-main/*.mod": "not Go; only Go is judged",
		}},
		{"what nobody hands in", []at{
			{"02-echo/echo.go", echo}, {"__MACOSX/02-echo/._echo.go", "\x00"}, {"02-echo/.DS_Store", "\x00"},
			{"02-echo/._echo.go", "\x00"}, {"02-echo/echo.go~", echo}, {"02-echo/.#echo.go", "x"}, {".vscode/a.go", ""},
			{"vendor/x/x.go", "package x\n"}, {"web/node_modules/y/y.go", "package y\n"}, {"02-echo/echo.go.bak", echo},
		}, map[string]string{"02-echo/echo.go": echo}, map[string]string{
			"__MACOSX/":         "the operating system's own, not the student's",
			"02-echo/.DS_Store": "the operating system's own, not the student's",
			"02-echo/._echo.go": "the operating system's own, not the student's",
			"02-echo/echo.go~":  "an editor's or a tool's file", "02-echo/.#echo.go": "an editor's or a tool's file",
			".vscode/": "an editor's or a tool's file", "02-echo/echo.go.bak": "an editor's or a tool's file",
			"vendor/": "other people's packages", "web/node_modules/": "other people's packages",
		}},
		{"further files and packages", []at{
			{"02-echo/echo.go", echo}, {"02-echo/more.go", "package echo\n"}, {"02-echo/in/in.go", "package in\n"},
			{"spoof.go", spoof}, {"extra.go", "package spoof\n"}, {"other.go", "package other\n"}, {"bad.go", "?"},
			{"02-echo/_x.go", "package echo\n"}, {"02-echo/a;b.go", "package echo\n"}, {"02-echo/_in/" +
				"in.go", "package in\n"},
			{"02-echo/a;b/in.go", "package in\n"}, {"02-echo/in/_x.go", "package in\n"},
		}, map[string]string{
			"02-echo/_in/in.go": "package in\n",
			"02-echo/echo.go":   echo, "02-echo/more.go": "package echo\n", "02-echo/in/in.go": "package in\n",
			"03-spoof/spoof.go": spoof, "03-spoof/extra.go": "package spoof\n",
		}, map[string]string{
			"other.go":          "no lesson has a file of that name, and its package clause (other) names none",
			"bad.go":            "no lesson has a file of that name, and its package clause (?) names none",
			"02-echo/_x.go":     "Go does not build what has a name like that",
			"02-echo/in/_x.go":  "Go does not build what has a name like that",
			"02-echo/a;b.go":    "its name has a ';', which no Go file's needs",
			"02-echo/a;b/in.go": "its name has a ';', which no Go file's needs",
		}},
		{"packages below a lesson's, and no folder of its name", []at{
			{"my/echo.go", divided}, {"my/internal/a/a.go", "package a\n\nimport _ \"udpkata/lessons/02-echo/b\"\n"},
			{"my/internal/a/a_test.go", "package a\n"}, {"my/internal/a/_x.go", "package a\n"},
			{"my/b/echo.go", "package echo // of a package below\n"}, {"my/b/read.go", "package b\n"},
			{"my/c/c.go", "package c\n"}, {"internal/a/a.go", "package a // elsewhere\n"},
		}, map[string]string{
			"02-echo/echo.go": divided, "02-echo/internal/a/a.go": "package a\n\nimport _ \"udpkata/lessons/02-echo/" +
				"b\"\n",
			"02-echo/b/echo.go": "package echo // of a package below\n", "02-echo/b/read.go": "package b\n",
		}, map[string]string{
			"my/internal/a/a_test.go": "the tests are the course's",
			"my/internal/a/_x.go":     "no lesson has a file of that name, and its package clause (a) names none",
			"my/c/c.go":               "no lesson has a file of that name, and its package clause (c) names none",
			"internal/a/a.go":         "no lesson has a file of that name, and its package clause (a) names none",
		}},
		{"a package below two lessons'", []at{{"echo.go", divided}, {"spoof.go", "package spoof\n\nimport _ " +
			"\"udpkata/lessons/03-spoof/internal/a\"\n"}, {"internal/a/a.go", "package a\n"}}, map[string]string{
			"02-echo/echo.go": divided, "02-echo/internal/a/a.go": "package a\n",
			"03-spoof/spoof.go":        "package spoof\n\nimport _ \"udpkata/lessons/03-spoof/internal/a\"\n",
			"03-spoof/internal/a/a.go": "package a\n",
		}, nil},
		{"a package below that has a lesson's folder", []at{{"echo.go", divided}, {"02-echo/internal/a/a.go",
			"package a // in it\n"}, {"internal/a/a.go", "package a\n"}}, map[string]string{
			"02-echo/echo.go": divided, "02-echo/internal/a/a.go": "package a // in it\n",
		}, map[string]string{"internal/a/a.go": "02-echo/internal/a/a.go is taken in its place"}},
		{"a name that two lessons have", []at{{"a/path.go", ofSpoof}, {"b/path.go", "package backoff\n"},
			{"c/path.go", "package main\n"}, {"read.go", "package spoof\n"}},
			map[string]string{"03-spoof/path.go": ofSpoof, "04-backoff/path.go": "package backoff\n"},
			map[string]string{
				"c/path.go": "more lessons than one have a file of that name, and its package clause (main) names " +
					"none of them",
				"read.go": taken,
			}},
		{"names of a second download", []at{{"echo (1).go", echo}, {"spoof-2.go", spoof}, {"02-echo/a-1.go",
			"package echo"}},
			map[string]string{"02-echo/echo.go": echo, "03-spoof/spoof.go": spoof, "02-echo/a-1.go": "package echo"},
			nil},
		{"big letters", []at{{"02-Echo/Echo.go", echo}, {"SPOOF.GO", spoof}},
			map[string]string{"02-echo/echo.go": echo, "03-spoof/spoof.go": spoof}, nil},
		{"what was written goes before what was handed out", []at{
			{"02-echo/echo.go", "package echo // stub\r\n"}, {"my/deep/echo.go", echo},
		}, map[string]string{"02-echo/echo.go": echo},
			map[string]string{"02-echo/echo.go": "my/deep/echo.go is taken in its place"}},
		{"a lesson's folder goes before others", []at{{"echo.go", "package echo // flat\n"}, {"a/b/02-echo/echo.go",
			echo}},
			map[string]string{"02-echo/echo.go": echo},
			map[string]string{"echo.go": "a/b/02-echo/echo.go is taken in " +
				"its place"}},
		{"nearer goes before deeper", []at{{"a/b/echo.go", "package echo // deep\n"}, {"b/echo.go", echo}},
			map[string]string{"02-echo/echo.go": echo},
			map[string]string{"a/b/echo.go": "b/echo.go is taken in its place"}},
		{"its name goes before another's", []at{{"echo-1.go", "package echo // 1\n"}, {"echo.go", echo}},
			map[string]string{"02-echo/echo.go": echo},
			map[string]string{"echo-1.go": "echo.go is taken in its place"}},
		{"the first by name", []at{{"b/echo.go", "package echo // b\n"}, {"a/echo.go", echo}},
			map[string]string{"02-echo/echo.go": echo},
			map[string]string{"b/echo.go": "a/echo.go is taken in its place"}},
		{"the same twice", []at{{"b/echo.go", echo}, {"a/echo.go", echo}}, map[string]string{"02-echo/echo.go": echo},
			nil},
		{"names that differ in their letters' size", []at{{"02-echo/more.go", "package echo"},
			{"02-echo/More.go", "package echo // b"}},
			map[string]string{"02-echo/More.go": "package echo // b"},
			map[string]string{"02-echo/more.go": "02-echo/More.go is taken in its place"}},
		{"a name in Chinese", []at{{"作業一/echo.go", echo}, {"02-echo/幫手.go", "package echo\n"}},
			map[string]string{"02-echo/echo.go": echo, "02-echo/幫手.go": "package echo\n"}, nil},
		{"nothing", []at{{"report.pdf", "%PDF"}}, map[string]string{},
			map[string]string{"*.pdf": "not Go; only Go is judged"}},
		{"a kind of archive that is not read", []at{{"go.mod", ""}, {"work.rar", "Rar!"}}, map[string]string{},
			map[string]string{"work.rar": "an archive of a kind that is not read; pack a .zip or a .tar.gz",
				"*.mod": "not Go; only Go is judged"}},
	}
	for _, tt := range tests {
		for _, kind := range []string{"folder", "work.zip"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				if kind == "folder" && runtime.GOOS != "linux" && strings.Contains(tt.name, "letters") {
					t.Skip("needs a disk that tells big letters from small ones")
				}
				files, left := unpacked(t, kind, tt.entries)
				require.Equal(t, tt.files, files)
				want := map[string]string{}
				for path, why := range tt.left {
					if kind != "folder" {
						path = "work.zip: " + path
						if before, after, ok := strings.Cut(why, " is taken in its place"); ok {
							why = "work.zip: " + before + " is taken in its place" + after
						}
					}
					want[path] = why
				}
				require.Equal(t, want, left)
			})
		}
	}
}

// unpacked lays entries as a student's folder or archive in a class's folder, beside another student's.
func unpacked(t *testing.T, name string, entries []at) (files, left map[string]string) {
	class := t.TempDir()
	lay(t, class, "zoe/echo.go", echo)
	if name == "folder" {
		for _, e := range entries {
			lay(t, class, "amy/"+e.name, e.content)
		}
	} else {
		lay(t, class, name, zipped(t, entries...))
	}
	all, none := find(t, class)
	require.Empty(t, none)
	require.Len(t, all, 2)
	files, left, _ = read(t, all[0])
	return files, left
}

// TestContent: what is missing is told, whose the time is, and the key is of what counts alone.
func TestContent(t *testing.T) {
	_, _, c := one(t, "amy", at{"03-spoof/spoof.go", spoof}, at{"notes.txt", "x"})
	require.Equal(t, []intake.Lesson{
		{Name: "02-echo"},
		{Name: "03-spoof", Files: []intake.File{{"spoof.go", "03-spoof/spoof.go", []byte(spoof)}},
			Missing: []string{"path.go"}},
		{Name: "04-backoff"},
	}, c.Lessons)
	require.Equal(t, intake.FileClock, c.Clock)
	require.False(t, c.Modified.IsZero())

	_, _, same := one(t, "bob.zip", at{"x/spoof.go", spoof}, at{"x/a_test.go", "package a"})
	require.Equal(t, c.Key, same.Key)
	require.Equal(t, intake.FileClock, same.Clock)
	require.Len(t, c.Key, 64)
	for _, entries := range [][]at{
		{{"spoof.go", spoof + " "}}, {{"spoof.go", spoof}, {"echo.go", ""}}, {{"03-spoof/spoofs.go", spoof}},
		{{"04-backoff/spoof.go", spoof}}, {},
	} {
		_, _, other := one(t, "cat.zip", entries...)
		require.NotEqual(t, c.Key, other.Key)
	}
}

// TestWholeCourse: this repository itself is a submission with all of its lessons, and nothing else.
func TestWholeCourse(t *testing.T) {
	root, err := curriculum.Root(".")
	require.NoError(t, err)
	lessons, err := curriculum.Load(root)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "udpkata.zip")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := zip.NewWriter(f)
	require.NoError(t, w.AddFS(os.DirFS(filepath.Join(root, "lessons"))))
	require.NoError(t, w.Close())
	all, _, err := intake.Find([]string{path}, lessons, intake.Limits{}, nil)
	require.NoError(t, err)
	c, err := all[0].Unpack(t.Context())
	require.NoError(t, err)
	n := 0
	for _, l := range lessons {
		if len(l.Tasks) == 0 {
			continue
		}
		got := c.Lessons[n]
		require.Equal(t, l.Name, got.Name)
		require.Empty(t, got.Missing)
		for _, f := range l.Files {
			has := func(file intake.File) bool { return file.Name == f.Name }
			found := false
			for _, file := range got.Files {
				found = found || has(file)
			}
			require.Equal(t, !f.Given, found, "%s/%s", l.Name, f.Name)
		}
		n++
	}
	require.Len(t, c.Lessons, n)
}

// TestUnpackEnds: it ends when it is told to, which is no refusal.
func TestUnpackEnds(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "echo.go", echo)
	all, _ := find(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := all[0].Unpack(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, errors.As(err, new(*intake.Refusal)))
}

// TestTimeBelow: a package below a lesson's is a part of what was handed in, and so is its time; what has no part in it
// has none in the time.
func TestTimeBelow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "alice")
	due := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for i, e := range []at{{"echo.go", divided}, {"internal/a/a.go", "package a\n"}, {"other/b.go", "package b\n"}} {
		lay(t, dir, e.name, e.content)
		later := due.Add(time.Duration(i) * time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(dir, filepath.FromSlash(e.name)), later, later))
	}
	all, _ := find(t, dir)
	files, _, c := read(t, all[0])
	require.Contains(t, files, "02-echo/internal/a/a.go")
	require.True(t, due.Add(time.Hour).Equal(c.Modified), "%v", c.Modified)
	require.Equal(t, intake.FileClock, c.Clock)
}

func TestWhich(t *testing.T) {
	for name, want := range map[string]int{"": 3, "last": 3, "First": 0, "best": 1} {
		w, err := intake.ParseWhich(name)
		require.NoError(t, err)
		require.Equal(t, want, w.Of([]float64{1, 5, 5, 2}), name)
	}
	_, err := intake.ParseWhich("worst")
	require.ErrorContains(t, err, `last, first or best; it can't be "worst"`)
}

func refusal(t testing.TB, err error) *intake.Refusal {
	var r *intake.Refusal
	require.ErrorAs(t, err, &r)
	require.NotContains(t, r.Error(), "\n")
	require.NotEqual(t, r.Reason.EN, r.Reason.ZH, "no Chinese")
	return r
}

// TestDisk: of what lies in a folder, links are not followed, and nothing is opened but files and folders.
func TestDisk(t *testing.T) {
	secret := t.TempDir()
	lay(t, secret, "echo.go", "package echo // secret\n")
	class := t.TempDir()
	lay(t, class, "amy/spoof.go", spoof)
	if runtime.GOOS == "windows" {
		t.Skip("needs links as Unix has them")
	}
	link := func(to, at string) {
		if err := os.Symlink(to, filepath.Join(class, at)); err != nil {
			t.Skipf("needs symbolic links: %v", err)
		}
	}
	link(filepath.Join(secret, "echo.go"), "amy/echo.go")
	link(secret, "amy/02-echo")
	link("spoof.go", "amy/inside.go")
	link(secret, "bob")
	link(filepath.Join(secret, "none.zip"), "cat.zip")
	all, left := find(t, class)
	require.Empty(t, left)
	require.Len(t, all, 3)
	files, lefts, _ := read(t, all[0])
	const isLink = "a link, which is never followed; hand in the file itself"
	require.Equal(t, map[string]string{"03-spoof/spoof.go": spoof}, files)
	require.Equal(t, map[string]string{"echo.go": isLink, "02-echo": isLink, "inside.go": isLink}, lefts)
	for i, who := range []string{"bob", "cat"} {
		_, err := all[i+1].Unpack(t.Context())
		require.Equal(t, isLink, refusal(t, err).Reason.EN)
		require.Equal(t, who, refusal(t, err).Who)
	}
}

// TestGone: what goes away, or becomes something else, between being listed and being read, is refused.
func TestGone(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"away":   os.RemoveAll,
		"a file": func(path string) error { return errors.Join(os.RemoveAll(path), os.WriteFile(path, nil, 0o600)) },
		"a link": func(path string) error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) },
	} {
		t.Run(name, func(t *testing.T) {
			class := t.TempDir()
			lay(t, class, "amy/echo.go", echo)
			all, _ := find(t, class)
			require.NoError(t, change(filepath.Join(class, "amy")))
			_, err := all[0].Unpack(t.Context())
			require.Contains(t, refusal(t, err).Reason.EN, "amy changed, or went away, while it was read")
		})
	}
	t.Run("a class's archive", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "class.zip")
		lay(t, dir, "class.zip", zipped(t, at{"chen_1_2_echo.go", echo}))
		all, _ := find(t, path)
		require.NoError(t, os.WriteFile(path, []byte(zipped(t, at{"chen_1_2_echo.go", spoof})), 0o600))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		_, err := all[0].Unpack(t.Context())
		require.Contains(t, refusal(t, err).Reason.EN, "class.zip changed, or went away, while it was read")
	})
}

// TestUnreadable: a file that can't be read is left out, and a folder too.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "echo.go", echo)
	lay(t, dir, "02-echo/more.go", "package echo\n")
	lay(t, dir, "spoof.go", spoof)
	require.NoError(t, os.Chmod(filepath.Join(dir, "echo.go"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "02-echo"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "02-echo"), 0o700) })
	if _, err := os.ReadFile(filepath.Join(dir, "echo.go")); !errors.Is(err, fs.ErrPermission) {
		t.Skip("needs a user who may not read everything")
	}
	all, _ := find(t, dir)
	files, left, _ := read(t, all[0])
	require.Equal(t, map[string]string{"03-spoof/spoof.go": spoof}, files)
	require.Equal(t, map[string]string{"echo.go": "it can't be read: permission denied",
		"02-echo/": "it can't be read: permission denied"}, left)
}

// TestNotesOfContent: what whoever grades should know of what a submission has, and has not.
func TestNotesOfContent(t *testing.T) {
	_, _, c := one(t, "work.zip", at{"essay.docx", "x"})
	require.Len(t, c.Notes, 1)
	require.Equal(t, "Nothing in it is of any lesson (work.zip: *.docx: not Go; only Go is judged).", c.Notes[0].EN)
	_, _, c = one(t, "work", at{"02-echo/echo.go", echo}, at{"echo-1.go", "package echo // another\n"})
	require.Len(t, c.Notes, 1)
	require.Equal(t, "echo-1.go is left out, and 02-echo/echo.go taken in its place: it lies in a folder named as the "+
		"lesson is.", c.Notes[0].EN)
	_, _, c = one(t, "work", at{"02-echo/echo.go", echo}, at{"echo-1.go", "package echo // stub\n"})
	require.Empty(t, c.Notes, "the stub is no loss")
}

// TestMisnamed: who has given a file another name is told which it is.
func TestMisnamed(t *testing.T) {
	tests := []struct {
		name  string
		files []at
		lacks string // of the last lesson that has files
		note  string // "" for none
	}{
		{"a name of one's own", []at{{"02-echo/echo_v2.go", echo}},
			"echo.go is missing; there is echo_v2.go: rename it.", ""},
		{"without a folder", []at{{"echo_v2.go", echo}}, "echo.go is missing; there is echo_v2.go: rename it.", ""},
		{"main", []at{{"02-echo/main.go", "package main\n"}}, "echo.go is missing; there is main.go: rename it.", ""},
		{"several", []at{{"03-spoof/a.go", spoof}, {"03-spoof/b.go", spoof}, {"03-spoof/b/c.go", "package b\n"}},
			"Files are missing: path.go, spoof.go. There are others: a.go, b.go; rename those that are meant.", ""},
		{"nothing instead", []at{{"03-spoof/spoof.go", spoof}}, "Files are missing: path.go.", ""},
		{"all and more", []at{{"02-echo/echo.go", echo}, {"02-echo/more.go", echo}}, "", ""},
		{"text in a folder", []at{{"02-echo/echo.go.txt", echo}}, "",
			"02-echo: echo.go is missing; there is 02-echo/echo.go.txt: rename it."},
		{"text beside others", []at{{"Spoof.go.TXT", spoof}, {"path.go", ofSpoof}},
			"Files are missing: spoof.go.", "03-spoof: spoof.go is missing; there is Spoof.go.TXT: rename it."},
		{"text beside the file", []at{{"echo.go", echo}, {"echo.go.txt", echo}}, "", ""},
		{"the course's own", []at{{"lessons/02-echo/testdata/stubs/echo.go.txt", echo}, {"lessons/02-echo/a.go", echo}},
			"echo.go is missing; there is a.go: rename it.", ""},
		{"any lesson's", []at{{"path.go.txt", spoof}, {"echo.go", echo}}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, c := one(t, "amy", append(tt.files, at{"go.mod", ""})...)
			lacks := ""
			for _, l := range c.Lessons {
				if len(l.Files) > 0 {
					lacks = l.Lacks().EN
					require.Equal(t, lacks != "", l.Lacks().EN != l.Lacks().ZH, "no Chinese")
				}
			}
			require.Equal(t, tt.lacks, lacks)
			note := ""
			if len(c.Notes) > 0 {
				note = c.Notes[0].EN
			}
			require.Equal(t, tt.note, note)
		})
	}
}

// TestMayBeWork: what is not read and may be work is named and noted, whatever else is there, and nothing else is.
func TestMayBeWork(t *testing.T) {
	const (
		stub    = "package echo // stub\n"
		nested  = "an archive in an archive; pack the files themselves"
		unknown = "an archive of a kind that is not read; pack a .zip or a .tar.gz"
		instead = "what was to be written is not there, but %s is, which is not read: hand in Go files."
	)
	tests := []struct {
		name  string
		files []at
		want  []string // notes, by what they are about
		about []string
	}{
		{"an archive in an archive", []at{{"hw.zip", zipped(t, at{"echo.go", echo}, at{"in.zip", zipped(t)})}},
			[]string{"Not read: hw.zip: in.zip (" + nested + ")."}, []string{"hw.zip: in.zip"}},
		{"another kind of archive", []at{{"02-echo/echo.go", echo}, {"03.rar", "Rar!"}, {"04.rar", "Rar!"}},
			[]string{"Not read: 03.rar, 04.rar (" + unknown + ")."}, []string{"03.rar", "04.rar"}},
		{"a stub, and the work packed", []at{{"echo.go", stub}, {"hw.7z", "7z"}},
			[]string{"Not read: hw.7z (" + unknown + ")."}, []string{"hw.7z"}},
		{"nothing but an archive", []at{{"03.rar", "Rar!"}},
			[]string{"Nothing in it is of any lesson (03.rar: " + unknown + ")."}, []string{"03.rar"}},
		{"a document named as a lesson", []at{{"echo.go", echo}, {"03-spoof.docx", "PK"}},
			[]string{"03-spoof: " + fmt.Sprintf(instead, "03-spoof.docx")}, []string{"03-spoof.docx"}},
		{"a text named as a file", []at{{"echo.go", echo}, {"path.go", ofSpoof}, {"Spoof (1).txt", spoof}},
			[]string{"03-spoof: " + fmt.Sprintf(instead, "Spoof (1).txt")}, []string{"Spoof (1).txt"}},
		{"a text in a lesson's folder", []at{{"02-echo/echo.go", stub}, {"02-echo/mine.txt", echo}},
			[]string{"02-echo: " + fmt.Sprintf(instead, "02-echo/mine.txt")}, []string{"02-echo/mine.txt"}},
		{"a text beside the stub", []at{{"02-echo/echo.go", stub}, {"02-echo/echo.go.txt", echo}},
			[]string{"02-echo: echo.go is as it was handed out; there is 02-echo/echo.go.txt: rename it."},
			[]string{"02-echo/echo.go.txt"}},
		{"two texts of a name", []at{{"02-echo/echo.docx", "PK"}, {"02-echo/echo.go.txt", echo}, {"spoof.go", spoof},
			{"path.go", "package spoof"}}, []string{"02-echo: " + fmt.Sprintf(instead, "02-echo/echo.docx"),
			"02-echo: echo.go is missing; there is 02-echo/echo.go.txt: rename it."},
			[]string{"02-echo/echo.docx", "02-echo/echo.go.txt"}},
		{"a whole repository's", []at{{"lessons/02-echo/echo.go", stub}, {"solutions/x/02-echo/echo.go.txt", echo},
			{"solutions/x/02-echo/echo.txt", echo}}, nil, nil},
		{"a report on what was written", []at{{"02-echo/echo.go", echo}, {"02-echo/echo.pdf", "%PDF"},
			{"02.docx", "PK"}, {"notes.txt", "x"}, {"path.txt", "any lesson's"}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, c := one(t, "amy", append(tt.files, at{"go.mod", ""})...)
			var notes []string
			for _, note := range c.Notes {
				notes = append(notes, note.EN)
				require.NotEqual(t, note.EN, note.ZH, "no Chinese")
			}
			require.Equal(t, tt.want, notes)
			require.Equal(t, tt.about, c.MayBeWork)
		})
	}
}

// TestVersions: of two attempts at a lesson in one submission the newer is taken, and nothing of the other.
func TestVersions(t *testing.T) {
	const other, helper = "package echo // other\n", "package echo\n\nfunc help() {}\n"
	type file struct {
		name, content string
		hours         int // when it was written
	}
	tests := []struct {
		name  string
		files []file
		want  map[string]string
		left  []string
		why   string // "" if nobody need look
	}{
		{"attempts", []file{{"attempt1/02-echo/echo.go", other, 1}, {"attempt1/02-echo/help.go", helper, 3},
			{"attempt2/02-echo/echo.go", echo, 4}}, echoed, []string{"attempt1/02-echo/echo.go",
			"attempt1/02-echo/help.go"}, "newer"},
		{"new and old", []file{{"new/echo.go", echo, 2}, {"old/echo.go", other, 1}}, echoed, []string{"old/echo.go"},
			"newer"},
		{"old, and then new", []file{{"a/echo.go", other, 1}, {"b/echo.go", echo, 2}}, echoed, []string{"a/echo.go"},
			"newer"},
		{"deeper and newer", []file{{"02-echo/echo.go", other, 1}, {"final/02-echo/echo.go", echo, 2}}, echoed,
			[]string{"02-echo/echo.go"}, "newer"},
		{"downloaded again", []file{{"echo.go", other, 1}, {"echo (1).go", echo, 2}}, echoed, []string{"echo.go"},
			"newer"},
		{"numbers", []file{{"attempt9/echo.go", other, 1}, {"attempt10/echo.go", echo, 1}}, echoed,
			[]string{"attempt9/echo.go"}, "bigger number"},
		{"names alone", []file{{"b/echo.go", other, 1}, {"a/echo.go", echo, 1}}, echoed, []string{"b/echo.go"},
			"nothing else says which"},
		{"a newer half", []file{{"all/spoof.go", spoof, 1}, {"all/path.go", ofSpoof, 1},
			{"half/spoof.go", "package spoof // half\n", 2}}, files{"03-spoof/spoof.go": spoof,
			"03-spoof/path.go": ofSpoof}, []string{"half/spoof.go"}, "more of the lesson's files"},
		{"halves that do not meet", []file{{"a/spoof.go", spoof, 1}, {"b/path.go", ofSpoof, 2}},
			files{"03-spoof/spoof.go": spoof, "03-spoof/path.go": ofSpoof}, nil, ""},
		{"the same in both", []file{{"a/echo.go", echo, 1}, {"b/echo.go", echo, 2}}, echoed, nil, ""},
		{"a clone beside what was written", []file{{"clone/02-echo/echo.go", "package echo // stub\n", 2},
			{"echo.go", echo, 1}}, echoed, []string{"clone/02-echo/echo.go"}, ""},
		{"lessons apart", []file{{"1/02-echo/echo.go", echo, 2}, {"2/02-echo/echo.go", other, 1},
			{"1/03-spoof/spoof.go", other, 1}, {"2/03-spoof/spoof.go", spoof, 2}}, both,
			[]string{"2/02-echo/echo.go", "1/03-spoof/spoof.go"}, "newer"},
	}
	for _, tt := range tests {
		for _, kind := range []string{"folder", "zip"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				dir, began := t.TempDir(), time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
				path, in := filepath.Join(dir, "amy"), ""
				var entries []crafted
				for _, f := range tt.files {
					at := began.Add(time.Duration(f.hours) * time.Hour)
					lay(t, path, f.name, f.content)
					require.NoError(t, os.Chtimes(filepath.Join(path, filepath.FromSlash(f.name)), at, at))
					e := stored(f.name, f.content, nil)
					e.header.Modified, e.raw = at, false
					entries = append(entries, e)
				}
				if kind == "zip" {
					lay(t, dir, "class/amy/work.zip", craft(t, entries...))
					path, in = filepath.Join(dir, "class", "amy"), "work.zip: "
				}
				class, _ := find(t, filepath.Dir(path))
				got, left, c := read(t, class[0])
				require.Equal(t, tt.want, got)
				var paths []string
				for path := range left {
					paths = append(paths, strings.TrimPrefix(path, in))
				}
				require.ElementsMatch(t, tt.left, paths)
				require.Equal(t, tt.why != "", c.Twice)
				if tt.why == "" {
					require.Empty(t, c.Notes)
					return
				}
				require.Len(t, c.Notes, len(tt.left))
				for _, note := range c.Notes {
					require.Contains(t, note.EN, tt.why)
				}
			})
		}
	}
}

// TestVersionsOfUploads: Canvas's numbers say for sure which of two is the later one, file by file.
func TestVersionsOfUploads(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "li_20_9_work.zip", zipped(t, at{"spoof.go", "package spoof // old\n"}, at{"path.go", ofSpoof}))
	lay(t, dir, "li_20_10_spoof.go", spoof)
	all, _ := find(t, dir)
	got, _, c := read(t, all[0])
	require.Equal(t, files{"03-spoof/spoof.go": spoof, "03-spoof/path.go": ofSpoof}, got)
	require.False(t, c.Twice)
	require.Len(t, c.Notes, 1)
	require.Contains(t, c.Notes[0].EN, "it was uploaded later")
}
