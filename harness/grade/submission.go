package grade

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/judge"
	"udpkata/harness/policy"
	"udpkata/harness/sandbox"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// processors returns how many there are for this process.
func processors() int { return runtime.GOMAXPROCS(0) }

// has reports whether there is a result.
func (g *grader) has(key string) bool {
	_, ok, err := readResult(g.Out, key)
	return ok && err == nil
}

// judges writes the result of a submission's files, unless somebody else is about to: then it waits for that.
func (g *grader) judges(ctx context.Context, content intake.Content, key string) error {
	g.mu.Lock()
	other := g.claimed[key]
	mine := make(chan struct{})
	if other == nil {
		g.claimed[key] = mine
	}
	g.mu.Unlock()
	if other != nil {
		select {
		case <-other:
		case <-ctx.Done():
		}
		if ctx.Err() == nil && !g.has(key) {
			return text.Fail("the same files could not be judged for somebody else")
		}
		return ctx.Err()
	}
	defer close(mine)
	r, err := g.result(ctx, content, nil)
	if err != nil {
		return err
	}
	r.Key, r.Pending = key, doubtful(r)
	return writeJSON(resultPath(g.Out, key), r)
}

// result judges a submission's files, all tasks or those of only, by lesson.
func (g *grader) result(ctx context.Context, content intake.Content, only map[string][]string) (Result, error) {
	r := Result{Content: content.Key}
	j := job{Root: g.Root, Stage: g.dir, Lessons: map[string]code{}}
	paths := map[string]string{} // of the results of lessons
	for _, has := range content.Lessons {
		if !slices.ContainsFunc(g.Lessons, func(l curriculum.Lesson) bool { return l.Name == has.Name }) {
			continue
		}
		l, tasks := g.lesson(has.Name), only[has.Name]
		if only != nil && tasks == nil {
			continue
		}
		files := map[string][]byte{}
		lesson := Lesson{Name: l.Name, Files: []string{}}
		for _, f := range has.Files {
			files[f.Name] = f.Data
			lesson.Files = append(lesson.Files, f.Name)
		}
		switch refused := g.refusals(l, files); {
		case len(files) == 0:
			lesson.all(l, verdict.NotRun, text.Say("Nothing was handed in for this lesson.").In(text.Preferred()), "")
		case len(has.Missing) > 0:
			lesson.all(l, verdict.NotRun, has.Lacks().In(text.Preferred()), "")
		case len(refused) > 0:
			lesson.all(l, verdict.Refused, refused[0], strings.Join(refused, "\n")+"\n")
		case only == nil && g.remembers(has, &lesson):
		default:
			paths[l.Name] = g.lessonPath(has)
			j.Lessons[l.Name] = code{files, tasks, seed(g.key, l.Name)}
		}
		r.Lessons = append(r.Lessons, lesson)
	}
	jobs := []job{j}
	if only != nil { // what another lesson does as the program starts is not to decide of this one
		jobs = nil
		for name, one := range j.Lessons {
			jobs = append(jobs, job{j.Root, j.Stage, map[string]code{name: one}})
		}
	}
	done := map[string]finished{}
	for _, j := range jobs {
		some, err := g.inBoxes(ctx, j)
		if err != nil {
			return r, err
		}
		maps.Copy(done, some)
	}
	for i := range r.Lessons {
		lesson := &r.Lessons[i]
		f, ok := done[lesson.Name]
		if !ok {
			continue
		}
		lesson.take(g.lesson(f.Lesson), f)
		r.Seconds += f.seconds
		isSure := len(doubtful(Result{Lessons: []Lesson{*lesson}})) == 0
		if only == nil && isSure {
			if err := writeJSON(paths[lesson.Name], lesson); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// remembers takes the result of a lesson's files if there is one. What a lesson comes to has nothing to do with what
// was handed in for another.
func (g *grader) remembers(has intake.Lesson, lesson *Lesson) bool {
	old := Lesson{}
	ok, err := readJSON(g.lessonPath(has), &old)
	if !ok || err != nil {
		return false
	}
	*lesson = old
	return true
}

// lessonPath returns where the result of a lesson's files is.
func (g *grader) lessonPath(has intake.Lesson) string {
	h := g.head
	h.Lessons = "" // that count beside it
	return filepath.Join(g.Out, lessonsDir, h.resultKey("lesson "+has.Key())+".json")
}

// refusals says what package policy refuses, a line each.
func (g *grader) refusals(l curriculum.Lesson, files map[string][]byte) (lines []string) {
	if g.NoPolicy {
		return nil
	}
	for _, refused := range policy.Check(l, files) {
		lines = append(lines, refused.In(text.Preferred()))
	}
	return lines
}

func (g *grader) lesson(name string) curriculum.Lesson {
	return g.Lessons[slices.IndexFunc(g.Lessons, func(l curriculum.Lesson) bool { return l.Name == name })]
}

// all says the same of each task.
func (l *Lesson) all(of curriculum.Lesson, state verdict.State, reason, output string) {
	for _, t := range of.Tasks {
		l.Tasks = append(l.Tasks, Task{Name: t.Name, State: state, Points: t.Points, Reason: reason, Output: output})
	}
}

// inBoxes has a job done, in one box unless that ends before its time: then the lesson at which it did has crashed, and
// the others go on in another. Where it was no lesson yet, as the programs were being built, each is done by itself.
func (g *grader) inBoxes(ctx context.Context, j job) (done map[string]finished, err error) {
	done = map[string]finished{}
	for len(j.Lessons) > 0 {
		at, how, err := g.inBox(ctx, j, done)
		if err != nil {
			return nil, err
		}
		for name := range done {
			delete(j.Lessons, name)
		}
		switch {
		case at == "" && len(j.Lessons) > 1:
			for name, one := range j.Lessons {
				alone, err := g.inBoxes(ctx, job{j.Root, j.Stage, map[string]code{name: one}})
				if err != nil {
					return nil, err
				}
				maps.Copy(done, alone)
			}
			return done, nil
		case at == "" && len(j.Lessons) == 1:
			at = slices.Collect(maps.Keys(j.Lessons))[0]
		}
		if one, ok := j.Lessons[at]; ok {
			done[at] = finished{Lesson: at, Report: crashed(g.lesson(at), one.Tasks, how), ended: how}
			delete(j.Lessons, at)
		}
	}
	return done, nil
}

// crashed says of all tasks of a lesson, or of some, that the code has ended its box.
func crashed(l curriculum.Lesson, only []string, how string) *judge.Report {
	r := &judge.Report{}
	for _, t := range l.Tasks {
		if only == nil || slices.Contains(only, t.Name) {
			r.Results = append(r.Results, judge.Result{Task: t.Name, State: verdict.Crashed, Reason: how})
		}
	}
	return r
}

// confineVariable has the code under test confined (package confine's Variable, which only Linux has).
const confineVariable = "UDPKATA_CONFINE"

// inBox has a job done in a box, and notes what comes out. at is the lesson that the box had come to when it ended
// before it was through, and how says how that was.
func (g *grader) inBox(ctx context.Context, j job, done map[string]finished) (at, how string, err error) {
	input, err := json.Marshal(j)
	if err != nil {
		return "", "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	processor := 0
	if g.seats != nil {
		processor = <-g.seats
		defer func() { g.seats <- processor }()
	}
	out, err := g.Box.Run(ctx, sandbox.Command{
		Args: []string{program}, Stdin: bytes.NewReader(input), Limits: sandbox.Usual(), Processor: processor,
		Read: append(slices.Clip(g.reads), program),
		Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "UDPKATA_LANG=" + string(text.Preferred()),
			"GOMEMLIMIT=512MiB", BoxVariable + "=1", confineVariable + "=1"},
	})
	if err != nil {
		return "", "", g.elsewhere(err)
	}
	how, began := ended(out), time.Duration(0)
	for line := range bytes.Lines(out.Stdout) {
		var f finished
		if json.Unmarshal(line, &f) != nil {
			continue // the last one, if the box has ended before
		}
		switch {
		case f.Error != "":
			how = text.Say("The judge could not go on: %s.", text.Visible(f.Error)).In(text.Preferred())
		case f.Report == nil:
			at, began = f.Lesson, f.At
		default:
			f.seconds = (f.At - began).Seconds()
			done[f.Lesson] = f
		}
	}
	return at, how, nil
}

// limits are the words for what a box has a limit of.
var limits = map[sandbox.Limit]text.Text{
	sandbox.Wall:      text.Say("time"),
	sandbox.CPU:       text.Say("processor time"),
	sandbox.Memory:    text.Say("memory"),
	sandbox.Processes: text.Say("processes"),
	sandbox.Room:      text.Say("files"),
	sandbox.Output:    text.Say("output"),
}

// ended says why a lesson has no report.
func ended(out sandbox.Outcome) string {
	if out.Limit != "" {
		return text.Say("The code used up what a submission may: its box was ended, as the limit of %s was reached.",
			limits[out.Limit]).In(text.Preferred())
	}
	return text.Say("The code's box ended, with status %d, before there was a report.", out.Status).In(text.Preferred())
}

// take takes what was found out about a lesson.
func (l *Lesson) take(of curriculum.Lesson, f finished) {
	l.Notes, l.Box = f.Report.Notes, f.ended
	for _, r := range f.Report.Results {
		i := slices.IndexFunc(of.Tasks, func(t curriculum.Task) bool { return t.Name == r.Task })
		if i < 0 {
			continue
		}
		l.Tasks = append(l.Tasks, Task{
			Name: r.Task, State: r.State, Points: of.Tasks[i].Points,
			Reason: r.Reason, Output: r.Output, Rules: r.Rules, Failed: r.Failed,
		})
	}
}
