package wire

import "strings"

// Fold breaks a text into lines of so many cells at the most: at blanks, beside
// characters that are wide, as Chinese ones are, and within a word that is longer.
func Fold(s string, width int) (lines []string) {
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		lines = append(lines, foldLine(line[len(indent):], indent, width)...)
	}
	return lines
}

func foldLine(line, indent string, width int) (lines []string) {
	current := indent
	for _, word := range words(line) {
		glued := current + word
		if Cells(strings.TrimRight(glued, " ")) > width && strings.TrimSpace(current) != "" {
			lines = append(lines, strings.TrimRight(current, " "))
			glued = indent + word
		}
		for Cells(strings.TrimRight(glued, " ")) > width && len(indent) < width {
			line := cut(glued, width, "")
			if line == "" {
				break // not even a character fits
			}
			lines = append(lines, line)
			glued = indent + glued[len(line):]
		}
		current = glued
	}
	return append(lines, strings.TrimRight(current, " "))
}

// words lists the parts of a line that are not broken, each with the blanks after it.
func words(line string) (all []string) {
	begin, wide := 0, false
	for i, r := range line {
		w := Cells(string(r)) == 2
		atBlank := i > 0 && line[i-1] == ' ' && r != ' '
		besideWide := i > 0 && (w || wide) && !closing(r) && line[i-1] != ' '
		if atBlank || besideWide {
			all, begin = append(all, line[begin:i]), i
		}
		wide = w && !opening(r)
	}
	return append(all, line[begin:])
}

// closing reports whether a mark is one that no line begins with.
func closing(r rune) bool {
	return strings.ContainsRune("，。、；：！？」』）》〉…,.;:!?)]\"'", r)
}

// opening reports whether a mark is one that no line ends with.
func opening(r rune) bool { return strings.ContainsRune("「『（《〈([", r) }
