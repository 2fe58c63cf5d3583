package stage

import (
	"strings"
	"unicode"
)

// mostClaim is how many bytes of a text are believed: no message shows more.
const mostClaim = 4 << 10

func cut(text string) string { return text[:min(len(text), mostClaim)] }

// visible returns what the stage has printed or said with nothing in it that a terminal or
// the reader of a test's output would obey.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, text)
	if strings.HasPrefix(text, "--- ") || strings.HasPrefix(text, "=== ") || text == "PASS" || text == "FAIL" {
		return " " + text
	}
	return text
}
