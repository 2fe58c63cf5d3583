package grade

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"udpkata/harness/keep"
	"udpkata/harness/text"
)

// Merge brings what is in several directories into one, which may be one of them, and makes marks of it if all shards
// are there. It returns what is missing. Results of another course, Go, class key or way of judging are an error: marks
// made of them could not be compared.
func Merge(out string, from []string) (missing []string, err error) {
	for _, dir := range from {
		parts, err := filepath.Glob(filepath.Join(dir, "class-*-of-*.json"))
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			return nil, text.Fail("%s has nothing of a class: give what go tool kata grade had as -o", dir)
		}
	}
	if err := os.MkdirAll(filepath.Join(out, resultsDir), 0o700); err != nil {
		return nil, err
	}
	leave, err := enter(out)
	if err != nil {
		return nil, err
	}
	defer leave()
	for _, dir := range from {
		if same(dir, out) {
			continue
		}
		for _, pattern := range []string{keyFile, "class-*-of-*.json", referenceFile,
			filepath.Join(resultsDir, "*.json")} {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range paths {
				name, err := filepath.Rel(dir, path)
				if err != nil {
					return nil, err
				}
				if err := bring(path, filepath.Join(out, name)); err != nil {
					return nil, err
				}
			}
		}
	}
	return Finish(out)
}

func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// bring copies a file, unless what is there is as good: of two results of one key the finished one counts, machines may
// say in other words what they lack, and of two parts of one class only one can be right.
func bring(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	there, err := os.ReadFile(to)
	if errors.Is(err, fs.ErrNotExist) {
		return keep.Write(to, data, 0o600)
	}
	if err != nil || string(there) == string(data) {
		return err
	}
	switch {
	case filepath.Base(to) == keyFile:
		return nil // if it is of another class, what was graded with it says so
	case filepath.Base(to) == referenceFile:
		var a, b Reference
		if err := cmp.Or(json.Unmarshal(there, &a), json.Unmarshal(data, &b)); err != nil {
			return fmt.Errorf("%s, %s: %w", from, to, err)
		}
		err := a.alike(b)
		if err != nil { // unless it is as the course is another, which the shards say
			_, _, other := Open(filepath.Dir(to))
			err = cmp.Or(other, err)
		}
		return err
	case filepath.Base(filepath.Dir(to)) == resultsDir:
		var old Result
		if json.Unmarshal(there, &old) == nil && len(old.Pending) == 0 {
			return nil
		}
		return keep.Write(to, data, 0o600)
	default:
		var a, b part
		isRead := json.Unmarshal(there, &a) == nil && json.Unmarshal(data, &b) == nil && a.Head == b.Head
		if isRead && a.Given != b.Given {
			return b.apart(a.Given, from, to, a.N)
		}
		if isRead {
			return text.Fail("%s and %s say different things of the same shard: remove the older one", from, to)
		}
		return text.Fail("%s and %s were graded otherwise (%s): grade both with the same course, Go, class.key, box "+
			"and flags", from, to, a.differs(b))
	}
}
