package curriculum

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

// TestLanguagesAgree: what is the same in every language is the same in both
// texts: commands and code, the names of what they speak of, and numbers. A Chinese text
// may also say what stands in English in a comment beside it, as the contract of what is to
// be written does.
func TestLanguagesAgree(t *testing.T) {
	root, err := Root(".")
	require.NoError(t, err)
	var chinese []string
	for _, pattern := range []string{"*", "lessons/*/*"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(text.Chinese.Page(pattern))))
		require.NoError(t, err)
		chinese = append(chinese, found...)
	}
	require.Greater(t, len(chinese), 1)
	for _, path := range chinese {
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			english := inEnglish(path)
			for _, wrong := range disagreements(read(t, english), read(t, path), comments(t, filepath.Dir(path))) {
				t.Error(wrong)
			}
		})
	}
}

// inEnglish names the English file in the place of each Chinese one.
func inEnglish(page string) string {
	return strings.ReplaceAll(page, text.Chinese.Page(""), text.English.Page(""))
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// comments returns what the Go files of a folder say, without the line ends of comments.
func comments(t *testing.T, dir string) (all string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		all += strings.ReplaceAll(read(t, path), "\n// ", " ")
	}
	return all
}

var (
	fenced = regexp.MustCompile("(?ms)^ *```\\w*\n(.*?)^ *```$")
	inline = regexp.MustCompile("`[^`]+`")
	link   = regexp.MustCompile(`\]\([^)]*\)`)
	number = regexp.MustCompile(`\d[\d,.]*\d`) // of two digits or more: small ones may be words
)

// A common is what a page in any language has in common with its other language.
type common struct {
	blocks  []string // fenced, in order
	code    []string // inline, sorted, each once
	links   []string // sorted, each once
	numbers []string // of the rest, sorted, each once
}

func parse(page string) (c common) {
	page = inEnglish(page)
	for _, m := range fenced.FindAllStringSubmatch(page, -1) {
		c.blocks = append(c.blocks, m[1])
	}
	page = fenced.ReplaceAllString(page, "")
	take := func(pattern *regexp.Regexp) []string {
		found := pattern.FindAllString(page, -1)
		page = pattern.ReplaceAllString(page, " ")
		for i, f := range found {
			found[i] = strings.Join(strings.Fields(f), " ")
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	c.code, c.links, c.numbers = take(inline), take(link), take(number)
	return c
}

// disagreements lists how two languages differ in what they have in common. The Chinese
// text may say more, if that stands in comments.
func disagreements(english, chinese, comments string) (wrong []string) {
	a, b := parse(english), parse(chinese)
	if len(a.blocks) != len(b.blocks) {
		wrong = append(wrong, fmt.Sprintf("%d blocks of code; the English text has %d", len(b.blocks), len(a.blocks)))
	} else {
		for i, block := range a.blocks {
			if block != b.blocks[i] {
				wrong = append(wrong, fmt.Sprintf("block of code %d differs from the English one:\n%s", i+1,
					b.blocks[i]))
			}
		}
	}
	for _, kind := range []struct {
		name string
		a, b []string
	}{{"code", a.code, b.code}, {"link", a.links, b.links}, {"number", a.numbers, b.numbers}} {
		for _, item := range kind.a {
			if !slices.Contains(kind.b, item) {
				wrong = append(wrong, fmt.Sprintf("lacks the %s %s of the English text", kind.name, item))
			}
		}
		for _, item := range kind.b {
			if !slices.Contains(kind.a, item) && !strings.Contains(comments, strings.Trim(item, "`")) {
				wrong = append(wrong, fmt.Sprintf("has a %s that the English text lacks: %s", kind.name, item))
			}
		}
	}
	return wrong
}

// TestDisagreements: each kind can be found, and what may differ may.
func TestDisagreements(t *testing.T) {
	const english = "# Ports\n\nSee `net.Dial`, port 1060 and [it](README.md).\n\n```sh\ngo test\n```\n"
	const comments = "Don't type-assert *net.UDPAddr; 65,507 is the most."
	tests := []struct{ name, old, new, want string }{
		{"code of a comment", "See", "`*net.UDPAddr`", ""},
		{"number of a comment", "See", "65,507", ""},
		{"words", "See", "請看", ""},
		{"file of the language", "README.md", "README.zh-TW.md", ""},
		{"block", "go test", "go vet", "block of code 1 differs from the English one:\ngo vet\n"},
		{"no block", "```sh\ngo test\n```\n", "", "0 blocks of code; the English text has 1"},
		{"no code", "`net.Dial`", "it", "lacks the code `net.Dial` of the English text"},
		{"more code", "See", "`See`", "has a code that the English text lacks: `See`"},
		{"number", "1060", "", "lacks the number 1060 of the English text"},
		{"link", "README.md", "hints.md", "lacks the link ](README.md) of the English text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := disagreements(english, strings.Replace(english, tt.old, tt.new, 1), comments)
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, tt.want)
		})
	}
}
