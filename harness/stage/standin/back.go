package standin

import (
	"go/types"
	"strings"
)

// putHandle writes the statements for a pointer to what stays on the stage.
func (w *writer) putHandle(coder, value string) {
	null, handle := w.run()+".Handle{}", value+".Handle"
	if w.side == stageSide {
		null, handle = "nil", value
	}
	w.line("if %s == nil {", value)
	w.line("%s.Handle(%s)", coder, null)
	w.line("} else {")
	w.line("%s.Handle(%s)", coder, handle)
	w.line("}")
}

func (w *writer) takeHandle(coder, variable string, t *types.Pointer) {
	if w.side == stageSide {
		w.line("%s, _ = %s.Handle().(%s)", variable, coder, w.typ(t))
		return
	}
	w.line("if h, ok := %s.Handle(); ok {", coder)
	w.line("%s = &%s{h}", variable, w.typ(t.Elem()))
	w.line("}")
}

// putCallback writes what the judge does when the stage calls a function of its own.
func (w *writer) putCallback(coder, value string, sig *types.Signature) {
	w.line("%s.Callback(%s == nil, func(in *%s.In, out *%s.Out) {", coder, value, w.run(), w.run())
	args := w.variables("in", "v", params(sig))
	w.putEach("out", w.call(value, args, sig), results(sig))
	w.line("})")
}

// takeCallback writes the function that the stage has for one of the judge's.
func (w *writer) takeCallback(coder, variable string, sig *types.Signature) {
	w.line("if cb := %s.Callback(); cb != nil {", coder)
	args, text := w.signature(sig)
	w.line("%s = func%s {", variable, text)
	w.line("out := cb.Begin()")
	w.putEach("out", args, params(sig))
	w.answer("cb.Run(out)", sig)
	w.line("}")
	w.line("}")
}

// answer writes the statements that return what an expression, a message, has for the results.
func (w *writer) answer(message string, sig *types.Signature, before ...string) {
	if sig.Results().Len() == 0 && len(before) == 0 {
		w.line("%s", message)
		return
	}
	w.line("in := %s", message)
	for _, line := range before {
		w.line("%s", line)
	}
	if names := w.variables("in", "r", results(sig)); len(names) > 0 {
		w.line("return %s", list(names))
	}
}

// putObject writes what the judge does when the stage calls methods of an object of its own. Those of a socket are
// known to the runtime.
func (w *writer) putObject(coder, value string, t *types.Interface) {
	w.line("%s.Object(%s == nil, %s, func(method string, in *%s.In, out *%s.Out) {", coder, value, value, w.run(),
		w.run())
	w.line("switch method {")
	for m := range t.Methods() {
		if connMethod(m.Name()) != nil {
			continue
		}
		w.line("case %q:", m.Name())
		var args, filled []string
		for _, t := range params(m.Signature()) {
			name := w.fresh("v")
			if fills(m) && isBytes(t) {
				w.line("%s := make(%s, min(in.Uint(), %d))", name, w.typ(t), mostFilled)
				filled = append(filled, name)
			} else {
				w.line("var %s %s", name, w.typ(t))
				w.take("in", name, t)
			}
			args = append(args, name)
		}
		kept := w.call(value+"."+m.Name(), args, m.Signature())
		for _, name := range filled {
			w.line("out.Blob(%s)", name)
		}
		w.putEach("out", kept, results(m.Signature()))
	}
	w.line("}")
	w.line("})")
}

// mostFilled is the most that a method fills of the stage's memory: no datagram is longer.
const mostFilled = 1 << 16

// fills reports whether a method's bytes are for it to fill, as those of Read are.
func fills(m *types.Func) bool { return strings.HasPrefix(m.Name(), "Read") }

func isBytes(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	return ok && isByte(s.Elem())
}

// takeObject writes the statements that make the stage's object of one of the judge's, and has its type written.
func (w *writer) takeObject(coder, variable string, t *types.Named) {
	w.line("if o := %s.Object(); o != nil {", coder)
	w.line("%s = %s{%s.Conn{o}}", variable, w.objectType(t), w.run())
	w.line("}")
}

// objectTypes writes the types of the stage's objects.
func (w *writer) objectTypes() {
	for _, t := range w.objects {
		w.line("\ntype %s struct{ %s.Conn }", w.objectType(t), w.run())
		for m := range t.Underlying().(*types.Interface).Methods() {
			if connMethod(m.Name()) == nil {
				w.objectMethod(w.objectType(t), m)
			}
		}
	}
}

func (w *writer) objectMethod(typ string, m *types.Func) {
	w.restart()
	args, text := w.signature(m.Signature())
	w.line("\nfunc (o %s) %s%s {", typ, m.Name(), text)
	w.line("out := o.Begin(%q)", m.Name())
	var before []string
	for i, t := range params(m.Signature()) {
		if fills(m) && isBytes(t) {
			w.line("out.Uint(uint64(len(%s)))", args[i])
			before = append(before, "copy("+args[i]+", in.Blob())")
			continue
		}
		w.put("out", args[i], t)
	}
	w.answer("o.Run(out)", m.Signature(), before...)
	w.line("}")
}
