package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/wire"
)

// A storyLog keeps what the student's code logs, Write by Write.
type storyLog struct {
	w      *World
	writes []string // guarded by w.mu
}

// Write never fails.
func (l *storyLog) Write(p []byte) (int, error) {
	l.w.update(func() { l.writes = append(l.writes, string(p)) })
	return len(p), nil
}

// check holds the log to the wanted lines: the first is the first, the others
// come in any order.
func (l *storyLog) check(want []string) error {
	got, err := l.lines(want)
	switch {
	case err != nil:
		return err
	case got[0] != want[0]:
		return fmt.Errorf("the log begins with the line\n    %s\nand the story wants\n    %s", shorten(got[0]), want[0])
	}
	return l.checkInAnyOrder(want)
}

// lines are what was written, if each Write is one line. want are the lines that
// are wanted.
func (l *storyLog) lines(want []string) (got []string, err error) {
	for _, write := range l.writes {
		text, ended := strings.CutSuffix(write, "\n")
		if i := slices.IndexFunc(want, func(line string) bool { return text != line && text == unquoted(line) }); i >= 0 {
			return nil, fmt.Errorf("the log holds a datagram as it came:\n    %s\nand the story wants it quoted, as %%q does it:\n    %s", text, want[i])
		}
		switch {
		case !ended:
			return nil, fmt.Errorf("the log was given %s, which does not end its line: write each line whole, with its \\n, in one Write", wire.Quote(write))
		case strings.TrimRight(text, "\n") != text:
			return nil, fmt.Errorf("the log was given an empty line at the end of %s", wire.Quote(write))
		case strings.Contains(text, "\n"):
			return nil, fmt.Errorf("the log was given several lines in one Write, %s: give each line a Write of its own", wire.Quote(write))
		}
		got = append(got, text)
	}
	if len(got) == 0 {
		return nil, fmt.Errorf("nothing was logged; the story wants the line\n    %s", want[0])
	}
	return got, nil
}

// checkInAnyOrder is check without a line that is the first.
func (l *storyLog) checkInAnyOrder(want []string) error {
	extra, err := l.lines(want)
	if err != nil {
		return err
	}
	for i, line := range want {
		j := slices.Index(extra, line)
		if j < 0 {
			return fmt.Errorf("the log lacks the line\n    %s%s", shorten(line), strange(extra, want[i:]))
		}
		extra = slices.Delete(extra, j, j+1)
	}
	if len(extra) > 0 {
		return fmt.Errorf("the log holds a line too many:\n    %s", shorten(extra[0]))
	}
	return nil
}

// strange shows what stands where a wanted line is missing: a line that nobody
// wants, or one that stands there too often.
func strange(extra, want []string) string {
	for _, line := range extra {
		switch {
		case slices.Contains(want, line):
		case strings.TrimSpace(line) == want[0]:
			return fmt.Sprintf("\nbut holds it with blanks at an end, here as a Go string:\n    %q", line)
		default:
			return "\nbut holds\n    " + shorten(line)
		}
	}
	return ""
}

// unquoted is a wanted line with its quoted part as it is.
func unquoted(line string) string {
	i := strings.Index(line, `"`)
	if i < 0 {
		return line
	}
	text, err := strconv.Unquote(line[i:])
	if err != nil {
		return line
	}
	return line[:i] + `"` + text + `"`
}

// shorten cuts a line that would not fit the screen.
func shorten(line string) string {
	const head, tail = 100, 20
	if runes := []rune(line); len(runes) > head+tail {
		return fmt.Sprintf("%s…%s (%d bytes)", string(runes[:head]), string(runes[len(runes)-tail:]), len(line))
	}
	return line
}
