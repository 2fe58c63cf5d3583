package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/progress"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

type whereCommand struct{}

func (*whereCommand) run(s *session) (bool, error) {
	if err := s.course.Judge(s, s.course.Tasks); err != nil {
		return false, err
	}
	s.bar(s.course.Tasks)
	return s.next()
}

// next says which task is next, and how to go on.
func (s *session) next() (passed bool, err error) {
	t, more := s.course.Next(s.bookmark.Current)
	if !more {
		s.say("Every task passes that this computer can tell of. Well done!\n")
		return true, nil
	}
	s.goTo(t)
	s.announce(t)
	s.sayOpen(s.course.Tasks[:s.course.Index(t.ID())])
	fmt.Fprintln(s.out)
	for _, c := range []struct {
		name string
		does text.Text
	}{
		{"show", text.Say("what it wants")},
		{"test", text.Say("see whether it passes")},
		{"hint", text.Say("a hint")},
	} {
		fmt.Fprintf(s.out, "  go tool kata %-5s %s\n", c.name, c.does.In(text.Preferred()))
	}
	return false, nil
}

// goTo makes a task the current one. That can't be kept everywhere, and then nobody minds.
func (s *session) goTo(t progress.Task) {
	s.bookmark.Current = t.ID()
	s.bookmark.Save()
}

// announce names the current task, its line, what is the matter there, and what to read before.
func (s *session) announce(t progress.Task) {
	s.say("Now: %s, %s\n", t.ID(), s.at(t.Place()))
	if t.Reason != "" && t.State != verdict.Passed {
		fmt.Fprintf(s.out, "  %s\n", t.Reason)
	}
	s.sayReading(t)
}

// sayReading says what the lesson's page wants to be read before a task.
func (s *session) sayReading(t progress.Task) {
	language := text.Preferred()
	if what := t.ReadFirst(language); what != "" {
		page := filepath.Join(t.Lesson.Dir, language.Page("README"))
		s.say("  Read first: %s (%s, \"What to write\", says where that is)\n", what, s.below(page))
	}
}

// sayOpen says which of some tasks do not pass, of those that are known.
func (s *session) sayOpen(tasks []progress.Task) {
	var open []string
	for _, t := range tasks {
		if t.State != "" && !t.Done() {
			open = append(open, t.ID())
		}
	}
	const most = 3
	switch {
	case len(open) > most:
		s.say("  Before it, these do not pass: %s and %d more\n", strings.Join(open[:most], ", "), len(open)-most)
	case len(open) > 0:
		s.say("  Before it, these do not pass: %s\n", strings.Join(open, ", "))
	}
}

// at returns a place below the repository, as editors and terminals know it.
func (s *session) at(p progress.Place) string {
	path, err := filepath.Rel(s.course.Root, p.File)
	if err != nil {
		path = p.File
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(path), p.Line)
}

// bar draws how far one is.
func (s *session) bar(tasks []progress.Task) {
	const width = 30
	passed, all, _, _ := count(tasks)
	full := 0
	if all > 0 {
		full = width * passed / all
	}
	fmt.Fprintf(s.out, "%s%s  ", strings.Repeat("█", full), strings.Repeat("░", width-full))
	s.sayCount(tasks)
}

// sayCount says how many of some tasks pass.
func (s *session) sayCount(tasks []progress.Task) {
	passed, all, got, points := count(tasks)
	if skipped := len(tasks) - all; skipped > 0 {
		s.say("%d of %d tasks, %d of %d points (skipped here: %d)\n", passed, all, got, points, skipped)
	} else {
		s.say("%d of %d tasks, %d of %d points\n", passed, all, got, points)
	}
}

// count counts the tasks that this machine can tell of, and their points.
func count(tasks []progress.Task) (passed, all, got, points int) {
	for _, t := range tasks {
		switch t.State {
		case verdict.Skipped:
			continue
		case verdict.Passed:
			passed++
			got += t.Points
		}
		all++
		points += t.Points
	}
	return passed, all, got, points
}

func allDone(tasks []progress.Task) bool {
	return !slices.ContainsFunc(tasks, func(t progress.Task) bool { return !t.Done() })
}

type listCommand struct {
	JSON bool `help:"Print it as JSON, for programs."`
}

func (c *listCommand) run(s *session) (bool, error) {
	if err := s.course.Judge(s, s.course.Tasks); err != nil {
		return false, err
	}
	if c.JSON {
		return allDone(s.course.Tasks), s.printJSON(s.course.Tasks)
	}
	s.list()
	return allDone(s.course.Tasks), nil
}

// list shows all tasks, with how they end.
func (s *session) list() {
	width := 14
	for _, t := range s.course.Tasks {
		width = max(width, len(t.Lesson.Name)+2)
	}
	for tasks := s.course.Tasks; len(tasks) > 0; {
		lesson := tasks[0].Lesson.Name
		n := slices.IndexFunc(tasks, func(t progress.Task) bool { return t.Lesson.Name != lesson })
		if n < 0 {
			n = len(tasks)
		}
		fmt.Fprintf(s.out, "%-*s", width, lesson)
		s.sayCount(tasks[:n])
		for _, t := range tasks[:n] {
			mark := ' '
			if t.ID() == s.bookmark.Current {
				mark = '>'
			}
			fmt.Fprintf(s.out, "%c %s %d  %s\n", mark, state(t), t.Points, t.Task.Name)
		}
		tasks = tasks[n:]
	}
	s.bar(s.course.Tasks)
}

// states are the words for how a task ends.
var states = map[verdict.State]text.Text{
	verdict.Passed:        text.Say("passed"),
	verdict.Failed:        text.Say("failed"),
	verdict.Todo:          text.Say("todo"),
	verdict.DidNotCompile: text.Say("did not compile"),
	verdict.Refused:       text.Say("refused"),
	verdict.Crashed:       text.Say("crashed"),
	verdict.Stuck:         text.Say("stuck"),
	verdict.Skipped:       text.Say("skipped"),
	verdict.NotRun:        text.Say("not run"),
}

// state says how a task ends, in as many columns as the longest word needs.
func state(t progress.Task) string { return fit(states[t.State].In(text.Preferred()), 15) }

// A jsonTask is a task for programs. Names and meanings stay as they are.
type jsonTask struct {
	Lesson string        `json:"lesson"`
	Task   string        `json:"task"`
	State  verdict.State `json:"state"`
	Points int           `json:"points"`
	File   string        `json:"file"`
	Line   int           `json:"line"`
	Reason string        `json:"reason,omitempty"`
	Output string        `json:"output,omitempty"`
}

func (s *session) printJSON(tasks []progress.Task) error {
	all := []jsonTask{}
	for _, t := range tasks {
		p := t.Place()
		all = append(all, jsonTask{t.Lesson.Name, t.Task.Name, t.State, t.Points, p.File, p.Line, t.Reason, t.Output})
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "\t")
	return encoder.Encode(all)
}
