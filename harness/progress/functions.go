package progress

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Function is an exported one that the student writes.
type Function struct {
	Place
	Name string
	Doc  string // its comment
}

// Functions returns those that a task is about, as far as its name and its description tell: the one that it is called
// after, or else those that its description names; without any, all of the lesson's.
func (t Task) Functions() []Function {
	all := t.functions()
	about := strings.TrimPrefix(t.Task.Name, "Test")
	var named, mentioned []Function
	for _, f := range all {
		if strings.HasPrefix(about, f.Name) {
			named = append(named, f)
		}
		if regexp.MustCompile(`\b` + f.Name + `\b`).MatchString(t.Doc) {
			mentioned = append(mentioned, f)
		}
	}
	// AskConnected is more to the point than Ask.
	slices.SortStableFunc(named, func(a, b Function) int { return len(b.Name) - len(a.Name) })
	switch {
	case len(named) > 0:
		return named[:1]
	case len(mentioned) > 0:
		return mentioned
	}
	return all
}

// functions returns all of the lesson's, in the order of its files and of the lines. A file that does not parse has
// those before its error.
func (t Task) functions() (all []Function) {
	for _, f := range t.Lesson.Files {
		if f.Given {
			continue
		}
		path := filepath.Join(t.Lesson.Dir, f.Name)
		places := token.NewFileSet()
		file, _ := parser.ParseFile(places, path, nil, parser.ParseComments)
		if file == nil {
			continue
		}
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Name.IsExported() {
				all = append(all, Function{Place{path, places.Position(d.Pos()).Line}, d.Name.Name, d.Doc.Text()})
			}
		}
	}
	return all
}

// declaration returns a function of a source, with its comment.
func declaration(source, name string) (string, error) {
	places := token.NewFileSet()
	file, err := parser.ParseFile(places, "", source, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Name.Name == name {
			from := d.Pos()
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
			return source[places.Position(from).Offset:places.Position(d.End()).Offset] + "\n", nil
		}
	}
	return "", fmt.Errorf("there is no function %s", name)
}
