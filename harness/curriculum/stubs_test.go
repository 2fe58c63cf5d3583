package curriculum

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "keep the stubs of lessons/ as they are now")

func TestStubs(t *testing.T) {
	files := course()
	files["lessons/02-echo/testdata/stubs/echo.go.txt"] = "package echo\n"
	files["lessons/02-echo/testdata/stubs/README.md"] = "no stub\n"
	root := lay(t, files)
	stubs, err := Stubs(filepath.Join(root, "lessons", "02-echo"))
	require.NoError(t, err)
	require.Equal(t, []Stub{{"echo.go", []byte("package echo\n")}}, stubs)
	require.True(t, stubs[0].Untouched([]byte("package echo\r\n")))
	require.False(t, stubs[0].Untouched([]byte("package  echo\n")))
	stubs, err = Stubs(filepath.Join(root, "lessons", "00-before"))
	require.NoError(t, err)
	require.Empty(t, stubs)
}

// TestAdded: a file that is no stub and not given is none of the course's.
func TestAdded(t *testing.T) {
	files := course()
	files["lessons/02-echo/testdata/stubs/echo.go.txt"] = "package echo\n"
	files["lessons/02-echo/helper.go"] = "package echo\n"
	lessons, err := Load(lay(t, files))
	require.NoError(t, err)
	i := slices.IndexFunc(lessons, func(l Lesson) bool { return l.Name == "02-echo" })
	added := map[string]bool{}
	for _, f := range lessons[i].Files {
		added[f.Name] = f.Added
	}
	require.Equal(t, map[string]bool{"echo.go": false, "helper.go": true, "read.go": false}, added)
}

// TestStubsAreKept: the copies are of what is handed out, of each file that a student writes and of no other. What
// somebody has written who learns in this tree does not count: only where CI is set are the files themselves compared.
// With -update, the copies are written anew.
func TestStubsAreKept(t *testing.T) {
	root, err := Root(".")
	require.NoError(t, err)
	lessons, err := Load(root)
	require.NoError(t, err)
	for _, l := range lessons {
		dir := filepath.Join(l.Dir, StubsDir)
		if *update {
			require.NoError(t, os.RemoveAll(dir))
		}
		var want []string
		for _, f := range l.Files {
			if f.Given {
				continue
			}
			want = append(want, f.Name)
			if *update {
				require.NoError(t, os.MkdirAll(dir, 0o777))
				require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name+stubsExt),
					[]byte(read(t, filepath.Join(l.Dir, f.Name))), 0o666))
			}
		}
		stubs, err := Stubs(l.Dir)
		require.NoError(t, err)
		require.Equal(t, len(l.Tasks) > 0, len(stubs) > 0, "%s: -update writes the copies of its stubs", l.Name)
		if os.Getenv("CI") == "" && !*update {
			continue
		}
		var got []string
		for _, s := range stubs {
			got = append(got, s.Name)
			require.Equal(t, read(t, filepath.Join(l.Dir, s.Name)), string(s.Source),
				"%s/%s: go test ./harness/curriculum -run TestStubsAreKept -update writes its copy", l.Name, s.Name)
		}
		require.Equal(t, want, got, l.Name)
	}
}
