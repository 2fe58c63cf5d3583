package text

import (
	"strings"
	"unicode"
)

// Visible returns a text with nothing in it that a terminal would obey, or that would let it be read in another order
// than it was written: what strangers write, and how they name their files, gets into what is said of them. Its lines
// stay lines.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// VisibleLine does what Visible does, and makes one line of it.
func VisibleLine(s string) string { return line.Replace(Visible(s)) }

var line = strings.NewReplacer("\n", " ", "\t", " ")
