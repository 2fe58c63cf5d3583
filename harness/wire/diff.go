package wire

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/text"
)

// Diff shows where two payloads part: with a caret below text, with offsets beside
// other bytes. It is "" if they are equal, or have too little in common for that to
// help.
func Diff(want, got string, l text.Language) string {
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	switch {
	case want == got, want == "", at < leastCommon && at < min(len(want), len(got)):
		return ""
	case at == len(got):
		return text.Say("What came is the beginning: %d of the %d bytes.", len(got), len(want)).In(l) + "\n"
	case at == len(want):
		return text.Say("What came goes on after the %d wanted bytes: %s", len(want), Quote(got[at:])).In(l) + "\n"
	}
	if !readable(window(want, at)) || !readable(window(got, at)) {
		return hexDiff(want, got, at, l)
	}
	for !utf8.RuneStart(want[at]) || !utf8.RuneStart(got[at]) {
		at-- // to the beginning of the character
	}
	from := at
	for n := 0; n < before && from > 0; n++ {
		_, size := utf8.DecodeLastRuneInString(want[:from])
		from -= size
	}
	shown := func(s string) string {
		end := at
		for n := 0; n < after && end < len(s); n++ {
			_, size := utf8.DecodeRuneInString(s[end:])
			end += size
		}
		quote := strconv.Quote(s[from:end])
		if from > 0 {
			quote = "…" + quote
		}
		if end < len(s) {
			quote += "…"
		}
		return quote
	}
	margin := Cells(strconv.Quote(want[from:at])) - 1
	if from > 0 {
		margin++
	}
	wanted, came := labels(l)
	return fmt.Sprintf("%s%s\n%s%s\n%s^ %s\n", wanted, shown(want), came, shown(got),
		strings.Repeat(" ", Cells(came)+margin), text.Say("they part at byte %d", at).In(l))
}

// How much of two payloads has to be equal for a diff to help, and how many
// characters are shown before and after where they part.
const (
	leastCommon = 4
	before      = 20
	after       = 16
)

// labels returns two that are as wide as each other.
func labels(l text.Language) (wanted, came string) {
	wanted, came = text.Say("wanted").In(l), text.Say("came").In(l)
	width := max(Cells(wanted), Cells(came)) + 2
	return wanted + strings.Repeat(" ", width-Cells(wanted)), came + strings.Repeat(" ", width-Cells(came))
}

// window returns what is near an offset.
func window(s string, at int) string { return s[max(0, at-before):min(len(s), at+after)] }

// readable reports whether a text can be shown as it is, but for where it was cut.
func readable(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError && i > 3 && i < len(s)-3 ||
			!unicode.IsPrint(r) && !unicode.IsSpace(r) && r != utf8.RuneError {
			return false
		}
	}
	return true
}

// hexDiff shows the rows of bytes in which two payloads part.
func hexDiff(want, got string, at int, l text.Language) string {
	const row = 16
	begin := at / row * row
	shown := func(s string) string {
		return fmt.Sprintf("%04x  % x", begin, s[begin:min(len(s), begin+row)])
	}
	wanted, came := labels(l)
	margin := Cells(came) + len("0000  ") + 3*(at-begin)
	return fmt.Sprintf("%s%s\n%s%s\n%s^^ %s\n", wanted, shown(want), came, shown(got),
		strings.Repeat(" ", margin), text.Say("they part at byte %d", at).In(l))
}
