package standin

import (
	"fmt"
	"go/types"
)

// A side is the process that code is written for.
type side int

const (
	judgeSide side = iota
	stageSide
)

// put writes the statements that append a value to a message: coder is the variable that holds it, and value an
// expression without effects.
func (w *writer) put(coder, value string, t types.Type) {
	t = types.Unalias(t)
	if w.putStandard(coder, value, standardName(t)) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		method, wide := encoding(u)
		w.line("%s.%s(%s(%s))", coder, method, wide, value)
	case *types.Slice:
		if isByte(u.Elem()) {
			w.line("%s.Blob(%s)", coder, value)
			return
		}
		w.line("%s.Bool(%s != nil)", coder, value)
		w.line("if %s != nil {", value)
		w.line("%s.Len(len(%s))", coder, value)
		w.line("%s.List(func(%s *%s.Out) {", coder, coder, w.run())
		w.putAll(coder, value, u.Elem())
		w.line("})")
		w.line("}")
	case *types.Array:
		w.line("%s.Len(len(%s))", coder, value)
		w.putAll(coder, value, u.Elem())
	case *types.Map:
		w.line("%s.Bool(%s != nil)", coder, value)
		w.line("if %s != nil {", value)
		w.line("%s.Len(len(%s))", coder, value)
		key := w.fresh("k")
		w.line("for _, %s := range %s.Sorted(%s.Keys(%s)) {", key, w.pkg("slices"), w.pkg("maps"), value)
		w.put(coder, key, u.Key())
		w.put(coder, value+"["+key+"]", u.Elem())
		w.line("}")
		w.line("}")
	case *types.Struct:
		for f := range u.Fields() {
			w.put(coder, value+"."+f.Name(), f.Type())
		}
	case *types.Pointer:
		if w.isHandle(u) {
			w.putHandle(coder, value)
			return
		}
		w.line("%s.Bool(%s != nil)", coder, value)
		w.line("if %s != nil {", value)
		for f := range u.Elem().Underlying().(*types.Struct).Fields() {
			w.put(coder, value+"."+f.Name(), f.Type())
		}
		w.line("}")
	case *types.Signature:
		w.putCallback(coder, value, u)
	case *types.Interface:
		w.putObject(coder, value, u)
	}
}

// putAll writes the statements for the elements of a list.
func (w *writer) putAll(coder, value string, element types.Type) {
	v := w.fresh("v")
	w.line("for _, %s := range %s {", v, value)
	w.put(coder, v, element)
	w.line("}")
}

func (w *writer) putStandard(coder, value, name string) bool {
	switch name {
	case "":
		return false
	case "net/netip.AddrPort":
		w.line("%s.Netip(%s.Addr())", coder, value)
		w.line("%s.Uint(uint64(%s.Port()))", coder, value)
	case "net/netip.Prefix":
		w.line("%s.Netip(%s.Addr())", coder, value)
		w.line("%s.Int(int64(%s.Bits()))", coder, value)
	case "time.Duration":
		w.line("%s.Int(int64(%s))", coder, value)
	default:
		w.line("%s.%s(%s)", coder, standardMethods[name], value)
	}
	return true
}

// standardMethods are those that put and take values which need no other.
var standardMethods = map[string]string{
	"net.Addr": "Addr", "net/netip.Addr": "Netip", "time.Time": "Time", "error": "Error",
	"net.PacketConn": "PacketConn", "net.Conn": "Conn", "*net.UDPConn": "UDPConn",
	"context.Context": "Context", "io.Reader": "Source", "io.Writer": "LogWriter", "io/fs.FS": "FS",
}

// take writes the statements that take a value from a message, as put has put it there, into a variable that is zero.
func (w *writer) take(coder, variable string, t types.Type) {
	t = types.Unalias(t)
	if w.takeStandard(coder, variable, standardName(t)) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		method, _ := encoding(u)
		w.line("%s = %s(%s.%s())", variable, w.typ(t), coder, method)
	case *types.Slice:
		if isByte(u.Elem()) {
			w.line("%s = %s.Blob()", variable, coder)
			return
		}
		w.line("if %s.Bool() {", coder)
		w.line("%s = make(%s, %s.Len())", variable, w.typ(t), coder)
		w.line("%s.List(func(%s *%s.In) {", coder, coder, w.run())
		w.takeAll(coder, variable, u.Elem())
		w.line("})")
		w.line("}")
	case *types.Array:
		w.line("%s.Len()", coder)
		w.takeAll(coder, variable, u.Elem())
	case *types.Map:
		key, value := w.fresh("k"), w.fresh("v")
		w.line("if %s.Bool() {", coder)
		w.line("%s = %s{}", variable, w.typ(t))
		w.line("for range %s.Len() {", coder)
		w.line("var %s %s", key, w.typ(u.Key()))
		w.take(coder, key, u.Key())
		w.line("var %s %s", value, w.typ(u.Elem()))
		w.take(coder, value, u.Elem())
		w.line("%s[%s] = %s", variable, key, value)
		w.line("}")
		w.line("}")
	case *types.Struct:
		for f := range u.Fields() {
			w.take(coder, variable+"."+f.Name(), f.Type())
		}
	case *types.Pointer:
		if w.isHandle(u) {
			w.takeHandle(coder, variable, u)
			return
		}
		w.line("if %s.Bool() {", coder)
		w.line("%s = new(%s)", variable, w.typ(u.Elem()))
		for f := range u.Elem().Underlying().(*types.Struct).Fields() {
			w.take(coder, variable+"."+f.Name(), f.Type())
		}
		w.line("}")
	case *types.Signature:
		w.takeCallback(coder, variable, u)
	case *types.Interface:
		w.takeObject(coder, variable, t.(*types.Named))
	}
}

// takeAll writes the statements for the elements of a list that has its length already.
func (w *writer) takeAll(coder, variable string, element types.Type) {
	i := w.fresh("i")
	w.line("for %s := range %s {", i, variable)
	w.take(coder, variable+"["+i+"]", element)
	w.line("}")
}

func (w *writer) takeStandard(coder, variable, name string) bool {
	switch name {
	case "":
		return false
	case "net/netip.AddrPort":
		w.line("%s = %s.AddrPortFrom(%s.Netip(), uint16(%s.Uint()))", variable, w.pkg("net/netip"), coder, coder)
	case "net/netip.Prefix":
		w.line("%s = %s.PrefixFrom(%s.Netip(), int(%s.Int()))", variable, w.pkg("net/netip"), coder, coder)
	case "time.Duration":
		w.line("%s = %s.Duration(%s.Int())", variable, w.pkg("time"), coder)
	default:
		w.line("%s = %s.%s()", variable, coder, standardMethods[name])
	}
	return true
}

// encoding returns how a number, a text or a truth value is put and taken, and the type that this has there.
func encoding(b *types.Basic) (method, wide string) {
	switch info := b.Info(); {
	case info&types.IsBoolean != 0:
		return "Bool", "bool"
	case info&types.IsString != 0:
		return "Text", "string"
	case info&types.IsFloat != 0:
		return "Float", "float64"
	case info&types.IsUnsigned != 0:
		return "Uint", "uint64"
	}
	return "Int", "int64"
}

func isByte(t types.Type) bool { return types.Identical(types.Unalias(t), types.Typ[types.Byte]) }

// variables writes a variable for each type, takes its value, and returns their names.
func (w *writer) variables(coder, prefix string, all []types.Type) (names []string) {
	for _, t := range all {
		name := w.fresh(prefix)
		w.line("var %s %s", name, w.typ(t))
		w.take(coder, name, t)
		names = append(names, name)
	}
	return names
}

// call returns the expression that calls a function, and writes the beginning of the statement that keeps its results,
// whose names it returns.
func (w *writer) call(function string, args []string, sig *types.Signature) (kept []string) {
	for range sig.Results().Len() {
		kept = append(kept, w.fresh("r"))
	}
	assign := ""
	if len(kept) > 0 {
		assign = list(kept) + " := "
	}
	dots := ""
	if sig.Variadic() {
		dots = "..."
	}
	w.line("%s%s(%s%s)", assign, function, list(args), dots)
	return kept
}

// putEach puts values of these types.
func (w *writer) putEach(coder string, values []string, all []types.Type) {
	for i, t := range all {
		w.put(coder, values[i], t)
	}
}

// signature returns the names of the parameters, and a signature that has them.
func (w *writer) signature(sig *types.Signature) (names []string, text string) {
	text = "("
	for i, t := range params(sig) {
		name := w.fresh("a")
		names = append(names, name)
		if sig.Variadic() && i == sig.Params().Len()-1 {
			text += fmt.Sprintf("%s ...%s, ", name, w.typ(t.(*types.Slice).Elem()))
		} else {
			text += fmt.Sprintf("%s %s, ", name, w.typ(t))
		}
	}
	text += ")"
	if sig.Results().Len() > 0 {
		text += " ("
		for _, t := range results(sig) {
			text += w.typ(t) + ", "
		}
		text += ")"
	}
	return names, text
}
