package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/keep"
	"udpkata/harness/text"
)

type resetCommand struct {
	Lesson string `arg:"" placeholder:"LESSON" help:"As in 02-echo, echo or 2."`
}

func (c *resetCommand) run(s *session) (bool, error) {
	lesson, err := s.lesson(c.Lesson)
	if err != nil {
		return false, err
	}
	return true, s.reset(lesson)
}

// reset puts a lesson's stubs in the places of what was written there, which is kept.
func (s *session) reset(lesson curriculum.Lesson) error {
	stubs, err := curriculum.Stubs(lesson.Dir)
	if err != nil {
		return text.Fail("the stubs can't be read: %v", err)
	}
	if len(stubs) == 0 {
		return text.Fail("the stubs are missing from %s; go tool kata update brings them back",
			s.below(filepath.Join(lesson.Dir, curriculum.StubsDir)))
	}
	for _, stub := range stubs {
		path := filepath.Join(lesson.Dir, stub.Name)
		mine, err := os.ReadFile(path)
		missing := errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil && !missing:
			return text.Fail("%s was not reset: %v", s.below(path), err)
		case err == nil && stub.Untouched(mine):
			s.say("%s is as it was handed out.\n", s.below(path))
			continue
		}
		backup := ""
		if !missing {
			if backup, err = keep.Backup(path); err != nil {
				return text.Fail("%s was not reset: %v", s.below(path), err)
			}
		}
		if err := keep.Write(path, stub.Source, 0o644); err != nil {
			if backup != "" {
				os.Remove(backup) // the file itself is still there
			}
			return text.Fail("%s was not reset: %v", s.below(path), err)
		}
		if missing {
			s.say("%s is there again.\n", s.below(path))
		} else {
			s.say("%s is the stub again; what you wrote is in %s.\n", s.below(path), s.below(backup))
		}
	}
	for _, f := range lesson.Files {
		isStub := func(stub curriculum.Stub) bool { return stub.Name == f.Name }
		if !f.Given && !slices.ContainsFunc(stubs, isStub) {
			s.say("%s is your own, and stays.\n", s.below(filepath.Join(lesson.Dir, f.Name)))
		}
	}
	return nil
}

// lesson returns the lesson that an argument means.
func (s *session) lesson(arg string) (curriculum.Lesson, error) {
	tasks, err := s.chosen(arg)
	switch {
	case err != nil:
		return curriculum.Lesson{}, err
	case len(tasks) == 1 && strings.HasSuffix(strings.ToLower(arg), strings.ToLower(tasks[0].Task.Name[len("Test"):])):
		return curriculum.Lesson{}, text.Fail("%s is a task, and this is about a lesson: say %s for all of it", arg,
			tasks[0].Lesson.Name)
	}
	return tasks[0].Lesson, nil
}

// below returns a path below the repository, as students know it.
func (s *session) below(path string) string {
	short, err := filepath.Rel(s.course.Root, path)
	if err != nil || !filepath.IsLocal(short) {
		return path
	}
	return filepath.ToSlash(short)
}
