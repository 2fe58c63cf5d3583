// Package build makes a submission's program for the stage: one for all of its lessons, of what somebody wrote, the
// course's given files, the glue that package standin makes, and package runner.
//
// It has no go command build it. That one would look at the whole module each time, and let the code import whatever
// the module has; the compiler and the linker alone take two thirds of its time, and know the packages that they are
// told of, which are the standard library's and golang.org/x/sys for what students write.
package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Submission is what somebody wrote for one lesson: the paths of the files, by the names of the stub's files that
// they are in place of. There may be more than the stub has, and packages in folders below, as in "internal/x/x.go".
// Tests, and files with the names of given ones, are left out. Whoever made the list has seen that they are regular
// files, not too big, and not too many.
type Submission map[string]string

// Program is where the code's files are, for whoever looks at a stack: below it are lessons/02-echo/echo.go and so on,
// whichever directory the program was built in.
const Program = "/udpkata"

// Stage builds the program of a submission's lessons, by their names as in "02-echo", as the file out. What it needs on
// the way is in dir, which is the caller's to make and to remove.
//
// A lesson that does not compile costs itself only: the program is built without it, and refused has what is wrong with
// it, in the compiler's words. The error is for what keeps any program from being built here.
func (c *Course) Stage(ctx context.Context, lessons map[string]Submission, dir, out string) (
	refused map[string]string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	b := &building{Course: c, ctx: ctx, dir: dir, refused: map[string]string{}, linked: map[string]string{}}
	var good []string
	for _, name := range slices.Sorted(maps.Keys(lessons)) {
		l, ok := c.lessons[name]
		if !ok {
			return nil, fmt.Errorf("%s: the course has no such lesson", name)
		}
		refusal, err := b.lesson(l, lessons[name])
		if err != nil {
			return nil, err
		}
		if refusal != "" {
			b.refused[name] = refusal
			continue
		}
		good = append(good, name)
	}
	if err := b.program(good, out); err != nil {
		return nil, err
	}
	return b.refused, nil
}

// A building is a program that is being built.
type building struct {
	*Course
	ctx     context.Context
	dir     string
	refused map[string]string
	linked  map[string]string // by lesson, the lines for the linker about its packages
}

// inGlue is how the compiler names a place in the glue, which nobody has.
var inGlue = regexp.MustCompile(`(?m)^(\./)?glue_\w+\.go:\d+:\d+: `)

// program links the program of the lessons that compiled. What is still wrong with one of them is found by building the
// program of it alone: a function of another signature than the stub's, or what the linker does not allow.
func (b *building) program(lessons []string, out string) error {
	output, err := b.link(lessons, out)
	if output == "" || err != nil {
		return err
	}
	if err := b.control(); err != nil {
		return err
	}
	var good []string
	for _, name := range lessons {
		output, err := b.link([]string{name}, out)
		if err != nil {
			return err
		}
		if output != "" {
			b.refused[name] = inGlue.ReplaceAllString(output, "lessons/"+name+": ")
			continue
		}
		good = append(good, name)
	}
	output, err = b.link(good, out)
	if output != "" {
		err = fmt.Errorf("%w: %s", ErrTogether, output)
	}
	return err
}

// ErrTogether says that there can't be one program of lessons each of which there can be one of.
var ErrTogether = errors.New("not together in one program")

// control returns an error if not even a program without lessons can be built: then it is not for what somebody wrote.
func (b *building) control() error {
	output, err := b.link(nil, filepath.Join(b.dir, "control"))
	if err == nil && output != "" {
		err = fmt.Errorf("no program for the stage can be built here: %s", output)
	}
	return err
}

// link compiles the program's own package and links it.
func (b *building) link(lessons []string, out string) (output string, err error) {
	packages := strings.Builder{}
	packages.WriteString(b.Packages)
	// Nothing of the glue is worth inlining, which would take longer than the rest.
	args := []string{"-p", "main", "-l", "-importcfg", "packages", "-o", "main.a", "main.go"}
	if err := os.WriteFile(filepath.Join(b.dir, "main.go"), []byte(mainSource), 0o600); err != nil {
		return "", err
	}
	for _, name := range lessons {
		packages.WriteString(b.linked[name])
		args = append(args, glueFile(name))
		if err := os.WriteFile(filepath.Join(b.dir, glueFile(name)), b.lessons[name].glue, 0o600); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(b.dir, "packages"), []byte(packages.String()), 0o600); err != nil {
		return "", err
	}
	if output, err := b.compile(args...); output != "" || err != nil {
		return output, err
	}
	args = []string{"-importcfg", "packages", "-buildmode=exe", "-s", "-w", "-o", out}
	if b.Debug != "" {
		args = append(args, "-X=runtime.godebugDefault="+b.Debug)
	}
	return b.tool("link", append(args, "main.a")...)
}

// glueFile returns the name of a lesson's file of the program's own package.
func glueFile(lesson string) string { return "glue_" + strings.ReplaceAll(lesson, "-", "_") + ".go" }

// mainSource is the program, but for what the glue registers in it.
const mainSource = `package main

import "udpkata/harness/stage/runner"

func main() { runner.Main() }
`
