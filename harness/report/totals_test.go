package report

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
)

// A total is what a format says of somebody; NaN is never in it.
type total struct{ earned, mark float64 }

// unsaid is what a format has no place for.
const unsaid = -1

// TestTotals: one class in each format, read again, has the same points for everybody.
func TestTotals(t *testing.T) {
	c := lay(t)
	want := map[string]total{
		"101": {11, 11}, "102": {6, 5.4}, "103": {6, 6}, "104": {0, 0}, "105": {0, 0}, "106": {3, 3}, "107": {11, 11},
		"108": {11, 3.66}, "109": {3, 3},
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), students)
	tests := []struct {
		format      string
		read        func(t *testing.T, c *grade.Class) map[string]total
		lacks       []string // who has no mark there
		lacksEarned bool
		lacksMark   bool
	}{
		{format: "csv", read: csvTotals},
		{format: "json", read: jsonTotals},
		{format: "canvas", read: canvasTotals, lacks: []string{"105", "107"}, lacksEarned: true},
		{format: "moodle", read: moodleTotals, lacks: []string{"105"}, lacksEarned: true},
		{format: "gradescope", read: gradescopeTotals},
		{format: "classroom50", read: classroom50Totals, lacksMark: true},
		{format: "junit", read: junitTotals},
		{format: "exercism", read: exercismTotals, lacksMark: true},
		{format: "ctrf", read: ctrfTotals},
	}
	var tested []string
	for _, tt := range tests {
		tested = append(tested, tt.format)
		t.Run(tt.format, func(t *testing.T) {
			expect := maps.Clone(want)
			for _, id := range tt.lacks {
				delete(expect, id)
			}
			for id, w := range expect {
				if tt.lacksEarned {
					w.earned = unsaid
				}
				if tt.lacksMark {
					w.mark = unsaid
				}
				expect[id] = w
			}
			require.Equal(t, expect, tt.read(t, c))
		})
	}
	var all []string
	for _, f := range Formats {
		all = append(all, f.Name)
	}
	require.Subset(t, all, tested)
}

func float(t *testing.T, s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return x
}

func table(t *testing.T, s string) [][]string {
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(s, byteOrderMark))).ReadAll()
	require.NoError(t, err)
	return rows
}

func csvTotals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for _, row := range table(t, written(t, "csv", &Request{Class: c})[""])[1:] {
		all[row[1]] = total{float(t, row[5]), float(t, row[7])}
		sum := 0.0
		for _, cell := range row[9:] {
			if cell != "" {
				sum += float(t, cell)
			}
		}
		require.Equal(t, sum, all[row[1]].earned)
	}
	return all
}

func jsonTotals(t *testing.T, c *grade.Class) map[string]total {
	var class struct{ Submissions []grade.Mark }
	require.NoError(t, json.Unmarshal([]byte(written(t, "json", &Request{Class: c})[""]), &class))
	all := map[string]total{}
	for _, m := range class.Submissions {
		if m.Counts {
			all[m.ID] = total{float64(m.Earned), m.Mark}
		}
	}
	return all
}

func canvasTotals(t *testing.T, c *grade.Class) map[string]total {
	r := &Request{Class: c, Assignment: "UDP (12)"}
	rows := table(t, written(t, "canvas", r)[""])
	require.Equal(t, []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", "UDP (12)"}, rows[0])
	require.Equal(t, []string{"Points Possible", "", "", "", "", "11"}, rows[1])
	all := map[string]total{}
	for _, row := range rows[2:] {
		require.NotContains(t, row[0], "Points Possible", "Canvas would take the row for what the assignment is worth")
		all[row[1]] = total{unsaid, float(t, row[5])}
	}
	require.Len(t, r.Left, 2)
	return all
}

func moodleTotals(t *testing.T, c *grade.Class) map[string]total {
	r := &Request{Class: c, Sheet: moodleSheet(t)}
	all := map[string]total{}
	for _, row := range table(t, written(t, "moodle", r)["Grades.csv"])[1:] {
		if row[4] != "" {
			all[strings.TrimPrefix(row[0], "Participant ")] = total{unsaid, float(t, row[4])}
		}
	}
	require.Len(t, r.Left, 1)
	return all
}

func gradescopeTotals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for _, id := range students {
		var res gradescopeResults
		data := written(t, "gradescope", &Request{Class: c, Student: id})[""]
		require.NoError(t, json.Unmarshal([]byte(data), &res))
		sum, most := 0, 0
		for _, test := range res.Tests {
			sum, most = sum+test.Score, most+test.MaxScore
		}
		require.Equal(t, 11, most)
		all[id] = total{float64(sum), res.Score}
	}
	return all
}

func classroom50Totals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for _, id := range students {
		var res classroom50Result
		data := written(t, "classroom50", &Request{Class: c, Student: id, Getenv: environment})[""]
		require.NoError(t, json.Unmarshal([]byte(data), &res))
		sum, most := 0, 0
		for _, test := range res.Tests {
			sum, most = sum+test.Score, most+test.MaxScore
		}
		require.Equal(t, []int{res.Score, res.MaxScore}, []int{sum, most})
		require.Equal(t, 11, most)
		all[id] = total{float64(sum), unsaid}
	}
	return all
}

// endsInID is how the name begins that a student has in a directory.
var endsInID = regexp.MustCompile(`^[^/]*?(\d{3})(/|\.)`)

func idOf(t *testing.T, name string) string {
	m := endsInID.FindStringSubmatch(name)
	require.NotNil(t, m, name)
	return m[1]
}

// worth are the points of what counts.
var worth = map[string]int{"TestA": 1, "TestB": 2, "TestC": 3, "TestD": 5}

func junitTotals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for name, data := range written(t, "junit", &Request{Class: c}) {
		var file junitSuites
		require.NoError(t, xml.Unmarshal([]byte(data), &file))
		properties := map[string]float64{}
		for _, p := range file.Suite.Properties {
			properties[p.Name] = float(t, p.Value)
		}
		sum, skipped := 0, 0
		for _, one := range file.Suite.Cases {
			switch {
			case one.Skipped != nil:
				skipped++
			case one.Error == nil && one.Failure == nil:
				sum += worth[one.Name]
			}
		}
		require.Equal(t, 1, skipped)
		require.Equal(t, float64(sum), properties["earned"])
		all[idOf(t, name)] = total{properties["earned"], properties["mark"]}
	}
	return all
}

func exercismTotals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for name, data := range written(t, "exercism", &Request{Class: c}) {
		var res exercismResults
		require.NoError(t, json.Unmarshal([]byte(data), &res))
		had := all[idOf(t, name)]
		had.mark = unsaid
		for _, test := range res.Tests {
			require.NotEqual(t, "TestOut", test.Name)
			if test.Status == "pass" {
				had.earned += float64(worth[test.Name])
			}
		}
		all[idOf(t, name)] = had
	}
	return all
}

func ctrfTotals(t *testing.T, c *grade.Class) map[string]total {
	all := map[string]total{}
	for _, data := range written(t, "ctrf", &Request{Class: c}) {
		var file ctrfReport
		require.NoError(t, json.Unmarshal([]byte(data), &file))
		sum := 0
		for _, test := range file.Results.Tests {
			sum += test.Extra.Earned
		}
		e := file.Results.Summary.Extra
		require.Equal(t, sum, e.Earned)
		all[e.ID] = total{float64(e.Earned), e.Mark}
	}
	return all
}
