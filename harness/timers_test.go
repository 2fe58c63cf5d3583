package harness_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// realTime are the functions whose timers are those of a clock on the wall, beside which a
// story in virtual time is watched, or which wait on the kernel's sockets alone.
var realTime = []string{
	"kernel.go: learns", "world.go: comesToRest", "world.go: watchSleep", "internal/network/bubble.go: inBubble",
	"stage/virtual.go: rounds", "stage/virtual.go: round", // which move the clock itself
}

// TestTimers: each timer of a story in virtual time is in its clock's register. One that is
// not would let the code's clock, which runs in another process, go past it.
func TestTimers(t *testing.T) {
	var files []string
	for _, dir := range []string{".", "simnet", "internal/*", "stage"} {
		found, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		files = append(files, found...)
	}
	var met []string
	for _, path := range files {
		path = filepath.ToSlash(path)
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/clock/") ||
			strings.Contains(path, "internal/students/") {
			continue
		}
		for _, where := range timers(t, path, nil) {
			name, _, _ := strings.Cut(where, " calls ")
			if !slices.Contains(realTime, name) {
				t.Errorf("%s: a timer of a story's is one of its clock's, see internal/clock", where)
			}
			met = append(met, name)
		}
	}
	for _, name := range realTime {
		require.Contains(t, met, name, "has no timer any more")
	}
}

// timers lists which functions of a file set a timer of package time's or context's.
func timers(t *testing.T, path string, source any) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
	require.NoError(t, err)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				switch name := called(call.Fun); name {
				case "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
					"context.WithTimeout", "context.WithDeadline":
					all = append(all, fmt.Sprintf("%s: %s calls %s", path, f.Name.Name, name))
				}
			}
			return true
		})
	}
	return all
}

// TestFindsTimers: a timer is found, and one of a clock's is none.
func TestFindsTimers(t *testing.T) {
	got := timers(t, "x.go", "package x\n\nfunc f() {\ntime.Sleep(1)\nc.Sleep(1)\nw.rec.Clock.AfterFunc(1, nil)\n}\n")
	require.Equal(t, []string{"x.go: f calls time.Sleep"}, got)
}
