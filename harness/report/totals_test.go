package report

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/report/reporttest"
)

// TestTotals: one class in each format, read again, has the same points for everybody, and nothing of a lesson that is
// worth nothing.
func TestTotals(t *testing.T) {
	c := lay(t)
	points := reporttest.Points{"01-a/TestA": 1, "01-a/TestB": 2, "02-b/TestC": 3, "02-b/TestD": 5}
	want := map[string]reporttest.Total{
		"101": {Earned: 11, Mark: 11}, "102": {Earned: 6, Mark: 5.4}, "103": {Earned: 6, Mark: 6}, "104": {}, "105": {},
		"106": {Earned: 3, Mark: 3}, "107": {Earned: 11, Mark: 11}, "108": {Earned: 11, Mark: 3.66},
		"109": {Earned: 3, Mark: 3},
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), students)
	const earned, mark = 1, 2
	tests := []struct {
		format  string
		request Request
		lacks   []string // who has no mark there
		unsaid  int      // what the format has no place for
		each    bool     // it is of one student
	}{
		{format: "csv"},
		{format: "json"},
		{format: "canvas", request: Request{Assignment: "UDP (12)"}, lacks: []string{"105", "107"}, unsaid: earned},
		{format: "moodle", request: Request{Sheet: moodleSheet(t)}, lacks: []string{"105"}, unsaid: earned},
		{format: "gradescope", each: true},
		{format: "classroom50", request: Request{Getenv: environment}, unsaid: mark, each: true},
		{format: "feedback", lacks: []string{"105"}},
		{format: "junit"},
		{format: "exercism", unsaid: mark},
		{format: "ctrf"},
		{format: "html"},
	}
	var tested, all []string
	for _, tt := range tests {
		tested = append(tested, tt.format)
		t.Run(tt.format, func(t *testing.T) {
			files := reporttest.Report{}
			r := tt.request
			r.Class = c
			if tt.each {
				for _, r.Student = range students {
					files[r.Student] = written(t, tt.format, &r)[""]
				}
			} else {
				files = written(t, tt.format, &r)
			}
			for name, data := range files {
				require.NotContains(t, name+data, "03-worthless")
				require.NotContains(t, data, "TestE\"")
			}
			expect := maps.Clone(want)
			for _, id := range tt.lacks {
				delete(expect, id)
			}
			for id, w := range expect {
				switch tt.unsaid {
				case earned:
					w.Earned = reporttest.Unsaid
				case mark:
					w.Mark = reporttest.Unsaid
				}
				expect[id] = w
			}
			require.Equal(t, expect, reporttest.Totals(t, tt.format, files, points))
			require.Len(t, r.Left, len(tt.lacks))
		})
	}
	for _, f := range Formats {
		all = append(all, f.Name)
	}
	require.ElementsMatch(t, all, tested)
}
