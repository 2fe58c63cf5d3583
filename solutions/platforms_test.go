//go:build linux

package solutions_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// platformFiles are what instructors copy to a platform.
var platformFiles = filepath.Join(root, "harness", "grade", "platforms")

// checkout makes a repository in which somebody has solved lesson 02 and no other.
func checkout(t *testing.T, dir string) {
	all := files{}
	for _, l := range lessons(t) {
		maps.Copy(all, stubOf(t, l))
	}
	maps.Copy(all, solutionOf(t, lessons(t)[1]))
	inFolders(t, dir, "lessons", all)
	put(t, filepath.Join(dir, "go.mod"), "module udpkata\n")
	commit(t, dir)
}

// course lays out what a class has of the course, as far as grading needs it.
func course(t *testing.T, dir string) {
	for _, name := range []string{"harness", "lessons"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		put(t, filepath.Join(dir, name), string(data))
	}
}

// runs runs what a platform does, in an environment with nothing kept of earlier runs but Go's caches.
func runs(t *testing.T, cmd *exec.Cmd, env ...string) {
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	cmd.Env = append(append(os.Environ(), "UDPKATA_LANG=en", "XDG_CACHE_HOME="+t.TempDir(),
		"GOCACHE="+strings.TrimSpace(string(cache)), "GITHUB_SHA="+strings.Repeat("0a", 20)), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// solvedOne wants the feedback to be that of a student who has solved lesson 02.
func solvedOne(t *testing.T, feedback string) {
	for line := range strings.Lines(feedback) {
		require.True(t, strings.HasPrefix(line, "    "), "it would be Markdown: %q", line)
	}
	require.Regexp(t, `(?m)^      passed +\d+  TestServeAnswers$`, feedback)
	require.Contains(t, feedback, "TODO: write RangeOf")
}

// TestClassroom50: the autograder leaves what Classroom 50's runner takes, when it is run as that does.
func TestClassroom50(t *testing.T) {
	if testing.Short() {
		t.Skip("judges a submission, which takes a while")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs Python (on Debian: apt-get install python3)")
	}
	bundle, dir := t.TempDir(), filepath.Join(t.TempDir(), "hello-alice")
	checkout(t, dir)
	data, err := os.ReadFile(filepath.Join(platformFiles, "classroom50", "autograder.py"))
	require.NoError(t, err)
	put(t, filepath.Join(bundle, "autograder.py"), string(data))
	tree := t.TempDir()
	course(t, tree)
	pack := exec.CommandContext(t.Context(), "tar", "-czf", filepath.Join(bundle, "course.tar.gz"), "-C", tree, ".")
	out, err := pack.CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.CommandContext(t.Context(), python, filepath.Join(bundle, "autograder.py"))
	cmd.Dir = dir
	runs(t, cmd, "CLASSROOM=networks", "ASSIGNMENT=udp", "SUBMISSION_TAG=submit/1", "COMMIT_URL=https://example.edu/c",
		"RELEASE_URL=https://example.edu/r", "OWNER=alice")
	var result struct {
		Schema, Classroom, Owner string
		Score                    int
		MaxScore                 int `json:"max-score"`
	}
	data, err = os.ReadFile(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &result))
	require.Equal(t, []string{"classroom50/result/v1", "networks", "alice"}, []string{result.Schema, result.Classroom,
		result.Owner})
	points := 0
	for _, task := range lessons(t)[1].Tasks {
		points += task.Points
	}
	require.Equal(t, points, result.Score)
	require.Greater(t, result.MaxScore, result.Score)
	data, err = os.ReadFile(filepath.Join(dir, "release-body.md"))
	require.NoError(t, err)
	solvedOne(t, string(data))
}

// shellStep is a workflow's step that runs in a shell: where, and what.
var shellStep = regexp.MustCompile(`(?m)^        working-directory: (\S+)\n        run: \|\n((?:          .*\n)+)`)

// TestFeedbackWorkflow: what the workflow runs in its shell, which is most of it, writes feedback.
func TestFeedbackWorkflow(t *testing.T) {
	if testing.Short() {
		t.Skip("judges a submission, which takes a while")
	}
	data, err := os.ReadFile(filepath.Join(platformFiles, "github", "feedback.yml"))
	require.NoError(t, err)
	steps := shellStep.FindAllStringSubmatch(string(data), -1)
	require.Len(t, steps, 1)
	work, temp := t.TempDir(), t.TempDir()
	checkout(t, filepath.Join(work, "submission"))
	course(t, filepath.Join(work, "course"))
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[0][2])
	cmd.Dir = filepath.Join(work, steps[0][1])
	summary := filepath.Join(temp, "step-summary")
	runs(t, cmd, "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+summary)
	data, err = os.ReadFile(summary)
	require.NoError(t, err)
	solvedOne(t, string(data))
	data, err = os.ReadFile(filepath.Join(work, "feedback", "submission.xml"))
	require.NoError(t, err)
	require.Contains(t, string(data), `<testcase name="TestServeAnswers" classname="02-echo">`)
}
