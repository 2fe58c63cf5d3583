package standin

import (
	"bytes"
	"fmt"
	"go/format"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A writer writes a Go file for one of the sides.
//
// The names that it gives to variables are lower-case letters with a number or few letters more; whatever of the lesson
// the written code mentions is exported, or a package, whose name is none of these.
type writer struct {
	*lesson
	side    side
	runtime string            // the path of the side's package
	imports map[string]string // the names of packages, by path
	taken   map[string]bool   // names that no package can have
	body    bytes.Buffer
	n       map[string]int // how many variables have a prefix
	objects []*types.Named // the interfaces whose objects the stage needs
}

// locals are the names of variables that stay the same.
var locals = []string{"c", "in", "out", "cb", "o", "h", "v", "err", "ok", "method", "init", "main", "error", "nil",
	"len", "make", "new", "min", "copy", "true", "false", "string", "byte"}

func (p *lesson) newWriter(s side, runtime string) *writer {
	w := &writer{lesson: p, side: s, runtime: runtime, imports: map[string]string{}, taken: map[string]bool{},
		n: map[string]int{}}
	for _, name := range append(p.types.Scope().Names(), locals...) {
		w.taken[name] = true
	}
	return w
}

func (w *writer) line(pattern string, args ...any) { fmt.Fprintf(&w.body, pattern+"\n", args...) }

// run returns the name of the side's package.
func (w *writer) run() string { return w.pkg(w.runtime) }

// fresh returns a name for a variable.
func (w *writer) fresh(prefix string) string {
	w.n[prefix]++
	return prefix + strconv.Itoa(w.n[prefix])
}

// restart begins another function, whose variables can have the names of the last one's.
func (w *writer) restart() { clear(w.n) }

// pkg returns the name of a package in the file, which imports it from now on.
func (w *writer) pkg(importPath string) string {
	if name, ok := w.imports[importPath]; ok {
		return name
	}
	name := path.Base(importPath)
	for w.taken[name] {
		name += "_"
	}
	w.taken[name] = true
	w.imports[importPath] = name
	return name
}

// typ returns how the file names a type.
func (w *writer) typ(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == w.types && w.side == judgeSide {
			return ""
		}
		return w.pkg(p.Path())
	})
}

// isHandle reports whether values of a pointer's type stay on the stage.
func (w *writer) isHandle(t *types.Pointer) bool {
	n := named(t)
	return n != nil && w.lesson.isHandle(n)
}

// objectType returns the name of the stage's type for an interface. In the stage's program there are those of all
// lessons.
func (w *writer) objectType(t *types.Named) string {
	if !slices.Contains(w.objects, t) {
		w.objects = append(w.objects, t)
	}
	return "object" + strings.ReplaceAll(w.name, "-", "") + t.Obj().Name()
}

// file returns the whole file, with what stands above its package clause.
func (w *writer) file(head, name string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated from the stub of lesson %s. DO NOT EDIT.\n\n%spackage %s\n\nimport (\n", w.name,
		head, name)
	for _, importPath := range slices.Sorted(maps.Keys(w.imports)) {
		if as := w.imports[importPath]; as != path.Base(importPath) {
			fmt.Fprintf(&b, "%s %q\n", as, importPath)
		} else {
			fmt.Fprintf(&b, "%q\n", importPath)
		}
	}
	b.WriteString(")\n\n")
	w.body.WriteTo(&b)
	source, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("lesson %s: what was generated is no Go: %w", w.name, err)
	}
	return source, nil
}

func list(names []string) string { return strings.Join(names, ", ") }
