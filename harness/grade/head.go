package grade

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/keep"
	"udpkata/harness/text"
)

// A Head is what all of a class's results have in common: two results with other heads can't be compared.
type Head struct {
	Course   string `json:"course"`            // a hash of the lessons and of what judges them
	Go       string `json:"go"`                // the version
	Class    string `json:"class"`             // a hash of the class key, which does not tell it
	Box      string `json:"box"`               // what the submissions ran in
	Policy   bool   `json:"policy"`            // what package policy refuses was refused
	Language string `json:"language"`          // of reasons
	Rule     string `json:"late"`              // due date, and what being late costs
	Which    string `json:"attempt"`           // that counts
	Lessons  string `json:"lessons,omitempty"` // that count; "" for all
}

func newHead(p Params, key []byte) (Head, error) {
	course, err := courseHash(p.Root, p.Lessons)
	if err != nil {
		return Head{}, err
	}
	class := sha256.Sum256(append([]byte("class "), key...))
	h := Head{
		Course: course, Go: runtime.Version(), Class: hex.EncodeToString(class[:8]), Box: p.Box.Stamp,
		Policy: !p.NoPolicy, Language: string(text.Preferred()), Rule: p.Rule.Policy.String(), Which: string(p.Which),
		Lessons: strings.Join(p.Only, ","),
	}
	if !p.Rule.Due.IsZero() {
		h.Rule = dueIn(p.Rule.Due) + " " + h.Rule
	}
	return h, nil
}

// dueIn writes a due date, and its zone if one was named: times in zips are read otherwise in that than with the due
// date's offset.
func dueIn(due time.Time) string {
	s := due.Format(time.RFC3339)
	if zone := due.Location(); zone.String() != "" && zone != time.UTC && zone != time.Local {
		s += " " + zone.String()
	}
	return s
}

// resultKey returns the key of the result for a submission's content. Who has handed it in, and when, is not in it.
func (h Head) resultKey(content string) string {
	h.Rule, h.Which = "", ""
	data, err := json.Marshal(h)
	if err != nil {
		panic(err) // of texts and a bool
	}
	sum := sha256.Sum256(append(data, content...))
	return hex.EncodeToString(sum[:16])
}

// programs returns a name for the programs with the lessons' tests, which are others if the course, where it is, or Go
// is another.
func (h Head) programs(root string) string {
	sum := sha256.Sum256([]byte(h.Course + " " + h.Go + " " + root))
	return hex.EncodeToString(sum[:8])
}

// courseHash returns a hash of what a verdict depends on: all of lessons/ and harness/ but for what students write.
func courseHash(root string, lessons []curriculum.Lesson) (string, error) {
	theirs := map[string]bool{}
	for _, l := range lessons {
		for _, f := range l.Files {
			if !f.Given {
				theirs[filepath.Join("lessons", l.Name, f.Name)] = true
			}
		}
	}
	sum := sha256.New()
	tree := os.DirFS(root)
	for _, top := range []string{"go.mod", "go.sum", "harness", "lessons"} {
		err := fs.WalkDir(tree, top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || theirs[filepath.FromSlash(path)] || isBelow(path) ||
				top == "harness" && filepath.Ext(path) != ".go" {
				return err
			}
			f, err := tree.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%s %d\n", path, info.Size())
			_, err = io.Copy(sum, f)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// isBelow reports whether a file of the course's tree is in a package that somebody who learns there has below a
// lesson's.
func isBelow(path string) bool {
	parts := strings.Split(path, "/")
	return len(parts) > 3 && parts[0] == "lessons" && parts[2] != "demo" && parts[2] != "testdata"
}

// keyFile is the class key's name.
const keyFile = "class.key"

// classKey reads the class key, which it makes if there is none.
func classKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if data, err = newKey(path); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != 32 {
		return nil, text.Fail("%s is no class key, which has 64 hexadecimal digits: bring back the one that this "+
			"class was graded with, or remove it to have a new one made, and all submissions graded anew", path)
	}
	return key, nil
}

// newKey makes a class key, unless somebody else has just done so. It returns what is in the file.
func newKey(path string) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key)
	fresh, err := os.MkdirTemp(filepath.Dir(path), ".key-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(fresh)
	name := filepath.Join(fresh, keyFile)
	if err := os.WriteFile(name, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := keep.Second(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// seed returns what a lesson's chance comes from: another number for each lesson, the same for everybody.
func seed(key []byte, lesson string) uint64 {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(lesson))
	return binary.BigEndian.Uint64(mac.Sum(nil))
}
