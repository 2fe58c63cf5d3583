package html

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/diagnosis"
	"udpkata/harness/grade"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A misconception is what many failures most likely mean, with one of them as an example that names nobody.
type misconception struct {
	Rule     string   `json:"rule"`
	Says     string   `json:"says"` // what it most likely means, as the example's author has read it
	Students int      `json:"students"`
	Tasks    []int    `json:"tasks"`             // in which it was met
	Example  *printed `json:"example,omitempty"` // what happened, with its ladder
}

// many is how many have to have read the very same for it to tell nothing of any of them: then a name in it is one of
// the story's, such as bob.
const many = 3

// mostShown is how many misconceptions are shown.
const mostShown = 8

// diagnoses has what failures most likely mean, by rule. Of each failure the likeliest meaning counts, which is the
// first; the story's own reason is another in each story.
type diagnoses map[string]*met

// A met is what one rule has said.
type met struct {
	rule     string
	last     int // student who met it
	students int
	tasks    map[int]bool
	examples map[string]*example
}

type example struct {
	says  string
	times int
	named bool // it says the name of whoever has written that code
}

// diagnose notes what went wrong in the submission of a student, who has a number.
func (r *report) diagnose(m grade.Mark, number int) {
	if r.diagnoses == nil {
		r.diagnoses = diagnoses{}
	}
	for _, l := range m.Lessons {
		for _, t := range l.Tasks {
			column, known := r.columns[l.Name+"/"+t.Name]
			if t.State == verdict.Passed || len(t.Rules) == 0 || !known {
				continue
			}
			what, says := told(t)
			key := t.Rules[0]
			if key == diagnosis.Because {
				key += " " + says
			}
			d := r.diagnoses[key]
			if d == nil {
				d = &met{rule: t.Rules[0], last: -1, tasks: map[int]bool{}, examples: map[string]*example{}}
				r.diagnoses[key] = d
			}
			if d.last != number {
				d.last = number
				d.students++
			}
			d.tasks[column] = true
			if what == "" || says == "" {
				continue
			}
			e := d.examples[what]
			if e == nil {
				e = &example{says: says}
				d.examples[what] = e
			}
			e.times++
			e.named = e.named || names(what+" "+says, m.Student) || names(what+" "+says, m.ID)
		}
	}
}

// most lists what the most students have met.
func (all diagnoses) most() []misconception {
	found := []misconception{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		d := all[key]
		m := misconception{Rule: d.rule, Students: d.students, Tasks: slices.Sorted(maps.Keys(d.tasks))}
		for _, what := range slices.SortedFunc(maps.Keys(d.examples), func(a, b string) int {
			return cmp.Or(cmp.Compare(drawn(b), drawn(a)), cmp.Compare(d.examples[b].times, d.examples[a].times),
				cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		}) {
			if e := d.examples[what]; !e.named || e.times >= many {
				m.Example, m.Says = &printed{what, wire.Diagrams(what)}, e.says
				break
			}
		}
		found = append(found, m)
	}
	slices.SortStableFunc(found, func(a, b misconception) int { return cmp.Compare(b.Students, a.Students) })
	return found[:min(mostShown, len(found))]
}

// drawn returns 1 for what has a ladder, and 0 for what has none.
func drawn(what string) int {
	if strings.ContainsAny(what, "▶◀") {
		return 1
	}
	return 0
}

// names reports whether a text has a part of a name in it, be it that of somebody else who is called so.
func names(s, name string) bool {
	const least = 3 // letters; a Han character counts as two
	s = strings.ToLower(s)
	for part := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if wire.Cells(part) >= least && strings.Contains(s, part) {
			return true
		}
	}
	return false
}

var mostLikely = text.Known("Most likely: ")

// told takes apart what a student has read of a failure: what happened, with the ladder, and the first of the sentences
// about what that most likely means. What the student's code has printed before is in neither.
func told(t grade.Task) (what, says string) {
	at, _, _ := strings.Cut(t.Reason, ": ")
	lines := strings.Split(text.Visible(t.Output), "\n")
	begin := -1
	for i, l := range lines {
		if at != "" && strings.HasPrefix(strings.TrimLeft(l, " "), at+": ") {
			begin = i
		}
	}
	if begin < 0 {
		return "", ""
	}
	lines = lines[begin:]
	margin := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " "))]
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, margin)
	}
	for i, l := range lines {
		for _, label := range []string{mostLikely.EN, mostLikely.ZH} {
			if first, ok := strings.CutPrefix(l, label); ok {
				first = strings.TrimLeft(first, " ")
				indent := wire.Cells(l) - wire.Cells(first)
				return strings.TrimSpace(strings.Join(lines[:i], "\n")), sentenceOf(first, lines[i+1:], indent)
			}
		}
	}
	return "", ""
}

// columns is how wide package failure folds what a failure most likely means, unless it is told to fold it wider.
const columns = 76

// sentenceOf unfolds the first of some sentences, each of which begins on a line of its own: what follows belongs to it
// as long as the two, folded together, make the same lines.
func sentenceOf(first string, rest []string, indent int) string {
	lines, width := []string{first}, max(columns-indent, wire.Cells(first))
	for _, l := range rest {
		trimmed := strings.TrimLeft(l, " ")
		if len(l)-len(trimmed) != indent || trimmed == "" {
			break
		}
		lines, width = append(lines, trimmed), max(width, wire.Cells(trimmed))
	}
	all := first
	for i, l := range lines[1:] {
		longer := all + between(all, l) + l
		if folded := wire.Fold(longer, width); !slices.Equal(folded[:min(i+1, len(folded))], lines[:i+1]) {
			break
		}
		all = longer
	}
	return all
}

// between returns what stands between two parts of a sentence that was folded there: a blank, but not beside wide
// marks, nor between wide characters.
func between(s, next string) string {
	before, _ := utf8.DecodeLastRuneInString(s)
	after, _ := utf8.DecodeRuneInString(next)
	wideBefore, wideAfter := wire.Cells(string(before)) > 1, wire.Cells(string(after)) > 1
	if wideBefore && (wideAfter || !unicode.IsLetter(before)) || wideAfter && !unicode.IsLetter(after) {
		return ""
	}
	return " "
}
