package main

import (
	"fmt"
	"regexp"
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
	if err := s.course.Judge(s, tasks); err != nil {
		return false, err
	}
	for i, t := range tasks {
		tasks[i] = s.course.Tasks[s.course.Index(t.ID())]
	}
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
				fmt.Fprintf(s.out, "\n%s\n", message(t))
			}
		default:
			fmt.Fprintf(s.out, "  %s\n", t.Reason)
		}
	}
	if len(tasks) > 1 {
		s.bar(tasks)
	}
	if allDone(tasks) && len(tasks) == 1 {
		s.say("It passes. go tool kata next goes on.\n")
	}
	return allDone(tasks), nil
}

// mostLines is how much of a message is shown.
const mostLines = 200

// ended is how go test says that a test, or a story of one, has ended.
var ended = regexp.MustCompile(`(?m)^ *--- (PASS|SKIP|FAIL): (\S+).*\n?`)

// message returns what a student reads of a failure: which story failed, and then what went wrong. Of a flood it is the
// beginning and the end.
func message(t progress.Task) string {
	said := ended.ReplaceAllString(t.Output, "")
	if said == "" {
		said = t.Reason
	}
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

type nextCommand struct{}

func (*nextCommand) run(s *session) (bool, error) { return s.step(1) }

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
