package wire

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Cells returns how many columns of a terminal a text takes: two for a wide character,
// none for a mark that goes on top of the one before it (Unicode's annex 11).
func Cells(s string) (n int) {
	for _, r := range s {
		n += cells(r)
	}
	return n
}

func cells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	for _, w := range wide {
		if r < w.first {
			return 1
		}
		if r <= w.last {
			return 2
		}
	}
	return 1
}

// wide are the ranges of Unicode's East Asian Wide and Fullwidth, in order, the gaps
// of a few unassigned characters between them left out.
var wide = []struct{ first, last rune }{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x25fd, 0x25fe},
	{0x2614, 0x2615}, {0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab},
	{0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3},
	{0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
	{0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0},
	{0x27bf, 0x27bf}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0x33ff},
	{0x3400, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19},
	{0xfe30, 0xfe6b}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18aff}, {0x1b000, 0x1b2fb}, {0x1f004, 0x1f004},
	{0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
	{0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
	{0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
	{0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4},
	{0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6df}, {0x1f6eb, 0x1f6ec},
	{0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
}

// cut shortens a text to so many cells, with an ellipsis at its end.
func cut(s string, room int, ellipsis string) string {
	if Cells(s) <= room {
		return s
	}
	room -= Cells(ellipsis)
	used := 0
	for i, r := range s {
		if used += cells(r); used > room {
			return s[:i] + ellipsis
		}
	}
	return s
}

// quoteFit writes a payload as a Go string in so many cells: a longer one is cut in
// the middle; one of more than 64 bytes is followed by its length, if there is room.
func quoteFit(payload []byte, room int, g glyphs) string {
	const enough = 512 // bytes at either end: no terminal is so wide
	if len(payload) <= 2*enough {
		if all := g.quote(string(payload)); Cells(all) <= room {
			return all
		}
	}
	size := ""
	if room >= 22 && len(payload) > 64 {
		size = " (" + strconv.Itoa(len(payload)) + " bytes)"
	}
	room -= len(`""`) + Cells(g.ellipsis) + Cells(size)
	head := fit(payload, room*2/3, false, g)
	tail := fit(payload, room-Cells(head), true, g)
	return `"` + head + g.ellipsis + tail + `"` + size
}

// fit quotes as many characters of one end of a payload as there is room for.
func fit(payload []byte, room int, fromEnd bool, g glyphs) (quoted string) {
	for len(payload) > 0 {
		_, size := utf8.DecodeRune(payload)
		one, rest := payload[:size], payload[size:]
		if fromEnd {
			_, size = utf8.DecodeLastRune(payload)
			one, rest = payload[len(payload)-size:], payload[:len(payload)-size]
		}
		next := g.quote(string(one))
		next = next[1 : len(next)-1]
		if room -= Cells(next); room < 0 {
			break
		}
		payload = rest
		if fromEnd {
			quoted = next + quoted
		} else {
			quoted += next
		}
	}
	return quoted
}
