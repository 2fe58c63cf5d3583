//go:build linux

package solutions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/judge"
	"udpkata/harness/sandbox/confine"
	"udpkata/harness/verdict"
)

// hostileVariable says, if it is 1, that all hostile submissions are judged, and the lesson's solution after each; or
// it names some, with commas between them.
const hostileVariable = "UDPKATA_HOSTILE_EVERY"

// hostileSample is judged without it: some of each kind, which take little time.
var hostileSample = []string{
	"heart-caller", "heart-texts", "heart-instants", "heart-strangers", "heart-probes",
	"assembly", "is-says-yes", "conn-of-its-own", "code-patched", "race-on-interface", "race-writes",
	"parent-killed", "forged-events-by-number", "control-characters", "frames-returned-in-time", "frames-truncated",
	"frames-huge-length", "descriptors-swapped", "errors-replaced-by-nil", "globals-of-net", "uncomparable-error",
	"goexit-in-is", "solution-imported", "fork-keeps-pipes", "stop-itself", "ipv6-taken-away", "sockets-undumpable",
	"program-removed", "divided", "frames-idle-ahead", "caller-socket-broken", "asked-socket-closed",
}

// TestHostile: through the stage, nobody gets a point that their code has not earned, whatever else it does; nobody
// else loses any by it; and the judge ends by itself, with a report that can be shown. The judge has no policy here,
// and the code is confined, as for whoever grades; it runs in a box only for this machine's sake.
func TestHostile(t *testing.T) {
	if name := os.Getenv(boxedVariable); name != "" {
		judgeBoxed(name)
	}
	if testing.Short() {
		t.Skip("needs a program for each submission, which takes a while")
	}
	all := hostiles(t)
	sample, every := hostileSample, os.Getenv(hostileVariable)
	if every != "" {
		sample = strings.Split(every, ",")
	}
	b := newBox(t)
	for _, h := range all {
		if !slices.Contains(sample, h.name) && every != "1" {
			continue
		}
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			h.check(t, b.judge(t, h))
		})
	}
}

// hostiles returns all of them.
func hostiles(t *testing.T) []hostile {
	paths, err := filepath.Glob(filepath.Join("hostile", "*.txtar"))
	require.NoError(t, err)
	var all []hostile
	for _, path := range paths {
		h, err := readHostile(path, lessons(t))
		require.NoError(t, err, path)
		h.inBox = h.inBox && confine.Missing() != nil
		all = append(all, h)
	}
	kinds := map[string]bool{} // whether the sample has one
	for _, h := range all {
		kinds[h.kind] = kinds[h.kind] || slices.Contains(hostileSample, h.name)
	}
	for kind, has := range kinds {
		require.True(t, has, "the sample has nothing of the kind %q", kind)
	}
	return all
}

// check holds what became of a submission to what it has earned.
func (h hostile) check(t *testing.T, v boxed) {
	if v.Error != "" && h.inBox {
		t.Logf("nobody got anything: %s", v.Error)
		return
	}
	require.Empty(t, v.Error, "%s: the judge has no report", h.name)
	for _, what := range v.Wrong {
		t.Errorf("%s: %s", h.name, what)
	}
	for _, res := range v.Report.Results {
		if strings.Contains(res.Output, "UDPKATA_SEED") {
			t.Errorf("%s: what %s says has the class's seed, which tells all that is drawn:\n%s", h.name, res.Task,
				res.Output)
		}
		earned, passed := slices.Contains(h.earns, res.Task), res.State == verdict.Passed
		switch {
		case passed && !earned && h.known != "":
			t.Logf("%s: %s passed: %s", h.name, res.Task, h.known)
		case passed && !earned && h.inBox: // by the judge's own process, in which it can do what it likes here
			t.Logf("%s: %s passed, which nothing but package confine can prevent", h.name, res.Task)
		case passed && !earned:
			t.Errorf("%s: UNEARNED: %s passed, and all that this earns is %q", h.name, res.Task, h.earns)
		case !passed && earned && !h.upTo && !h.inBox && res.State != verdict.Skipped:
			t.Errorf("%s: LOST: %s, which it earns, ended so: %s: %s\n%s", h.name, res.Task, res.State, res.Reason,
				res.Output)
		}
	}
	// A task that the machine can tell the story of can't be taken out of the total.
	for i, res := range v.Honest.Results {
		if res.State != verdict.Passed && res.State != verdict.Skipped {
			t.Errorf("%s: the solution, which was judged next, lost %s: %s: %s\n%s", h.name, res.Task, res.State,
				res.Reason, res.Output)
		}
		if len(v.Report.Results) != len(v.Honest.Results) || res.State == verdict.Skipped || h.inBox {
			continue
		}
		if got := v.Report.Results[i]; got.State == verdict.Skipped || got.State == verdict.NotRun {
			t.Errorf("%s: %s is out of the total: it is %s: %s", h.name, res.Task, got.State, got.Reason)
		}
	}
}

// unshowable says what of a report's texts can't be shown as it is: what a terminal would obey, or the reader of a
// test's output, and what is too long.
func unshowable(r judge.Report) (wrong []string) {
	for _, res := range r.Results {
		if strings.Contains(res.Reason, "\n") {
			wrong = append(wrong, fmt.Sprintf("%s: its reason is more than one line: %q", res.Task, res.Reason))
		}
		if i := slices.IndexFunc([]rune(res.Reason), unprintable); i >= 0 || len(res.Reason) > 8<<10 {
			wrong = append(wrong, fmt.Sprintf("%s: reason, of %d bytes: %q", res.Task, len(res.Reason), res.Reason))
		}
		if i := strings.IndexFunc(res.Output, unprintable); i >= 0 {
			wrong = append(wrong, fmt.Sprintf("%s: output: %q", res.Task, res.Output[i:min(i+100, len(res.Output))]))
		}
		if len(res.Output) > 128<<10 {
			wrong = append(wrong, fmt.Sprintf("%s: its output has %d bytes", res.Task, len(res.Output)))
		}
	}
	for _, note := range r.Notes {
		if strings.ContainsFunc(note, unprintable) || strings.Contains(note, "\n") {
			wrong = append(wrong, fmt.Sprintf("note: %q", note))
		}
	}
	return wrong
}
