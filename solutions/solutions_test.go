// The repository's three facts: every stub ends because of its TODO, every
// solution passes, and every mutant dies by the test that it names.
package solutions_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/grade"
	"udpkata/harness/judge"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

const root = ".."

// lessons lists those that have tasks.
func lessons(t testing.TB) []curriculum.Lesson {
	all, err := curriculum.Load(root)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(l curriculum.Lesson) bool { return len(l.Tasks) == 0 })
	require.NotEmpty(t, all)
	return all
}

// TestMain lets more trials run at once than there are processors: most of a
// failing trial's time is waiting. What the trials say depends on no locale.
//
// In a box of package grade's, this program is what judges there.
func TestMain(m *testing.M) {
	if os.Getenv(grade.BoxVariable) == "1" {
		if err := grade.InBox(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Setenv("UDPKATA_LANG", "en")
	os.Setenv("LC_ALL", "C.UTF-8")
	os.Setenv("TERM", "xterm")
	os.Setenv("GOGC", "400") // for many short runs, time matters more than memory
	os.Unsetenv("COLUMNS")
	os.Unsetenv("UDPKATA_SEED")
	flag.Parse()
	flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	os.Exit(m.Run())
}

// try judges one set of files in a subtest of its own, beside the others.
func try(t *testing.T, name string, params judge.Params, check func(*testing.T, judge.Report)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		report, err := judge.Run(t.Context(), params)
		require.NoError(t, err)
		check(t, report)
	})
}

// TestReadmeCountsTasks: the table of lessons says how many tasks each has.
func TestReadmeCountsTasks(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-TW.md"} {
		page, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, l := range lessons(t) {
			row := regexp.MustCompile(`(?m)^\| \[` + l.Name + `\]\(.*\| ` + strconv.Itoa(len(l.Tasks)) + ` \|$`)
			require.Regexp(t, row, string(page), "%s: %s has %d tasks", name, l.Name, len(l.Tasks))
		}
	}
}

func TestStubsEndWithTheirTodo(t *testing.T) {
	for _, l := range lessons(t) {
		try(t, l.Name, judge.Params{Lesson: l}, func(t *testing.T, r judge.Report) {
			var other, skipped []string
			for _, res := range r.Results {
				switch res.State {
				case verdict.Todo:
				case verdict.Skipped:
					skipped = append(skipped, res.Task+" "+res.Reason)
				default:
					other = append(other, fmt.Sprintf("%s: %s %s", res.Task, res.State, res.Reason))
				}
			}
			switch {
			case len(other) == 0 && len(skipped) > 0:
				t.Skip(strings.Join(skipped, "\n"))
			case len(other) == 0:
			case os.Getenv("CI") == "":
				t.Skipf("lessons/%s has been worked on in this tree: not every task ends with its TODO", l.Name)
			default:
				t.Errorf("these tasks of the stub end otherwise than with its TODO:\n%s", strings.Join(other, "\n"))
			}
		})
	}
}

func TestSolutionsPass(t *testing.T) {
	for _, l := range lessons(t) {
		passes(t, l.Name, judge.Params{Lesson: l, Dir: l.Name})
	}
}

// TestOtherSystemsHalf: lesson 06 has given code for systems that are not Linux,
// which runs on Linux under a build tag.
func TestOtherSystemsHalf(t *testing.T) {
	const lesson = "06-pmtu"
	for _, l := range lessons(t) {
		if l.Name == lesson {
			try(t, lesson, judge.Params{Lesson: l, Dir: lesson, Tags: "unsupported"}, allPass)
		}
	}
}

func TestSolutionsPassUnderTheRaceDetector(t *testing.T) {
	needRaceDetector(t)
	for _, l := range lessons(t) {
		try(t, l.Name, judge.Params{Lesson: l, Dir: l.Name, Race: true, NoVet: true}, allPass)
		if os.Getenv("CI") == "" {
			continue // the alternatives take long, and say little about the solutions
		}
		for _, style := range alternatives(t, l) {
			try(t, l.Name+"/"+filepath.Base(style),
				judge.Params{Lesson: l, Dir: unpack(t, style), Race: true, NoVet: true}, allPass)
		}
	}
}

func TestAlternativesPass(t *testing.T) {
	for _, l := range lessons(t) {
		for _, style := range alternatives(t, l) {
			passes(t, l.Name+"/"+filepath.Base(style), judge.Params{Lesson: l, Dir: unpack(t, style)})
		}
	}
}

// allPass wants every task passed. Where the machine can't tell a task's story,
// nothing is proved, and the subtest is skipped for it.
func allPass(t *testing.T, r judge.Report) {
	for _, note := range r.Notes {
		t.Error(note)
	}
	var skipped []string
	for _, res := range r.Results {
		switch res.State {
		case verdict.Passed:
		case verdict.Skipped:
			skipped = append(skipped, res.Task+" "+res.Reason)
		default:
			t.Errorf("%s: %s: %s\n%s", res.Task, res.State, res.Reason, res.Output)
		}
	}
	if len(skipped) > 0 && !t.Failed() {
		t.Skip(strings.Join(skipped, "\n"))
	}
}

// alternatives lists the directories of a lesson's other correct answers.
func alternatives(t testing.TB, l curriculum.Lesson) []string {
	styles, err := filepath.Glob(filepath.Join("alternatives", l.Name, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, styles, "no alternatives for "+l.Name)
	return styles
}

// unpack copies an alternative to where its files are Go files.
func unpack(t testing.TB, style string) string {
	dir := t.TempDir()
	err := fs.WalkDir(os.DirFS(style), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, ok := strings.CutSuffix(file, ".txt")
		require.True(t, ok, "%s/%s: an alternative's files are named like echo.go.txt", style, file)
		data, err := os.ReadFile(filepath.Join(style, file))
		require.NoError(t, err)
		formatted, err := format.Source(data)
		require.NoError(t, err, file)
		require.True(t, bytes.Equal(data, formatted), "%s/%s is not formatted as gofmt does it", style, file)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		return os.WriteFile(filepath.Join(dir, name), data, 0o600)
	})
	require.NoError(t, err)
	return dir
}

func TestMutantsDie(t *testing.T) {
	all := mutants(t)
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			die(t, l, ofLesson(all, l))
		})
	}
}

// ofLesson returns the mutants of one lesson.
func ofLesson(all []mutant, l curriculum.Lesson) []mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { return m.lesson.Name != l.Name })
}

// die wants a lesson's mutants to die.
func die(t *testing.T, l curriculum.Lesson, all []mutant) {
	eachMutant(t, l, all, func(m mutant, params judge.Params) {
		try(t, m.name, params, func(t *testing.T, r judge.Report) {
			if _, err := killed(m, r); err != nil {
				t.Fatal(err)
			}
			compareMessages(t, m, r, text.English)
			for _, err := range m.untrue(r) {
				t.Error(err)
			}
		})
		dieUnderKeys(t, m, slices.IndexFunc(all, func(other mutant) bool { return other.name == m.name }), params)
		if _, kept := m.messages[section(namedMessage, text.Chinese)]; kept {
			params.Env = append(slices.Clone(params.Env), "UDPKATA_LANG="+string(text.Chinese))
			try(t, m.name+"/"+string(text.Chinese), params, func(t *testing.T, r judge.Report) {
				compareMessages(t, m, r, text.Chinese)
			})
		}
	})
}

// eachMutant calls do for those of a lesson's mutants that this machine can kill, with what judges them in one process.
func eachMutant(t *testing.T, l curriculum.Lesson, all []mutant, do func(m mutant, params judge.Params)) {
	for part := range slices.Chunk(all, mostTogether) {
		dir, alone := together(t, l, part)
		program, err := judge.Build(t.Context(), judge.Params{Lesson: l, Dir: dir, NoVet: true}, t.TempDir())
		require.NoError(t, err)
		for _, m := range part {
			if missing := m.missing(); missing != nil {
				t.Run(m.name, func(t *testing.T) { t.Skip(missing) })
				continue
			}
			params := judge.Params{Lesson: l, Program: program, Env: []string{turnVariable + "=" + m.name}}
			isAlone := func(other mutant) bool { return other.name == m.name }
			if slices.ContainsFunc(alone, isAlone) || m.capture {
				params = judge.Params{Lesson: l, Dir: mutate(t, m), NoVet: true}
			}
			do(m, params)
		}
	}
}

// mutate copies a lesson's solution with the mutant's edit.
func mutate(t *testing.T, m mutant) string {
	dir := t.TempDir()
	for _, f := range m.lesson.Files {
		data, err := os.ReadFile(filepath.Join(m.lesson.Name, f.Name))
		require.NoError(t, err)
		if f.Name == m.file {
			data = []byte(m.edited)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), data, 0o600))
	}
	return dir
}

// killed holds a mutant's report to what the mutant says of itself.
func killed(m mutant, r judge.Report) (judge.Result, error) {
	var dead []string
	var named *judge.Result
	for i, res := range r.Results {
		if res.State == verdict.DidNotCompile {
			return judge.Result{}, fmt.Errorf("the mutant does not compile:\n%s", res.Output)
		}
		if isDead(res) {
			dead = append(dead, res.Task)
		}
		if res.Task == m.killedBy {
			named = &r.Results[i]
		}
	}
	switch {
	case named == nil:
		return judge.Result{}, fmt.Errorf("%s is not reported, which should kill the mutant", m.killedBy)
	case len(dead) == 0:
		return judge.Result{}, fmt.Errorf("the mutant survives: %s", m.misconception)
	case named.State == verdict.Passed:
		return judge.Result{}, fmt.Errorf("the mutant dies by %v, and not by %s", dead, m.killedBy)
	case named.State != verdict.Failed && named.State != verdict.Stuck && named.State != verdict.Crashed:
		return judge.Result{}, fmt.Errorf("%s ends as %q: %s", m.killedBy, named.State, named.Reason)
	case !strings.Contains(unfolded(named.Output+named.Reason), m.says):
		return judge.Result{}, fmt.Errorf("the message of %s lacks %q:\n%s", m.killedBy, m.says, named.Output)
	case !strings.Contains(unfolded(named.Output+named.Reason), m.means):
		return judge.Result{}, fmt.Errorf("the message of %s does not say what it most likely means, %q:\n%s",
			m.killedBy, m.means, named.Output)
	case !m.total && 2*len(dead) > len(r.Results):
		return judge.Result{}, fmt.Errorf("the mutant fails %d of %d tasks, more than half, "+
			"and its file does not say \"total: yes\": %v", len(dead), len(r.Results), dead)
	case m.total && 2*len(dead) <= len(r.Results) && !slices.ContainsFunc(r.Results, isSkipped):
		return judge.Result{}, fmt.Errorf("the mutant's file says \"total: yes\", and it fails only %d of %d tasks",
			len(dead), len(r.Results))
	}
	return *named, nil
}

func isSkipped(r judge.Result) bool { return r.State == verdict.Skipped }

func isDead(r judge.Result) bool { return r.State != verdict.Passed && r.State != verdict.Skipped }

// firstDead returns the first task that fails, and whether it is the first everywhere: where a machine lacks what an
// earlier one needs, that is not known.
func firstDead(r judge.Report) (first judge.Result, sure bool) {
	i := slices.IndexFunc(r.Results, isDead)
	if i < 0 {
		return judge.Result{}, false
	}
	sure = !slices.ContainsFunc(r.Results[:i], isSkipped)
	return r.Results[i], sure && capability.IPv6.Missing() == nil && netlab.Missing() == nil
}

// untrue lists what a mutant's failing tasks say that its file does not say is true, and what it says in vain.
func (m mutant) untrue(r judge.Report) (wrong []error) {
	said := map[truth]bool{}
	skipped := slices.ContainsFunc(r.Results, isSkipped)
	for _, res := range r.Results {
		means := unfolded(meaning(steady(res)))
		for _, rule := range res.Rules {
			isTrue := false
			for _, tr := range m.truths {
				if tr.rule == rule && strings.Contains(means, tr.words) {
					isTrue, said[tr] = true, true
				}
			}
			if !isTrue {
				wrong = append(wrong, fmt.Errorf("%s: %s says what the file does not list. Is it true of this "+
					"program? Then add \"true: %s\". If not, mend the rule:\n%s", m.path, res.Task, rule, means))
			}
		}
	}
	first, sure := firstDead(r)
	if !sure {
		return wrong
	}
	for _, tr := range m.truths {
		if !said[tr] && !skipped && m.unsteady == "" {
			wrong = append(wrong, fmt.Errorf("%s: no task says %q any more; take the line \"true\" away", m.path, tr))
		}
	}
	switch {
	case len(first.Rules) == 0 && m.plain == "":
		wrong = append(wrong, fmt.Errorf("%s: %s fails first, and leaves its author without a word of what it "+
			"means:\n%s", m.path, first.Task, first.Output))
	case len(first.Rules) > 0 && m.plain != "":
		wrong = append(wrong, fmt.Errorf("%s: plain: %s, which fails first, says what it means; take the line away",
			m.path, first.Task))
	}
	return wrong
}

// unfolded returns a message in which each run of blanks and line ends is one blank.
func unfolded(message string) string { return strings.Join(strings.Fields(message), " ") }

// TestSolutionsMirrorLessons: the same files by name, and the given ones byte
// for byte.
func TestSolutionsMirrorLessons(t *testing.T) {
	for _, l := range lessons(t) {
		var want, got []string
		for _, f := range l.Files {
			want = append(want, f.Name)
			if !f.Given {
				continue
			}
			lesson, err := os.ReadFile(filepath.Join(l.Dir, f.Name))
			require.NoError(t, err)
			solution, err := os.ReadFile(filepath.Join(l.Name, f.Name))
			require.NoError(t, err)
			require.Equal(t, string(lesson), string(solution),
				"%s of %s is given, and differs between lesson and solution", f.Name, l.Name)
		}
		entries, err := os.ReadDir(l.Name)
		require.NoError(t, err)
		for _, e := range entries {
			got = append(got, e.Name())
		}
		require.Equal(t, want, got, "the files of "+l.Name)
	}
}
