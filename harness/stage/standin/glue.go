package standin

import (
	"go/token"
	"go/types"
)

// glue returns the lesson's file of the stage's program.
func (p *lesson) glue() ([]byte, error) {
	w := p.newWriter(stageSide, "udpkata/harness/stage/runner")
	clear(w.taken) // the lesson's own names are behind its package's
	for _, name := range locals {
		w.taken[name] = true
	}
	w.run() // before the lesson can have the name
	student := w.lessonName()
	w.line("func init() {")
	for _, f := range p.stubs() {
		functions, err := p.functions(f)
		if err != nil {
			return nil, err
		}
		for _, fn := range functions {
			w.register(fn, student)
		}
	}
	for _, name := range p.sentinels() {
		w.line("%s.Sentinel(%q, %q, func() error { return %s.%s })", w.run(), p.name, name, student, name)
	}
	for _, n := range p.errorTypes() {
		w.line("%s.ErrorType(%q, %q, func(err error, out *%s.Out) bool {", w.run(), p.name, n.Obj().Name(), w.run())
		w.line("v, ok := err.(%s)", w.typ(n))
		w.line("if ok {")
		w.put("out", "v", n)
		w.line("}")
		w.line("return ok")
		w.line("})")
	}
	w.line("}")
	w.objectTypes()
	return w.file("", "main")
}

// lessonName returns the name that the glue has for the lesson's package: its own, if it is free.
func (w *writer) lessonName() string {
	name := w.types.Name()
	for w.taken[name] {
		name += "_"
	}
	w.taken[name] = true
	w.imports[w.types.Path()] = name
	return name
}

// register writes the statements that register a function.
func (w *writer) register(fn function, student string) {
	w.restart()
	function := student + "." + fn.decl.Name.Name
	all := params(fn.sig)
	if fn.recv != nil {
		function = "(" + w.typ(fn.sig.Recv().Type()) + ")." + fn.decl.Name.Name
		all = append([]types.Type{fn.sig.Recv().Type()}, all...)
	}
	sig := types.NewSignatureType(nil, nil, nil, unnamed(all), unnamed(results(fn.sig)), fn.sig.Variadic())
	// A function of another signature is an error here, in words that name it.
	w.line("var _ %s = %s", w.typ(sig), function)
	w.line("%s.Function(%q, %q, func(in *%s.In, out *%s.Out) {", w.run(), w.name, fn.name(), w.run(), w.run())
	if fn.recv != nil {
		function = w.takeReceiver(fn) + "." + fn.decl.Name.Name
	}
	args := w.variables("in", "a", params(fn.sig))
	w.putEach("out", w.call(function, args, fn.sig), results(fn.sig))
	w.line("})")
}

// unnamed returns parameters of these types, without names.
func unnamed(all []types.Type) *types.Tuple {
	var vars []*types.Var
	for _, t := range all {
		vars = append(vars, types.NewParam(token.NoPos, nil, "", t))
	}
	return types.NewTuple(vars...)
}

// takeReceiver writes the statements that take a method's receiver, and returns its name.
func (w *writer) takeReceiver(fn function) string {
	t := fn.sig.Recv().Type()
	if w.lesson.isHandle(fn.recv) {
		t = types.NewPointer(fn.recv)
	}
	return w.variables("in", "a", []types.Type{t})[0]
}
