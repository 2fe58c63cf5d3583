package solutions_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"udpkata/harness/curriculum"
)

// A hostile submission is a file of hostile/, whose README says how they are written.
type hostile struct {
	name   string
	lesson curriculum.Lesson
	kind   string
	earns  []string // tasks
	upTo   bool     // it may get fewer
	inBox  bool     // nothing but package confine can prevent it
	known  string   // why it gets what it has not earned, as long as it does
	files  []txtar.File
}

// readHostile reads a file's header, and keeps the files below it.
func readHostile(path string, lessons []curriculum.Lesson) (hostile, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return hostile{}, err
	}
	h := hostile{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), files: archive.Files}
	var tasks []string
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "lesson "); ok && h.lesson.Name == "" {
			i := slices.IndexFunc(lessons, func(l curriculum.Lesson) bool { return l.Name == name })
			if i < 0 {
				return h, fmt.Errorf("there is no lesson %q", name)
			}
			h.lesson = lessons[i]
			for _, task := range h.lesson.Tasks {
				tasks = append(tasks, task.Name)
			}
			continue
		}
		switch key, value, _ := strings.Cut(line, ": "); {
		case key == "kind":
			h.kind = value
		case key == "earns" && value != "nothing":
			h.earns = strings.Fields(value)
		case line == "upto: true":
			h.upTo = true
		case line == "box: true":
			h.inBox = true
		case key == "known":
			h.known = value
		}
	}
	for _, task := range h.earns {
		if !slices.Contains(tasks, task) {
			return h, fmt.Errorf("earns: %s has no task %q", h.lesson.Name, task)
		}
	}
	if h.lesson.Name == "" || h.kind == "" || len(h.files) == 0 {
		return h, fmt.Errorf("want a lesson, a kind, and a file")
	}
	return h, nil
}
