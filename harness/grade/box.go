package grade

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
)

// This file is what happens in a box: this program runs there once more, is told what to judge on its standard input,
// and writes what it finds out to its standard output.

// BoxVariable, set to 1, makes this program what runs in a box.
const BoxVariable = "UDPKATA_GRADE_BOX"

// A job is what is to be judged in a box.
type job struct {
	Root    string
	Stage   string
	Lessons map[string]code
}

// A code is what was handed in for one lesson.
type code struct {
	Files map[string][]byte
	Tasks []string // nil for all
	Seed  uint64
}

// A finished says what was found out about one lesson.
type finished struct {
	Lesson string
	Report *judge.Report // nil if it begins now
	At     time.Duration // since the box began
	Error  string        // why the judge does not go on

	seconds float64
	ended   string // how its box was, before there was a report
}

// InBox does what is to be done in a box.
func InBox(ctx context.Context, in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	to, began := json.NewEncoder(out), time.Now()
	tell := func(f finished) error {
		f.At = time.Since(began)
		return to.Encode(f)
	}
	if err := j.do(ctx, tell); err != nil {
		return tell(finished{Error: err.Error()})
	}
	return nil
}

func (j job) do(ctx context.Context, tell func(finished) error) error {
	lessons, err := curriculum.Load(j.Root)
	if err != nil {
		return err
	}
	stage, err := judge.OpenStage(ctx, j.Root, j.Stage)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "submission-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []judge.Params
	for _, l := range lessons {
		code, ok := j.Lessons[l.Name]
		if !ok {
			continue
		}
		p := judge.Params{
			Lesson: l, Dir: filepath.Join(dir, l.Name), Tasks: code.Tasks, Stage: stage,
			Env: []string{fmt.Sprintf("UDPKATA_SEED=%d", code.Seed)},
		}
		if err := write(p.Dir, code.Files); err != nil {
			return err
		}
		all = append(all, p)
	}
	programs, err := judge.Programs(ctx, all, dir)
	if err != nil {
		return err
	}
	for i, p := range all {
		p.Program = programs[i]
		if err := tell(finished{Lesson: p.Lesson.Name}); err != nil {
			return err
		}
		report, err := judge.Run(ctx, p)
		if err != nil {
			return err
		}
		if err := tell(finished{Lesson: p.Lesson.Name, Report: nameless(report, p.Dir)}); err != nil {
			return err
		}
	}
	return nil
}

// nameless returns a report in which files have no directory, which is another one each time.
func nameless(r judge.Report, dir string) *judge.Report {
	short := strings.NewReplacer(dir+string(filepath.Separator), "", dir, "the submission")
	for i := range r.Results {
		res := &r.Results[i]
		res.Reason, res.Output = short.Replace(res.Reason), short.Replace(res.Output)
	}
	for i := range r.Notes {
		r.Notes[i] = short.Replace(r.Notes[i])
	}
	return &r
}

// write writes somebody's files, whose names package intake has seen to, into a new directory.
func write(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}
