package html

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A course has as many tasks as a real one, with names as long as theirs.
var course = map[string]string{
	"01-ports": "RangeOf ParsePort Ephemeral ParseSystemRange Claim ClaimTaken ClaimForbidden ClaimBesideTCP " +
		"ClaimOnTwoAddresses",
	"02-echo": "ServeAnswers ServeAnswersWhoAsked ServeCountsBytes ServeLogs ServeSurvives ServeStops Ask AskStops " +
		"NothingIsLeftBehind WhateverComes",
	"03-spoof": "SameEndpoint Ask AskTurnsAwayStrangers AskTurnsAwayOtherIP AskBearsAThousand AskStops Dial " +
		"AskConnected AskIsFooled WhateverComes",
	"04-backoff": "AskAnswered AskDoublesItsWait AskTakesLateAnswers AskIsSilentAfterwards AskIgnoresErrors AskStops " +
		"AskMeetsLoss ServeDrops ServeStops WhateverComes",
	"05-broadcast": "BroadcastAddr Shout Hear HearStops EveryoneHears AllowBroadcast AllowBroadcastInTheKernel " +
		"ListenShared ListenSharedInTheKernel WhateverComes",
	"06-pmtu": "MaxPayload ForbidFragments PathMTU SendBig SendBigOverRouter Probe ProbeWaits ProbeMeetsOldErrors " +
		"ProbeStops WhateverComes SendBigInTheKernel",
}

// failures returns real ones, by "lesson/task": what students have read of them, and which rules have spoken.
func failures(t testing.TB) map[string]grade.Task {
	paths, err := filepath.Glob("testdata/failures/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := map[string]grade.Task{}
	for _, path := range paths {
		part := strings.Split(filepath.Base(path), ".")
		output, err := os.ReadFile(path)
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(output), "\n")
		all[part[0]+"/"+part[1]] = grade.Task{Name: part[1], State: verdict.Failed, Reason: first,
			Output: string(output), Rules: strings.Split(part[2], "+")}
	}
	return all
}

// A class is what a directory of grades is made of.
type class struct {
	entries []grade.Entry
	results map[string][]grade.Lesson // by key
	skipped map[string]string
}

// lay writes a class into a directory as grading leaves it.
func (c class) lay(t testing.TB) *grade.Class {
	out := t.TempDir()
	write := func(name string, v any) {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(out, name), data, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(out, "results"), 0o700))
	write("class-1-of-1.json", struct {
		grade.Head
		grade.Shard
		Entries []grade.Entry `json:"entries"`
	}{grade.Head{Course: "fc0ada1f0689fe1e", Go: "go1.26.8", Box: "in bubblewrap: files, processes and network apart " +
		"from the machine's", Rule: "2026-12-01T15:59:59Z 10%/day, at most 50%", Which: "last", Language: "en"},
		grade.Shard{}, c.entries})
	write("reference.json", grade.Reference{Key: "r", Skipped: c.skipped})
	for key, lessons := range c.results {
		write(filepath.Join("results", key+".json"), grade.Result{Key: key, Lessons: lessons})
	}
	opened, missing, err := grade.Open(out)
	require.NoError(t, err)
	require.Empty(t, missing)
	return opened
}

// lessons makes up what became of a submission: of a hundred tasks so many are passed, and where a lesson has a real
// failure, it is met.
func lessons(t testing.TB, chance *rand.Rand, good int) (all []grade.Lesson) {
	known := failures(t)
	for _, name := range slices.Sorted(maps.Keys(course)) {
		l := grade.Lesson{Name: name, Files: []string{name[3:] + ".go"}}
		for i, task := range strings.Fields(course[name]) {
			own := grade.Task{Name: "Test" + task, State: verdict.Passed, Points: 1 + i%3,
				Output: "--- PASS: Test" + task + " (0.00s)\n"}
			if failed, ok := known[name+"/"+own.Name]; chance.IntN(100) >= good {
				if ok {
					failed.Points = own.Points
					failed.Output += fmt.Sprintf("--- FAIL: %s (0.%02ds)\n", own.Name, chance.IntN(100))
					own = failed
				} else {
					kinds := []verdict.State{verdict.Todo, verdict.Stuck, verdict.Crashed, verdict.Todo}
					own.State = kinds[chance.IntN(len(kinds))]
					own.Reason = fmt.Sprintf("%s.go:%d: TODO: write %s", name[3:], 20+i, task)
					own.Output = own.Reason + "\n"
				}
			}
			l.Tasks = append(l.Tasks, own)
		}
		all = append(all, l)
	}
	return all
}

// nothing returns a lesson of which no task was run.
func nothing(l grade.Lesson, s verdict.State, reason string) grade.Lesson {
	l.Files = nil
	l.Tasks = slices.Clone(l.Tasks)
	for i := range l.Tasks {
		l.Tasks[i] = grade.Task{Name: l.Tasks[i].Name, Points: l.Tasks[i].Points, State: s, Reason: reason}
	}
	return l
}

// people returns as many students as wanted, a third of whom have handed in what somebody else has.
func people(t testing.TB, n int) class {
	chance := rand.New(rand.NewPCG(1, 2))
	c := class{results: map[string][]grade.Lesson{}, skipped: map[string]string{
		"06-pmtu/TestSendBigInTheKernel": "needs a network namespace of its own, which this machine does not give"}}
	given := strings.Fields("Ada Ben Chloe 怡君 家豪 Emma Farid Grace 淑芬 Hiro Ines Jonas 志明 Karin Liam 美玲 Noor " +
		"Oskar")
	family := strings.Fields("Lovelace Okafor 陳 Martin Nguyen 林 Petrov Rossi 黃 Schmidt Tanaka 張 Weber")
	for i := range n {
		key := fmt.Sprintf("k%d", i)
		if i%3 == 2 {
			key = fmt.Sprintf("k%d", i-1)
		} else {
			all := lessons(t, chance, 35+chance.IntN(66))
			if i%7 == 3 {
				all[5] = nothing(all[5], verdict.NotRun, "Nothing was handed in for this lesson.")
			}
			if i%11 == 4 {
				all[3] = nothing(all[3], verdict.DidNotCompile, "backoff.go:31:5: undefined: wiat")
				all[3].Files = []string{"backoff.go"}
			}
			c.results[key] = all
		}
		at := time.Date(2026, 12, 1, 9, i%60, 0, 0, time.UTC)
		name := given[i%len(given)] + " " + family[i*5%len(family)]
		if strings.ContainsAny(name, "怡家淑志美") {
			name = family[2+3*(i%4)] + given[i%len(given)]
		}
		if i >= len(given) {
			name += fmt.Sprint(" ", i)
		}
		e := grade.Entry{System: intake.Moodle, Student: name, ID: fmt.Sprint(4100000 + i), Attempt: 1, Attempts: 1,
			Factor: 1, Key: key, Time: &at, Clock: intake.FileClock,
			Left: []intake.Left{{Path: "01-ports/system.go", Files: 1,
				Reason: text.Both("the course's own is taken", "採用課程自己的檔案")}}}
		switch i % 10 {
		case 4:
			e.Late, e.LateBy, e.Factor = true, "36h", .8
		case 7:
			e.Attempts = 2
			c.entries = append(c.entries, e)
			e.Attempt = 2
		case 9:
			why := text.Both("It is no zip archive, or a part of it is missing; upload it again.",
				"它不是 zip 壓縮檔，或缺了一部分；請重新上傳。")
			e.Key, e.Refused = "", &why
		case 6:
			e.Notes = []text.Text{text.Both("Two files have the same name; the newer one is taken.",
				"有兩個同名的檔案；採用較新的。")}
		}
		c.entries = append(c.entries, e)
	}
	return c
}

// hostile are names and texts that want to be more than that.
var hostile = []string{
	`</script><script>document.title="OWNED"</script>`,
	`<img src=x onerror='document.title="OWNED"'>`,
	`"><svg/onload=document.title="OWNED">`,
	`<!--<script>`,
	`{{.}} {{printf "%s" .Words}} ${1+1} {0} {1}`,
	"\u202etxt.exe \u2066left\u2069 \u200fright",
	`' onclick='document.title="OWNED"' x='`,
	`javascript:document.title="OWNED"`,
	"line\u2028separators\u2029 and\x00nul\x1b[31mred \xff\xfe",
	strings.Repeat("長", 5000) + strings.Repeat("W", 5000),
	`__proto__`, `constructor`, `=1+1`, ``,
	ladder(`<img src=x onerror='document.title="OWNED"'>`, `</script><script>document.title="OWNED"</script>`),
	"               alice     bob\n     0.000ms   │─ \"no ladder\" ─▶│\tthis is none",
}

// ladder draws what one participant has sent to another, which nobody has read.
func ladder(from, to string) string {
	at := netip.MustParseAddrPort("127.0.0.1:1")
	return wire.Ladder{Datagrams: []wire.Datagram{{From: at, Payload: []byte(from + to)}},
		Focus: wire.Focus{Datagram: 1}, Name: func(addr netip.AddrPort) string {
			if addr == at {
				return from
			}
			return to
		}, Mark: text.Both(from, to)}.Draw(wire.Style{})
}

// strangers returns a class of hostile names, whose bearers have written the same everywhere else.
func strangers(t testing.TB) class {
	chance := rand.New(rand.NewPCG(3, 4))
	c := class{results: map[string][]grade.Lesson{}}
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for i, bad := range hostile {
		all := lessons(t, chance, 50)
		for j := range all {
			all[j].Files, all[j].Notes, all[j].Box = []string{bad}, []string{bad}, bad
			for k := range all[j].Tasks {
				own := &all[j].Tasks[k]
				if own.State != verdict.Passed {
					own.Output, own.First = bad+"\n"+own.Output+bad, bad
					own.Reason += bad
				}
			}
		}
		key := fmt.Sprintf("h%d", i)
		c.results[key] = all
		c.entries = append(c.entries, grade.Entry{System: intake.Moodle, Student: bad, ID: fmt.Sprint(i) + bad,
			Attempt: 1, Attempts: 1, Factor: 1, Key: key, Time: &at, Paths: []string{bad},
			LateBy: bad, Late: true, Unread: bad,
			Notes: []text.Text{text.Both(bad, bad)}, Left: []intake.Left{{Path: bad, Reason: text.Both(bad, bad)}}})
	}
	return c
}
