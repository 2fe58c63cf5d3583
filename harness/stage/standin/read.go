package standin

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"udpkata/harness/curriculum"
)

// A lesson is a lesson's package on this system.
type lesson struct {
	name   string // as in "02-echo"
	places *token.FileSet
	files  []*file
	types  *types.Package
	info   types.Info
}

// A file is one of a lesson's.
type file struct {
	name   string
	given  bool
	source []byte
	tree   *ast.File
}

// handedOut returns a lesson's files as they were handed out, whatever somebody has written there since.
func handedOut(l curriculum.Lesson) (all []*file, err error) {
	stubs, err := curriculum.Stubs(l.Dir)
	if err != nil {
		return nil, err
	}
	for _, s := range stubs {
		all = append(all, &file{name: s.Name, source: s.Source})
	}
	for _, f := range l.Files {
		if !f.Given && len(stubs) > 0 {
			continue
		}
		source, err := os.ReadFile(filepath.Join(l.Dir, f.Name))
		if err != nil {
			return nil, err
		}
		all = append(all, &file{name: f.Name, given: f.Given, source: source})
	}
	slices.SortFunc(all, func(a, b *file) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// read reads what of the lesson is for this system.
func read(l curriculum.Lesson) (*lesson, error) {
	system := build.Default
	system.CgoEnabled, system.GOOS, system.GOARCH = false, runtime.GOOS, runtime.GOARCH
	p := &lesson{name: l.Name, places: token.NewFileSet(), info: types.Info{Defs: map[*ast.Ident]types.Object{}}}
	files, err := handedOut(l)
	if err != nil {
		return nil, err
	}
	var trees []*ast.File
	for _, f := range files {
		system.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.source)), nil }
		match, err := system.MatchFile(l.Dir, f.name)
		if err != nil {
			return nil, err
		}
		if !match {
			continue
		}
		f.tree, err = parser.ParseFile(p.places, "lessons/"+l.Name+"/"+f.name, f.source,
			parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
		trees = append(trees, f.tree)
	}
	if len(trees) == 0 {
		return p, nil
	}
	// What is unknown makes errors; they are told when a signature needs it.
	config := types.Config{Importer: readOnly{standard()}, IgnoreFuncBodies: true, Error: func(error) {}}
	p.types, _ = config.Check("udpkata/lessons/"+l.Name, p.places, trees, &p.info)
	return p, nil
}

// stubs returns the files that students write.
func (p *lesson) stubs() []*file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f *file) bool { return f.given })
}

// errorAt returns an error at a place in the lesson.
func (p *lesson) errorAt(pos token.Pos, format string, args ...any) error {
	return fmt.Errorf("%s: %s", p.places.Position(pos), fmt.Sprintf(format, args...))
}

// A function is one that the stage runs.
type function struct {
	decl *ast.FuncDecl
	recv *types.Named // nil for a function without receiver
	sig  *types.Signature
}

// name returns the function's name on the link, as in "Ask" or "Client.Do".
func (f function) name() string {
	if f.recv != nil {
		return f.recv.Obj().Name() + "." + f.decl.Name.Name
	}
	return f.decl.Name.Name
}

// results returns the types of the function's results.
func results(sig *types.Signature) (all []types.Type) {
	for v := range sig.Results().Variables() {
		all = append(all, v.Type())
	}
	return all
}

// params returns the types of the function's parameters, of which a variadic one is a slice.
func params(sig *types.Signature) (all []types.Type) {
	for v := range sig.Params().Variables() {
		all = append(all, v.Type())
	}
	return all
}

// runsOnStage reports whether a declaration of a stub is of a function that the stage runs: one that a test can
// call by its name.
func runsOnStage(decl *ast.FuncDecl) bool {
	if decl.Recv == nil {
		return decl.Name.IsExported()
	}
	return decl.Name.IsExported() && ast.IsExported(receiver(decl))
}

// receiver returns the name of the type that a declaration is a method of, or "".
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return ""
	}
	for typ := decl.Recv.List[0].Type; ; {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.ParenExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// functions lists those of a stub's file that the stage runs. It fails for one with a type that the link does not know.
func (p *lesson) functions(f *file) (all []function, err error) {
	for _, d := range f.tree.Decls {
		decl, ok := d.(*ast.FuncDecl)
		if !ok || !runsOnStage(decl) {
			continue
		}
		object, ok := p.info.Defs[decl.Name].(*types.Func)
		if !ok {
			return nil, p.errorAt(decl.Pos(), "%s: declared twice", decl.Name.Name)
		}
		fn := function{decl: decl, sig: object.Signature()}
		if decl.Recv != nil {
			fn.recv = named(fn.sig.Recv().Type())
		}
		if err := p.check(fn); err != nil {
			return nil, err
		}
		all = append(all, fn)
	}
	return all, nil
}

// named returns the type that has a receiver's methods, or nil.
func named(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

// errorTypes lists the package's types whose values are errors that the link carries as they are: those of given files,
// so that the judge has their methods, too.
func (p *lesson) errorTypes() (all []*types.Named) {
	for _, name := range p.types.Scope().Names() {
		object, ok := p.types.Scope().Lookup(name).(*types.TypeName)
		if !ok || object.IsAlias() || !object.Exported() || !p.isGiven(object.Pos()) {
			continue
		}
		n, ok := object.Type().(*types.Named)
		isError := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
		if ok && types.Implements(n, isError) && types.Comparable(n) && p.unknown(n, result, nil) == "" {
			all = append(all, n)
		}
	}
	return all
}

// sentinels lists the package's exported variables that are errors.
func (p *lesson) sentinels() (names []string) {
	for _, name := range p.types.Scope().Names() {
		v, ok := p.types.Scope().Lookup(name).(*types.Var)
		if !ok || !v.Exported() {
			continue
		}
		// An error of a package that is unknown has no type here, but an error's name.
		invalid := v.Type() == types.Typ[types.Invalid] && strings.HasPrefix(name, "Err")
		if invalid || types.Identical(v.Type(), types.Universe.Lookup("error").Type()) {
			names = append(names, name)
		}
	}
	return names
}
