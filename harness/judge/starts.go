package judge

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/stage/build"
)

// What several lessons have one program for, starts for all of them: whatever runs or fails there, or takes more memory
// than there is, would cost the others, too. So only those lessons are together with others whose variables are made of
// what surely does nothing: it is a list of that, and not of what does something.

// startsQuietly reports whether a lesson's code surely does nothing when its program starts.
func startsQuietly(code build.Submission) bool {
	files := map[string]*ast.File{}
	variables := map[string]bool{}
	for name, at := range code {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if filepath.Ext(name) != ".go" {
			return false
		}
		file, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.SkipObjectResolution)
		if err != nil {
			return false // nobody knows what is in it, and the compiler may take it all the same
		}
		files[name] = file
		for _, spec := range specs(file, token.VAR) {
			for _, id := range spec.(*ast.ValueSpec).Names {
				variables[id.Name] = true
			}
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				variables[f.Name.Name] = true
			}
		}
	}
	for _, file := range files {
		if !(&start{packageNames(file), variables}).isQuiet(file) {
			return false
		}
	}
	return true
}

// specs lists what a file declares outside of functions, of some kinds.
func specs(file *ast.File, kinds ...token.Token) (all []ast.Spec) {
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok && slices.Contains(kinds, d.Tok) {
			all = append(all, d.Specs...)
		}
	}
	return all
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

// A start is what a file does when its program starts.
type start struct {
	imports   map[string]string // paths, by name
	variables map[string]bool   // of the lesson's packages, and functions
}

// predeclared are the names that have to mean what they mean in Go.
var predeclared = []string{"make", "new", "len", "nil", "true", "false", "string", "bool", "byte", "rune", "error",
	"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float32", "float64"}

func (s *start) isQuiet(file *ast.File) bool {
	for name, importPath := range s.imports {
		if name == "." || name == "_" || importPath == "unsafe" || importPath == "C" {
			return false
		}
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil &&
			(f.Name.Name == "init" || slices.Contains(predeclared, f.Name.Name)) {
			return false
		}
	}
	for _, spec := range specs(file, token.TYPE, token.CONST, token.VAR) {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if slices.Contains(predeclared, spec.Name.Name) || !areArraysSmall(spec.Type) {
				return false
			}
		case *ast.ValueSpec:
			isPredeclared := func(id *ast.Ident) bool { return slices.Contains(predeclared, id.Name) }
			isLoud := func(v ast.Expr) bool { return !s.isValueQuiet(v) }
			if slices.ContainsFunc(spec.Names, isPredeclared) || !areArraysSmall(spec) ||
				slices.ContainsFunc(spec.Values, isLoud) {
				return false
			}
		}
	}
	return true
}

// areArraysSmall reports whether there is no array type in it but those of few simple elements, which nobody makes many
// of.
func areArraysSmall(n ast.Node) bool {
	small := true
	ast.Inspect(n, func(n ast.Node) bool {
		a, ok := n.(*ast.ArrayType)
		if !ok || a.Len == nil {
			_, isFunction := n.(*ast.FuncLit)
			return !isFunction
		}
		if _, counted := a.Len.(*ast.Ellipsis); counted {
			return true
		}
		small = small && isSmall(a.Len) && isSimple(a.Elt)
		return true
	})
	return small
}

// isSmall reports whether an expression is a number of a few digits.
func isSmall(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.INT && len(lit.Value) <= 5
}

// isValueQuiet reports whether to make a value surely calls nothing, waits for nothing, and does not panic.
func (s *start) isValueQuiet(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.FuncLit, *ast.Ident:
		return true
	case *ast.ParenExpr:
		return s.isValueQuiet(e.X)
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && s.imports[x.Name] != "" && !strings.Contains(s.imports[x.Name], "/lessons/")
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && s.isValueQuiet(e.X)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.ADD:
			return s.isValueQuiet(e.X) && s.isValueQuiet(e.Y) && !s.hasVariable(e) // which may be a text that grows
		case token.SUB, token.MUL, token.AND, token.OR, token.XOR, token.AND_NOT:
			return s.isValueQuiet(e.X) && s.isValueQuiet(e.Y)
		case token.QUO, token.REM, token.SHL, token.SHR:
			return s.isValueQuiet(e.X) && isSmall(e.Y)
		}
	case *ast.CompositeLit:
		_, isMap := e.Type.(*ast.MapType)
		for _, elt := range e.Elts {
			if pair, ok := elt.(*ast.KeyValueExpr); ok {
				if !s.isKeyQuiet(pair.Key, isMap) {
					return false
				}
				elt = pair.Value
			}
			if !s.isValueQuiet(elt) {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		return s.isCallQuiet(e)
	}
	return false
}

// hasVariable reports whether a variable of the lesson's is in an expression.
func (s *start) hasVariable(e ast.Expr) (has bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		has = has || ok && s.variables[id.Name]
		return true
	})
	return has
}

// isKeyQuiet reports whether an element's key is surely one that can be compared, the index of one that is not far off,
// or a field's name. As nobody knows here whether a named type is a map, no variable's or function's name can be a key.
func (s *start) isKeyQuiet(key ast.Expr, isMap bool) bool {
	switch key := key.(type) {
	case *ast.BasicLit:
		return key.Kind != token.INT || isSmall(key)
	case *ast.Ident:
		return !isMap && !s.variables[key.Name]
	}
	return false
}

// calls are those that a value may be made with: of errors, and conversions of numbers.
var calls = []string{"errors.New", "time.Duration", "syscall.Errno"}

// areElementsSmall reports whether a type is one of slices or channels of simple elements, or of maps.
func areElementsSmall(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ArrayType:
		return isSimple(e.Elt)
	case *ast.ChanType:
		return isSimple(e.Value)
	case *ast.MapType:
		return true
	}
	return false
}

// isSimple reports whether a type is a predeclared one, or the struct of nothing.
func isSimple(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return slices.Contains(predeclared, e.Name)
	case *ast.StructType:
		return e.Fields.NumFields() == 0
	}
	return false
}

// isCallQuiet reports whether a call is one of errors.New, of a conversion, or of what makes something small.
func (s *start) isCallQuiet(call *ast.CallExpr) bool {
	isLiteral := func(e ast.Expr) bool { _, ok := e.(*ast.BasicLit); return ok }
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		is := ""
		if ok {
			is = s.imports[x.Name] + "." + f.Sel.Name
		}
		return slices.Contains(calls, is) && len(call.Args) == 1 && isLiteral(call.Args[0])
	case *ast.Ident:
		switch {
		case !slices.Contains(predeclared, f.Name) || len(call.Args) == 0:
			return false
		case f.Name == "make":
			isBig := func(e ast.Expr) bool { return !isSmall(e) || len(e.(*ast.BasicLit).Value) > 3 }
			return !slices.ContainsFunc(call.Args[1:], isBig) && (len(call.Args) == 1 || areElementsSmall(call.Args[0]))
		case f.Name == "new":
			return isSimple(call.Args[0])
		}
		return len(call.Args) == 1 && s.isValueQuiet(call.Args[0])
	case *ast.ArrayType:
		return f.Len == nil && len(call.Args) == 1 && isLiteral(call.Args[0])
	}
	return false
}
