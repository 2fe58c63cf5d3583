package harness

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"udpkata/harness/text"
)

var aTest = regexp.MustCompile(`(?m)^func (Test\w+)\(t `)

// testsIn returns the names of the tests that files have.
func testsIn(pattern string) (names []string) {
	paths, _ := filepath.Glob(pattern) // fails for a bad pattern alone
	for _, path := range paths {
		source, _ := os.ReadFile(path)
		for _, m := range aTest.FindAllSubmatch(source, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

// mistyped says that no test of any lesson has a name that -run asks for, where that is so: go test would say ok. The
// working directory is the lesson's. The pattern ^$ asks for none.
func mistyped(run string) text.Text {
	name, _, _ := strings.Cut(run, "/")
	wanted, err := regexp.Compile(name)
	all, own := testsIn(filepath.Join("..", "*", "*_test.go")), testsIn("*_test.go")
	if err != nil || run == "^$" || len(own) == 0 || slices.ContainsFunc(all, wanted.MatchString) {
		return text.Text{}
	}
	return text.Say("-run %q is the name of no test. This lesson's are %s.\n", run, strings.Join(own, ", "))
}
