package curriculum

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

var (
	hintHeading = regexp.MustCompile(`^## (\S+)$`)
	hintItem    = regexp.MustCompile(`^\d+\. +(\S.*)$`)
)

// fewestHints is how many hints a task has at the least.
const fewestHints = 2

// readHints reads a hints file: a section for each task, headed
//
//	## TestName
//
// with a paragraph, then a numbered list with a hint an item. What belongs to
// an item is indented below it.
func readHints(path string) (map[string]Advice, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sections := map[string]Advice{}
	var wrong []error
	var name string
	var body []string
	finish := func() {
		if name == "" {
			return
		}
		if _, twice := sections[name]; twice {
			wrong = append(wrong, fmt.Errorf("two sections %s", name))
		}
		a := parseAdvice(body)
		if a.Text == "" {
			wrong = append(wrong, fmt.Errorf("section %s: no paragraph that describes the task", name))
		}
		if len(a.Hints) < fewestHints {
			wrong = append(wrong, fmt.Errorf("section %s: %d hints; want %d or more, as a numbered list", name,
				len(a.Hints), fewestHints))
		}
		sections[name] = a
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if m := hintHeading.FindStringSubmatch(line); m != nil {
			finish()
			name, body = m[1], nil
			continue
		}
		body = append(body, line)
	}
	finish()
	return sections, errors.Join(wrong...)
}

func parseAdvice(lines []string) Advice {
	var paragraph strings.Builder
	var hints []string
	for _, line := range lines {
		if m := hintItem.FindStringSubmatch(line); m != nil {
			hints = append(hints, m[1])
			continue
		}
		if len(hints) == 0 {
			paragraph.WriteString(line + "\n")
			continue
		}
		hints[len(hints)-1] += "\n" + strings.TrimPrefix(line, "   ")
	}
	for i := range hints {
		hints[i] = strings.TrimSpace(hints[i])
	}
	return Advice{Text: strings.TrimSpace(paragraph.String()), Hints: hints}
}
