package intake_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/intake"
)

// A handed is what is seen of a submission.
type handed struct {
	who   string
	late  bool
	files map[string]string
}

func seen(t *testing.T, all []intake.Submission) (list []handed) {
	for _, s := range all {
		files, _, _ := read(t, s)
		list = append(list, handed{s.Who(), s.Late, files})
	}
	return list
}

type files = map[string]string

var (
	echoed  = files{"02-echo/echo.go": echo}
	spoofed = files{"03-spoof/spoof.go": spoof}
	both    = files{"02-echo/echo.go": echo, "03-spoof/spoof.go": spoof}
)

// TestClasses: platforms' downloads are told apart by student and attempt, as a zip and as the folder it was unpacked
// into.
func TestClasses(t *testing.T) {
	work := zipped(t, at{"echo.go", echo})
	again := zipped(t, at{"x/02-echo/echo.go", echo}, at{"spoof.go", spoof})
	tests := []struct {
		name    string
		entries []at
		want    []handed
		left    []string
	}{
		{"Canvas", []at{
			{"chenwei_LATE_100_7_echo.go", echo}, {"chenwei_LATE_100_8_spoof.go", spoof}, {"li_20_9_work.zip", work},
			{"王小明_30_5_作業.zip", work}, {"anon_44_5_spoof.go", spoof}, {"grades.csv", "x"},
		}, []handed{
			{"anon (44)", false, spoofed}, {"chenwei (100)", true, both}, {"li (20)", false, echoed},
			{"王小明 (30)", false, echoed},
		}, []string{"grades.csv"}},
		{"Canvas, handed in again", []at{
			{"li_20_12_work-2.zip", again}, {"li_20_9_work.zip", work}, {"li_20_10_work-1.zip", work},
			{"li_20_11_spoof.go", spoof},
			{"wu_21_1_lesson-1.zip", work}, {"wu_21_2_lesson-2.zip", again},
			{"xu_22_3_echo.go", "package echo // old\n"}, {"xu_22_4_echo-1.go", echo},
		}, []handed{
			{"li (20), #1/3", false, echoed}, {"li (20), #2/3", false, echoed}, {"li (20), #3/3", false, both},
			{"wu (21)", false, both}, {"xu (22)", false, echoed},
		}, nil},
		{"Moodle's folders", []at{
			{"Chen Wei_100_assignsubmission_file/echo.go", echo},
			{"Chen Wei_100_assignsubmission_file/more/spoof.go", spoof},
			{"Li_20_assignsubmission_file_/work.zip", work}, {"Li_20_assignsubmission_onlinetext/onlinetext.html", "x"},
			{"Participant_7_assignsubmission_file/echo.go", echo}, {"Participant_8_assignsubmission_file/spoof.go",
				spoof},
		}, []handed{
			{"Participant (7)", false, echoed}, {"Participant (8)", false, spoofed}, {"Chen Wei (100)", false, both},
			{"Li (20)", false, echoed},
		}, []string{"Li_20_assignsubmission_onlinetext"}},
		{"Moodle's empty folders", []at{
			{"Chen Wei_100_assignsubmission_file/", ""}, {"Li_20_assignsubmission_file/echo.go", echo},
			{"Wu_30_assignsubmission_file/.DS_Store", "x"}, {"Xu_40_assignsubmission_file/work/", ""},
			{"Yu_50_assignsubmission_onlinetext/", ""}, {"Yu_50_assignsubmission_onlinetext/onlinetext.html", "x"},
		}, []handed{{"Chen Wei (100)", false, files{}}, {"Li (20)", false, echoed}, {"Wu (30)", false, files{}},
			{"Xu (40)", false, files{}}}, []string{"Yu_50_assignsubmission_onlinetext"}},
		{"Moodle, flat", []at{
			{"Chen Wei_100_assignsubmission_file_echo.go", echo}, {"Chen Wei_100_assignsubmission_file_spoof.go",
				spoof},
			{"Li_20_assignsubmission_file_work.zip", work},
		}, []handed{{"Chen Wei (100)", false, both}, {"Li (20)", false, echoed}}, nil},
		{"another's number", []at{{"chen_1_2_echo.go", echo}, {"wu_1_3_spoof.go", spoof}},
			[]handed{{"chen (1)", false, echoed}, {"wu (1)", false, spoofed}}, nil},
	}
	for _, tt := range tests {
		for _, kind := range []string{"zip", "folder", "folder in a zip", "folder in a folder"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "class")
				entries := tt.entries
				if kind == "folder in a zip" || kind == "folder in a folder" {
					entries = nil
					for _, e := range tt.entries {
						entries = append(entries, at{"submissions/" + e.name, e.content})
					}
				}
				if kind == "zip" || kind == "folder in a zip" {
					path += ".zip"
					lay(t, dir, "class.zip", zipped(t, entries...))
				} else {
					for _, e := range entries {
						lay(t, path, e.name, e.content)
					}
				}
				all, left := find(t, path)
				require.Equal(t, tt.want, seen(t, all))
				require.Len(t, left, len(tt.left))
				for i, l := range left {
					require.Contains(t, l.Path, tt.left[i])
				}
				for _, s := range all {
					if tt.name == "another's number" {
						require.Contains(t, s.Notes[0].EN, "the number 1 stands with another name too")
					} else {
						require.Empty(t, s.Notes)
					}
					require.NotEmpty(t, s.Paths)
				}
			})
		}
	}
}

// TestPaths: what is given is taken for what it is.
func TestPaths(t *testing.T) {
	work := zipped(t, at{"echo.go", echo})
	dir := t.TempDir()
	for _, e := range []at{
		{"class/amy/echo.go", echo}, {"class/bob/udpkata-main/lessons/02-echo/echo.go", echo}, {"class/cat.zip", work},
		{"class/dan.rar", "Rar!"}, {"class/grades.csv", "x"}, {"class/.DS_Store", "x"}, {"class/__MACOSX/x", "x"},
		{"class/amy.zip", zipped(t, at{"spoof.go", spoof})}, {"class/eve/.keep", ""},
		{"week2/amy/work/spoof.go", spoof}, {"week2/fay/work/echo.go", echo},
		{"alone/udpkata/lessons/02-echo/echo.go", echo}, {"only/gus/echo.go", echo},
		{"loose/echo.go", echo}, {"loose/spoof.go", spoof}, {"loose/chen_1_2_echo.go", echo},
		{"hal.tar.gz", "no archive"}, {"notes.txt", "x"}, {"li_2_3_work.zip", work}, {"bad.zip", "no archive"},
		{"folders.zip", zipped(t, at{"src/echo.go", echo}, at{"doc/notes.txt", "x"})},
	} {
		lay(t, dir, e.name, e.content)
	}
	tests := []struct {
		name  string
		paths []string
		want  []string // who, and what of it is said
	}{
		{"a class", []string{"class"}, []string{"amy, #1/2", "amy, #2/2", "bob", "cat", "dan", "eve"}},
		{"a submission", []string{"class/bob/udpkata-main"}, []string{"udpkata-main"}},
		{"a submission with the repository in it", []string{"alone"}, []string{"alone"}},
		{"a class of one", []string{"only"}, []string{"gus"}},
		{"submissions of one name", []string{"week2/amy/work", "week2/fay/work"}, []string{"amy/work", "fay/work"}},
		{"files", []string{"loose/echo.go", "loose/spoof.go"}, []string{"loose"}},
		{"a platform's file", []string{"loose/chen_1_2_echo.go"}, []string{"chen (1)"}},
		{"a platform's archive, alone", []string{"li_2_3_work.zip"}, []string{"li (2)"}},
		{"archives", []string{"hal.tar.gz", "bad.zip", "folders.zip"}, []string{"bad", "folders", "hal"}},
		{"the same twice", []string{"class/cat.zip", "class/cat.zip"}, []string{"cat, #1/2", "cat, #2/2"}},
		{"two classes", []string{"class", "only"}, []string{"amy, #1/2", "amy, #2/2", "bob", "cat", "dan", "eve",
			"gus"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var paths, got []string
			for _, p := range tt.paths {
				paths = append(paths, filepath.Join(dir, filepath.FromSlash(p)))
			}
			all, _ := find(t, paths...)
			for _, s := range all {
				got = append(got, s.Who())
			}
			require.Equal(t, tt.want, got)
			require.Len(t, intake.Attempts(all), len(all)-attemptsTooMany(all))
		})
	}
	for path, want := range map[string]string{
		"nobody": "nobody\" can't be read: ", "notes.txt": "is neither a folder, nor a .zip",
	} {
		_, _, err := intake.Find([]string{filepath.Join(dir, path)}, course(t), intake.Limits{}, nil)
		require.ErrorContains(t, err, want)
	}
	all, left := find(t, filepath.Join(dir, "class"))
	require.Len(t, left, 3)
	_, err := all[4].Unpack(t.Context())
	require.Equal(t, "dan: an archive of a kind that is not read; pack a .zip or a .tar.gz", refusal(t, err).Error())
	files, _, _ := read(t, all[1])
	require.Equal(t, spoofed, files)
	all, _ = find(t, filepath.Join(dir, "loose", "spoof.go"), filepath.Join(dir, "loose", "echo.go"))
	files, _, _ = read(t, all[0])
	require.Equal(t, both, files)
}

// TestDownloads: downloads in a folder are looked into, if all that could be a submission there is one.
func TestDownloads(t *testing.T) {
	first := zipped(t, at{"chen_1_12_echo.go", "package echo // old\n"}, at{"li_2_13_echo.go", echo})
	second := zipped(t, at{"chen_LATE_1_20_echo.go", echo}, at{"wu_3_14_spoof.go", spoof})
	moodle := zipped(t, at{"Chen_1_assignsubmission_file/echo.go", echo})
	dir := t.TempDir()
	for _, e := range []at{
		{"one/submissions.zip", first}, {"one/grades.csv", "x"}, {"one/.DS_Store", "x"},
		{"two/submissions.zip", first}, {"two/submissions (1).zip", second},
		{"unpacked/week1/chen_1_12_echo.go", echo}, {"unpacked/week2/li_2_13_echo.go", echo},
		{"mixed/amy.zip", second}, {"mixed/bob/echo.go", echo},
		{"m1.zip", moodle}, {"m2.zip", moodle},
	} {
		lay(t, dir, e.name, e.content)
	}
	tests := []struct {
		name  string
		paths []string
		want  []string
	}{
		{"one", []string{"one"}, []string{"chen (1)", "li (2)"}},
		{"two", []string{"two"}, []string{"chen (1), #1/2", "chen (1), #2/2", "li (2)", "wu (3)"}},
		{"unpacked", []string{"unpacked"}, []string{"chen (1)", "li (2)"}},
		{"a student who plays at others", []string{"mixed"}, []string{"amy", "bob"}},
		{"given in either order", []string{"two/submissions (1).zip", "two/submissions.zip"},
			[]string{"chen (1), #1/2", "chen (1), #2/2", "li (2)", "wu (3)"}},
		{"Moodle's", []string{"m2.zip", "m1.zip"}, []string{"Chen (1), #1/2", "Chen (1), #2/2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var paths []string
			for _, p := range tt.paths {
				paths = append(paths, filepath.Join(dir, filepath.FromSlash(p)))
			}
			all, _ := find(t, paths...)
			require.Equal(t, tt.want, who(all))
			if all[len(all)-1].System == intake.Canvas && len(all) == 4 {
				files, _, _ := read(t, all[1])
				require.Equal(t, echoed, files, "the upload with the bigger number is the later one")
				require.True(t, all[1].Late)
			}
		})
	}
}

// TestDownloadInADownload: what was put among what students have handed in, and is a class's itself, is said to be so.
func TestDownloadInADownload(t *testing.T) {
	dir := t.TempDir()
	const first, second = "Chen_1_assignsubmission_file/echo.go", "Li_2_assignsubmission_file/echo.go"
	lay(t, dir, "class/"+first, echo)
	lay(t, dir, "class/again.zip", zipped(t, at{second, echo}))
	lay(t, dir, "class/later/"+second, echo)
	lay(t, dir, "class/other.zip", zipped(t, at{"echo.go", echo}))
	all, left := find(t, filepath.Join(dir, "class"))
	require.Equal(t, []string{"Chen (1)"}, who(all))
	whys := map[string]string{}
	for _, l := range left {
		whys[filepath.Base(l.Path)] = l.Reason.EN
	}
	const another = "a whole download within another: move it elsewhere, and give both"
	require.Equal(t, map[string]string{"again.zip": another, "later": another,
		"other.zip": "its name is none that the platform gives to what a student hands in"}, whys)
}

// TestMoodlesDownloads: of two downloads the times say which is the later one, whatever they are called. Only where
// they don't, and what a student has in them differs, it is said that the names decide.
func TestMoodlesDownloads(t *testing.T) {
	const chen, li = "Chen_1_assignsubmission_file/echo.go", "Li_2_assignsubmission_file/echo.go"
	began := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	type file struct {
		name, content string
		hours         int // when it was uploaded
	}
	const first, second = "UDP-55 (1).zip", "UDP-55.zip" // in the order of the names
	tests := []struct {
		name   string
		first  []file
		second []file
		counts string // what Chen's last attempt has
		byName []string
	}{
		{"the later one is called so that it is first", []file{{chen, echo, 2}, {li, echo, 1}},
			[]file{{chen, spoof, 1}, {li, echo, 1}}, echo, nil},
		{"in order", []file{{chen, spoof, 1}}, []file{{chen, echo, 2}}, echo, nil},
		{"only another's time says it", []file{{chen, echo, 1}, {li, echo, 2}}, []file{{chen, spoof, 1}}, echo, nil},
		{"the same in both", []file{{chen, echo, 1}}, []file{{chen, echo, 1}}, echo, nil},
		{"no time says it", []file{{chen, echo, 1}}, []file{{chen, spoof, 1}}, echo, []string{second, first}},
	}
	for _, tt := range tests {
		for _, kind := range []string{"zips", "folders"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				dir := t.TempDir()
				var byName []string
				for path, list := range map[string][]file{first: tt.first, second: tt.second} {
					var entries []crafted
					for _, f := range list {
						at := began.Add(time.Duration(f.hours) * time.Hour)
						e := stored(f.name, f.content, nil)
						e.header.Modified, e.raw = at, false
						entries = append(entries, e)
						if kind == "folders" {
							lay(t, dir, "c/"+path+"/"+f.name, f.content)
							full := filepath.Join(dir, "c", path, filepath.FromSlash(f.name))
							require.NoError(t, os.Chtimes(full, at, at))
						}
					}
					if kind == "zips" {
						lay(t, dir, "c/"+path, craft(t, entries...))
					}
				}
				for _, name := range tt.byName {
					byName = append(byName, filepath.Join(dir, "c", name))
				}
				all, _ := find(t, filepath.Join(dir, "c"))
				require.Equal(t, 2, all[1].Attempt)
				_, _, c := read(t, all[1])
				var data string
				for _, l := range c.Lessons {
					for _, f := range l.Files {
						data = string(f.Data)
					}
				}
				require.Equal(t, tt.counts, data)
				require.Equal(t, byName, c.ByName)
				require.Equal(t, tt.byName != nil, len(c.Notes) > 0, "%v", c.Notes)
				if tt.byName != nil {
					require.Contains(t, c.Notes[0].EN, "No time says which is newer of "+byName[0])
				}
			})
		}
	}
}

// TestClassInAZip: a zip of students' folders is no student's.
func TestClassInAZip(t *testing.T) {
	tests := []struct {
		name    string
		entries []at
		want    string // of the error
	}{
		{"students", []at{{"c/ann/echo.go", echo}, {"c/bob/src/Echo.go", echo}},
			"has Echo.go in ann and in bob: if these"},
		{"students with lessons", []at{{"ann/03-spoof/path.go", ofSpoof}, {"bob/03-spoof/path.go", ofSpoof}},
			"has path.go in ann and in bob"},
		{"one's lessons", []at{{"03-spoof/path.go", ofSpoof}, {"04-backoff/path.go", "package backoff\n"}}, ""},
		{"one's folders", []at{{"spoof/path.go", ofSpoof}, {"backoff/path.go", "package backoff\n"}}, ""},
		{"the repository", []at{{"udpkata/lessons/02-echo/echo.go", echo}, {"udpkata/solutions/02-echo/echo.go", echo}},
			""},
		{"beside one another", []at{{"echo.go", echo}, {"old/echo.go", echo}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			lay(t, dir, "in/class.zip", zipped(t, tt.entries...))
			_, _, err := intake.Find([]string{filepath.Join(dir, "in", "class.zip")}, course(t), intake.Limits{}, nil)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
			all, _ := find(t, filepath.Join(dir, "in"))
			require.Equal(t, []string{"class"}, who(all), "in a folder it is a student's")

			lay(t, dir, "ann/echo.go", echo)
			all, _ = find(t, filepath.Join(dir, "in", "class.zip"), filepath.Join(dir, "ann"))
			require.Equal(t, []string{"ann", "class"}, who(all), "beside others it stops nobody's")
			_, err = all[1].Unpack(t.Context())
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}

// TestNamesLikeAPlatforms: a student may call a file as a platform calls what it hands out. It stays theirs.
func TestNamesLikeAPlatforms(t *testing.T) {
	mine := []at{{"02-echo/echo.go", echo}, {"notes_2026_11_29.txt", "x"}, {"bob_7_8_spoof.go", spoof}}
	dir := t.TempDir()
	for _, e := range mine {
		lay(t, dir, "class/submission/"+e.name, e.content)
	}
	lay(t, dir, "zips/ann.zip", zipped(t, mine...))
	for path, want := range map[string]string{
		"class": "submission", "class/submission": "submission", "zips": "ann", "zips/ann.zip": "ann",
	} {
		all, _ := find(t, filepath.Join(dir, filepath.FromSlash(path)))
		require.Equal(t, []string{want}, who(all), path)
		got, _, _ := read(t, all[0])
		require.Equal(t, echo, got["02-echo/echo.go"], path)
	}
}

// TestLessThanBefore: what an attempt has not any more is said.
func TestLessThanBefore(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "1.zip", zipped(t, at{"li_2_13_echo.go", echo}, at{"li_2_14_spoof.go", spoof}))
	lay(t, dir, "2.zip", zipped(t, at{"li_2_15_spoof.go", spoof}))
	all, _ := find(t, filepath.Join(dir, "1.zip"), filepath.Join(dir, "2.zip"))
	_, _, c := read(t, all[0])
	require.Empty(t, c.Notes)
	_, _, c = read(t, all[1])
	require.Len(t, c.Notes, 1)
	require.Equal(t, "The attempt before has what this one lacks: 02-echo.", c.Notes[0].EN)
}

// TestResultsAreNoSubmission: what was made of a class is nobody's.
func TestResultsAreNoSubmission(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ann/echo.go", "graded/reference.json", "graded/results/k.json",
		"graded/lessons/k.json"} {
		lay(t, dir, name, echo)
	}
	all, left := find(t, dir)
	require.Equal(t, []string{"ann"}, who(all))
	require.Len(t, left, 1)
	require.Equal(t, "what go tool kata grade has written", left[0].Reason.EN)
	_, _, err := intake.Find([]string{filepath.Join(dir, "graded")}, course(t), intake.Limits{}, nil)
	require.ErrorContains(t, err, "is what go tool kata grade has written: give what was handed in")
}

func attemptsTooMany(all []intake.Submission) (n int) {
	for _, s := range all {
		if s.Attempt > 1 {
			n++
		}
	}
	return n
}

// TestHostileNames: what a name has in it is not shown as it is, and changes nobody else's submission.
func TestHostileNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "class.zip")
	require.NoError(t, os.WriteFile(path, []byte(zipped(t,
		at{"chen\x1b[2J_1_2_echo.go", echo}, at{"../wu_3_4_echo.go", echo}, at{"li\u202e_5_6_\u202eecho.go", echo},
		at{"xu_7_8_spoof.go_9_10_echo.go", echo})), 0o600))
	all, left := find(t, path)
	require.Equal(t, []string{"chen\ufffd[2J (1)", "li\ufffd (5)", "xu (7)"}, who(all))
	require.Len(t, left, 1)
	require.Contains(t, left[0].Reason.EN, "its path leads out")
	files, lefts, _ := read(t, all[1])
	require.Empty(t, files)
	require.Len(t, lefts, 1)
	files, _, _ = read(t, all[2])
	require.Equal(t, map[string]string{"02-echo/spoof.go_9_10_echo.go": echo}, files)
}

// TestNamesThatLookAlike: two students whose names differ in what nobody sees are two, and each is known by a name.
func TestNamesThatLookAlike(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"\xb3\xaf\xa9\xfa\xa7\xbb", "\xbd\xb2\xa9\xfa\xa7\xbb", "kim\u200b", "kim\u200c", "li",
	} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Skip(err) // a file system that has no such names
		}
		lay(t, dir, filepath.Join(name, "echo.go"), echo)
	}
	all, _ := find(t, dir)
	require.Equal(t, []string{"%B3%AF%A9%FA%A7%BB", "%BD%B2%A9%FA%A7%BB", `kim\u200b`, `kim\u200c`, "li"}, who(all))
	for _, s := range all {
		require.Equal(t, 1, s.Attempts)
	}
}

func who(all []intake.Submission) (list []string) {
	for _, s := range all {
		list = append(list, s.Who())
	}
	return list
}

// TestClocks: it is told whose time a submission's is.
func TestClocks(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	inside := timed(t, "echo.go", echo, at)
	class := timed(t, "chen_1_2_echo.go", echo, at)
	nested := timed(t, "chen_1_2_work.zip", inside, at.Add(time.Hour))
	dir := t.TempDir()
	for name, content := range map[string]string{"class.zip": class, "nested.zip": nested, "amy.zip": inside,
		"bob/echo.go": echo} {
		lay(t, dir, name, content)
		require.NoError(t, os.Chtimes(filepath.Join(dir, filepath.FromSlash(name)), at, at.Add(2*time.Hour)))
	}
	for name, want := range map[string]struct {
		clock intake.Clock
		at    time.Time
	}{
		"class.zip":  {intake.PlatformZip, at},
		"nested.zip": {intake.PlatformZip, at.Add(time.Hour)},
		"amy.zip":    {intake.FileClock, at.Add(2 * time.Hour)},
		"bob":        {intake.FileClock, at.Add(2 * time.Hour)},
	} {
		all, _ := find(t, filepath.Join(dir, name))
		_, _, c := read(t, all[0])
		require.Equal(t, want.clock, c.Clock, name)
		require.True(t, want.at.Equal(c.Modified), "%s: %v", name, c.Modified)
		require.NotEqual(t, c.Clock.Says().EN, c.Clock.Says().ZH)
	}
}

// TestZones: a time that says no zone is read in the one that is given, packed as deep as a class's; one that says it
// stays what it is, and none is none.
func TestZones(t *testing.T) {
	taipei := time.FixedZone("", 8*60*60)
	wall := time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)
	const name = "Chen_1_assignsubmission_file/echo.go"
	dos := func(date, clock uint16) string {
		return craft(t, stored(name, echo, func(h *zip.FileHeader) {
			//lint:ignore SA1019 what is written with Modified says its instant
			h.ModifiedDate, h.ModifiedTime = date, clock
		}))
	}
	date := uint16((2026-1980)<<9 | 11<<5 | 25)
	tests := []struct {
		name, zip string
		want      time.Time
		zone      string
	}{
		{"without a zone", dos(date, 22<<11), wall.Add(-8 * time.Hour), "+08:00"},
		{"with an instant", timed(t, name, echo, wall), wall, ""},
		{"with an instant, there", timed(t, name, echo, wall.In(taipei)), wall, ""},
		{"none", dos(0, 0), time.Time{}, ""},
		{"the first there is, which programs write for none", dos(1<<5|1, 0), time.Time{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "class.zip")
			require.NoError(t, os.WriteFile(path, []byte(tt.zip), 0o600))
			all, _, err := intake.Find([]string{path}, course(t), intake.Limits{}, taipei)
			require.NoError(t, err)
			_, _, c := read(t, all[0])
			require.True(t, tt.want.Equal(c.Modified), "%v", c.Modified)
			require.Equal(t, tt.zone, c.Zone)
		})
	}
}

// timed makes a zip with one file, of a time.
func timed(t *testing.T, name, content string, modified time.Time) string {
	c := stored(name, content, nil)
	c.header.Modified = modified
	c.raw = false
	return craft(t, c)
}
