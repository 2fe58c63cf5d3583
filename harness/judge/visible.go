package judge

import (
	"strings"
	"unicode"
)

// visible returns a text with nothing in it that a terminal would obey, or that would let it be read in another order
// than it was written: somebody's files, and their names, get into what the compiler and the judge say of them.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// visible makes all texts of a report so. A reason, and a note, is one line.
func (r *Report) visible() {
	line := strings.NewReplacer("\n", " ", "\t", " ")
	for i := range r.Results {
		res := &r.Results[i]
		res.Reason, res.Output = line.Replace(visible(res.Reason)), visible(res.Output)
	}
	for i, note := range r.Notes {
		r.Notes[i] = line.Replace(visible(note))
	}
}
