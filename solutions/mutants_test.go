package solutions_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
)

// A mutant is one misconception. All of it is in its file, mutants/LESSON/NAME.txtar:
//
//	The well-known ports are those up to 1024.
//
//	killed by: TestRangeOf
//	says: RangeOf(1024) returned "well known"; the story wants "registered"
//	means: The registered ports are 1024 to 49151
//	-- ports.go --
//	-	case port <= 1023:
//	+	case port <= 1024:
//	-- message --
//	ports_test.go:61: RangeOf(1024) returned "well known"; the story wants "registered".
//
// First comes what somebody believes who writes this. After an empty line each line is a key and its value:
//
//	killed by   the task that must fail
//	says        what its message must contain
//	means       what its message must say under "Most likely"; left out where the first line says it all
//	needs       what a machine must have that is to kill it: a name of capabilities
//	total       "yes" if it fails more than half of the lesson's tasks
//	unsteady    why two runs may differ in the rest of the message, which is then not compared
//	capture     "yes" if TestCaptures is to read what its failing story leaves
//
// A section named like a file of the solution is the edit, as git diff shows one: "-" before a line that goes, "+"
// before one that comes, a blank before one that stays; an empty line is an empty one that stays. What goes and what
// stays must stand in the file, in one piece and once. A line that begins with "@@" parts edits in two places.
//
// The section message is what the author reads. The section "message zh-TW" is the same in Chinese, and is kept for
// those misconceptions that have the section, empty or not. Both are written by
//
//	go test ./solutions -run TestMutantsDie -update
type mutant struct {
	lesson        curriculum.Lesson
	name          string
	path          string // of its file, from solutions/
	misconception string
	killedBy      string
	says, means   string
	needs         string
	unsteady      string
	total         bool
	capture       bool
	file          string // of the solution: the one that it edits
	edited        string // that file's text
	messages      map[text.Language]string
}

// capabilities are what a mutant may need, by the names that the files use.
var capabilities = map[string]func() error{
	"IPv6":           capability.IPv6.Missing,
	"broadcast":      capability.Broadcast.Missing,
	"forbidden port": capability.ForbiddenPort.Missing,
	"lab":            netlab.Missing,
}

// missing returns what this machine lacks that can't kill the mutant, or nil if it can.
func (m mutant) missing() error {
	if ask, ok := capabilities[m.needs]; ok {
		return ask()
	}
	return nil
}

// mutants returns all misconceptions.
func mutants(t *testing.T) []mutant {
	all, err := loadMutants(os.DirFS("."), lessons(t))
	require.NoError(t, err)
	return all
}

// loadMutants reads the files below mutants/, and fails with what is wrong in each bad one.
func loadMutants(solutions fs.FS, lessons []curriculum.Lesson) ([]mutant, error) {
	var all []mutant
	var wrong []error
	err := fs.WalkDir(solutions, "mutants", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		m, err := readMutant(solutions, lessons, file)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", file, err))
		}
		all = append(all, m)
		return nil
	})
	for _, l := range lessons {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.lesson.Name == l.Name }) {
			wrong = append(wrong, fmt.Errorf("mutants/%s: there is no misconception yet; write one", l.Name))
		}
	}
	return all, errors.Join(err, errors.Join(wrong...))
}

// readMutant reads one file, and holds it to its lesson and to its solution.
func readMutant(solutions fs.FS, lessons []curriculum.Lesson, file string) (mutant, error) {
	folder, base := path.Split(file)
	i := slices.IndexFunc(lessons, func(l curriculum.Lesson) bool { return folder == "mutants/"+l.Name+"/" })
	if i < 0 {
		return mutant{}, errors.New("no lesson has this folder; a misconception's file is mutants/LESSON/NAME.txtar")
	}
	m := mutant{lesson: lessons[i], path: file, messages: map[text.Language]string{}}
	var ok bool
	if m.name, ok = strings.CutSuffix(base, ".txtar"); !ok {
		return m, errors.New("no misconception: the name of such a file ends in .txtar")
	}
	data, err := fs.ReadFile(solutions, file)
	if err != nil {
		return m, err
	}
	archive := txtar.Parse(data)
	if err := asFormatted(data, txtar.Format(archive)); err != nil {
		return m, err
	}
	if err := m.readHeader(string(archive.Comment)); err != nil {
		return m, err
	}
	line := 1 + bytes.Count(archive.Comment, []byte("\n"))
	seen := map[string]bool{}
	for _, s := range archive.Files {
		if seen[s.Name] {
			return m, fmt.Errorf("line %d: a second section %q; leave one", line, s.Name)
		}
		seen[s.Name] = true
		if err := m.readSection(solutions, s.Name, string(s.Data), line); err != nil {
			return m, err
		}
		line += 1 + bytes.Count(s.Data, []byte("\n"))
	}
	if m.file == "" {
		return m, errors.New("no edit; add a section named like the solution's file that it changes")
	}
	return m, nil
}

// asFormatted returns an error where a file is not as txtar writes it: -update would change more than a message there.
func asFormatted(data, formatted []byte) error {
	switch {
	case !bytes.HasSuffix(data, []byte("\n")):
		return errors.New("its last line has no line end; add one")
	case bytes.Contains(data, []byte("\r")):
		return errors.New(`it has "\r" in it; save it with line ends of "\n" alone`)
	}
	got, want := strings.Split(string(data), "\n"), strings.Split(string(formatted), "\n")
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("line %d: a section's first line must be %q, without further blanks", i+1, want[i])
		}
	}
	return nil
}

// readHeader reads what stands before the first section.
func (m *mutant) readHeader(header string) error {
	var total, capture string
	values := map[string]*string{
		"killed by": &m.killedBy, "says": &m.says, "means": &m.means, "needs": &m.needs,
		"total": &total, "unsteady": &m.unsteady, "capture": &capture,
	}
	lines := strings.Split(header, "\n")
	parting := slices.Index(lines, "")
	m.misconception = unfolded(strings.Join(lines[:parting], " "))
	for i, line := range lines[parting:] {
		if line == "" {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		kept, known := values[key]
		value = strings.TrimSpace(value)
		at := fmt.Sprintf("line %d: ", parting+i+1)
		switch {
		case !known:
			return fmt.Errorf("%sthere is no key %q; the keys are %s", at, key, names(values))
		case value == "":
			return fmt.Errorf("%s%q has no value; write it after a colon", at, key)
		case *kept != "":
			return fmt.Errorf("%sa second %q; leave one", at, key)
		}
		*kept = value
	}
	isTask := func(task curriculum.Task) bool { return task.Name == m.killedBy }
	_, known := capabilities[m.needs]
	switch {
	case m.misconception == "":
		return errors.New("line 1: say here what somebody believes who writes this, and leave the next line empty")
	case m.killedBy == "":
		return errors.New(`no "killed by:" below the first empty line; name there the task that must fail`)
	case !slices.ContainsFunc(m.lesson.Tasks, isTask):
		return fmt.Errorf("killed by: %s has no task %q; name one of its tests", m.lesson.Name, m.killedBy)
	case m.says == "":
		return errors.New(`no "says:" below the first empty line; quote there what the message must contain`)
	case m.needs != "" && !known:
		return fmt.Errorf("needs: nothing has the name %q; the names are %s", m.needs, names(capabilities))
	case total != "" && total != "yes":
		return fmt.Errorf(`total: %q; want "yes", or leave the line out`, total)
	case capture != "" && capture != "yes":
		return fmt.Errorf(`capture: %q; want "yes", or leave the line out`, capture)
	}
	m.total, m.capture = total == "yes", capture == "yes"
	return nil
}

// names returns a table's keys, as a list for people.
func names[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

// readSection reads the edit or a message. The line is the section's first.
func (m *mutant) readSection(solutions fs.FS, name, body string, line int) error {
	for _, language := range []text.Language{text.English, text.Chinese} {
		if name == section(language) {
			m.messages[language] = body
			return nil
		}
	}
	i := slices.IndexFunc(m.lesson.Files, func(f curriculum.File) bool { return f.Name == name })
	switch {
	case i < 0:
		return fmt.Errorf("line %d: a section %q; want a Go file of the solution, %q or %q", line, name,
			section(text.English), section(text.Chinese))
	case m.lesson.Files[i].Given:
		return fmt.Errorf("line %d: %s is given, so nobody's misconception stands there; edit another file", line, name)
	case m.file != "":
		return fmt.Errorf("line %d: a second edit, after that of %s; change one file", line, m.file)
	}
	solution, err := fs.ReadFile(solutions, m.lesson.Name+"/"+name)
	if err != nil {
		return err
	}
	m.file = name
	m.edited, err = edited(string(solution), body, line)
	return err
}

// edited makes an edit in a file's text. The line is the one before the edit.
func edited(source, edit string, line int) (string, error) {
	type place struct {
		line          int
		before, after []string
	}
	var places []place
	for row := range strings.Lines(edit) {
		line++
		row = strings.TrimSuffix(row, "\n")
		isHead := strings.HasPrefix(row, "@@")
		if isHead || len(places) == 0 {
			places = append(places, place{line: line})
		}
		p := &places[len(places)-1]
		switch {
		case isHead:
		case row == "":
			p.before, p.after = append(p.before, ""), append(p.after, "")
		case row[0] == ' ':
			p.before, p.after = append(p.before, row[1:]), append(p.after, row[1:])
		case row[0] == '-':
			p.before = append(p.before, row[1:])
		case row[0] == '+':
			p.after = append(p.after, row[1:])
		default:
			return "", fmt.Errorf(`line %d: a line of an edit begins with "-", "+" or a blank, or with "@@"`, line)
		}
	}
	lines := strings.Split(source, "\n")
	for _, p := range places {
		if len(p.before) == 0 {
			return "", fmt.Errorf("line %d: the edit does not say where; begin with a line that stays", p.line)
		}
		at := stand(lines, p.before)
		switch {
		case len(at) == 0:
			return "", fmt.Errorf("line %d: the solution has no such lines; copy what stays and what goes from there",
				p.line)
		case len(at) > 1:
			return "", fmt.Errorf("line %d: such lines stand in the solution %d times; "+
				"add one above or below that stays", p.line, len(at))
		}
		lines = slices.Concat(lines[:at[0]], p.after, lines[at[0]+len(p.before):])
	}
	changed := strings.Join(lines, "\n")
	if changed == source {
		return "", fmt.Errorf("line %d: the edit changes nothing; say what goes and what comes", line)
	}
	return changed, nil
}

// stand returns where some lines begin among others.
func stand(among, wanted []string) (at []int) {
	for i := range len(among) - len(wanted) + 1 {
		if slices.Equal(among[i:i+len(wanted)], wanted) {
			at = append(at, i)
		}
	}
	return at
}

// section returns the name of the section that keeps a message.
func section(language text.Language) string {
	if language == text.English {
		return "message"
	}
	return "message " + string(language)
}

// withMessage returns a mutant's file with another message, and everything else as it was. It refuses a message with
// a line -- like this --, which would begin a section.
func withMessage(data []byte, language text.Language, message string) ([]byte, error) {
	archive := txtar.Parse(data)
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == section(language) })
	if i < 0 {
		i = len(archive.Files)
		archive.Files = append(archive.Files, txtar.File{Name: section(language)})
	}
	archive.Files[i].Data = []byte(message)
	data = txtar.Format(archive)
	read := txtar.Parse(data)
	if len(read.Files) != len(archive.Files) || string(read.Files[i].Data) != message {
		return nil, fmt.Errorf("a section can't keep this message: a line of it looks like the first line of "+
			"a section, -- like this --, or its last has no line end\n%s", message)
	}
	return data, nil
}

// The lesson, the solution and the misconception that the tests of the format change.
var (
	someLessons = []curriculum.Lesson{{
		Name:  "01-x",
		Tasks: []curriculum.Task{{Name: "TestX"}},
		Files: []curriculum.File{{Name: "other.go"}, {Name: "system.go", Given: true}, {Name: "x.go"}},
	}}
	someSolution = `package x

func X() int {
	n := 1

	n++
	return n
}

func Y() int {
	return 2
}
`
	someMutant = `Nothing
counts up.

killed by: TestX
says: X() returned 1: the story wants 2
means: n++ counts up
needs: IPv6
total: yes
unsteady: which of two comes first
capture: yes
-- x.go --
@@ -3,4 +3,4 @@ func
 func X() int {
-	n := 1
+	n := 0

@@
-	return 2
-- message --
x_test.go:7: X() returned 1.

--- FAIL: TestX
-- message zh-TW --
`
)

// load reads one file beside a solution.
func load(file, content string) (mutant, error) {
	all, err := loadMutants(fstest.MapFS{
		"01-x/x.go":     {Data: []byte(someSolution)},
		"01-x/other.go": {Data: []byte(someSolution)},
		file:            {Data: []byte(content)},
	}, someLessons)
	return all[0], err
}

func TestLoadMutants(t *testing.T) {
	got, err := load("mutants/01-x/counts-down.txtar", someMutant)
	require.NoError(t, err)
	changed := strings.NewReplacer("n := 1", "n := 0", "\treturn 2\n", "").Replace(someSolution)
	require.Equal(t, mutant{
		lesson: someLessons[0], name: "counts-down", path: "mutants/01-x/counts-down.txtar",
		misconception: "Nothing counts up.", killedBy: "TestX", says: "X() returned 1: the story wants 2",
		means: "n++ counts up", needs: "IPv6", unsteady: "which of two comes first", total: true, capture: true,
		file: "x.go", edited: changed,
		messages: map[text.Language]string{
			text.English: "x_test.go:7: X() returned 1.\n\n--- FAIL: TestX\n",
			text.Chinese: "",
		},
	}, got)
}

// TestLoadMutantsRefuses: each mistake in a file has one sentence, with its place and what to do.
func TestLoadMutantsRefuses(t *testing.T) {
	tests := []struct {
		name, find, put string // in the good file; find is "" for a file that is otherwise good
		want            string
	}{
		{"no sentence", "Nothing\ncounts up.\n", "", "line 1: say here what somebody believes"},
		{"no empty line", "up.\n\n", "up.\n", `no "killed by:" below the first empty line`},
		{"unknown key", "means:", "meaning:", `line 6: there is no key "meaning"; the keys are capture, killed by,`},
		{"no key", "means: n", "n", `line 6: there is no key "n++ counts up"; the keys are`},
		{"key without value", "says: X() returned 1: the story wants 2", "says:", `line 5: "says" has no value`},
		{"key twice", "means:", "says:", `line 6: a second "says"; leave one`},
		{"no killed by", "killed by: TestX\n", "", `no "killed by:" below the first empty line; name there the task`},
		{"no says", "says: X() returned 1: the story wants 2\n", "",
			`no "says:" below the first empty line; quote there`},
		{"unknown task", "killed by: TestX", "killed by: TestY", `killed by: 01-x has no task "TestY"; name one`},
		{"unknown need", "needs: IPv6", "needs: IPv7",
			`needs: nothing has the name "IPv7"; the names are IPv6, broadcast, forbidden port, lab`},
		{"total", "total: yes", "total: no", `total: "no"; want "yes", or leave the line out`},
		{"capture", "capture: yes", "capture: true", `capture: "true"; want "yes", or leave the line out`},
		{"unknown section", "-- message zh-TW --", "-- message fr --",
			`line 23: a section "message fr"; want a Go file of the solution, "message" or "message zh-TW"`},
		{"section twice", "-- message zh-TW --", "-- message --", `line 23: a second section "message"; leave one`},
		{"edit of a given file", "-- x.go --", "-- system.go --", "line 11: system.go is given"},
		{"no edit", someMutant[strings.Index(someMutant, "-- x.go"):strings.Index(someMutant, "-- message")], "",
			"no edit; add a section named like the solution's file"},
		{"edits of two files", "-- message --", "-- other.go --\n-	return 2\n-- message --",
			"line 19: a second edit, after that of x.go; change one file"},
		{"line of no sort", "+	n := 0", "	n := 0", `line 15: a line of an edit begins with "-", "+" or a blank`},
		{"nowhere", "-	n := 1", "-	n := 7", "line 12: the solution has no such lines; copy"},
		{"half a line", "-	return 2", "-	return", "line 17: the solution has no such lines; copy"},
		{"twice", "-	return 2", " }", "line 17: such lines stand in the solution 2 times; add one"},
		{"no place", "-	return 2", "+	return 2",
			"line 17: the edit does not say where; begin with a line that stays"},
		{"itself", "-	n := 1\n+	n := 0\n\n@@\n-	return 2\n", "", "line 13: the edit changes nothing"},
		{"last line", "-- message zh-TW --\n", "-- message zh-TW --", "its last line has no line end; add one"},
		{"line ends of Windows", "counts up.\n", "counts up.\r\n", `it has "\r" in it; save it with line ends`},
		{"blanks in a head", "-- message --", "--  message --",
			`line 19: a section's first line must be "-- message --"`},
	}
	const file = "mutants/01-x/counts-down.txtar"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, someMutant, tt.find)
			_, err := load(file, strings.Replace(someMutant, tt.find, tt.put, 1))
			require.ErrorContains(t, err, file+": "+tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	for file, want := range map[string]string{
		"mutants/01-x/counts-down.txt":        "no misconception: the name of such a file ends in .txtar",
		"mutants/02-y/counts-down.txtar":      "no lesson has this folder; a misconception's file is",
		"mutants/counts-down.txtar":           "no lesson has this folder; a misconception's file is",
		"mutants/01-x/deep/counts-down.txtar": "no lesson has this folder; a misconception's file is",
	} {
		_, err := load(file, someMutant)
		require.ErrorContains(t, err, file+": "+want)
	}
	_, err := load("mutants/02-y/counts-down.txtar", someMutant)
	require.ErrorContains(t, err, "mutants/01-x: there is no misconception yet; write one")
}

// TestWithMessage: a message is all that changes, byte for byte, and none is read as something else.
func TestWithMessage(t *testing.T) {
	const message = "x_test.go:8: no\n\n  -- a --\n--- FAIL: TestX\n"
	got, err := withMessage([]byte(someMutant), text.English, message)
	require.NoError(t, err)
	before, _, _ := strings.Cut(someMutant, "x_test.go")
	to := strings.Index(someMutant, "-- message zh-TW --")
	require.Equal(t, before+message+someMutant[to:], string(got))

	got, err = withMessage([]byte(someMutant), text.Chinese, message)
	require.NoError(t, err)
	require.Equal(t, someMutant+message, string(got))

	unwritten, _, _ := strings.Cut(someMutant, "-- message --\n")
	got, err = withMessage([]byte(unwritten), text.English, message)
	require.NoError(t, err)
	require.Equal(t, unwritten+"-- message --\n"+message, string(got))

	for _, bad := range []string{"-- a --\n", "no\n-- a --\nno\n", "no\n-- message zh-TW --\n", "no"} {
		_, err := withMessage([]byte(someMutant), text.English, bad)
		require.ErrorContains(t, err, "a section can't keep this message", bad)
	}
}
