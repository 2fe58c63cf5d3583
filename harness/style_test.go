package harness_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum/given"
	"udpkata/harness/wire"
)

// TestStyle: the repository's Go files keep the rules of style that a program can
// tell. Those that students write in are held to them where CI is set: in a tree that
// somebody learns in, they are that somebody's.
func TestStyle(t *testing.T) {
	n := 0
	require.NoError(t, filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator)))
		hidden := strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (hidden || entry.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(name) != ".go":
			return nil
		}
		n++
		source, err := os.ReadFile(file)
		if err != nil || os.Getenv("CI") == "" && ofStudents(name, source) {
			return err
		}
		for _, wrong := range untidy(t, name, string(source)) {
			t.Error(wrong)
		}
		return nil
	}))
	require.Greater(t, n, 100)
}

// ofStudents reports whether a file is one that students write.
func ofStudents(name string, source []byte) bool {
	inLesson, _ := path.Match("lessons/*/*.go", name)
	return inLesson && !strings.HasSuffix(name, "_test.go") && !given.Marked(source)
}

// In columns, of which a wide character takes two.
const (
	mostColumns = 120
	tabColumns  = 4
)

// untidy lists what the style does not allow in a file.
func untidy(t *testing.T, name, source string) []string {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	var wrong []string
	number := 0
	for line := range strings.Lines(source) {
		number++
		line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", strings.Repeat(" ", tabColumns))
		if columns := wire.Cells(line); columns > mostColumns {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %d columns; a line has %d at the most",
				name, number, columns, mostColumns))
		}
	}
	complain := func(pos token.Pos, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s: %s", files.Position(pos), fmt.Sprintf(format, args...)))
	}
	imported := imports(file)
	for _, ident := range declared(file) {
		switch {
		case imported[ident.Name] != "":
			complain(ident.Pos(), "%s hides the package %s", ident.Name, imported[ident.Name])
		case types.Universe.Lookup(ident.Name) != nil:
			complain(ident.Pos(), "%s hides Go's own %s", ident.Name, ident.Name)
		}
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			if begin := thingly.FindStringSubmatch(f.Doc.Text()); begin != nil && begin[1] == f.Name.Name {
				complain(f.Doc.Pos(), "%q: a function does something; things are", begin[0])
			}
		}
	}
	return wrong
}

// thingly is how the comment of a thing begins.
var thingly = regexp.MustCompile(`^(\w+) (?:is|are|was|were)\b`)

// imports returns the paths of a file's imports, by the names that they have there. The
// name of a package whose import gives none is taken to be the end of its path.
func imports(file *ast.File) map[string]string {
	all := map[string]string{}
	for _, spec := range file.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		all[name] = importPath
	}
	delete(all, "_")
	delete(all, ".")
	return all
}

// declared lists the names that a file declares, but for those of fields and methods.
func declared(file *ast.File) (names []*ast.Ident) {
	fields := func(lists ...*ast.FieldList) {
		for _, list := range lists {
			if list != nil {
				for _, field := range list.List {
					names = append(names, field.Names...)
				}
			}
		}
	}
	define := func(operator token.Token, targets ...ast.Expr) {
		for _, target := range targets {
			if ident, ok := target.(*ast.Ident); ok && operator == token.DEFINE {
				names = append(names, ident)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			fields(n.Recv)
			if n.Recv == nil {
				names = append(names, n.Name)
			}
		case *ast.FuncType:
			fields(n.TypeParams, n.Params, n.Results)
		case *ast.TypeSpec:
			names = append(names, n.Name)
			fields(n.TypeParams)
		case *ast.ValueSpec:
			names = append(names, n.Names...)
		case *ast.AssignStmt:
			define(n.Tok, n.Lhs...)
		case *ast.RangeStmt:
			define(n.Tok, n.Key, n.Value)
		}
		return true
	})
	return names
}

// TestUntidy: each rule can be broken, and what keeps them is left alone.
func TestUntidy(t *testing.T) {
	for _, tt := range []struct{ name, code, want string }{
		{"long", "// " + strings.Repeat("x", 118), "story.go:8: 121 columns; a line has 120 at the most"},
		{"just not long", "// " + strings.Repeat("x", 117), ""},
		{"wide", "// " + strings.Repeat("晚", 59), "story.go:8: 121 columns; a line has 120 at the most"},
		{"long for its tabs", "func f() {\n\t\t// " + strings.Repeat("x", 110) + "\n}",
			"story.go:9: 121 columns; a line has 120 at the most"},
		{"parameter", "func f(text string) {}", "story.go:8:8: text hides the package udpkata/harness/text"},
		{"parameter of a literal", "var f = func(len int) {}", "story.go:8:14: len hides Go's own len"},
		{"parameter of a type", "type f func(cap int)", "story.go:8:13: cap hides Go's own cap"},
		{"result", "func f() (max int) { return }", "story.go:8:11: max hides Go's own max"},
		{"receiver", "func (new T) f() {}", "story.go:8:7: new hides Go's own new"},
		{"type parameter", "func f[any int]() {}", "story.go:8:8: any hides Go's own any"},
		{"variable", "var close = 1", "story.go:8:5: close hides Go's own close"},
		{"constant", "const copy = 1", "story.go:8:7: copy hides Go's own copy"},
		{"type", "type error string", "story.go:8:6: error hides Go's own error"},
		{"local variable", "func f() { n, min := 1, 2 }", "story.go:8:15: min hides Go's own min"},
		{"variable of a type switch", "func f() { switch t := x.(type) {} }",
			"story.go:8:19: t hides the package time"},
		{"variable of a range", "func f() { for _, time := range x {} }", ""},
		{"another name for a package", "func f() { for _, t := range x {} }",
			"story.go:8:19: t hides the package time"},
		{"function", "func print() {}", "story.go:8:6: print hides Go's own print"},
		{"field and method", "type T struct { len int }\n\nfunc (T) close() {}", ""},
		{"assignment", "func f() { text.X, len = 1, 2 }", ""},
		{"function that is", "// f is one.\nfunc f() {}",
			`story.go:8:1: "f is": a function does something; things are`},
		{"method that was", "// F was one.\nfunc (T) F() {}",
			`story.go:8:1: "F was": a function does something; things are`},
		{"function that does", "// f isolates it, which is good.\nfunc f() {}", ""},
		{"things that are", "// v is one.\nvar v = 1\n\n// T is one.\ntype T int\n\n// c are some.\nconst c = 1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const head = "package x\n\nimport (\n\tt \"time\"\n\t\"udpkata/harness/text\"\n)\n\n"
			got := untidy(t, "story.go", head+tt.code+"\n")
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Equal(t, []string{tt.want}, got)
		})
	}
}
