// Package reporttest is for tests that read reports again, as the systems do that they are for: each by itself, without
// what has written it.
package reporttest

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Total is what a report says of somebody.
type Total struct{ Earned, Mark float64 }

// Unsaid is what a format has no place for.
const Unsaid = -1

// A Report is a format's files, by name. The one file of a format that has no more is "", and where a report is of one
// student, it is that student's number.
type Report map[string]string

// Points are what tasks are worth that count, by lesson and task, as in "02-echo/TestAsk".
type Points map[string]int

func (p Points) sum() (all int) {
	for _, points := range p {
		all += points
	}
	return all
}

// readers return what a report says of everybody.
var readers = map[string]func(testing.TB, Report, Points) map[string]Total{
	"csv": readCSV, "json": readJSON, "canvas": readCanvas, "moodle": readMoodle, "gradescope": readGradescope,
	"classroom50": readClassroom50, "junit": readJUnit, "exercism": readExercism, "ctrf": readCTRF, "html": readHTML,
	"feedback": readFeedback,
}

// Totals reads a report, and returns what it says of everybody, by number, or by name where it has no number. It fails
// the test where a report's tasks do not add up to what it says.
func Totals(t testing.TB, format string, files Report, points Points) map[string]Total {
	t.Helper()
	read := readers[format]
	require.NotNil(t, read, "nobody reads %s", format)
	return read(t, files, points)
}

func float(t testing.TB, s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return x
}

func fromJSON(t testing.TB, data string, v any) { require.NoError(t, json.Unmarshal([]byte(data), v)) }

// table returns the rows of a table, after its first ones, and a function that finds the column that has a head.
func table(t testing.TB, data string, heads int) (rows [][]string, column func(head string) int) {
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(data, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(rows), heads)
	columns := map[string]int{}
	for i, head := range rows[0] {
		columns[head] = i
	}
	return rows[heads:], func(head string) int {
		i, ok := columns[head]
		require.True(t, ok, "there is no column %q", head)
		return i
	}
}

func readCSV(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	rows, column := table(t, r[""], 1)
	for _, row := range rows {
		sum := 0.0
		for task := range p {
			if cell := row[column(task)]; cell != "" {
				sum += float(t, cell)
			}
		}
		id := row[column("id")]
		all[id] = Total{float(t, row[column("earned")]), float(t, row[column("mark")])}
		require.Equal(t, sum, all[id].Earned, id)
		require.Equal(t, float64(p.sum()), float(t, row[column("of")]), id)
	}
	return all
}

func readJSON(t testing.TB, r Report, p Points) map[string]Total {
	var class struct {
		Submissions []struct {
			ID      string
			Counts  bool
			Earned  float64
			Mark    float64
			Lessons []struct {
				Name  string
				Tasks []struct{ Name, State string }
			}
		}
	}
	fromJSON(t, r[""], &class)
	all := map[string]Total{}
	for _, s := range class.Submissions {
		if !s.Counts {
			continue
		}
		sum := 0
		for _, l := range s.Lessons {
			for _, task := range l.Tasks {
				if task.State == "passed" {
					sum += p[l.Name+"/"+task.Name]
				}
			}
		}
		require.Equal(t, float64(sum), s.Earned, s.ID)
		all[s.ID] = Total{s.Earned, s.Mark}
	}
	return all
}

func readCanvas(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	heads, _ := table(t, r[""], 0)
	require.Equal(t, []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section"}, heads[0][:5])
	require.Equal(t, []string{"Points Possible", "", "", "", "", strconv.Itoa(p.sum())}, heads[1])
	for _, row := range heads[2:] {
		require.NotContains(t, row[0], "Points Possible", "Canvas would take the row for what the assignment is worth")
		all[cmp.Or(row[1], row[0])] = Total{Unsaid, float(t, row[5])}
	}
	return all
}

func readMoodle(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	rows, column := table(t, r["Grades.csv"], 1)
	for _, row := range rows {
		require.Equal(t, float64(p.sum()), float(t, row[column("Maximum grade")]), "a grade would be a part of others")
		if grade := row[column("Grade")]; grade != "" {
			id, ok := strings.CutPrefix(row[column("Identifier")], "Participant ")
			require.True(t, ok)
			all[id] = Total{Unsaid, float(t, grade)}
		}
	}
	return all
}

func readGradescope(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for id, data := range r {
		var results struct {
			Score float64
			Tests []struct {
				Score    int
				MaxScore int `json:"max_score"`
			}
		}
		fromJSON(t, data, &results)
		sum, most := 0, 0
		for _, test := range results.Tests {
			sum, most = sum+test.Score, most+test.MaxScore
		}
		require.Equal(t, p.sum(), most, id)
		all[id] = Total{float64(sum), results.Score}
	}
	return all
}

func readClassroom50(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for id, data := range r {
		var result struct {
			Score    int
			MaxScore int `json:"max-score"`
			Tests    []struct {
				Score    int
				MaxScore int `json:"max-score"`
			}
		}
		fromJSON(t, data, &result)
		sum, most := 0, 0
		for _, test := range result.Tests {
			sum, most = sum+test.Score, most+test.MaxScore
		}
		require.Equal(t, []int{result.Score, result.MaxScore}, []int{sum, most}, id)
		require.Equal(t, p.sum(), most, id)
		all[id] = Total{float64(sum), Unsaid}
	}
	return all
}

// endsInID is how the name begins that a student has in a directory.
var endsInID = regexp.MustCompile(`^[^/]*?(\d+)(?:/|\.)`)

func idOf(t testing.TB, name string) string {
	m := endsInID.FindStringSubmatch(name)
	require.NotNil(t, m, name)
	return m[1]
}

func readJUnit(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for name, data := range r {
		var file struct {
			Suite struct {
				Properties []struct {
					Name  string `xml:"name,attr"`
					Value string `xml:"value,attr"`
				} `xml:"properties>property"`
				Cases []struct {
					Name    string    `xml:"name,attr"`
					Class   string    `xml:"classname,attr"`
					Skipped *struct{} `xml:"skipped"`
					Error   *struct{} `xml:"error"`
					Failure *struct{} `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		require.NoError(t, xml.Unmarshal([]byte(data), &file))
		properties := map[string]float64{}
		for _, p := range file.Suite.Properties {
			properties[p.Name] = float(t, p.Value)
		}
		sum := 0
		for _, c := range file.Suite.Cases {
			points, counts := p[c.Class+"/"+c.Name]
			require.Equal(t, counts, c.Skipped == nil, "%s: %s is skipped if it does not count", name, c.Name)
			if counts && c.Error == nil && c.Failure == nil {
				sum += points
			}
		}
		require.Equal(t, float64(sum), properties["earned"], name)
		require.Equal(t, float64(p.sum()), properties["of"], name)
		all[idOf(t, name)] = Total{properties["earned"], properties["mark"]}
	}
	return all
}

func readExercism(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for name, data := range r {
		var results struct {
			Tests []struct{ Name, Status string }
		}
		fromJSON(t, data, &results)
		id := idOf(t, name)
		had := all[id]
		had.Mark = Unsaid
		for _, test := range results.Tests {
			points, counts := p[strings.Split(name, "/")[1]+"/"+test.Name]
			require.True(t, counts, "%s: %s does not count", name, test.Name)
			if test.Status == "pass" {
				had.Earned += float64(points)
			}
		}
		all[id] = had
	}
	return all
}

func readCTRF(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for name, data := range r {
		var file struct {
			Results struct {
				Summary struct {
					Extra struct {
						ID     string
						Earned int
						Of     int
						Mark   float64
					}
				}
				Tests []struct{ Extra struct{ Earned int } }
			}
		}
		fromJSON(t, data, &file)
		sum, extra := 0, file.Results.Summary.Extra
		for _, test := range file.Results.Tests {
			sum += test.Extra.Earned
		}
		require.Equal(t, sum, extra.Earned, name)
		require.Equal(t, p.sum(), extra.Of, name)
		all[extra.ID] = Total{float64(extra.Earned), extra.Mark}
	}
	return all
}

// headline is what a student reads first: a mark, and of how many points.
var headline = regexp.MustCompile(`: ([0-9.]+) of (\d+) points(?:: (\d+), times [0-9.]+ for being late)?$`)

func readFeedback(t testing.TB, r Report, p Points) map[string]Total {
	all := map[string]Total{}
	for name, data := range r {
		lines := bufio.NewScanner(strings.NewReader(data))
		lines.Buffer(nil, 1<<20)
		require.True(t, lines.Scan(), name)
		m := headline.FindStringSubmatch(lines.Text())
		require.NotNil(t, m, "%s: %s", name, lines.Text())
		require.Equal(t, float64(p.sum()), float(t, m[2]), name)
		total := Total{float(t, cmp.Or(m[3], m[1])), float(t, m[1])}
		sum, lesson := 0, ""
		for lines.Scan() {
			if l, _, ok := strings.Cut(lines.Text(), ": "); ok && !strings.HasPrefix(l, " ") {
				lesson = l
			}
			if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "passed" {
				sum += p[lesson+"/"+f[2]]
			}
		}
		require.Equal(t, float64(sum), total.Earned, name)
		all[idOf(t, name)] = total
	}
	return all
}

// pageData is what the script of a page for a browser knows.
var pageData = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

func readHTML(t testing.TB, r Report, p Points) map[string]Total {
	m := pageData.FindStringSubmatch(r[""])
	require.NotNil(t, m, "the page has no data")
	var page struct {
		Of      int
		Lessons []struct {
			Name  string
			Tasks []struct{ Name string }
		}
		Students []struct {
			ID     string
			Earned int
			Mark   float64
			Result int
		}
		Results []struct{ States string }
	}
	fromJSON(t, m[1], &page)
	require.Equal(t, p.sum(), page.Of)
	var tasks []string
	for _, l := range page.Lessons {
		for _, task := range l.Tasks {
			tasks = append(tasks, l.Name+"/"+task.Name)
		}
	}
	all := map[string]Total{}
	for _, s := range page.Students {
		sum := 0
		if s.Result >= 0 {
			states := []rune(page.Results[s.Result].States)
			require.Len(t, states, len(tasks))
			for i, state := range states {
				if state == '✓' {
					sum += p[tasks[i]]
				}
			}
		}
		require.Equal(t, sum, s.Earned, s.ID)
		all[s.ID] = Total{float64(s.Earned), s.Mark}
	}
	return all
}
