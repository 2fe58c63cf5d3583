package text

import (
	"fmt"
	"os"
	"strings"
)

// A Catalogue is the sentences of a lesson: the Chinese format for each English one.
type Catalogue map[string]string

// Say makes a sentence as the function [Say] does, with the Chinese of this catalogue.
func (c Catalogue) Say(format string, args ...any) Text { return say(c, format, args) }

// ReadCatalogue reads a file of sentences: each is a line in English and a line in
// Chinese, and an empty line stands between two of them. The error names the file and
// the line that is wrong.
func ReadCatalogue(name string) (Catalogue, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c := Catalogue{}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i := 0; i < len(lines); i += 3 {
		switch {
		case lines[i] == "":
			return nil, fmt.Errorf("%s:%d: an empty line, and not between two sentences", name, i+1)
		case i+1 >= len(lines) || lines[i+1] == "":
			return nil, fmt.Errorf("%s:%d: the Chinese is missing below %q", name, i+1, lines[i])
		case i+2 < len(lines) && lines[i+2] != "":
			return nil, fmt.Errorf("%s:%d: a third line; put an empty one between two sentences", name, i+3)
		case c[lines[i]] != "":
			return nil, fmt.Errorf("%s:%d: this sentence was there before", name, i+1)
		}
		c[lines[i]] = lines[i+1]
	}
	return c, nil
}
