package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/progress"
	"udpkata/harness/verdict"
)

// A room is a watch whose lessons, judge and screen are the test's. All is in virtual time.
type room struct {
	t       *testing.T
	notices chan struct{}
	polling chan error
	do      chan func(*Watch) error
	files   Snapshot
	states  map[string]verdict.State // how tasks end, by ID; failed if nothing else is said
	takes   time.Duration            // each run of the judge
	opens   error
	judged  []string // the tasks of each run, or that it was cancelled
	runs    int      // that have not ended
	views   []View
	ended   chan error
	leave   context.CancelFunc
}

// enter begins a watch of two lessons, a and b, with two tasks and one, and waits until it has nothing to do.
func enter(t *testing.T, current string, states map[string]verdict.State) *room {
	r := &room{
		t: t, notices: make(chan struct{}, 1), polling: make(chan error, 1), do: make(chan func(*Watch) error),
		states: states, takes: time.Second, ended: make(chan error, 1),
		files: Snapshot{"a": {"a.go": "0"}, "b": {"b.go": "0"}},
	}
	course, err := r.open()
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	r.leave = leave
	w := New(Params{
		Source: Source{r.notices, r.polling}, Look: r.look, Open: r.open, Judge: r.judge, Glance: r.glance, Do: r.do,
		Screen: r,
	}, course, current)
	go func() { r.ended <- w.Run(ctx) }()
	r.wait(10 * time.Second)
	t.Cleanup(func() {
		leave()
		r.wait(10 * time.Second)
		require.Zero(t, r.runs, "a run outlived the watch")
	})
	return r
}

func (r *room) wait(d time.Duration) {
	time.Sleep(d) // of virtual time
	synctest.Wait()
}

func (r *room) look() Snapshot {
	all := Snapshot{}
	for name, files := range r.files {
		all[name] = map[string]string{}
		maps.Copy(all[name], files)
	}
	return all
}

func (r *room) open() (progress.Course, error) {
	var c progress.Course
	for _, id := range []string{"a/One", "a/Two", "b/One"} {
		lesson, name, _ := strings.Cut(id, "/")
		c.Tasks = append(c.Tasks, progress.Task{
			Task: curriculum.Task{Name: name}, Lesson: curriculum.Lesson{Name: lesson},
		})
	}
	return c, r.opens
}

func (r *room) judge(ctx context.Context, c progress.Course, tasks []progress.Task) error {
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.ID())
	}
	r.runs++
	defer func() { r.runs-- }()
	select {
	case <-ctx.Done():
		r.judged = append(r.judged, "cancelled")
		time.Sleep(r.takes) // until the last of it has ended
		return ctx.Err()
	case <-time.After(r.takes):
	}
	require.Equal(r.t, 1, r.runs, "two runs at once")
	for _, id := range ids {
		state := r.states[id]
		switch state {
		case "":
			state = verdict.Failed
		case "panic":
			panic("out of order")
		}
		c.Tasks[c.Index(id)].Result = judge.Result{State: state}
	}
	r.judged = append(r.judged, strings.Join(ids, " "))
	return nil
}

func (r *room) glance(ctx context.Context, c progress.Course, t progress.Task) error {
	return r.judge(ctx, c, []progress.Task{t})
}

func (r *room) Show(v View) error {
	v.Course = clone(v.Course)
	r.views = append(r.views, v)
	return nil
}

// save writes a file, and lets the system tell of it.
func (r *room) save(lesson, content string) {
	r.files[lesson][lesson+".go"] = content
	r.tell()
}

func (r *room) tell() {
	select {
	case r.notices <- struct{}{}:
	default:
	}
	synctest.Wait()
}

// then returns what was judged since the last time, and what is shown.
func (r *room) then() ([]string, View) {
	judged := r.judged
	r.judged = nil
	return judged, r.views[len(r.views)-1]
}

type states = map[string]verdict.State

func TestBegin(t *testing.T) {
	for _, tt := range []struct {
		name, bookmark string
		states         states
		current        string
		done           bool
	}{
		{"without a bookmark", "", nil, "a/One", false},
		{"a bookmark", "a/Two", nil, "a/Two", false},
		{"at one that passes", "a/Two", states{"a/Two": verdict.Passed}, "b/One", false},
		{"the rest passes", "a/Two", states{"a/Two": verdict.Passed, "b/One": verdict.Skipped}, "a/One", false},
		{"all pass", "a/Two", states{"a/One": verdict.Passed, "a/Two": verdict.Passed, "b/One": verdict.Passed},
			"a/Two", true},
		{"a task that is no more", "c/One", nil, "a/One", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := enter(t, tt.bookmark, tt.states)
				require.True(t, r.views[0].Running)
				judged, v := r.then()
				require.Equal(t, []string{"a/One a/Two b/One"}, judged)
				require.Equal(t, tt.current, v.Current)
				require.Equal(t, tt.done, v.Done)
				require.False(t, v.Running)
				require.Empty(t, v.Passed)
			})
		})
	}
}

// TestSave: the current task first, then its lesson, and no other.
func TestSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.then()
		shown := len(r.views)
		r.save("a", "1")
		r.wait(10 * time.Second)
		judged, v := r.then()
		require.Equal(t, []string{"a/One", "a/One a/Two"}, judged)
		require.Equal(t, "a/One", v.Current)
		require.Len(t, r.views[shown:], 2, "that it runs, and how it ends; the others end as before")
	})
}

func TestGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.states["a/One"] = verdict.Passed
		r.save("a", "1")
		r.wait(quiet + r.takes + r.takes/2)
		_, v := r.then()
		require.Equal(t, "a/One", v.Passed, "joy at once")
		require.True(t, v.Running)
		r.wait(10 * time.Second)
		_, v = r.then()
		require.Equal(t, "a/One", v.Passed)
		require.Equal(t, "a/Two", v.Current)
		require.False(t, v.Running)

		// All that was written at once is gone through at once.
		r.states["a/Two"], r.states["b/One"] = verdict.Passed, verdict.Passed
		r.save("b", "1")
		r.save("a", "2")
		r.wait(10 * time.Second)
		_, v = r.then()
		require.Equal(t, "a/Two", v.Passed)
		require.True(t, v.Done)
	})
}

// TestStays: a task that passed before is not left behind by itself.
func TestStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{"a/One": verdict.Passed})
		r.do <- func(w *Watch) error {
			moved, err := w.Move(-1)
			require.True(t, moved)
			return err
		}
		r.save("a", "1")
		r.wait(10 * time.Second)
		_, v := r.then()
		require.Equal(t, "a/One", v.Current)
		require.Empty(t, v.Passed)
		r.do <- func(w *Watch) error {
			moved, err := w.Move(-1)
			require.False(t, moved, "there is none before the first")
			return err
		}
	})
}

// TestSaves: each ends in the verdict on what was saved last, and nothing is judged twice.
func TestSaves(t *testing.T) {
	for _, tt := range []struct {
		name   string
		save   func(*room)
		judged []string
	}{
		{"told of twice", func(r *room) {
			r.save("a", "1")
			r.wait(quiet / 2)
			r.tell()
		}, []string{"a/One", "a/One a/Two"}},
		{"half-written", func(r *room) {
			r.save("a", "")
			r.wait(quiet - 1)
			r.save("a", "1")
		}, []string{"a/One", "a/One a/Two"}},
		{"nothing new", func(r *room) { r.save("a", "0") }, nil},
		{"there and back", func(r *room) {
			r.save("a", "1")
			r.wait(quiet / 2)
			r.save("a", "0")
		}, nil},
		{"during a run", func(r *room) {
			r.save("a", "1")
			r.wait(quiet + r.takes/2)
			r.save("a", "2")
		}, []string{"cancelled", "a/One", "a/One a/Two"}},
		{"as a run ends", func(r *room) {
			r.save("a", "1")
			r.wait(quiet + r.takes + r.takes/2)
			r.save("a", "2")
		}, []string{"a/One", "cancelled", "a/One", "a/One a/Two"}},
		{"another lesson's during a run", func(r *room) {
			r.save("a", "1")
			r.wait(quiet + r.takes/2)
			r.save("b", "1")
		}, []string{"cancelled", "a/One", "a/One a/Two b/One"}},
		{"without end", func(r *room) {
			r.takes = time.Millisecond
			for i := range int(1200 * time.Millisecond / (quiet / 2)) {
				r.save("a", fmt.Sprint(i))
				r.wait(quiet / 2)
			}
			judged, _ := r.then()
			require.Equal(r.t, []string{"a/One", "a/One a/Two", "a/One", "a/One a/Two"}, judged)
			r.save("a", "1")
		}, []string{"a/One", "a/One a/Two"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := enter(t, "", states{})
				r.then()
				tt.save(r)
				r.wait(time.Minute)
				judged, v := r.then()
				require.Equal(t, tt.judged, judged)
				require.False(t, v.Running)
			})
		})
	}
}

// TestFollows: where somebody works is where they want to be, unless all is done there.
func TestFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.save("b", "1")
		r.wait(10 * time.Second)
		judged, v := r.then()
		require.Contains(t, judged, "b/One")
		require.Equal(t, "b/One", v.Current)
		require.Empty(t, v.Passed)
	})
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{"b/One": verdict.Passed})
		r.save("b", "1")
		r.wait(10 * time.Second)
		_, v := r.then()
		require.Equal(t, "a/One", v.Current)
	})
}

// TestMoveDuringRun: who has chosen is not sent elsewhere by what is found out.
func TestMoveDuringRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.save("a", "1")
		r.wait(quiet + r.takes + r.takes/2)
		r.do <- func(w *Watch) error { _, err := w.Move(2); return err }
		r.wait(10 * time.Second)
		_, v := r.then()
		require.Equal(t, "b/One", v.Current)
	})
}

func TestRerun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.then()
		r.do <- (*Watch).Rerun
		r.wait(10 * time.Second)
		judged, v := r.then()
		require.Equal(t, []string{"a/One"}, judged)
		require.False(t, v.Running)
	})
}

// TestUnreadable: what was saved while the course could not be read is judged when it can be.
func TestUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.then()
		r.opens = errors.New("no such lesson")
		r.save("a", "1")
		r.wait(10 * time.Second)
		judged, v := r.then()
		require.Equal(t, []string{"a/One"}, judged, "more than a glance")
		require.ErrorIs(t, v.Err, r.opens)
		require.False(t, v.Running)
		r.opens = nil
		r.save("b", "1")
		r.wait(10 * time.Second)
		judged, v = r.then()
		require.Equal(t, "a/One", judged[0])
		require.ElementsMatch(t, []string{"a/One", "a/Two", "b/One"}, slices.Concat(strings.Fields(judged[1])))
		require.NoError(t, v.Err)
	})
}

func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := enter(t, "", states{})
		r.polling <- errors.New("too many watches")
		synctest.Wait()
		_, v := r.then()
		require.ErrorContains(t, v.Polling, "too many watches")
	})
}

// TestEnds: whatever ends the watch, its run ends before it.
func TestEnds(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		end  func(*room)
		want error
	}{
		{"its context", func(r *room) { r.leave() }, context.Canceled},
		{"quit", func(r *room) { r.do <- func(*Watch) error { return ErrQuit } }, nil},
		{"an error", func(r *room) { r.do <- func(*Watch) error { return broken } }, broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := enter(t, "", states{})
				r.then()
				r.save("a", "1")
				r.wait(quiet + r.takes/2)
				require.Equal(t, 1, r.runs)
				tt.end(r)
				require.ErrorIs(t, <-r.ended, tt.want)
				require.Zero(t, r.runs)
				judged, _ := r.then()
				require.Equal(t, []string{"cancelled"}, judged)
			})
		})
	}
}

// TestPanic: it comes out where the terminal can be put in order, and says where it was.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{t: t, states: states{"a/One": "panic"}, files: Snapshot{"a": {}}}
		course, _ := r.open()
		w := New(Params{Look: r.look, Open: r.open, Judge: r.judge, Glance: r.glance, Screen: r}, course, "")
		defer func() {
			said := fmt.Sprint(recover())
			require.Contains(t, said, "out of order")
			require.Contains(t, said, "(*room).judge")
		}()
		w.Run(t.Context())
		t.Error("it went on")
	})
}
