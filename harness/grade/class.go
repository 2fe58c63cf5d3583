package grade

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"udpkata/harness/intake"
	"udpkata/harness/keep"
	"udpkata/harness/late"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// An Entry is one submission of a class, as it was handed in.
type Entry struct {
	System    intake.System `json:"system,omitempty"`
	Student   string        `json:"student"`
	ID        string        `json:"id,omitempty"`
	Attempt   int           `json:"attempt"`
	Attempts  int           `json:"attempts"`
	Paths     []string      `json:"paths"`
	Notes     []text.Text   `json:"notes,omitempty"`
	Left      []intake.Left `json:"left,omitempty"`        // what of it was left out
	ByName    []string      `json:"by_name,omitempty"`     // two downloads that were put in order by their names alone
	Twice     bool          `json:"twice,omitempty"`       // two versions of a file were there; the other may be meant
	MayBeWork []string      `json:"may_be_work,omitempty"` // what was left out and may be work
	Time      *time.Time    `json:"time,omitempty"`        // in the due date's zone
	Clock     intake.Clock  `json:"clock,omitempty"`       // whose the time is
	Ahead     bool          `json:"ahead,omitempty"`       // the time was yet to come, and does not count
	Zone      string        `json:"zone,omitempty"`        // in which it was read, as it has none
	Late      bool          `json:"late"`
	LateBy    string        `json:"late_by,omitempty"`
	Factor    float64       `json:"factor"` // of the points that were earned, for being late

	Key     string     `json:"key,omitempty"`     // of its result; "" if it has none
	Refused *text.Text `json:"refused,omitempty"` // why nothing of it can be graded
	Unread  string     `json:"unread,omitempty"`  // why this machine could not read it
}

// newEntry returns the entry of a submission that is graded now. By a time that is later nobody goes: it is of a wrong
// clock or zone.
func newEntry(s intake.Submission, c intake.Content, rule late.Rule, now time.Time) Entry {
	e := Entry{
		System: s.System, Student: s.Student, ID: s.ID, Attempt: s.Attempt, Attempts: s.Attempts, Paths: s.Paths,
		Notes: slices.Concat(s.Notes, c.Notes), Left: c.Left, Twice: c.Twice, ByName: c.ByName,
		MayBeWork: c.MayBeWork, Clock: c.Clock, Zone: c.Zone, Factor: 1,
	}
	if !c.Modified.IsZero() {
		at := c.Modified.In(rule.Due.Location()).Truncate(time.Second)
		e.Time = &at
	}
	var o late.Outcome
	switch {
	case rule.Due.IsZero():
		if e.Late = s.Late; s.Late {
			e.Notes = append(e.Notes, text.Say("Canvas marks it as late; without a due date nothing is lost here."))
		}
		return e
	case s.System == intake.Canvas:
		o = rule.ByMark(s.Late)
	case c.Modified.After(now):
		e.Ahead = true
		o = rule.ByTime(time.Time{})
	default:
		o = rule.ByTime(c.Modified)
	}
	e.Late, e.Factor = o.Late, o.Factor
	if o.By > 0 {
		e.LateBy = brief(o.By)
	}
	if s.System == intake.Canvas && o.Factor < 1 {
		e.Notes = append(e.Notes, text.Say("Canvas marks it as late, and does not say by how much: it loses %s, the "+
			"least that being late costs.", lost(o.Factor)))
	}
	switch {
	case e.Ahead:
		e.Notes = append(e.Notes, text.Say("Its time, %s, was yet to come when this was graded, so a clock or a "+
			"zone is wrong: nobody knows when it was handed in, and it counts as in time.",
			e.Time.Format("2006-01-02 15:04:05 -07:00")))
	case o.Unknown && slices.ContainsFunc(c.Lessons, func(l intake.Lesson) bool { return len(l.Files) > 0 }):
		e.Notes = append(e.Notes, text.Say("Nobody knows when this was handed in; it counts as in time."))
	}
	return e
}

// brief writes how long something was, without the minutes and seconds if there are none.
func brief(d time.Duration) string {
	s := d.Round(time.Second).String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, none) {
			s = s[:len(s)-len("0s")]
		}
	}
	return s
}

// lost says which part of the points is lost.
func lost(factor float64) string { return decimal(round((1-factor)*100)) + "%" }

// A part is what a shard says of itself.
type part struct {
	Head
	Shard
	Given
	Entries []Entry `json:"entries"`
}

// A Given says of which students something was given to a run, whichever of them were its shard's: all shards of a
// class have the same.
type Given struct {
	Students int    `json:"students"`
	Names    string `json:"names"` // a hash of who they are
}

// givenOf says whose submissions these are.
func givenOf(all []intake.Submission) Given {
	var who []string
	for _, attempts := range intake.Attempts(all) {
		who = append(who, identity(attempts[0]))
	}
	slices.Sort(who)
	sum := sha256.Sum256([]byte(strings.Join(who, "\x00\x00")))
	return Given{len(who), hex.EncodeToString(sum[:8])}
}

// apart returns the error of two parts that were given different submissions: nobody knows who is missing.
func (g Given) apart(other Given, path, otherPath string, n int) error {
	return text.Fail("%s and %s were given different submissions (of %d students, and of %d): give all of them to "+
		"each machine, to one with --shard 1/%d, and so on, and each takes its part", path, otherPath, g.Students,
		other.Students, max(2, n))
}

// A Mark is what somebody has got for one submission.
type Mark struct {
	Entry
	Counts  bool     `json:"counts"`            // it is the one of the student's that does
	Earned  int      `json:"earned"`            // points
	Of      int      `json:"of"`                // points that could be earned here
	Mark    float64  `json:"mark"`              // Earned, less what being late costs
	Lessons []Lesson `json:"lessons,omitempty"` // but for those that are worth nothing
}

// Finish makes marks of what is in a directory: grades.json and grades.csv. It returns what is missing if that is not
// all, and writes nothing then.
func Finish(out string) (missing []string, err error) {
	c, missing, err := Open(out)
	if err != nil || len(missing) > 0 {
		return missing, err
	}
	return nil, c.write()
}

// A Class is what all shards say.
type Class struct {
	Head      Head
	Reference Reference
	Tasks     []Column // in the course's order, but for the lessons that are worth nothing
	Shards    int      // in how many parts it was graded
	Begun     string   // when a run began that is not through, so that the marks are those before it; "" for none

	out     string
	which   intake.Which
	entries []Entry // by student
}

// A Column is one task.
type Column struct {
	Lesson, Task string
	Points       int
	Out          bool // of the total, for everybody: this machine can't tell of it
}

// Open reads what there is of a class in a directory, and what is missing.
func Open(out string) (c *Class, missing []string, err error) {
	paths, err := filepath.Glob(filepath.Join(out, classFiles))
	if err != nil {
		return nil, nil, err
	}
	parts, err := readParts(paths)
	if err != nil {
		return nil, nil, err
	}
	first, ok := anyOf(parts)
	if !ok {
		return nil, []string{"class-1-of-1.json"}, nil
	}
	c = &Class{out: out, Head: first.Head, Shards: max(1, first.N)}
	if c.Begun, err = begun(out); err != nil {
		return nil, nil, err
	}
	for i := range c.Shards {
		p, ok := parts[min(i+1, first.N)]
		if !ok {
			missing = append(missing, Shard{i + 1, first.N}.file())
		}
		c.entries = append(c.entries, p.Entries...)
	}
	ok, err = readJSON(filepath.Join(out, referenceFile), &c.Reference)
	if err == nil && !ok {
		missing = append(missing, referenceFile)
	}
	for _, e := range c.entries {
		if e.Key == "" {
			continue
		}
		r, ok, err := readResult(out, e.Key)
		switch {
		case err != nil:
			return nil, nil, err
		case !ok || r.waits():
			missing = append(missing, e.who())
		case c.Tasks == nil:
			c.columns(r)
		}
	}
	slices.SortStableFunc(c.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Student, b.Student), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Attempt, b.Attempt))
	})
	c.which, _ = intake.ParseWhich(c.Head.Which)
	return c, missing, err
}

// readParts reads what shards say of themselves, by the number of the shard. They are of one class, or it is an error.
func readParts(paths []string) (parts map[int]part, err error) {
	parts = map[int]part{}
	var firstPath string
	for _, path := range paths {
		var p part
		if ok, err := readJSON(path, &p); err != nil || !ok {
			return nil, cmp.Or(err, text.Fail("%s can't be read; remove it, and grade its shard again", path))
		}
		if first, ok := anyOf(parts); ok && (first.Head != p.Head || first.N != p.N) {
			return nil, text.Fail("%s was graded otherwise than the other shards (%s): grade all of them "+
				"with the same course, Go, class.key, box and flags, and the same number of shards, or remove "+
				"those class-*.json that are of an earlier run", path, first.differs(p))
		} else if ok && first.Given != p.Given {
			return nil, first.apart(p.Given, firstPath, path, first.N)
		}
		firstPath = path
		parts[p.I] = p
	}
	return parts, nil
}

// Unfinished says what Begun means for the marks.
func (c *Class) Unfinished() text.Text {
	return text.Say("A run that began at %s is not through: these marks are of the one before it, and the same grade "+
		"command goes on.", c.Begun)
}

// begun says when a run began in a directory that is not through.
func begun(out string) (since string, err error) {
	paths, err := filepath.Glob(filepath.Join(out, "begun-*-of-*.json"))
	for _, path := range paths {
		var at time.Time
		if ok, err := readJSON(path, &at); err == nil && ok {
			since = max(since, at.Format("2006-01-02 15:04 -07:00"))
		}
	}
	return since, err
}

func anyOf(parts map[int]part) (part, bool) {
	for _, p := range parts {
		return p, true
	}
	return part{}, false
}

// differs names what differs between two, the first of what does.
func (p part) differs(q part) string {
	for _, one := range []struct {
		what string
		same bool
	}{
		{"course", p.Course == q.Course}, {"Go", p.Go == q.Go}, {"class.key", p.Class == q.Class},
		{"box", p.Box == q.Box}, {"policy", p.Policy == q.Policy}, {"language", p.Language == q.Language},
		{"late", p.Rule == q.Rule}, {"attempt", p.Which == q.Which}, {"lessons", p.Lessons == q.Lessons},
		{"shards", p.N == q.N},
	} {
		if !one.same {
			return one.what
		}
	}
	return ""
}

// graded returns those lessons of which a task is worth something: an instructor who wants some lessons only takes the
// points from the others', and nobody is to read of these. Where nothing is worth anything, it is all of them.
func graded(lessons []Lesson) []Lesson {
	worth := func(l Lesson) bool { return slices.ContainsFunc(l.Tasks, func(t Task) bool { return t.Points > 0 }) }
	if !slices.ContainsFunc(lessons, worth) {
		return lessons
	}
	return slices.DeleteFunc(slices.Clone(lessons), func(l Lesson) bool { return !worth(l) })
}

// columns notes which tasks there are.
func (c *Class) columns(r Result) {
	for _, l := range graded(r.Lessons) {
		for _, t := range l.Tasks {
			_, isOut := c.Reference.Skipped[l.Name+"/"+t.Name]
			c.Tasks = append(c.Tasks, Column{l.Name, t.Name, t.Points, isOut})
		}
	}
}

// A Worth is what a lesson's tasks are worth that count.
type Worth struct {
	Lesson string
	Points int
}

// worths says what the lessons are worth that are worth anything.
func (c *Class) worths() (all []Worth) {
	for _, t := range c.Tasks {
		switch last := len(all) - 1; {
		case t.Out || t.Points == 0:
		case last >= 0 && all[last].Lesson == t.Lesson:
			all[last].Points += t.Points
		default:
			all = append(all, Worth{t.Lesson, t.Points})
		}
	}
	return all
}

// who names a submission in one line.
func (e Entry) who() string {
	return intake.Submission{
		System: e.System, Student: e.Student, ID: e.ID, Attempt: e.Attempt, Attempts: e.Attempts,
	}.Who()
}

// mark makes a mark of an entry.
func (c *Class) mark(e Entry) (Mark, error) {
	m := Mark{Entry: e}
	earned := map[string]int{}
	if e.Key != "" {
		r, ok, err := readResult(c.out, e.Key)
		if err != nil || !ok {
			return m, cmp.Or(err, text.Fail("the result of %s is gone", e.who()))
		}
		m.Lessons = graded(r.Lessons)
		if r.Once != "" {
			m.Notes = append(slices.Clip(m.Notes), text.Say("Tasks that fail on real sockets alone are judged a "+
				"second "+
				"time, to be sure; here that could not be done: %s.", r.Once))
		}
		m.Notes = append(slices.Clip(m.Notes), r.notes()...)
		for _, l := range m.Lessons {
			for _, t := range l.Tasks {
				if t.State == verdict.Passed {
					earned[l.Name+"/"+t.Name] = t.Points
				}
			}
		}
	}
	for _, t := range c.Tasks {
		if !t.Out {
			m.Earned += earned[t.Lesson+"/"+t.Task]
			m.Of += t.Points
		}
	}
	m.Mark = round(float64(m.Earned) * e.Factor)
	m.clean()
	return m, nil
}

// round rounds to two decimals.
func round(x float64) float64 { return float64(int(x*100+0.5)) / 100 }

// Students calls f with the marks of one student after the other: those of all attempts that were judged, of which one
// counts. What students have written is in them as [text.Visible] leaves it: nothing that a terminal obeys, that XML
// forbids, or that is read in another order than it stands.
func (c *Class) Students(f func(attempts []Mark) error) error {
	for i := 0; i < len(c.entries); {
		var marks []Mark
		var scores []float64
		for _, e := range c.entries[i:] {
			if first := c.entries[i]; e.System != first.System || e.Student != first.Student || e.ID != first.ID {
				break
			}
			m, err := c.mark(e)
			if err != nil {
				return err
			}
			score := m.Mark
			if e.Key == "" {
				score = -1
			}
			marks, scores = append(marks, m), append(scores, score)
		}
		i += len(marks)
		marks[c.which.Of(scores)].Counts = true
		if err := f(marks); err != nil {
			return err
		}
	}
	return nil
}

// write writes grades.json and grades.csv.
func (c *Class) write() error {
	return errors.Join(
		keep.Stream(filepath.Join(c.out, "grades.json"), c.JSON),
		keep.Stream(filepath.Join(c.out, "grades.csv"), c.CSV))
}

// JSON writes everything about everybody, as grades.json has it.
func (c *Class) JSON(w io.Writer) error {
	head, err := json.Marshal(c.Head)
	if err != nil {
		return err
	}
	skipped, err := json.Marshal(c.Reference.Skipped)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{\"head\": %s,\n\"not_counted\": %s,\n\"submissions\": [", head, skipped)
	separator := "\n"
	err = c.Students(func(attempts []Mark) error {
		for _, m := range attempts {
			data, err := json.Marshal(m)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s%s", separator, data)
			separator = ",\n"
		}
		return nil
	})
	if err == nil {
		_, err = io.WriteString(w, "\n]}\n")
	}
	return err
}
