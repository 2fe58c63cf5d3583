package grade

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"udpkata/harness/keep"
	"udpkata/harness/text"
)

// Merge brings what is in several directories into one, which may be one of them, and makes marks of it if all shards
// are there. It returns what is missing. Results of another course, Go, class key or way of judging are an error: marks
// made of them could not be compared. Then the directory is as it was, and takes the right ones.
func Merge(out string, from []string) (missing []string, err error) {
	for _, dir := range from {
		parts, err := filepath.Glob(filepath.Join(dir, classFiles))
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			return nil, text.Fail("%s has nothing of a class: give what go tool kata grade had as -o", dir)
		}
	}
	dirs := append([]string{out}, from...)
	all := sources{}
	if err := all.gather(dirs, classFiles); err != nil {
		return nil, err
	}
	if _, err := readParts(slices.Sorted(maps.Values(all))); err != nil {
		return nil, err
	}
	if err := all.gather(dirs, keyFile, referenceFile, filepath.Join(resultsDir, "*.json")); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(out, resultsDir), 0o700); err != nil {
		return nil, err
	}
	leave, err := enter(out)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := all.bring(out); err != nil {
		return nil, err
	}
	return Finish(out)
}

const classFiles = "class-*-of-*.json"

// sources say where each file is that is to be in one directory, by its name in there.
type sources map[string]string

// gather looks in directories for files with names of some patterns. Of those of one name it takes the best.
func (all sources) gather(dirs []string, patterns ...string) error {
	for _, pattern := range patterns {
		for _, dir := range dirs {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				return err
			}
			for _, path := range paths {
				name, err := filepath.Rel(dir, path)
				if err != nil {
					return err
				}
				takes := all[name] == ""
				if !takes {
					takes, err = isBetter(path, all[name])
				}
				if err != nil {
					return err
				}
				if takes {
					all[name] = path
				}
			}
		}
	}
	return nil
}

// bring copies all that is elsewhere into a directory. If one file can't be, it takes away again those that were not
// there before.
func (all sources) bring(out string) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				os.Remove(path)
			}
		}
	}()
	// The results come first, and who is in the class last: if the machine stops between, it is no half of a class.
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(all))) {
		to := filepath.Join(out, name)
		if all[name] == to {
			continue
		}
		data, err := os.ReadFile(all[name])
		if err != nil {
			return err
		}
		if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
			made = append(made, to)
		}
		if err := keep.Write(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// isBetter reports whether a file is to be taken instead of another of its name: of two results of one key the finished
// one counts, machines may say in other words what they lack, and of two parts of one class only one can be right.
func isBetter(from, there string) (bool, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return false, err
	}
	had, err := os.ReadFile(there)
	if err != nil || string(had) == string(data) {
		return false, err
	}
	switch {
	case filepath.Base(from) == keyFile:
		return false, nil // if it is of another class, what was graded with it says so
	case filepath.Base(from) == referenceFile:
		var a, b Reference
		if err := cmp.Or(json.Unmarshal(had, &a), json.Unmarshal(data, &b)); err != nil {
			return false, fmt.Errorf("%s, %s: %w", from, there, err)
		}
		return false, a.alike(b)
	case filepath.Base(filepath.Dir(from)) == resultsDir:
		var old Result
		return json.Unmarshal(had, &old) != nil || len(old.Pending) > 0, nil
	default:
		var a, b part
		isRead := json.Unmarshal(had, &a) == nil && json.Unmarshal(data, &b) == nil && a.Head == b.Head
		if isRead && a.Given != b.Given {
			return false, b.apart(a.Given, from, there, a.N)
		}
		if isRead {
			return false, text.Fail("%s and %s say different things of the same shard: remove the older one", from,
				there)
		}
		return false, text.Fail("%s and %s were graded otherwise (%s): grade both with the same course, Go, "+
			"class.key, box and flags", from, there, a.differs(b))
	}
}
