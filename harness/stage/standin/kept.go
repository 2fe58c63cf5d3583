package standin

import (
	"go/ast"
	"go/token"
)

// kept lists what the judge's program keeps of each stub as it is: all that is no function, and the functions that this
// or a given file needs and that no test can call.
func (p *lesson) kept() map[*file][]ast.Decl {
	needed := map[string]bool{}
	keep := map[ast.Decl]bool{}
	for _, f := range p.files {
		for _, decl := range f.tree.Decls {
			if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.IMPORT {
				continue
			} else if ok || f.given {
				keep[decl] = true
				p.mention(decl, needed)
			}
		}
	}
	for more := true; more; {
		more = false
		for _, f := range p.stubs() {
			for _, d := range f.tree.Decls {
				decl, ok := d.(*ast.FuncDecl)
				if !ok || keep[d] || runsOnStage(decl) || !p.isNeeded(decl, needed) {
					continue
				}
				keep[d], more = true, true
				p.mention(decl, needed)
			}
		}
	}
	all := map[*file][]ast.Decl{}
	for _, f := range p.files {
		for _, decl := range f.tree.Decls {
			if keep[decl] {
				all[f] = append(all[f], decl)
			}
		}
	}
	return all
}

// isNeeded reports whether a function that no test can call by its name is needed by what has these names in it.
func (p *lesson) isNeeded(decl *ast.FuncDecl, needed map[string]bool) bool {
	name := receiver(decl)
	if name == "" {
		return needed[decl.Name.Name]
	}
	if object := p.types.Scope().Lookup(name); object != nil {
		if n := named(object.Type()); n != nil && object.Exported() && p.isHandle(n) {
			return false // its fields are on the stage, so its code is
		}
	}
	// An exported method may be called through an interface.
	return needed[name] && (decl.Name.IsExported() || needed[decl.Name.Name])
}

// mention notes all names in what the judge's program keeps of a declaration.
func (p *lesson) mention(decl ast.Node, needed map[string]bool) {
	p.inspect(decl, func(n ast.Node) {
		if name, ok := n.(*ast.Ident); ok {
			needed[name.Name] = true
		}
	})
}

// packages returns the names before a dot in declarations. Those of the packages that they need are among them.
func (p *lesson) packages(all []ast.Decl) map[string]bool {
	names := map[string]bool{}
	for _, decl := range all {
		p.inspect(decl, func(n ast.Node) {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					names[x.Name] = true
				}
			}
		})
	}
	return names
}

// inspect visits what the judge's program keeps of a declaration, but for the names of types where they are declared:
// no type needs itself.
func (p *lesson) inspect(decl ast.Node, visit func(ast.Node)) {
	ast.Inspect(decl, func(n ast.Node) bool {
		s, ok := n.(*ast.TypeSpec)
		if !ok {
			visit(n)
			return true
		}
		if !p.staysOnStage(s) {
			p.inspect(s.Type, visit)
		}
		return false
	})
}
