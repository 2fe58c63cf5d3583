package harness

import (
	"fmt"
	"slices"
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
	var got []string
	for _, write := range l.writes {
		text, ended := strings.CutSuffix(write, "\n")
		switch {
		case !ended:
			return fmt.Errorf("The log was given %s, which does not end its line. Write each line whole, with its \\n, in one Write.", wire.Quote(write))
		case strings.Contains(text, "\n"):
			return fmt.Errorf("The log was given several lines in one Write: %s. Give each line a Write of its own.", wire.Quote(write))
		}
		got = append(got, text)
	}
	if len(got) == 0 {
		return fmt.Errorf("Nothing was logged; the story wants the line\n    %s", want[0])
	}
	if got[0] != want[0] {
		return fmt.Errorf("The log begins with the line\n    %s\nand the story wants\n    %s", shorten(got[0]), want[0])
	}
	extra := slices.Clone(got)
	for _, line := range want {
		i := slices.Index(extra, line)
		if i < 0 {
			text := "The log lacks the line\n    " + shorten(line)
			for _, other := range extra {
				if !slices.Contains(want, other) {
					return fmt.Errorf("%s\nbut holds\n    %s", text, shorten(other))
				}
			}
			for _, other := range extra {
				return fmt.Errorf("%s\nbut holds this one too often:\n    %s", text, shorten(other))
			}
			return fmt.Errorf("%s", text)
		}
		extra = slices.Delete(extra, i, i+1)
	}
	for _, line := range extra {
		return fmt.Errorf("The log holds a line too many:\n    %s", shorten(line))
	}
	return nil
}

// shorten cuts a line that would not fit the screen.
func shorten(line string) string {
	const most = 120
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}
