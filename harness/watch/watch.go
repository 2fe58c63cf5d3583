// Package watch judges what a student saves, as soon as it is saved, and goes through the course with them.
//
// It knows no terminal: a [Screen] shows what there is to see.
package watch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"udpkata/harness/progress"
	"udpkata/harness/verdict"
)

const (
	// quiet is how long nothing may be saved before it is judged. Editors write a file in several steps.
	quiet = 30 * time.Millisecond
	// longest is how long that is waited for where something is saved all the time.
	longest = 500 * time.Millisecond
)

// ErrQuit is what ends a watch that has nothing wrong with it.
var ErrQuit = errors.New("quit")

// Params are what a watch works with.
type Params struct {
	Source

	// Look takes in what the lessons hold.
	Look func() Snapshot

	// Open reads the course, whose tasks have not been judged then.
	Open func() (progress.Course, error)

	// Judge finds out how tasks end, and keeps it in the course. It has left nothing running when it returns.
	Judge func(context.Context, progress.Course, []progress.Task) error

	// Glance does so for one task, in less time, and Judge has the last word.
	Glance func(context.Context, progress.Course, progress.Task) error

	// Do has what else is to be done between what the watch does, such as what a key asks for. ErrQuit, or another
	// error, ends the watch.
	Do <-chan func(*Watch) error

	Screen Screen
}

// A Screen shows how things are. It is asked from one goroutine alone.
type Screen interface {
	Show(View) error
}

// A View is what there is to see.
type View struct {
	Course  progress.Course
	Current string // the task's ID
	Passed  string // that of the one that has just passed; it is the current one until the next one is known
	Running bool   // and how the current one ends, or which is next, is not known yet
	Done    bool   // nothing is left to do
	Polling error  // why the files are polled
	Err     error  // why nothing could be judged
}

// Task returns the current one.
func (v View) Task() (progress.Task, bool) {
	i := v.Course.Index(v.Current)
	if i < 0 {
		return progress.Task{}, false
	}
	return v.Course.Tasks[i], true
}

// A Watch is a run of the course.
type Watch struct {
	params Params
	view   View
	shown  string // what was shown last, in short

	seen    Snapshot
	touched map[string]bool // the lessons that have to be judged
	anew    bool            // the current task has to be, whatever was touched
	settled bool            // it is known which is the current one

	judging  context.Context // in which runs are
	running  chan outcome    // what a run finds out, closed at its end; nil where nothing runs
	cancel   context.CancelFunc
	stale    bool   // that run's outcome is of what is no more
	followed string // the lesson that somebody works in, and the current task is not of it
}

// New returns a watch of a course, beginning at a task.
func New(p Params, course progress.Course, current string) *Watch {
	w := &Watch{params: p, touched: map[string]bool{}}
	w.view = View{Course: course, Current: current}
	if course.Index(current) < 0 && len(course.Tasks) > 0 {
		w.view.Current = course.Tasks[0].ID()
	}
	return w
}

// View returns what there is to see now. It is for what [Params.Do] does.
func (w *Watch) View() View { return w.view }

// Run judges the course, and then what is saved, until its context ends or somebody quits. Nothing runs then.
func (w *Watch) Run(ctx context.Context) error {
	w.judging = ctx
	defer w.stop()
	w.seen = w.params.Look()
	for lesson := range w.seen {
		w.touched[lesson] = true
	}
	if err := w.start(); err != nil {
		return err
	}
	var settle <-chan time.Time
	var since time.Time // when the first was saved of what is not judged yet
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.params.Notices:
			if settle == nil {
				since = time.Now()
			}
			settle = time.After(min(quiet, max(0, longest-time.Since(since))))
		case <-settle:
			settle = nil
			err = w.look()
		case w.view.Polling = <-w.params.Polling:
			err = w.show()
		case o, more := <-w.running:
			err = w.hear(o, more)
		case do := <-w.params.Do:
			err = do(w)
		}
		if errors.Is(err, ErrQuit) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Move goes to a neighbour of the current task, whatever has passed. It reports whether there is one.
func (w *Watch) Move(by int) (bool, error) {
	at := w.view.Course.Index(w.view.Current) + by
	if at < 0 || at >= len(w.view.Course.Tasks) {
		return false, nil
	}
	w.view.Current, w.view.Passed, w.followed, w.settled = w.view.Course.Tasks[at].ID(), "", "", true
	return true, w.show()
}

// Rerun judges the current task again, and what could not be judged before.
func (w *Watch) Rerun() error {
	w.anew = true
	return w.start()
}

// Show shows all again.
func (w *Watch) Show() error { return w.show() }

// look judges what has been touched.
func (w *Watch) look() error {
	now := w.params.Look()
	touched := now.Touched(w.seen)
	if len(touched) == 0 {
		return nil
	}
	w.seen = now
	for _, lesson := range touched {
		w.touched[lesson] = true
	}
	// Where somebody works is where they want to be.
	w.followed = ""
	if task, _ := w.view.Task(); len(w.touched) == 1 && task.Lesson.Name != touched[0] {
		w.followed = touched[0]
	}
	return w.start()
}

// start begins to judge what has to be judged, once the run has ended whose outcome is of no use.
func (w *Watch) start() error {
	if w.running != nil {
		w.stale = true
		w.cancel()
		return nil
	}
	ctx, cancel := context.WithCancel(w.judging)
	w.cancel, w.stale = cancel, false
	w.running = make(chan outcome, 3)
	r := &run{Params: w.params, before: w.view.Course, current: w.view.Current, anew: w.anew, out: w.running}
	for lesson := range w.touched {
		r.touched = append(r.touched, lesson)
	}
	go r.judge(ctx)
	w.view.Running, w.view.Passed, w.view.Err = true, "", nil
	return w.show()
}

// stop ends the run, and waits for its end.
func (w *Watch) stop() {
	if w.running != nil {
		w.cancel()
		for range w.running {
		}
	}
}

// hear takes in what a run has found out, or that it has ended.
func (w *Watch) hear(o outcome, more bool) error {
	switch {
	case !more:
		w.running = nil
		w.cancel()
		if w.stale {
			return w.start()
		}
		return nil
	case o.panicked != "":
		panic(o.panicked)
	case w.stale || w.judging.Err() != nil:
		return nil
	case o.err != nil:
		w.view.Err, w.view.Running = o.err, false
		return w.show()
	}
	before, known := w.view.Task()
	w.view.Course = o.course
	now, _ := w.view.Task()
	switch passes := now.State == verdict.Passed; {
	case !passes:
		w.view.Passed = ""
	case known && w.settled && !before.Done():
		w.view.Passed = w.view.Current
	}
	w.view.Running = !o.last && w.view.Passed != ""
	if o.last {
		w.touched, w.anew = map[string]bool{}, false
		w.goOn()
	}
	if o.last && w.inShort() == w.shown {
		return nil // it has been said
	}
	return w.show()
}

// goOn chooses the current task, now that it is known how all end.
func (w *Watch) goOn() {
	_, there := w.view.Task()
	next, more := w.view.Course.Next(w.view.Current)
	w.view.Done = !more
	switch i := w.firstOf(w.followed); {
	case i >= 0:
		w.view.Current = w.view.Course.Tasks[i].ID()
	case more && (!w.settled || !there || w.view.Passed == w.view.Current):
		w.view.Current = next.ID()
	}
	w.settled, w.followed = true, ""
}

// firstOf returns where a lesson's first task is that is not done, or -1.
func (w *Watch) firstOf(lesson string) int {
	return slices.IndexFunc(w.view.Course.Tasks, func(t progress.Task) bool {
		return t.Lesson.Name == lesson && !t.Done()
	})
}

func (w *Watch) show() error {
	w.shown = w.inShort()
	return w.params.Screen.Show(w.view)
}

// inShort returns the same for views between which nobody sees a difference worth telling.
func (w *Watch) inShort() string {
	done := 0
	for _, t := range w.view.Course.Tasks {
		if t.Done() {
			done++
		}
	}
	t, _ := w.view.Task()
	return fmt.Sprintln(w.view.Current, t.State, t.Reason, w.view.Passed, w.view.Running, w.view.Done, w.view.Err, done)
}

// A run judges once.
type run struct {
	Params
	before  progress.Course
	current string
	anew    bool
	touched []string
	out     chan<- outcome
}

// An outcome is what a run has found out so far.
type outcome struct {
	course   progress.Course
	last     bool
	err      error
	panicked string
}

// judge glances at the current task, if its lesson was touched, and says how it ends; and then judges all whose lessons
// were touched. The course is read meanwhile.
func (r *run) judge(ctx context.Context) {
	defer close(r.out)
	defer r.recovers()
	opened := make(chan outcome, 1)
	go func() {
		defer close(opened)
		defer r.recovers()
		course, err := r.Open()
		opened <- outcome{course: course, err: err}
	}()
	// At the beginning nothing is known, and all is judged at once. So is a lesson with one task.
	if at := r.before.Index(r.current); at >= 0 {
		t := r.before.Tasks[at]
		ofLesson, _ := r.before.Find(t.Lesson.Name, "")
		if t.State != "" && slices.Contains(r.touched, t.Lesson.Name) && len(ofLesson) > 1 {
			course := clone(r.before)
			err := r.Glance(ctx, course, t)
			if err != nil {
				if o := <-opened; o.err != nil {
					err = o.err // which says more
				}
				r.out <- outcome{err: err}
				return
			}
			r.out <- outcome{course: course}
		}
	}
	o, whole := <-opened
	if !whole || o.err != nil {
		if whole {
			r.out <- o
		}
		return
	}
	course := o.course
	var all []progress.Task
	for i, t := range course.Tasks {
		if at := r.before.Index(t.ID()); at >= 0 {
			course.Tasks[i].Result = r.before.Tasks[at].Result
		}
		isCurrent := r.anew && t.ID() == r.current
		if isCurrent || slices.Contains(r.touched, t.Lesson.Name) {
			all = append(all, t)
		}
	}
	var err error
	if len(all) > 0 {
		err = r.Judge(ctx, course, all)
	}
	r.out <- outcome{course: course, last: true, err: err}
}

// recovers passes a panic on: who has the terminal must put it in order first, and that's not this goroutine.
func (r *run) recovers() {
	if p := recover(); p != nil {
		r.out <- outcome{panicked: fmt.Sprintf("%v\n%s", p, debug.Stack())}
	}
}

// clone returns a course whose tasks can be judged while the other's are looked at.
func clone(c progress.Course) progress.Course {
	c.Tasks = slices.Clone(c.Tasks)
	return c
}
