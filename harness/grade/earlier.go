package grade

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/intake"
	"udpkata/harness/text"
)

// An earlier run is what a directory has of one before another begins.
type earlier struct {
	head  Head
	names map[string]string // of students, by identity
	marks map[string]Mark   // by identity; nil if there are none
}

// readEarlier reads what a directory has. What can't be read there is nothing that could be lost.
func readEarlier(out string) (was earlier, err error) {
	paths, err := filepath.Glob(filepath.Join(out, classFiles))
	was.names = map[string]string{}
	for _, path := range paths {
		var p part
		if ok, err := readJSON(path, &p); err != nil || !ok {
			continue
		}
		was.head = p.Head
		for _, e := range p.Entries {
			was.names[e.identity()] = intake.Submission{System: e.System, Student: e.Student, ID: e.ID}.Who()
		}
	}
	if c, missing, err := Open(out); err == nil && len(missing) == 0 {
		was.marks, err = c.counting()
		if err != nil {
			was.marks = nil
		}
	}
	return was, err
}

func (e Entry) identity() string {
	return identity(intake.Submission{System: e.System, Student: e.Student, ID: e.ID})
}

// counting returns the marks that count, by identity, without what they are made of.
func (c *Class) counting() (marks map[string]Mark, err error) {
	marks = map[string]Mark{}
	err = c.Students(func(attempts []Mark) error {
		for _, m := range attempts {
			if m.Counts {
				id := m.identity()
				m.Lessons, m.Left, m.Notes = nil, nil, nil
				marks[id] = m
			}
		}
		return nil
	})
	return marks, err
}

// isOf returns an error if the directory has results of students who are not in a class: its marks would be gone.
func (was earlier) isOf(out string, class []intake.Submission) error {
	in := map[string]bool{}
	for _, s := range class {
		in[identity(s)] = true
	}
	var others []string
	for id, name := range was.names {
		if !in[id] {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	if len(others) == 0 {
		return nil
	}
	return text.Fail("%s has results of %d others who are not in this (%s): give another -o; or what they handed in, "+
		"too; or remove class-*.json in %s to have these alone from now on", out, len(others), text.Some(others), out)
}

// A Changes is what has become of the marks of those whom the run before had, too.
type Changes struct {
	Was, Is string   // the rules for being late
	ByRule  int      // marks that changed with what being late costs
	Other   []string // what else was otherwise, as in "lessons (02,03; now all)"
	New     int      // marks of those who had none
	Same    int      // marks that are as they were
	Changed []Change // by student
}

// others names what differs between two ways to grade, but for the rule for being late.
func (h Head) others(now Head) (names []string) {
	for _, one := range []struct{ what, was, is string }{
		{"--lessons", cmp.Or(h.Lessons, "all"), cmp.Or(now.Lessons, "all")},
		{"--attempt", h.Which, now.Which},
		{"UDPKATA_LANG", h.Language, now.Language},
		{"policy", fmt.Sprint(h.Policy), fmt.Sprint(now.Policy)},
		{"Go", h.Go, now.Go},
		{"class.key", h.Class, now.Class},
		{"course", h.Course, now.Course},
	} {
		if one.was != one.is {
			names = append(names, fmt.Sprintf("%s %s → %s", one.what, one.was, one.is))
		}
	}
	return names
}

// A Change is a mark that is another now.
type Change struct {
	Who      string
	From, To float64
}

// changes compares the marks of a class with those before.
func (was earlier) changes(c *Class) (*Changes, error) {
	marks, err := c.counting()
	if err != nil || was.marks == nil {
		return nil, err
	}
	all := &Changes{Was: was.head.Rule, Is: c.Head.Rule, Other: was.head.others(c.Head)}
	for id, m := range marks {
		before, ok := was.marks[id]
		switch {
		case !ok:
			all.New++
			continue
		case before.Mark == m.Mark:
			all.Same++
			continue
		case before.Factor != m.Factor:
			all.ByRule++
		}
		all.Changed = append(all.Changed, Change{was.names[id], before.Mark, m.Mark})
	}
	slices.SortFunc(all.Changed, func(a, b Change) int { return strings.Compare(a.Who, b.Who) })
	return all, nil
}
