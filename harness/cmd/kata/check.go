package main

import (
	"fmt"
	"path/filepath"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/policy"
	"udpkata/harness/text"
)

type checkCommand struct {
	Lessons []string `arg:"" optional:"" placeholder:"LESSON" help:"As in 02-echo, echo or 2; all of them without any."`
}

// run says what a grader would refuse of what stands in lessons/.
func (c *checkCommand) run(s *session) (bool, error) {
	var lessons []curriculum.Lesson
	for _, arg := range c.Lessons {
		lesson, err := s.lesson(arg)
		if err != nil {
			return false, err
		}
		lessons = append(lessons, lesson)
	}
	if len(c.Lessons) == 0 {
		for i, t := range s.course.Tasks {
			if i == 0 || t.Lesson.Name != s.course.Tasks[i-1].Lesson.Name {
				lessons = append(lessons, t.Lesson)
			}
		}
	}
	all := 0
	for _, l := range lessons {
		files, err := judge.Read(l, l.Dir)
		if err != nil {
			return false, err
		}
		for _, r := range policy.Check(l, files) {
			all++
			r.File = s.below(filepath.Join(l.Dir, r.File))
			fmt.Fprintln(s.out, r.In(text.Preferred()))
		}
	}
	if all == 0 {
		s.say("A grader would refuse nothing here.\n")
	}
	return all == 0, nil
}
