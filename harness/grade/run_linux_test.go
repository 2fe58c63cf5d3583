package grade

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/judge"
	"udpkata/harness/sandbox"
	"udpkata/harness/sandbox/confine"
	"udpkata/harness/verdict"
)

// TestMain: this program is what runs in a box, too.
func TestMain(m *testing.M) {
	if os.Getenv(BoxVariable) != "1" {
		os.Exit(m.Run())
	}
	input, _ := io.ReadAll(os.Stdin)
	var j job
	if json.Unmarshal(input, &j) == nil && j.Root == scripted {
		pretend(j)
	}
	InBox(context.Background(), strings.NewReader(string(input)), os.Stdout)
	os.Exit(0)
}

// scripted is the root of a course whose lessons are named after what becomes of their boxes.
const scripted = "/scripted"

// pretend does in a box what lessons are named after.
func pretend(j job) {
	to := json.NewEncoder(os.Stdout)
	if _, ok := j.Lessons["03-bomb"]; ok {
		os.Exit(7) // while it is built, before any begins
	}
	for _, name := range []string{"01-good", "02-floods", "04-good", "05-error"} {
		if _, ok := j.Lessons[name]; !ok {
			continue
		}
		to.Encode(finished{Lesson: name})
		switch name {
		case "02-floods":
			os.Exit(3)
		case "05-error":
			to.Encode(finished{Error: "no room"})
			os.Exit(0)
		}
		to.Encode(finished{Lesson: name, At: time.Second,
			Report: &judge.Report{Results: []judge.Result{{Task: "TestA", State: verdict.Passed}}}})
	}
	os.Exit(0)
}

// TestConfineVariable: the judge in a box knows the variable by the same name.
func TestConfineVariable(t *testing.T) { require.Equal(t, confine.Variable, confineVariable) }

// TestBoxes: what a lesson's code does to its box costs that lesson, and no other.
func TestBoxes(t *testing.T) {
	box, err := sandbox.Find(t.Context(), sandbox.Trust)
	require.NoError(t, err)
	var lessons []curriculum.Lesson
	j := job{Root: scripted, Lessons: map[string]code{}}
	for _, name := range []string{"01-good", "02-floods", "03-bomb", "04-good", "05-error"} {
		lessons = append(lessons, curriculum.Lesson{Name: name, Tasks: []curriculum.Task{{Name: "TestA", Points: 1}}})
		j.Lessons[name] = code{}
	}
	g := &grader{Params: Params{Box: box, Lessons: lessons, Root: t.TempDir()}}
	done, err := g.inBoxes(t.Context(), j)
	require.NoError(t, err)
	require.Len(t, done, 5)
	for name, want := range map[string]string{
		"01-good": "", "02-floods": "status 3", "03-bomb": "status 7", "04-good": "", "05-error": "no room",
	} {
		got := done[name].Report.Results[0]
		if want == "" {
			require.Equal(t, verdict.Passed, got.State, name)
			continue
		}
		require.Equal(t, verdict.Crashed, got.State, name)
		require.Contains(t, got.Reason, want)
		require.Equal(t, got.Reason, done[name].ended)
	}
}

// TestAgainWithoutABox: where nothing can be judged a second time, the first time counts, and that is said; a later run
// makes up for it.
func TestAgainWithoutABox(t *testing.T) {
	box, err := sandbox.Find(t.Context(), sandbox.Trust)
	require.NoError(t, err)
	lessons := []curriculum.Lesson{{Name: "01-good", Dir: t.TempDir(), TestPackage: "good_test",
		Files: []curriculum.File{{Name: "good.go"}}, Tasks: []curriculum.Task{{Name: "TestA", Points: 1}}}}
	class, out := t.TempDir(), t.TempDir()
	hand(t, class, "alice", map[string]string{"01-good/good.go": "package good\n"})
	mine, _, err := intake.Find([]string{class}, lessons, intake.Limits{}, nil)
	require.NoError(t, err)
	require.Len(t, mine, 1)
	content, err := mine[0].Unpack(t.Context())
	require.NoError(t, err)
	failed := Task{Name: "TestA", State: verdict.Failed, Points: 1, Failed: []string{"loopback/ip4"}}
	r := Result{Key: "k1", Content: content.Key, Lessons: []Lesson{{Name: "01-good", Tasks: []Task{failed}}}}
	r.Pending = doubtful(r)
	require.NotEmpty(t, r.Pending)
	require.NoError(t, os.MkdirAll(filepath.Join(out, resultsDir), 0o700))
	require.NoError(t, writeJSON(resultPath(out, "k1"), r))
	run := func() (*grader, Mark) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g := &grader{Params: Params{Box: box, Lessons: lessons, Root: scripted, Out: out}, ctx: ctx}
		require.NoError(t, g.judgesAgain(mine, []Entry{{Key: "k1"}}))
		r, _, err := readResult(out, "k1")
		require.NoError(t, err)
		require.False(t, r.waits(), "marks don't wait for what can't be")
		c := &Class{out: out, Tasks: []Column{{Lesson: "01-good", Task: "TestA", Points: 1}}}
		m, err := c.mark(Entry{Key: "k1"})
		require.NoError(t, err)
		return g, m
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	g, m := run()
	require.Len(t, g.once, 1)
	require.Regexp(t, `^alice: .*no such file`, g.once[0])
	require.Zero(t, m.Earned)
	require.Len(t, m.Notes, 1)
	require.Contains(t, m.Notes[0].EN, "here that could not be done: ")

	t.Setenv("TMPDIR", t.TempDir())
	g, m = run()
	require.Empty(t, g.once)
	require.Equal(t, 1, m.Earned)
	require.Empty(t, m.Notes)
	require.Equal(t, "failed: ", m.Lessons[0].Tasks[0].First)

	t.Run("stopped", func(t *testing.T) {
		require.NoError(t, writeJSON(resultPath(out, "k1"), r))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g := &grader{Params: Params{Box: box, Lessons: lessons, Root: scripted, Out: out}, ctx: ctx}
		require.ErrorIs(t, g.judgesAgain(mine, []Entry{{Key: "k1"}}), context.Canceled)
		r, _, err := readResult(out, "k1")
		require.NoError(t, err)
		require.True(t, r.waits(), "the next run goes on")
	})
}

// stubFiles returns the course's stubs, by their paths below lessons/.
func stubFiles(t *testing.T, lessons []curriculum.Lesson) map[string]string {
	all := map[string]string{}
	for _, l := range lessons {
		stubs, err := stubs(l)
		require.NoError(t, err)
		for _, f := range stubs {
			all[l.Name+"/"+f.Name] = string(f.Data)
		}
	}
	return all
}

// hand writes what somebody hands in.
func hand(t *testing.T, class, student string, files map[string]string) {
	for name, source := range files {
		path := filepath.Join(class, student, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(source), 0o644))
	}
}

// TestRun grades a small class, whole and in shards, once and again.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("needs all lessons' test programs, which takes a while")
	}
	box, err := sandbox.Find(t.Context(), "")
	if err != nil {
		t.Skip(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	all, err := curriculum.Load(root)
	require.NoError(t, err)
	var lessons []curriculum.Lesson
	for _, l := range all {
		if len(l.Tasks) > 0 {
			lessons = append(lessons, l)
		}
	}
	files, class := stubFiles(t, lessons), t.TempDir()
	echo := files["02-echo/echo.go"]
	hand(t, class, "stub", files)
	hand(t, class, "twin", map[string]string{"lessons/02-echo/echo.go": echo})
	hand(t, class, "flat", map[string]string{"echo.go": echo})
	hand(t, class, "broken", map[string]string{"echo.go": echo + "\nfunc {"})
	refused := strings.Replace(echo, "import (", "import (\n\t_ \"unsafe\"", 1)
	hand(t, class, "unsafe", map[string]string{"echo.go": refused})
	require.NoError(t, os.WriteFile(filepath.Join(class, "damaged.zip"), []byte("PK\x03\x04, and no more"), 0o644))
	cache := t.TempDir()
	out := t.TempDir()
	p := Params{
		Root: root, Lessons: lessons, Paths: []string{class}, Out: out, Box: box, Which: intake.Last, Cache: cache,
	}
	sum, err := Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, sum.Missing, "could not be judged: %v", sum.Unjudged)
	require.Equal(t, 6, sum.Graded)
	results, err := filepath.Glob(filepath.Join(out, resultsDir, "*"))
	require.NoError(t, err)
	require.Len(t, results, 4, "the same files have one result")

	states := map[string]map[string]verdict.State{}
	c, missing, err := Open(out)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.NoError(t, c.Students(func(attempts []Mark) error {
		m := attempts[0]
		require.Zero(t, m.Earned, m.Student)
		require.Greater(t, m.Of, 100)
		states[m.Student] = map[string]verdict.State{}
		for _, l := range m.Lessons {
			states[m.Student][l.Name] = l.Tasks[0].State
			require.NotEmpty(t, l.Tasks[0].Reason)
		}
		require.Equal(t, m.Student == "damaged.zip" || m.Student == "damaged", m.Refused != nil)
		return nil
	}))
	require.Equal(t, verdict.Todo, states["stub"]["03-spoof"])
	require.Equal(t, verdict.Todo, states["flat"]["02-echo"])
	require.Equal(t, verdict.NotRun, states["flat"]["03-spoof"])
	require.Equal(t, verdict.DidNotCompile, states["broken"]["02-echo"])
	require.Equal(t, verdict.Refused, states["unsafe"]["02-echo"])

	// Of a later attempt, what is as it was has its result, and what is not is judged.
	kept, err := filepath.Glob(filepath.Join(out, lessonsDir, "*"))
	require.NoError(t, err)
	require.Greater(t, len(kept), len(lessons), "the stubs, what does not compile, and the reference")
	for _, path := range kept {
		var l Lesson
		_, err := readJSON(path, &l)
		require.NoError(t, err)
		for i := range l.Tasks {
			l.Tasks[i].Reason = "remembered"
		}
		require.NoError(t, writeJSON(path, l))
	}
	later := p
	later.Paths = []string{t.TempDir()}
	hand(t, later.Paths[0], "stub", map[string]string{
		"spoof.go": files["03-spoof/spoof.go"] + "\n// A later attempt.\n", "echo.go": echo,
	})
	later.Out, later.Key = t.TempDir(), filepath.Join(out, keyFile)
	copyFile(t, filepath.Join(out, referenceFile), filepath.Join(later.Out, referenceFile))
	require.NoError(t, os.CopyFS(filepath.Join(later.Out, lessonsDir), os.DirFS(filepath.Join(out, lessonsDir))))
	_, err = Run(t.Context(), later)
	require.NoError(t, err)
	c, _, err = Open(later.Out)
	require.NoError(t, err)
	require.NoError(t, c.Students(func(attempts []Mark) error {
		for _, l := range attempts[0].Lessons {
			remembered := l.Tasks[0].Reason == "remembered"
			require.Equal(t, l.Name == "02-echo", remembered, l.Name)
		}
		return nil
	}))

	again := Progress{}
	p.Tell = func(p Progress) { again = p }
	_, err = Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, 5, again.Kept, "what has a result is not judged again")

	some := p
	some.Only, some.Out, some.Key = []string{"02-echo"}, t.TempDir(), filepath.Join(out, keyFile)
	sum, err = Run(t.Context(), some)
	require.NoError(t, err)
	require.Len(t, sum.Worths, 1, "of some lessons, the others are no part of the total")
	require.Equal(t, "02-echo", sum.Worths[0].Lesson)
	c, _, err = Open(some.Out)
	require.NoError(t, err)
	require.NoError(t, c.Students(func(attempts []Mark) error {
		m := attempts[0]
		require.Equal(t, sum.Worths[0].Points, m.Of)
		if m.Refused == nil {
			require.Len(t, m.Lessons, 1)
			require.Equal(t, states[m.Student]["02-echo"], m.Lessons[0].Tasks[0].State)
		}
		return nil
	}))

	var mine Reference
	_, err = readJSON(filepath.Join(out, referenceFile), &mine)
	require.NoError(t, err)
	elsewhere := Reference{mine.Key, "elsewhere", map[string]string{"02-echo/TestAsk": "needs what only we have"}}
	require.NoError(t, writeJSON(filepath.Join(out, referenceFile), elsewhere))
	_, err = Run(t.Context(), p)
	require.ErrorContains(t, err, `the machine "elsewhere" can't tell of 02-echo/TestAsk`)
	require.NoError(t, writeJSON(filepath.Join(out, referenceFile), mine))
	empty := p
	empty.Paths = []string{t.TempDir()}
	_, err = Run(t.Context(), empty)
	require.ErrorContains(t, err, "there are no submissions in "+empty.Paths[0])

	var parts []string
	for i := range 2 {
		dir := t.TempDir()
		copyFile(t, filepath.Join(out, referenceFile), filepath.Join(dir, referenceFile))
		p.Out, p.Shard, p.Key = dir, Shard{i + 1, 2}, filepath.Join(out, keyFile)
		_, err := Run(t.Context(), p)
		require.NoError(t, err)
		parts = append(parts, dir)
	}
	missing, err = Merge(parts[0], parts)
	require.NoError(t, err)
	require.Empty(t, missing)
	for _, name := range []string{"grades.json", "grades.csv"} {
		want, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(parts[0], name))
		require.NoError(t, err)
		same := bytes.Equal(times.ReplaceAll(want, nil), times.ReplaceAll(got, nil))
		require.True(t, same, "%s of two shards is another: %s, %s", name, out, parts[0])
	}
}

// TestLeftovers: what a run that was killed has left unfinished goes with the next, unless another is at work there.
func TestLeftovers(t *testing.T) {
	out := t.TempDir()
	left := []string{".new-1", ".key-2/class.key", "results/.new-3"}
	for _, name := range append(left, "results/k.json", "class.key") {
		hand(t, filepath.Dir(out), filepath.Base(out), map[string]string{name: "{"})
	}
	other, err := enter(out)
	require.NoError(t, err)
	for _, name := range left {
		require.NoFileExists(t, filepath.Join(out, name))
		hand(t, filepath.Dir(out), filepath.Base(out), map[string]string{name: "{"})
	}
	for i, there := range []bool{true, false} {
		leave, err := enter(out)
		require.NoError(t, err)
		for _, name := range left {
			_, err := os.Stat(filepath.Join(out, name))
			require.Equal(t, there, err == nil, "%s, run %d", name, i)
		}
		leave()
		if i == 0 {
			other()
		}
	}
	require.FileExists(t, filepath.Join(out, "results", "k.json"))
	require.FileExists(t, filepath.Join(out, "class.key"))
}

// TestCache: what no run has used for long goes, and nothing that one uses, or that is anybody else's.
func TestCache(t *testing.T) {
	cache := t.TempDir()
	long := time.Now().Add(-keptFor - time.Hour)
	name := func(c string) string { return filepath.Join(cache, strings.Repeat(c, 16)) }
	for _, c := range []string{"a", "b", "c", "d"} {
		leave, err := use(name(c))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(name(c), "found.json"), nil, 0o600))
		if c != "d" { // unused
			require.NoError(t, os.Chtimes(filepath.Join(name(c), usedFile), long, long))
		}
		if c == "b" { // by a run that takes long
			defer leave()
			continue
		}
		leave()
	}
	// From before runs said when they were, and half removed.
	for _, old := range []string{name("e"), name("f"), name("0") + ".old", filepath.Join(cache, "mine")} {
		require.NoError(t, os.MkdirAll(filepath.Join(old, "packages"), 0o755))
		if old != name("f") {
			require.NoError(t, os.Chtimes(old, long, long))
		}
	}
	again, err := use(name("c"))
	require.NoError(t, err)
	again()
	removeUnused(cache, time.Now())
	var left []string
	entries, err := os.ReadDir(cache)
	require.NoError(t, err)
	for _, e := range entries {
		left = append(left, e.Name()[:1])
	}
	require.Equal(t, []string{"b", "c", "d", "f", "m"}, left)

	t.Run("somebody waits", func(t *testing.T) {
		dir := name("9")
		leave, err := use(dir)
		require.NoError(t, err)
		leave()
		first, err := os.OpenFile(filepath.Join(dir, usedFile), os.O_RDWR, 0)
		require.NoError(t, err)
		require.NoError(t, flock(first, false, false)) // as who removes it has
		used := make(chan error)
		go func() {
			_, err := use(dir)
			used <- err
		}()
		require.NoError(t, os.Rename(dir, dir+".old"))
		require.NoError(t, first.Close())
		require.NoError(t, <-used)
		require.FileExists(t, filepath.Join(dir, usedFile), "a new one, as the old one is gone")
	})
	t.Run("many", func(t *testing.T) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 50 {
					leave, err := use(name("8"))
					if err != nil {
						t.Error(err)
						return
					}
					file := filepath.Join(name("8"), usedFile)
					if _, err := os.Stat(file); err != nil {
						t.Error("it is removed while it is used: ", err)
					}
					leave()
					removeUnused(cache, time.Now().Add(2*keptFor))
				}
			})
		}
		all.Wait()
	})
	t.Run("no directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := use(file)
		require.Error(t, err)
		link := file + ".link"
		require.NoError(t, os.Symlink("nowhere", link))
		_, err = use(link)
		require.Error(t, err)
	})
	t.Run("can't be written", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("needs an ordinary user, whom a directory's rights keep from writing")
		}
		dir := t.TempDir()
		require.NoError(t, os.Chmod(dir, 0o555))
		leave, err := use(dir)
		require.NoError(t, err)
		leave()
	})
}

// TestPrograms: the lessons' tests are built anew where the course, its place or Go is another.
func TestPrograms(t *testing.T) {
	h := Head{Course: "c", Go: "go1.27", Class: "k"}
	of := h.programs("/a")
	h.Class = "another"
	require.Equal(t, of, h.programs("/a"))
	require.NotEqual(t, of, h.programs("/b"))
	require.NotEqual(t, of, Head{Course: "d", Go: "go1.27"}.programs("/a"))
	require.NotEqual(t, of, Head{Course: "c", Go: "go1.28"}.programs("/a"))
}

// TestAlone: of those who want to build in one directory, one does at a time.
func TestAlone(t *testing.T) {
	dir := t.TempDir()
	leave, err := alone(t.Context(), dir)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = alone(ctx, dir)
	require.ErrorIs(t, err, context.Canceled)
	other, err := os.Open(dir)
	require.NoError(t, err)
	defer other.Close()
	require.Error(t, flock(other, false, false), "two are at it")
	leave()
	require.NoError(t, flock(other, false, true), "whoever gave up may have the lock for a moment, and lets go of it")
}

// times are how long tests took.
var times = regexp.MustCompile(`\(\d+\.\d\ds\)`)

func copyFile(t *testing.T, from, to string) {
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o600))
}
