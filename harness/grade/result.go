package grade

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"udpkata/harness/keep"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A Result is what became of the files of one submission.
type Result struct {
	Key     string   `json:"key"`
	Content string   `json:"content"` // the SHA-256 of the files
	Lessons []Lesson `json:"lessons"`
	Seconds float64  `json:"seconds"` // that judging them took

	// Pending are tasks that are to be judged again while nobody else's are, before they count.
	Pending map[string][]string `json:"pending,omitempty"` // by lesson
	// Once is why they could not be, if they could not: then they count as they are, for as long.
	Once string `json:"once,omitempty"`
}

// waits reports whether tasks have to be judged again before they count.
func (r Result) waits() bool { return len(r.Pending) > 0 && r.Once == "" }

// notes say which lessons have nothing to show for their files, as nothing of them ran.
func (r Result) notes() (all []text.Text) {
	in := func(state verdict.State) string {
		var lessons []string
		for _, l := range r.Lessons {
			if slices.ContainsFunc(l.Tasks, func(t Task) bool { return t.State == state }) {
				lessons = append(lessons, l.Name)
			}
		}
		return strings.Join(lessons, ", ")
	}
	if lessons := in(verdict.DidNotCompile); lessons != "" {
		all = append(all, text.Say("What was handed in for %s did not compile.", lessons))
	}
	if lessons := in(verdict.Refused); lessons != "" {
		all = append(all, text.Say("What was handed in for %s does what is refused, and was not run.", lessons))
	}
	for _, l := range r.Lessons {
		ran := func(t Task) bool { return t.State != verdict.NotRun }
		if len(l.Files) > 0 && len(l.Tasks) > 0 && !slices.ContainsFunc(l.Tasks, ran) {
			all = append(all, text.Say("%s: %s", l.Name, l.Tasks[0].Reason))
		}
	}
	return all
}

// A Lesson is what became of the files for one lesson.
type Lesson struct {
	Name  string   `json:"name"`
	Files []string `json:"files"` // none if the lesson is missing
	Notes []string `json:"notes,omitempty"`
	Box   string   `json:"box,omitempty"` // how its box was ended; "" if it was not, before all was judged
	Tasks []Task   `json:"tasks"`
}

// A Task is how one ended.
type Task struct {
	Name   string        `json:"name"`
	State  verdict.State `json:"state"`
	Points int           `json:"points"` // that it is worth
	Reason string        `json:"reason,omitempty"`
	Output string        `json:"output,omitempty"`
	Rules  []string      `json:"rules,omitempty"` // of package diagnosis, which say what the failure most likely means

	Failed []string `json:"failed,omitempty"` // the stories that failed, as in "virtual/ip4"

	// First is how it ended the first time, if it was judged again and ended otherwise then: which has to do with the
	// machine, or with chance, and is for the instructor to know.
	First string `json:"first,omitempty"`
}

// resultsDir is where results are, and lessonsDir is where those of single lessons are.
const (
	resultsDir = "results"
	lessonsDir = "lessons"
)

func resultPath(out, key string) string { return filepath.Join(out, resultsDir, key+".json") }

// readResult reads a result. ok is false if there is none.
func readResult(out, key string) (r Result, ok bool, err error) {
	ok, err = readJSON(resultPath(out, key), &r)
	return r, ok, err
}

// readJSON reads a file. ok is false if there is none, or one that is no such file.
func readJSON(path string, v any) (ok bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return json.Unmarshal(data, v) == nil, nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return keep.Write(path, append(data, '\n'), 0o600)
}
