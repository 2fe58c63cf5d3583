package harness_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// TestReasons: each reason that a lesson's stories give is one short line and has its
// Chinese in testdata/because.zh-TW.txt, which holds nothing else.
func TestReasons(t *testing.T) {
	tests, err := filepath.Glob(filepath.Join("..", "lessons", "*", "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	lessons := map[string][]string{}
	for _, file := range tests {
		lessons[filepath.Dir(file)] = append(lessons[filepath.Dir(file)], file)
	}
	for dir, files := range lessons {
		reasons, err := text.ReadCatalogue(filepath.Join(dir, "testdata", "because.zh-TW.txt"))
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		for _, wrong := range unreasoned(t, files, nil, reasons) {
			t.Error(wrong)
		}
	}
}

// mostReason is how many columns a reason may have.
const mostReason = 100

var (
	aReason = regexp.MustCompile(`^\p{Lu}\S*( \S+){2,}[.!?]\)?$`)
	aVerb   = regexp.MustCompile(`%[a-z]`)
)

// unreasoned lists what is wrong with the reasons of a lesson's tests. A reason is what is
// handed to Because, or any sentence: a table may hold it.
func unreasoned(t *testing.T, paths []string, source any, chinese text.Catalogue) (wrong []string) {
	files := token.NewFileSet()
	found := map[string]token.Pos{}
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			switch {
			case ok && selector.Sel.Name == "Errorf":
				return false // a message, and no reason
			case ok && selector.Sel.Name == "Because":
				if literal, ok := n.Args[0].(*ast.BasicLit); ok {
					sentence, _ := strconv.Unquote(literal.Value)
					found[sentence] = literal.Pos()
				}
			}
		case *ast.BasicLit:
			sentence, err := strconv.Unquote(n.Value)
			if err == nil && n.Kind == token.STRING && aReason.MatchString(sentence) {
				found[sentence] = n.Pos()
			}
		}
		return true
	}
	for _, path := range paths {
		file, err := parser.ParseFile(files, path, source, 0)
		require.NoError(t, err)
		ast.Inspect(file, look)
	}
	for _, sentence := range slices.Sorted(maps.Keys(found)) {
		complain := func(format string, args ...any) {
			at := files.Position(found[sentence])
			wrong = append(wrong, fmt.Sprintf("%s: %q: %s", at, sentence, fmt.Sprintf(format, args...)))
		}
		switch other, ok := chinese[sentence]; {
		case wire.Cells(sentence) > mostReason:
			complain("a reason is one short line, of %d columns at the most", mostReason)
		case !ok:
			complain("its Chinese is not in testdata/because.zh-TW.txt")
		case !slices.Equal(verbs(sentence), verbs(other)):
			complain("its Chinese has other verbs: %q", other)
		}
	}
	for _, sentence := range slices.Sorted(maps.Keys(chinese)) {
		if _, ok := found[sentence]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s: nobody says %q", paths[0], sentence))
		}
	}
	return wrong
}

// verbs lists those of a format, in whatever order they stand.
func verbs(format string) []string {
	all := aVerb.FindAllString(order.ReplaceAllString(format, "%"), -1)
	slices.Sort(all)
	return all
}

// order is what lets arguments stand in another order.
var order = regexp.MustCompile(`%\[\d+\]`)

// TestUnreasoned: each rule can be broken.
func TestUnreasoned(t *testing.T) {
	long := strings.Repeat("Long ", 20) + "reason."
	for _, tt := range []struct {
		code    string
		chinese text.Catalogue
		want    string
	}{
		{`w.Because("It is %d.", 1)`, text.Catalogue{"It is %d.": "是 %d。"}, ""},
		{`w.Because("%d of %s", 1, "x")`, text.Catalogue{"%d of %s": "%[2]s 的 %[1]d"}, ""},
		{`w.Because("It is %d.", 1)`, nil, "its Chinese is not in"},
		{`w.Because("It is %d.", 1)`, text.Catalogue{"It is %d.": "是 %s。"}, "its Chinese has other verbs"},
		{`w.Because("It is.")`, text.Catalogue{"It is.": "是。", "It was.": "是。"}, `nobody says "It was."`},
		{`f("` + long + `")`, text.Catalogue{long: "長"}, "of 100 columns at the most"},
		{`f("This stands in a table.")`, nil, "its Chinese is not in"},
		{`f("hello, world", "Your data was 5 bytes long")`, nil, ""},
		{`w.Errorf("This can't be sent.")`, nil, ""},
	} {
		t.Run(tt.code, func(t *testing.T) {
			got := unreasoned(t, []string{"story_test.go"}, "package x\n\nfunc f() {\n"+tt.code+"\n}\n", tt.chinese)
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], "story_test.go")
			require.Contains(t, got[0], tt.want)
		})
	}
}
