package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/verdict"
)

// TestExamplesStayOutOfGit: what the README's examples write of students in the clone, git ignores.
func TestExamplesStayOutOfGit(t *testing.T) {
	ignored, err := os.ReadFile("../../../.gitignore")
	require.NoError(t, err)
	lines := strings.Split(string(ignored), "\n")
	require.Contains(t, lines, "class.key")
	for _, name := range []string{"README.md", "README.zh-TW.md"} {
		page, err := os.ReadFile("../../../" + name)
		require.NoError(t, err)
		written := regexp.MustCompile(`(?:--format|grade) .*? -o ([\w.-]+)`).FindAllStringSubmatch(string(page), -1)
		require.NotEmpty(t, written, name)
		for _, w := range written {
			require.True(t, slices.Contains(lines, "/"+w[1]) || slices.Contains(lines, "/"+w[1]+"/"),
				"%s writes %s in the clone, and .gitignore has no line for it", name, w[1])
		}
	}
}

func TestRun(t *testing.T) {
	tests := []struct {
		name string
		args []string
		err  string
	}{
		{"no command of that name", []string{"enrol"},
			"unexpected argument enrol (go tool kata --help lists the commands)"},
		{"no lesson", []string{"judge"}, usage},
		{"no directory", []string{"judge", "02-echo"}, usage},
		{"too much", []string{"judge", "02-echo", "a", "b"}, usage},
		{"unknown flag", []string{"judge", "-q", "02-echo", "a"}, "flag provided but not defined: -q; " + usage},
		{"unknown lesson", []string{"judge", "eco", "a"},
			`there is no lesson "eco" with tasks; there are 01-ports, 02-echo, `},
		{"a lesson's number", []string{"judge", "02", "nowhere"}, "nowhere: no such file or directory"},
		{"a page to read", []string{"judge", "00-before", "a"}, `there is no lesson "00-before" with tasks`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			passed, err := run(context.Background(), tt.args, &bytes.Buffer{})
			require.ErrorContains(t, err, tt.err)
			require.False(t, passed)
		})
	}
	for _, args := range [][]string{{"judge", "-h"}, {"judge", "--help"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out bytes.Buffer
			passed, err := run(context.Background(), args, &out)
			require.NoError(t, err)
			require.True(t, passed)
			require.Equal(t, usage+"\n", out.String())
		})
	}
	t.Run("files that are missing", func(t *testing.T) {
		var out bytes.Buffer
		dir := t.TempDir()
		passed, err := run(context.Background(), []string{"judge", "02-echo", dir}, &out)
		require.NoError(t, err)
		require.False(t, passed)
		require.Contains(t, out.String(),
			"not run         1  TestServeAnswers\n                  echo.go is missing from "+dir+"\n")
		require.Regexp(t, `02-echo: 0 of 0 points, \d+ tasks not run\n$`, out.String())
	})
	t.Run("nowhere", func(t *testing.T) {
		_, err := run(context.Background(), []string{"judge", "02-echo", filepath.Join(t.TempDir(), "no")},
			&bytes.Buffer{})
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("no directory", func(t *testing.T) {
		_, err := run(context.Background(), []string{"judge", "02-echo", "main_test.go"}, &bytes.Buffer{})
		require.ErrorContains(t, err, "main_test.go is no directory")
	})
}

func TestShow(t *testing.T) {
	lesson := curriculum.Lesson{
		Name:  "09-x",
		Tasks: []curriculum.Task{{Name: "TestOne", Points: 2}, {Name: "TestTwo", Points: 1}},
	}
	report := judge.Report{
		Notes: []string{"x_test.go was left out: the tests are the course's."},
		Results: []judge.Result{
			{Task: "TestOne", State: verdict.Passed},
			{Task: "TestTwo", State: verdict.Failed, Reason: "x.go:1: no", Output: "all of it"},
		},
	}
	var out bytes.Buffer
	passes := func(want bool, verbose bool) {
		out.Reset()
		passed, err := show(&out, lesson, report, verbose)
		require.NoError(t, err)
		require.Equal(t, want, passed)
	}
	passes(false, true)
	require.Equal(t, `note: x_test.go was left out: the tests are the course's.
passed          2  TestOne
failed          1  TestTwo
                  x.go:1: no
all of it
09-x: 2 of 3 points
`, out.String())
	report.Results[1] = judge.Result{Task: "TestTwo", State: verdict.Skipped, Reason: "needs a lab"}
	passes(true, false)
	require.Contains(t, out.String(), "skipped         1  TestTwo\n                  needs a lab\n09-x: 2 of 2 "+
		"points, 1 task skipped\n")
	report.Results[1] = judge.Result{Task: "TestTwo", State: verdict.NotRun, Reason: "no socket"}
	passes(false, false)
	require.Contains(t, out.String(), "09-x: 2 of 2 points, 1 task not run\n")
	report.Results[1] = judge.Result{Task: "TestTwo", State: verdict.Passed}
	passes(true, false)
}
