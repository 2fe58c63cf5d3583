package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// hostile has what breaks out of a format that does not quote: of terminals, XML, HTML, CSV, paths, and the order in
// which people read.
const hostile = "=1+1\x1b[31m\x00\x16\u202e\u2028\ufffe]]></failure><script>alert(1)</script>&\"',;\r\n" +
	"../../etc/passwd\xff"

// lay writes a class as grading leaves it, whose students' numbers are 101 and up.
func lay(t *testing.T) *grade.Class {
	dir := t.TempDir()
	put := func(name string, v any) {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	points := map[string]int{"TestA": 1, "TestB": 2, "TestOut": 4, "TestC": 3, "TestD": 5}
	lesson := func(name string, states map[string]verdict.State) grade.Lesson {
		l := grade.Lesson{Name: name, Files: []string{}}
		for _, task := range []string{"TestA", "TestB", "TestOut", "TestC", "TestD", "TestE"} {
			state, ok := states[task]
			if !ok {
				continue
			}
			done := grade.Task{Name: task, State: state, Points: points[task]}
			if state != verdict.Passed {
				done.Reason, done.Output = "why: "+strings.Repeat(hostile, 3), strings.Repeat(hostile, 50)
			}
			if task == "TestB" && state != verdict.Passed {
				done.Output = strings.Repeat(hostile, 3000)
			}
			l.Tasks = append(l.Tasks, done)
		}
		return l
	}
	result := func(key string, lessons ...grade.Lesson) {
		put("results/"+key+".json", grade.Result{Key: key, Lessons: lessons})
	}
	const pass, fail = verdict.Passed, verdict.Failed
	worthNothing := func(state verdict.State) grade.Lesson {
		return lesson("03-worthless", map[string]verdict.State{"TestE": state})
	}
	result("full",
		lesson("01-a", map[string]verdict.State{"TestA": pass, "TestB": pass, "TestOut": pass}),
		lesson("02-b", map[string]verdict.State{"TestC": pass, "TestD": pass}),
		worthNothing(pass))
	result("some",
		lesson("01-a", map[string]verdict.State{"TestA": pass, "TestB": fail, "TestOut": fail}),
		lesson("02-b", map[string]verdict.State{"TestC": verdict.Crashed, "TestD": pass}),
		worthNothing(fail))
	result("missing",
		lesson("01-a", map[string]verdict.State{"TestA": pass, "TestB": pass, "TestOut": verdict.Skipped}),
		lesson("02-b", map[string]verdict.State{"TestC": verdict.NotRun, "TestD": verdict.NotRun}),
		worthNothing(verdict.NotRun))
	put("reference.json", grade.Reference{Skipped: map[string]string{"01-a/TestOut": "needs a lab"}})
	refused := text.Both("it is encrypted: "+hostile, "加密："+hostile)
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	entries := []grade.Entry{
		{Student: "=HYPERLINK(1)", ID: "101", Key: "full", Factor: 1},
		{Student: "alice", ID: "102", Attempt: 1, Attempts: 2, Key: "full", Factor: 1},
		{Student: "alice", ID: "102", Attempt: 2, Attempts: 2, Key: "some", Factor: 0.9, Late: true, Time: &at,
			Clock: intake.CommitClock},
		{Student: hostile, ID: "103", Key: "some", Factor: 1, Paths: []string{hostile}},
		{Student: "bob", ID: "104", Refused: &refused, Factor: 1},
		{Student: "carol", ID: "105", Unread: "the disk: " + hostile, Factor: 1},
		{Student: "dave", ID: "106", Key: "missing", Factor: 1},
		{Student: "", ID: "107", Key: "full", Factor: 1},
		{Student: "Points Possible", ID: "108", Key: "full", Factor: 0.333},
		{Student: "102", ID: "109", Key: "missing", Factor: 1}, // who would be taken for alice
	}
	for i := range entries {
		e := &entries[i]
		e.System, e.Attempt, e.Attempts = intake.Canvas, max(1, e.Attempt), max(1, e.Attempts)
	}
	put("class-1-of-1.json", struct {
		grade.Head
		grade.Shard
		Entries []grade.Entry `json:"entries"`
	}{grade.Head{Which: "last"}, grade.Shard{I: 1, N: 1}, entries})
	c, err := Open(dir)
	require.NoError(t, err)
	return c
}

// students are the numbers of those in the class.
var students = []string{"101", "102", "103", "104", "105", "106", "107", "108", "109"}

// environment returns what Classroom 50's runner has in its.
func environment(name string) string {
	return map[string]string{
		"CLASSROOM": "c", "ASSIGNMENT": "a", "SUBMISSION_TAG": "submit/1", "COMMIT_URL": "https://x/commit/1",
		"RELEASE_URL": "https://x/releases/1", "OWNER": "alice",
	}[name]
}

// put writes a file of a test's, and returns its path.
func put(t *testing.T, name, data string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
	return path
}

// written returns the files that a format writes, by name; of a format of one file, it is "".
func written(t *testing.T, format string, r *Request) map[string]string {
	f, err := Find(format)
	require.NoError(t, err)
	if f.File != nil {
		var b strings.Builder
		require.NoError(t, Write(f, "", &b, r))
		return map[string]string{"": b.String()}
	}
	dir := filepath.Join(t.TempDir(), "out")
	require.NoError(t, Write(f, dir, nil, r))
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		data, err := os.ReadFile(path)
		all[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return all
}

// worksheetHead is Moodle's, in English.
const worksheetHead = "\ufeffIdentifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\"," +
	"\"Grade can be changed\",\"Last modified (grade)\",\"Feedback comments\"\r\n"

// moodleSheet returns the path of a worksheet for the class.
func moodleSheet(t *testing.T) string {
	var b strings.Builder
	b.WriteString(worksheetHead)
	for _, id := range students {
		b.WriteString("\"Participant " + id + "\",\"\",a@b,\"Submitted\nlate\",,11.00,Yes,-,\"\"\r\n")
	}
	return put(t, "Grades.csv", b.String())
}
