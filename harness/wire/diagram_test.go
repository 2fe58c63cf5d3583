package wire

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

// said writes a diagram for people: a line for each row.
func said(d Diagram) string {
	lines := []string{strings.Join(d.Who, ", ")}
	for _, r := range d.Rows {
		parts := []string{r.At}
		if r.Label != "" {
			parts = append(parts, fmt.Sprintf("%d>%d", r.From, r.To), r.Label)
		}
		for i, is := range []bool{r.Lost, r.Forged, r.Bad} {
			if is {
				parts = append(parts, []string{"lost", "forged", "bad"}[i])
			}
		}
		lines = append(lines, strings.Join(append([]string{strings.Join(parts, " ")}, r.Notes...), " / "))
	}
	return strings.Join(lines, "\n")
}

// TestDiagrams: what was drawn is read, in every style.
func TestDiagrams(t *testing.T) {
	tests := []struct{ name, want string }{
		{"three", "alice, server, bob\n" +
			`0.000ms 0>1 "hello"` + "\n" +
			`0.000ms 2>1 "hi"` + "\n" +
			`0.500ms 1>0 "Your data w…s long"` + "\n" +
			`0.500ms 1>0 "Your data w…s long" bad / ✗ this should have gone to bob`},
		{"told", "client, server\n" +
			`0.000ms 0>1 "first" lost bad / ✗ dropped by a router` + "\n" +
			`100.000ms 0>1 "again"` + "\n" +
			`250.000ms / a router tells client: the next link carries 1280` + "\n" +
			`250.000ms 0>1 "less"` + "\n" +
			`300.000ms 0>1 "last" lost bad / ✗ dropped by a router` + "\n" +
			`550.000ms / a router tells client: the next link carries 576`},
		{"strange", `a name that is much too…, \x1b[31mred, [::1]:49…` + "\n" +
			`0.000ms 0>1 "\x1b[2J\r\n…\x7f"` + "\n" +
			`0.000ms 1>2 "\u202eright…\u200b"` + "\n" +
			`0.000ms 2>0 "\xff\xfe"` + "\n" +
			"0.000ms 2>1 \"e\u0301 👩\\u200d… 資料包\""},
		{"ascii", `\u7231\u4e3d\u4e1d, server` + "\n" +
			`0.000ms 0>1 "\u665a\u5b89"` + "\n" +
			`0.000ms 1>0 "long long ...long " (500 bytes) bad / x nobody read it / x client still waits\u2026`},
		{"many", "one, two, three, four, five, six, seven\n" +
			`0.000ms 0>1 "hello"` + "\n" +
			`0.000ms 2>3 "xxxxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxx" (300 bytes)` + "\n" +
			`0.000ms 4>5 "hi"` + "\n" +
			`0.000ms 6>0 "nobody reads this one, and it …enough to be cut" bad / ✗ nobody read it`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			drawn, err := os.ReadFile(filepath.Join("testdata", tt.name+".txt"))
			require.NoError(t, err)
			for _, margin := range []string{"", "        "} {
				lines := strings.Split(strings.TrimSuffix(string(drawn), "\n"), "\n")
				indented := margin + strings.Join(lines, "\n"+margin)
				all := Diagrams("before it:\n" + indented + "\n\nMost likely: after it\n")
				require.Len(t, all, 1)
				require.Equal(t, tt.want, said(all[0]))
				require.Equal(t, []int{1, len(lines)}, []int{all[0].Line, all[0].Lines})
			}
		})
	}
}

// TestFates: what became of a datagram is read in both languages.
func TestFates(t *testing.T) {
	for _, l := range []text.Language{text.English, text.Chinese} {
		for _, d := range drawings {
			if d.name != "fates" {
				continue
			}
			all := Diagrams(d.ladder.Draw(Style{Language: l}))
			require.Len(t, all, 1)
			require.Len(t, all[0].Rows, len(d.ladder.Datagrams))
			for i, row := range all[0].Rows {
				g := d.ladder.Datagrams[i]
				require.Equal(t, Undelivered(g), row.Lost, row)
				require.Equal(t, g.Forged, row.Forged, row)
				require.Equal(t, !g.Barred && (Undelivered(g) || g.Forged || !g.Heard || g.Cut > 0), row.Bad, row)
			}
		}
	}
}

// TestMarkOfAll: what is said of no datagram is not read as if it were said of the last one.
func TestMarkOfAll(t *testing.T) {
	long := Quote(strings.Repeat("a long one ", 10))
	for _, mark := range []text.Text{
		text.Say("%s still waits for %s", "client", long), text.Say("the next one was due after %v", 300*ms),
	} {
		for _, language := range []text.Language{text.English, text.Chinese} {
			for _, n := range []int{2, 100} {
				l := Ladder{Name: named("client", "server"), Mark: mark, Datagrams: []Datagram{
					sent(0, 0, 1, "hello"), with(sent(0, 1, 0, "no"), func(d *Datagram) { d.Heard = false })}}
				if n > 2 {
					l.Datagrams, l.Name = many(n), named("client", "server", "bob")
				}
				rows := Diagrams(l.Draw(Style{Language: language}))[0].Rows
				last := rows[len(rows)-1]
				require.Empty(t, last.At)
				require.True(t, last.Bad)
				require.True(t, strings.HasPrefix(last.Notes[0], "✗ "))
				require.Equal(t, n == 2, rows[1].Bad, "nobody read it")
				if n == 2 {
					require.Len(t, rows[1].Notes, 1)
				}
			}
		}
	}

	says := regexp.MustCompile(`\.marks\(0, "(.*?)"`)
	stories, err := filepath.Glob("../*.go")
	require.NoError(t, err)
	found := 0
	for _, path := range stories {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range says.FindAllStringSubmatch(string(source), -1) {
			found++
			says := regexp.MustCompile("%[vsd]").ReplaceAllString(m[1], anything)
			require.Contains(t, texts(ofAll), says, "%s says it of all datagrams", path)
		}
	}
	require.NotZero(t, found)
}

func texts(all []text.Text) (english []string) {
	for _, t := range all {
		english = append(english, t.EN)
	}
	return english
}

// aCutName is one in a list of datagrams, which may be somebody else's too.
var aCutName = regexp.MustCompile(`(?:…|\.\.\.) (?:→|->) |(?:→|->) \S*(?:…|\.\.\.)  `)

// TestAnyDiagram: whatever is drawn, no line of it is read as something else.
func TestAnyDiagram(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	payloads := []string{"", "hello", "晚安，世界",
		"│ ◀─ \"x\" ─│", `"  ✗ nobody read it`, "👩‍👩‍👧",
		"e\u0301\u0301", strings.Repeat("資", 100), strings.Repeat("\x00", 70_000), "  \\\"", " → b  \"c\""}
	names := []string{"alice", "bob", "[fd00::1]:65535", "two words", `"`, strings.Repeat("long", 9), "資料"}
	for range 1000 {
		who := names[:1+random.IntN(len(names))]
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var all []Datagram
		for range 1 + random.IntN(30) {
			all = append(all, with(sent(time.Duration(random.Int64N(1e14)), random.IntN(len(who)),
				random.IntN(len(who)), payloads[random.IntN(len(payloads))]), func(d *Datagram) {
				d.Heard, d.Forged, d.Nobody = random.IntN(2) == 0, random.IntN(8) == 0, random.IntN(8) == 0
				if random.IntN(5) == 0 {
					d.Told, d.MTU = d.At+ms, 1280
				}
			}))
		}
		l := Ladder{Datagrams: all, Name: named(who...), Focus: Focus{Datagram: random.IntN(len(all) + 1)},
			Mark: text.Both("a mark of some length, to be folded where it has to be", "")}
		style := Style{Width: 60 + random.IntN(100), ASCII: random.IntN(3) == 0}
		drawn := l.Draw(style)
		found := Diagrams(drawn)
		shown := l.choose()
		if len(found) == 0 && aCutName.MatchString(drawn) {
			continue
		}
		require.Len(t, found, 1, "%s", drawn)
		require.Equal(t, strings.Count(drawn, "\n"), found[0].Lines, "%s", drawn)
		for _, row := range found[0].Rows {
			if row.Label == "" {
				continue
			}
			d := all[shown[0]-1]
			shown = shown[1:]
			require.Equal(t, stamp(d.At), row.At, "%s", drawn)
			require.True(t, row.Bad || d.Heard && !Undelivered(d) && !d.Forged, "%s", drawn)
			if who := found[0].Who; len(who) > 1 {
				g := style.glyphs()
				for addr, name := range map[netip.AddrPort]string{d.From: who[row.From], d.To: who[row.To]} {
					all := g.quote(l.Name(addr))
					begin := strings.TrimSuffix(name, g.ellipsis)
					require.True(t, strings.HasPrefix(all[1:], begin), "%s\n%s", name, drawn)
				}
			}
		}
		require.Empty(t, shown, "%s", drawn)
	}
}

// TestNoDiagram: what Draw would not have written stays text.
func TestNoDiagram(t *testing.T) {
	const head = "               client             server\n"
	const sends = `     0.000ms   │──── "hello" ────▶│` + "\n"
	tests := []struct {
		name, text string
		lines      int // of the diagram
	}{
		{"whole", head + sends + sends, 3},
		{"of a list", "     0.000ms  a → b  \"hello\"\n", 1},
		{"nothing", "", 0},
		{"no ladder", "echo_test.go:1: no\n--- FAIL: TestA/virtual/ip4\n", 0},
		{"no names", sends, 0},
		{"names alone", head, 0},
		{"cut off in its names", "ient             server\n" + sends, 0},
		{"cut off in a line", head + sends + sends[:30], 2},
		{"a line between", head + sends + "hello\n" + sends, 2},
		{"only the first line is indented", "    " + head + sends, 0},
		{"tab", head + "     0.000ms   │──── \"hello\" ────▶│\ta remark\n", 0},
		{"tabs for blanks", "\t\tclient             server\n" + sends, 0},
		{"an arrow that is too short", head + `     0.000ms   │─── "hello" ────▶│` + "\n", 0},
		{"wide characters that are too long", head + `     0.000ms   │──── "資料包資料" ────▶│` + "\n", 0},
		{"both heads", head + `     0.000ms   │◀─── "hello" ────▶│` + "\n", 0},
		{"an arrow without a head", head + `     0.000ms   │───── "hello" ────│` + "\n", 0},
		{"an end to its payload", head + `     0.000ms   │──── "he"lo" ────▶│` + "\n", 0},
		{"more datagrams than Draw shows", head + strings.Repeat(sends, mostLines+1), 0},
		{"ten thousand lines", head + strings.Repeat(sends, 10_000), 0},
		{"ten thousand lines of a list", strings.Repeat("     0.000ms  a → b  \"hello\"\n", 10_000), 0},
		{"ten thousand remarks", head + sends + strings.Repeat(strings.Repeat(" ", 15)+"✗ hello\n", 10_000), 0},
		{"a very long line", "     0.000ms  a → b  \"" + strings.Repeat("x", 100_000) + "\"\n", 0},
		{"a name that may be another's", "     0.000ms  a → b…  \"hello\"\n     0.000ms  a → b  \"hello\"\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := Diagrams(tt.text)
			if tt.lines == 0 {
				require.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			require.Equal(t, tt.lines, all[0].Lines)
		})
	}
}
