package grade

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// Explain writes what a directory has of a student, named as in grades.csv, by name or by number, as the student would
// see it.
func Explain(w io.Writer, out, student string) error {
	c, _, err := Open(out)
	if err != nil {
		return err
	}
	if c == nil {
		return text.Fail("%s has nothing of a class: give what go tool kata grade had as -o", out)
	}
	c.entries = slices.DeleteFunc(c.entries, func(e Entry) bool {
		return !strings.EqualFold(e.Student, student) && (e.ID == "" || e.ID != student)
	})
	if len(c.entries) == 0 {
		return text.Fail("%s has nothing of %q: grades.csv has the names", out, student)
	}
	return c.Students(func(attempts []Mark) error {
		for _, m := range attempts {
			m.Explain(w)
		}
		return nil
	})
}

// Explain writes a mark for the student, with what there is to say of each task.
func (m Mark) Explain(w io.Writer) {
	say := func(format string, args ...any) { fmt.Fprint(w, text.Say(format, args...).In(text.Preferred())) }
	say("%s: %d of %d points", m.who(), m.Earned, m.Of)
	if m.Factor != 1 {
		say(", times %s for being late", decimal(m.Factor))
	}
	fmt.Fprintln(w)
	if m.Refused != nil {
		fmt.Fprintln(w, m.Refused.In(text.Preferred()))
	}
	for _, note := range m.Notes {
		fmt.Fprintln(w, note.In(text.Preferred()))
	}
	for _, l := range m.Left {
		say("left out: %s: %s\n", l.Path, l.Reason)
	}
	for _, l := range m.Lessons {
		fmt.Fprintf(w, "\n%s\n", l.Name)
		for _, note := range l.Notes {
			fmt.Fprintln(w, note)
		}
		last := ""
		for _, t := range l.Tasks {
			fmt.Fprintf(w, "  %-15s %d  %s\n", text.Known(string(t.State)).In(text.Preferred()), t.Points, t.Name)
			if t.State == verdict.Passed || t.Reason == last {
				continue
			}
			last = t.Reason
			fmt.Fprintf(w, "      %s\n", t.Reason)
			if t.First != "" {
				say("      (It was judged twice. The first time: %s)\n", t.First)
			}
			if t.Output != "" {
				fmt.Fprintf(w, "\n%s\n", indent(t.Output))
			}
		}
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
