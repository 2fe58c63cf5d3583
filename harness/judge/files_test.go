package judge

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
)

// TestRead: what is code for a lesson is read, and nothing else.
func TestRead(t *testing.T) {
	lesson := curriculum.Lesson{Name: "02-echo", Files: []curriculum.File{{Name: "given.go", Given: true}}}
	importing := func(folder string) string {
		return "package x\n\nimport _ \"udpkata/lessons/02-echo/" + folder + "\"\n"
	}
	want := map[string]string{
		"echo.go": importing("a"), "add.s": "", "big.go": strings.Repeat(" ", MaxFileSize+1),
		"given.go": importing("c"), "own_test.go": importing("d"),
		"a/a.go": importing("a/b"), "a/a_test.go": "package a\n", "a/b/b.go": importing("a"), "a/b/b.c": "",
	}
	files := map[string]string{
		"._echo.go": "", "README.md": "", "demo/main.go": "", "odd.go/x": "", "b/b.go": importing("e"), "c/c.go": "",
		"d/d.go": "", "e/e.go": "", "a/c/c.go": "", "a/b/.b.go": "",
	}
	maps.Copy(files, want)
	files["big.go"] += "and more"
	dir := lay(t, files)
	read := func(t *testing.T) map[string]string {
		got, err := Read(lesson, dir)
		require.NoError(t, err)
		all := map[string]string{}
		for name, data := range got {
			all[name] = string(data)
		}
		return all
	}
	require.Equal(t, want, read(t))

	t.Run("the same in memory", func(t *testing.T) {
		all := map[string][]byte{}
		for name, source := range files {
			all[name] = []byte(source)
		}
		got := map[string]string{}
		for name, data := range Reached(lesson, all) {
			got[name] = string(data)
		}
		got["big.go"] = want["big.go"]
		require.Equal(t, want, got)
	})
	t.Run("missing", func(t *testing.T) {
		_, err := Read(lesson, filepath.Join(dir, "no"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("links", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("needs a symbolic link, which Windows keeps from ordinary users: run it elsewhere")
		}
		require.NoError(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b", "a")))
		require.NoError(t, os.Symlink(filepath.Join("b", "a"), filepath.Join(dir, "a")))
		_, err := Read(lesson, dir)
		require.EqualError(t, err, filepath.Join(dir, "a")+" is no ordinary folder; put a copy there of what it "+
			"stands for")
		require.NoError(t, os.Remove(filepath.Join(dir, "a")))
		require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link.go")))
		_, err = Read(lesson, dir)
		require.EqualError(t, err, filepath.Join(dir, "link.go")+" is no ordinary file; put a copy there of what it "+
			"stands for")
	})
}
