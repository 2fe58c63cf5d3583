package report

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/text"
)

// TestSheet: a table in which nothing is changed is the same to the byte, and what changes is one cell, in its own
// quotes.
func TestSheet(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"plain", "A,B\n1,2\n", "A,B\n1,new\n"},
		{"no end of line", "A,B\n1,2", "A,B\n1,new"},
		{"Windows, and a mark of the byte order", "\ufeffA,B\r\n1,2\r\n", "\ufeffA,B\r\n1,new\r\n"},
		{"quotes", "A,B\n\"1\",\"2\"\n", "A,B\n\"1\",\"new\"\n"},
		{"lines in cells", "A,B\n\"1\r\n,\"\"x\"\"\",2\n", "A,B\n\"1\r\n,\"\"x\"\"\",new\n"},
		{"semicolons", "A;B\n\"1,5\";2\n", "A;B\n\"1,5\";new\n"},
		{"tabs", "A\tB\n1\t\n", "A\tB\n1\tnew\n"},
		{"empty", "A,B\n1,\n", "A,B\n1,new\n"},
		{"empty lines", "A,B\n\n1,2\n\n", "A,B\n\n1,new\n\n"},
		{"a quotation mark in a cell", "A,B\n1\" x,2\n", "A,B\n1\" x,new\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := readSheet(put(t, "s.csv", tt.data))
			require.NoError(t, err)
			var b bytes.Buffer
			require.NoError(t, s.write(&b))
			require.Equal(t, tt.data, b.String())
			c, err := s.at(s.rows[1], s.column(func(head string) bool { return head == "B" }))
			require.NoError(t, err)
			require.True(t, c.set("new"))
			require.False(t, c.set("twice"))
			b.Reset()
			require.NoError(t, s.write(&b))
			require.Equal(t, tt.want, b.String())
		})
	}
	s, err := readSheet(put(t, "s.csv", "A;B\n1;2\n"))
	require.NoError(t, err)
	s.rows[1][1].set("a \"b\"; c")
	var b bytes.Buffer
	require.NoError(t, s.write(&b))
	require.Equal(t, "A;B\n1;\"a \"\"b\"\"; c\"\n", b.String(), "what needs quotes has some")
}

// FuzzSheet: whatever a table is, reading it ends, and it stays as it was.
func FuzzSheet(f *testing.F) {
	f.Add("\ufeffA,B\r\n\"1\"\"\n\",2")
	f.Add("\"")
	f.Add(",;\n\"a\"b")
	f.Fuzz(func(t *testing.T, data string) {
		s, err := readSheet(put(t, "s.csv", data))
		if err != nil {
			return
		}
		last := 0
		for _, row := range s.rows {
			for _, c := range row {
				require.GreaterOrEqual(t, c.from, last)
				require.GreaterOrEqual(t, c.to, c.from)
				last = c.to
			}
		}
		var b bytes.Buffer
		require.NoError(t, s.write(&b))
		require.Equal(t, data, b.String())
	})
}

// TestMoodle: a worksheet in Moodle's languages is filled, scaled, and else stays as it was.
func TestMoodle(t *testing.T) {
	c := lay(t)
	const head = "Identifier,Grade,Maximum grade,Last modified (grade)"
	tests := []struct{ name, sheet, want string }{
		{"English",
			"Identifier,Full name,Grade,Maximum Grade,Last modified (grade),Feedback comments\n" +
				"Participant 102,Alice,,100.00,-,\nParticipant 999,y,3,100.00,-,mine\n",
			"Identifier,Full name,Grade,Maximum Grade,Last modified (grade),Feedback comments\n" +
				"Participant 102,Alice,49.09,100.00,-,\"udpkata: 5.4 points: 6 of 11, times 0.9 for being late<br>" +
				"As a grade here: 49.09 of 100.<br>01-a: 1/3<br>02-b: 5/8\"\nParticipant 999,y,3,100.00,-,mine\n"},
		{"Chinese",
			"\ufeff\"識別碼\";\"分數\";\"最高成績\";\"最後修改的(得分)\"\r\n" +
				"\"參與者102\";\"1,00\";\"10,00\";\"-\"\r\n",
			"\ufeff\"識別碼\";\"分數\";\"最高成績\";\"最後修改的(得分)\"\r\n" +
				"\"參與者102\";\"4.91\";\"10,00\";\"-\"\r\n"},
		{"simplified", "标识符,成绩,最高分,最后修改（教师）\n参与者102,,11,-\n",
			"标识符,成绩,最高分,最后修改（教师）\n参与者102,5.4,11,-\n"},
		{"a comment of the instructor's",
			head + ",Feedback comments\nParticipant 102,,11,-,well done\n",
			head + ",Feedback comments\nParticipant 102,5.4,11,-,well done\n"},
		{"a comment of ours",
			head + ",Feedback comments\nParticipant 106,,11,-,udpkata: old\n",
			head + ",Feedback comments\nParticipant 106,3,11,-," +
				"udpkata: 3 points: 3 of 11<br>01-a: 3/3<br>02-b: 0/8\n"},
		{"somebody twice", head + "\nParticipant 102,,11,-\nx 102,,11,-\n",
			head + "\nParticipant 102,,11,-\nx 102,,11,-\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Class: c, Sheet: put(t, "w.csv", tt.sheet)}
			files := written(t, "moodle", r)
			require.Equal(t, tt.want, files["w.csv"])
			left := 8
			if tt.name == "somebody twice" {
				left = 9
				require.Contains(t, r.Left, text.Say("%s: %s", "alice (102)", r.noRow(true)))
			}
			require.Len(t, r.Left, left)
			require.Contains(t, r.Left, text.Say("%s: %s", "Points Possible (108)", r.noRow(false)))
		})
	}
}

// TestMoodleLocked: a row of which Moodle says that its grade can't be changed stays as it is, and is named with its
// grade; so is who had another grade. The same grade is no other one, however it is written.
func TestMoodleLocked(t *testing.T) {
	const comments = "Last modified (grade),Feedback comments\n"
	const english = "Identifier,Grade,Maximum grade,Grade can be changed," + comments
	tests := []struct{ name, sheet, want string }{
		{"English",
			english + "x 101,15.00,11,Yes,-,bonus\nx 102,3.5,11,No,-,\n" +
				"x 103,6.00,11,Yes,-,x\nx 106,-,11,Yes,-,x\n",
			english + "x 101,11,11,Yes,-,bonus\nx 102,3.5,11,No,-,\nx 103,6,11,Yes,-,x\nx 106,3,11,Yes,-,x\n"},
		{"Chinese", "識別碼,分數,最高分,分數可以被更改,最後修改的(得分)\nx 101,15,11,是,-\nx 102,3.5,11,否,-\n",
			"識別碼,分數,最高分,分數可以被更改,最後修改的(得分)\nx 101,11,11,是,-\nx 102,3.5,11,否,-\n"},
		{"simplified", "标识符,成绩,最高分,允许更改成绩,最后修改（教师）\nx 101,15,11,是,-\nx 102,3.5,11,否,-\n",
			"标识符,成绩,最高分,允许更改成绩,最后修改（教师）\nx 101,11,11,是,-\nx 102,3.5,11,否,-\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Class: lay(t), Sheet: put(t, "w.csv", tt.sheet)}
			files := unzipped(t, written(t, "moodle", r))
			require.Equal(t, tt.want, files["w.csv"])
			require.Equal(t, []string{"alice (102) 3.5"}, r.Kept)
			require.Len(t, r.Changed, 1)
			require.Regexp(t, `\(101\) 15(\.00)? → 11$`, r.Changed[0])
			require.Empty(t, r.Blank, "who is kept is named once")
			require.Equal(t, strings.Count(tt.sheet, "\nx")-1, r.Marks)
			require.NotContains(t, files, "alice_102_assignfeedback_file_udpkata.txt", "its mark is another")
		})
	}
}

// TestMoodleNames: the numbers of another assignment's worksheet are other people's, and nobody gets their marks. A row
// without a mark is named, whether anything was handed in or not.
func TestMoodleNames(t *testing.T) {
	const head = "Identifier,Full name,Grade,Maximum grade,Last modified (grade)\n"
	const alice, bob, zoe = "Participant 102,Alice,", "Participant 104,Bo Dee,", "Participant 999,Zoe,"
	c := lay(t)
	r := &Request{Class: c, Sheet: put(t, "w.csv", head+alice+",11,-\n"+bob+"7,11,-\n"+zoe+",11,-\n")}
	require.Equal(t, head+alice+"5.4,11,-\n"+bob+"7,11,-\n"+zoe+",11,-\n", written(t, "moodle", r)["w.csv"])
	require.Equal(t, []string{"Bo Dee", "Zoe"}, r.Blank)
	isBob := func(left text.Text) bool {
		return strings.Contains(left.EN, "participant 104 is Bo Dee in "+r.Sheet+", and bob in the submissions")
	}
	require.True(t, slices.ContainsFunc(r.Left, isBob), r.Left)

	f, err := Find("moodle")
	require.NoError(t, err)
	r = &Request{Class: c, Sheet: put(t, "w.csv", head+bob+",11,-\n")}
	require.ErrorContains(t, Write(f, filepath.Join(t.TempDir(), "out"), nil, r), "is it this assignment's worksheet?")
}

func TestSameName(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"Ana Smith", "ana  smith", true},
		{"Ana Smith", "陳大文", false},
		{"Ana Smith", "Ana Silva", false},
		{"Smith, Ana", "Ana Smith", true},
		{"O'Brien", "OBrien", true},
		{"Ana Smith", "Group 1-Ana Smith", true},
		{"陳 大文", "大文陳", true},
		{"José", "Jose\u0301", true},
		{"José", "Joao\u0303", false},
		{"Ana", "", true},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, sameName(tt.a, tt.b), "%q and %q", tt.a, tt.b)
		require.Equal(t, tt.want, sameName(tt.b, tt.a), "%q and %q", tt.b, tt.a)
	}
}

// TestMoodleSaysWhy: who has nothing reads in the comment why, and the grade beside the points.
func TestMoodleSaysWhy(t *testing.T) {
	r := &Request{Class: lay(t)}
	m := grade.Mark{Of: 11, Mark: 5.5, Earned: 5, Entry: grade.Entry{Factor: 1,
		Notes: []text.Text{text.Both("a.docx <is> no Go file", "")}}}
	require.Contains(t, r.comment(m, 100), "As a grade here: 50 of 100.<br>a.docx &lt;is&gt; no Go file<br>")
	require.NotContains(t, r.comment(m, 11), "As a grade here")
}

// TestFeedback: each file in the zip is named so that Moodle knows whose it is.
func TestFeedback(t *testing.T) {
	files := unzipped(t, written(t, "moodle", &Request{Class: lay(t), Sheet: moodleSheet(t)}))
	found := map[string]bool{}
	for name, data := range files {
		if !strings.HasSuffix(name, ".txt") {
			continue
		}
		parts := strings.SplitN(name, "_", 5) // as mod/assign/feedback/file/importziplib.php takes it apart
		require.Len(t, parts, 5)
		require.Equal(t, []string{"assignfeedback", "file"}, parts[2:4])
		found[parts[1]] = true
		require.Contains(t, data, "points")
	}
	require.Len(t, found, len(students)-1)
	require.NotContains(t, found, "105", "whose submission could not be read")
	require.Contains(t, files, "Participant_107_assignfeedback_file_udpkata.txt")
}

// TestCanvasSheet: a gradebook's column is filled, and scaled to what the assignment is worth there.
func TestCanvasSheet(t *testing.T) {
	const head = "Student,ID,SIS User ID,SIS Login ID,Section,\"A, b (1)\",UDP (12),Final Score\n"
	const more = "    Points Possible,,,,,10,22,(read only)\n"
	tests := []struct{ name, sheet, want string }{
		{"by number", head + more + "\"x, y\",102,s,l,S,5,,9\nz,999,,,S,4,3,\n",
			head + more + "\"x, y\",102,s,l,S,5,10.8,9\nz,999,,,S,4,3,\n"},
		{"a student who is called as a row is", head + more + "Points Possible,108,,,S,5,1000,9\n",
			head + more + "Points Possible,108,,,S,5,7.32,9\n"},
		{"somebody twice", head + more + "x,102,s,l,S,5,,9\nx,102,s,l,S,5,,9\n",
			head + more + "x,102,s,l,S,5,,9\nx,102,s,l,S,5,,9\n"},
		{"nobody is found by another's number", head + more + "102,999,102,102,S,5,,9\n",
			head + more + "102,999,102,102,S,5,,9\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Class: lay(t), Sheet: put(t, "g.csv", tt.sheet), Assignment: "UDP (12)"}
			require.Equal(t, tt.want, written(t, "canvas", r)[""])
			isTwice := slices.Contains(r.Left, text.Say("%s: %s", "alice (102)", r.noRow(true)))
			require.Equal(t, tt.name == "somebody twice", isTwice, r.Left)
			require.Contains(t, r.Left, text.Say("%s: %s", "dave (106)", r.noRow(false)))
		})
	}
}

// TestCanvasExcused: who is excused stays so, and who had another grade is named.
func TestCanvasExcused(t *testing.T) {
	const head = "Student,ID,UDP (12)\nPoints Possible,,11\n"
	r := &Request{Class: lay(t), Assignment: "UDP (12)", Sheet: put(t, "g.csv",
		head+"a,101,11.00\nb,102,EX\nc,103, ex \nd,104,\ne,106,2\nf,108,\"B+\"\n")}
	require.Equal(t, head+"a,101,11\nb,102,EX\nc,103, ex \nd,104,0\ne,106,3\nf,108,\"3.66\"\n",
		written(t, "canvas", r)[""])
	require.Equal(t, []string{"Points Possible (108) B+ → 3.66", "dave (106) 2 → 3"}, r.Changed)
	require.Empty(t, r.Blank, "who is excused need not have a mark")
	require.Len(t, r.Kept, 2)
	require.Contains(t, r.Kept, "alice (102) EX")
	require.Equal(t, 4, r.Marks)
}

// TestCanvasBlank: a row without a mark is named, whatever Canvas has there.
func TestCanvasBlank(t *testing.T) {
	const head = "Student,ID,UDP (12)\n    Points Possible,,11\n"
	r := &Request{Class: lay(t), Assignment: "UDP (12)", Sheet: put(t, "g.csv",
		head+"a,101,\n\"Doe,\tZoe\",999,\nyan,998,4\nx,102,\ny,102,\nEvan,997,EX\n")}
	written(t, "canvas", r)
	require.Equal(t, []string{text.VisibleLine("Doe,\tZoe"), "yan", "x", "y"}, r.Blank)
	r = &Request{Class: r.Class, Assignment: "UDP (12)", Sheet: put(t, "g.csv", "ID,UDP (12)\n999,\n")}
	written(t, "canvas", r)
	require.Equal(t, []string{"999"}, r.Blank, "there are no names")
}

// TestWrong: what is missing, or can't be, is said in one line, which names it.
// TestCanvasFile: a student's feedback has a name of which Canvas knows whose it is.
func TestCanvasFile(t *testing.T) {
	own := func(system intake.System, path string) string {
		e := grade.Entry{System: system, Student: "smithjo", ID: "12", Paths: []string{"x", path}}
		return canvasFile(grade.Mark{Entry: e})
	}
	require.Equal(t, "_12_345_feedback", own(intake.Canvas, "submissions.zip: smithjo_LATE_12_345_echo_1_2_.go"))
	require.Empty(t, own(intake.Canvas, "smithjo_13_345_echo.go"), "somebody else's")
	require.Empty(t, own(intake.Moodle, "smithjo_12_345_echo.go"))
}

// TestOutOf: without a sheet, marks for Canvas are scaled to what the assignment is worth there, and what one can be at
// the most is said of each format.
func TestOutOf(t *testing.T) {
	c := lay(t)
	r := &Request{Class: c, Assignment: "UDP (1)", OutOf: "100"}
	table := written(t, "canvas", r)[""]
	require.Contains(t, table, "\nPoints Possible,,,,,100\n")
	require.Contains(t, table, "\nalice,102,,,,49.09\n", "5.4 of 11")
	require.Equal(t, []any{100.0, 7}, []any{r.Most, r.Marks})
	r = &Request{Class: c, Sheet: moodleSheet(t)}
	written(t, "moodle", r)
	require.Equal(t, []any{11.0, 8}, []any{r.Most, r.Marks})
	r = &Request{Class: c, Sheet: put(t, "w.csv", "Identifier,Grade,Maximum grade,Last modified (grade)\n"+
		"Participant 101,,10,-\nParticipant 102,,20,-\n")}
	written(t, "moodle", r)
	require.Equal(t, []any{0.0, 2}, []any{r.Most, r.Marks}, "they differ")
	r = &Request{Class: c, Student: "alice"}
	written(t, "gradescope", r)
	require.Equal(t, []any{11.0, 1}, []any{r.Most, r.Marks})
}

func TestWrong(t *testing.T) {
	c := lay(t)
	const head = "Identifier,Grade,Maximum grade,Last modified (grade)\n"
	full := t.TempDir()
	require.NoError(t, (&Dir{path: full}).Write("x", (&sheet{}).write))
	tests := []struct {
		name, format, out string
		r                 Request
		want              string
	}{
		{"no directory", "junit", "", Request{}, "junit is several files"},
		{"a full directory", "junit", full, Request{}, "is not empty"},
		{"no file", "csv", full, Request{}, "is no ordinary file"},
		{"nowhere", "csv", filepath.Join(full, "none", "x.csv"), Request{}, "none is no directory: make it"},
		{"in a file", "csv", filepath.Join(full, "x", "x.csv"), Request{}, "x is no directory: make it"},
		{"below a file", "junit", filepath.Join(full, "x", "y"), Request{}, "a part of its path is a file"},
		{"of no use", "junit", "x", Request{Sheet: "s"}, "junit has no use for --sheet"},
		{"Moodle's own maximum", "moodle", "x", Request{OutOf: "20"}, "change it in the assignment"},
		{"nobody", "gradescope", "", Request{}, "there are 9: say with --student"},
		{"nobody of that name", "gradescope", "", Request{Student: "zoe"}, `no student "zoe"`},
		{"visibility", "gradescope", "", Request{Student: "101", Visibility: "never"}, "visible, hidden, after_due"},
		{"no runner", "classroom50", "", Request{Student: "101"}, "classroom50 needs CLASSROOM"},
		{"no assignment", "canvas", "", Request{}, "canvas needs --assignment"},
		{"out of nothing", "canvas", "", Request{Assignment: "UDP (1)", OutOf: "0"},
			"--out-of is what the assignment is worth"},
		{"no id", "canvas", "", Request{Assignment: "UDP"}, `--assignment "UDP" has no id`},
		{"two lines", "canvas", "", Request{Assignment: "a\nb (1)"}, "--assignment is one line"},
		{"no gradebook", "canvas", "", Request{Assignment: "UDP (1)", Sheet: put(t, "g", "a,b\n")}, "its head is a, b"},
		{"no such assignment", "canvas", "",
			Request{Assignment: "UDP (1)", Sheet: put(t, "g", "Student,ID,X (2)\n")}, `no assignment "UDP (1)"`},
		{"a name for an assignment", "canvas", "",
			Request{Assignment: "Student", Sheet: put(t, "g", "Student,ID,X (2)\n")}, `no assignment "Student"`},
		{"no worksheet", "moodle", "DIR", Request{}, "with --sheet"},
		{"no such worksheet", "moodle", "DIR", Request{Sheet: "none.csv"}, "none.csv"},
		{"an empty one", "moodle", "DIR", Request{Sheet: put(t, "w.csv", "")}, "w.csv is empty"},
		{"Excel's own", "moodle", "DIR", Request{Sheet: put(t, "w.xlsx", "PK\x03\x04\x00\xff")}, "no table in UTF-8"},
		{"another language", "moodle", "DIR", Request{Sheet: put(t, "w", strings.Replace(head, "Grade", "Note", 1))},
			`no column "Grade"`},
		{"a scale", "moodle", "DIR", Request{Sheet: put(t, "w", head+"Participant 102,,Good,-\n")},
			`w:2: the maximum grade is "Good"`},
		{"quotes", "moodle", "DIR", Request{Sheet: put(t, "w", head+"Participant 102,\"\n1,11,-\n")},
			"w:2: a quotation mark has no partner"},
		{"after quotes", "moodle", "DIR", Request{Sheet: put(t, "w", head+"Participant 102,\"1\"2,11,-\n")},
			"w:2: a quotation mark has no partner"},
		{"a short row", "moodle", "DIR", Request{Sheet: put(t, "w", head+"Participant 102\n")},
			"w:2: cells in the row: 1, and in the head: 4; export"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Find(tt.format)
			require.NoError(t, err)
			if tt.out == "DIR" {
				tt.out = filepath.Join(t.TempDir(), "out")
			}
			tt.r.Class, tt.r.Getenv = c, func(string) string { return "" }
			var b bytes.Buffer
			err = Write(f, tt.out, &b, &tt.r)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			require.Empty(t, b.String(), "half of a report")
		})
	}
	_, err := Find("pdf")
	require.ErrorContains(t, err, "canvas, moodle, gradescope")
	_, err = Open(t.TempDir())
	require.ErrorContains(t, err, "has no marks yet, as class-1-of-1.json is missing")
	require.ErrorContains(t, err, "grade SUBMISSIONS -o")
	require.NotContains(t, err.Error(), "merge", "no other machine is known of")
	part := t.TempDir()
	const ofTwo = `{"i": 2, "n": 2, "entries": []}`
	require.NoError(t, os.WriteFile(filepath.Join(part, "class-2-of-2.json"), []byte(ofTwo), 0o600))
	_, err = Open(part)
	require.ErrorContains(t, err, "class-1-of-2.json is missing")
	require.ErrorContains(t, err, "go tool kata merge")
}
