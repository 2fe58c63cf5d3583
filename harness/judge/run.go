package judge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"udpkata/harness/verdict"
)

const (
	// maxOutput is how many bytes a process may print before it is stopped.
	maxOutput = 8 << 20
	// keptOutput is how many bytes of it a result keeps.
	keptOutput = 64 << 10
	// lastWords is how long the pipes stay open once the process has ended.
	lastWords = time.Second
)

// A trial is a program that is run, and a directory for all that is to be gone afterwards.
type trial struct {
	params Params
	tmp    string
}

// An event is a line of `go test -json`, see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Key     string // of an attribute
	Value   string
}

// A run is what one process of the test program did.
type run struct {
	params  Params
	todo    []string
	proof   string
	proved  bool
	begun   []string // top-level tests, in order
	actions map[string]string
	failed  map[string][]string // subtests, by top-level test
	attrs   map[string]map[string]string
	output  map[string]*strings.Builder
	loose   strings.Builder // what was printed outside of any test
	printed int
	stopped string // why the judge ended the process
	exit    string // how the process ended
}

// exactly returns the pattern of these tests and no others.
func exactly(tests []string) string { return "^(" + strings.Join(tests, "|") + ")$" }

func newRun(p Params, todo []string) *run {
	return &run{
		params: p, todo: todo,
		actions: map[string]string{}, failed: map[string][]string{},
		attrs: map[string]map[string]string{}, output: map[string]*strings.Builder{},
	}
}

// test2json is the path of Go's converter from a test program's output to
// events.
var test2json = sync.OnceValues(func() (string, error) {
	cmd := exec.CommandContext(context.Background(), "go", "tool", "-n", "test2json")
	ownGroup(cmd) // an interrupt is for the judge, and this ends by itself
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool -n test2json: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
})

// converter returns the path of Go's converter.
func (p Params) converter() (string, error) {
	if p.Stage != nil {
		return p.Stage.course.Events, nil
	}
	return test2json()
}

// run runs tasks in one process.
func (tr *trial) run(ctx context.Context, todo []string) (*run, error) {
	converter, err := tr.params.converter()
	if err != nil {
		return nil, err
	}
	// stop ends the program under test, and not the converter.
	running, stop := context.WithCancel(ctx)
	defer stop()
	args := []string{"-test.v=test2json", "-test.paniconexit0", "-test.run", exactly(todo)}
	if tr.params.Artifacts != "" {
		args = append(args, "-test.artifacts", "-test.outputdir", tr.params.Artifacts)
	}
	program := exec.CommandContext(running, tr.params.Program.path, args...)
	program.Dir = tr.params.Lesson.Dir
	program.Env = append(append(program.Environ(), "GORACE=atexit_sleep_ms=0", "TMPDIR="+tr.tmp), tr.params.Env...)
	// Whatever the environment has said of a stage, the code is in this one, or in none.
	program.Env = append(program.Env, stageVariable+"="+tr.params.Program.stage)
	if tr.params.Program.stage != "" {
		// What goes between the two processes is soon garbage, and both are small; and while one of them runs, the
		// other waits.
		program.Env = append(program.Env, "GOGC=400", "GOMEMLIMIT=512MiB", "GOMAXPROCS=1")
	}
	program.WaitDelay = lastWords
	ownGroup(program)
	convert := exec.Command(converter)
	convert.Stderr = os.Stderr

	lines, err := convert.StdoutPipe()
	if err != nil {
		return nil, err
	}
	text, err := convert.StdinPipe()
	if err != nil {
		return nil, err
	}
	// The same writer for both makes them one stream, as for go test.
	program.Stdout, program.Stderr = text, text
	if err := convert.Start(); err != nil {
		return nil, err
	}
	r := newRun(tr.params, todo)
	r.proof = tr.params.Program.proof
	ended := make(chan error, 1)
	if err := program.Start(); err != nil {
		text.Close()
		convert.Wait()
		return nil, fmt.Errorf("no program can be started that was built here: %w (set TMPDIR to a directory whose "+
			"programs may run, and neither GOOS nor GOARCH)", err)
	}
	go func() {
		err := program.Wait()
		text.Close()
		ended <- err
	}()
	err = r.follow(lines, stop, func() { convert.Process.Kill() })
	// The converter is through: the program has ended or its output has.
	stop()
	exit := <-ended
	if waited := convert.Wait(); r.stopped == "" {
		err = errors.Join(err, waited)
	}
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.exit = "status 0"
	if exit != nil {
		r.exit = strings.Replace(exit.Error(), "exit status", "status", 1)
	}
	if len(r.begun) > 0 && !r.proved {
		return nil, fmt.Errorf("judging %s: go did not use the overlay, so this judged the stubs; is %s a path "+
			"through a link?", tr.params.Lesson.Name, tr.params.Lesson.Dir)
	}
	return r, nil
}

// starts returns an error if no test program starts here, not even that of the course's
// own files.
func (tr *trial) starts(ctx context.Context) error {
	path, err := tr.params.control(ctx, tr.tmp)
	if err != nil {
		return err
	}
	program := exec.CommandContext(ctx, path, "-test.run=^$")
	program.Dir = tr.params.Lesson.Dir
	ownGroup(program)
	if output, err := program.CombinedOutput(); err != nil {
		return fmt.Errorf("no test program starts here, not even the course's own: %w: %s (does this machine limit "+
			"memory or processes, with ulimit?)", err, firstError(string(output)))
	}
	return nil
}

// follow reads events until the last, and stops the program if a task takes too
// long or prints too much. hangUp ends the events: what the code under test
// started may hold their pipe open.
func (r *run) follow(lines io.Reader, stop, hangUp func()) error {
	events := make(chan event)
	failed := make(chan error, 1)
	go func() {
		defer close(events)
		scanner := bufio.NewScanner(lines)
		scanner.Buffer(nil, 16<<20)
		for scanner.Scan() {
			var e event
			if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
				failed <- err
				break
			}
			events <- e
		}
		if err := scanner.Err(); err != nil {
			failed <- err
		}
		io.Copy(io.Discard, lines) // never let the converter block
	}()
	timeout := time.NewTimer(r.params.Timeout)
	defer timeout.Stop()
	for {
		select {
		case e, more := <-events:
			if !more {
				select {
				case err := <-failed:
					return err
				default:
					return nil
				}
			}
			if r.note(e) && r.stopped == "" {
				timeout.Reset(r.params.Timeout)
			}
			if r.printed > maxOutput && r.stopped == "" {
				r.stopped = fmt.Sprintf("printed more than %d MiB", maxOutput>>20)
				stop()
				timeout.Reset(lastWords)
			}
		case <-timeout.C:
			if r.stopped != "" {
				hangUp()
				continue
			}
			r.stopped = fmt.Sprintf("did not end within %v", r.params.Timeout)
			stop()
			timeout.Reset(lastWords)
		}
	}
}

// note takes an event in. It reports whether a task began or ended.
func (r *run) note(e event) bool {
	top, sub, isSub := strings.Cut(e.Test, "/")
	switch e.Action {
	case "run":
		if !isSub {
			r.begun = append(r.begun, top)
			return true
		}
	case "pass", "fail", "skip":
		if top != "" && !isSub {
			r.actions[top] = e.Action
			return true
		}
		if isSub && e.Action == "fail" {
			r.failed[top] = append(r.failed[top], sub)
		}
	case "attr":
		if !isSub {
			if r.attrs[top] == nil {
				r.attrs[top] = map[string]string{}
			}
			r.attrs[top][e.Key] = e.Value
		}
	case "output":
		r.printed += len(e.Output)
		if r.proof != "" && strings.TrimSpace(e.Output) == r.proof {
			r.proved = true
			return false
		}
		if strings.HasPrefix(e.Output, "=== ") {
			return false
		}
		to := &r.loose
		if top != "" {
			if r.output[top] == nil {
				r.output[top] = &strings.Builder{}
			}
			to = r.output[top]
		}
		if to.Len() < keptOutput {
			to.WriteString(e.Output)
		}
	}
	return false
}

// results says how the tasks ended of which this run decides.
func (r *run) results() []Result {
	if len(r.begun) == 0 {
		// Nothing was reached, and another process would not get further.
		res := Result{
			State:  verdict.Crashed,
			Reason: "The program ended with " + r.exit + " before its first test" + r.because(r.loose.String()),
		}
		if r.stopped != "" {
			res.State = verdict.Stuck
			res.Reason = "The program " + r.stopped +
				" before its first test: look at init functions and package-level variables."
		}
		var results []Result
		for _, task := range r.todo {
			res.Task, res.Output = task, r.loose.String()
			results = append(results, res)
		}
		return results
	}
	var results []Result
	for _, task := range r.begun {
		results = append(results, r.result(task))
	}
	// A test that fails makes the status 1 as well.
	unexplained := r.exit != "status 0" && !slices.Contains(slices.Collect(maps.Values(r.actions)), "fail")
	if last := &results[len(results)-1]; last.State == verdict.Passed && unexplained {
		last.State = verdict.Crashed
		last.Reason = "The process ended with " + r.exit + " after the task" + r.because(r.loose.String())
	}
	return results
}

func (r *run) result(task string) Result {
	res := Result{Task: task, Failed: r.failed[task]}
	if b := r.output[task]; b != nil {
		res.Output = b.String()
	}
	attrs := r.attrs[task]
	res.State, res.Reason = verdict.State(attrs[verdict.StateAttr]), attrs[verdict.ReasonAttr]
	res.Rules = strings.Fields(attrs[verdict.RulesAttr])
	switch action := r.actions[task]; {
	case action == "" && r.stopped != "":
		res.State, res.Reason = verdict.Stuck, "The task "+r.stopped+", and was stopped."
	case action == "":
		res.Output += r.loose.String()
		res.State = verdict.Crashed
		res.Reason = "The process ended with " + r.exit + " in the middle of the task" + r.because(res.Output)
	case action == "fail" && (res.State == "" || res.State == verdict.Passed || res.State == verdict.Skipped):
		res.State, res.Reason = verdict.Failed, "The test failed: "+firstError(res.Output)
	case action == "pass" && res.State == "":
		res.State, res.Reason = verdict.NotRun, "The test passed without telling a story."
	case action == "skip" && res.State == "":
		res.State, res.Reason = verdict.Skipped, firstError(res.Output)
	}
	return res
}

var (
	lastCry = regexp.MustCompile(`(?m)^\s*((?:panic|fatal error|runtime): .*)$`)
	goPlace = regexp.MustCompile(`(?m)^\s+(\S.*\.go):(\d+)(?: \+0x[0-9a-f]+)?$`)
)

// because returns what Go said when the process died, and the first line of the
// lesson's code in its trace.
func (r *run) because(output string) string {
	cry := lastCry.FindStringSubmatch(output)
	if cry == nil {
		return ", as os.Exit does."
	}
	text := ": " + strings.TrimSuffix(cry[1], " [recovered]")
	if strings.Contains(text, "synctest channel from outside bubble") {
		text = ": it uses a channel that an earlier story made (keep no channel in a package-level variable)"
	}
	for _, m := range goPlace.FindAllStringSubmatch(output, -1) {
		name, isTheirs := strings.CutPrefix(m[1], filepath.ToSlash(r.params.Lesson.Dir)+"/")
		if isTheirs && !strings.HasSuffix(name, "_test.go") {
			return fmt.Sprintf("%s, at %s:%s.", text, name, m[2])
		}
	}
	return text + "."
}
