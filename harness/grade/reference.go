package grade

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/judge"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// A Reference is what became of the course's own solution: what this machine can tell of.
type Reference struct {
	Key     string `json:"key"`
	Machine string `json:"machine"` // its host name
	// Skipped has the reasons why tasks are out of the total for everybody, by lesson and task, as in
	// "05-broadcast/TestSend".
	Skipped map[string]string `json:"skipped"`
}

const referenceFile = "reference.json"

// refer finds out what this machine can tell of, by the course's own solution, or where there is none, by the stubs.
// What is skipped there is out of the total for everybody. A solution that does not pass says that something is wrong
// here, and then nobody's marks would be right. Where several machines write into one directory, each finds it out for
// itself, and one that can tell of other tasks than the first stops: a zero there would be the machine's fault.
func (g *grader) refer() error {
	content, isSolution, err := reference(g.Root, g.Lessons)
	if err != nil {
		return err
	}
	path, ref := filepath.Join(g.Out, referenceFile), Reference{}
	key := g.head.resultKey(content.Key)
	machine, err := os.Hostname()
	if err != nil {
		return err
	}
	if ok, err := readJSON(path, &ref); err != nil || ok && ref.Key == key && ref.Machine == machine {
		return err
	}
	r, err := g.result(g.ctx, content, nil)
	if again := doubtful(r); err == nil && len(again) > 0 {
		var second Result
		second, err = g.result(g.ctx, content, again)
		r.correct(second)
	}
	if err != nil {
		return err
	}
	ref = Reference{Key: key, Machine: machine, Skipped: map[string]string{}}
	for _, l := range r.Lessons {
		for _, t := range l.Tasks {
			switch {
			case t.State == verdict.Skipped:
				ref.Skipped[l.Name+"/"+t.Name] = t.Reason
			case isSolution && t.State != verdict.Passed:
				return text.Fail("this machine can't grade: of the course's own solution, %s of %s is %s: %s",
					t.Name, l.Name, text.Known(string(t.State)), t.Reason)
			}
		}
	}
	first := Reference{}
	if ok, err := readJSON(path, &first); err != nil || ok && first.Key == key {
		return cmp.Or(err, first.alike(ref))
	}
	return writeJSON(path, ref)
}

// alike returns an error if two machines can't tell of the same tasks.
func (r Reference) alike(other Reference) error {
	for _, pair := range [][2]Reference{{r, other}, {other, r}} {
		for _, task := range slices.Sorted(maps.Keys(pair[0].Skipped)) {
			if _, ok := pair[1].Skipped[task]; !ok {
				return text.Fail("the machine %q can't tell of %s (%s), and the machine %q can: grade a class on "+
					"machines that are alike", pair[0].Machine, task, pair[0].Skipped[task], pair[1].Machine)
			}
		}
	}
	return nil
}

// reference returns the files of the course's solution, or of its stubs where there is none.
func reference(root string, lessons []curriculum.Lesson) (c intake.Content, isSolution bool, err error) {
	_, err = os.Stat(filepath.Join(root, "solutions"))
	isSolution = err == nil
	for _, l := range lessons {
		has := intake.Lesson{Name: l.Name}
		if isSolution {
			has.Files, err = solution(l, filepath.Join(root, "solutions", l.Name))
		} else {
			has.Files, err = stubs(l)
		}
		if err != nil {
			return c, false, err
		}
		c.Lessons = append(c.Lessons, has)
	}
	data, err := json.Marshal(c.Lessons)
	sum := sha256.Sum256(data)
	c.Key = hex.EncodeToString(sum[:])
	return c, isSolution, err
}

func solution(l curriculum.Lesson, dir string) (all []intake.File, err error) {
	files, err := judge.Read(l, dir)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, intake.File{Name: name, Data: files[name]})
	}
	return all, err
}

func stubs(l curriculum.Lesson) (all []intake.File, err error) {
	stubs, err := curriculum.Stubs(l.Dir)
	for _, s := range stubs {
		all = append(all, intake.File{Name: s.Name, Data: s.Source})
	}
	return all, err
}
