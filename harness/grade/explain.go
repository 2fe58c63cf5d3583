package grade

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// Explain writes what a directory has of a student, named as in grades.csv, by name or by number, as the student would
// see it: of all lessons, or of some.
func Explain(w io.Writer, out, student string, lessons ...string) error {
	c, _, err := Open(out)
	if err != nil {
		return err
	}
	if c == nil {
		return text.Fail("%s has nothing of a class: give what go tool kata grade had as -o", out)
	}
	if lessons, err = c.lessons(lessons); err != nil {
		return err
	}
	var near []string
	c.entries = slices.DeleteFunc(c.entries, func(e Entry) bool {
		if contains := strings.Contains(strings.ToLower(e.Student), strings.ToLower(student)); contains {
			near = append(near, text.VisibleLine(e.Student))
		}
		asListed := e
		asListed.Attempts = 1
		return !slices.ContainsFunc([]string{e.Student, e.ID, asListed.who()}, func(name string) bool {
			return name != "" && strings.EqualFold(name, student)
		})
	})
	if len(c.entries) == 0 {
		const most = 3
		if near = slices.Compact(near); len(near) > 0 && len(near) <= most {
			return text.Fail("%s has nothing of %q: did you mean %s?", out, student, strings.Join(near, ", "))
		}
		return text.Fail("%s has nothing of %q: grades.csv has the names", out, student)
	}
	if c.Begun != "" {
		fmt.Fprintln(w, c.Unfinished().In(text.Preferred()))
	}
	return c.Students(func(attempts []Mark) error {
		for _, m := range attempts {
			c.Explain(w, m, lessons...)
		}
		return nil
	})
}

// lessons returns the names of the lessons that are meant, as in 02-echo, echo or 2.
func (c *Class) lessons(meant []string) (names []string, err error) {
	var all []string
	for _, t := range c.Tasks {
		all = append(all, t.Lesson)
	}
	all = slices.Compact(all)
	for _, arg := range meant {
		i := slices.IndexFunc(all, func(name string) bool { return curriculum.IsNamed(name, arg) })
		if i < 0 {
			return nil, text.Fail("there is no lesson %q with marks; there are %s", arg, strings.Join(all, ", "))
		}
		names = append(names, all[i])
	}
	return names, nil
}

// Explain writes a mark for the student, with what there is to say of each task, of all lessons unless some are named.
func (c *Class) Explain(w io.Writer, m Mark, lessons ...string) {
	say := func(format string, args ...any) { fmt.Fprint(w, text.Say(format, args...).In(text.Preferred())) }
	if m.Factor != 1 {
		say("%s: %s of %d points: %d, times %s for being late\n", m.who(), decimal(m.Mark), m.Of, m.Earned,
			decimal(m.Factor))
	} else {
		say("%s: %s of %d points\n", m.who(), decimal(m.Mark), m.Of)
	}
	if m.Time != nil && m.Clock != "" {
		say("Handed in at %s: %s.\n", m.Time.Format("2006-01-02 15:04:05 -07:00"), m.Clock.Says())
	}
	if m.LateBy != "" {
		say("That is %s late; due date and policy: %s\n", m.LateBy, c.Head.Rule)
	}
	if m.Refused != nil {
		fmt.Fprintln(w, m.Refused.In(text.Preferred()))
	}
	for _, note := range m.Notes {
		fmt.Fprintln(w, note.In(text.Preferred()))
	}
	for _, l := range m.Lessons {
		if len(lessons) == 0 || slices.Contains(lessons, l.Name) {
			c.explain(w, l)
		}
	}
	if len(m.Left) > 0 {
		fmt.Fprintln(w)
	}
	for _, l := range byReason(m.Left) {
		say("left out: %s: %s\n", l.Path, l.Reason)
	}
}

// byReason returns what was left out with one path for all that were for the same reason, which is a list then.
func byReason(left []intake.Left) (all []intake.Left) {
	var paths [][]string
	for _, l := range left {
		i := slices.IndexFunc(all, func(other intake.Left) bool { return other.Reason == l.Reason })
		if i < 0 {
			i = len(all)
			all, paths = append(all, l), append(paths, nil)
		}
		paths[i] = append(paths[i], l.Path)
	}
	for i, some := range paths {
		all[i].Path = text.Some(some)
	}
	return all
}

// explain writes what became of a lesson's tasks.
func (c *Class) explain(w io.Writer, l Lesson) {
	say := func(format string, args ...any) { fmt.Fprint(w, text.Say(format, args...).In(text.Preferred())) }
	earned, of, out := 0, 0, map[string]bool{}
	for _, t := range c.Tasks {
		if t.Lesson == l.Name && t.Out {
			out[t.Task] = true
		}
	}
	for _, t := range l.Tasks {
		switch {
		case out[t.Name]:
			continue
		case t.State == verdict.Passed:
			earned += t.Points
		}
		of += t.Points
	}
	say("\n%s: %d of %d points\n", l.Name, earned, of)
	for _, note := range l.Notes {
		fmt.Fprintln(w, note)
	}
	last := ""
	for _, t := range l.Tasks {
		points := strconv.Itoa(t.Points)
		if out[t.Name] {
			points = "–"
		}
		fmt.Fprintf(w, "  %-15s %s  %s\n", text.Known(string(t.State)).In(text.Preferred()), points, t.Name)
		if t.State == verdict.Passed || t.Reason == last {
			continue
		}
		last = t.Reason
		output := t.Feedback()
		says := squeezed(output)
		if says == squeezed(t.Reason) || t.State == verdict.Todo { // whose output is the reason, and where it was met
			output = ""
		}
		if output == "" || !strings.Contains(says, squeezed(t.Reason)) {
			fmt.Fprintf(w, "      %s\n", t.Reason)
		}
		if t.First != "" {
			say("      (It was judged twice. The first time: %s)\n", t.First)
		}
		if output != "" {
			fmt.Fprintf(w, "\n%s\n", indent(output))
		}
	}
}

// squeezed returns a text without blanks, by which one that was folded is known again.
func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

var (
	storyPassed = regexp.MustCompile(`(?m)^ *--- PASS: .*\n?`)
	seconds     = regexp.MustCompile(`(?m)^( *--- (?:FAIL|SKIP): \S+) \(\d+\.\d+s\)$`)
)

// Feedback returns what a student reads of a task's output: not how long the tests took, which differs each time, nor
// which stories went well.
func (t Task) Feedback() string {
	output := storyPassed.ReplaceAllString(text.Visible(t.Output), "")
	return strings.Trim(seconds.ReplaceAllString(output, "$1"), "\n")
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
