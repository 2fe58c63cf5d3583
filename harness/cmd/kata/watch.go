package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"udpkata/harness/progress"
	"udpkata/harness/watch"
)

type watchCommand struct{}

func (*watchCommand) run(s *session) (bool, error) {
	// Whoever read what is printed may go away, and then the run has to be ended here before anything else.
	gone := make(chan os.Signal, 1)
	signal.Notify(gone, syscall.SIGPIPE)
	defer signal.Stop(gone)

	ctx, cancel := context.WithCancel(s)
	defer cancel()
	root := s.course.Root // which other goroutines ask for
	do := make(chan func(*watch.Watch) error)
	params := watch.Params{
		Source: watch.Events(ctx, root),
		Look:   func() watch.Snapshot { return watch.Look(root) },
		Open:   func() (progress.Course, error) { return progress.Open(root) },
		Judge: func(ctx context.Context, c progress.Course, tasks []progress.Task) error {
			return c.Judge(ctx, tasks)
		},
		Glance: func(ctx context.Context, c progress.Course, t progress.Task) error { return c.Glance(ctx, t) },
		Do:     do,
	}
	terminal, err := openTerminal(os.Stdin, os.Stdout)
	if err != nil { // there is none, or a poor one
		params.Screen = &lines{session: s}
		return watched(ctx, s, params)
	}
	defer terminal.restore() // whatever happens, a panic too
	screen := &screen{session: s, terminal: terminal}
	params.Screen = screen
	screen.follow(ctx, do)
	return watched(ctx, s, params)
}

// watched watches until somebody has enough.
func watched(ctx context.Context, s *session, p watch.Params) (passed bool, err error) {
	w := watch.New(p, s.course, s.bookmark.Current)
	if err := w.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return false, err
	}
	return allDone(w.View().Course.Tasks), nil
}

// take makes what is seen the session's, so that its commands are about that.
func (s *session) take(v watch.View) {
	s.course = v.Course
	if t, known := v.Task(); known && s.bookmark.Current != v.Current && t.State != "" {
		s.goTo(t)
	}
}

// read sends each key, and reads no more until it has been dealt with: what it asks for may read the terminal.
func read(ctx context.Context, from io.Reader, do chan<- func(*watch.Watch) error, key func(*watch.Watch, byte) error) {
	dealt := make(chan struct{}, 1)
	one := make([]byte, 1)
	for {
		n, err := from.Read(one)
		if n == 0 && err == nil {
			continue
		}
		deal := func(w *watch.Watch) error {
			defer func() { dealt <- struct{}{} }()
			return key(w, one[0])
		}
		if err != nil { // the terminal is gone
			deal = func(*watch.Watch) error { return watch.ErrQuit }
		}
		select {
		case <-ctx.Done():
			return
		case do <- deal:
		}
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-dealt:
		}
	}
}
