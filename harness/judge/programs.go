package judge

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/stage/build"
	"udpkata/harness/verdict"
)

// Programs builds, of somebody's files for several lessons, what [Build] builds of those for one, with as few programs
// for the stage as it takes: one, unless a lesson has code that runs before any of its functions is called, which has
// one for itself. All of them are kept in dir, and go with it. Each of all has the same Stage, and neither Program nor
// Tasks. Whatever is wrong with the files is in the report that [Run] returns for the program.
func Programs(ctx context.Context, all []Params, dir string) ([]*Program, error) {
	programs := make([]*Program, len(all))
	var together []part
	for i, p := range all {
		programs[i] = &Program{}
		code, notes, err := collect(p)
		programs[i].notes = notes
		if err != nil {
			programs[i].refused = &refusal{state: verdict.NotRun, reason: err.Error(), notes: notes}
			continue
		}
		one := part{p, code, programs[i]}
		if !runsByItself(one.code) {
			together = append(together, one)
		} else if err := p.Stage.buildTogether(ctx, []part{one}, dir); err != nil {
			return nil, err
		}
	}
	if len(together) == 0 {
		return programs, nil
	}
	return programs, all[0].Stage.buildTogether(ctx, together, dir)
}

// A part is what a program for the stage has of one lesson.
type part struct {
	Params
	code    build.Submission
	program *Program // which is told what has become of it
}

// buildTogether builds one program of some lessons, in a directory below dir.
func (s *Stage) buildTogether(ctx context.Context, parts []part, dir string) error {
	dir, err := os.MkdirTemp(dir, "programs-")
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "stage.exe")
	refused, err := s.compile(ctx, parts, dir, out)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if said := refused[p.Lesson.Name]; said != "" {
			p.program.refused = refusedBy(said, p.program.notes)
			continue
		}
		tests, err := s.tests(ctx, p.Lesson)
		if err != nil {
			return err
		}
		p.program.path, p.program.proof, p.program.stage = tests.path, tests.proof, out
	}
	return nil
}

// runsByItself reports whether a package does more when the program starts than to make values that nobody can tell
// from constants.
func runsByItself(code build.Submission) bool {
	for name, at := range code {
		file, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.SkipObjectResolution)
		if err != nil {
			continue // it will not compile, and if it does all the same, there is nothing in it
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		named := packageNames(file)
		does := func(spec ast.Spec) bool { return calls(spec.(*ast.ValueSpec), named) }
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && (d.Name.Name == "init" || slices.Contains(usual, d.Name.Name)) {
					return true
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR && slices.ContainsFunc(d.Specs, does) {
					return true
				}
			}
		}
	}
	return false
}

// packageNames returns the paths of the packages that a file imports, by the names that they have in it.
func packageNames(file *ast.File) map[string]string {
	named := map[string]string{}
	for _, spec := range file.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		named[name] = importPath
	}
	return named
}

// calls reports whether a variable's value takes more than the usual calls, or receives from a channel, or is perhaps
// called as if it were usual.
func calls(spec *ast.ValueSpec, named map[string]string) bool {
	does := slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return slices.Contains(usual, id.Name) })
	for _, v := range spec.Values {
		ast.Inspect(v, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false // a call of it is a call
			case *ast.CallExpr:
				does = does || !isUsual(n.Fun, named)
			case *ast.UnaryExpr:
				does = does || n.Op == token.ARROW
			}
			return true
		})
	}
	return does
}

// usual are functions that package-level variables are made with.
var usual = []string{"errors.New", "fmt.Errorf", "fmt.Sprintf", "strings.Repeat", "regexp.MustCompile", "make", "new",
	"len", "append", "byte", "int", "string", "net/netip.MustParseAddr", "net/netip.MustParseAddrPort", "time.Duration"}

func isUsual(f ast.Expr, named map[string]string) bool {
	switch f := f.(type) {
	case *ast.Ident:
		return slices.Contains(usual, f.Name)
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		return ok && slices.Contains(usual, named[x.Name]+"."+f.Sel.Name)
	case *ast.ArrayType:
		return true // a conversion
	}
	return false
}

// refusedBy returns the verdict on files that the compiler or go vet refuses, and what it said.
func refusedBy(said string, notes []string) *refusal {
	return &refusal{state: verdict.DidNotCompile, reason: firstError(said), output: said, notes: notes}
}

// compile makes the stage's program of some lessons. It returns what the compiler or go vet said of those that it
// refused.
func (s *Stage) compile(ctx context.Context, parts []part, dir, out string) (refused map[string]string, err error) {
	if dir, err = os.MkdirTemp(dir, "stage-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	lessons, vetted := map[string]build.Submission{}, map[string]build.Submission{}
	for _, p := range parts {
		lessons[p.Lesson.Name] = p.code
		if !p.NoVet {
			vetted[p.Lesson.Name] = p.code
		}
	}
	if refused, err = s.course.Stage(ctx, lessons, dir, out); err != nil {
		return nil, err
	}
	for name := range refused {
		delete(vetted, name)
	}
	said, err := s.course.Vet(ctx, vetted, dir)
	maps.Copy(refused, said)
	return refused, err
}
