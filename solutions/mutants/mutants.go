// Package mutants holds the misconceptions that the lessons' tests must catch,
// each as a small edit of one solution.
package mutants

import (
	"fmt"
	"strings"
)

// A Mutant is one misconception.
type Mutant struct {
	Name          string // unique within the lesson
	Misconception string // a sentence: what somebody believes who writes this
	File          string // of the solution
	Find          string // stands in File exactly once
	Put           string // takes its place
	Import        string // a package that Put needs and File does not import; or ""
	KilledBy      string // the task that must fail
	Says          string // what its message must contain
	Means         string // what its message must say under "Most likely"; "" where the first line says it all
	Total         bool   // may fail more than half of the lesson's tasks
	Unsteady      bool   // two runs may differ in the rest of the message

	// Needs says what a machine lacks that can't kill the mutant, or returns nil
	// if it can; Needs itself is nil if any can.
	Needs func() error
}

// Of returns the mutants of a lesson, by its directory's name.
func Of(lesson string) []Mutant { return byLesson[lesson] }

var byLesson = map[string][]Mutant{
	"01-ports":     ports,
	"02-echo":      echo,
	"03-spoof":     spoof,
	"04-backoff":   backoff,
	"05-broadcast": broadcast,
	"06-pmtu":      pmtu,
}

// Apply makes the edit in a solution's text.
func (m Mutant) Apply(solution string) (string, error) {
	switch n := strings.Count(solution, m.Find); {
	case m.Find == "" || n == 0:
		return "", fmt.Errorf("mutant %s: the solution does not contain what it wants to replace", m.Name)
	case n > 1:
		return "", fmt.Errorf("mutant %s: the solution contains what it wants to replace %d times; want once", m.Name, n)
	case m.Find == m.Put:
		return "", fmt.Errorf("mutant %s: it replaces a text by itself", m.Name)
	}
	text := strings.Replace(solution, m.Find, m.Put, 1)
	if m.Import != "" {
		text = strings.Replace(text, "import (\n", fmt.Sprintf("import (\n\t%q\n", m.Import), 1)
	}
	return text, nil
}
