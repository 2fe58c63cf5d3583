package harness_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
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

// TestImports: the house's arrows point down.
func TestImports(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			cmd := exec.Command("go", "list", "-json", "../...")
			cmd.Env = append(os.Environ(), "GOOS="+system)
			out, err := cmd.Output()
			require.NoError(t, err)
			decoder := json.NewDecoder(strings.NewReader(string(out)))
			n := 0
			for ; ; n++ {
				var p pkg
				if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
					break
				} else {
					require.NoError(t, err)
				}
				for _, complaint := range complaints(p) {
					t.Error(complaint)
				}
			}
			require.Greater(t, n, len(below))
		})
	}
}

// complaints lists the imports of a package that the house does not allow.
func complaints(p pkg) []string {
	path := strings.TrimPrefix(p.ImportPath, module)
	part, rest, _ := strings.Cut(path, "/")
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
	case part == "lessons" && strings.HasSuffix(rest, "/demo"):
		forbid("demo", p.Imports, only(lesson, module+"harness/demo"))
	case part == "lessons":
		forbid("stub", p.Imports, isSys)
		forbid("test", append(p.TestImports, p.XTestImports...), only(lesson, module+"harness", require))
	case part == "solutions" && rest != "":
		forbid("solution", p.Imports, isSys)
	case part == "solutions":
		forbid("code", p.Imports, only()) // it is tests alone
	case part == "harness":
		siblings, known := below[rest]
		if !known {
			return []string{path + " is not in the table of who may import whom"}
		}
		forbid("code", p.Imports, func(i string) bool {
			own, ours := strings.CutPrefix(i, module+"harness")
			return ours && slices.Contains(siblings, strings.TrimPrefix(own, "/")) || !strings.HasPrefix(i, module)
		})
		forbid("test", append(p.TestImports, p.XTestImports...), func(i string) bool {
			return !strings.HasPrefix(i, module) || strings.HasPrefix(i, module+"harness")
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
			require.Equal(t, tt.ok, len(complaints(tt.pkg)) == 0, complaints(tt.pkg))
		})
	}
}
