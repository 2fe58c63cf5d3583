package main

import (
	"fmt"
	"strings"
	"unicode"

	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/watch"
)

// lines are what a watch says where there is no terminal: one thing after the other.
type lines struct {
	*session
	begun   bool
	polling bool
}

// Show says what is new.
func (l *lines) Show(v watch.View) error {
	l.take(v)
	if v.Polling != nil && !l.polling {
		l.polling = true
		l.sayPolling(v)
	}
	switch {
	case v.Running && v.Passed != "":
		l.praise(v)
	case v.Running && !l.begun:
		l.begun = true
		l.sayRunning(v)
	case !v.Running:
		l.status(v)
		l.verdict(v)
		fmt.Fprintln(l.out)
	}
	return l.flush()
}

func (s *session) flush() error {
	if err := s.out.Flush(); err != nil {
		return text.Fail("the report could not be written: %v", err)
	}
	return nil
}

// status says how far one is, and with what.
func (s *session) status(v watch.View) {
	s.bar(s.course.Tasks)
	if t, known := v.Task(); known && !v.Done {
		s.say("Now: %s, %s\n", t.ID(), s.at(t.Place()))
	}
}

// verdict says how the current task ends, and the failure last.
func (s *session) verdict(v watch.View) {
	t, known := v.Task()
	switch {
	case v.Err != nil:
		first, _, _ := strings.Cut(v.Err.Error(), "\n")
		s.say("Nothing could be judged: %s\n", printable(first))
	case v.Done:
		s.say("Every task passes that this computer can tell of. Well done!\n")
	case !known || t.State == "":
		s.sayRunning(v)
	case t.State == verdict.Passed:
		s.say("This one passes.\n")
	case t.State == verdict.Todo || t.State == verdict.NotRun || t.State == verdict.Skipped:
		fmt.Fprintf(s.out, "%s\n", printable(t.Reason))
	default:
		fmt.Fprintf(s.out, "%s\n", printable(message(t)))
	}
}

func (s *session) sayRunning(v watch.View) {
	if t, known := v.Task(); known && t.State != "" {
		s.say("Running %s …\n", t.ID())
	} else {
		s.say("Running all tasks, to see where you are … The first time takes a while; " +
			"what you save meanwhile counts.\n")
	}
}

func (s *session) sayPolling(v watch.View) {
	s.say("The files are looked at twice a second, as this computer does not say when they change (%s).\n",
		printable(v.Polling.Error()))
}

// praise says a line for a task that has just passed.
func (s *session) praise(v watch.View) {
	i := v.Course.Index(v.Passed)
	if i < 0 {
		return
	}
	t := v.Course.Tasks[i]
	lesson, _ := v.Course.Find(t.Lesson.Name, "")
	passed, _, _, _ := count(v.Course.Tasks)
	switch {
	case allDone(lesson):
		s.say("★ %s passes, and with it all of %s. Congratulations!\n", t.Task.Name, t.Lesson.Name)
	case passed%3 == 0:
		s.say("✓ %s passes. Well done!\n", t.Task.Name)
	case passed%3 == 1:
		s.say("✓ %s passes. That's it!\n", t.Task.Name)
	default:
		s.say("✓ %s passes. Nicely written!\n", t.Task.Name)
	}
}

// printable returns a text in which nothing tells a terminal what to do, whatever a student's program printed.
func printable(said string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(said, "\uFFFD"), "\r\n", "\n") {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}

// keys are those of a watch, with what they do.
var keys = []struct {
	key  byte
	does text.Text
}{
	{'h', text.Say("hint")},
	{'l', text.Say("list")},
	{'n', text.Say("next")},
	{'p', text.Say("previous")},
	{'r', text.Say("rerun")},
	{'e', text.Say("editor")},
	{'s', text.Say("solution")},
	{'x', text.Say("reset")},
	{'q', text.Say("quit")},
	{'?', text.Say("help")},
}
