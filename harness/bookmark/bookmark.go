// Package bookmark keeps the little of a student's work that its tests don't say: which task is the current one, and
// how many hints were read. Losing it costs nothing.
package bookmark

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"udpkata/harness/keep"
)

// A Bookmark belongs to one clone of the course.
type Bookmark struct {
	Current string         `json:"current,omitempty"` // the task, as in "02-echo/TestServeLogs"
	Hints   map[string]int `json:"hints,omitempty"`   // how many were read, by task

	path string
}

// Load reads that of the clone in a directory. One that is not there, or can't be read, is empty.
func Load(root string) Bookmark {
	b := Bookmark{Hints: map[string]int{}}
	dir, err := os.UserConfigDir()
	if err != nil {
		return b
	}
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	hash := sha256.Sum256([]byte(root))
	b.path = filepath.Join(dir, "udpkata", hex.EncodeToString(hash[:8])+".json")
	if data, err := os.ReadFile(b.path); err == nil && json.Unmarshal(data, &b) != nil {
		b.Current, b.Hints = "", nil
	}
	if b.Hints == nil {
		b.Hints = map[string]int{}
	}
	return b
}

// Save writes it, whole or not at all. Where nothing can be written, the course goes on without.
func (b Bookmark) Save() error {
	if b.path == "" {
		return os.ErrNotExist
	}
	data, err := json.MarshalIndent(b, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return err
	}
	return keep.Write(b.path, append(data, '\n'), 0o600)
}
