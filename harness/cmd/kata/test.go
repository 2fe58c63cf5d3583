package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"udpkata/harness/progress"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

type testCommand struct {
	What string `arg:"" optional:"" placeholder:"LESSON|TASK" help:"As in 02-echo, echo, 2, ServeLogs or 02/ServeLogs."`
	JSON bool   `help:"Print it as JSON, for programs."`
}

func (c *testCommand) run(s *session) (bool, error) {
	tasks, err := s.chosen(c.What)
	if err != nil {
		return false, err
	}
	// Whoever asks about a task wants to know what it has broken.
	lesson, err := s.course.Find(tasks[0].Lesson.Name, "")
	if err != nil {
		return false, err
	}
	if err := s.course.Judge(s, lesson); err != nil {
		return false, err
	}
	tasks = s.judged(tasks)
	if c.JSON {
		return allDone(tasks), s.printJSON(tasks)
	}
	whole := false // the first failure is shown whole, the others as a line
	for _, t := range tasks {
		fmt.Fprintf(s.out, "%s %s\n", state(t), t.Task.Name)
		switch {
		case t.State == verdict.Passed:
		case !whole && !t.Done():
			whole = true
			if t.State == verdict.Todo || t.State == verdict.NotRun {
				fmt.Fprintf(s.out, "  %s\n", t.Reason)
			} else {
				fmt.Fprintf(s.out, "\n%s\n", printable(message(t)))
			}
		default:
			fmt.Fprintf(s.out, "  %s\n", t.Reason)
		}
	}
	if len(tasks) > 1 {
		s.bar(tasks)
	}
	switch lesson = s.judged(lesson); {
	case allDone(lesson):
		s.say("All of %s passes here. go tool kata solution %s compares it with the solution.\n", tasks[0].Lesson.Name,
			tasks[0].Lesson.Name)
	case len(tasks) == 1 && tasks[0].State == verdict.Skipped:
		s.say("It is skipped here, which says nothing of your code. go tool kata goes on.\n")
	case len(tasks) == 1 && tasks[0].State == verdict.Passed:
		s.say("It passes. go tool kata goes on.\n")
		s.sayOpen(lesson[:slices.IndexFunc(lesson, func(t progress.Task) bool { return t.ID() == tasks[0].ID() })])
	}
	return allDone(tasks), nil
}

// judged returns tasks as they are known to end by now.
func (s *session) judged(tasks []progress.Task) (all []progress.Task) {
	for _, t := range tasks {
		all = append(all, s.course.Tasks[s.course.Index(t.ID())])
	}
	return all
}

// mostLines is how much of a message is shown.
const mostLines = 200

// ended is how go test says that a test, or a story of one, has ended.
var ended = regexp.MustCompile(`(?m)^ *--- (PASS|SKIP|FAIL): (\S+).*\n?`)

// hintsPage is the line that names the page of all hints.
var hintsPage = regexp.MustCompile(`(?m)^( *)\S.* lessons/\S+/hints\S*\.md.*$`)

// message returns what a student reads of a failure: which story failed, and then what went wrong. Of a flood it is the
// beginning and the end.
func message(t progress.Task) string {
	said := ended.ReplaceAllString(t.Output, "")
	if said == "" {
		said = t.Reason
	}
	said = hintsPage.ReplaceAllString(said, "${1}"+text.Say("Stuck? go tool kata hint").In(text.Preferred()))
	for _, e := range ended.FindAllStringSubmatch(t.Output, -1) {
		if story := e[2]; e[1] == "FAIL" && story != t.Task.Name {
			said = story + "\n" + said
			break // those around it end later
		}
	}
	lines := strings.Split(strings.TrimRight(said, "\n"), "\n")
	if len(lines) > mostLines {
		left := len(lines) - mostLines
		lines = append(append(lines[:mostLines/2:mostLines/2], fmt.Sprintf("    … (%d lines more)", left)),
			lines[len(lines)-mostLines/2:]...)
	}
	return strings.Join(lines, "\n")
}

// chosen returns the tasks that an argument means; without one, the current task, or else the first.
func (s *session) chosen(arg string) ([]progress.Task, error) {
	if arg != "" {
		return s.course.Find(arg, s.bookmark.Current)
	}
	at := max(s.course.Index(s.bookmark.Current), 0)
	return s.course.Tasks[at : at+1 : at+1], nil
}

// one returns the task that an argument means: of a lesson, the first.
func (s *session) one(arg string) (progress.Task, error) {
	tasks, err := s.chosen(arg)
	if err != nil {
		return progress.Task{}, err
	}
	return tasks[0], nil
}

type nextCommand struct {
	What string `arg:"" optional:"" placeholder:"LESSON|TASK" help:"Go there instead."`
}

func (c *nextCommand) run(s *session) (bool, error) {
	if c.What == "" {
		return s.step(1)
	}
	t, err := s.one(c.What)
	if err != nil {
		return false, err
	}
	s.goTo(t)
	s.announce(t)
	return true, nil
}

type prevCommand struct{}

func (*prevCommand) run(s *session) (bool, error) { return s.step(-1) }

// step goes to a neighbour of the current task, whatever has passed.
func (s *session) step(by int) (bool, error) {
	at := max(s.course.Index(s.bookmark.Current), 0) + by
	switch {
	case at < 0:
		return false, text.Fail("this is the first task")
	case at >= len(s.course.Tasks):
		return false, text.Fail("this is the last task")
	}
	t := s.course.Tasks[at]
	s.goTo(t)
	s.announce(t)
	return true, nil
}
