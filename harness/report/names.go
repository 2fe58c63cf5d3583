package report

import (
	"slices"
	"strings"
	"unicode"
)

// sameName reports whether two names can be one student's, as Moodle writes it in a table and in the name of a file:
// there with a group's name beside it, or in another order, and without what no file's name can have. Where one is not
// known, they can.
func sameName(a, b string) bool {
	if isApart(a) != isApart(b) { // as a Mac writes an é in a file's name
		a, b = plainLetters(a), plainLetters(b)
	}
	x, y := nameWords(a), nameWords(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	every := !slices.ContainsFunc(x, func(word string) bool { return !slices.Contains(y, word) })
	return every || sortedLetters(x) == sortedLetters(y)
}

// nameWords returns the words of a name, of letters and digits alone.
func nameWords(name string) (words []string) {
	isBetween := func(r rune) bool { return unicode.IsSpace(r) || r == '-' || r == '_' }
	for _, word := range strings.FieldsFunc(strings.ToLower(name), isBetween) {
		word = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
				return r
			}
			return -1
		}, word)
		if word != "" {
			words = append(words, word)
		}
	}
	return words
}

// sortedLetters returns what is the same for a name in any order.
func sortedLetters(words []string) string {
	letters := []rune(strings.Join(words, ""))
	slices.Sort(letters)
	return string(letters)
}

// isApart reports whether a letter stands apart from its accent, or in its parts.
func isApart(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.IsMark(r) || isJamo(r) })
}

// plainLetters returns the letters that are written in one way only: the others' parts can't be told here.
func plainLetters(name string) string {
	var plain []rune
	for _, r := range name {
		switch {
		case unicode.IsMark(r):
			plain = plain[:max(0, len(plain)-1)]
		case r < unicode.MaxASCII:
			plain = append(plain, r)
		}
	}
	return string(plain)
}
