package text_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

// TestCatalogue: whatever the harness says has its Chinese, and the catalogue holds
// nothing else.
func TestCatalogue(t *testing.T) {
	var all []sentence
	for _, dir := range []string{"..", "../wire", "../diagnosis", "../internal/*", "../cmd/kata", "../update",
		"../progress", "../judge", "../policy", "../curriculum", "../capability", "../intake",
		"../grade", "../report", "../late"} {
		names, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
		require.NoError(t, err)
		found := len(all)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			sentences, wrong := said(t, name, nil)
			for _, w := range wrong {
				t.Error(w)
			}
			all = append(all, sentences...)
		}
		require.Greater(t, len(all), found, dir)
	}
	for _, wrong := range complaints(all, text.Own) {
		t.Error(wrong)
	}
	for _, twice := range repeated(text.Parts) {
		t.Errorf("the catalogue holds %q twice", twice)
	}
}

// repeated lists the sentences that stand more than once in several lists.
func repeated(parts [][]text.Text) (all []string) {
	seen := map[string]bool{}
	for _, sentence := range slices.Concat(parts...) {
		if seen[sentence.EN] {
			all = append(all, sentence.EN)
		}
		seen[sentence.EN] = true
	}
	slices.Sort(all)
	return all
}

func TestRepeated(t *testing.T) {
	type part = []text.Text
	require.Empty(t, repeated([]part{{{EN: "a", ZH: "1"}}, {}, {{EN: "b", ZH: "1"}}}))
	require.Equal(t, []string{"a", "b"}, repeated([]part{{{EN: "a"}, {EN: "a"}, {EN: "b"}},
		{{EN: "c"}, {EN: "b", ZH: "2"}}}))
}

// A sentence is a format in the source.
type sentence struct {
	at        string
	format    string
	arguments int // how many it is given; -1 if that can't be told
}

// sayers are the functions that make a Text of a format and what follows it.
var sayers = []string{"Say", "Description", "fail", "failHere", "fatal", "marks", "add", "say", "Fail"}

// said lists the formats in a Go file that are passed to sayers, and what tags say of commands. source is the file's,
// or nil.
func said(t *testing.T, name string, source any) (all []sentence, wrong []string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil {
			if help, ok := reflect.StructTag(literal(f.Tag)).Lookup("help"); ok {
				all = append(all, sentence{files.Position(f.Tag.Pos()).String(), help, 0})
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok || !slices.Contains(sayers, called(call)) {
			return true
		}
		p := files.Position(call.Pos())
		at := fmt.Sprintf("%s:%d", filepath.ToSlash(p.Filename), p.Line)
		i := slices.IndexFunc(call.Args, func(e ast.Expr) bool { return isFormat(e) })
		switch {
		case i >= 0 && call.Ellipsis.IsValid():
			all = append(all, sentence{at, literal(call.Args[i]), -1})
		case i >= 0:
			all = append(all, sentence{at, literal(call.Args[i]), len(call.Args) - i - 1})
		case !call.Ellipsis.IsValid() && !isText(call):
			wrong = append(wrong, at+": the format has to be a literal")
		}
		return true
	})
	return all, wrong
}

// called returns the name of the function or method that is called.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// isText reports whether a call is one of package wire's say, which is given a Text.
func isText(call *ast.CallExpr) bool { return called(call) == "say" && len(call.Args) == 1 }

// isFormat reports whether an expression is made of string literals.
func isFormat(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return e.Op == token.ADD && isFormat(e.X) && isFormat(e.Y)
	}
	return false
}

// literal returns the value of an expression that isFormat.
func literal(e ast.Expr) string {
	if sum, ok := e.(*ast.BinaryExpr); ok {
		return literal(sum.X) + literal(sum.Y)
	}
	value, err := strconv.Unquote(e.(*ast.BasicLit).Value)
	if err != nil {
		panic(err) // the parser has let it through
	}
	return value
}

// complaints holds sentences and a catalogue together.
func complaints(all []sentence, catalogue map[string]string) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	used := map[string]bool{}
	for _, s := range all {
		used[s.format] = true
		english := verbs(s.format)
		if n := last(english); s.arguments >= 0 && n != s.arguments {
			complain("%s: %q is given %d argument(s), and has verbs for %d", s.at, s.format, s.arguments, n)
		}
		if _, ok := catalogue[s.format]; !ok &&
			strings.ContainsFunc(verb.ReplaceAllString(s.format, ""), unicode.IsLetter) {
			complain("%s: no Chinese for %q", s.at, s.format)
		}
	}
	for _, english := range slices.Sorted(maps.Keys(catalogue)) {
		chinese := catalogue[english]
		if !used[english] {
			complain("nobody says %q", english)
		}
		if a, b := verbs(english), verbs(chinese); !maps.Equal(a, b) {
			complain("%q has the verbs %v by argument, and its Chinese %v: %q", english, a, b, chinese)
		}
		if found := halfWidth.FindString(chinese); found != "" {
			complain("%q in %q: Chinese takes wide punctuation", found, chinese)
		}
	}
	return wrong
}

var (
	// verb is a verb of package fmt: flags, width and precision, the argument's index,
	// the letter.
	verb = regexp.MustCompile(`%[-+# 0]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:\[(\d+)\])?([a-zA-Z%])`)

	halfWidth = regexp.MustCompile(`\p{Han}[,.:;!?()]`)
)

// verbs returns those of a format, by the argument's number: from 1, in whatever order
// they stand, each once.
func verbs(format string) map[int]string {
	all := map[int]string{}
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		if !strings.Contains(all[next], m[2]) {
			all[next] += m[2]
		}
		next++
	}
	return all
}

// last returns the number of the last argument that has a verb.
func last(verbs map[int]string) (n int) {
	for i := range verbs {
		n = max(n, i)
	}
	return n
}

// TestComplaints: each rule can be broken.
func TestComplaints(t *testing.T) {
	type entries map[string]string
	const no = `w.fatal(verdict.Failed, "%s heard %d.", name, n)`
	good := entries{"%s heard %d.": "%s 聽到 %d。"}
	tests := []struct {
		name      string
		code      string // of a function
		catalogue entries
		want      string // "" if all is well
	}{
		{"all is well", no, good, ""},
		{"another order", no, entries{"%s heard %d.": "有 %[2]d 個，%[1]s 聽到了。"}, ""},
		{"one argument twice", no, entries{"%s heard %d.": "%s 聽到 %d，%[1]s。"}, ""},
		{"per cent", `text.Say("with %%w")`, entries{"with %%w": "用 %%w"}, ""},
		{"nothing to translate", `text.Say("%s", a); text.Say("%v; %s", a, b); add("")`, nil, ""},
		{"passed on", `text.Say(format, args...)`, nil, ""},
		{"a Text", `d.say(d.Mark)`, nil, ""},
		{"somebody else's", `fmt.Sprintf("hello %d", n)`, nil, ""},

		{"missing in Say", `text.Say("hello")`, nil, `file.go:3: no Chinese for "hello"`},
		{"missing inside another", `text.Say("%s", text.Say("hello"))`, nil, `no Chinese for "hello"`},
		{"missing in fatal", no, nil, `no Chinese for "%s heard %d."`},
		{"missing in a peer's fatal", `p.fatal("hello")`, nil, `no Chinese for "hello"`},
		{"missing in fail", `w.fail(verdict.Failed, "hello")`, nil, `no Chinese for "hello"`},
		{"missing in failHere", `w.failHere(verdict.Failed, "hello")`, nil, `no Chinese for "hello"`},
		{"missing in failAt", `w.failAt(at, verdict.Failed, text.Say("hello"))`, nil, `no Chinese for "hello"`},
		{"missing in marks", `w.marks(0, "hello")`, nil, `no Chinese for "hello"`},
		{"missing in add", `add("hello")`, nil, `no Chinese for "hello"`},
		{"missing in Fail", `text.Fail("hello")`, nil, `no Chinese for "hello"`},
		{"missing in say", `say("hello")`, nil, `no Chinese for "hello"`},
		{"missing, in two parts", `say("hel" + "lo")`, nil, `no Chinese for "hello"`},
		{"missing in quotes of another kind", "say(`hello`)", nil, `no Chinese for "hello"`},
		{"unused", ``, good, `nobody says "%s heard %d."`},
		{"another verb", no, entries{"%s heard %d.": "%s 聽到 %s。"},
			"has the verbs map[1:s 2:d] by argument, and its Chinese map[1:s 2:s]"},
		{"a verb less", no, entries{"%s heard %d.": "%s 聽到了。"}, "its Chinese map[1:s]"},
		{"a verb more", no, entries{"%s heard %d.": "%s 聽到 %d %d。"}, "its Chinese map[1:s 2:d 3:d]"},
		{"another order without indexes", no, entries{"%s heard %d.": "有 %d 個，%s 聽到了。"},
			"its Chinese map[1:d 2:s]"},
		{"goes on after an index", no, entries{"%s heard %d.": "%[2]d 個，%s。"}, "its Chinese map[2:d 3:s]"},
		{"lost per cent", `text.Say("with %%w")`, entries{"with %%w": "用 %w"}, "its Chinese map[1:w]"},
		{"too few arguments", `text.Say("%s heard %d.", name)`, good, `is given 1 argument(s), and has verbs for 2`},
		{"too many arguments", `text.Say("%s heard %d.", name, n, n)`, good,
			`is given 3 argument(s), and has verbs for 2`},
		{"no literal", `text.Say(what)`, nil, "file.go:3: the format has to be a literal"},
		{"no literal in fatal", `w.fatal(verdict.Failed, what, name)`, nil, "the format has to be a literal"},
		{"narrow punctuation", no, entries{"%s heard %d.": "%s 聽到, %d。"}, `Chinese takes wide punctuation`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, wrong := said(t, "file.go", "package p\nfunc f() {\n"+tt.code+"\n}\n")
			wrong = append(wrong, complaints(all, tt.catalogue)...)
			if tt.want == "" {
				require.Empty(t, wrong)
				return
			}
			require.NotEmpty(t, wrong)
			require.Contains(t, wrong[0], tt.want)
			require.Len(t, wrong, 1)
		})
	}
}
