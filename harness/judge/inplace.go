package judge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/text"
)

// InPlace judges the files that are in lessons/ themselves, by go test, which knows what has passed for as long as
// nothing changes. The lessons are one course's, and the reports in their order; tasks are the names of those to judge,
// and all without any. Where go test alone can't say how each task of a lesson ended, Run does.
func InPlace(ctx context.Context, lessons []curriculum.Lesson, tasks ...string) ([]Report, error) {
	return inPlace(ctx, lessons, tasks)
}

// Glance judges one task as InPlace does, but for go vet, a quarter of the time: so its word is not the last.
func Glance(ctx context.Context, lesson curriculum.Lesson, task string) (Report, error) {
	reports, err := inPlace(ctx, []curriculum.Lesson{lesson}, []string{task}, "-vet=off")
	if err != nil {
		return Report{}, err
	}
	return reports[0], nil
}

func inPlace(ctx context.Context, lessons []curriculum.Lesson, tasks []string, flags ...string) ([]Report, error) {
	if missing := capability.MissingVital(); missing != nil {
		return nil, missing
	}
	runs, err := goTest(ctx, lessons, tasks, flags)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(lessons))
	for i, l := range lessons {
		if results, complete := runs[l.Name].complete(); complete {
			reports[i].Results = results
		} else if reports[i], err = Run(ctx, Params{Lesson: l, Tasks: tasks}); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// goTest runs go test over tasks of lessons, and returns what each did, by name.
func goTest(ctx context.Context, lessons []curriculum.Lesson, tasks, flags []string) (map[string]*run, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	args := append([]string{"test", "-json", "-trimpath=false", "-timeout", defaultTimeout.String()}, flags...)
	if len(tasks) > 0 {
		args = append(args, "-run", exactly(tasks))
	}
	runs := map[string]*run{}
	var root string
	for _, l := range lessons {
		p := Params{Lesson: l, Tasks: tasks}
		root, runs[l.Name] = p.root(), newRun(p, p.tasks())
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
		return nil, text.Fail("the go command does not start: %v (see that go is in PATH)", err)
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

// complete returns how all tasks ended that were to do, if each did so by itself.
func (r *run) complete() (results []Result, complete bool) {
	for _, name := range r.todo {
		if r.actions[name] == "" {
			return nil, false
		}
		results = append(results, r.result(name))
	}
	return results, true
}
