package solutions_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/diagnosis"
	"udpkata/harness/netlab"
	"udpkata/harness/sockopt"
	"udpkata/harness/text"
)

// A mutant is one misconception. All of it is in its file, mutants/LESSON/NAME.txtar:
//
//	The well-known ports are those up to 1024.
//
//	killed by: TestRangeOf
//	says: RangeOf(1024) returned "well known"; the story wants "registered"
//	means: The registered ports are 1024 to 49151
//	true: because: The registered ports are
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
//	true        a rule that speaks the truth of this program; one line for each that any failing task may quote
//	plain       why the message of the first task that fails needs no rule: what its first line says
//	needs       what a machine must have that is to kill it: a name of capabilities
//	total       "yes" if it fails more than half of the lesson's tasks
//	unsteady    why two runs may differ in the rest of the message, which is then not compared
//	capture     "yes" if TestCaptures is to read what its failing story leaves
//
// A section named like a file of the solution is the edit, as git diff shows one: "-" before a line that goes, "+"
// before one that comes, a blank before one that stays; an empty line is an empty one that stays. What goes and what
// stays must stand in the file, in one piece and once. A line that begins with "@@" parts edits in two places.
//
// A rule is a function's name in harness/diagnosis, or "because", for the reason that a story gives. After it may
// stand, and after "because" must, words of the sentence, as in
//
//	true: waitsWrong: Every wait is
//	true: deadlineLeft
//
// Whatever else any failing task says under "Most likely" is untrue, and fails. The author is told to mend the first
// failure first: so the first task that fails must say something true.
//
// The section message is what the author reads of the task in "killed by", "first message" what they read of the first
// task that fails, where that is another. The sections "message zh-TW" and "first message zh-TW" are the same in
// Chinese, and are kept for those misconceptions that have the former, empty or not. All are written by
//
//	go test ./solutions -run TestMutantsDie -update
type mutant struct {
	lesson        curriculum.Lesson
	name          string
	path          string // of its file, from solutions/
	misconception string
	killedBy      string
	says, means   string
	truths        []truth
	plain         string
	needs         string
	unsteady      string
	total         bool
	capture       bool
	file          string            // of the solution: the one that it edits
	edited        string            // that file's text
	messages      map[string]string // by section
}

// A truth is what may be said of a mutant: a rule's sentence, if it holds certain words.
type truth struct{ rule, words string }

// readTruth reads a value of the key "true".
func readTruth(value string) (truth, error) {
	rule, words, _ := strings.Cut(value, ":")
	said := truth{rule, strings.TrimSpace(words)}
	if rule == diagnosis.Because && said.words == "" {
		return said, errors.New(`true: "because" stands for any reason; add words of the one that is meant`)
	}
	return said, nil
}

// capabilities are what a mutant may need, by the names that the files use.
var capabilities = map[string]func() error{
	"IPv6":           capability.IPv6.Missing,
	"broadcast":      capability.Broadcast.Missing,
	"forbidden port": capability.ForbiddenPort.Missing,
	"lab":            netlab.Missing,
	"low port":       noLowPort,

	"list of sockets":         noSockets,
	"second loopback address": capability.SecondLoopback.Missing,
}

// noSockets returns an error unless a process can list its sockets.
func noSockets() error {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	if len(sockopt.Sockets()) == 0 {
		return errors.New("a process does not know its sockets here")
	}
	return nil
}

// noLowPort returns an error unless this user may open ports below 1024.
func noLowPort() error {
	if capability.ForbiddenPort.Missing() == nil {
		return errors.New("this user may not open ports below 1024")
	}
	return nil
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
	m := mutant{lesson: lessons[i], path: file, messages: map[string]string{}}
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
		"total": &total, "unsteady": &m.unsteady, "capture": &capture, "true": new(string), "plain": &m.plain,
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
		case key == "true":
			said, err := readTruth(value)
			if err != nil {
				return fmt.Errorf("%s%w", at, err)
			}
			m.truths = append(m.truths, said)
			continue
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
	if slices.Contains(sections, name) {
		m.messages[name] = body
		return nil
	}
	i := slices.IndexFunc(m.lesson.Files, func(f curriculum.File) bool { return f.Name == name })
	switch {
	case i < 0:
		return fmt.Errorf("line %d: a section %q; want a Go file of the solution, or one of %q", line, name, sections)
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

// The sections that keep a message: of the named task, and of the first that fails where that is another.
const (
	namedMessage = "message"
	firstMessage = "first message"
)

// section returns the name of a section in a language.
func section(name string, language text.Language) string {
	if language == text.English {
		return name
	}
	return name + " " + string(language)
}

var sections = []string{
	section(namedMessage, text.English), section(firstMessage, text.English),
	section(namedMessage, text.Chinese), section(firstMessage, text.Chinese),
}

// withMessage returns a mutant's file with another message in a section, and everything else as it was. The empty
// message takes the section away. It refuses one with a line -- like this --, which would begin a section.
func withMessage(data []byte, section, message string) ([]byte, error) {
	archive := txtar.Parse(data)
	if message == "" {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == section })
		return txtar.Format(archive), nil
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == section })
	if i < 0 {
		i = len(archive.Files)
		archive.Files = append(archive.Files, txtar.File{Name: section})
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
