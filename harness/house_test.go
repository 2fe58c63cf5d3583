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

// houseArrows reads the arrows of the page about the house: the packages of harness/,
// each with its siblings that its code may import. The root package is called harness
// there.
func houseArrows(t *testing.T) arrows {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	all, err := parseArrows(string(page))
	require.NoError(t, err)
	return all
}

type arrows map[string][]string

var arrowBlock = regexp.MustCompile("(?ms)^```arrows\n(.*?)^```$")

// parseArrows reads the page's block of arrows, which has a line for each package.
func parseArrows(page string) (arrows, error) {
	block := arrowBlock.FindStringSubmatch(page)
	if block == nil {
		return nil, errors.New("the page has no block of arrows")
	}
	all := arrows{}
	for line := range strings.Lines(block[1]) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		from, to, points := strings.Cut(line, " → ")
		if _, twice := all[from]; twice {
			return nil, fmt.Errorf("%s has two lines", from)
		}
		all[from] = nil
		if points {
			all[from] = strings.Split(to, ", ")
		}
	}
	for from, siblings := range all {
		for _, to := range siblings {
			if _, known := all[to]; !known {
				return nil, fmt.Errorf("%s → %s: there is no line for %s", from, to, to)
			}
		}
	}
	return all, nil
}

// A need is an arrow that an import needs; to is empty for the package itself.
type need struct{ from, to string }

// needs lists what of the arrows a package needs.
func needs(p pkg) []need {
	from, ours := part(p.ImportPath)
	if !ours {
		return nil
	}
	all := []need{{from, ""}}
	for _, i := range p.Imports {
		if to, ours := part(i); ours {
			all = append(all, need{from, to})
		}
	}
	return all
}

// part returns the name of a package of the house, as the page has it.
func part(importPath string) (name string, ours bool) {
	rest, ours := strings.CutPrefix(importPath, module+"harness")
	if rest == "" {
		return "harness", ours
	}
	return strings.TrimPrefix(rest, "/"), ours && rest[0] == '/'
}

// idle lists what stands on the page and is not needed.
func idle(all arrows, needed map[need]bool) (wrong []string) {
	for _, from := range slices.Sorted(maps.Keys(all)) {
		if !needed[need{from, ""}] {
			wrong = append(wrong, from+" is on the page, and there is no such package")
			continue
		}
		for _, to := range all[from] {
			if !needed[need{from, to}] {
				wrong = append(wrong, fmt.Sprintf("%s → %s is on the page, and no import needs it", from, to))
			}
		}
	}
	return wrong
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

// needGo skips a test where its program runs without Go, as on a system that it was only
// built for.
func needGo(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
}

// packages lists the repository's, as they are on a system.
func packages(t *testing.T, system string) (all []pkg) {
	needGo(t)
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

// TestLessonsLink: what a student runs is built of the standard library,
// golang.org/x/sys and this module, so that a new machine downloads nothing else.
func TestLessonsLink(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			needGo(t)
			cmd := exec.Command("go", "list", "-deps", "-test", "-f", "{{.ImportPath}}", "../lessons/...")
			cmd.Env = append(os.Environ(), "GOOS="+system)
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Contains(t, string(out), "\n"+module+"harness\n")
			for line := range strings.Lines(string(out)) {
				path, _, _ := strings.Cut(strings.TrimSpace(line), " ") // less the test that it is built for
				if !strings.HasPrefix(path, module) && !isStandard(path) && !isSys(path) {
					t.Error("the lessons' test programs link ", path)
				}
			}
		})
	}
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
	switch {
	case top == "lessons" && strings.HasSuffix(rest, "/demo"):
		forbid("demo", p.Imports, only(lesson, module+"harness/demo"))
	case top == "lessons":
		forbid("stub", p.Imports, isSys)
		forbid("test", append(p.TestImports, p.XTestImports...), only(lesson, module+"harness"))
	case top == "solutions" && rest != "":
		forbid("solution", p.Imports, isSys)
	case top == "solutions":
		forbid("code", p.Imports, only()) // it is tests alone
	case top == "harness":
		own, _ := part(p.ImportPath)
		siblings, known := allowed[own]
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
	const (
		lesson   = "udpkata/lessons/05-x"
		other    = "udpkata/lessons/04-y"
		solution = "udpkata/solutions/05-x"
		harness  = "udpkata/harness"
		sys      = "golang.org/x/sys/unix"
		library  = "github.com/stretchr/testify/require"
	)
	allowed := arrows{"harness": {"wire"}, "judge": {"verdict"}, "verdict": nil, "wire": nil}
	tests := []struct {
		name string
		pkg  pkg
		ok   bool
	}{
		{"stub with x/sys", pkg{ImportPath: lesson, Imports: []string{"net", sys}}, true},
		{"stub with harness", pkg{ImportPath: lesson, Imports: []string{harness}}, false},
		{"stub with a library", pkg{ImportPath: lesson, Imports: []string{library}}, false},
		{"lesson test", pkg{ImportPath: lesson, XTestImports: []string{lesson, harness}}, true},
		{"lesson test with a library", pkg{ImportPath: lesson, XTestImports: []string{library}}, false},
		{"lesson test with the network", pkg{ImportPath: lesson, XTestImports: []string{harness + "/wire"}}, false},
		{"lesson test with another lesson", pkg{ImportPath: lesson, XTestImports: []string{other}}, false},
		{"demo", pkg{ImportPath: lesson + "/demo", Imports: []string{lesson, harness + "/demo"}}, true},
		{"demo with harness", pkg{ImportPath: lesson + "/demo", Imports: []string{harness}}, false},
		{"solution with a library", pkg{ImportPath: solution, Imports: []string{library}}, false},
		{"code beside the solutions", pkg{ImportPath: "udpkata/solutions", Imports: []string{sys}}, false},
		{"upwards", pkg{ImportPath: harness + "/wire", Imports: []string{harness}}, false},
		{"sideways", pkg{ImportPath: harness + "/verdict", Imports: []string{harness + "/wire"}}, false},
		{"down", pkg{ImportPath: harness + "/judge", Imports: []string{harness + "/verdict", library}}, true},
		{"harness with a lesson", pkg{ImportPath: harness + "/judge", Imports: []string{lesson}}, false},
		{"harness test with a solution", pkg{ImportPath: harness, XTestImports: []string{solution}}, false},
		{"a new package", pkg{ImportPath: harness + "/new"}, false},
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
		{
			ImportPath:  "udpkata/harness",
			Imports:     []string{"fmt", "udpkata/harness/wire"},
			TestImports: []string{"udpkata/harness/text"},
		},
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

// isSys tells the one module that a student's machine downloads.
func isSys(path string) bool { return strings.HasPrefix(path, "golang.org/x/sys/") }
