package solutions_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/policy"
)

// TestPolicyPermits: a grader refuses nothing of what honest people hand in: stubs, solutions, alternatives and
// misconceptions, but for those that testdata/policy.txt lists.
func TestPolicyPermits(t *testing.T) {
	exceptions := policyList(t, "refused")
	for _, l := range lessons(t) {
		handedOut := map[string][]byte{}
		stubs, err := curriculum.Stubs(l.Dir) // whatever somebody has written in their place
		require.NoError(t, err)
		require.NotEmpty(t, stubs)
		for _, stub := range stubs {
			handedOut[stub.Name] = stub.Source
		}
		require.Empty(t, policy.Check(l, handedOut), "the stubs of %s", l.Name)
		dirs := []string{l.Name}
		for _, style := range alternatives(t, l) {
			dirs = append(dirs, unpack(t, style))
		}
		for i, dir := range dirs {
			files, err := judge.Read(l, dir)
			require.NoError(t, err)
			require.NotEmpty(t, files)
			require.Empty(t, policy.Check(l, files), "%s, answer %d", l.Name, i)
		}
	}
	for _, m := range mutants(t) {
		refusals := policy.Check(m.lesson, map[string][]byte{m.file: []byte(m.edited)})
		name := m.lesson.Name + "/" + m.name
		reason, excepted := exceptions[name]
		delete(exceptions, name)
		switch {
		case len(refusals) > 0 && !excepted:
			t.Errorf("%s is refused, and honest people write so: %v", m.path, refusals)
		case len(refusals) == 0 && excepted:
			t.Errorf("%s is not refused any more; take the line out of testdata/policy.txt (%s)", m.path, reason)
		}
	}
	require.Empty(t, exceptions, "testdata/policy.txt has misconceptions that there are not")
}

// TestPolicyRefuses: a grader refuses all hostile submissions but those that testdata/policy.txt lists, with the reason
// why a policy can't tell them, or need not.
func TestPolicyRefuses(t *testing.T) {
	passing := policyList(t, "passes")
	paths, err := filepath.Glob(filepath.Join("hostile", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		h, err := readHostile(path, lessons(t))
		require.NoError(t, err, path)
		files := map[string][]byte{}
		for _, f := range h.files {
			files[f.Name] = f.Data
		}
		refusals := policy.Check(h.lesson, files)
		reason, passes := passing[h.name]
		delete(passing, h.name)
		switch {
		case len(refusals) == 0 && !passes:
			t.Errorf("%s passes the policy, and testdata/policy.txt does not say why", path)
		case len(refusals) > 0 && passes:
			t.Errorf("%s is refused by now; take the line out of testdata/policy.txt (%s): %v", path, reason, refusals)
		}
	}
	require.Empty(t, passing, "testdata/policy.txt has submissions that there are not")
}

// policyList returns the names in testdata/policy.txt that a word stands before, and the reasons that follow them.
func policyList(t *testing.T, word string) map[string]string {
	f, err := os.Open(filepath.Join("testdata", "policy.txt"))
	require.NoError(t, err)
	defer f.Close()
	all := map[string]string{}
	words := []string{"refused", "passes"}
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		line := scanner.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		head, reason, ok := strings.Cut(line, ": ")
		first, name, two := strings.Cut(head, " ")
		require.True(t, ok && two && slices.Contains(words, first), "testdata/policy.txt: %q: want WORD NAME: REASON",
			line)
		if first == word {
			require.NotContains(t, all, name)
			all[name] = reason
		}
	}
	require.NoError(t, scanner.Err())
	return all
}
