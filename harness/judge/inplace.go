package judge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
)

// InPlace judges the files that are in lessons/ themselves, by go test, which knows what has passed for as long as
// nothing changes. The lessons are one course's, and the reports in their order. Where go test alone can't say how each
// task of a lesson ended, Run does.
func InPlace(ctx context.Context, lessons []curriculum.Lesson) ([]Report, error) {
	if missing := capability.MissingVital(); missing != nil {
		return nil, missing
	}
	runs, err := goTest(ctx, lessons)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(lessons))
	for i, l := range lessons {
		if results, complete := runs[l.Name].complete(l); complete {
			reports[i].Results = results
		} else if reports[i], err = Run(ctx, Params{Lesson: l}); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// goTest runs go test over lessons, and returns what each did, by name.
func goTest(ctx context.Context, lessons []curriculum.Lesson) (map[string]*run, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	args := []string{"test", "-json", "-trimpath=false", "-timeout", defaultTimeout.String()}
	runs := map[string]*run{}
	var root string
	for _, l := range lessons {
		p := Params{Lesson: l}
		root, runs[l.Name] = p.root(), newRun(p, nil)
		args = append(args, "./lessons/"+l.Name)
	}
	cmd := exec.CommandContext(running, "go", args...)
	cmd.Dir = root
	cmd.WaitDelay = lastWords
	ownGroup(cmd)
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the go command does not start: %w (see that go is in PATH)", err)
	}
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var e event
		// What is no event is go's own trouble, and Run will meet it.
		if json.Unmarshal(scanner.Bytes(), &e) != nil {
			continue
		}
		if r := runs[path.Base(e.Package)]; r != nil {
			r.note(e)
			if r.printed > maxOutput {
				stop() // Run will say so
				break
			}
		}
	}
	io.Copy(io.Discard, lines)
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && running.Err() == nil {
		return nil, err
	}
	return runs, ctx.Err()
}

// complete returns how all tasks of a lesson ended, if each did so by itself.
func (r *run) complete(l curriculum.Lesson) (results []Result, complete bool) {
	for _, t := range l.Tasks {
		if r.actions[t.Name] == "" {
			return nil, false
		}
		results = append(results, r.result(t.Name))
	}
	return results, true
}
