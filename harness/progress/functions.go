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
	Doc  string // what its comment says of the task
}

// Functions returns those that a task is about: those whose comments say what it wants, or else the one that it is
// called after, or else those that its description names; without any, all of the lesson's.
func (t Task) Functions() []Function {
	all := t.functions()
	about := strings.TrimPrefix(t.Task.Name, "Test")
	var wanted, named, mentioned []Function
	for i := range all {
		f := &all[i]
		var wants bool
		if f.Doc, wants = part(f.Doc, t.Task.Name); wants {
			wanted = append(wanted, *f)
		}
		if strings.HasPrefix(about, f.Name) {
			named = append(named, *f)
		}
		if regexp.MustCompile(`\b` + f.Name + `\b`).MatchString(t.Doc) {
			mentioned = append(mentioned, *f)
		}
	}
	// AskConnected is more to the point than Ask.
	slices.SortStableFunc(named, func(a, b Function) int { return len(b.Name) - len(a.Name) })
	switch {
	case len(wanted) > 0:
		return wanted
	case len(named) > 0:
		return named[:1]
	case len(mentioned) > 0:
		return mentioned
	}
	return all
}

var (
	// tasksWant begins what a comment says of tasks: "TestAskStops: when", "TestA and TestB: if".
	tasksWant = regexp.MustCompile(`^(Test\w+(?: and Test\w+)*)(?: wants nothing new)?: `)
	// rules begins what it says in the end of all of them.
	rules = regexp.MustCompile(`^The rules `)
)

// part returns what a comment says of a task, and reports whether it names the task: what it says before the first one,
// what it says of this one, and the rules. Of a task that it does not name, that is the whole.
func part(doc, task string) (said string, named bool) {
	var parts []string
	of := []string{task}
	for paragraph := range strings.SplitSeq(doc, "\n\n") {
		if m := tasksWant.FindStringSubmatch(paragraph); m != nil {
			of = strings.Split(m[1], " and ")
			named = named || slices.Contains(of, task)
		} else if rules.MatchString(paragraph) {
			of = []string{task}
		}
		if slices.Contains(of, task) {
			parts = append(parts, strings.TrimSuffix(paragraph, "\n"))
		}
	}
	if !named {
		return doc, false
	}
	return strings.Join(parts, "\n\n") + "\n", true
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
