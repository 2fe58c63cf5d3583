package policy

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"path"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// What a compiler takes without noticing, and nobody writes by hand.
const (
	mostDepth     = 1000    // of syntax in syntax
	mostNodes     = 50_000  // of syntax in one function
	mostElements  = 1 << 24 // of an array
	mostShift     = 512     // of a number, in bits: more is no constant of Go's
	mostDigits    = 400     // of a number
	mostExponent  = 5       // digits of one
	mostConstants = 32      // each made of the one before
	mostGenerics  = 8       // types, each made of the one before
)

func tooDeep() text.Text {
	return text.Say("the code is nested more than %d deep; give its parts names", mostDepth)
}

// deepBrackets returns the line where brackets are nested too deep, or 0: a parser would need much memory for those.
func deepBrackets(content []byte) int {
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(content))
	var s scanner.Scanner
	s.Init(file, content, func(token.Position, string) {}, 0)
	for depth := 0; ; {
		pos, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.EOF:
			return 0
		}
		if depth > mostDepth {
			return file.PositionFor(pos, false).Line
		}
	}
}

// checkFunction refuses a function that takes a compiler too long.
func (f *source) checkFunction(s *submission, decl *ast.FuncDecl) {
	n := 0
	ast.Inspect(decl, func(ast.Node) bool { n++; return true })
	if n/2 > mostNodes {
		f.refuse(s, decl, text.Say("the function is too long to be compiled in good time; make several of it, "+
			"or a table"))
	}
}

// checkSizes refuses numbers and arrays that are beyond measure.
func (f *source) checkSizes(s *submission, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind != token.INT && n.Kind != token.FLOAT && n.Kind != token.IMAG {
			return
		}
		lower := strings.ToLower(n.Value)
		i := strings.IndexByte(lower, 'p')
		if !strings.HasPrefix(lower, "0x") {
			i = strings.IndexByte(lower, 'e')
		}
		if len(n.Value) > mostDigits || i >= 0 && len(strings.Trim(lower[i+1:], "+-i")) > mostExponent {
			f.refuse(s, n, text.Say("the number is too big for any type of Go's; write a smaller one"))
		}
	case *ast.BinaryExpr:
		if n.Op == token.SHL {
			f.checkShift(s, n.Y)
		}
	case *ast.AssignStmt:
		if n.Tok == token.SHL_ASSIGN && len(n.Rhs) > 0 {
			f.checkShift(s, n.Rhs[0])
		}
	case *ast.ArrayType:
		if !f.counted[n] && f.elements(n) > mostElements {
			f.refuse(s, n, text.Say("the array has more than %d elements; use make, and fewer", mostElements))
		}
	case *ast.CompositeLit:
		if _, ok := n.Type.(*ast.ArrayType); !ok {
			return
		}
		for _, e := range n.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if index, ok := f.integer(pair.Key); ok && index > mostElements {
				f.refuse(s, e, text.Say("the array has more than %d elements; use make, and fewer",
					mostElements))
			}
		}
	}
}

func (f *source) checkShift(s *submission, by ast.Expr) {
	if bits, ok := f.integer(by); ok && bits > mostShift {
		f.refuse(s, by, text.Say("a number is shifted by more than %d bits; shift it by fewer", mostShift))
	}
}

// elements returns how many an array has, with those of the arrays in it; more than there may be is as good as many.
func (f *source) elements(array *ast.ArrayType) int64 {
	n := int64(1)
	for range mostDepth {
		f.counted[array] = true // from outside, as whoever walks through the syntax comes by
		if length, ok := f.integer(array.Len); ok && length > 0 {
			if n *= min(length, mostElements+1); n > mostElements {
				return n
			}
		}
		var inner bool
		if array, inner = array.Elt.(*ast.ArrayType); !inner {
			break
		}
	}
	return n
}

// integer returns the value of an expression that is plainly a whole number. One that is beyond int64's range is the
// biggest of it.
func (f *source) integer(e ast.Expr) (value int64, ok bool) {
	left := 1000
	return f.evaluate(e, &left)
}

const biggest = 1<<62 - 1

// A number is what a constant is, if that is plain.
type number struct {
	value int64
	ok    bool
}

func (f *source) evaluate(e ast.Expr, left *int) (value int64, ok bool) {
	if *left--; *left < 0 {
		return 0, false
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.INT || len(e.Value) > mostDigits {
			return 0, false
		}
		v, err := strconv.ParseInt(e.Value, 0, 63)
		if err != nil {
			v = biggest
		}
		return v, true
	case *ast.ParenExpr:
		return f.evaluate(e.X, left)
	case *ast.Ident:
		spec, i := constantOf(e)
		if spec == nil {
			return 0, false
		}
		known, ok := f.numbers[spec.Values[i]]
		if !ok {
			known.value, known.ok = f.evaluate(spec.Values[i], left)
			if *left >= 0 {
				f.numbers[spec.Values[i]] = known
			}
		}
		return known.value, known.ok
	case *ast.BinaryExpr:
		x, ok1 := f.evaluate(e.X, left)
		y, ok2 := f.evaluate(e.Y, left)
		if !ok1 || !ok2 {
			return 0, false
		}
		switch {
		case e.Op == token.ADD:
			return min(x, biggest-y) + y, true
		case e.Op == token.SUB:
			return max(x-y, 0), true
		case e.Op == token.MUL && y > 0 && x > biggest/y, e.Op == token.SHL && x > 0 && (y > 61 || x > biggest>>y):
			return biggest, true
		case e.Op == token.MUL:
			return x * y, true
		case e.Op == token.SHL && x > 0:
			return x << y, true
		}
	}
	return 0, false
}

// constantOf returns where a name's constant is declared in its file, if it has a value of its own there.
func constantOf(e *ast.Ident) (spec *ast.ValueSpec, i int) {
	if e.Obj == nil || e.Obj.Kind != ast.Con {
		return nil, 0
	}
	spec, _ = e.Obj.Decl.(*ast.ValueSpec)
	if spec == nil || len(spec.Values) != len(spec.Names) {
		return nil, 0
	}
	for i, name := range spec.Names {
		if name.Name == e.Name {
			return spec, i
		}
	}
	return nil, 0
}

// A link is a declaration whose cost may be many times that of those which it is made of.
type link struct {
	kind linkKind
	name string
	file *source
	at   ast.Node
	of   ast.Node
	long int // how many links there are, each made of the one before, up to this one; -1 while they are counted
}

// A linkKind is what makes links, and how many there may be.
type linkKind int

const (
	constants linkKind = mostConstants
	generics  linkKind = mostGenerics
)

// checkChains refuses constants, and generic types and functions, that are made of one another again and again.
func (s *submission) checkChains() {
	links := map[known]*link{}
	var all []*link
	note := func(l *link) {
		links[known{l.kind, path.Dir(l.file.name), l.name}] = l
		all = append(all, l)
	}
	for _, f := range s.files {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				for _, spec := range n.Specs {
					values, ok := spec.(*ast.ValueSpec)
					if !ok || n.Tok != token.CONST {
						continue
					}
					for i, name := range values.Names {
						if i < len(values.Values) {
							note(&link{kind: constants, name: name.Name, file: f, at: name, of: values.Values[i]})
						}
					}
				}
			case *ast.TypeSpec:
				if n.TypeParams != nil {
					note(&link{kind: generics, name: n.Name.Name, file: f, at: n, of: n.Type})
				}
			case *ast.FuncDecl:
				if n.Type.TypeParams != nil && n.Body != nil {
					note(&link{kind: generics, name: n.Name.Name, file: f, at: n, of: n.Body})
				}
			}
			return true
		})
	}
	for _, l := range all {
		if l.length(links) == int(l.kind)+1 {
			l.file.refuse(s, l.at, text.Say("more than %d constants or generic types and functions are "+
				"made of one another; make it simpler", int(l.kind)))
		}
	}
}

// A known link is found by its name in a package, whose folder is given.
type known struct {
	kind         linkKind
	folder, name string
}

// length returns how many links there are up to this one.
func (l *link) length(links map[known]*link) int {
	if l.long != 0 {
		return max(l.long, 0)
	}
	l.long = -1
	longest := 0
	ast.Inspect(l.of, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		// What stands after a package's name is one of the student's, or of another's, and then it is not known.
		for _, folder := range append([]string{path.Dir(l.file.name)}, l.file.below...) {
			if of := links[known{l.kind, folder, id.Name}]; of != nil {
				longest = max(longest, of.length(links))
			}
		}
		return true
	})
	l.long = longest + 1
	return l.long
}
