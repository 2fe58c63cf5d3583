package watch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Snapshot says what each lesson's directory held at one time, and the packages below it: by lesson, and by path of a
// file, something that differs when the file does.
type Snapshot map[string]map[string]string

// Look takes in the contents of all files in a course's lessons that its tests' verdicts come from.
func Look(root string) Snapshot {
	return walk(root, func(path string, _ fs.FileInfo) string {
		file, err := os.Open(path)
		if err != nil {
			return err.Error()
		}
		defer file.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err.Error()
		}
		return string(hash.Sum(nil))
	})
}

// glance takes in when those files were written, and how big they are, which is cheaper.
func glance(root string) Snapshot {
	return walk(root, func(_ string, info fs.FileInfo) string {
		return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	})
}

func walk(root string, value func(path string, info fs.FileInfo) string) Snapshot {
	all := Snapshot{}
	for _, lesson := range directories(root) {
		files := map[string]string{}
		for _, dir := range folders(lesson) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				files[dir] = err.Error()
			}
			for _, e := range entries {
				if !counts(e.Name()) {
					continue
				}
				path := filepath.Join(dir, e.Name())
				switch info, err := os.Stat(path); {
				case err != nil:
					files[path] = err.Error()
				case !info.Mode().IsRegular(): // to read from a pipe would be to wait
					files[path] = info.Mode().String()
				default:
					files[path] = value(path, info)
				}
			}
		}
		all[filepath.Base(lesson)] = files
	}
	return all
}

// directories returns those of a course's lessons.
func directories(root string) (all []string) {
	lessons := filepath.Join(root, "lessons")
	entries, _ := os.ReadDir(lessons)
	for _, e := range entries {
		path := filepath.Join(lessons, e.Name())
		if info, err := os.Stat(path); err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			all = append(all, path)
		}
	}
	return all
}

// mostFolders is how many folders of one lesson's are watched: no lesson needs so many.
const mostFolders = 100

// folders returns a lesson's directory and those below it that may have packages of the student's own.
func folders(lesson string) []string {
	all := []string{lesson}
	for i := 0; i < len(all) && len(all) < mostFolders; i++ {
		entries, _ := os.ReadDir(all[i])
		for _, e := range entries {
			isOurs := i == 0 && (e.Name() == "demo" || e.Name() == "testdata")
			if e.IsDir() && !isOurs && !strings.HasPrefix(e.Name(), ".") && len(all) < mostFolders {
				all = append(all, filepath.Join(all[i], e.Name()))
			}
		}
	}
	return all
}

// counts reports whether a file matters to how its lesson's tasks end: Go's sources, without what editors leave beside
// them, and the hints, without which the course can't be read.
func counts(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return false
	}
	return strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "hints")
}

// Touched returns the names of the lessons that are not what they were before, in teaching order.
func (s Snapshot) Touched(before Snapshot) (lessons []string) {
	for name, files := range s {
		if was, there := before[name]; !there || !maps.Equal(was, files) {
			lessons = append(lessons, name)
		}
	}
	for name := range before {
		if _, there := s[name]; !there {
			lessons = append(lessons, name)
		}
	}
	slices.Sort(lessons)
	return lessons
}
