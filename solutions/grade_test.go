//go:build linux

package solutions_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/judge"
	"udpkata/harness/sandbox"
	"udpkata/harness/verdict"
)

// gradeVariable says, if it is 1, that TestGrade grades everything that this directory has, which takes hours; or how
// the names begin of those that it is to grade, with commas between them, as in alternative,mutant-06-pmtu.
const gradeVariable = "UDPKATA_GRADE_EVERY"

// gradeBoxVariable names the kind of box in which it grades, as package sandbox does, instead of the best one.
const gradeBoxVariable = "UDPKATA_GRADE_IN"

// What is graded without it: of each lesson a misconception or two, and tricks that take little time. Those of the
// policy's must come to nothing without it, too.
var (
	gradeMutants = []string{
		"01-ports/well-known-long", "01-ports/claims-zero", "02-echo/first-client", "02-echo/answers-in-one-buffer",
		"03-spoof/first-datagram", "04-backoff/constant-wait", "05-broadcast/permits-nothing", "06-pmtu/mtu-1500",
	}
	gradeTricks = []string{
		"is-says-yes", "forged-events-stdout", "conn-of-its-own", "code-patched", "heart-order", "heart-texts",
		"parent-killed", "not-compiling",
	}
)

// An entrant is somebody of a class.
type entrant struct {
	name    string
	hand    form
	files   files
	wants   map[string]want // by lesson; where there is none, nobody is to get anything
	refused string          // why nothing of it can be read, in part
}

// A want holds what became of a lesson to what should have.
type want func(t *testing.T, of graded, l grade.Lesson)

// A graded class is what grades.json has, by name.
type graded struct {
	policy     bool
	box        string
	notCounted map[string]string
	marks      map[string]grade.Mark
}

func (g graded) counts(l grade.Lesson, task string) bool {
	_, isOut := g.notCounted[l.Name+"/"+task]
	return !isOut
}

// full wants all tasks passed that this machine can tell of.
func full(t *testing.T, of graded, l grade.Lesson) {
	require.NotEmpty(t, l.Tasks)
	for _, task := range l.Tasks {
		if of.counts(l, task.Name) && task.State != verdict.Passed {
			t.Errorf("%s: LOST: %s is %s: %s\n%s", l.Name, task.Name, task.State, task.Reason, task.Output)
		}
	}
}

// nothing wants none passed.
func nothing(t *testing.T, _ graded, l grade.Lesson) {
	for _, task := range l.Tasks {
		if task.State == verdict.Passed {
			t.Errorf("%s: UNEARNED: %s passed", l.Name, task.Name)
		}
	}
}

// loses wants a misconception to lose the task that kills it, if this machine can tell.
func (m mutant) loses(elsewhere string) want {
	return func(t *testing.T, of graded, l grade.Lesson) {
		i := slices.IndexFunc(l.Tasks, func(task grade.Task) bool { return task.Name == m.killedBy })
		require.GreaterOrEqual(t, i, 0, m.killedBy)
		task := l.Tasks[i]
		if task.State == verdict.Passed && elsewhere != "" {
			t.Logf("%s passed: %s", task.Name, elsewhere)
			return
		}
		lacking := m.needs == "low port" || m.needs != "" && !strings.HasPrefix(of.box, "in bubblewrap")
		if (task.State == verdict.Passed || task.State == verdict.Skipped) && lacking {
			t.Logf("%s is %s: it needs what its box lacks: %s", task.Name, task.State, m.needs)
			return
		}
		switch task.State {
		case verdict.Failed, verdict.Stuck, verdict.Crashed:
		case verdict.Refused:
			require.True(t, of.policy)
		default:
			t.Errorf("%s is %s, and kills %s: %s", task.Name, task.State, m.path, task.Reason)
		}
	}
}

// getsNoMore wants of something hostile what TestHostile wants, and nothing if the policy has refused it.
func (h hostile) getsNoMore(t *testing.T, of graded, l grade.Lesson) {
	var r judge.Report
	for _, task := range l.Tasks {
		r.Results = append(r.Results, judge.Result{Task: task.Name, State: task.State, Reason: task.Reason,
			Output: task.Output})
	}
	require.NotEmpty(t, r.Results)
	h.upTo = h.upTo || r.Results[0].State == verdict.Refused
	h.check(t, boxed{Report: r, Wrong: unshowable(r)})
}

// entrants returns a class: those in which all lessons are handed in, and those with one.
func entrants(t *testing.T, which string) (class []entrant) {
	every := which != ""
	add := func(name string, hand form, all files, wants map[string]want) {
		class = append(class, entrant{name: name, hand: hand, files: all, wants: wants})
	}
	course := lessons(t)
	solved, stubs, allFull := files{}, files{}, map[string]want{}
	for _, l := range course {
		maps.Copy(solved, solutionOf(t, l))
		maps.Copy(stubs, stubOf(t, l))
		allFull[l.Name] = full
	}
	for _, f := range forms {
		add("solution-"+f.name, f.hand, solved, allFull)
	}
	add("stub", inFolders, stubs, nil)
	add("nothing", inFolders, files{"notes/notes.go": "package notes\n"}, nil)
	for i := range 10 {
		all := files{}
		for _, l := range course {
			if styles := alternatives(t, l); i < len(styles) {
				maps.Copy(all, ofDir(t, l, unpack(t, styles[i])))
			}
		}
		wants := map[string]want{}
		for file := range all {
			lesson, _, _ := strings.Cut(file, "/")
			wants[lesson] = full
		}
		if len(all) > 0 && (every || i == 0) {
			add(fmt.Sprintf("alternative-%d", i), forms[i%len(forms)].hand, all, wants)
		}
	}
	known := stageDifferences(t)
	for _, m := range mutants(t) {
		name := m.lesson.Name + "/" + m.name
		if every && m.missing() == nil || slices.Contains(gradeMutants, name) {
			d := difference{m.name, m.killedBy, "state"}
			add("mutant-"+strings.ReplaceAll(name, "/", "-"), inFolders, m.handedIn(t),
				map[string]want{m.lesson.Name: m.loses(known[m.lesson.Name][d])})
		}
	}
	for _, h := range hostiles(t) {
		if every || slices.Contains(gradeTricks, h.name) {
			add("hostile-"+h.name, inFolders, h.handedIn(t), map[string]want{h.lesson.Name: h.getsNoMore})
		}
	}
	class = append(class, damaged(t, course[1])...)
	if which == "" || which == "1" {
		return class
	}
	return slices.DeleteFunc(class, func(e entrant) bool {
		begins := func(name string) bool { return strings.HasPrefix(e.name, name) }
		return !slices.ContainsFunc(strings.Split(which, ","), begins)
	})
}

// damaged returns archives that can't be read, or that hold more than a solution.
func damaged(t *testing.T, l curriculum.Lesson) []entrant {
	solved := solutionOf(t, l)
	cut := func(hand form, extension string) form {
		return func(t *testing.T, class, name string, all files) {
			hand(t, class, name, all)
			path := filepath.Join(class, name+extension)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			put(t, path, string(data[:len(data)*2/3]))
		}
	}
	return []entrant{
		{name: "cut-zip", hand: cut(zipped, ".zip"), files: solved, refused: "a part of it is missing"},
		{name: "cut-tar", hand: cut(tarred, ".tar.gz"), files: solved, refused: "its end is missing"},
		{name: "bomb", hand: zipped, files: files{"02-echo/echo.go": strings.Repeat("/", 32<<20)}},
		{name: "evil-zip", hand: evil, files: solved, wants: map[string]want{l.Name: full}},
		{name: "thief", hand: steal, files: solved},
	}
}

// evil hands in an archive with a solution, and with entries that are to be written, or read, elsewhere.
func evil(t *testing.T, class, name string, all files) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	write := func(h zip.FileHeader, content string) {
		f, err := w.CreateHeader(&h)
		require.NoError(t, err)
		_, err = f.Write([]byte(content))
		require.NoError(t, err)
	}
	for file, content := range all {
		write(zip.FileHeader{Name: file}, content)
	}
	write(zip.FileHeader{Name: "../stub/02-echo/echo.go"}, "package echo // somebody else's now\n")
	write(zip.FileHeader{Name: "/tmp/02-echo/echo.go"}, "package echo // on the disk\n")
	link := zip.FileHeader{Name: "03-spoof/spoof.go"}
	link.SetMode(os.ModeSymlink | 0o777)
	write(link, "/etc/passwd")
	require.NoError(t, w.Close())
	put(t, filepath.Join(class, name+".zip"), b.String())
}

// steal hands in links to what a neighbour has handed in.
func steal(t *testing.T, class, name string, _ files) {
	neighbour := filepath.Join(class, "solution-in-folders")
	dir := filepath.Join(class, name)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "03-spoof"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(neighbour, "02-echo"), filepath.Join(dir, "02-echo")))
	require.NoError(t, os.Symlink(filepath.Join(neighbour, "03-spoof", "spoof.go"),
		filepath.Join(dir, "03-spoof", "spoof.go")))
	put(t, filepath.Join(dir, "01-ports", "README.md"), "mine\n")
}

// grading returns how a class is graded, for everybody with the same questions.
func grading(t *testing.T, class string) grade.Params {
	box, err := sandbox.Find(t.Context(), os.Getenv(gradeBoxVariable))
	if err != nil {
		t.Skip(err)
	}
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "class.key")
	put(t, key, strings.Repeat("5e", 32)+"\n")
	cache := t.TempDir() // which the box's user has to come to
	require.NoError(t, os.Chmod(filepath.Dir(cache), 0o755))
	return grade.Params{
		Root: here, Lessons: lessons(t), Paths: []string{class}, Out: t.TempDir(), Key: key, Box: box,
		Which: intake.Last, Cache: cache,
	}
}

// TestGrade: whoever solves a lesson gets all of its points, in whatever form it is handed in, whoever does not loses
// those for what is wrong, and nobody gets or loses any by what others do: with a policy, and without one.
func TestGrade(t *testing.T) {
	if testing.Short() {
		t.Skip("judges a class, which takes a while")
	}
	class, dir := entrants(t, os.Getenv(gradeVariable)), t.TempDir()
	require.NotEmpty(t, class)
	for _, e := range class {
		e.hand(t, dir, e.name, e.files)
	}
	p := grading(t, dir)
	var with graded
	t.Run("policy", func(t *testing.T) {
		with = run(t, p)
		require.True(t, with.policy)
		hold(t, class, with)
	})
	t.Run("no policy", func(t *testing.T) {
		p.NoPolicy, p.Out = true, t.TempDir()
		without := run(t, p)
		require.False(t, without.policy)
		hold(t, class, without)
		// The honest have other neighbours now: those that the policy refused before.
		for _, e := range class {
			if strings.HasPrefix(e.name, "solution") || strings.HasPrefix(e.name, "alternative") || e.name == "stub" {
				require.Equal(t, states(with.marks[e.name]), states(without.marks[e.name]), e.name)
			}
		}
	})
}

// run grades a class, and reads what came of it.
func run(t *testing.T, p grade.Params) graded {
	sum, err := grade.Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, sum.Unjudged)
	require.Empty(t, sum.Missing)
	data, err := os.ReadFile(filepath.Join(p.Out, "grades.json"))
	require.NoError(t, err)
	var all struct {
		Head        grade.Head
		NotCounted  map[string]string `json:"not_counted"`
		Submissions []grade.Mark
	}
	require.NoError(t, json.Unmarshal(data, &all))
	g := graded{all.Head.Policy, all.Head.Box, all.NotCounted, map[string]grade.Mark{}}
	for _, m := range all.Submissions {
		require.True(t, m.Counts)
		require.NotContains(t, g.marks, m.Student)
		g.marks[m.Student] = m
	}
	g.table(t, filepath.Join(p.Out, "grades.csv"))
	return g
}

// table wants the table to say what grades.json says.
func (g graded) table(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(g.marks))
	tasks := slices.Index(rows[0], "note") + 1
	for _, row := range rows[1:] {
		m, sum := g.marks[row[0]], 0
		for _, cell := range row[tasks:] {
			if points, err := strconv.Atoi(cell); err == nil {
				sum += points
			}
		}
		require.Equal(t, m.Earned, sum, "%s: the tasks' points, and their sum", row[0])
		require.Equal(t, strconv.Itoa(m.Earned), row[slices.Index(rows[0], "earned")])
	}
}

// hold holds everybody's marks to what they have earned.
func hold(t *testing.T, class []entrant, of graded) {
	require.Len(t, of.marks, len(class))
	for _, e := range class {
		t.Run(e.name, func(t *testing.T) {
			m, ok := of.marks[e.name]
			require.True(t, ok)
			if e.refused != "" {
				require.NotNil(t, m.Refused)
				require.Contains(t, m.Refused.EN, e.refused)
				require.Zero(t, m.Earned)
				return
			}
			require.Nil(t, m.Refused)
			require.Empty(t, m.Unread)
			require.Len(t, m.Lessons, len(lessons(t)), "a lesson that is missing is reported as that")
			earned, possible := 0, 0
			for _, l := range m.Lessons {
				check := e.wants[l.Name]
				if check == nil {
					check = nothing
				}
				check(t, of, l)
				for _, task := range l.Tasks {
					if !of.counts(l, task.Name) {
						continue
					}
					possible += task.Points
					if task.State == verdict.Passed {
						earned += task.Points
					}
				}
			}
			require.Equal(t, []int{earned, possible}, []int{m.Earned, m.Of}, "points, and those that there are")
		})
	}
}

// states returns how a submission's tasks have ended.
func states(m grade.Mark) map[string]verdict.State {
	all := map[string]verdict.State{}
	for _, l := range m.Lessons {
		for _, task := range l.Tasks {
			all[l.Name+"/"+task.Name] = task.State
		}
	}
	return all
}
