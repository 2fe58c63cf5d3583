package grade

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/late"
	"udpkata/harness/sandbox"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

func TestParseShard(t *testing.T) {
	got, err := ParseShard("2/8")
	require.NoError(t, err)
	require.Equal(t, Shard{2, 8}, got)
	for _, wrong := range []string{"", "2", "0/8", "9/8", "-1/8", "1/0", "1/1000000", "a/b", "1/2/3", " 1/2"} {
		_, err := ParseShard(wrong)
		require.ErrorContains(t, err, "as in 2/8", wrong)
	}
}

// TestShardOf: whichever engine runs the command on many machines, each of them has its part.
func TestShardOf(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want Shard
		err  string
	}{
		{"none", nil, Shard{}, ""},
		{"Slurm", map[string]string{
			"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard{8, 8}, ""},
		{"Slurm from 0", map[string]string{
			"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard{1, 8}, ""},
		{"Slurm with holes", map[string]string{
			"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "3"}, Shard{},
			"Slurm says SLURM_ARRAY_TASK_ID=7, and SLURM_ARRAY_TASK_COUNT=3"},
		{"Kubernetes", map[string]string{"JOB_COMPLETION_INDEX": "3", "JOB_COMPLETIONS": "4"}, Shard{4, 4}, ""},
		{"Kubernetes that does not say of how many", map[string]string{"JOB_COMPLETION_INDEX": "3"}, Shard{},
			"Kubernetes says JOB_COMPLETION_INDEX=3, and JOB_COMPLETIONS="},
		{"AWS Batch", map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"},
			Shard{1, 2}, ""},
		{"GitLab", map[string]string{"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "2"}, Shard{2, 2}, ""},
		{"CircleCI", map[string]string{"CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "2"}, Shard{2, 2}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := ShardOf(func(name string) string { return tt.env[name] })
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// TestEveryoneIsInOneShard: of any number of shards.
func TestEveryoneIsInOneShard(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7} {
		for _, student := range []string{"alice", "bob", "王小明", ""} {
			in := 0
			for i := range max(1, n) {
				if (Shard{i + 1, n}).has(student) {
					in++
				}
			}
			require.Equal(t, 1, in, "%s of %d", student, n)
		}
	}
}

// TestShardsAreEven: no part has far more than its share, whatever students are called.
func TestShardsAreEven(t *testing.T) {
	for _, name := range []string{"s%03d", "b%d0", "王小明%d"} {
		for _, n := range []int{2, 3, 8} {
			in := make([]int, n)
			for i := range 600 {
				student := fmt.Sprintf(name, i)
				for k := range n {
					if (Shard{k + 1, n}).has(identity(intake.Submission{Student: student})) {
						in[k]++
					}
				}
			}
			require.Greater(t, slices.Min(in), 600/n/2, "%s: %v", name, in)
			require.Less(t, slices.Max(in), 600/n*2, "%s: %v", name, in)
		}
	}
}

// TestLookNear: whose time has no zone, and may be on the other side of the due date, is named.
func TestLookNear(t *testing.T) {
	due := time.Date(2026, 11, 25, 23, 59, 59, 999_999_999, time.FixedZone("", 8*60*60))
	var mine []intake.Submission
	var entries []Entry
	for _, one := range []struct {
		who, zone string
		system    intake.System
		after     time.Duration
	}{
		{"early", "+08:00", intake.Moodle, -15 * time.Hour}, {"before", "+08:00", intake.Moodle, -13 * time.Hour},
		{"after", "+08:00", intake.Moodle, 13 * time.Hour}, {"long after", "+08:00", intake.Moodle, 15 * time.Hour},
		{"exact", "", intake.Moodle, -time.Hour}, {"marked", "+08:00", intake.Canvas, -time.Hour},
	} {
		s := intake.Submission{System: one.system, Student: one.who}
		mine = append(mine, s)
		c := intake.Content{Modified: due.Add(one.after), Clock: intake.PlatformZip, Zone: one.zone}
		entries = append(entries, newEntry(s, c, late.Rule{Due: due}, due.AddDate(1, 0, 0)))
	}
	require.Equal(t, Look{Zone: "+08:00", Near: []string{"before", "after"}},
		look(mine, entries, late.Rule{Due: due}, time.UTC))
	require.Empty(t, look(mine, entries, late.Rule{}, time.UTC).Near, "without a due date nobody is near it")
}

// TestLookNearAStep: a zone can also decide how much is lost, and not where no more can be.
func TestLookNearAStep(t *testing.T) {
	due := time.Date(2026, 11, 25, 23, 59, 59, 999_999_999, time.FixedZone("", 8*60*60))
	for policy, want := range map[string][]string{
		"10%/week": {"2h", "165h"}, "10%/week, at most 10%": {"2h"}, "10% once, until 3d": {"2h", "70h"},
		"10%/week, grace 3d": {"70h", "165h"}, "none": {"2h"},
	} {
		rule := late.Rule{Due: due}
		var err error
		rule.Policy, err = late.ParsePolicy(policy)
		require.NoError(t, err)
		var mine []intake.Submission
		var entries []Entry
		for _, by := range []time.Duration{2 * time.Hour, 40 * time.Hour, 70 * time.Hour, 165 * time.Hour} {
			s := intake.Submission{System: intake.Moodle, Student: brief(by)}
			c := intake.Content{Modified: due.Add(by), Clock: intake.PlatformZip, Zone: "+08:00"}
			mine, entries = append(mine, s), append(entries, newEntry(s, c, rule, due.AddDate(1, 0, 0)))
		}
		require.Equal(t, want, look(mine, entries, rule, time.UTC).Near, policy)
	}
}

// TestLookFiles: what was unpacked here has its times in this machine's zone, and whoever that can cost something is
// named, if the due date's is another.
func TestLookFiles(t *testing.T) {
	taipei := time.FixedZone("", 8*60*60)
	rule := late.Rule{Due: time.Date(2026, 11, 27, 23, 59, 59, 999_999_999, taipei)}
	var err error
	rule.Policy, err = late.ParsePolicy("10%/day")
	require.NoError(t, err)
	var mine []intake.Submission
	var entries []Entry
	for _, one := range []struct {
		who    string
		by     time.Duration
		clock  intake.Clock
		system intake.System
	}{
		{"long before", -9 * time.Hour, intake.FileClock, intake.Moodle},
		{"before", -time.Minute, intake.FileClock, intake.NoSystem}, // which is late if unpacked east of there
		{"ann", 4 * time.Hour, intake.FileClock, intake.Moodle},
		{"a step", 28 * time.Hour, intake.FileClock, intake.NoSystem},
		{"no step", 40 * time.Hour, intake.FileClock, intake.NoSystem},
		{"committed", 4 * time.Hour, intake.CommitClock, intake.NoSystem},
		{"an instant", 4 * time.Hour, intake.PlatformZip, intake.Moodle},
		{"marked", 4 * time.Hour, intake.FileClock, intake.Canvas},
	} {
		s := intake.Submission{System: one.system, Student: one.who}
		c := intake.Content{Modified: rule.Due.Add(one.by), Clock: one.clock}
		mine, entries = append(mine, s), append(entries, newEntry(s, c, rule, rule.Due.AddDate(1, 0, 0)))
	}
	l := look(mine, entries, rule, time.UTC)
	require.Equal(t, []string{"ann", "a step"}, l.NearFiles)
	require.Equal(t, []string{"+00:00", "+08:00", "8h"}, []string{l.Here, l.Due, l.Off})
	require.Empty(t, l.Near)
	require.Empty(t, look(mine, entries, rule, taipei).NearFiles, "here it is the due date's zone")
	tokyo := time.FixedZone("", 9*60*60)
	require.Equal(t, []string{"before"}, look(mine, entries, rule, tokyo).NearFiles)
}

// TestLookTwice: who has handed in something twice is named, and each pair of downloads once.
func TestLookTwice(t *testing.T) {
	pair := []string{"a.zip", "b.zip"}
	mine := []intake.Submission{{Student: "ann"}, {Student: "bob"}, {Student: "cat"}}
	entries := []Entry{{Twice: true, ByName: pair, Factor: 1}, {ByName: pair, Factor: 1}, {Factor: 1}}
	require.Equal(t, Look{Twice: []string{"ann"}, ByName: [][]string{pair}}, look(mine, entries, late.Rule{}, time.UTC))
}

// TestLookMayBeWork: whose work may be in what was not read is named, with that.
func TestLookMayBeWork(t *testing.T) {
	mine := []intake.Submission{{Student: "ann"}, {Student: "bob"}, {Student: "cat"}, {Student: "dan"}}
	s := intake.Submission{Paths: []string{"class/cat.rar"}}
	var entries []Entry
	for _, perhaps := range [][]string{{"in.zip"}, {"a.rar", "b.rar"}, nil, nil} {
		entries = append(entries, newEntry(s, intake.Content{MayBeWork: perhaps}, late.Rule{}, time.Time{}))
	}
	entries[2].Refused = &text.Text{EN: "it is encrypted"}
	require.Equal(t, []string{"ann in.zip", "bob a.rar …", "cat class/cat.rar"},
		look(mine, entries, late.Rule{}, time.UTC).MayBeWork)
}

// TestLookLate: whoever loses something by being late is named, and it is said where all times may be a copy's.
func TestLookLate(t *testing.T) {
	due := time.Date(2026, 11, 25, 23, 59, 0, 0, time.UTC)
	at := func(after time.Duration) *time.Time { t := due.Add(after); return &t }
	mine := []intake.Submission{{Student: "ann"}, {Student: "bob"}, {Student: "cat"}, {Student: "dan"}}
	entries := []Entry{{Factor: 0.5, Time: at(time.Hour)}, {Factor: 1, Time: at(time.Hour + time.Minute)},
		{Factor: 1, Time: at(time.Hour + 5*time.Minute)}, {Factor: 1}}
	require.Equal(t, Look{Late: []string{"ann"}}, look(mine, entries, late.Rule{Due: due}, time.UTC))
	for i := range entries {
		entries[i].Clock = intake.FileClock
	}
	require.True(t, look(mine, entries, late.Rule{Due: due}, time.UTC).AtOnce)
	require.False(t, look(mine, entries, late.Rule{}, time.UTC).AtOnce, "nobody asks when that was")
	require.False(t, look(mine[:2], entries[:2], late.Rule{Due: due}, time.UTC).AtOnce, "two may well be so near")
	entries[0].Time = at(0)
	require.False(t, look(mine, entries, late.Rule{Due: due}, time.UTC).AtOnce)
}

// TestBefore: whoever was less late before is named, where the last submission counts.
func TestBefore(t *testing.T) {
	dir := t.TempDir()
	due := time.Date(2026, 11, 25, 23, 59, 0, 0, time.UTC)
	for name, after := range map[string]time.Duration{"1/Ann_101_assignsubmission_file": -time.Hour,
		"2/Ann_101_assignsubmission_file": time.Hour, "1/Bob_102_assignsubmission_file": time.Hour,
		"2/Bob_102_assignsubmission_file": 2 * time.Hour, "2/Cat_103_assignsubmission_file": time.Hour} {
		path := filepath.Join(dir, name, "echo.go")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("package echo // "+name+"\n"), 0o600))
		require.NoError(t, os.Chtimes(path, due.Add(after), due.Add(after)))
	}
	lessons, err := curriculum.Load(filepath.Join("..", ".."))
	require.NoError(t, err)
	paths := []string{filepath.Join(dir, "1"), filepath.Join(dir, "2")}
	all, _, err := intake.Find(paths, lessons, intake.Limits{}, nil)
	require.NoError(t, err)
	g := &grader{ctx: t.Context(), now: func() time.Time { return due.AddDate(1, 0, 0) }}
	g.Which, g.Rule.Due = intake.Last, due
	g.Rule.Policy, err = late.ParsePolicy("10%/day")
	require.NoError(t, err)
	mine := g.mine(all)
	var entries []Entry
	for _, s := range mine {
		c, err := s.Unpack(t.Context())
		require.NoError(t, err)
		entries = append(entries, newEntry(s, c, g.Rule, g.now()))
	}
	require.Equal(t, []string{"Ann (101), #2/2"}, g.before(all, mine, entries))
	g.Which = intake.Best
	require.Empty(t, g.before(all, mine, entries))
}

// TestBegun: what a run that is not through has left is told with the marks of the one before it.
func TestBegun(t *testing.T) {
	out := lay(t, Head{Which: "last"}, 1)
	c, _, err := Open(out)
	require.NoError(t, err)
	require.Empty(t, c.Begun)
	at := time.Date(2026, 11, 25, 3, 5, 0, 0, time.UTC)
	require.NoError(t, writeJSON(filepath.Join(out, Shard{}.begun()), at))
	c, _, err = Open(out)
	require.NoError(t, err)
	require.Contains(t, c.Unfinished().EN, "began at 2026-11-25 03:05 +00:00 is not through")
	var b strings.Builder
	require.NoError(t, Explain(&b, out, "carol"))
	require.Contains(t, b.String(), "is not through")
}

// TestPlain: nobody's name is a formula.
func TestPlain(t *testing.T) {
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "　＝1", "＠x"} {
		require.Equal(t, "'"+cell, Plain(cell))
	}
	for cell, want := range map[string]string{
		"s2;=1+1": "s2;'=1+1", "a;  @x": "a;'  @x", "a\t=1": "a\t'=1", "a; b": "a; b", "\u2003=1": "'\u2003=1",
	} {
		require.Equal(t, want, Plain(cell))
	}
	for _, cell := range []string{"", "Ann-Marie", "O'Neill", "王小明", "12", "a=b"} {
		require.Equal(t, cell, Plain(cell))
	}
}

// TestClassKey: it is made once, whoever is first.
func TestClassKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	keys := make(chan string, 8)
	for range cap(keys) {
		go func() {
			key, err := classKey(path)
			if err != nil {
				key = []byte(err.Error())
			}
			keys <- string(key)
		}()
	}
	first := <-keys
	require.Len(t, first, 32)
	for range cap(keys) - 1 {
		require.Equal(t, first, <-keys)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Zero(t, info.Mode().Perm()&0o077, "nobody else may read it")
	}
	require.NotEqual(t, seed([]byte(first), "02-echo"), seed([]byte(first), "03-spoof"))
	require.NoError(t, os.WriteFile(path, []byte("12ab"), 0o600))
	_, err = classKey(path)
	require.ErrorContains(t, err, "no class key")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// TestCourseHash: what students write is no part of the course, and everything else is.
func TestCourseHash(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	for _, name := range []string{"go.mod", "go.sum", "harness/a.go", "lessons/02-echo/echo.go", "lessons/02-echo/" +
		"read.go"} {
		write(name, name)
	}
	lessons := []curriculum.Lesson{{Name: "02-echo", Files: []curriculum.File{{Name: "echo.go"},
		{Name: "read.go", Given: true}, {Name: "more.go", Added: true}}}}
	hash := func() string {
		h, err := courseHash(root, lessons)
		require.NoError(t, err)
		return h
	}
	was := hash()
	for _, name := range []string{"lessons/02-echo/echo.go", "lessons/02-echo/more.go", "lessons/02-echo/internal/x/" +
		"x.go",
		"harness/page.html", "solutions/02-echo/echo.go"} {
		write(name, "mine")
		require.Equal(t, was, hash(), name)
	}
	for _, name := range []string{"lessons/02-echo/read.go", "lessons/02-echo/echo_test.go", "lessons/02-echo/" +
		"testdata/a/b",
		"lessons/02-echo/demo/main.go", "harness/a.go", "harness/b/c.go", "go.sum"} {
		before := hash()
		write(name, "another")
		require.NotEqual(t, before, hash(), name)
	}
}

// TestAgain: what fails on real sockets alone is judged twice, and the second time counts.
func TestAgain(t *testing.T) {
	r := Result{Lessons: []Lesson{{Name: "02-echo", Tasks: []Task{
		{Name: "TestA", State: verdict.Failed, Reason: "late", Failed: []string{"loopback/ip4"}},
		{Name: "TestB", State: verdict.Failed, Failed: []string{"virtual/ip4"}},
		{Name: "TestC", State: verdict.Failed, Failed: []string{"of-two/lab/ip6", "of-two"}},
		{Name: "TestD", State: verdict.Passed, Failed: []string{"loopback/ip4"}},
		{Name: "TestE", State: verdict.Todo, Failed: []string{"loopback/ip4"}},
		{Name: "TestF", State: verdict.Failed, Output: "--- FAIL: TestF/loopback/ip4 (as the code has printed)\n"},
		{Name: "TestG", State: verdict.Failed, Failed: []string{"a/loopback/ip4", "a", "b/virtual/ip4", "b"}},
		{Name: "TestH", State: verdict.Failed, Failed: []string{"loopback/ip6"},
			Output: "--- FAIL: TestH/virtual/ip4 (as the code has printed)\n"},
		{Name: "TestI", State: verdict.Crashed, Reason: "signal: killed"},
		{Name: "TestJ", State: verdict.Stuck, Reason: "did not end within 5m"},
		{Name: "TestK", State: verdict.Stuck, Failed: []string{"virtual/ip4"}},
	}}}}
	r.Pending = doubtful(r)
	require.Equal(t, map[string][]string{"02-echo": {"TestA", "TestC", "TestH", "TestI", "TestJ"}}, r.Pending)
	r.correct(Result{Lessons: []Lesson{{Name: "02-echo", Tasks: []Task{
		{Name: "TestA", State: verdict.Passed}, {Name: "TestC", State: verdict.Failed, Reason: "again"},
	}}}})
	require.Empty(t, r.Pending)
	tasks := r.Lessons[0].Tasks
	require.Equal(t, Task{Name: "TestA", State: verdict.Passed, First: "failed: late"}, tasks[0])
	require.Empty(t, tasks[2].First, "it was the same both times")
	require.Empty(t, tasks[2].Reason, "and so the first counts")
}

// lay writes a directory as grading leaves it, of two students, one of them with two attempts.
func lay(t *testing.T, h Head, shards int) string {
	out := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(out, resultsDir), 0o700))
	tasks := func(states ...verdict.State) []Lesson {
		all := []Lesson{{Name: "02-echo", Files: []string{"echo.go"}}}
		for i, s := range states {
			name := "Test" + string(rune('A'+i))
			all[0].Tasks = append(all[0].Tasks, Task{Name: name, State: s, Points: 2, Reason: "r"})
		}
		return all
	}
	for key, r := range map[string]Result{
		"k1": {Key: "k1", Lessons: tasks(verdict.Passed, verdict.Failed, verdict.Skipped)},
		"k2": {Key: "k2", Lessons: tasks(verdict.Passed, verdict.Passed, verdict.Skipped)},
	} {
		require.NoError(t, writeJSON(resultPath(out, key), r))
	}
	require.NoError(t, writeJSON(filepath.Join(out, referenceFile),
		Reference{Key: "ref", Skipped: map[string]string{"02-echo/TestC": "needs a lab"}}))
	refused := text.Text{EN: "it is encrypted"}
	entries := []Entry{
		{Student: "=alice", ID: "7", Attempt: 1, Attempts: 2, Key: "k2", Factor: 1},
		{Student: "=alice", ID: "7", Attempt: 2, Attempts: 2, Key: "k1", Factor: 0.5, Late: true},
		{Student: "bob", Attempt: 1, Attempts: 1, Refused: &refused, Factor: 1},
		{Student: "carol", Attempt: 1, Attempts: 1, Key: "k2", Factor: 0.333},
	}
	for i := range max(1, shards) {
		part := part{Head: h, Shard: Shard{i + 1, max(1, shards)}}
		for k, e := range entries {
			if shards < 2 || (k/2)%shards == i {
				part.Entries = append(part.Entries, e)
			}
		}
		require.NoError(t, writeJSON(filepath.Join(out, part.Shard.file()), part))
	}
	return out
}

func rows(t *testing.T, out string) [][]string {
	data, err := os.ReadFile(filepath.Join(out, "grades.csv"))
	require.NoError(t, err)
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	return all
}

// TestMarks: a mark is what was earned of what this machine can tell of, less what being late costs.
func TestMarks(t *testing.T) {
	head := []string{"student", "id", "attempt", "late", "factor", "earned", "of", "mark", "note", "02-echo/TestA",
		"02-echo/TestB", "02-echo/TestC"}
	bob := []string{"bob", "", "1", "no", "1", "0", "4", "0", "it is encrypted", "0", "0", ""}
	carol := []string{"carol", "", "1", "no", "0.333", "4", "4", "1.33", "", "2", "2", ""}
	tests := []struct {
		which intake.Which
		alice []string
	}{
		{intake.Last, []string{"'=alice", "7", "2", "yes", "0.5", "2", "4", "1", "", "2", "0", ""}},
		{intake.Best, []string{"'=alice", "7", "1", "no", "1", "4", "4", "4", "", "2", "2", ""}},
	}
	for _, tt := range tests {
		t.Run(string(tt.which), func(t *testing.T) {
			out := lay(t, Head{Which: string(tt.which)}, 1)
			missing, err := Finish(out)
			require.NoError(t, err)
			require.Empty(t, missing)
			require.Equal(t, [][]string{head, tt.alice, bob, carol}, rows(t, out))
			data, err := os.ReadFile(filepath.Join(out, "grades.json"))
			require.NoError(t, err)
			var all struct{ Submissions []Mark }
			require.NoError(t, json.Unmarshal(data, &all))
			require.Len(t, all.Submissions, 4)
			require.NotEqual(t, all.Submissions[0].Counts, all.Submissions[1].Counts)
		})
	}
}

// TestMerge: shards that were graded apart give what one run gives; what can't be compared, or is not there, is said.
func TestMerge(t *testing.T) {
	h := Head{Course: "c", Class: "k", Which: "last"}
	whole := lay(t, h, 1)
	_, err := Finish(whole)
	require.NoError(t, err)
	apart := lay(t, h, 2)
	other := t.TempDir()
	require.NoError(t, os.Rename(filepath.Join(apart, "class-2-of-2.json"), filepath.Join(other, "class-2-of-2.json")))
	missing, err := Finish(apart)
	require.NoError(t, err)
	require.Equal(t, []string{"class-2-of-2.json"}, missing)
	require.NoFileExists(t, filepath.Join(apart, "grades.csv"))
	put := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(other, name), []byte(content), 0o600))
	}
	put(keyFile, "the class's")
	missing, err = Merge(apart, []string{apart, other})
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(apart, keyFile), "for the next run there")
	require.Empty(t, missing)
	for _, name := range []string{"grades.json", "grades.csv"} {
		want, err := os.ReadFile(filepath.Join(whole, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(apart, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	half := t.TempDir()
	var p part
	_, err = readJSON(filepath.Join(other, "class-2-of-2.json"), &p)
	require.NoError(t, err)
	p.Given = Given{7, "others"}
	require.NoError(t, writeJSON(filepath.Join(half, "class-2-of-2.json"), p))
	for _, from := range [][]string{{apart, half}, {other, half}} {
		_, err = Merge(t.TempDir(), from)
		require.ErrorContains(t, err, "were given different submissions (of ")
		require.ErrorContains(t, err, "to one with --shard 1/2")
	}
	h.Class = "another"
	_, err = Merge(t.TempDir(), []string{apart, lay(t, h, 2)})
	require.ErrorContains(t, err, "class.key")
	_, err = Merge(t.TempDir(), []string{t.TempDir()})
	require.ErrorContains(t, err, "has nothing of a class")

	// What does not fit leaves nothing that the right one would not fit, either.
	alone := lay(t, Head{Course: "c", Class: "k", Which: "last"}, 2)
	require.NoError(t, os.Remove(filepath.Join(alone, "class-2-of-2.json")))
	pm := filepath.Join(t.TempDir(), "pm")
	_, err = Merge(pm, []string{alone, half})
	require.ErrorContains(t, err, "were given different submissions")
	require.NoDirExists(t, pm)
	const key = "class.key of this class"
	put(keyFile, key)
	require.NoError(t, os.MkdirAll(resultPath(other, "a directory"), 0o700))
	_, err = Merge(pm, []string{apart, other})
	require.Error(t, err, "that is no file")
	left, err := filepath.Glob(filepath.Join(pm, "*", "*.json"))
	require.NoError(t, err)
	require.Empty(t, left)
	left, err = filepath.Glob(filepath.Join(pm, "*.*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, os.Remove(resultPath(other, "a directory")))
	missing, err = Merge(pm, []string{other, apart})
	require.NoError(t, err)
	require.Empty(t, missing)
	got, err := os.ReadFile(filepath.Join(pm, keyFile))
	require.NoError(t, err)
	require.Equal(t, key, string(got), "the first one's")

	ref := Reference{Key: "ref", Machine: "b", Skipped: map[string]string{"02-echo/TestC": "another reason"}}
	require.NoError(t, writeJSON(filepath.Join(other, referenceFile), ref))
	_, err = Merge(apart, []string{other})
	require.NoError(t, err, "it can tell of the same")
	ref.Skipped["02-echo/TestB"] = "needs IPv6"
	require.NoError(t, writeJSON(filepath.Join(other, referenceFile), ref))
	_, err = Merge(apart, []string{other})
	require.ErrorContains(t, err, `the machine "b" can't tell of 02-echo/TestB (needs IPv6)`)

	require.NoError(t, os.Remove(resultPath(apart, "k1")))
	missing, err = Finish(apart)
	require.NoError(t, err)
	require.Equal(t, []string{"=alice (7), #2/2"}, missing)
}

// TestElsewhere: who is told to have something elsewhere reads how.
func TestElsewhere(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "root", "cache")
	p := Params{Cache: cache}
	far := &sandbox.UnreachableError{Path: filepath.Join(cache, "ab", "stage"), Dir: filepath.Dir(cache)}
	require.Equal(t, far.Error()+" (with --cache DIR)", p.elsewhere(errors.Join(far)).Error())
	far.Path = cache + "-of-others/lessons"
	require.Equal(t, far.Error(), p.elsewhere(errors.Join(far)).Error(), "the flag has nothing to do with it")
}

// TestReplaces: who grades all of a class has no use for its parts any more.
func TestReplaces(t *testing.T) {
	out := lay(t, Head{}, 2)
	require.NoError(t, Params{Out: out, Shard: Shard{1, 2}}.replaces())
	require.FileExists(t, filepath.Join(out, "class-2-of-2.json"))
	require.NoError(t, writeJSON(filepath.Join(out, Shard{}.file()), part{}))
	require.NoError(t, Params{Out: out}.replaces())
	left, err := filepath.Glob(filepath.Join(out, "class-*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(out, Shard{}.file())}, left)
}

// TestFeedback: it is the same for everybody whose code does the same.
func TestFeedback(t *testing.T) {
	require.Equal(t, "echo.go:1: no\n--- FAIL: TestA/virtual/ip4\n--- SKIP: TestA/x", Task{
		Output: "    --- PASS: TestA/y (0.00s)\n\necho.go:1: no\n--- FAIL: TestA/virtual/ip4 (0.01s)\n" +
			"--- SKIP: TestA/x (12.30s)\n"}.Feedback())
}

// TestExplainSaysOnce: what the output begins with is no reason to be said before it, and where a TODO was met is
// nothing to read.
func TestExplainSaysOnce(t *testing.T) {
	const todo = "spoof.go:65: TODO: write Ask"
	c := &Class{Tasks: []Column{{"03-spoof", "TestAsk", 2, false}, {"03-spoof", "TestDial", 3, false},
		{"03-spoof", "TestOut", 4, true}}}
	var b strings.Builder
	c.Explain(&b, Mark{Entry: Entry{Student: "amy", Factor: 1}, Mark: 3, Earned: 3, Of: 5, Lessons: []Lesson{
		{Name: "03-spoof", Tasks: []Task{
			{Name: "TestAsk", State: verdict.Todo, Points: 2, Reason: todo,
				Output: "    tell.go:178: " + todo + "\n--- SKIP: TestAsk/virtual/ip4 (0.00s)\n"},
			{Name: "TestDial", State: verdict.Passed, Points: 3},
			{Name: "TestOut", State: verdict.Passed, Points: 4},
		}},
		{Name: "04-backoff", Tasks: []Task{
			{Name: "TestA", State: verdict.DidNotCompile, Points: 1, Reason: "a.go:1: no", Output: "a.go:1: no\n"},
		}},
	}})
	require.Equal(t, "amy: 3 of 5 points\n\n03-spoof: 3 of 5 points\n"+
		"  todo            2  TestAsk\n      "+todo+"\n"+
		"  passed          3  TestDial\n"+
		"  passed          –  TestOut\n"+
		"\n04-backoff: 0 of 1 points\n"+
		"  did not compile 1  TestA\n      a.go:1: no\n", b.String())
}

// TestExplain: a student is found by name or number, and nobody by a part of one.
func TestExplain(t *testing.T) {
	out := lay(t, Head{Which: "last"}, 1)
	for _, name := range []string{"=alice", "7"} {
		var b strings.Builder
		require.NoError(t, Explain(&b, out, name))
		require.Contains(t, b.String(), "#2/2: 1 of 4 points: 2, times 0.5 for being late")
		require.Contains(t, b.String(), "failed          2  TestB\n      r\n")
	}
	require.ErrorContains(t, Explain(&strings.Builder{}, out, "ali"), "did you mean =alice?")
	require.ErrorContains(t, Explain(&strings.Builder{}, out, "erik"), "grades.csv has the names")
	require.ErrorContains(t, Explain(&strings.Builder{}, t.TempDir(), "7"), "has nothing of a class")
	require.NoError(t, os.Remove(resultPath(out, "k1")))
	require.ErrorContains(t, Explain(&strings.Builder{}, out, "7"), "is gone")
	require.NoError(t, Explain(&strings.Builder{}, out, "carol"), "whatever became of others")
}

// TestDueIn: two runs with rules that are not the same are told apart.
func TestDueIn(t *testing.T) {
	for due, want := range map[string]string{
		"2026-12-01T23:59+08:00": "2026-12-01T23:59:59+08:00", "2026-12-01T23:59Z": "2026-12-01T23:59:59Z",
		"2026-12-01T23:59 UTC":           "2026-12-01T23:59:59Z",
		"2026-12-01T23:59 Europe/Berlin": "2026-12-01T23:59:59+01:00 Europe/Berlin",
	} {
		at, err := late.ParseDue(due, time.UTC)
		require.NoError(t, err)
		require.Equal(t, want, dueIn(at))
	}
	here, err := late.ParseDue("2026-12-01", nil)
	require.NoError(t, err)
	require.NotContains(t, dueIn(here), "Local")
}

// TestLate: of Canvas's it is the mark that counts, of others the time; without a date nobody loses anything.
func TestLate(t *testing.T) {
	policy, err := late.ParsePolicy("10%/day")
	require.NoError(t, err)
	due := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	rule := late.Rule{Due: due, Policy: policy}
	now := due.Add(25 * time.Hour)
	content := intake.Content{Modified: now, Clock: intake.FileClock}
	canvas := newEntry(intake.Submission{System: intake.Canvas, Late: true}, content, rule, now)
	require.Equal(t, 0.9, canvas.Factor)
	require.True(t, canvas.Late)
	folder := newEntry(intake.Submission{}, content, rule, now)
	require.Equal(t, 0.8, folder.Factor)
	require.Equal(t, "25h", folder.LateBy)
	written := []intake.Lesson{{}, {Files: []intake.File{{Name: "echo.go"}}}}
	nobodyKnows := newEntry(intake.Submission{}, intake.Content{Lessons: written}, rule, now)
	require.Equal(t, 1.0, nobodyKnows.Factor)
	require.Contains(t, nobodyKnows.Notes[0].EN, "Nobody knows")
	require.Empty(t, newEntry(intake.Submission{}, intake.Content{Lessons: written[:1]}, rule, now).Notes,
		"nobody asks when nothing was handed in")
	require.Len(t, canvas.Notes, 1)
	require.Contains(t, canvas.Notes[0].EN, "does not say by how much: it loses 10%, the least")
	require.Empty(t, folder.Notes)
	inTime := newEntry(intake.Submission{System: intake.Canvas}, content, rule, now)
	require.Equal(t, 1.0, inTime.Factor)
	require.Empty(t, inTime.Notes)
	free := newEntry(intake.Submission{System: intake.Canvas, Late: true}, content, late.Rule{}, now)
	require.Equal(t, 1.0, free.Factor)
	require.Contains(t, free.Notes[0].EN, "without a due date nothing is lost")
	require.False(t, folder.Ahead)
	ahead := newEntry(intake.Submission{}, content, rule, now.Add(-1))
	require.True(t, ahead.Ahead)
	require.False(t, ahead.Late)
	require.Equal(t, 1.0, ahead.Factor)
	require.Len(t, ahead.Notes, 1)
	require.Contains(t, ahead.Notes[0].EN, "Its time, 2026-12-02 13:00:00 +00:00, was yet to come")
	newYork := time.FixedZone("", -5*60*60)
	require.Equal(t, Look{Ahead: []string{"eve"}},
		look([]intake.Submission{{Student: "eve"}}, []Entry{ahead}, rule, newYork))
	marked := newEntry(intake.Submission{System: intake.Canvas, Late: true}, content, rule, now.Add(-1))
	require.False(t, marked.Ahead, "of Canvas's no time counts")
	require.Equal(t, 0.9, marked.Factor)
}

// TestNotes: why somebody has little or nothing is in the table, too, in the language of the grading.
func TestNotes(t *testing.T) {
	all := []Lesson{{Name: "02-echo", Tasks: []Task{{Name: "TestA", State: verdict.DidNotCompile, Points: 2}}},
		{Name: "03-spoof", Tasks: []Task{{Name: "TestA", State: verdict.Refused, Points: 2}}},
		{Name: "04-backoff", Tasks: []Task{{Name: "TestA", State: verdict.DidNotCompile, Points: 2}}},
		{Name: "05-broadcast", Tasks: []Task{{Name: "TestA", State: verdict.NotRun, Points: 2, Reason: "Nothing."}}},
		{Name: "06-pmtu", Files: []string{"a.go"}, Tasks: []Task{{Name: "TestA", State: verdict.NotRun, Points: 2,
			Reason: "pmtu.go is missing."}}}}
	for language, want := range map[text.Language]string{
		text.English: "What was handed in for 02-echo, 04-backoff did not compile; What was handed in for 03-spoof " +
			"does what is refused, and was not run; 06-pmtu: pmtu.go is missing",
		text.Chinese: "02-echo, 04-backoff 交的檔案無法編譯; 03-spoof 交的檔案裡有不收的東西，所以沒有執行; " +
			"06-pmtu：pmtu.go is missing",
	} {
		out := lay(t, Head{Which: "last", Language: string(language)}, 1)
		require.NoError(t, writeJSON(resultPath(out, "k2"), Result{Key: "k2", Lessons: all}))
		_, err := Finish(out)
		require.NoError(t, err)
		require.Equal(t, want, rows(t, out)[3][8])
	}
}

// TestEarlier: whose results would be gone is said, and what has become of marks since.
func TestEarlier(t *testing.T) {
	h := Head{Which: "last", Rule: "10%/day"}
	out := lay(t, h, 2)
	was, err := readEarlier(out)
	require.NoError(t, err)
	class := []intake.Submission{{Student: "=alice", ID: "7"}, {Student: "bob"}, {Student: "carol"}, {Student: "dan"}}
	require.NoError(t, was.isOf(out, class), "a shard's directory has the others' results, who are in the class")
	require.ErrorContains(t, was.isOf(out, class[1:2]),
		out+" has results of 2 others who are not in this (=alice (7), carol): give another -o; ")
	h.Rule = "none"
	now := lay(t, h, 1)
	var p part
	_, err = readJSON(filepath.Join(now, Shard{}.file()), &p)
	require.NoError(t, err)
	// Alice is not late any more, and dan is new.
	p.Entries[1].Factor = 1
	p.Entries = append(p.Entries, Entry{Student: "dan", Attempt: 1, Attempts: 1, Key: "k1", Factor: 1})
	require.NoError(t, writeJSON(filepath.Join(now, Shard{}.file()), p))
	c, missing, err := Open(now)
	require.NoError(t, err)
	require.Empty(t, missing)
	changes, err := was.changes(c)
	require.NoError(t, err)
	require.Equal(t, &Changes{Was: "10%/day", Is: "none", ByRule: 1, Same: 2, New: 1,
		Changed: []Change{{"=alice (7)", 1, 2}}}, changes)
	c.Head.Lessons, c.Head.Which = "02,03", "best"
	changes, err = was.changes(c)
	require.NoError(t, err)
	require.Equal(t, []string{"--lessons all → 02,03", "--attempt last → best"}, changes.Other)
	none, err := readEarlier(t.TempDir())
	require.NoError(t, err)
	changes, err = none.changes(c)
	require.NoError(t, err)
	require.Nil(t, changes)
}

// TestEnded: whichever limit has ended a box is named.
func TestEnded(t *testing.T) {
	for _, limit := range []sandbox.Limit{sandbox.Wall, sandbox.CPU, sandbox.Memory, sandbox.Processes, sandbox.Room,
		sandbox.Output} {
		require.Contains(t, ended(sandbox.Outcome{Limit: limit}), "the limit of "+string(limit))
	}
	require.Contains(t, ended(sandbox.Outcome{Status: 137}), "status 137")
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{36 * time.Hour: "36h", 36*time.Hour + 5*time.Minute: "36h5m",
		30 * time.Minute: "30m", 10 * time.Second: "10s", time.Hour + 10*time.Second: "1h0m10s",
		time.Second / 3: "0s"} {
		require.Equal(t, want, brief(d))
	}
}
