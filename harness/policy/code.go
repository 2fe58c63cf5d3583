package policy

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// A source is a file of Go, as far as it could be read.
type source struct {
	name     string
	files    *token.FileSet
	syntax   *ast.File
	imported map[string]string       // paths of packages that are not the student's, by their names in the file
	numbers  map[ast.Expr]number     // by what constants are made of
	counted  map[*ast.ArrayType]bool // whose elements are in an outer one's
	below    []string                // the folders of those that are
}

// parse reads a file. It returns nil if there is nothing in it that could be.
func (s *submission) parse(name string, content []byte) *source {
	f := &source{
		name: name, files: token.NewFileSet(), imported: map[string]string{}, numbers: map[ast.Expr]number{},
		counted: map[*ast.ArrayType]bool{},
	}
	// With objects, a name says by itself whether it is one of the file's own, and no package.
	var err error
	f.syntax, err = parser.ParseFile(f.files, name, content, parser.ParseComments)
	if f.syntax == nil {
		return nil
	}
	// The parser gives up, with nothing of the file, where the compiler may not: too much is in too much.
	if all, _ := err.(scanner.ErrorList); len(all) > 0 && strings.HasPrefix(all[len(all)-1].Msg, "exceeded max") {
		s.refuse(name, all[len(all)-1].Pos.Line, tooDeep())
		return nil
	}
	for _, spec := range f.syntax.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if folder, ok := s.lesson.Folder(importPath); ok {
			if !slices.Contains(f.below, folder) {
				f.below = append(f.below, folder)
			}
			continue // the name is whatever the package has, and nobody else's is hidden by it
		}
		name := path.Base(importPath)
		if importPath == "math/rand/v2" {
			name = "rand"
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		f.imported[name] = importPath
	}
	return f
}

// line returns where something stands, whatever line directives say.
func (f *source) line(n ast.Node) int { return f.files.PositionFor(n.Pos(), false).Line }

// refuse adds a refusal of what stands somewhere in the file.
func (f *source) refuse(s *submission, n ast.Node, reason text.Text) {
	s.refuse(f.name, f.line(n), reason)
}

// checkCode looks at the syntax of all files.
func (s *submission) checkCode() {
	used := map[string]bool{}
	var shallow []*source
	for _, f := range s.files {
		if deep := f.tooDeep(); deep != nil {
			f.refuse(s, deep, tooDeep())
			continue
		}
		shallow = append(shallow, f)
		f.collect(used)
	}
	s.files = shallow
	s.checkChains()
	for _, f := range s.files {
		f.checkImports(s)
		f.checkDirectives(s)
		misled := map[string]bool{}
		ast.PreorderStack(f.syntax, nil, func(n ast.Node, above []ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				f.checkFunction(s, n)
				if n.Recv == nil && n.Name.Name == "TestMain" {
					f.refuse(s, n, text.Say("declares TestMain: the tests are the course's; give the function "+
						"another name"))
				}
			case *ast.Ident:
				if !misled[n.Name] && misleads(n.Name, func(name string) bool { return used[name] }) {
					misled[n.Name] = true
					f.refuse(s, n, text.Say("the name %s looks like %s, and is another; write it with letters of "+
						"one script", marked(n.Name, isLookalike), skeleton(n.Name)))
				}
			case *ast.SelectorExpr:
				f.checkSelector(s, n, above)
			}
			f.checkChanges(s, n)
			f.checkPaths(s, n)
			f.checkSizes(s, n)
			return true
		})
	}
}

// tooDeep returns syntax that is nested too deep, if there is any.
func (f *source) tooDeep() (deep ast.Node) {
	depth := 0
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if depth > mostDepth {
			deep = n
			return false
		}
		depth++
		return true
	})
	return deep
}

// collect notes the names in a file.
func (f *source) collect(used map[string]bool) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			used[id.Name] = true
		}
		return true
	})
}

// checkImports refuses packages that may not be imported.
func (f *source) checkImports(s *submission) {
	for _, spec := range f.syntax.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		_, isTheirs := s.lesson.Folder(importPath)
		if why, bad := whyNotImport(importPath); bad && !isTheirs {
			f.refuse(s, spec, text.Say("imports %s: %s", shown(importPath), why))
		} else if spec.Name != nil && spec.Name.Name == "." {
			f.refuse(s, spec, text.Say("imports %s with a dot, so that nobody can tell its names from yours; "+
				"import it without, and write %s before the names", importPath, path.Base(importPath)))
		}
	}
}

// harmful are the compiler's orders that break Go's rules. The others say nothing to it, or nothing bad.
var harmful = regexp.MustCompile(`^//go:(linkname|cgo_\w+|embed|debug|noescape|nosplit|nocheckptr|norace|notinheap|` +
	`nowritebarrier\w*|yeswritebarrierrec|systemstack|uintptrescapes|uintptrkeepalive|wasmimport|wasmexport)\b`)

// moved is a comment that says that the code is in another file or line.
var moved = regexp.MustCompile(`^(//line .*:|/\*line .*:)`)

// checkDirectives refuses comments that are orders.
func (f *source) checkDirectives(s *submission) {
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			column := f.files.PositionFor(c.Pos(), false).Column
			order := harmful.FindStringSubmatch(c.Text)
			switch {
			case order != nil && order[1] == "embed":
				f.refuse(s, c, text.Say("embeds a file, and only code is handed in; write into the code what it "+
					"holds"))
			case order != nil && order[1] == "linkname":
				f.refuse(s, c, text.Say("takes what a package does not export, by linkname; use what it exports"))
			case order != nil:
				f.refuse(s, c, text.Say("%s is an order to the compiler that breaks Go's rules; take the line out",
					shown("//go:"+order[1])))
			case moved.MatchString(c.Text) && (column == 1 || c.Text[1] == '*'):
				f.refuse(s, c, text.Say("says by a line directive that the code is elsewhere; take the comment "+
					"out, or put a blank before its first word"))
			}
		}
	}
}

// object returns what of which package an expression is, as in os.Exit.
func (f *source) object(e ast.Expr) (importPath, name string, ok bool) {
	selector, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return "", "", false
	}
	id, ok := ast.Unparen(selector.X).(*ast.Ident)
	if !ok || id.Obj != nil {
		return "", "", false
	}
	importPath, ok = f.imported[id.Name]
	return importPath, selector.Sel.Name, ok
}

// checkSelector refuses what may not be used of a package.
func (f *source) checkSelector(s *submission, n *ast.SelectorExpr, above []ast.Node) {
	importPath, name, ok := f.object(n)
	if ok {
		if why, bad := whyNotUse(importPath, name); bad {
			f.refuse(s, n, text.Say("uses %s: %s", path.Base(importPath)+"."+shown(name), why))
		}
		if importPath == "net" && name == "DefaultResolver" && !isSelector(above[len(above)-1]) {
			f.refuseChange(s, n, importPath, name)
		}
		return
	}
	if importPath, name, ok = f.object(n.X); ok && changing(importPath, name, n.Sel.Name) {
		f.refuseChange(s, n, importPath, name)
	}
}

func isSelector(n ast.Node) bool { _, ok := n.(*ast.SelectorExpr); return ok }

// changing reports whether a method changes a variable of a package's.
func changing(importPath, name, method string) bool {
	isStream := importPath == "os" && (name == "Stdout" || name == "Stderr")
	return strings.HasPrefix(method, "Unmarshal") || isStream && matches("Close Truncate Seek Ch* Set*", method)
}

// checkChanges refuses what writes to variables of the standard library.
func (f *source) checkChanges(s *submission, n ast.Node) {
	var targets []ast.Expr
	switch n := n.(type) {
	case *ast.AssignStmt:
		targets = n.Lhs
	case *ast.IncDecStmt:
		targets = []ast.Expr{n.X}
	case *ast.RangeStmt:
		targets = []ast.Expr{n.Key, n.Value}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			targets = []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		id, ok := n.Fun.(*ast.Ident)
		if ok && id.Obj == nil && matches("append clear copy delete", id.Name) && len(n.Args) > 0 {
			targets = n.Args[:1]
		}
	}
	for _, target := range targets {
		if importPath, name, ok := f.root(target); ok {
			f.refuseChange(s, target, importPath, name)
		}
	}
}

// root returns the variable of a package's that an expression is, or is a part of.
func (f *source) root(e ast.Expr) (importPath, name string, ok bool) {
	for e != nil {
		if importPath, name, ok = f.object(e); ok {
			return importPath, name, true
		}
		switch part := e.(type) {
		case *ast.ParenExpr:
			e = part.X
		case *ast.SelectorExpr:
			e = part.X
		case *ast.IndexExpr:
			e = part.X
		case *ast.SliceExpr:
			e = part.X
		case *ast.StarExpr:
			e = part.X
		default:
			return "", "", false
		}
	}
	return "", "", false
}

func (f *source) refuseChange(s *submission, n ast.Node, importPath, name string) {
	for _, v := range variables {
		if (v.packages == "*" || v.has(importPath)) && matches(v.names, name) {
			f.refuse(s, n, text.Say("could change %s: %s", path.Base(importPath)+"."+shown(name), v.why))
			return
		}
	}
}

// processes is what Linux tells and has of them, by which memory and descriptors can be reached.
var processes = regexp.MustCompile(`^/proc/(self|thread-self|\d+)(/|$)|^/dev/(fd|mem|kmem|port|pts|tty|std)`)

// checkPaths refuses to read files that no lesson has a use for, where their names are plain to see.
func (f *source) checkPaths(s *submission, n ast.Node) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	importPath, name, ok := f.object(call.Fun)
	if !ok || importPath != "os" || !matches("ReadFile Open ReadDir Stat Lstat Readlink", name) {
		return
	}
	file, ok := f.word(call.Args[0], new(int))
	clean := path.Clean(file)
	switch {
	case !ok || file == "":
	case processes.MatchString(clean):
		f.refuse(s, n, text.Say("reads %s, which is of processes and their memory; what the system is set to "+
			"is below /proc/sys", shown(file)))
	case !path.IsAbs(clean):
		f.refuse(s, n, text.Say("reads %s, and no file of the course is there when code is graded; write into "+
			"the code what it holds", shown(file)))
	}
}

// word returns the value of an expression that is plainly a text.
func (f *source) word(e ast.Expr, steps *int) (value string, ok bool) {
	if *steps++; *steps > 100 {
		return "", false
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING || len(e.Value) > mostName {
			return "", false
		}
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.Ident:
		if spec, i := constantOf(e); spec != nil {
			return f.word(spec.Values[i], steps)
		}
	case *ast.BinaryExpr:
		x, ok1 := f.word(e.X, steps)
		y, ok2 := f.word(e.Y, steps)
		if !ok1 || !ok2 || e.Op != token.ADD || len(x)+len(y) > mostName {
			return "", false
		}
		return x + y, true
	}
	return "", false
}

// mostName is how long the name of a file may be, in bytes (PATH_MAX of Linux).
const mostName = 4096
