package intake

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestParseName(t *testing.T) {
	tests := []struct {
		name string
		want named
	}{
		// Canvas
		{"chenwei_48213_9921034_echo.go", named{system: Canvas, student: "chenwei", id: "48213", attachment: "9921034",
			file: "echo.go"}},
		{"chenwei_LATE_48213_9921034_work-1.zip", named{system: Canvas, student: "chenwei", late: true, id: "48213",
			attachment: "9921034", file: "work-1.zip"}},
		{"王小明_48213_9921034_作業 一.zip", named{system: Canvas, student: "王小明", id: "48213",
			attachment: "9921034",
			file:       "作業 一.zip"}},
		{"van_der_berg_7_8_a_b_c.go", named{system: Canvas, student: "van_der_berg", id: "7", attachment: "8",
			file: "a_b_c.go"}},
		{"chen2024_7_8_echo.go", named{system: Canvas, student: "chen2024", id: "7", attachment: "8", file: "echo.go"}},
		{"2024_7_8_echo.go", named{system: Canvas, student: "2024", id: "7", attachment: "8", file: "echo.go"}},
		{"chen_7_8_9_10_echo.go", named{system: Canvas, student: "chen", id: "7", attachment: "8",
			file: "9_10_echo.go"}},
		{"chen_7_8_LATE_9_10_echo.go", named{system: Canvas, student: "chen", id: "7", attachment: "8",
			file: "LATE_9_10_echo.go"}},
		{"chen_7_8_li_9_assignsubmission_file_echo.go", named{system: Canvas, student: "chen", id: "7", attachment: "8",
			file: "li_9_assignsubmission_file_echo.go"}},
		{"anon_x1Yz9_8_echo.go", named{system: Canvas, id: "x1Yz9", attachment: "8", file: "echo.go"}},
		{"anon_LATE_48213_8_echo.go", named{system: Canvas, late: true, id: "48213", attachment: "8", file: "echo.go"}},
		{"anon_1_2_li_3_4_echo.go", named{system: Canvas, id: "1", attachment: "2", file: "li_3_4_echo.go"}},
		{"anon_1_2_li_3_assignsubmission_file_echo.go", named{system: Canvas, id: "1", attachment: "2",
			file: "li_3_assignsubmission_file_echo.go"}},
		// Moodle
		{"Chen Wei_48213_assignsubmission_file", named{system: Moodle, student: "Chen Wei", id: "48213"}},
		{"Chen Wei_48213_assignsubmission_file_", named{system: Moodle, student: "Chen Wei", id: "48213"}},
		{"Chad_Bhagwandeen_657831_assignsubmission_file_", named{system: Moodle, student: "Chad_Bhagwandeen",
			id: "657831"}},
		{"王 小明_48213_assignsubmission_file_echo.go", named{system: Moodle, student: "王 小明", id: "48213",
			file: "echo.go"}},
		{"Chen Wei_1_assignsubmission_file_Li_2_assignsubmission_file_x.go", named{system: Moodle, student: "Chen Wei",
			id: "1", file: "Li_2_assignsubmission_file_x.go"}},
		{"Chen Wei_1_assignsubmission_file_a_2_3_x.go", named{system: Moodle, student: "Chen Wei", id: "1",
			file: "a_2_3_x.go"}},
		{"Participant_31_assignsubmission_file_echo.go", named{system: Moodle, id: "31", file: "echo.go"}},
		{"參與者_31_assignsubmission_file", named{system: Moodle, id: "31"}},
		{"Chen Wei_assignsubmission_file", named{system: Moodle, student: "Chen Wei"}},
		{"Chen Wei_1_assignsubmission_onlinetext", named{system: Moodle, student: "Chen Wei", id: "1", noFiles: true}},
		{"Group A-Chen Wei_1_assignsubmission_file", named{system: Moodle, student: "Group A-Chen Wei", id: "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseName(tt.name)
			require.True(t, ok)
			require.Equal(t, tt.want, got)
		})
	}
	for _, name := range []string{"", "echo.go", "02-echo", "a_b_c.go", "chen_12_echo.go", "chen_1_2",
		"_1_2_echo.go"[1:],
		"chen\n_1_2_echo.go", "udpkata-main", "anon_1_echo.go"} {
		t.Run("none: "+name, func(t *testing.T) {
			_, ok := parseName(name)
			require.False(t, ok)
		})
	}
}

func TestUnnumbered(t *testing.T) {
	type result struct {
		name string
		n    int
	}
	for name, want := range map[string]result{
		"echo.go": {"echo.go", 0}, "echo-1.go": {"echo.go", 1}, "echo (2).go": {"echo.go", 2},
		"echo(3).go":  {"echo.go", 3},
		"w-12.tar.gz": {"w.tar.gz", 12}, "w.tar-1.gz": {"w.tar.gz", 1}, "-1.go": {"-1.go", 0},
		"a-2024.zip": {"a-2024.zip", 0},
		"a-b.go":     {"a-b.go", 0}, "": {"", 0}, "pmtu_linux-1.go": {"pmtu_linux.go", 1},
	} {
		got, n := unnumbered(name)
		require.Equal(t, want, result{got, n}, name)
	}
}

func TestClean(t *testing.T) {
	for name, want := range map[string][]string{
		"02-echo/echo.go":         {"02-echo", "echo.go"},
		"./a//b/./c/":             {"a", "b", "c"},
		`02-echo\echo.go`:         {"02-echo", "echo.go"},
		"作業/echo.go":              {"作業", "echo.go"},
		"\xa5\\\xbd\xd2/echo.go":  {"%A5%5C%BD%D2", "echo.go"}, // 功課 in Big5, whose second byte is a backslash
		"\xff\xfe/echo.go":        {"%FF%FE", "echo.go"},
		"a..b/...":                {"a..b", "..."},
		"a b/c":                   {"a b", "c"},
		"\xa7@\xb7~\xa4@/echo.go": {"%A7%40%B7%7E%A4%40", "echo.go"},
	} {
		got, why := clean(name)
		require.True(t, why.IsZero(), "%q: %v", name, why)
		require.Equal(t, want, got, "%q", name)
	}
	long := string(make([]byte, 300))
	for name, want := range map[string]string{
		"/etc/passwd":             "its path is absolute",
		"../echo.go":              "its path leads out of",
		"a/../../echo.go":         "its path leads out of",
		`..\echo.go`:              "its path leads out of",
		`a/..\b`:                  "its name has a backslash",
		`\\server\share\echo.go`:  "its path is absolute",
		`\echo.go`:                "its path is absolute",
		`C:\echo.go`:              "its name has a colon",
		"C:/echo.go":              "its name has a colon",
		"c:echo.go":               "its name has a colon",
		"echo.go:stream":          "its name has a colon",
		"a\x00b.go":               "its name has characters that can't be seen",
		"a\nb.go":                 "its name has characters that can't be seen",
		"a\x1b[31m.go":            "its name has characters that can't be seen",
		"a\u202eog.go":            "its name has characters that can't be seen",
		"a\u200bb.go":             "its name has characters that can't be seen",
		"":                        "it has no name",
		"./.":                     "it has no name",
		"/":                       "its path is absolute",
		"a" + replaced(long, 'a'): "its name is longer than 255 bytes",
		"a/" + replaced(long+long+long+long, '/'): "its name is longer than 1024 bytes",
		deepPath(65): "it lies in more than 64 folders",
	} {
		_, why := clean(name)
		require.Contains(t, why.EN, want, "%q", name)
	}
}

func replaced(s string, by byte) string {
	b := []byte(s)
	for i := range b {
		b[i] = by
	}
	return string(b)
}

func deepPath(n int) (path string) {
	for range n {
		path += "d/"
	}
	return path + "a.go"
}

// FuzzNames: whatever a name is, reading it ends, what is taken of it names nothing outside of its folder, and what a
// student chooses at its end never changes whose it is.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"chen_LATE_1_2_echo.go", "a_1_assignsubmission_file_b", "anon_x_1_y", "../a", `C:\a`,
		"\xa5\\/a", "a/\u202e"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		elements, why := clean(name)
		if why.IsZero() {
			require.NotEmpty(t, elements)
		}
		for _, e := range elements {
			require.True(t, utf8.ValidString(e))
			require.NotContains(t, []string{"", ".", ".."}, e)
			require.NotContains(t, e, "/")
			require.NotContains(t, e, `\`)
			require.NotContains(t, e, ":")
		}
		junk(elements)
		unnumbered(name)
		parseName(name)
		for _, before := range []string{"chenwei_48213_9921034_", "chenwei_LATE_48213_9921034_", "anon_48213_9921034_",
			"anon_LATE_48213_9921034_", "Chen Wei_48213_assignsubmission_file_",
			"Participant_48213_assignsubmission_file_"} {
			n, ok := parseName(before + "x" + name)
			if hasBreak := n.id == ""; hasBreak {
				require.False(t, ok)
				continue
			}
			require.Equal(t, "48213", n.id, "%q", before+name)
			require.Equal(t, "x"+name, n.file)
		}
	})
}
