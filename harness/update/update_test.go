package update

import (
	"archive/zip"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/keep"
)

const (
	stubFile  = "lessons/02-echo/echo.go"
	stubCopy  = "lessons/02-echo/testdata/stubs/echo.go.txt"
	testFile  = "lessons/02-echo/echo_test.go"
	givenFile = "package echo\n\n//kata:given\n"
)

// course returns the files of one, and newer those of a newer one.
func course() map[string]string {
	hints := "# Hints\n\n## TestOne\n\nOne.\n\n1. Think.\n2. Write.\n"
	return map[string]string{
		"go.mod":                         "module tiny\n",
		"README.md":                      "old\n",
		"notes.txt":                      "somebody's\n",
		"lessons/00-before/README.md":    "# Before\n",
		stubFile:                         "package echo\n",
		stubCopy:                         "package echo\n",
		"lessons/02-echo/read.go":        givenFile,
		testFile:                         oneTest,
		"lessons/02-echo/hints.md":       hints,
		"lessons/02-echo/hints.zh-TW.md": hints,
		"harness/a.go":                   "package harness\n",
		"harness/old/b.go":               "package old\n",
		"solutions/02-echo/echo.go":      "package echo\n\n// solved\n",
	}
}

const oneTest = `package echo_test

import "testing"

// TestOne: does one thing.
//
//kata:points 2
func TestOne(t *testing.T) {}
`

const newer = "package echo\n\n// newer\n"

// newerCourse returns the course with another stub, another test, another page, and a file less.
func newerCourse() map[string]string {
	files := course()
	files[stubFile], files[stubCopy] = newer, newer
	files[testFile] += "\n// newer\n"
	files["README.md"] = "new\n"
	files["harness/c.go"] = "package harness\n"
	delete(files, "harness/old/b.go")
	delete(files, "solutions/02-echo/echo.go")
	delete(files, "notes.txt")
	return files
}

func lay(t *testing.T, files map[string]string) string {
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return root
}

// files reads a directory, but for the one that an update leaves, and what git has.
func files(t *testing.T, root string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if path != root && entry.IsDir() && (entry.Name() == ".git" || strings.HasPrefix(entry.Name(), ".before")) {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		all[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return all
}

// with returns files with others in their places; those without content go.
func with(files map[string]string, others map[string]string) map[string]string {
	all := maps.Clone(files)
	for name, content := range others {
		if all[name] = content; content == "" {
			delete(all, name)
		}
	}
	return all
}

// updated returns what the course becomes where nobody has written anything.
func updated() map[string]string {
	return with(newerCourse(), map[string]string{
		"notes.txt": "somebody's\n", "solutions/02-echo/echo.go": course()["solutions/02-echo/echo.go"]})
}

func TestUpdate(t *testing.T) {
	const mine = "package echo\n\n// mine\n"
	type change = map[string]string
	tests := []struct {
		name  string
		mine  change // on top of the course
		newer change // on top of the newer one
		want  change // on top of what it becomes otherwise
		told  map[string]Kind
	}{
		{name: "nothing written", told: map[string]Kind{stubFile: Replaced, testFile: Replaced, "harness/c.go": Added,
			"harness/old/b.go": Removed}},
		{name: "other ends of lines", mine: change{stubFile: "package echo\r\n"},
			told: map[string]Kind{stubFile: Replaced}},
		{name: "written in", mine: change{stubFile: mine}, want: change{stubFile: mine, stubFile + ".new": newer},
			told: map[string]Kind{stubFile: Beside}},
		{name: "written in, and a new one beside it already", mine: change{stubFile: mine, stubFile + ".new": "older"},
			want: change{stubFile: mine, stubFile + ".new": newer}, told: map[string]Kind{stubFile: Beside}},
		{name: "written in, and the stub is as it was", mine: change{stubFile: mine},
			newer: change{stubFile: "package echo\n", stubCopy: "package echo\n"},
			want:  change{stubFile: mine, stubCopy: "package echo\n"}},
		{name: "deleted", mine: change{stubFile: ""}, told: map[string]Kind{stubFile: Added}},
		{name: "no copies of the stubs here", mine: change{stubCopy: ""}, want: change{
			stubFile: "package echo\n", stubFile + ".new": newer}, told: map[string]Kind{stubFile: Beside}},
		{name: "no copies of the stubs there", newer: change{stubCopy: ""}, want: change{stubCopy: ""},
			told: map[string]Kind{stubFile: Replaced, stubCopy: Removed}},
		{name: "solved there", newer: change{stubFile: "package echo\n\n// theirs\n",
			"lessons/02-echo/theirs.go": "package echo\n", stubFile + ".1.bak": "x"},
			want: change{stubFile: newer, "lessons/02-echo/theirs.go": "", stubFile + ".1.bak": ""}},
		{name: "files of one's own", mine: change{"lessons/02-echo/mine.go": mine, "lessons/02-echo/notes.md": "x"},
			want: change{"lessons/02-echo/mine.go": mine, "lessons/02-echo/notes.md": "x"}},
		{name: "a file of one's own that is now given", mine: change{"lessons/02-echo/new.go": mine},
			newer: change{"lessons/02-echo/new.go": givenFile},
			want:  change{"lessons/02-echo/new.go": mine, "lessons/02-echo/new.go.new": givenFile},
			told:  map[string]Kind{"lessons/02-echo/new.go": Beside}},
		{name: "a given file and a test are gone", mine: change{"lessons/02-echo/more_test.go": "package echo\n"},
			newer: change{"lessons/02-echo/read.go": ""}, want: change{"lessons/02-echo/read.go": ""},
			told: map[string]Kind{"lessons/02-echo/read.go": Removed, "lessons/02-echo/more_test.go": Removed}},
		{name: "a stub is gone", mine: change{"lessons/02-echo/two.go": "package echo\n",
			"lessons/02-echo/testdata/stubs/two.go.txt": "package echo\n"},
			told: map[string]Kind{"lessons/02-echo/two.go": Removed}},
		{name: "a stub is gone, and written in", mine: change{"lessons/02-echo/two.go": mine,
			"lessons/02-echo/testdata/stubs/two.go.txt": "package echo\n"},
			want: change{"lessons/02-echo/two.go": mine},
			told: map[string]Kind{"lessons/02-echo/two.go": Kept}},
		{name: "a lesson is gone", mine: change{"lessons/03-x/x.go": "package x\n",
			"lessons/03-x/testdata/stubs/x.go.txt": "package x\n", "lessons/03-x/README.md": "x"},
			told: map[string]Kind{"lessons/03-x/x.go": Removed, "lessons/03-x/README.md": Removed}},
		{name: "a lesson is gone, and written in", mine: change{"lessons/03-x/x.go": mine,
			"lessons/03-x/testdata/stubs/x.go.txt": "package x\n", "lessons/03-x/README.md": "x"},
			want: change{"lessons/03-x/x.go": mine, "lessons/03-x/testdata/stubs/x.go.txt": "package x\n",
				"lessons/03-x/README.md": "x"}, told: map[string]Kind{"lessons/03-x/x.go": Kept}},
		{name: "solutions come", newer: change{"solutions/02-echo/echo.go": "package echo\n\n// better\n"},
			want: change{"solutions/02-echo/echo.go": "package echo\n\n// better\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := lay(t, with(course(), tt.mine))
			source := lay(t, with(newerCourse(), tt.newer))
			before := files(t, root)
			changes, kept, err := Update(t.Context(), root, source)
			require.NoError(t, err)
			require.Equal(t, with(updated(), tt.want), files(t, root))
			kinds := map[string]Kind{}
			for _, c := range changes {
				kinds[c.Path] = c.Kind
			}
			for name, kind := range tt.told {
				require.Contains(t, kinds, name)
				require.Equal(t, kind, kinds[name], name)
			}
			saved := files(t, filepath.Join(root, kept))
			delete(saved, "README.txt")
			for name, content := range saved {
				require.Equal(t, before[name], content, name)
			}
			for _, c := range changes {
				if c.Kind == Replaced || c.Kind == Removed {
					require.Contains(t, saved, c.Path)
				}
			}

			again, _, err := Update(t.Context(), root, source)
			require.NoError(t, err)
			for _, c := range again {
				require.Equal(t, Kept, c.Kind, c.Path)
			}
		})
	}
}

// TestSources: it may be a zip, with a directory around everything or not, or whatever git clones.
func TestSources(t *testing.T) {
	for name, prefix := range map[string]string{"a zip": "", "a site's zip": "udpkata-main/"} {
		t.Run(name, func(t *testing.T) {
			root := lay(t, course())
			path := filepath.Join(t.TempDir(), "x.zip")
			zipped(t, path, prefix, newerCourse())
			_, _, err := Update(t.Context(), root, path)
			require.NoError(t, err)
			require.Equal(t, updated(), files(t, root))
		})
	}
	git := func(t *testing.T, dir string, args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	remote := func(t *testing.T) string {
		if _, err := exec.LookPath("git"); err != nil {
			t.Skipf("needs git, which this machine lacks (%v)", err)
		}
		source, bare := lay(t, newerCourse()), filepath.Join(t.TempDir(), "bare")
		git(t, source, "init", "-q")
		git(t, source, "add", ".")
		git(t, source, "commit", "-q", "-m", "newer")
		git(t, source, "clone", "-q", "--bare", ".", bare)
		return bare
	}
	for name, source := range map[string]string{"by its address": "bare", "by a name": "class", "upstream": ""} {
		t.Run(name, func(t *testing.T) {
			bare, root := remote(t), lay(t, course())
			switch git(t, root, "init", "-q"); source {
			case "bare":
				source = bare
			case "class":
				git(t, root, "remote", "add", "class", bare)
			default:
				git(t, root, "remote", "add", "origin", filepath.Join(root, "nowhere"))
				git(t, root, "remote", "add", "upstream", bare)
			}
			_, _, err := Update(t.Context(), root, source)
			require.NoError(t, err)
			require.Equal(t, updated(), files(t, root))
		})
	}
	t.Run("the branch that is followed", func(t *testing.T) {
		bare, root := remote(t), lay(t, course())
		git(t, bare, "branch", "class")
		git(t, bare, "symbolic-ref", "HEAD", "refs/heads/nothing")
		git(t, root, "init", "-q")
		git(t, root, "remote", "add", "origin", bare)
		_, _, err := Update(t.Context(), root, "")
		require.ErrorContains(t, err, bare+" is no udpkata course", "no branch is followed yet")
		git(t, root, "add", ".")
		git(t, root, "commit", "-q", "-m", "mine")
		git(t, root, "fetch", "-q", "origin")
		git(t, root, "branch", "-q", "--set-upstream-to=origin/class")
		_, _, err = Update(t.Context(), root, "")
		require.NoError(t, err)
		require.Equal(t, updated(), files(t, root))
	})
}

func zipped(t *testing.T, path, prefix string, files map[string]string) {
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := zip.NewWriter(f)
	for name, content := range files {
		part, err := w.Create(prefix + name)
		require.NoError(t, err)
		_, err = part.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

// TestRefused: what is no course that can take this one's place changes nothing.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	slip := filepath.Join(dir, "slip.zip")
	zipped(t, slip, "", with(newerCourse(), map[string]string{"../slipped": "x"}))
	windows := filepath.Join(dir, "windows.zip")
	zipped(t, windows, "", with(newerCourse(), map[string]string{`lessons\..\..\slipped`: "x"}))
	plain := filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(plain, []byte("x"), 0o600))
	tests := []struct{ name, source, want string }{
		{"nothing of the kind", t.TempDir(), "is no udpkata course"},
		{"another module", lay(t, with(newerCourse(), map[string]string{"go.mod": "module other\n"})),
			"is no udpkata course: it has no go.mod of the module tiny"},
		{"no lessons", lay(t, map[string]string{"go.mod": "module tiny\n", "lessons/.x": ""}), "has no lessons"},
		{"a lesson that is not as it should be", lay(t, with(newerCourse(), map[string]string{
			"lessons/02-echo/hints.md": ""})), "nothing was changed: lessons/02-echo/hints.md"},
		{"itself", "", "is this course itself"},
		{"a zip that goes elsewhere", slip, "would go elsewhere"},
		{"a zip that goes elsewhere on Windows", windows, "would go elsewhere"},
		{"no zip", plain, "is neither a directory nor a zip"},
		{"nothing that git knows", filepath.Join(dir, "no"), "git can't bring"},
		{"what looks like a flag", "--upload-pack=x", "git can't bring"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := exec.LookPath("git"); strings.HasPrefix(tt.want, "git ") && err != nil {
				t.Skip("needs git: ", err)
			}
			root := lay(t, course())
			if tt.source == "" {
				tt.source = root
			}
			_, _, err := Update(t.Context(), root, tt.source)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			require.Equal(t, course(), files(t, root))
			require.NoFileExists(t, filepath.Join(filepath.Dir(root), "slipped"))
			require.Empty(t, befores(t, root))
		})
	}
	t.Run("no source", func(t *testing.T) {
		if _, err := exec.LookPath("git"); err != nil {
			t.Skip("needs git: ", err)
		}
		_, _, err := Update(t.Context(), lay(t, course()), "")
		require.ErrorContains(t, err, "this clone has no remote")
	})
	t.Run("no git", func(t *testing.T) {
		t.Setenv("PATH", "")
		_, _, err := Update(t.Context(), lay(t, course()), "https://example.com/x")
		require.ErrorContains(t, err, "there is no git here, to fetch https://example.com/x")
	})
}

func befores(t *testing.T, root string) []string {
	found, err := filepath.Glob(filepath.Join(root, ".before*"))
	require.NoError(t, err)
	return found
}

// TestUndone: what could not be done whole was not done.
func TestUndone(t *testing.T) {
	root := lay(t, course())
	changes, err := plan(root, lay(t, newerCourse()))
	require.NoError(t, err)
	var last Change
	for _, c := range changes {
		if c.Kind == Replaced {
			last = c
		}
	}
	saved := filepath.Join(root, filepath.FromSlash(last.Path))
	require.NoError(t, keep.Write(saved, []byte("saved meanwhile"), 0o600))
	before := files(t, root)
	_, err = apply(root, changes)
	require.ErrorContains(t, err, "everything is as it was before")
	require.ErrorContains(t, err, filepath.Base(last.Path)+" has been changed meanwhile")
	require.Equal(t, before, files(t, root))
	require.NotContains(t, strings.Join(befores(t, root), " "), "new")

	// What can't be written is found out before anything is changed.
	require.NoError(t, os.WriteFile(filepath.Join(root, ".before-update-9"), nil, 0o600))
	_, err = apply(filepath.Join(root, ".before-update-9"), changes)
	require.ErrorContains(t, err, "the course can't be written")
}
