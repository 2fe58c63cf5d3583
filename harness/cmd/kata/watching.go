package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// soon is when the event of a file that was written has come, where events come at all.
const soon = 500 * time.Millisecond

// watchingWorks writes a file of its own into a directory, and returns an error unless an event tells of it.
func watchingWorks(dir string) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	own, err := os.MkdirTemp(dir, ".kata-watching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(own)
	if err := watcher.Add(own); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(own, "proof"), nil, 0o600); err != nil {
		return err
	}
	select {
	case <-watcher.Events:
		return nil
	case err := <-watcher.Errors:
		return err
	case <-time.After(soon):
		return errors.New("no event came of a file that was written")
	}
}
