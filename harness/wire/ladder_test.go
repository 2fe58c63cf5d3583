package wire

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

var update = flag.Bool("update", false, "write what is drawn now to testdata/")

const ms = time.Millisecond

func at(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(40000+i))
}

// named gives participants names, in their order; others have their address.
func named(names ...string) func(netip.AddrPort) string {
	return func(addr netip.AddrPort) string {
		for i, name := range names {
			if addr == at(i) {
				return name
			}
		}
		return addr.String()
	}
}

func sent(when time.Duration, from, to int, payload string) Datagram {
	return Datagram{At: when, From: at(from), To: at(to), Payload: []byte(payload), Heard: true}
}

func with(d Datagram, change func(*Datagram)) Datagram {
	change(&d)
	return d
}

// drawings are held to files in testdata/.
var drawings = []struct {
	name   string
	ladder Ladder
	style  Style
}{
	{"three", Ladder{
		Name: named("alice", "server", "bob"), Mark: text.Both("this should have gone to bob",
			"這應該送給 bob"), Focus: Focus{Datagram: 4},
		Datagrams: []Datagram{
			sent(0, 0, 1, "hello"), sent(0, 2, 1, "hi"), sent(ms/2, 1, 0, "Your data was 5 bytes long"), sent(ms/2, 1,
				0, "Your data was 2 bytes long"),
		},
	}, Style{}},
	{"two", Ladder{
		Name: named("client", "server"), Mark: text.Both("client still waits", "client 還在等"),
		Datagrams: []Datagram{
			sent(0, 0, 1, "The time is now"), sent(100*ms-1, 1, 0, "晚安"), sent(100*ms+1, 1, 0,
				strings.Repeat("z", 65507)),
		},
	}, Style{}},
	{"fates", Ladder{
		Name: named("alice", "server"),
		Datagrams: []Datagram{
			with(sent(0, 0, 1, "unread"), func(d *Datagram) { d.Heard = false }),
			with(sent(0, 0, 1, "lost"), func(d *Datagram) { d.Lost = text.Both("lost on its way", "途中遺失") }),
			with(sent(0, 1, 0, "nobody"), func(d *Datagram) { d.Nobody = true }),
			with(sent(0, 1, 0, "refused"), func(d *Datagram) {
				d.Err = &net.OpError{Op: "write",
					Err: errors.New("no route to host")}
			}),
			with(sent(0, 0, 1, "cut"), func(d *Datagram) { d.Cut = 2 }),
			with(sent(0, 0, 1, "barred"), func(d *Datagram) { d.Barred = true }),
			with(sent(0, 1, 0, "forged"), func(d *Datagram) { d.Forged = true }),
			with(sent(0, 0, 1, "late"), func(d *Datagram) { d.Delay = 30 * ms }),
			with(sent(0, 0, 1, "twice and late"), func(d *Datagram) { d.Copies, d.Delay = 2, 20*ms }),
			sent(0, 0, 0, "to oneself"),
		},
	}, Style{}},
	{"told", Ladder{
		Name: named("client", "server"),
		Datagrams: []Datagram{
			with(sent(0, 0, 1, "first"), func(d *Datagram) {
				d.Lost, d.Told, d.MTU = text.Both("dropped by a router", "被路由器丟了"), 250*ms, 1280
			}),
			sent(100*ms, 0, 1, "again"), sent(250*ms, 0, 1, "less"),
			with(sent(300*ms, 0, 1, "last"), func(d *Datagram) {
				d.Lost, d.Told, d.MTU = text.Both("dropped by a router", "被路由器丟了"), 550*ms, 576
			}),
		},
	}, Style{}},
	{"strange", Ladder{
		Name: named("a name that is much too long for its column", "\x1b[31mred", "[::1]:49152"),
		Datagrams: []Datagram{
			sent(0, 0, 1, "\x1b[2J\r\n\x00\x7f"), sent(0, 1, 2, "\u202eright to left\u2066\u200b"), sent(0, 2, 0,
				"\xff\xfe"), sent(0, 2, 1, "e\u0301 👩‍👩‍👧 資料包"),
		},
	}, Style{}},
	{"ascii", Ladder{
		Name: named("爱丽丝", "server"), Mark: text.Both("client still waits…", ""),
		Datagrams: []Datagram{
			sent(0, 0, 1, "晚安"), with(sent(0, 1, 0, strings.Repeat("long ", 100)),
				func(d *Datagram) { d.Heard = false }),
		},
	}, Style{ASCII: true}},
	{"color", Ladder{
		Name: named("alice", "server"), Focus: Focus{Datagram: 1}, Mark: text.Both("why?", ""),
		Datagrams: []Datagram{with(sent(0, 0, 1, "hello"), func(d *Datagram) { d.Heard = false })},
	}, Style{Color: true}},
	{"chinese", Ladder{
		Name: named("alice", "server"), Mark: text.Both("", "alice 還在等"),
		Datagrams: []Datagram{with(sent(0, 0, 1, "hello"), func(d *Datagram) { d.Heard = false })},
	}, Style{Language: text.Chinese}},
	{"wide terminal", Ladder{
		Name:      named("client", "server", "mallory"),
		Datagrams: []Datagram{sent(0, 0, 1, strings.Repeat("1234567890", 5)), sent(0, 2, 0, "fine")},
	}, Style{Width: 140}},
	{"many", Ladder{
		Name: named("one", "two", "three", "four", "five", "six", "seven"),
		Datagrams: []Datagram{
			sent(0, 0, 1, "hello"), sent(0, 2, 3, strings.Repeat("x", 300)), sent(0, 4, 5, "hi"),
			with(sent(0, 6, 0, "nobody reads this one, and it is long enough to be cut"),
				func(d *Datagram) { d.Heard = false }),
		},
	}, Style{}},
	{"long", Ladder{Name: named("alice", "server"), Focus: Focus{Datagram: 50}, Mark: text.Both("here", ""),
		Datagrams: many(100)}, Style{}},
	{"long with a party", Ladder{Name: named("alice", "server", "bob"), Focus: Focus{Party: at(2), Datagram: 1},
		Datagrams: many(100)}, Style{}},
}

// many returns so many datagrams, of which every tenth is bob's.
func many(n int) (all []Datagram) {
	for i := range n {
		d := sent(time.Duration(i)*ms, i%2, 1-i%2, fmt.Sprint("number ", i+1))
		if i%10 == 9 {
			d.From = at(2)
			d.To = at(1)
		}
		all = append(all, d)
	}
	return all
}

func TestLadder(t *testing.T) {
	for _, tt := range drawings {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join("testdata", strings.ReplaceAll(tt.name, " ", "-")+".txt")
			got := tt.ladder.Draw(tt.style)
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./harness/wire -update writes it")
			require.Equal(t, string(want), got, "%s; go test ./harness/wire -update writes it anew", path)
			require.Empty(t, wrongs(got, tt.style))
		})
	}
	require.Empty(t, Ladder{}.Draw(Style{}))
}

var aColor = regexp.MustCompile("\x1b\\[[0-9]+m")

// wrongs lists what no drawing may do to a terminal.
func wrongs(drawn string, s Style) (wrong []string) {
	width := s.Width
	if width == 0 {
		width = 80
	}
	if s.Color {
		drawn = aColor.ReplaceAllString(drawn, "")
	}
	for line := range strings.Lines(drawn) {
		line = strings.TrimSuffix(line, "\n")
		if n := Cells(line); n > width-4 {
			wrong = append(wrong, fmt.Sprintf("%d cells of %d: %s", n, width-4, line))
		}
		for _, r := range line {
			if !unicode.IsPrint(r) || s.ASCII && r > unicode.MaxASCII {
				wrong = append(wrong, fmt.Sprintf("%q in %q", r, line))
			}
		}
	}
	return wrong
}

// TestAnyLadder: whatever is drawn stays in its width, and leaves the terminal alone.
func TestAnyLadder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	payloads := []string{"", "hello", "晚安，世界", "\x1b[2J\x07", "\u202e\u200f", "\xff\xfe\x00", "👩‍👩‍👧",
		"e\u0301\u0301", strings.Repeat("資", 100), strings.Repeat("\x00", 70_000), `"quoted" \n`}
	names := []string{"alice", "bob", "爱丽丝", "[fd00:1234:5678:9abc:def0::1]:65535", "", "a\nb", "\x1b[31m",
		strings.Repeat("long", 30)}
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	for range 3000 {
		who := make([]string, 1+random.IntN(9))
		for i := range who {
			who[i] = pick(names)
		}
		var all []Datagram
		for range 1 + random.IntN(30) {
			all = append(all, with(sent(time.Duration(random.Int64N(1e10)), random.IntN(len(who)),
				random.IntN(len(who)), pick(payloads)), func(d *Datagram) {
				d.Heard, d.Forged, d.Nobody = random.IntN(2) == 0, random.IntN(8) == 0, random.IntN(8) == 0
				if random.IntN(4) == 0 {
					d.Lost = text.Both("lost on its way", "")
				}
			}))
		}
		style := Style{Width: 40 + random.IntN(160), ASCII: random.IntN(3) == 0, Color: random.IntN(3) == 0}
		l := Ladder{Datagrams: all, Name: named(who...),
			Focus: Focus{Party: at(0), Datagram: random.IntN(len(all) + 1)}, Mark: text.Both("a mark of some length, "+
				"to be folded where it has to be", "")}
		require.Empty(t, wrongs(l.Draw(style), style), "%+v of %v", style, who)
	}
}

func TestCells(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "abc": 3, "晚安": 4, "e\u0301": 1, "→│…✗": 4, "，": 2, "👧": 2, "ｱ": 1, "한": 2, "é": 1, "✅": 2,
	} {
		require.Equal(t, want, Cells(s), s)
	}
}

func TestStyle(t *testing.T) {
	for _, tt := range []struct {
		name     string
		env      map[string]string
		terminal int
		want     Style
	}{
		{"nothing known", nil, 0, Style{}},
		{"terminal", nil, 120, Style{Width: 120, Color: true}},
		{"COLUMNS", map[string]string{"COLUMNS": "99"}, 120, Style{Width: 99, Color: true}},
		{"odd COLUMNS", map[string]string{"COLUMNS": "wide"}, 120, Style{Width: 120, Color: true}},
		{"too narrow", map[string]string{"COLUMNS": "3"}, 0, Style{}},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, 120, Style{Width: 120}},
		{"dumb", map[string]string{"TERM": "dumb"}, 120, Style{Width: 120, ASCII: true}},
		{"UTF-8", map[string]string{"LANG": "zh_TW.UTF-8"}, 0, Style{}},
		{"C.UTF-8", map[string]string{"LC_ALL": "C.utf8", "LANG": "C"}, 0, Style{}},
		{"POSIX", map[string]string{"LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"}, 0, Style{ASCII: true}},
		{"Latin 1", map[string]string{"LANG": "de_DE.ISO-8859-1"}, 0, Style{ASCII: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := currentStyle(func(name string) string { return tt.env[name] }, tt.terminal)
			got.Language = ""
			require.Equal(t, tt.want, got)
		})
	}
}

func FuzzQuoteFit(f *testing.F) {
	f.Add([]byte("hello"), 10, false)
	f.Add([]byte("\x1b[2J資料\u202e\xff"), 8, true)
	f.Fuzz(func(t *testing.T, payload []byte, room int, ascii bool) {
		if room < 8 || room > 300 {
			return
		}
		style := Style{ASCII: ascii, Width: room + 4}
		require.Empty(t, wrongs(quoteFit(payload, room, style.glyphs()), style))
	})
}
