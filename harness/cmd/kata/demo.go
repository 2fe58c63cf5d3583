package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/text"
)

type demoCommand struct {
	Solution bool     `help:"Run it over the solution, not over what you wrote."`
	Lesson   string   `arg:"" placeholder:"LESSON" help:"As in 02-echo, echo or 2."`
	Args     []string `arg:"" optional:"" placeholder:"ARG" help:"As its README says: server -p 1070."`
}

// toDemo marks where a demo's own arguments begin, so that its flags are not taken for this tool's.
func toDemo(args []string) []string {
	if len(args) == 0 || args[0] != "demo" {
		return args
	}
	for i, arg := range args[1:] {
		if !strings.HasPrefix(arg, "-") {
			return slices.Insert(slices.Clone(args), i+2, "--")
		}
	}
	return args
}

func (c *demoCommand) run(s *session) (passed bool, err error) {
	lesson, err := s.lesson(c.Lesson)
	if err != nil {
		return false, err
	}
	if !hasDemo(lesson) {
		var names []string
		for _, t := range s.course.Tasks {
			if hasDemo(t.Lesson) && (len(names) == 0 || names[len(names)-1] != t.Lesson.Name) {
				names = append(names, t.Lesson.Name)
			}
		}
		return false, text.Fail("%s has no demo; these have one: %s", lesson.Name, strings.Join(names, ", "))
	}
	tmp, err := os.MkdirTemp("", "udpkata-demo-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	program := filepath.Join(tmp, "demo.exe")
	built, err := c.build(s, lesson, tmp, program)
	if !built || err != nil {
		return false, err
	}
	// It is run by itself, and not by go run, which would not take it along when it is ended.
	cmd := exec.CommandContext(s, program, c.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	exit := (*exec.ExitError)(nil)
	if errors.As(err, &exit) || s.Err() != nil {
		return false, nil // it has said why; a panic has the same status as a wrong argument
	}
	return err == nil, err
}

func hasDemo(lesson curriculum.Lesson) bool {
	found, err := filepath.Glob(filepath.Join(lesson.Dir, "demo", "*.go"))
	return err == nil && len(found) > 0
}

// build builds a lesson's demo. What keeps it from compiling go says itself.
func (c *demoCommand) build(s *session, lesson curriculum.Lesson, tmp, program string) (built bool, err error) {
	args := []string{"build", "-o", program}
	if c.Solution {
		list, err := s.overlay(lesson, tmp)
		if err != nil {
			return false, err
		}
		args = append(args, "-overlay", list)
	}
	cmd := exec.CommandContext(s, "go", append(args, "./lessons/"+lesson.Name+"/demo")...)
	cmd.Dir = filepath.Dir(filepath.Dir(lesson.Dir)) // without symbolic links, as go's -overlay wants it
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) || s.Err() != nil {
		return false, nil
	}
	if err != nil {
		return false, text.Fail("the go command does not start: %v (see that go is in PATH)", err)
	}
	return true, nil
}

// overlay writes a list for go's -overlay, which has the solution's files in the places of what is in the lesson.
func (s *session) overlay(lesson curriculum.Lesson, tmp string) (string, error) {
	files, err := s.solution(lesson)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, f := range lesson.Files {
		if !f.Given {
			replace[filepath.Join(lesson.Dir, f.Name)] = "" // as if it were not there
		}
	}
	for _, path := range files {
		if path, err = filepath.Abs(path); err != nil {
			return "", err
		}
		replace[filepath.Join(lesson.Dir, filepath.Base(path))] = path
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(tmp, "overlay.json")
	return list, os.WriteFile(list, data, 0o600)
}
