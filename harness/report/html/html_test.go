package html

import (
	"bytes"
	"encoding/json"
	"html"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

func write(t testing.TB, c class, o Options) string {
	var b bytes.Buffer
	require.NoError(t, Write(c.lay(t), &b, o))
	return b.String()
}

// island returns what a page has as data under an id.
func island(t testing.TB, page, id string, to any) {
	own := regexp.MustCompile(`<script type="application/json" id="` + id + `">(.*?)</script>`)
	found := own.FindStringSubmatch(page)
	require.NotNil(t, found, id)
	require.NoError(t, json.Unmarshal([]byte(found[1]), to))
}

// TestPolicy: the page's policy allows its own style and script, and nothing else.
func TestPolicy(t *testing.T) {
	page := write(t, people(t, 3), Options{})
	policy := html.UnescapeString(regexp.MustCompile(`http-equiv="Content-Security-Policy" content="(.*?)"`).
		FindStringSubmatch(page)[1])
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	script := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	require.Len(t, style, 1)
	require.Len(t, script, 1)
	require.Contains(t, policy, "style-src "+hash(style[0][1])+";")
	require.Contains(t, policy, "script-src "+hash(script[0][1])+";")
	require.Equal(t, "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='", hash("abc"),
		"as sha256sum and base64 say")

	require.Less(t, strings.Index(page, "Content-Security-Policy"), strings.Index(page, "<style>"), "it comes first")
	require.NotRegexp(t, `(?i)\s(style|on\w+)\s*=\s*["']`, page[:strings.Index(page, `id="data"`)])
	require.NotRegexp(t, `(src|href)="[^#]`, page, "nothing is loaded")
}

// TestScript: text gets into the page as text alone.
func TestScript(t *testing.T) {
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser",
		"eval(", "Function(", "createContextualFragment", "fetch(", "XMLHttpRequest", "import("} {
		require.NotContains(t, pageJS, word)
	}
}

// TestWords: each is in both languages, in the script's form, and somebody says it.
func TestWords(t *testing.T) {
	place := regexp.MustCompile(`\{\d\}`)
	var used strings.Builder
	used.WriteString(pageHTML + pageJS)
	for _, said := range regexp.MustCompile(`\.Words\.(\w+)`).FindAllStringSubmatch(pageHTML, -1) {
		used.WriteString(`"` + said[1] + `"`)
	}
	for _, facts := range []string{"attempt counts", "late policy", "box", "go", "course"} {
		used.WriteString(`"` + facts + `"`)
	}
	for key, word := range words {
		require.NotEmpty(t, word.EN, key)
		require.NotEmpty(t, word.ZH, key)
		require.ElementsMatch(t, place.FindAllString(word.EN, -1), place.FindAllString(word.ZH, -1), key)
		require.NotRegexp(t, `\p{Han}[,.:;!?()]`, word.ZH, key)
		said := strings.Contains(used.String(), `"`+key+`"`)
		if option, ok := strings.CutPrefix(key, "show "); ok {
			said = strings.Contains(pageJS, option+": ")
		}
		require.True(t, said, "nobody says %q", key)
	}
	says := regexp.MustCompile(`(?:\bt\(|data-(?:t|label)=)"([^"]+)"`)
	for _, said := range says.FindAllStringSubmatch(used.String(), -1) {
		if said[1] != "show " {
			require.Contains(t, words, said[1])
		}
	}
}

// TestHostile: whatever strangers write is data, and ends neither its script nor the page.
func TestHostile(t *testing.T) {
	c := strangers(t).lay(t)
	for _, title := range append(hostile, "Networks") {
		var b bytes.Buffer
		require.NoError(t, Write(c, &b, Options{Title: title}))
		page := b.String()
		require.Equal(t, 3, strings.Count(page, "<script"), "the page's own")
		require.Equal(t, 3, strings.Count(page, "</script"))
		require.NotContains(t, page, "<img")
		require.NotContains(t, page, "<svg/onload")
		require.NotContains(t, page, "<!--")
		for _, unseen := range []string{"\u202e", "\u2066", "\u200f", "\u2028", "\x1b", "\x00"} {
			require.NotContains(t, page, unseen)
			require.NotContains(t, page, strings.Trim(strings.ToLower(string(must(json.Marshal(unseen)))), `"`))
		}
	}
	var r report
	var b bytes.Buffer
	require.NoError(t, Write(c, &b, Options{}))
	island(t, b.String(), "data", &r)
	require.Len(t, r.Students, len(hostile))
	for _, s := range r.Students {
		require.LessOrEqual(t, len([]rune(s.Name)), longest+1)
		require.NotEmpty(t, s.Name)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestData: the script is told all that the class's marks say.
func TestData(t *testing.T) {
	c := people(t, 40)
	var r report
	var outputs []printed
	page := write(t, c, Options{Title: "Networks", Language: text.Chinese})
	require.Contains(t, page, `<html lang="zh-TW">`)
	require.Contains(t, page, "全班")
	require.Equal(t, page, write(t, c, Options{Title: "Networks", Language: text.Chinese}), "it is the same each time")
	island(t, page, "data", &r)
	island(t, page, "outputs", &outputs)
	i := 0
	require.NoError(t, c.lay(t).Students(func(attempts []grade.Mark) error {
		s := r.Students[i]
		i++
		for _, m := range attempts {
			if !m.Counts {
				continue
			}
			require.Equal(t, []any{m.Student, m.ID, m.Earned, m.Mark, m.Factor, m.Late, m.LateBy},
				[]any{s.Name, s.ID, s.Earned, s.Mark, s.Factor, s.Late, s.By})
			require.Equal(t, m.Of, r.Of)
			require.Equal(t, m.Key == "", s.Result < 0)
			require.Equal(t, len(attempts) > 1, len(s.Others) > 1)
			require.Equal(t, m.Refused != nil, s.Why != nil)
			if len(m.Notes) > 0 {
				require.Equal(t, []sentence{{m.Notes[0].EN, m.Notes[0].ZH}}, r.Notes[s.Notes])
			}
			require.Equal(t, "01-ports/system.go: the course's own is taken", r.Notes[s.Left][0][0])
			if s.Result < 0 {
				continue
			}
			said := map[int][5]int{}
			for _, own := range r.Results[s.Result].Tasks {
				said[own[0]] = own
			}
			column := 0
			for _, l := range m.Lessons {
				for _, task := range l.Tasks {
					require.Equal(t, letters[task.State], string([]rune(r.Results[s.Result].States)[column]))
					own, isSaid := said[column]
					require.Equal(t, task.State != verdict.Passed, isSaid)
					if isSaid {
						require.Equal(t, task.Reason, r.Texts[own[1]])
					}
					if task.Output != "" && isSaid {
						require.Equal(t, task.Feedback(), outputs[own[2]].Text)
					}
					column++
				}
			}
		}
		return nil
	}))
	require.Len(t, r.Students, i)
	require.Less(t, len(outputs), 100, "what is the same for many is there once")
	for _, output := range outputs {
		require.Equal(t, strings.ContainsAny(output.Text, "▶◀"), len(output.Ladders) == 1, output.Text)
	}
	require.Equal(t, "needs a network namespace of its own, which this machine does not give",
		r.Lessons[5].Tasks[10].Out)
}

// TestNobody: a class of which nothing could be graded has a page.
func TestNobody(t *testing.T) {
	why := text.Both("it is empty", "是空的")
	page := write(t, class{entries: []grade.Entry{{Student: "amy", Attempt: 1, Attempts: 1, Refused: &why}}}, Options{})
	var r report
	island(t, page, "data", &r)
	require.Empty(t, r.Lessons)
	require.Equal(t, &sentence{"it is empty", "是空的"}, r.Students[0].Why)
	require.NotEmpty(t, write(t, class{}, Options{}))
}

// TestNext: what to read about a task.
func TestNext(t *testing.T) {
	tests := []struct {
		name string
		task grade.Task
		want string
	}{
		{"passed", grade.Task{State: verdict.Passed, Output: "lessons/02-echo/hints.md"}, ""},
		{"failed", grade.Task{State: verdict.Failed, Output: "Next: read lessons/02-echo/hints.md, section TestA."},
			"lessons/02-echo/hints.md"},
		{"in Chinese", grade.Task{State: verdict.Stuck,
			Output: "接下來：請讀 lessons/02-echo/hints.zh-TW.md 的 TestA 那一節。"},
			"lessons/02-echo/hints.zh-TW.md"},
		{"printed before", grade.Task{State: verdict.Failed,
			Output: "lessons/99/hints.md\nlessons/02-echo/hints.md, x"},
			"lessons/02-echo/hints.md"},
		{"says nothing", grade.Task{State: verdict.Crashed}, ""},
		{"todo", grade.Task{State: verdict.Todo}, "lessons/02-echo/README.md"},
		{"nothing handed in", grade.Task{State: verdict.NotRun}, "lessons/02-echo/README.md"},
		{"did not compile", grade.Task{State: verdict.DidNotCompile}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, next("02-echo", tt.task)) })
	}
}

// TestTold: what happened and what it most likely means are told apart, in both languages, and without what is said of
// the student's code.
func TestTold(t *testing.T) {
	all := failures(t)
	tests := []struct{ task, begins, ends, says string }{
		{"02-echo/TestServeAnswersWhoAsked", "echo_test.go:66: bob waited", "✗ this should have gone to bob",
			"The answer for bob went to alice. Send each answer to the address that ReadFrom returned together with " +
				"that datagram, not to one that was kept."},
		{"02-echo/TestAsk", "echo_test.go:432: server heard", "✗ one more than the story wants",
			"Ask sends once, however long the answer takes."},
		{"06-pmtu/TestMaxPayload", "pmtu_test.go:117: MaxPayload(1500, false)", "the story wants 1472.",
			"Take off IPv4's header (20 bytes) and UDP's (8). The result is from 0 to 65507, UDP's most."},
		{"04-backoff/TestAskIsSilentAfterwards", "backoff_test.go:351: 有一個 goroutine", "───│",
			"計時器或 sleep 會自己繼續下去。回傳之前，要把它停掉，或是結束它的 goroutine。"},
	}
	for _, tt := range tests {
		for _, before := range []string{"", "Most likely: nothing is wrong.\n\nhello\n"} {
			t.Run(tt.task+before, func(t *testing.T) {
				task := all[tt.task]
				task.Output = before + task.Output
				what, says := told(task)
				require.True(t, strings.HasPrefix(what, tt.begins), what)
				require.True(t, strings.HasSuffix(what, tt.ends), what)
				require.Equal(t, tt.says, says)
			})
		}
	}
	for _, output := range []string{"", "a_test.go:1: no", "Most likely: x", "a_test.go:1: no\nNext: y"} {
		what, says := told(grade.Task{Reason: "a_test.go:1: no", Output: output})
		require.Empty(t, what+says)
	}
}

// TestMost: misconceptions stand in the order of how many students have met them, with an example that names nobody.
func TestMost(t *testing.T) {
	all := failures(t)
	here := func(keys ...string) (found []grade.Lesson) {
		for _, l := range lessons(t, rand.New(rand.NewPCG(1, 1)), 100) {
			for i := range l.Tasks {
				for _, key := range keys {
					if key == l.Name+"/"+l.Tasks[i].Name {
						l.Tasks[i] = all[key]
					}
				}
			}
			found = append(found, l)
		}
		return found
	}
	const who, ask, size = "02-echo/TestServeAnswersWhoAsked", "02-echo/TestAsk", "06-pmtu/TestMaxPayload"
	c := class{results: map[string][]grade.Lesson{"a": here(who, ask), "b": here(ask, size), "c": here()}}
	for i, key := range []string{"a", "b", "b", "c"} {
		name := []string{"Client Bob", "Zoë", "王小明", "Dan"}[i]
		c.entries = append(c.entries, grade.Entry{Student: name, Attempt: 1, Attempts: 1, Factor: 1, Key: key})
	}
	var r report
	island(t, write(t, c, Options{}), "data", &r)
	require.Len(t, r.Rules, 3, "each story's own reason is a misconception of its own")
	require.Equal(t, []int{3, 2, 1}, []int{r.Rules[0].Students, r.Rules[1].Students, r.Rules[2].Students})
	require.Equal(t, "Take off IPv4's header (20 bytes) and UDP's (8). The result is from 0 to 65507, UDP's most.",
		r.Rules[1].Says)
	require.Contains(t, r.Rules[1].Example.Text, "returned 1460")
	require.NotContains(t, r.Rules[1].Example.Text, "Most likely")
	require.Empty(t, r.Rules[1].Example.Ladders)
	require.Equal(t, "wentElsewhere", r.Rules[2].Rule)
	require.Nil(t, r.Rules[2].Example)
	require.Empty(t, r.Rules[2].Says, "bob is in it, and so is who has written that code")
	require.Contains(t, r.Rules[0].Example.Text, "client",
		"one of the three is called so, and they have all read the same")
	require.Len(t, r.Rules[0].Example.Ladders, 1)
	require.Equal(t, []string{"client", "server"}, r.Rules[0].Example.Ladders[0].Who)
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		says, name string
		want       bool
	}{
		{"the answer for bob", "Bob", true}, {"the answer for bob", "Meier, Bob", true}, {"hello", "Li", false},
		{"我是王小明", "王小明", true}, {"王子", "王", false}, {"411000123: hi", "411000123", true}, {"hi", "", false},
	} {
		require.Equal(t, tt.want, names(tt.says, tt.name), tt)
	}
}

// TestSize: a thousand students make a page that opens soon.
func TestSize(t *testing.T) {
	page := write(t, people(t, 1000), Options{})
	require.Less(t, len(page), 2<<20, "bytes")
}
