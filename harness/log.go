package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// theLog and theNotes say whose lines they are: the student's code writes a log, and the story's own code notes what
// it was told.
var theLog, theNotes = text.Say("the log"), text.Say("the test's record")

// checkLog holds what was written to a log, one Write each, to the wanted lines: the
// first is the first, the others come in any order.
func checkLog(log text.Text, writes, want []string) text.Text {
	got, wrong := lines(log, writes, want)
	switch {
	case !wrong.IsZero():
		return wrong
	case got[0] != want[0]:
		return text.Say("%s begins with the line\n    %s\nand the story wants\n    %s", log, shorten(got[0]), want[0])
	}
	return checkLogInAnyOrder(log, writes, want)
}

// lines returns what was written, if each Write is one line. want are the lines that
// are wanted.
func lines(log text.Text, writes, want []string) (got []string, complaint text.Text) {
	for _, write := range writes {
		line, ended := strings.CutSuffix(write, "\n")
		if i := slices.IndexFunc(want, func(w string) bool { return line != w && line == unquoted(w) }); i >= 0 {
			if visible(line) == want[i] {
				return nil, text.Say("%s holds a datagram as it came, here with the number of each byte that "+
					"can't be printed:\n    %s\nand the story wants it quoted, as %%q does it:\n    %s", log,
					numbered(line), want[i])
			}
			return nil, text.Say("%s holds a datagram as it came:\n    %s\n"+
				"and the story wants it quoted, as %%q does it:\n    %s", log, visible(line), want[i])
		}
		switch {
		case !ended:
			return nil, text.Say("%s was given %s, which does not end its line: "+
				"write each line whole, with its \\n, in one Write", log, wire.Quote(write))
		case strings.TrimRight(line, "\n") != line:
			return nil, text.Say("%s was given an empty line at the end of %s", log, wire.Quote(write))
		case strings.Contains(line, "\n"):
			return nil, text.Say("%s was given several lines in one Write, %s: "+
				"give each line a Write of its own", log, wire.Quote(write))
		}
		got = append(got, line)
	}
	if len(got) == 0 && len(want) > 0 {
		return nil, text.Say("nothing is in %s; the story wants the line\n    %s", log, want[0])
	}
	return got, text.Text{}
}

// checkLogInAnyOrder holds a log to the wanted lines as checkLog does, but for the order:
// none of them has to be the first.
func checkLogInAnyOrder(log text.Text, writes, want []string) text.Text {
	extra, wrong := lines(log, writes, want)
	if !wrong.IsZero() {
		return wrong
	}
	got := slices.Clone(extra)
	for i, line := range want {
		j := slices.Index(extra, line)
		if held := count(got, line); j < 0 && held > 0 {
			return text.Say("%s has this line %s; the story wants it %s:\n    %s%s", log,
				times(held), times(count(want, line)), shorten(line), strange(extra, want[i:]))
		}
		if j < 0 {
			return text.Say("%s lacks the line\n    %s%s", log, shorten(line), strange(extra, want[i:]))
		}
		extra = slices.Delete(extra, j, j+1)
	}
	if len(extra) > 0 {
		return text.Say("%s holds a line too many:\n    %s", log, shorten(extra[0]))
	}
	return text.Text{}
}

// count returns how often a line is among some.
func count(lines []string, line string) (n int) {
	for _, l := range lines {
		if l == line {
			n++
		}
	}
	return n
}

// times says how often something is there.
func times(n int) text.Text {
	switch n {
	case 1:
		return text.Say("once")
	case 2:
		return text.Say("twice")
	}
	return text.Say("%d times", n)
}

// lateLine returns the first of the wanted lines that is among those that came later, and
// not among those before, if all that is wrong with them is that there are too many: those
// had their time later. It returns "" otherwise.
func lateLine(before, later, want []string) (late string) {
	before, later = unended(before), unended(later)
	for _, line := range want {
		if i := slices.Index(before, line); i >= 0 {
			before = slices.Delete(before, i, i+1)
		} else if i := slices.Index(later, line); i >= 0 {
			later = slices.Delete(later, i, i+1)
			late = cmp.Or(late, line)
		} else {
			return ""
		}
	}
	if len(before) > 0 || len(later) == 0 {
		return ""
	}
	return late
}

// strange shows what stands where a wanted line is missing: a line that nobody
// wants, or one that stands there too often.
func strange(extra, want []string) text.Text {
	for _, line := range extra {
		switch {
		case slices.Contains(want, line):
		case strings.TrimSpace(line) == want[0]:
			return text.Say("\nbut holds it with blanks at an end, here as a Go string:\n    %q", line)
		default:
			return text.Say("\nbut holds\n    %s", shorten(line))
		}
	}
	return text.Text{}
}

// unquoted returns a wanted line with its quoted part as it is.
func unquoted(line string) string {
	i := strings.Index(line, `"`)
	if i < 0 {
		return line
	}
	inner, err := strconv.Unquote(line[i:])
	if err != nil {
		return line
	}
	return line[:i] + `"` + inner + `"`
}

// shorten cuts a line that would not fit the screen.
func shorten(line string) string {
	const head, tail = 50, 20
	line = visible(line)
	if runes := []rune(line); len(runes) > head+tail {
		i, j := strings.Index(line, `"`), strings.LastIndex(line, `"`)
		if inner, err := strconv.Unquote(line[max(i, 0) : j+1]); err == nil && strconv.Quote(inner) == line[i:j+1] {
			return line[:i] + wire.Quote(inner) + line[j+1:]
		}
		return fmt.Sprintf("%s…%s (%d bytes)", string(runes[:head]), string(runes[len(runes)-tail:]), len(line))
	}
	return line
}

// visible returns a line with an escape, as %q has it, in the place of each byte that is
// no text or that a terminal would obey.
func visible(line string) string {
	return shown(line, func(odd string) string {
		quoted := strconv.Quote(odd)
		return quoted[1 : len(quoted)-1]
	})
}

// numbered returns a line with a number, as in <04>, in the place of each such byte.
func numbered(line string) string {
	return shown(line, func(odd string) string { return fmt.Sprintf("<% x>", odd) })
}

// shown returns a line with something else in the place of each character that is no text
// or that a terminal would obey.
func shown(line string, instead func(odd string) string) string {
	var seen strings.Builder
	for len(line) > 0 {
		r, size := utf8.DecodeRuneInString(line)
		if invalid := r == utf8.RuneError && size == 1; !invalid && unicode.IsPrint(r) || r == '\n' {
			seen.WriteString(line[:size])
		} else {
			seen.WriteString(instead(line[:size]))
		}
		line = line[size:]
	}
	return seen.String()
}
