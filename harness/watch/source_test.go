package watch

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/require"
)

// lay makes a course's lessons of these files.
func lay(t *testing.T, names ...string) (root string) {
	root = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "lessons"), 0o700))
	for _, name := range names {
		write(t, root, name, "as it was")
	}
	return root
}

func write(t *testing.T, root, name, content string) {
	path := filepath.Join(root, "lessons", filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestTouched(t *testing.T) {
	root := lay(t, "01-a/a.go", "02-b/b.go", "02-b/hints.md", "03-c/c.go")
	before := Look(root)
	require.Empty(t, Look(root).Touched(before))
	for _, name := range []string{"01-a/.a.go.swp", "01-a/#a.go#", "01-a/a.go~", "01-a/_a.go", "01-a/README.md",
		".git/a.go", "README.md", "01-a/demo/x.go", "01-a/testdata/x.go", "01-a/.x/x.go", "01-a/x/README.md"} {
		write(t, root, name, "x")
		require.Empty(t, Look(root).Touched(before), name)
	}
	write(t, root, "02-b/x/demo/x.go", "new")
	require.Equal(t, []string{"02-b"}, Look(root).Touched(before))
	below := Look(root)
	write(t, root, "02-b/x/demo/x.go", "NEW")
	require.Equal(t, []string{"02-b"}, Look(root).Touched(below))
	write(t, root, "02-b/hints.md", "think")
	require.Equal(t, []string{"02-b"}, Look(root).Touched(before))
	require.NoError(t, os.RemoveAll(filepath.Join(root, "lessons", "03-c")))
	write(t, root, "04-d/d.go", "new")
	write(t, root, "01-a/a.go", "AS IT WAS") // as long as before
	require.Equal(t, []string{"01-a", "02-b", "03-c", "04-d"}, Look(root).Touched(before))
	require.NoError(t, os.RemoveAll(filepath.Join(root, "lessons")))
	require.Empty(t, Look(root))
}

// TestEvents: whatever happens to a lesson's files is told. It is not asked how often.
func TestEvents(t *testing.T) {
	root := lay(t, "01-a/a.go")
	events := Events(t.Context(), root)
	lessons := filepath.Join(root, "lessons")
	<-events.Notices // it watches from now on
	for _, tt := range []struct {
		name string
		do   func()
	}{
		{"written", func() { write(t, root, "01-a/a.go", "1") }},
		{"renamed", func() {
			write(t, root, "01-a/new", "2")
			require.NoError(t, os.Rename(filepath.Join(lessons, "01-a", "new"), filepath.Join(lessons, "01-a", "a.go")))
		}},
		{"removed", func() { require.NoError(t, os.Remove(filepath.Join(lessons, "01-a", "a.go"))) }},
		{"a new lesson", func() { write(t, root, "02-b/b.go", "1") }},
		{"in the new lesson", func() { write(t, root, "02-b/b.go", "2") }},
		{"a package below", func() { write(t, root, "01-a/x/y/z.go", "1") }},
		{"in the package below", func() { write(t, root, "01-a/x/y/z.go", "2") }},
		{"no package below any more", func() { require.NoError(t, os.RemoveAll(filepath.Join(lessons, "01-a", "x"))) }},
		{"no lesson any more", func() { require.NoError(t, os.RemoveAll(filepath.Join(lessons, "02-b"))) }},
		{"no lessons", func() { require.NoError(t, os.RemoveAll(lessons)) }},
		{"lessons again", func() { write(t, root, "01-a/a.go", "3") }},
		{"in those", func() { write(t, root, "01-a/a.go", "4") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "no lessons" && runtime.GOOS == "windows" {
				t.Skip("needs a system that removes a directory though it is watched")
			}
			before := Look(root)
			tt.do()
			want := Look(root).Touched(before)
			require.NotEmpty(t, want)
			for range events.Notices {
				if got := Look(root).Touched(before); len(got) > 0 {
					require.Equal(t, want, got)
					break
				}
			}
		})
	}
	require.Empty(t, events.Polling)
}

// TestPoll: where the system can't tell of files, each save is found by looking.
func TestPoll(t *testing.T) {
	for _, why := range []error{syscall.EMFILE, syscall.ENOSPC} {
		t.Run(why.Error(), func(t *testing.T) {
			root := lay(t, "01-a/a.go")
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &source{root, make(chan struct{}, 1), make(chan error, 1)}
				go s.tell(ctx, func() (*fsnotify.Watcher, error) { return nil, why })
				require.ErrorIs(t, <-s.polling, why)
				// What was saved before it looked for the first time is told, and after a while nothing more.
				<-s.notices
				time.Sleep(time.Minute)
				select {
				case <-s.notices:
				default:
				}
				time.Sleep(time.Minute)
				require.Empty(t, s.notices)

				write(t, root, "01-a/a.go", "it is longer now")
				time.Sleep(pollEvery)
				synctest.Wait()
				require.Len(t, s.notices, 1)
				<-s.notices
				// Another save at nearly the same time may look the same.
				time.Sleep(pollEvery)
				synctest.Wait()
				require.Len(t, s.notices, 1)
			})
		})
	}
}

func TestArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan fsnotify.Event, 2)
		events <- fsnotify.Event{Name: "another"}
		began := time.Now()
		require.ErrorContains(t, arrives(events, "proof"), "told nothing")
		require.Equal(t, proofWithin, time.Since(began))
		events <- fsnotify.Event{Name: "another"}
		events <- fsnotify.Event{Name: "proof"}
		require.NoError(t, arrives(events, "proof"))
	})
}

// TestDoubt: a system that told nothing of a change for a whole round is not believed any more.
func TestDoubt(t *testing.T) {
	at := func(content string) Snapshot { return Snapshot{"a": {"a.go": content}} }
	d := doubt{seen: at("0")}
	check := func(content string, wantChanged, wantMissed bool) {
		t.Helper()
		changed, missed := d.look(at(content))
		require.Equal(t, wantChanged, changed)
		require.Equal(t, wantMissed, missed)
	}
	check("0", false, false)
	d.told()
	check("1", false, false)
	check("2", true, false)
	d.told() // word of it was on its way
	check("2", false, false)
	check("3", true, false)
	check("3", false, true)
}
