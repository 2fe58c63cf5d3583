package html

import (
	"cmp"
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"udpkata/harness/grade"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A report is what the page's script knows of a class. Whatever is the same for many students is in it once, and
// whatever strangers have written is visible text.
type report struct {
	Title    string                              `json:"title"`
	Language text.Language                       `json:"language"`
	Words    map[text.Language]map[string]string `json:"words"`
	Facts    [][2]string                         `json:"facts"`  // how it was graded: a key of Words, and what
	States   []state                             `json:"states"` // in the order of the letters
	Lessons  []lesson                            `json:"lessons"`
	Students []student                           `json:"students"`
	Results  []result                            `json:"results"`
	Texts    []string                            `json:"texts"`
	Notes    [][]sentence                        `json:"notes"` // lists of what students' entries say
	Rules    []misconception                     `json:"rules"` // the most frequent ones first
	Of       int                                 `json:"of"`    // points that could be earned

	texts, outputs, notes index
	results               map[string]int
	columns               map[string]int // of "lesson/task"
	diagnoses             diagnoses
}

// A sentence is a text in both languages.
type sentence = [2]string

func both(t text.Text) sentence { return sentence{text.Visible(t.EN), text.Visible(t.ZH)} }

// A state is how a task can end, with the letter that stands for it in a result and in the heat map.
type state struct {
	Letter string   `json:"letter"`
	Name   sentence `json:"name"`
	Kind   string   `json:"kind"` // of its colour
}

var states = []struct {
	verdict.State
	letter, kind string
}{
	{verdict.Passed, "✓", "good"}, {verdict.Failed, "F", "bad"}, {verdict.Stuck, "S", "bad"},
	{verdict.Crashed, "X", "bad"}, {verdict.DidNotCompile, "C", "broken"}, {verdict.Refused, "R", "broken"},
	{verdict.Todo, "T", "todo"}, {verdict.Skipped, "K", "none"}, {verdict.NotRun, "–", "none"},
}

// letters are those of states, by state.
var letters = map[verdict.State]string{}

func init() {
	for _, s := range states {
		letters[s.State] = s.letter
	}
}

type lesson struct {
	Name  string `json:"name"`
	Tasks []task `json:"tasks"`
}

type task struct {
	Name   string `json:"name"`
	Points int    `json:"points"`
	Out    string `json:"out,omitempty"` // why it does not count for anybody
}

// A student is one with the submission that counts.
type student struct {
	Name   string    `json:"name"`
	ID     string    `json:"id,omitempty"`
	Earned int       `json:"earned"`
	Mark   float64   `json:"mark"`
	Factor float64   `json:"factor"`
	Late   bool      `json:"late,omitempty"`
	By     string    `json:"by,omitempty"` // how late
	At     string    `json:"at,omitempty"`
	Clock  *sentence `json:"clock,omitempty"` // whose the time is
	Result int       `json:"result"`          // its number; -1 if there is none
	Why    *sentence `json:"why,omitempty"`   // there is none
	Unread string    `json:"unread,omitempty"`
	Notes  int       `json:"notes"` // the number of the list; -1 without any
	Left   int       `json:"left"`

	Attempt  int       `json:"attempt"`
	Attempts int       `json:"attempts"`
	Others   []attempt `json:"others,omitempty"` // all, if there are several
}

// An attempt is one of a student's submissions.
type attempt struct {
	Number int     `json:"number"`
	Earned int     `json:"earned"`
	Factor float64 `json:"factor"`
	Mark   float64 `json:"mark"`
	At     string  `json:"at,omitempty"`
	Graded bool    `json:"graded"`
	Counts bool    `json:"counts"`
}

// A result is what became of the files of one submission, or of several that are the same. What is said of a task are
// the numbers of the task, of the reason, the output, the reason of the first time, and the page to read; -1 is none.
type result struct {
	States string           `json:"states"` // a letter for each of the class's tasks
	Tasks  [][5]int         `json:"tasks"`  // of those that say something
	Notes  map[int][]string `json:"notes,omitempty"`
	Files  map[int][]string `json:"files,omitempty"`
}

// A printed text is what a student reads of a task, with the ladders in it, which the page draws.
type printed struct {
	Text    string         `json:"text"`
	Ladders []wire.Diagram `json:"ladders,omitempty"`
}

// An index holds texts once each.
type index struct {
	all    []string
	number map[string]int
}

// of returns a text's number; -1 for "".
func (x *index) of(s string) int {
	if s == "" {
		return -1
	}
	if x.number == nil {
		x.number = map[string]int{}
	}
	i, known := x.number[s]
	if !known {
		i = len(x.all)
		x.all, x.number[s] = append(x.all, s), i
	}
	return i
}

func newReport(c *grade.Class) (*report, error) {
	r := &report{
		Words:   map[text.Language]map[string]string{text.English: {}, text.Chinese: {}},
		results: map[string]int{}, columns: map[string]int{},
		Lessons: []lesson{}, Students: []student{}, Results: []result{},
	}
	for l, own := range r.Words {
		for key, word := range words {
			own[key] = word.In(l)
		}
	}
	for _, s := range states {
		r.States = append(r.States, state{s.letter, both(text.Known(string(s.State))), s.kind})
	}
	r.Facts = [][2]string{{"attempt counts", c.Head.Which}, {"late policy", c.Head.Rule}, {"box", c.Head.Box},
		{"go", c.Head.Go}, {"course", c.Head.Course}}
	for i, t := range c.Tasks {
		if n := len(r.Lessons); n == 0 || r.Lessons[n-1].Name != t.Lesson {
			r.Lessons = append(r.Lessons, lesson{Name: t.Lesson})
		}
		name := t.Lesson + "/" + t.Task
		r.columns[name] = i
		own := task{Name: t.Task, Points: t.Points}
		if t.Out {
			own.Out = text.Visible(cmp.Or(c.Reference.Skipped[name], string(verdict.Skipped)))
		} else {
			r.Of += t.Points
		}
		last := &r.Lessons[len(r.Lessons)-1]
		last.Tasks = append(last.Tasks, own)
	}
	if err := c.Students(func(attempts []grade.Mark) error { r.add(attempts); return nil }); err != nil {
		return nil, err
	}
	r.Rules = r.diagnoses.most()
	r.Texts = r.texts.all
	for _, list := range r.notes.all {
		var own []sentence
		if err := json.Unmarshal([]byte(list), &own); err != nil {
			return nil, err
		}
		r.Notes = append(r.Notes, own)
	}
	return r, nil
}

// add adds a student.
func (r *report) add(attempts []grade.Mark) {
	var s student
	var others []attempt
	for _, m := range attempts {
		others = append(others, attempt{
			Number: m.Attempt, Earned: m.Earned, Factor: m.Factor, Mark: m.Mark, At: at(m), Graded: m.Key != "",
			Counts: m.Counts,
		})
		if !m.Counts {
			continue
		}
		s = student{
			Name: name(m), ID: brief(m.ID), Earned: m.Earned, Mark: m.Mark, Factor: m.Factor, Late: m.Late,
			By: m.LateBy, At: at(m), Result: -1, Unread: text.Visible(m.Unread),
			Attempt: m.Attempt, Attempts: m.Attempts,
			Notes: r.list(m.Notes), Left: r.left(m),
		}
		if m.Time != nil && m.Clock != "" {
			whose := both(m.Clock.Says())
			s.Clock = &whose
		}
		if m.Refused != nil {
			why := both(*m.Refused)
			s.Why = &why
		}
		if m.Key != "" {
			s.Result = r.result(m)
			r.diagnose(m, len(r.Students))
		}
	}
	if len(others) > 1 {
		s.Others = others
	}
	r.Students = append(r.Students, s)
}

// name returns what a student is called on the page.
func name(m grade.Mark) string {
	name := cmp.Or(m.Student, m.ID)
	if name == "" && len(m.Paths) > 0 {
		name = path.Base(filepath.ToSlash(m.Paths[0]))
	}
	return cmp.Or(brief(name), "?")
}

// longest is how many characters of a name are shown.
const longest = 120

// brief returns a name as one line that fits a page.
func brief(name string) string {
	name = text.VisibleLine(strings.ToValidUTF8(name, "\ufffd"))
	if all := []rune(name); len(all) > longest {
		return string(all[:longest]) + "…"
	}
	return name
}

func at(m grade.Mark) string {
	if m.Time == nil {
		return ""
	}
	return m.Time.Format("2006-01-02 15:04:05 -07:00")
}

// list returns the number of a list of texts.
func (r *report) list(all []text.Text) int {
	var own []sentence
	for _, t := range all {
		own = append(own, both(t))
	}
	return r.number(own)
}

// left returns the number of the list of what was left out of a submission.
func (r *report) left(m grade.Mark) int {
	var own []sentence
	for _, l := range m.Left {
		file := text.VisibleLine(l.Path)
		own = append(own, sentence{file + ": " + text.VisibleLine(l.Reason.EN),
			file + "：" + text.VisibleLine(l.Reason.ZH)})
	}
	return r.number(own)
}

func (r *report) number(list []sentence) int {
	if len(list) == 0 {
		return -1
	}
	data, err := json.Marshal(list)
	if err != nil {
		panic(err) // of texts
	}
	return r.notes.of(string(data))
}

// result returns the number of a submission's result.
func (r *report) result(m grade.Mark) int {
	if i, known := r.results[m.Key]; known {
		return i
	}
	own := result{Tasks: [][5]int{}, Notes: map[int][]string{}, Files: map[int][]string{}}
	all := make([]string, len(r.columns))
	for i := range all {
		all[i] = letters[verdict.NotRun]
	}
	for i, l := range m.Lessons {
		for _, note := range append(l.Notes, l.Box) {
			if note != "" {
				own.Notes[i] = append(own.Notes[i], text.VisibleLine(note))
			}
		}
		for _, file := range l.Files {
			own.Files[i] = append(own.Files[i], brief(file))
		}
		for _, t := range l.Tasks {
			column, ok := r.columns[l.Name+"/"+t.Name]
			if !ok {
				continue
			}
			all[column] = cmp.Or(letters[t.State], letters[verdict.NotRun])
			output := ""
			if t.State != verdict.Passed {
				output = t.Feedback()
			}
			if t.State != verdict.Passed || t.First != "" {
				own.Tasks = append(own.Tasks, [5]int{column, r.texts.of(text.Visible(t.Reason)), r.outputs.of(output),
					r.texts.of(text.Visible(t.First)), r.texts.of(next(l.Name, t))})
			}
		}
	}
	own.States = strings.Join(all, "")
	r.Results = append(r.Results, own)
	r.results[m.Key] = len(r.Results) - 1
	return len(r.Results) - 1
}

var hints = regexp.MustCompile(`lessons/[\w-]+/hints[\w.-]*\.md`)

// next returns the page to read about a task that was not passed; "" if there is none.
func next(lesson string, t grade.Task) string {
	switch t.State {
	case verdict.Todo, verdict.NotRun:
		return "lessons/" + lesson + "/README.md"
	case verdict.Failed, verdict.Stuck, verdict.Crashed:
		if all := hints.FindAllString(t.Output, -1); len(all) > 0 {
			return all[len(all)-1]
		}
	}
	return ""
}
