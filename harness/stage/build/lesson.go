package build

import (
	"bytes"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/curriculum"
)

// A lesson is one of the course's that students write something in.
type lesson struct {
	curriculum.Lesson
	clause string // the name of its package
	glue   []byte
}

// importPath returns the path of the package in a folder of the lesson's; "." is its own.
func (l lesson) importPath(folder string) string { return path.Join(module, "lessons", l.Name, folder) }

// folder returns the folder of the lesson's that has the package of an import path.
func (l lesson) folder(importPath string) (folder string, ok bool) {
	if importPath == l.importPath(".") {
		return ".", true
	}
	if folder, ok = l.Folder(importPath); ok {
		ok = importPath == l.importPath(folder) // and not another module's
	}
	return folder, ok
}

// lesson compiles a lesson's packages. The refusal says what is wrong with one of them.
func (b *building) lesson(l lesson, code Submission) (refusal string, err error) {
	c := &compiling{building: b, lesson: l, theirs: code, files: map[string][]string{}, clauses: map[string]string{}}
	if c.code, refusal = l.takes(code); refusal != "" {
		return refusal, nil
	}
	if refusal, err = c.compileIn("."); refusal != "" || err != nil {
		return refusal, err
	}
	b.linked[l.Name] = c.compiled.String()
	return "", os.WriteFile(filepath.Join(b.dir, l.importcfg()), []byte(c.compiled.String()), 0o600)
}

// importcfg returns the name of the file with the lines about a lesson's packages, in the order in which they were
// compiled: the last one is the lesson's own.
func (l lesson) importcfg() string { return l.Name + ".packages" }

// takes returns the files that the lesson's packages are made of, by their names in its directory.
func (l lesson) takes(code Submission) (sources map[string]string, refusal string) {
	sources = map[string]string{}
	for name, at := range code {
		if filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			sources[name] = at
		}
	}
	for _, f := range l.Files {
		if f.Given {
			sources[f.Name] = filepath.Join(l.Dir, f.Name)
		} else if sources[f.Name] == "" && !f.Added {
			return nil, f.Name + " is missing"
		}
	}
	return sources, ""
}

// A compiling is a lesson that is being compiled: its package, and before it those in folders below that it imports.
type compiling struct {
	*building
	lesson
	theirs   Submission
	code     map[string]string   // the paths of files, by their names in the lesson's directory
	files    map[string][]string // of the folders that were met, those that are for this system, as they are below dir
	clauses  map[string]string   // the names of their packages
	under    []string            // the folders whose packages wait for one that they import, each for the next
	archives int                 // packages that are compiled
	compiled strings.Builder     // a line about each of them
}

// compileIn compiles the package in a folder. The refusal says what is wrong with it, or with one that it imports.
func (c *compiling) compileIn(folder string) (refusal string, err error) {
	c.under = append(c.under, folder)
	defer func() { c.under = c.under[:len(c.under)-1] }()
	if refusal, err = c.copy(folder); refusal != "" || err != nil {
		return refusal, err
	}
	for _, file := range c.files[folder] {
		if refusal, err = c.compileImports(folder, file); refusal != "" || err != nil {
			return refusal, err
		}
	}
	config := c.students
	if c.compiled.Len() > 0 {
		if config, err = c.withCompiled(); err != nil {
			return "", err
		}
	}
	archive := fmt.Sprintf("%s.%d.a", c.Name, c.archives)
	args := []string{"-p", c.importPath(folder), "-importcfg", config, "-o", archive}
	output, err := c.compile(append(args, c.files[folder]...)...)
	if err != nil {
		return "", err
	}
	if output != "" {
		if err := c.control(); err != nil {
			return "", err
		}
		return c.rename(output, c.lesson, c.theirs), nil
	}
	c.archives++
	fmt.Fprintf(&c.compiled, "packagefile %s=%s\n", c.importPath(folder), archive)
	return "", nil
}

// withCompiled writes a file of what may be imported, the lesson's packages that are compiled too.
func (c *compiling) withCompiled() (name string, err error) {
	packages, err := os.ReadFile(c.students)
	if err != nil {
		return "", err
	}
	name = c.Name + ".students"
	return name, os.WriteFile(filepath.Join(c.dir, name), append(packages, c.compiled.String()...), 0o600)
}

// compileImports compiles those of the lesson's packages that a file imports. What go build would refuse, and the
// compiler does not know of, is refused here.
func (c *compiling) compileImports(folder, file string) (refusal string, err error) {
	places := token.NewFileSet()
	// What can't be read, the compiler refuses, with better words.
	tree, _ := parser.ParseFile(places, filepath.Join(c.dir, file), nil, parser.ImportsOnly)
	if tree == nil {
		return "", nil
	}
	for _, spec := range tree.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		below, ok := c.folder(importPath)
		if !ok {
			continue
		}
		p := places.Position(spec.Pos())
		refuse := func(format string, args ...any) (string, error) {
			name := strings.TrimPrefix(file, "lessons/"+c.Name+"/")
			return fmt.Sprintf("%s:%d:%d: ", c.code[name], p.Line, p.Column) + fmt.Sprintf(format, args...), nil
		}
		if i := slices.Index(c.under, below); i >= 0 {
			var cycle []string
			for _, f := range append(slices.Clone(c.under[i:]), below) {
				cycle = append(cycle, c.importPath(f))
			}
			return refuse("import cycle not allowed: %s", strings.Join(cycle, " imports "))
		}
		if !mayUse(folder, below) {
			return refuse("use of internal package %s not allowed", importPath)
		}
		if c.files[below] == nil && c.isThere(below) {
			if refusal, err = c.compileIn(below); refusal != "" || err != nil {
				return refusal, err
			}
		}
		if c.clauses[below] == "main" {
			return refuse("import %q is a program, not an importable package", importPath)
		}
	}
	return "", nil
}

// mayUse reports whether a package of the lesson's may import another, by the folders: what is in one with the name
// internal, or below it, is for those alone that are below where that is.
func mayUse(from, folder string) bool {
	i := strings.LastIndex("/"+folder+"/", "/internal/")
	return i < 0 || strings.HasPrefix("/"+from+"/", ("/" + folder)[:i]+"/")
}

// isThere reports whether somebody has files in a folder.
func (c *compiling) isThere(folder string) bool {
	for name := range c.code {
		if path.Dir(name) == folder {
			return true
		}
	}
	return false
}

// copy brings the files of a folder's package to where they are compiled, below dir, and notes those that are for this
// system.
func (c *compiling) copy(folder string) (refusal string, err error) {
	place := filepath.Join("lessons", c.Name, filepath.FromSlash(folder))
	if err := os.MkdirAll(filepath.Join(c.dir, place), 0o700); err != nil {
		return "", err
	}
	want := ""
	if folder == "." {
		want = c.clause
	}
	var names []string
	for name := range c.code {
		if path.Dir(name) == folder {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	c.files[folder] = []string{}
	for _, name := range names {
		source, err := os.ReadFile(c.code[name])
		if err != nil {
			return "", err
		}
		base := path.Base(name)
		if err := os.WriteFile(filepath.Join(c.dir, place, base), source, 0o600); err != nil {
			return "", err
		}
		if !IsForHere(base, source) {
			continue
		}
		if clause := packageOf(base, source); clause != "" {
			if want == "" {
				want = clause
			}
			if clause != want {
				return fmt.Sprintf("%s: package %s; expected package %s", c.code[name], clause, want), nil
			}
		}
		c.files[folder] = append(c.files[folder], path.Join("lessons", c.Name, name))
	}
	c.clauses[folder] = want
	if len(c.files[folder]) == 0 {
		return fmt.Sprintf("%s: no Go file is for %s/%s", c.importPath(folder), system.GOOS, system.GOARCH), nil
	}
	return "", nil
}

// packageOf returns the name of a file's package, or "" if it can't be read.
func packageOf(name string, source []byte) string {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return file.Name.Name
}

// IsForHere reports whether go builds a file of somebody's on this system, by its name and its build tags. One that
// can't be read this far is built: the compiler refuses it, with better words.
func IsForHere(name string, source []byte) bool {
	c := *system
	c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(source)), nil }
	match, err := c.MatchFile("", path.Base(name))
	return match || err != nil
}

// system says which files are for this system. Nothing here calls C.
var system = func() *build.Context {
	c := build.Default
	c.CgoEnabled, c.GOOS, c.GOARCH = false, runtime.GOOS, runtime.GOARCH
	return &c
}()

// rename names somebody's files, in the compiler's words, by their own paths.
func (b *building) rename(output string, l lesson, code Submission) string {
	for name, at := range code {
		target := "lessons/" + l.Name + "/" + name + ":"
		output = strings.ReplaceAll(output, Program+"/"+target, at+":") // how some of its parts know it
		output = strings.ReplaceAll(output, target, at+":")
	}
	return strings.ReplaceAll(output, "(open : no such file or directory)",
		"(the standard library, golang.org/x/sys and packages below the lesson's own are all that may be)")
}
