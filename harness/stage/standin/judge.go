package standin

import (
	"go/ast"
	"go/build/constraint"
	"go/token"
	"go/types"
	"path"
	"strconv"
)

// judge returns what is in a stub's place in the judge's program. The first file makes the package's errors known.
func (p *lesson) judge(f *file, first bool) ([]byte, error) {
	functions, err := p.functions(f)
	if err != nil {
		return nil, err
	}
	w := p.newWriter(judgeSide, "udpkata/harness/stage")
	kept := p.kept()
	head := w.keepImports(f, p.packages(kept[f]))
	if first {
		w.sentinels()
	}
	for _, decl := range kept[f] {
		w.keep(f, decl)
	}
	for _, fn := range functions {
		w.standIn(f, fn)
	}
	return w.file(head, f.tree.Name.Name)
}

// keepImports imports what the kept declarations of a stub need, by the names that they have for it. It returns the
// file's build constraint.
func (w *writer) keepImports(f *file, needed map[string]bool) (head string) {
	for _, spec := range f.tree.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if needed[name] {
			w.taken[name] = true
			w.imports[importPath] = name
		}
	}
	for _, group := range f.tree.Comments {
		for _, c := range group.List {
			if c.Pos() < f.tree.Package && constraint.IsGoBuild(c.Text) {
				head += c.Text + "\n\n"
			}
		}
	}
	return head
}

// sentinels writes the function that makes the package's errors known.
func (w *writer) sentinels() {
	all := w.lesson.sentinels()
	if len(all)+len(w.lesson.errorTypes()) == 0 {
		return
	}
	w.line("func init() {")
	for _, name := range all {
		w.line("%s.Sentinel(%q, %q, %s)", w.run(), w.name, name, name)
	}
	for _, n := range w.lesson.errorTypes() {
		w.line("%s.ErrorType(%q, %q, func(in *%s.In) error {", w.run(), w.name, n.Obj().Name(), w.run())
		w.line("return %s", w.variables("in", "v", []types.Type{n})[0])
		w.line("})")
	}
	w.line("}\n")
}

// at has the next line taken for one of the stub's, but not in the lesson's directory.
func (w *writer) at(f *file, pos token.Pos) {
	w.line("\n//line /stage/%s:%d", f.name, w.places.PositionFor(pos, false).Line)
}

// keep writes a declaration as it is, but for the types whose values stay on the stage.
func (w *writer) keep(f *file, decl ast.Decl) {
	w.at(f, decl.Pos())
	base := w.places.File(f.tree.FileStart)
	text := f.source[base.Offset(decl.Pos()):base.Offset(decl.End())]
	if group, ok := decl.(*ast.GenDecl); ok {
		text = nil
		from := decl.Pos()
		for _, spec := range group.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok && w.staysOnStage(s) {
				text = append(text, f.source[base.Offset(from):base.Offset(s.Type.Pos())]...)
				text = append(text, "struct{ "+w.run()+".Handle }"...)
				from = s.Type.End()
			}
		}
		text = append(text, f.source[base.Offset(from):base.Offset(decl.End())]...)
	}
	w.body.Write(text)
	w.line("")
}

// staysOnStage reports whether a declared type's values stay on the stage.
func (p *lesson) staysOnStage(s *ast.TypeSpec) bool {
	object, ok := p.info.Defs[s.Name].(*types.TypeName)
	if !ok || s.Assign.IsValid() {
		return false
	}
	n, ok := object.Type().(*types.Named)
	return ok && n.Obj().Exported() && p.isHandle(n)
}

// standIn writes the function that has the stage run the student's.
func (w *writer) standIn(f *file, fn function) {
	w.restart()
	recv := ""
	if fn.recv != nil {
		recv = "(a0 " + w.typ(fn.sig.Recv().Type()) + ") "
	}
	args, text := w.signature(fn.sig)
	w.at(f, fn.decl.Pos())
	w.line("func %s%s%s {", recv, fn.decl.Name.Name, text)
	w.line("c := %s.Invoke(%q, %q)", w.run(), w.name, fn.name())
	switch {
	case fn.recv != nil && w.lesson.isHandle(fn.recv):
		w.putHandle("c", "a0")
	case fn.recv != nil:
		w.put("c", "a0", fn.sig.Recv().Type())
	}
	w.putEach("c", args, params(fn.sig))
	w.answer("c.Run()", fn.sig)
	w.line("}")
}
