package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/text"
	"udpkata/harness/watch"
)

// A screen is what a watch shows on a terminal, which is drawn anew each time.
type screen struct {
	*session
	terminal *terminal
	extra    string                                         // what a key asked for, below all else
	note     string                                         // what a key did to files, until the next key
	answer   func(w *watch.Watch, yes bool) (string, error) // what the next key is the answer to
	again    bool                                           // it is drawn for another reason than a verdict
}

// clearing empties the screen, and what was above it stays where it was.
const clearing = "\x1b[H\x1b[J"

// Show draws all, with the failure last. While a task runs, what was seen before stays in sight.
func (s *screen) Show(v watch.View) error {
	s.take(v)
	waits := v.Running && v.Passed == ""
	if !s.again {
		s.extra, s.answer = "", nil
	}
	if t, known := v.Task(); waits && !s.again && known && t.State != "" {
		fmt.Fprintln(s.out)
		s.sayRunning(v)
		return s.flush()
	}
	fmt.Fprint(s.out, clearing)
	if v.Passed != "" {
		s.praise(v)
	}
	s.status(v)
	s.sayKeys()
	if v.Polling != nil {
		s.sayPolling(v)
	}
	fmt.Fprint(s.out, s.note)
	fmt.Fprintln(s.out)
	if v.Running {
		s.sayRunning(v)
	} else {
		s.verdict(v)
	}
	if s.extra != "" {
		fmt.Fprintf(s.out, "\n%s", s.extra)
	}
	return s.flush()
}

func (s *screen) sayKeys() {
	var all []string
	for _, k := range keys {
		all = append(all, fmt.Sprintf("%c %s", k.key, k.does.In(text.Preferred())))
	}
	fmt.Fprintln(s.out, strings.Join(all, "  "))
}

// follow asks a watch to do what keys, and the terminal, ask for.
func (s *screen) follow(ctx context.Context, do chan<- func(*watch.Watch) error) {
	go read(ctx, s.terminal.in, do, s.key)
	go s.terminal.follow(ctx, func(act func() error) {
		select {
		case <-ctx.Done():
		case do <- func(w *watch.Watch) error {
			if err := act(); err != nil {
				return err
			}
			return s.redraw(w)
		}:
		}
	})
}

func (s *screen) redraw(w *watch.Watch) error {
	s.again = true
	defer func() { s.again = false }()
	return w.Show()
}

// below says something under the rest.
func (s *screen) below(said string) error {
	s.extra = printable(said)
	fmt.Fprintf(s.out, "\n%s", s.extra)
	return s.flush()
}

// key does what a key asks for.
func (s *screen) key(w *watch.Watch, key byte) error {
	s.note = ""
	if answer := s.answer; answer != nil && key != suspendKey {
		s.answer = nil
		said, err := answer(w, key == 'y' || key == 'Y')
		return errors.Join(err, s.below(said))
	}
	switch key {
	case 'q', 'Q':
		return watch.ErrQuit
	case 'n', 'p':
		by := map[byte]int{'n': 1, 'p': -1}[key]
		if moved, err := w.Move(by); moved || err != nil {
			return err
		}
		return s.below(s.said(func(s *session) error {
			if by > 0 {
				s.say("This is the last task.\n")
			} else {
				s.say("This is the first task.\n")
			}
			return nil
		}))
	case 'r':
		return w.Rerun()
	case 'h':
		return s.below(s.said(func(s *session) error {
			_, err := (&hintCommand{What: w.View().Current}).run(s)
			return err
		}))
	case 'l':
		return s.below(s.said(func(s *session) error { s.list(); return nil }))
	case 'e':
		return s.edit(w)
	case 's':
		return s.below(s.said(func(s *session) error {
			_, err := s.solve(lessonOf(w), false)
			return err
		}))
	case 'x':
		return s.askReset(w)
	case '?':
		return s.below(s.said(func(s *session) error { s.help(); return nil }))
	case suspendKey:
		if err := s.terminal.suspend(s); err != nil {
			return err
		}
		return s.redraw(w)
	case interruptKey: // where the system makes no signal of it
		return watch.ErrQuit
	}
	return nil
}

// said returns what a command prints, or why it did not do what it should.
func (s *session) said(command func(*session) error) string {
	var b bytes.Buffer
	own := *s
	own.out = bufio.NewWriter(&b)
	if err := command(&own); err != nil {
		fmt.Fprintln(own.out, err)
	}
	own.out.Flush()
	return b.String()
}

// edit opens the current task in the editor, which has the terminal while it runs.
func (s *screen) edit(w *watch.Watch) error {
	s.terminal.restore()
	said := s.said(func(s *session) error {
		_, err := (&openCommand{What: w.View().Current}).run(s)
		return err
	})
	if err := s.terminal.set(); err != nil {
		return err
	}
	s.extra = printable(said)
	return s.redraw(w)
}

// askReset asks before it resets the current task's lesson.
func (s *screen) askReset(w *watch.Watch) error {
	lesson := lessonOf(w)
	s.answer = func(w *watch.Watch, yes bool) (string, error) {
		// The lesson is judged anew at once, and this is to be seen still.
		s.note = printable(s.said(func(own *session) error {
			if !yes {
				own.say("Nothing was changed.\n")
				return nil
			}
			return own.reset(lesson)
		}))
		return s.note, nil
	}
	return s.below(s.said(func(s *session) error {
		s.say("Give %s back its files as they were handed out? Yours are kept beside them. (y/n)\n", lesson.Name)
		return nil
	}))
}

func lessonOf(w *watch.Watch) curriculum.Lesson {
	t, _ := w.View().Task()
	return t.Lesson
}

// help says what the keys do.
func (s *session) help() {
	s.say(`h  shows one hint more
l  lists all tasks
n  goes on to the next task, and p back to the one before, whatever has passed
r  runs the task again; a file that you save is run by itself
e  opens the task's line in your editor ($VISUAL or $EDITOR)
s  shows the solution
x  gives the lesson back its files as they were handed out, and keeps yours
q  quits
`)
}
