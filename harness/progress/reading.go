package progress

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"udpkata/harness/text"
)

var (
	// readingList is what a lesson's page says to read before its tasks: the list after the sentence that names the
	// page of lesson 00, from its first item on.
	readingList = regexp.MustCompile(`(?s)\]\(\.\./00-before/README[^)]*\)[^\n]*(?:\n[^\n]+)*[:：]\n\n` +
		`(- .*?)(?:\n\n|\z)`)
	testName = regexp.MustCompile("`(Test\\w+)`")
	heading  = regexp.MustCompile(`\*([^*]+)\*`)
)

var quotes = map[text.Language]string{text.English: `"$1"`, text.Chinese: "「$1」"}

// joined makes one line of several. Where Chinese goes on, there is no blank.
func joined(lines string) (one string) {
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if last, _ := utf8.DecodeLastRuneInString(one); one != "" && last < 0x2000 {
			one += " "
		}
		one += line
	}
	return one
}

// ReadFirst returns what the lesson's page says to read before the task, in a language, or "".
func (t Task) ReadFirst(language text.Language) string {
	page, err := os.ReadFile(filepath.Join(t.Lesson.Dir, language.Page("README")))
	if err != nil {
		return ""
	}
	for _, list := range readingList.FindAllStringSubmatch(string(page), -1) {
		for item := range strings.SplitSeq("\n"+list[1], "\n- ") {
			tasks, what, _ := strings.Cut(strings.ReplaceAll(item, "：", ": "), ": ")
			names := testName.FindAllStringSubmatch(tasks, -1)
			isIt := func(m []string) bool { return m[1] == t.Task.Name }
			if slices.ContainsFunc(names, isIt) && strings.Contains(what, "*") {
				return strings.TrimRight(heading.ReplaceAllString(joined(what), quotes[language]), ";.；。")
			}
		}
	}
	return ""
}
