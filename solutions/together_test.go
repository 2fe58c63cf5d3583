package solutions_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
)

// Building a test program costs more than running it, so the misconceptions of a lesson are built together, into one
// program: the solution, in which each function of an edited file begins by asking whose turn it is,
//
//	func Ask(conn net.Conn) error { switch whoseTurn { case "asks-twice": return mutant7_Ask(conn) }
//
// and, for each misconception, a file with its functions under such names. A line there says that it is the edited
// file's ("//line"), so that the messages are what they would be if each were built alone. What changes more than the
// functions' bodies is built alone.

// turnVariable is the environment's variable with the name of the misconception whose turn it is.
const turnVariable = "UDPKATA_MUTANT"

// mostTogether is how many misconceptions one program holds at the most: the judge takes no more files, of which some
// are the lesson's own.
const mostTogether = judge.MostFiles - 10

// together writes the files of such a program to a directory, and returns those misconceptions that it can't hold.
func together(t *testing.T, l curriculum.Lesson, all []mutant) (dir string, alone []mutant) {
	dir = t.TempDir()
	write := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	for _, f := range l.Files {
		data, err := os.ReadFile(filepath.Join(l.Name, f.Name))
		require.NoError(t, err)
		solution, err := parseSource(f.Name, data)
		require.NoError(t, err)
		turns := map[string]string{}
		for i, m := range all {
			if m.file != f.Name {
				continue
			}
			prefix := fmt.Sprintf("mutant%d_", i)
			variant, err := m.variant(solution, prefix)
			if err != nil {
				t.Logf("%s is built alone: %v", m.path, err)
				alone = append(alone, m)
				continue
			}
			write(prefix+f.Name, variant.text) // the end of the name may say for which system it is
			for _, name := range variant.replaced {
				turns[name] += fmt.Sprintf("case %q: %s; ", m.name, solution.functions[name].callAs(prefix))
			}
		}
		write(f.Name, solution.withTurns(turns))
		write("whose_turn.go", fmt.Appendf(nil, "package %s\n\nimport \"os\"\n\nvar whoseTurn = os.Getenv(%q)\n",
			solution.file.Name.Name, turnVariable))
	}
	return dir, alone
}

// A source is a Go file's text, and what is declared there.
type source struct {
	text      []byte
	fset      *token.FileSet
	file      *ast.File
	functions map[string]*function // by name; a method's has its receiver's type before it
	others    map[string]bool      // the texts of the declarations of variables, constants and types
	names     map[string]bool      // what these declare
}

// A function is one with a body.
type function struct {
	*ast.FuncDecl
	signature string // its parameters and results, as they are written
}

func parseSource(name string, text []byte) (source, error) {
	s := source{text: text, fset: token.NewFileSet(), functions: map[string]*function{}, others: map[string]bool{},
		names: map[string]bool{}}
	var err error
	if s.file, err = parser.ParseFile(s.fset, name, text, parser.SkipObjectResolution); err != nil {
		return s, err
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.functions[s.nameOf(d)] = &function{d, s.at(d.Type.Params) + s.at(d.Type.Results)}
		case *ast.GenDecl:
			s.others[s.at(d)] = true
			for _, name := range declared(d) {
				s.names[name.Name] = true
			}
		}
	}
	return s, nil
}

// at returns the text of a part.
func (s source) at(n ast.Node) string {
	if list, ok := n.(*ast.FieldList); ok && list == nil {
		return ""
	}
	return string(s.text[s.offset(n.Pos()):s.offset(n.End())])
}

func (s source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

// nameOf returns a function's name, with the receiver's type before a method's.
func (s source) nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return s.at(d.Recv.List[0].Type) + "." + d.Name.Name
}

// declared returns the names that a declaration of variables, constants or types declares.
func declared(d *ast.GenDecl) (names []*ast.Ident) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			names = append(names, spec.Names...)
		case *ast.TypeSpec:
			names = append(names, spec.Name)
		}
	}
	return names
}

// callAs returns the statements that call the function with its own arguments, under a name with a prefix.
func (f *function) callAs(prefix string) string {
	call := prefix + f.Name.Name + "("
	if f.Recv != nil {
		call = f.Recv.List[0].Names[0].Name + "." + call
	}
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			call += name.Name
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				call += "..."
			}
			call += ", "
		}
	}
	call += ")"
	if f.Type.Results == nil {
		return call + "; return"
	}
	return "return " + call
}

// withTurns returns the text in which each function asks first whose turn it is. Its lines stay where they are.
func (s source) withTurns(turns map[string]string) []byte {
	var text []byte
	from := 0
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || turns[s.nameOf(f)] == "" {
			continue
		}
		begin := s.offset(f.Body.Lbrace) + 1
		text = fmt.Appendf(append(text, s.text[from:begin]...), " switch whoseTurn { %s}; ", turns[s.nameOf(f)])
		from = begin
	}
	return append(text, s.text[from:]...)
}

// A variant is what a misconception adds to the program.
type variant struct {
	text     []byte
	replaced []string // the solution's functions that it has its own of
}

// variant returns the functions of the edited file, and what else is new there, under names with a prefix.
func (m mutant) variant(solution source, prefix string) (variant, error) {
	edited, err := parseSource(m.file, []byte(m.edited))
	if err != nil {
		return variant{}, err
	}
	var v variant
	var kept []ast.Decl
	renamed := map[string]bool{}
	for _, d := range edited.file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT || solution.others[edited.at(d)] {
				continue
			}
			for _, name := range declared(d) {
				if solution.names[name.Name] {
					return v, fmt.Errorf("it declares %s otherwise", name.Name)
				}
				renamed[name.Name] = true
			}
		case *ast.FuncDecl:
			name := edited.nameOf(d)
			theirs, ours := solution.functions[name], edited.functions[name]
			switch {
			case theirs != nil && theirs.signature != ours.signature:
				return v, fmt.Errorf("the signature of %s is another", name)
			case theirs != nil:
				v.replaced = append(v.replaced, name)
			case d.Recv != nil || name == "init":
				return v, fmt.Errorf("the solution has no %s", name)
			default:
				renamed[name] = true
			}
		}
		kept = append(kept, d)
	}
	body := edited.renamed(kept, renamed, prefix, filepath.Join(m.lesson.Dir, m.file))
	v.text = fmt.Appendf(nil, "package %s\n%s%s", edited.file.Name.Name, edited.importsOf(kept), body)
	return v, nil
}

// importsOf returns declarations of the imports that are used in some declarations.
func (s source) importsOf(decls []ast.Decl) (text string) {
	used := map[string]bool{}
	for _, d := range decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := selector.X.(*ast.Ident); ok {
					used[of.Name] = true
				}
			}
			return true
		})
	}
	for _, spec := range s.file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		path = majorVersion.ReplaceAllString(path, "")
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if used[name] {
			text += "import " + s.at(spec) + "\n"
		}
	}
	return text
}

// majorVersion is the end of an import path that is no part of the package's name.
var majorVersion = regexp.MustCompile(`/v\d+$`)

// renamed returns the text of declarations: what each function is called, and those names wherever they stand, get a
// prefix. Each begins with the line that it has in the file.
func (s source) renamed(decls []ast.Decl, names map[string]bool, prefix, file string) (text []byte) {
	for _, d := range decls {
		var places []int
		selected := map[*ast.Ident]bool{} // fields, methods, other packages' names
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				selected[n.Sel] = true
			case *ast.Ident:
				if f, ok := d.(*ast.FuncDecl); names[n.Name] && !selected[n] || ok && f.Name == n {
					places = append(places, s.offset(n.Pos()))
				}
			}
			return true
		})
		slices.Sort(places)
		text = fmt.Appendf(text, "\n//line %s:%d\n", file, s.fset.Position(d.Pos()).Line)
		from := s.offset(d.Pos())
		for _, place := range places {
			text = append(append(text, s.text[from:place]...), prefix...)
			from = place
		}
		text = append(append(text, s.text[from:s.offset(d.End())]...), '\n')
	}
	return text
}
