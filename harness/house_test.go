package harness_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "udpkata/"

// below says which of its siblings each package of harness/ may import; a
// package that is not listed here has to be.
var below = map[string][]string{
	"verdict":           nil,
	"capability":        nil,
	"text":              nil,
	"wire":              {"text"},
	"wire/wiretest":     nil,
	"curriculum":        {"curriculum/given", "text"},
	"curriculum/given":  nil,
	"demo":              nil,
	"internal/students": nil,
	"sockopt":           nil,
	"netlab":            {"sockopt"},
	"netlab/labtest":    {"netlab"},
	"simnet":            {"wire"},
	"diagnosis":         {"text", "wire"},
	"":                  {"verdict", "capability", "diagnosis", "text", "wire", "simnet", "netlab", "curriculum/given"},
	"judge":             {"curriculum", "verdict", "capability", "wire"},
	"cmd/kata":          {"judge", "curriculum", "verdict", "capability", "wire"},
}

// A pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// TestImports: the house's arrows point down, and each is needed, on some system.
func TestImports(t *testing.T) {
	allowed := houseArrows(t)
	needed := map[need]bool{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, p := range packages(t, system) {
			for _, complaint := range complaints(p, allowed) {
				t.Errorf("on %s: %s", system, complaint)
			}
			for _, n := range needs(p) {
				needed[n] = true
			}
		}
	}
	for _, wrong := range idle(allowed, needed) {
		t.Error(wrong)
	}
}

// packages lists the repository's, as they are on a system.
func packages(t *testing.T, system string) (all []pkg) {
	cmd := exec.Command("go", "list", "-json", "../...")
	cmd.Env = append(os.Environ(), "GOOS="+system)
	out, err := cmd.Output()
	require.NoError(t, err)
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p pkg
		require.NoError(t, decoder.Decode(&p))
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}

// complaints lists the imports of a package that the house does not allow.
func complaints(p pkg, allowed arrows) []string {
	path := strings.TrimPrefix(p.ImportPath, module)
	top, rest, _ := strings.Cut(path, "/")
	lesson := module + "lessons/" + strings.TrimSuffix(rest, "/demo")
	var wrong []string
	forbid := func(kind string, imports []string, allowed func(string) bool) {
		for _, i := range imports {
			if !isStandard(i) && !allowed(i) {
				wrong = append(wrong, path+" ("+kind+") must not import "+i)
			}
		}
	}
	only := func(allowed ...string) func(string) bool {
		return func(i string) bool { return slices.Contains(allowed, i) }
	}
	isSys := func(i string) bool { return strings.HasPrefix(i, "golang.org/x/sys/") }
	const require = "github.com/stretchr/testify/require"
	switch {
	case top == "lessons" && strings.HasSuffix(rest, "/demo"):
		forbid("demo", p.Imports, only(lesson, module+"harness/demo"))
	case top == "lessons":
		forbid("stub", p.Imports, isSys)
		forbid("test", append(p.TestImports, p.XTestImports...), only(lesson, module+"harness", require))
	case part == "solutions" && rest != "":
		forbid("solution", p.Imports, isSys)
	case part == "solutions":
		forbid("code", p.Imports, only()) // it is tests alone
	case part == "harness":
		siblings, known := below[rest]
		if !known {
			return []string{path + " has no line on the page about the house"}
		}
		forbid("code", p.Imports, func(i string) bool {
			sibling, ours := part(i)
			return ours && slices.Contains(siblings, sibling) || !strings.HasPrefix(i, module)
		})
		forbid("test", append(p.TestImports, p.XTestImports...), func(i string) bool {
			_, ours := part(i)
			return ours || !strings.HasPrefix(i, module)
		})
	default:
		return []string{path + " is at no place of the house"}
	}
	return wrong
}

// isStandard tells the standard library, whose paths begin with no domain.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first+"/" != module
}

// TestComplaints: each rule can be broken.
func TestComplaints(t *testing.T) {
	allowed := arrows{"harness": {"wire"}, "judge": {"verdict"}, "verdict": nil, "wire": nil}
	tests := []struct {
		name string
		pkg  pkg
		ok   bool
	}{
		{"stub with x/sys", pkg{ImportPath: "udpkata/lessons/05-x", Imports: []string{"net", "golang.org/x/sys/unix"}}, true},
		{"stub with harness", pkg{ImportPath: "udpkata/lessons/05-x", Imports: []string{"udpkata/harness"}}, false},
		{"stub with a library", pkg{ImportPath: "udpkata/lessons/05-x", Imports: []string{"github.com/stretchr/testify/require"}}, false},
		{"lesson test", pkg{ImportPath: "udpkata/lessons/05-x", XTestImports: []string{"udpkata/lessons/05-x", "udpkata/harness", "github.com/stretchr/testify/require"}}, true},
		{"lesson test with the network", pkg{ImportPath: "udpkata/lessons/05-x", XTestImports: []string{"udpkata/harness/wire"}}, false},
		{"lesson test with another lesson", pkg{ImportPath: "udpkata/lessons/05-x", XTestImports: []string{"udpkata/lessons/04-y"}}, false},
		{"demo", pkg{ImportPath: "udpkata/lessons/05-x/demo", Imports: []string{"udpkata/lessons/05-x", "udpkata/harness/demo"}}, true},
		{"demo with harness", pkg{ImportPath: "udpkata/lessons/05-x/demo", Imports: []string{"udpkata/harness"}}, false},
		{"solution with a library", pkg{ImportPath: "udpkata/solutions/05-x", Imports: []string{"github.com/stretchr/testify/require"}}, false},
		{"tests of the solutions", pkg{ImportPath: "udpkata/solutions", XTestImports: []string{"udpkata/harness/judge"}}, true},
		{"no test among those", pkg{ImportPath: "udpkata/solutions", Imports: []string{"udpkata/harness/judge"}}, false},
		{"upwards", pkg{ImportPath: "udpkata/harness/wire", Imports: []string{"udpkata/harness"}}, false},
		{"sideways", pkg{ImportPath: "udpkata/harness/verdict", Imports: []string{"udpkata/harness/wire"}}, false},
		{"down", pkg{ImportPath: "udpkata/harness/judge", Imports: []string{"udpkata/harness/verdict", "github.com/x/y"}}, true},
		{"harness with a lesson", pkg{ImportPath: "udpkata/harness/judge", Imports: []string{"udpkata/lessons/05-x"}}, false},
		{"harness test with a solution", pkg{ImportPath: "udpkata/harness", XTestImports: []string{"udpkata/solutions/05-x"}}, false},
		{"a new package", pkg{ImportPath: "udpkata/harness/new"}, false},
		{"a new place", pkg{ImportPath: "udpkata/tools"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := complaints(tt.pkg, allowed)
			require.Equal(t, tt.ok, len(got) == 0, got)
		})
	}
}

// TestParseArrows: the page is read as it is written, and what makes no sense there is
// found.
func TestParseArrows(t *testing.T) {
	block := func(lines string) string { return "# The house\n\n```arrows\n" + lines + "```\n\nMore.\n" }
	got, err := parseArrows(block("harness → text, wire\nwire → text\n\ntext\n"))
	require.NoError(t, err)
	require.Equal(t, arrows{"harness": {"text", "wire"}, "wire": {"text"}, "text": nil}, got)
	for page, want := range map[string]string{
		"# The house\n":                   "the page has no block of arrows",
		block("text\ntext\n"):             "text has two lines",
		block("wire → text\n"):            "wire → text: there is no line for text",
		block("wire → text,wire\ntext\n"): "wire → text,wire: there is no line for text,wire",
	} {
		_, err := parseArrows(page)
		require.EqualError(t, err, want)
	}
}

// TestIdle: an arrow too many is found, and a package that is gone.
func TestIdle(t *testing.T) {
	needed := map[need]bool{}
	for _, p := range []pkg{
		{ImportPath: "udpkata/harness", Imports: []string{"fmt", "udpkata/harness/wire"}, TestImports: []string{"udpkata/harness/text"}},
		{ImportPath: "udpkata/harness/wire"},
		{ImportPath: "udpkata/harness/text"},
		{ImportPath: "udpkata/harnesses/old"},
	} {
		for _, n := range needs(p) {
			needed[n] = true
		}
	}
	require.Empty(t, idle(arrows{"harness": {"wire"}, "wire": nil, "text": nil}, needed))
	require.Equal(t, []string{
		"harness → text is on the page, and no import needs it",
		"old is on the page, and there is no such package",
	}, idle(arrows{"harness": {"wire", "text"}, "wire": nil, "text": nil, "old": {"text"}}, needed))
}
