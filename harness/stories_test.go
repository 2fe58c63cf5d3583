package harness_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestStories: no lesson test sleeps, names a port, speaks of an address that is not
// on loopback, or has a peer send a text that everybody knows. What it tells the harness
// to do offline is left out, as no socket comes near it.
//
// (The one port that a lesson does name, lesson 01's forbidden one, is the
// harness's: Kernel.ForbiddenPort.)
func TestStories(t *testing.T) {
	tests, err := filepath.Glob(filepath.Join("..", "lessons", "*", "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	for _, path := range tests {
		for _, wrong := range unfit(t, path, nil) {
			t.Error(wrong)
		}
	}
}

// unfit lists what a story's file must not hold.
func unfit(t *testing.T, path string, source any) []string {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, 0)
	require.NoError(t, err)
	var wrong []string
	ast.Inspect(file, func(n ast.Node) bool {
		complain := func(what string) {
			wrong = append(wrong, fmt.Sprintf("%s: %s", files.Position(n.Pos()), what))
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			name := called(n.Fun)
			if strings.HasSuffix(name, ".Send") && len(n.Args) == 2 && isKnown(n.Args[1]) {
				complain("a text that can be answered by heart: a story sends what World.Text makes of it")
			}
			switch name {
			case "harness.Offline", "harness.Offline.Then":
				return false
			case "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
				"context.WithTimeout":
				complain(name + ": a story never waits by itself, and what it gives to the code waits by the World")
			case "net.IPv4", "netip.AddrFrom4", "netip.AddrFrom16":
				complain(name + ": a story takes its addresses from the World")
			case "netip.AddrPortFrom":
				if isPort(n.Args[1]) {
					complain("a port: a story takes its ports from the World")
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Port" && isPort(n.Value) {
				complain("a port: a story takes its ports from the World")
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil {
				if what := address(text); what != "" {
					complain(fmt.Sprintf("%q: %s", text, what))
				}
			}
		}
		return true
	})
	return wrong
}

// called returns the name of a function of another package, or of a method of its
// variable's.
func called(f ast.Expr) string {
	s, ok := f.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := s.X.(*ast.Ident); ok {
		return pkg.Name + "." + s.Sel.Name
	}
	return called(s.X) + "." + s.Sel.Name
}

// isPort tells a number that is written down and is not 0, which stands for any.
func isPort(e ast.Expr) bool {
	number, ok := e.(*ast.BasicLit)
	return ok && number.Value != "0"
}

// isKnown tells a text with something to draw, as World.Text does, that is written down.
func isKnown(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		letters := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
		return err == nil && strings.ContainsFunc(text, letters)
	case *ast.Ident:
		return e.Obj != nil && e.Obj.Kind == ast.Con
	}
	return false
}

// address says what is wrong with a text that is an address.
func address(text string) string {
	if host, port, err := net.SplitHostPort(text); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n != 0 {
			return "a port: a story takes its ports from the World"
		}
		text = host
	}
	ip, err := netip.ParseAddr(text)
	if prefix, wrong := netip.ParsePrefix(text); wrong == nil {
		ip, err = prefix.Addr(), nil
	}
	if err == nil && !ip.IsLoopback() {
		return "an address that is not on loopback"
	}
	return ""
}

// TestUnfit: each rule can be broken, and what keeps them is left alone.
func TestUnfit(t *testing.T) {
	for _, tt := range []struct{ code, want string }{
		{`time.Sleep(1)`, "time.Sleep: a story never waits by itself"},
		{`context.WithTimeout(ctx, 1)`, "context.WithTimeout: a story never waits by itself"},
		{`<-time.After(1)`, "time.After: a story never waits by itself"},
		{`alice.Send(server, "hello")`, "a text that can be answered by heart"},
		{`const hi = "hi"; crowd[0].Send(server, hi)`, "a text that can be answered by heart"},
		{`alice.Send(server, w.Text("hello")); alice.Send(server, "\n")`, ""},
		{`net.IPv4(127, 0, 0, 1)`, "net.IPv4: a story takes its addresses from the World"},
		{`netip.AddrPortFrom(ip, 1060)`, "a port: a story takes its ports from the World"},
		{`f(net.UDPAddr{Port: 1060})`, "a port: a story takes its ports from the World"},
		{`f("127.0.0.1:1060")`, `"127.0.0.1:1060": a port: a story takes its ports from the World`},
		{`f(":1060")`, `":1060": a port: a story takes its ports from the World`},
		{`f("192.0.2.1")`, `"192.0.2.1": an address that is not on loopback`},
		{`f("192.0.2.1:0")`, `"192.0.2.1:0": an address that is not on loopback`},
		{`f("10.0.0.0/8")`, `"10.0.0.0/8": an address that is not on loopback`},
		{`f("::")`, `"::": an address that is not on loopback`},
		{`f("127.0.0.1:0", "::1", "127.0.0.0/8", "1060", "hello")`, ""},
		{`netip.AddrPortFrom(ip, 0)`, ""},
		{"}; func (c conn) ReadFrom() { c.w.Sleep(1)", ""},
		{`harness.Offline(t, func(w *harness.World) { f("192.0.2.1:7") })`, ""},
		{`harness.Offline.Then(t, "x", func(w *harness.World) { f("192.0.2.1:7") })`, ""},
	} {
		t.Run(tt.code, func(t *testing.T) {
			got := unfit(t, "story_test.go", "package x\n\nfunc f() {\n"+tt.code+"\n}\n")
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], "story_test.go:4:")
			require.Contains(t, got[0], ": "+tt.want)
		})
	}
}
