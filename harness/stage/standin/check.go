package standin

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A place is where a value stands in a call, which says what it may be.
type place int

const (
	argument place = iota // from the judge to the stage, when a function is called
	result                // from the stage to the judge, when it returns
	within                // either way, in a call back to the judge's functions and objects
	answered              // from the judge to the stage, when such a call returns
)

// knownTypes is the closed set, for whoever writes a stub.
const knownTypes = "known are error, net.Addr, netip.Addr, netip.AddrPort, netip.Prefix, time.Time, time.Duration, " +
	"booleans, integers, floats, strings, and slices, arrays, maps and structs of them, and pointers to structs; " +
	"as parameters and results of functions also net.PacketConn, net.Conn, *net.UDPConn and pointers to structs " +
	"with methods; as results of functions that are parameters also net.PacketConn and net.Conn; as parameters alone " +
	"also context.Context, io.Reader, io.Writer, fs.FS, functions, and interfaces that the package declares"

// standardPlaces are where the known types of the standard library may be.
var standardPlaces = map[string][]place{
	"net.Addr":           {argument, result, within, answered},
	"net/netip.Addr":     {argument, result, within, answered},
	"net/netip.AddrPort": {argument, result, within, answered},
	"net/netip.Prefix":   {argument, result, within, answered},
	"time.Time":          {argument, result, within, answered},
	"time.Duration":      {argument, result, within, answered},
	"error":              {argument, result, within, answered},
	"net.PacketConn":     {argument, result, answered},
	"net.Conn":           {argument, result, answered},
	"*net.UDPConn":       {argument, result},
	"context.Context":    {argument},
	"io.Reader":          {argument},
	"io.Writer":          {argument},
	"io/fs.FS":           {argument},
}

// check returns an error for a function that can't be called over the link.
func (p *lesson) check(fn function) error {
	name := fn.name()
	if fn.sig.TypeParams().Len() > 0 || fn.sig.RecvTypeParams().Len() > 0 {
		return p.errorAt(fn.decl.Name.Pos(), "%s: it is generic; %s", name, knownTypes)
	}
	if fn.recv != nil && !p.isHandle(fn.recv) {
		if why := p.unknown(fn.sig.Recv().Type(), argument, nil); why != "" {
			return p.refuse(fn.decl.Recv.List[0].Type, name, why)
		}
	}
	check := func(list *ast.FieldList, all []types.Type, at place) error {
		n := 0
		for expr := range expressions(list) {
			if why := p.unknown(all[n], at, nil); why != "" {
				return p.refuse(expr, name, why)
			}
			n++
		}
		return nil
	}
	if err := check(fn.decl.Type.Params, params(fn.sig), argument); err != nil {
		return err
	}
	return check(fn.decl.Type.Results, results(fn.sig), result)
}

// refuse returns the error for a type that can't be where it is.
func (p *lesson) refuse(expr ast.Expr, function, why string) error {
	return p.errorAt(expr.Pos(), "%s: the type %s is unknown here (%s); %s", function, types.ExprString(expr), why,
		knownTypes)
}

// expressions gives the type of each parameter or result.
func expressions(list *ast.FieldList) func(yield func(ast.Expr) bool) {
	return func(yield func(ast.Expr) bool) {
		if list == nil {
			return
		}
		for _, field := range list.List {
			for range max(1, len(field.Names)) {
				if !yield(field.Type) {
					return
				}
			}
		}
	}
}

// unknown says why a value of a type can't be at a place, or "". Within are the types that it is a part of.
func (p *lesson) unknown(t types.Type, at place, parts []types.Type) string {
	t = types.Unalias(t)
	if slices.Contains(parts, t) {
		return "it is a part of itself"
	}
	if name := standardName(t); name != "" {
		if !slices.Contains(standardPlaces[name], at) {
			return "not at this place"
		}
		return ""
	}
	if n, ok := t.(*types.Named); ok {
		switch {
		case n.Obj().Pkg() != p.types:
			return "it is of another package"
		case !n.Obj().Exported():
			return n.Obj().Name() + " is not exported"
		case n.TypeParams().Len() > 0:
			return n.Obj().Name() + " is generic"
		case p.isHandle(n):
			return n.Obj().Name() + " has methods, so it is known by its pointer alone"
		}
		parts = append(slices.Clip(parts), n)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.Invalid {
			return "it is of another package"
		}
		if u.Info()&(types.IsBoolean|types.IsInteger|types.IsFloat|types.IsString) == 0 {
			return "it can't be sent"
		}
	case *types.Slice:
		return p.unknownElement(u.Elem(), at, parts)
	case *types.Array:
		return p.unknownElement(u.Elem(), at, parts)
	case *types.Map:
		key, ok := u.Key().Underlying().(*types.Basic)
		if !ok || key.Info()&types.IsOrdered == 0 {
			return "keys of a map have to be numbers or strings"
		}
		if why := p.unknown(u.Key(), at, parts); why != "" {
			return why
		}
		return p.unknown(u.Elem(), at, parts)
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() {
				return "its field " + f.Name() + " is not exported"
			}
			if why := p.unknown(f.Type(), at, parts); why != "" {
				return "its field " + f.Name() + ": " + why
			}
		}
	case *types.Pointer:
		n := named(u)
		if n != nil && p.isHandle(n) && n.Obj().Exported() && at < within {
			return ""
		}
		if n != nil && p.isHandle(n) {
			return "not at this place"
		}
		if why := p.unknown(u.Elem(), at, parts); why != "" {
			return why
		}
		if _, ok := u.Elem().Underlying().(*types.Struct); !ok || standardName(types.Unalias(u.Elem())) != "" {
			return "it is no pointer to a struct of the package"
		}
	case *types.Signature:
		if at != argument {
			return "a function can be a parameter alone"
		}
		return p.unknownCall(u, parts)
	case *types.Interface:
		return p.unknownInterface(t, u, at, parts)
	default:
		return "it can't be sent"
	}
	return ""
}

// unknownElement says why a list can't have elements of a type. One of no bytes would let a short message make a list
// of any length.
func (p *lesson) unknownElement(t types.Type, at place, parts []types.Type) string {
	if empty(t) {
		return "its elements are nothing"
	}
	return p.unknown(t, at, parts)
}

func empty(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || standardName(types.Unalias(t)) != "" {
		return false
	}
	for f := range s.Fields() {
		if !empty(f.Type()) {
			return false
		}
	}
	return true
}

// unknownCall says why a call back to the judge can't have this signature.
func (p *lesson) unknownCall(sig *types.Signature, parts []types.Type) string {
	for i, t := range append(params(sig), results(sig)...) {
		at := within
		if i >= sig.Params().Len() {
			at = answered
		}
		if why := p.unknown(t, at, parts); why != "" {
			return fmt.Sprintf("%s in it: %s", types.TypeString(t, types.RelativeTo(p.types)), why)
		}
	}
	return ""
}

// unknownInterface says why an interface can't be called from the stage.
func (p *lesson) unknownInterface(t types.Type, u *types.Interface, at place, parts []types.Type) string {
	if _, ok := t.(*types.Named); !ok || at != argument {
		return "an interface has to be one of the package's, and a parameter"
	}
	for m := range u.Methods() {
		switch conn := connMethod(m.Name()); {
		case !m.Exported():
			return "its method " + m.Name() + " is not exported"
		case conn != nil && !types.Identical(conn, m.Signature()):
			return "its method " + m.Name() + " is not as in net.Conn or net.PacketConn"
		case conn == nil:
			if why := p.unknownCall(m.Signature(), parts); why != "" {
				return "its method " + m.Name() + ": " + why
			}
		}
	}
	return ""
}

// standardName returns the name of a type that is the standard library's and known, as in "net.Addr", or "".
func standardName(t types.Type) string {
	star := ""
	if p, ok := t.(*types.Pointer); ok {
		star, t = "*", types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok {
		return ""
	}
	name := star + n.Obj().Name()
	if pkg := n.Obj().Pkg(); pkg != nil {
		name = star + pkg.Path() + "." + n.Obj().Name()
	}
	if _, ok := standardPlaces[name]; ok {
		return name
	}
	return ""
}

// isHandle reports whether values of a type stay on the stage, and the judge has no more than a number for each:
// those of a stub's struct that has methods with a pointer for their receiver.
func (p *lesson) isHandle(n *types.Named) bool {
	if _, ok := n.Underlying().(*types.Struct); !ok || n.Obj().Pkg() != p.types || p.isGiven(n.Obj().Pos()) {
		return false
	}
	for m := range n.Methods() {
		if _, ok := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer); ok {
			return true
		}
	}
	return false
}

func (p *lesson) isGiven(pos token.Pos) bool {
	name := p.places.Position(pos).Filename
	return slices.ContainsFunc(p.files, func(f *file) bool { return f.given && strings.HasSuffix(name, "/"+f.name) })
}
