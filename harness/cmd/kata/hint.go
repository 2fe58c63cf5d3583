package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/progress"
	"udpkata/harness/text"
)

type hintCommand struct {
	What string `arg:"" optional:"" placeholder:"TASK" help:"The current task, unless another is named."`
	All  bool   `help:"Show all of them."`
}

func (c *hintCommand) run(s *session) (bool, error) {
	t, err := s.one(c.What)
	if err != nil {
		return false, err
	}
	hints := advice(t).Hints
	seen := min(s.bookmark.Hints[t.ID()]+1, len(hints))
	from := seen - 1
	if c.All {
		from, seen = 0, len(hints)
	}
	for i, hint := range hints[from:seen] {
		s.say("%s, hint %d of %d\n\n", t.ID(), from+i+1, len(hints))
		fmt.Fprintf(s.out, "%s\n\n", hint)
	}
	if seen < len(hints) {
		s.say("go tool kata hint shows the next one.\n")
	} else if !c.All {
		s.say("That was the last one. go tool kata hint --all shows all of them.\n")
	}
	s.bookmark.Hints[t.ID()] = seen
	s.bookmark.Save()
	return true, nil
}

// advice returns a task's hints in the student's language.
func advice(t progress.Task) curriculum.Advice { return t.Hints[text.Preferred()] }

type showCommand struct {
	What string `arg:"" optional:"" placeholder:"TASK" help:"The current task, unless another is named."`
}

func (c *showCommand) run(s *session) (bool, error) {
	t, err := s.one(c.What)
	if err != nil {
		return false, err
	}
	source, err := t.TestSource()
	if err != nil {
		return false, err
	}
	s.say("%s, worth %d\n\n", t.ID(), t.Points)
	fmt.Fprintf(s.out, "%s\n", advice(t).Text)
	s.sayReading(t)
	if language := text.Preferred(); language != text.English {
		page := filepath.Join(t.Lesson.Dir, language.Page("README"))
		s.say("  In your language, all that is wanted stands in %s.\n", s.below(page))
	}
	for _, f := range t.Functions() {
		fmt.Fprintf(s.out, "\n%s %s\n\n", s.at(f.Place), f.Name)
		for line := range strings.Lines(f.Doc) {
			fmt.Fprintf(s.out, "  %s", line)
		}
	}
	fmt.Fprintf(s.out, "\n%s\n\n", s.at(progress.Place{File: t.Lesson.Dir + "/" + t.File, Line: t.Line}))
	for line := range strings.Lines(source) {
		fmt.Fprintf(s.out, "  %s", line)
	}
	return true, nil
}
