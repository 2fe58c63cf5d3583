package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/text"
)

// mostShown is how many characters of a name or a literal are shown.
const mostShown = 100

// checkLetters refuses characters that make a file look other than it is.
func (s *submission) checkLetters(name string, content []byte) {
	before, line := rune(0), 1
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if ' ' <= r && r <= '~' {
			before, i = r, i+size
			continue
		}
		next, _ := utf8.DecodeRune(content[i+size:])
		switch {
		case r == '\n':
			line++
		case r == '\r' && next != '\n' && next != '\r':
			s.refuse(name, line, text.Say("a carriage return stands within the line (%s), which hides what is "+
				"before it; "+
				"take it out", `\r`))
		case r == '\uFEFF' && i == 0, r == '\t', r == '\r', r == utf8.RuneError:
		case isZeroWidth(r): // which is pasted along from pages, and can stand in no name
		case joins(r) && (before >= utf8.RuneSelf || next == '\u20E3'): // as in emoji and some scripts
		case turns(r):
			s.refuse(name, line, text.Say("the character %s turns the direction of writing, so that code looks "+
				"other than "+
				"it is; take it out, or write it as an escape in a string", escaped(r)))
		case unseen(r):
			s.refuse(name, line, text.Say("the character %s is not seen; take it out, or write it as an escape in "+
				"a string",
				escaped(r)))
		}
		before = r
		i += size
	}
}

// turns reports whether a character changes the direction of writing.
func turns(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// isZeroWidth reports whether a character says where a line may be broken, and nothing else.
func isZeroWidth(r rune) bool { return slices.Contains([]rune{'\u00AD', '\u200B', '\u2060'}, r) }

// joins reports whether a character changes how its neighbours are drawn, and has its place between them.
func joins(r rune) bool {
	return r == '\u200C' || r == '\u200D' || unicode.Is(unicode.Variation_Selector, r)
}

// unseen reports whether a character leaves no mark, or is a terminal's to obey.
func unseen(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u034F', '\u17B4', '\u17B5', '\u2800': // letters and marks
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) ||
		r == '\u2028' || r == '\u2029'
}

// escaped returns a character as Go writes it in a string where it can't stand for itself.
func escaped(r rune) string {
	if r > 0xFFFF {
		return fmt.Sprintf(`\U%08X`, r)
	}
	return fmt.Sprintf(`\u%04X`, r)
}

// shown returns a text in which each character is seen, and the end of a long one is left out.
func shown(s string) string { return marked(s, unseen) }

// marked returns a text with some of its characters escaped.
func marked(s string, which func(rune) bool) string {
	var b strings.Builder
	n := 0
	for i, r := range s {
		if n++; n > mostShown {
			return b.String() + "…"
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case which(r) || unseen(r):
			b.WriteString(escaped(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// lookalikes has letters of Greek and Cyrillic that look like one of Latin, and that one.
var lookalikes = func() map[rune]rune {
	all := map[rune]rune{}
	for _, pair := range []struct{ theirs, latin string }{
		{"АВЕКМНОРСТУХІЈЅԌԚԜҮаеорсухіјѕԁһԛԝүѵ", "ABEKMHOPCTYXIJSGQWYaeopcyxijsdhqwyv"},
		{"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϳ", "ABEZHIKMNOPTYXovj"},
	} {
		latin := []rune(pair.latin)
		for i, r := range []rune(pair.theirs) {
			all[r] = latin[i]
		}
	}
	return all
}()

func isLookalike(r rune) bool { return r >= utf8.RuneSelf && lookalikes[r] != 0 }

// skeleton returns a name with each letter that looks like a Latin one as that one.
func skeleton(name string) string {
	return strings.Map(func(r rune) rune {
		if latin, ok := lookalikes[r]; ok {
			return latin
		}
		return r
	}, name)
}

// misleads reports whether a name looks like another: it has letters of Latin and others that look like those, or looks
// like one of the names in use.
func misleads(name string, used func(string) bool) bool {
	if !strings.ContainsFunc(name, isLookalike) {
		return false
	}
	plain := skeleton(name)
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) || used(plain)
}
