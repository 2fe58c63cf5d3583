package stage

import (
	"regexp"
	"strconv"
	"strings"

	"udpkata/harness/internal/stacks"
)

var (
	lastCry = regexp.MustCompile(`(?m)^\s*((?:panic|fatal error|runtime): .*)$`)
	goPlace = regexp.MustCompile(`(?m)^\s+(\S.*\.go):(\d+)(?: \+0x[0-9a-f]+)?$`)
)

// LastCry returns what Go said when a process died that has printed words, "" if it did not,
// and the first of the code's lines in its trace; without one, that where the story began.
func LastCry(words string, site stacks.Site) (cry string, at stacks.Line) {
	found := lastCry.FindStringSubmatch(words)
	if found == nil {
		return "", site.Begin
	}
	cry = visible(cut(strings.TrimSuffix(found[1], " [recovered]")))
	for _, m := range goPlace.FindAllStringSubmatch(words, -1) {
		if name, ok := site.NameThere(m[1]); ok && site.IsTheirs(name) {
			number, _ := strconv.Atoi(m[2])
			return cry, stacks.Line{File: visible(cut(name)), Number: number}
		}
	}
	return cry, site.Begin
}
