package report

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
)

// TestHostile: whatever students have written stays in its place in every format: nothing is obeyed, no text ends
// early, no cell is a formula, no path climbs.
func TestHostile(t *testing.T) {
	c := lay(t)
	for _, f := range Formats {
		t.Run(f.Name, func(t *testing.T) {
			r := &Request{Class: c, Getenv: environment}
			switch f.Name {
			case "canvas":
				r.Assignment = "UDP (12)"
			case "moodle":
				r.Sheet = moodleSheet(t)
			case "gradescope", "classroom50":
				r.Student = "103"
			}
			for name, data := range unzipped(t, written(t, f.Name, r)) {
				require.Regexp(t, fileNames, name)
				require.NotContains(t, name, "..")
				tame(t, name, data)
				for _, s := range inner(t, f.Name, name, data) {
					tame(t, name, s)
					if f.Name != "json" {
						require.LessOrEqual(t, len(s), 33<<10)
					}
				}
				if f.Name != "json" && f.Name != "html" { // which have all of it
					require.LessOrEqual(t, len(data), 256<<10)
				}
			}
		})
	}
}

// fileNames are the names that files may have.
var fileNames = regexp.MustCompile(`^([\p{L}\p{Nd}_-]+/)*([\p{L}\p{Nd}_-]+\.(csv|xml|json|txt|zip))?$`)

// unzipped adds what is in zips.
func unzipped(t *testing.T, files map[string]string) map[string]string {
	all := map[string]string{}
	for name, data := range files {
		if !strings.HasSuffix(name, ".zip") {
			all[name] = data
			continue
		}
		z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		for _, f := range z.File {
			r, err := f.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			require.NotContains(t, all, f.Name)
			all[f.Name] = string(content)
		}
	}
	return all
}

// tame fails on what a terminal obeys, on what XML forbids, and on what turns the order of reading.
func tame(t *testing.T, name, s string) {
	require.True(t, utf8.ValidString(s), name)
	for _, c := range strings.TrimPrefix(s, byteOrderMark) {
		if c != '\n' && c != '\r' && c != '\t' && !unicode.IsGraphic(c) {
			t.Fatalf("%s has %U", name, c)
		}
	}
}

// inner returns the texts in a file, as its reader has them.
func inner(t *testing.T, format, name, data string) (all []string) {
	switch {
	case strings.HasSuffix(name, ".xml"):
		d := xml.NewDecoder(strings.NewReader(data))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return all
			}
			require.NoError(t, err)
			switch token := token.(type) {
			case xml.CharData:
				all = append(all, string(token))
			case xml.StartElement:
				require.Contains(t, junitSchema, token.Name.Local, "an element of the student's")
				for _, a := range token.Attr {
					all = append(all, a.Value)
				}
			}
		}
	case strings.HasSuffix(name, ".csv"), format == "canvas", format == "csv":
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(data, byteOrderMark))).ReadAll()
		require.NoError(t, err)
		for _, row := range rows {
			for _, cell := range row {
				all = append(all, cell)
				if cell != "-" { // Moodle's own
					require.NotRegexp(t, "^[=+@\t\r-]", cell)
				}
			}
		}
	case strings.HasSuffix(name, ".txt"), format == "html": // whose own tests look into it
	default:
		var v any
		require.NoError(t, json.Unmarshal([]byte(data), &v))
		all = texts(v, nil)
	}
	return all
}

// texts lists the texts in a JSON value.
func texts(v any, all []string) []string {
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, one := range v {
			all = texts(one, all)
		}
	case map[string]any:
		for key, one := range v {
			all = texts(one, append(all, key))
		}
	}
	return all
}

// TestComment: Moodle takes a comment for HTML, in which there is no element of a student's.
func TestComment(t *testing.T) {
	c := lay(t)
	r := &Request{Class: c}
	require.NoError(t, r.each(func(m grade.Mark) error {
		require.NotContains(t, strings.ReplaceAll(r.comment(m, float64(m.Of)), "<br>", ""), "<")
		return nil
	}))
	files := written(t, "moodle", &Request{Class: c, Sheet: moodleSheet(t)})
	require.Contains(t, files["Grades.csv"], "\"udpkata: 5.4 points: 6 of 11, times 0.9 for being late<br>"+
		"01-a: 1/3<br>02-b: 5/8\"")
	require.Contains(t, files["Grades.csv"], "it is encrypted: =1+1")
}

// TestNames: no two students have one file, on any disk, and no file has a name that a system keeps for itself.
func TestNames(t *testing.T) {
	var u unique
	seen := map[string]bool{}
	tests := []struct{ student, id, want string }{
		{"alice", "", "alice"},
		{"ALICE", "", "ALICE-2"},
		{"alice", "", "alice-3"},
		{"alice-2", "", "alice-2-2"},
		{"王小明", "7", "王小明-7"},
		{"", "8", "8"},
		{"", "", "student"},
		{"../..", "", "student-2"},
		{"../../etc/passwd", "", "etc-passwd"},
		{"a_1_b", "", "a-1-b"},
		{"CON", "", "student-CON"},
		{"com1", "", "student-com1"},
		{"e\u0301", "", "e"},
		{"\u1100\u1161", "", "student-3"},
		{strings.Repeat("字", 500), strings.Repeat("1", 500),
			strings.Repeat("字", 25) + "-1111111111"},
	}
	for _, tt := range tests {
		got := u.Name(grade.Mark{Entry: grade.Entry{Student: tt.student, ID: tt.id}})
		require.Equal(t, tt.want, got)
		require.False(t, seen[strings.ToLower(got)])
		seen[strings.ToLower(got)] = true
		require.LessOrEqual(t, len(got), 160)
	}
}

// TestCut: what is cut is no longer than was asked for, ends no character in its middle, and says so.
func TestCut(t *testing.T) {
	require.Equal(t, "short", cut("short", 5))
	for most := 200; most < 210; most++ {
		got := cut(strings.Repeat("字", 1000), most)
		require.LessOrEqual(t, len(got), most)
		require.True(t, utf8.ValidString(got))
		require.Contains(t, got, "bytes more)")
	}
}

// TestSameBytes: the same marks are the same files.
func TestSameBytes(t *testing.T) {
	c := lay(t)
	sheet := moodleSheet(t)
	for _, f := range Formats {
		r := Request{Class: c, Getenv: environment}
		switch f.Name {
		case "canvas":
			r.Assignment = "UDP (12)"
		case "moodle":
			r.Sheet = sheet
		case "gradescope", "classroom50":
			r.Student = "103"
		}
		again := r
		first, second := written(t, f.Name, &r), written(t, f.Name, &again)
		require.Len(t, second, len(first))
		for name, data := range first {
			require.True(t, bytes.Equal([]byte(data), []byte(second[name])), "%s %s", f.Name, name)
		}
	}
}
