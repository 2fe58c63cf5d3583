package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// proofWithin is how long the system may take to tell of a file that was written for this sake.
	proofWithin = 500 * time.Millisecond
	// pollEvery is how often the files are looked at where the system does not tell.
	pollEvery = 500 * time.Millisecond
	// doubtEvery is how often they are looked at where it does. On some file systems it tells of some writes only.
	doubtEvery = 2 * time.Second
	// livelyPolls is for how many polls after a change each is taken for one: a file system may not tell two writes
	// apart that are this near to each other.
	livelyPolls = 6
)

// A Source tells when something may have been saved.
type Source struct {
	Notices <-chan struct{} // of any number of saves
	Polling <-chan error    // once at most: why the files are polled from now on
}

// A source is the sending side.
type source struct {
	root    string
	notices chan struct{}
	polling chan error
}

// Events returns the source that the lessons below a course's root are, until a context ends. The system is asked to
// tell of what happens there; where it does not, the files are polled.
func Events(ctx context.Context, root string) Source {
	s := &source{root, make(chan struct{}, 1), make(chan error, 1)}
	go s.tell(ctx, fsnotify.NewWatcher)
	return Source{s.notices, s.polling}
}

// notice says that something may have been saved. One word of it does for many.
func (s *source) notice() {
	select {
	case s.notices <- struct{}{}:
	default:
	}
}

func (s *source) tell(ctx context.Context, newWatcher func() (*fsnotify.Watcher, error)) {
	before := glance(s.root)
	why := s.follow(ctx, newWatcher)
	if ctx.Err() != nil {
		return
	}
	s.polling <- why
	s.poll(ctx, before)
}

// follow passes on what the system tells, and returns why it can't be relied on.
func (s *source) follow(ctx context.Context, newWatcher func() (*fsnotify.Watcher, error)) error {
	watcher, err := newWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := prove(watcher, s.root); err != nil {
		return err
	}
	if err := s.add(watcher); err != nil {
		return err
	}
	s.notice() // of what was saved before
	doubts := time.NewTicker(doubtEvery)
	defer doubts.Stop()
	d := doubt{seen: glance(s.root)}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, more := <-watcher.Events:
			if !more {
				return errors.New("the system has stopped telling of them")
			}
			d.told()
			if e.Op == fsnotify.Chmod {
				continue
			}
			// The directories above the lessons tell of little, and of theirs; and those may get folders.
			above := filepath.Dir(e.Name) == filepath.Join(s.root, "lessons") || filepath.Dir(e.Name) == s.root
			if above || e.Op.Has(fsnotify.Create) && !counts(filepath.Base(e.Name)) {
				if err := s.add(watcher); err != nil {
					return err
				}
			}
			s.notice()
		case <-watcher.Errors: // of an overflow, say: then it is not known what happened
			s.notice()
		case <-doubts.C:
			changed, missed := d.look(glance(s.root))
			if missed {
				return errors.New("the system does not tell of all")
			}
			if changed {
				s.notice()
			}
		}
	}
}

// add watches the lessons' directories and what is below them, the one that they are in, and the root, for when that
// one comes anew. Those that are watched already stay so.
func (s *source) add(watcher *fsnotify.Watcher) error {
	for before := -1; before != len(watcher.WatchList()); { // what came meanwhile, nobody has told of
		before = len(watcher.WatchList())
		all := []string{filepath.Join(s.root, "lessons"), s.root}
		for _, lesson := range directories(s.root) {
			all = append(all, folders(lesson)...)
		}
		for _, dir := range all {
			if err := watcher.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// Prove returns an error if the system does not tell of files that are written below a directory.
func Prove(root string) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	return prove(watcher, root)
}

// prove writes a file of its own, where the course is: the system may tell of some disks only.
func prove(watcher *fsnotify.Watcher, root string) error {
	dir, err := os.MkdirTemp(root, ".udpkata-watch-")
	if err != nil { // nobody else can save there either
		dir, err = os.MkdirTemp("", "udpkata-watch-")
	}
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := watcher.Add(dir); err != nil {
		return err
	}
	defer watcher.Remove(dir)
	if err := os.WriteFile(filepath.Join(dir, "proof"), nil, 0o600); err != nil {
		return err
	}
	return arrives(watcher.Events, filepath.Join(dir, "proof"))
}

// arrives waits for word of a file, for as long as it may take.
func arrives(events <-chan fsnotify.Event, name string) error {
	late := time.After(proofWithin)
	for {
		select {
		case e := <-events:
			if e.Name == name {
				return nil
			}
		case <-late:
			return fmt.Errorf("the system told nothing of a file for %v", proofWithin)
		}
	}
}

// A doubt finds out whether the system tells of all that happens.
type doubt struct {
	seen    Snapshot
	suspect bool // something has changed of which nothing was told so far
	heard   bool // something was told since the last look
}

func (d *doubt) told() { d.heard, d.suspect = true, false }

// look takes in what there is now. It reports whether something has changed of which nothing was told since, and
// whether nothing was told of it for a whole round: at first, word of it may be on its way.
func (d *doubt) look(now Snapshot) (changed, missed bool) {
	changed = len(now.Touched(d.seen)) > 0 && !d.heard
	missed = d.suspect
	d.seen, d.heard, d.suspect = now, false, changed
	return changed, missed
}

// poll looks by itself.
func (s *source) poll(ctx context.Context, before Snapshot) {
	polls := time.NewTicker(pollEvery)
	defer polls.Stop()
	for lively := livelyPolls; ; lively-- {
		now := glance(s.root)
		if len(now.Touched(before)) > 0 {
			before, lively = now, livelyPolls
		}
		if lively > 0 {
			s.notice()
		}
		select {
		case <-ctx.Done():
			return
		case <-polls.C:
		}
	}
}
