//go:build linux

package solutions_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/report"
	"udpkata/harness/report/reporttest"
	"udpkata/harness/sandbox"
)

// A member is somebody of a class that a platform has, with what they have handed in, one time after the other.
type member struct {
	kind     string
	lesson   string // that tells them from others
	attempts []files
	loose    bool // it was uploaded file by file, and not as an archive
	late     bool
	earns    func(earned, of float64) bool // what is to come of it
}

// name returns what somebody is called, by their place in the class.
func (m member) name(i int) string { return fmt.Sprintf("%s%02d", m.kind, i) }

func number(i int) string { return fmt.Sprint(4100 + i) }

// classOfThirty returns a class: solutions, alternatives, misconceptions, stubs, tricks, those who are late, who have
// handed in twice, and whose archive is damaged. If not every one is wanted, it is one of each kind, with one lesson.
func classOfThirty(t *testing.T, every bool) (class []member) {
	course := lessons(t)
	all := func(earned, of float64) bool { return earned == of }
	some := func(earned, of float64) bool { return earned < of }
	none := func(earned, _ float64) bool { return earned == 0 }
	solved, stubs := files{}, files{}
	for _, l := range course {
		maps.Copy(solved, solutionOf(t, l))
		maps.Copy(stubs, stubOf(t, l))
	}
	with := func(base, change files) files {
		changed := maps.Clone(base)
		maps.Copy(changed, change)
		return changed
	}
	add := func(n int, m member) {
		m.lesson = cmp.Or(m.lesson, course[1].Name)
		for i := range n {
			m.loose = i%2 == 1
			class = append(class, m)
		}
	}
	for i := range 2 {
		other := files{}
		for _, l := range course {
			styles := alternatives(t, l)
			maps.Copy(other, ofDir(t, l, unpack(t, styles[i%len(styles)])))
		}
		add(1, member{kind: "alternative", attempts: []files{with(solved, other)}, earns: all})
	}
	for _, m := range mutants(t) {
		if slices.Contains(gradeMutants, m.lesson.Name+"/"+m.name) {
			handed := with(solved, m.handedIn(t))
			add(1, member{kind: "mutant", lesson: m.lesson.Name, attempts: []files{handed}, earns: some})
		}
	}
	add(3, member{kind: "stub", attempts: []files{stubs}, earns: none})
	for _, h := range hostiles(t) {
		if slices.Contains(gradeTricks, h.name) {
			handed := with(stubs, h.handedIn(t))
			add(1, member{kind: "trick", lesson: h.lesson.Name, attempts: []files{handed}, earns: some})
		}
	}
	add(3, member{kind: "late", attempts: []files{solved}, late: true, earns: all})
	add(2, member{kind: "twice", attempts: []files{stubs, solved}, earns: all})
	add(1, member{kind: "damaged", attempts: []files{nil}, earns: none})
	require.Less(t, len(class), 30)
	add(30-len(class), member{kind: "solution", attempts: []files{solved}, earns: all})
	if every {
		return class
	}
	class = slices.CompactFunc(class, func(a, b member) bool { return a.kind == b.kind })
	for i, m := range class {
		for k, handed := range m.attempts {
			if handed == nil {
				continue
			}
			handed = maps.Clone(handed)
			maps.DeleteFunc(handed, func(file, _ string) bool { return !strings.HasPrefix(file, m.lesson+"/") })
			class[i].attempts[k] = handed
		}
	}
	return class
}

// due is when the class had to hand in: long ago, as a time to come is nobody's.
var due = time.Date(2025, 12, 1, 12, 0, 0, 0, time.UTC)

// An upload is a file as a student has uploaded it, and when it was written.
type upload struct {
	name, content string
	at            time.Time
}

// uploads returns what somebody has uploaded at a time, each time.
func (m member) uploads(t *testing.T, who string, at time.Time) (all []upload) {
	for attempt, handed := range m.attempts {
		name := "work.zip"
		if attempt > 0 {
			name = fmt.Sprintf("work-%d.zip", attempt)
		}
		switch {
		case handed == nil:
			all = append(all, upload{name, "PK\x03\x04, and no more", at})
		case m.loose && len(m.attempts) == 1:
			for _, file := range slices.Sorted(maps.Keys(handed)) {
				all = append(all, upload{filepath.Base(file), handed[file], at})
			}
		default:
			var in []upload
			for _, file := range slices.Sorted(maps.Keys(handed)) {
				in = append(in, upload{"lessons/" + file, handed[file] + "\n// " + who + "\n", at})
			}
			all = append(all, upload{name, packed(t, in), at})
		}
	}
	return all
}

func packed(t *testing.T, all []upload) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, u := range all {
		f, err := w.CreateHeader(&zip.FileHeader{Name: u.name, Method: zip.Deflate, Modified: u.at})
		require.NoError(t, err)
		_, err = io.WriteString(f, u.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

// platforms are those that have a class's download, which is one zip. Moodle's has a student's last attempt alone.
var platforms = []struct {
	name string
	zip  func(t *testing.T, class []member) string
}{
	{"canvas", func(t *testing.T, class []member) string {
		var all []upload
		for i, m := range class {
			late := ""
			if m.late {
				late = "_LATE"
			}
			for _, u := range m.uploads(t, m.name(i), due) {
				name := fmt.Sprintf("%s%s_%s_%d_%s", m.name(i), late, number(i), 90000+len(all), u.name)
				all = append(all, upload{name, u.content, u.at})
			}
		}
		return packed(t, all)
	}},
	{"moodle", func(t *testing.T, class []member) string {
		var all []upload
		for i, m := range class {
			at := due.Add(-time.Hour)
			if m.late {
				at = due.Add(time.Hour)
			}
			m.attempts = m.attempts[len(m.attempts)-1:]
			for _, u := range m.uploads(t, m.name(i), at) {
				name := fmt.Sprintf("%s_%s_assignsubmission_file/%s", m.name(i), number(i), u.name)
				all = append(all, upload{name, u.content, u.at})
			}
		}
		return packed(t, all)
	}},
}

// A tool is the course's, built.
type tool struct{ path string }

func newTool(t *testing.T) tool {
	path := filepath.Join(t.TempDir(), "kata")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../harness/cmd/kata").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return tool{path}
}

// run runs a command, and returns what it prints.
func (k tool) run(t *testing.T, env []string, args ...string) string {
	cmd := exec.CommandContext(t.Context(), k.path, args...)
	cmd.Env = append(append(os.Environ(), "UDPKATA_LANG=en"), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "kata %v: %s%s", args, out, said.String())
	return string(out)
}

// TestReports: a class that a platform has goes from the platform's zip to marks with one command, and to each report
// with another, and everybody has the same marks in all of them, and on the other platform. It is a class of thirty if
// gradeVariable is set, as for TestGrade. What has been judged for one platform is not judged again for the other,
// whose marks are in another directory.
func TestReports(t *testing.T) {
	if testing.Short() {
		t.Skip("judges a class, which takes a while")
	}
	if _, err := sandbox.Find(t.Context(), ""); err != nil {
		t.Skip(err)
	}
	class := classOfThirty(t, os.Getenv(gradeVariable) != "")
	kata, cache, outs := newTool(t), t.TempDir(), t.TempDir()
	put(t, filepath.Join(outs, "class.key"), strings.Repeat("5e", 32)+"\n")
	marks := map[string]map[string]reporttest.Total{} // by platform
	for _, p := range platforms {
		t.Run(p.name, func(t *testing.T) {
			download := filepath.Join(t.TempDir(), "class.zip")
			put(t, download, p.zip(t, class))
			out := filepath.Join(outs, p.name)
			if p.name != platforms[0].name {
				from := filepath.Join(outs, platforms[0].name, "results")
				require.NoError(t, os.CopyFS(filepath.Join(out, "results"), os.DirFS(from)))
			}
			kata.run(t, nil, "grade", download, "-o", out, "--due", due.Format(time.RFC3339), "--late", "10%/day",
				"--cache", cache, "--class-key", filepath.Join(outs, "class.key"))
			marks[p.name] = reported(t, kata, out, class)
		})
	}
	require.Equal(t, marks["canvas"], marks["moodle"])
}

// reported has all reports written of a class that is graded, wants them to agree and everybody to have what they have
// earned, and returns that.
func reported(t *testing.T, kata tool, out string, class []member) map[string]reporttest.Total {
	c, err := report.Open(out)
	require.NoError(t, err)
	points, of := reporttest.Points{}, 0
	for _, task := range c.Tasks {
		if !task.Out {
			points[task.Lesson+"/"+task.Task] = task.Points
			of += task.Points
		}
	}
	table := reporttest.Report{"": kata.run(t, nil, "report", out, "--format", "csv")}
	totals := reporttest.Totals(t, "csv", table, points)
	require.Len(t, totals, len(class))
	for i, m := range class {
		possible, factor := 0, 1.0
		for task, worth := range points {
			lesson, _, _ := strings.Cut(task, "/")
			for file := range m.attempts[len(m.attempts)-1] {
				if strings.HasPrefix(file, lesson+"/") {
					possible += worth
					break
				}
			}
		}
		if m.late {
			factor = .9
		}
		got := totals[number(i)]
		require.True(t, m.earns(got.Earned, float64(possible)), "%s has %v of %d points", m.name(i), got.Earned,
			possible)
		require.InDelta(t, got.Earned*factor, got.Mark, .005, m.name(i))
	}
	for _, f := range report.Formats {
		t.Run(f.Name, func(t *testing.T) {
			got := reporttest.Totals(t, f.Name, written(t, kata, f, out, class, of), points)
			for id, total := range totals {
				name := id
				if _, ok := got[id]; !ok { // Canvas has no numbers but its own
					var i int
					fmt.Sscan(id, &i)
					name = class[i-4100].name(i - 4100)
				}
				require.Contains(t, got, name)
				if has := got[name]; has.Earned != reporttest.Unsaid {
					require.Equal(t, total.Earned, has.Earned, name)
				}
				if has := got[name]; has.Mark != reporttest.Unsaid {
					require.Equal(t, total.Mark, has.Mark, name)
				}
			}
			require.Len(t, got, len(totals))
		})
	}
	return totals
}

// written has one report written, by one command, or one for each student where the format is of one.
func written(t *testing.T, kata tool, f report.Format, out string, class []member, of int) reporttest.Report {
	args, env := []string{"report", out, "--format", f.Name}, []string(nil)
	switch f.Name {
	case "canvas":
		args = append(args, "--assignment", "UDP (12)")
	case "moodle":
		var sheet strings.Builder
		sheet.WriteString("Identifier,Status,Grade,\"Maximum grade\",\"Last modified (grade)\"\r\n")
		for i := range class {
			fmt.Fprintf(&sheet, "Participant %s,Submitted,,%d.00,-\r\n", number(i), of)
		}
		path := filepath.Join(t.TempDir(), "Grades.csv")
		put(t, path, sheet.String())
		args = append(args, "--sheet", path)
	case "classroom50":
		for _, name := range []string{"CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL"} {
			env = append(env, name+"="+name)
		}
	}
	files := reporttest.Report{}
	if slices.Contains(f.Takes, "student") {
		for i := range class {
			files[number(i)] = kata.run(t, env, append(args, "--student", number(i))...)
		}
		return files
	}
	at := filepath.Join(t.TempDir(), f.Name)
	kata.run(t, env, append(args, "-o", at)...)
	if f.File != nil {
		data, err := os.ReadFile(at)
		require.NoError(t, err)
		files[""] = string(data)
		return files
	}
	require.NoError(t, filepath.WalkDir(at, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(at, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return files
}
