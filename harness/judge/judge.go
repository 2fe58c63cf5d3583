// Package judge runs a lesson's tests over somebody's files, and says of each
// task how it ended.
//
// The tests exist once, in lessons/. The judge builds them with go's -overlay,
// which puts the files in the stubs' place without touching the work tree, and
// runs the program that comes out. A task that ends the process or does not
// end costs itself only: the remaining ones run in a new process.
//
// Without a [Stage] it judges honest code: hostile code shares a process with its tests then, and can print whatever it
// likes into the stream that the judge reads.
package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/verdict"
)

// Params says what to judge.
type Params struct {
	// Lesson is a lesson as curriculum.Load gives it.
	Lesson curriculum.Lesson

	// Dir holds somebody's files for the lesson, named as the stubs are.
	// Go files that the lesson doesn't know come along, as do the packages in
	// folders below that are imported; tests and files marked //kata:given are
	// always the course's own. "" judges the files that are in lessons/.
	Dir string

	// Tasks are the names of those to judge, in the lesson's order; without any, it is all.
	Tasks []string

	// Program is what [Build] has made of the files, if it has.
	Program *Program

	// Stage, if it is not nil, has the files run in a process of their own. It is one for the lesson's course. There
	// are neither Race nor Tags then.
	Stage *Stage

	// Race builds with the race detector, which needs a C compiler.
	Race bool

	// NoVet leaves out the checks of go vet that go test makes. Without a Stage, those of files with packages in
	// folders below are left out, too.
	NoVet bool

	// Tags are build tags, with commas between them, as go build takes them.
	Tags string

	// Env is added to the environment of the tests, as in "UDPKATA_LANG=zh-TW".
	Env []string

	// Artifacts is the directory that keeps what the tests leave, such as captures of
	// the datagrams of each failure (see go test -artifacts). "" keeps nothing.
	Artifacts string

	// Timeout is how long one task, or the start of the program, may take in
	// wall-clock time. It is for code that the harness can't stop, such as an
	// init function without end. The zero value means one minute.
	Timeout time.Duration
}

// A Report is the outcome for one lesson.
type Report struct {
	Results []Result // one for each task that is judged, in the lesson's order
	Notes   []string // which of the files were left out, and why
}

// A Result is the outcome of one task.
type Result struct {
	Task   string
	State  verdict.State
	Reason string // one line, for every state but Passed
	Output string // what the task's test printed

	// Rules are those of package diagnosis that say what the failure most likely means.
	Rules []string

	// Failed are the stories that failed, and what they are parts of, as in "virtual/ip4". With a Stage it is as sure
	// as the State is, which comes by the same way: nothing that the code prints is taken for it.
	Failed []string
}

const (
	defaultTimeout = time.Minute
	stageTimeout   = 5 * time.Minute
	buildTimeout   = 5 * time.Minute
)

// Run judges one lesson. Whatever is wrong with the files is in the report;
// the error is for what keeps the judge from judging at all: no go command that can
// build the course, no loopback, no room on the disk, a ctx that ended.
func Run(ctx context.Context, p Params) (Report, error) {
	report, err := p.run(ctx)
	report.visible()
	return report, err
}

func (p Params) run(ctx context.Context) (Report, error) {
	switch {
	case p.Timeout != 0:
	case p.Stage != nil:
		p.Timeout = stageTimeout
	default:
		p.Timeout = defaultTimeout
	}
	if missing := capability.MissingVital(); missing != nil {
		return Report{}, missing
	}
	tmp, err := os.MkdirTemp("", "udpkata-judge-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(tmp)
	if p.Program == nil {
		p.Program, err = Build(ctx, p, tmp)
	}
	r := (*refusal)(nil)
	if errors.As(err, &r) {
		return Report{r.results(p.tasks()), r.notes}, nil
	}
	if err != nil {
		return Report{}, err
	}
	if r = p.Program.refused; r != nil {
		return Report{r.results(p.tasks()), r.notes}, nil
	}
	report := Report{Notes: p.Program.notes}
	report.Results, err = (&trial{p, tmp}).runAll(ctx)
	return report, err
}

// A refusal is the verdict on files of which no program can be made.
type refusal struct {
	state  verdict.State
	reason string
	output string // what go build or go vet said
	notes  []string
}

func (r *refusal) Error() string { return r.reason }

// results says the same of each task.
func (r *refusal) results(tasks []string) []Result {
	var all []Result
	for _, name := range tasks {
		all = append(all, Result{Task: name, State: r.state, Reason: r.reason, Output: r.output})
	}
	return all
}

// tasks returns the names of those to judge.
func (p Params) tasks() []string {
	if len(p.Tasks) > 0 {
		return p.Tasks
	}
	var all []string
	for _, t := range p.Lesson.Tasks {
		all = append(all, t.Name)
	}
	return all
}

// runAll runs every task, in as many processes as it takes.
func (tr *trial) runAll(ctx context.Context) ([]Result, error) {
	names := tr.params.tasks()
	done := map[string]Result{}
	for todo := names; len(todo) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		run, err := tr.run(ctx, todo)
		if err != nil {
			return nil, err
		}
		if len(run.begun) == 0 && run.stopped == "" {
			if err := tr.starts(ctx); err != nil {
				return nil, err
			}
		}
		for i, r := range run.results() {
			// A task that was not run for another's sake is tried again,
			// first in its process, where there is no other.
			if r.State != verdict.NotRun || i == 0 {
				done[r.Task] = r
			}
		}
		left := slices.DeleteFunc(slices.Clone(todo), func(name string) bool { _, ok := done[name]; return ok })
		if len(left) == len(todo) {
			return nil, fmt.Errorf("judging %s: the test program reported nothing", tr.params.Lesson.Name)
		}
		todo = left
	}
	var results []Result
	for _, name := range names {
		results = append(results, done[name])
	}
	return results, nil
}
