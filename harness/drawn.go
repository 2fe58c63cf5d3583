package harness

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/verdict"
)

// This file is about what a story draws where the seed is not the usual one, as in grading: texts and
// numbers that are otherwise the same each time, and could be answered by heart. All of it comes from
// the seed and the story's name, so that everybody meets the same.

// Text returns a text for the story to send, or to hear: usual, or one that is drawn in its place, in
// each story another one. Letters, digits, Chinese characters, and bytes that are no UTF-8 become
// others of their kind, and letters are put in behind the first of them, as many in all texts of the
// story: so the longer one of two stays the longer one. What else there is, such as blanks, line ends
// and NUL, stays as it is. The same text always becomes the same.
func (w *World) Text(usual string) string {
	r := w.draws("text", usual)
	if r == nil {
		return usual
	}
	growth := 8 + w.draws("growth").IntN(40)
	var b strings.Builder
	for rest := usual; rest != ""; {
		c, size := utf8.DecodeRuneInString(rest)
		other := another(r, c, size)
		if other == "" {
			b.WriteString(rest[:size])
		}
		b.WriteString(other)
		for ; other != "" && growth > 0; growth-- {
			b.WriteString(another(r, 'a', 1))
		}
		rest = rest[size:]
	}
	return b.String()
}

// another draws a character of the same kind as c, which has size bytes. It returns "" for one that stays.
func another(r *rand.Rand, c rune, size int) string {
	among := func(first, last rune) string { return string(first + r.Int32N(last-first+1)) }
	switch {
	case c >= 'a' && c <= 'z':
		return among('a', 'z')
	case c >= 'A' && c <= 'Z':
		return among('A', 'Z')
	case c >= '0' && c <= '9':
		return among('0', '9')
	case c == utf8.RuneError && size == 1:
		return string([]byte{0xf8 + byte(r.IntN(8))}) // which UTF-8 never has
	case unicode.Is(unicode.Han, c) && size == 3:
		return among('一', '龥')
	}
	return ""
}

// Number returns a number, or an instant, for a story: usual, or one from low to high that is drawn in
// its place, in each story another one. The same arguments always give the same.
func Number[N ~int | ~int64](w Caller, usual, low, high N) N {
	r := w.draws("number", usual, low, high)
	if r == nil {
		return usual
	}
	return low + N(r.Int64N(int64(high-low)+1))
}

// draws returns a source of random numbers for one thing that the story needs, or nil if that is as usual.
func (w *World) draws(what ...any) *rand.Rand {
	seed, again, err := theSeed()
	if err != nil {
		w.fatal(verdict.NotRun, "%v.", err)
	}
	if seed == usualSeed {
		return nil
	}
	w.rec.Update(func() { w.again = again })
	// What somebody sees of one story tells nothing of the others.
	return secretly("%d %q %v", seed, w.story, what)
}

// secretly returns a source of random numbers out of a seed and of what it is for. Of what comes of it, nobody can work
// out the seed.
func secretly(format string, args ...any) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, format, args...))))
}
