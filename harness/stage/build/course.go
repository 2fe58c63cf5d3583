package build

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/stage/standin"
)

// module is the name of the course's.
const module = "udpkata"

// A Course is what the programs of all submissions have in common. Many goroutines may use it.
type Course struct {
	lessons  map[string]lesson
	env      []string // of the tools
	students string   // a file with the compiled packages that a lesson may import
	found
}

// found is what the go command says of a course, which is kept for the next one in the same directory.
type found struct {
	Tools    string // the directory of the compiler and the linker
	Version  string // of the language
	Debug    string // the module's settings for the runtime
	Packages string // lines with all those that a program may have
	Events   string // the program that makes events of what a test program prints
}

// NewCourse prepares a course whose repository is at root, which takes a while when it is the first on a machine. What
// it keeps is in dir, which has to stay until the last program is built. If dir has what another one kept, of the same
// course and Go, it asks no go command, and writes nothing.
func NewCourse(ctx context.Context, root, dir string) (*Course, error) {
	all, err := curriculum.Load(root)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	c := &Course{lessons: map[string]lesson{}, students: filepath.Join(dir, "students")}
	for _, l := range all {
		glue, err := standin.Glue(l)
		if err != nil {
			return nil, err
		}
		if glue == nil {
			continue
		}
		clause, err := packageClause(l)
		if err != nil {
			return nil, err
		}
		c.lessons[l.Name] = lesson{l, clause, glue}
	}
	// A program is built before it has used so much memory: freeing some on the way costs time.
	c.env = append(os.Environ(), append(slices.Clip(host), "GOGC=off", "GOMEMLIMIT=256MiB")...)
	kept := filepath.Join(dir, "found.json")
	if data, err := os.ReadFile(kept); err == nil && json.Unmarshal(data, &c.found) == nil {
		return c, nil // whoever was killed while writing it has left nothing, or a part, which is no JSON
	}
	if err := c.findPackages(ctx, root, dir); err != nil {
		return nil, err
	}
	data, err := json.Marshal(c.found)
	if err != nil {
		return nil, err
	}
	return c, os.WriteFile(kept, data, 0o644)
}

// packageClause returns the name of a lesson's package, whatever somebody has written there.
func packageClause(l curriculum.Lesson) (string, error) {
	stubs, err := curriculum.Stubs(l.Dir)
	if err != nil {
		return "", err
	}
	var source any
	if len(stubs) > 0 {
		source = stubs[0].Source
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(l.Dir, l.Files[0].Name), source,
		parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return file.Name.Name, nil
}

// runnerPackage is what the program has of the house.
const runnerPackage = module + "/harness/stage/runner"

// findPackages has the go command compile what programs are linked with, or find where it did so before.
func (c *Course) findPackages(ctx context.Context, root, dir string) error {
	sys := "golang.org/x/sys/unix"
	if runtime.GOOS == "windows" {
		sys = "golang.org/x/sys/windows"
	}
	const format = `{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}`
	found, err := c.goCommand(ctx, root, "list", "-export", "-deps", "-f", format, "std", sys, runnerPackage)
	if err != nil {
		return err
	}
	var students, all strings.Builder
	archives := filepath.Join(dir, "packages")
	if err := os.MkdirAll(archives, 0o755); err != nil {
		return err
	}
	for line := range strings.Lines(found) {
		importPath, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		kept := filepath.Join(archives, strings.ReplaceAll(importPath, "/", "-")+".a")
		if err := keep(file, kept); err != nil {
			return err
		}
		line = fmt.Sprintf("packagefile %s=%s\n", importPath, kept)
		all.WriteString(line)
		if mayImport(importPath) {
			students.WriteString(line)
		}
	}
	c.Packages = all.String()
	if err := os.WriteFile(c.students, []byte(students.String()), 0o644); err != nil {
		return err
	}
	program := filepath.Join(dir, "main.go")
	if err := os.WriteFile(program, []byte(mainSource), 0o600); err != nil {
		return err
	}
	settings, err := c.goCommand(ctx, root, "list", "-f", "{{.DefaultGODEBUG}}", program)
	if err != nil {
		return err
	}
	c.Debug = strings.TrimSpace(settings)
	version, err := c.goCommand(ctx, root, "list", "-m", "-f", "{{.GoVersion}}", module)
	if err != nil {
		return err
	}
	c.Version = "go" + strings.Join(strings.SplitN(strings.TrimSpace(version), ".", 3)[:2], ".")
	tools, err := c.goCommand(ctx, root, "env", "GOTOOLDIR")
	if err != nil {
		return err
	}
	c.Tools = strings.TrimSpace(tools)
	events, err := c.goCommand(ctx, root, "tool", "-n", "test2json")
	if err != nil {
		return err
	}
	c.Events = filepath.Join(dir, "test2json")
	return keep(strings.TrimSpace(events), c.Events)
}

// keep gives a file of the go command's cache another name, whatever becomes of the cache: whoever judges others may
// be where that is not.
func keep(file, name string) error {
	os.Remove(name)
	if os.Link(file, name) == nil {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o755)
}

// mayImport reports whether a lesson's code may import a package: one of the standard library that go lets everybody
// have, or of golang.org/x/sys.
func mayImport(importPath string) bool {
	for part := range strings.SplitSeq(importPath, "/") {
		if part == "internal" || part == "vendor" {
			return false
		}
	}
	return importPath != module && !strings.HasPrefix(importPath, module+"/")
}

// host is the system that programs are built for, which is this one.
var host = []string{"GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH}

// goCommand runs the go command in the course's module, without what the user's settings would change.
func (c *Course) goCommand(ctx context.Context, root string, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), append(slices.Clip(host), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	data, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(wrong.String()))
	}
	return string(data), nil
}
