//go:build linux

package solutions_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
)

// files are what somebody hands in, by their paths below lessons/, as in "02-echo/echo.go".
type files map[string]string

// ofDir returns a lesson's files in a directory.
func ofDir(t *testing.T, l curriculum.Lesson, dir string) files {
	all := files{}
	code, err := judge.Read(l, dir)
	require.NoError(t, err)
	for name, data := range code {
		all[l.Name+"/"+name] = string(data)
	}
	require.NotEmpty(t, all, dir)
	return all
}

func solutionOf(t *testing.T, l curriculum.Lesson) files { return ofDir(t, l, l.Name) }

func stubOf(t *testing.T, l curriculum.Lesson) files {
	stubs, err := curriculum.Stubs(l.Dir)
	require.NoError(t, err)
	all := files{}
	for _, s := range stubs {
		all[l.Name+"/"+s.Name] = string(s.Source)
	}
	return all
}

func (m mutant) handedIn(t *testing.T) files {
	all := solutionOf(t, m.lesson)
	all[m.lesson.Name+"/"+m.file] = m.edited
	return all
}

// handedIn returns the stubs with what the submission puts in their place.
func (h hostile) handedIn(t *testing.T) files {
	all := stubOf(t, h.lesson)
	for _, f := range h.files {
		all[h.lesson.Name+"/"+f.Name] = string(f.Data)
	}
	return all
}

// A form is one in which files are handed in, below a class's folder, by somebody of a name.
type form func(t *testing.T, class, name string, all files)

func put(t *testing.T, name, content string) {
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
}

func inFolders(t *testing.T, class, name string, all files) {
	for file, content := range all {
		put(t, filepath.Join(class, name, file), content)
	}
}

// asRepository hands in a whole tree, with the tests that were handed out, and a solution where none counts.
func asRepository(t *testing.T, class, name string, all files) {
	dir := filepath.Join(class, name)
	tests, err := filepath.Glob(filepath.Join(root, "lessons", "*", "*_test.go"))
	require.NoError(t, err)
	for _, file := range append(tests, filepath.Join(root, "go.mod"), filepath.Join(root, "README.md")) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		where, err := filepath.Rel(root, file)
		require.NoError(t, err)
		put(t, filepath.Join(dir, where), string(data))
	}
	inFolders(t, dir, "lessons", all)
	inFolders(t, dir, "solutions", files{"02-echo/echo.go": "package echo // somebody else's\n"})
}

// flat hands in files side by side.
func flat(t *testing.T, class, name string, all files) {
	seen := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(all)) {
		base := path.Base(file)
		dir := filepath.Join(class, name)
		if seen[base] != "" { // in the folder that somebody makes for it
			dir = filepath.Join(dir, path.Dir(file))
		}
		seen[base] = file
		put(t, filepath.Join(dir, base), all[file])
	}
}

func zipped(t *testing.T, class, name string, all files) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		f, err := w.Create("my work/" + file)
		require.NoError(t, err)
		_, err = io.WriteString(f, all[file])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	put(t, filepath.Join(class, name+".zip"), b.String())
}

func tarred(t *testing.T, class, name string, all files) {
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		h := &tar.Header{Name: "lessons/" + file, Mode: 0o644, Size: int64(len(all[file]))}
		require.NoError(t, w.WriteHeader(h))
		_, err := io.WriteString(w, all[file])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, packed.Close())
	put(t, filepath.Join(class, name+".tar.gz"), b.String())
}

// commit makes a git repository of a directory.
func commit(t *testing.T, dir string) {
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "done"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a",
			"GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
}

// committed hands in a git repository, whose work tree has something else.
func committed(t *testing.T, class, name string, all files) {
	dir := filepath.Join(class, name)
	inFolders(t, dir, "lessons", all)
	commit(t, dir)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "lessons")))
	put(t, filepath.Join(dir, "lessons", "02-echo", "echo.go"), "package echo // half done\n")
}

// forms are all of them.
var forms = []struct {
	name string
	hand form
}{
	{"in-folders", inFolders}, {"repository", asRepository}, {"flat", flat}, {"zip", zipped}, {"tar", tarred},
	{"git", committed},
}

// The flags by which harness/bench/class has a class written.
var (
	classDir  = flag.String("class", "", "have TestWriteClass write a class into this directory")
	classSize = flag.Int("size", 200, "of how many submissions")
)

// TestWriteClass writes a class for harness/bench/class: of each lesson the solution, an alternative, the stub, a
// misconception or nothing, as it is drawn from a seed that is always the same. A comment makes what somebody has
// written another one each time; stubs are handed in as they are. Every eighth is an archive, and every twentieth has
// something small and hostile for its lesson. Where it is not told where to, it writes a small one that goes.
func TestWriteClass(t *testing.T) {
	dir, size := *classDir, *classSize
	if dir == "" { // so only that it can be written is seen
		dir, size = t.TempDir(), 20
	}
	random := rand.New(rand.NewPCG(1, 2))
	all, misconceptions, tricks := lessons(t), mutants(t), hostiles(t)
	tricks = slices.DeleteFunc(tricks, func(h hostile) bool { return !slices.Contains(gradeTricks, h.name) })
	for i := range size {
		handed, untouched := files{}, files{}
		for _, l := range all {
			styles, wrong := alternatives(t, l), ofLesson(misconceptions, l)
			var of files
			switch random.IntN(8) {
			case 0, 1, 2:
				of = solutionOf(t, l)
			case 3:
				of = ofDir(t, l, unpack(t, styles[random.IntN(len(styles))]))
			case 4:
				maps.Copy(untouched, stubOf(t, l))
			case 5, 6:
				of = wrong[random.IntN(len(wrong))].handedIn(t)
			}
			maps.Copy(handed, of)
		}
		if i%20 == 19 {
			h := tricks[random.IntN(len(tricks))]
			isIts := func(file, _ string) bool { return strings.HasPrefix(file, h.lesson.Name+"/") }
			maps.DeleteFunc(handed, isIts)
			maps.DeleteFunc(untouched, isIts)
			maps.Copy(handed, h.handedIn(t))
		}
		for file := range handed {
			handed[file] += fmt.Sprintf("\n// Submission %d.\n", i)
		}
		maps.Copy(handed, untouched)
		hand := inFolders
		switch i % 16 {
		case 7:
			hand = zipped
		case 15:
			hand = tarred
		}
		hand(t, dir, fmt.Sprintf("student-%03d", i), handed)
	}
	handedIn, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, handedIn, size)
}
