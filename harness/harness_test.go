package harness

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/internal/students"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

var _ require.TestingT = (*World)(nil)

// TestLine: a message names the line of the story that failed; of a function
// that called Helper, the line that called it.
func TestLine(t *testing.T) {
	helper := func(w *World) {
		w.Helper()
		w.FailNow()
	}
	f, _ := tell(t, networks[2], func(w *World) {
		helper(w) // here
	})
	source, err := os.ReadFile("harness_test.go")
	require.NoError(t, err)
	require.Equal(t, "// here", strings.TrimSpace(strings.Split(string(source), "\n")[f.at.number-1])[len("helper(w) "):])
}

// TestLaterTodosAreSkipped: one TODO a process is enough to read.
func TestLaterTodosAreSkipped(t *testing.T) {
	story := func(w *World) {
		_, serve := serving(w, students.Todo)
		serve.Returns(nil)
	}
	todoSeen.Store(false)
	_, first := tell(t, networks[2], story)
	require.True(t, first.failed)
	f, second := tell(t, networks[2], story)
	require.False(t, second.failed)
	require.Equal(t, f.reason(text.English), second.skipped)
	require.Empty(t, second.output.String())
}

// TestNetworksNotRun: a failure says which networks it kept from being tried.
func TestNetworksNotRun(t *testing.T) {
	f := &failure{state: verdict.Failed, at: line{"a_test.go", 1}, text: text.Both("no", "no")}
	require.Equal(t, `a_test.go:1: no

Not run, as this failed: loopback/ip6, somewhere/else.
Next: read lessons/09-x/hints.md, section TestX.
`, f.write(site{task: "TestX", student: "/lessons/09-x"}, []string{"loopback/ip6", "somewhere/else"}, "", wire.Style{}))
}

type missingNetwork struct{ network }

func (missingNetwork) name() string { return "elsewhere" }

func (missingNetwork) missing() error { return errors.New("needs a network that nobody has") }

// TestMissingNetwork: a network that the machine lacks is skipped with its
// sentence, and does not count; a story that no network could tell is skipped.
func TestMissingNetwork(t *testing.T) {
	defer func(all []network) { networks = all }(networks)
	told := 0
	story := func(*World) { told++ }
	for _, tt := range []struct {
		name     string
		networks []network
		want     verdict.State
	}{
		{"some", []network{networks[0], missingNetwork{}}, verdict.Passed},
		{"all", []network{missingNetwork{}}, verdict.Skipped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			networks = tt.networks
			result := resultOf(t)
			t.Cleanup(func() {
				require.Equal(t, tt.want, result.state)
				require.Equal(t, tt.want == verdict.Skipped, t.Skipped())
			})
			OnEachNetwork(t, story)
		})
	}
	require.Equal(t, 1, told)
}

// TestSkippedStories: a story that can't be told on one network counts where it
// was told; one that can be told nowhere makes its task skipped, whatever the
// task's other stories did.
func TestSkippedStories(t *testing.T) {
	defer func(all []network) { networks = all }(networks)
	networks = []network{loopback{localhost4}, virtual{localhost4}}
	lacks := func(on string) func(*World) {
		return func(w *World) {
			if strings.HasPrefix(w.net.name(), on) {
				w.need(errors.New("needs what it has not"))
			}
		}
	}
	for _, tt := range []struct {
		name    string
		stories []func(*World)
		want    verdict.State
	}{
		{"told on one", []func(*World){lacks("virtual")}, verdict.Passed},
		{"told on none", []func(*World){lacks("")}, verdict.Skipped},
		{"one of two", []func(*World){func(*World) {}, lacks("")}, verdict.Skipped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := resultOf(t)
			t.Cleanup(func() {
				require.Equal(t, tt.want, result.state)
				require.Equal(t, tt.want == verdict.Skipped, t.Skipped())
				if t.Skipped() {
					require.Equal(t, "needs what it has not", result.reason)
				}
			})
			for _, story := range tt.stories {
				OnEachNetwork(t, story)
			}
		})
	}
}

// TestNetworkNames: what the kinds of stories are called, and are told on.
func TestNetworkNames(t *testing.T) {
	told := map[string]int{}
	story := func(w *World) { told[w.net.name()]++ }
	OnVirtual(t, story)
	OnLoopback(t, story)
	OnLoopback4(t, story)
	Offline(t, story)
	OnSubnet(t, story)
	OnPath(t, story)
	OnRealPath(t, story)
	OnLinks(t, story)
	OnLab(t, story)
	if netlab.Inside() {
		require.Len(t, told, 1) // the one that this process is for
		return
	}
	want := map[string]int{"virtual/ip4": 4, "virtual/ip6": 2, "loopback/ip4": 4, "offline": 1}
	if capability.IPv6.Missing() == nil {
		want["loopback/ip6"] = 2
	}
	require.Equal(t, want, told)
}

// TestRightCodePasses: what the messages above are held against.
func TestRightCodePasses(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name(), func(t *testing.T) {
			if missing := n.missing(); missing != nil {
				t.Skip(missing)
			}
			s := callerSite("TestIt", 0)
			s.student = students.Dir
			f := newWorld(n, s).tell(t, func(w *World) {
				conn, serve := serving(w, students.Echo)
				alice, bob := w.Peer("alice"), w.Peer("bob")
				alice.Send(conn, "a")
				bob.Send(conn, "b")
				bob.Send(conn, "")
				alice.ExpectFrom(conn, "a")
				bob.ExpectAnyOrder(conn, "", "b")
				serve.Cancel()
				serve.Fails(os.ErrDeadlineExceeded)
				w.StillOpen(conn)
				w.NothingLeftBehind()
				alice.HeardNothingElse()
			})
			if f != nil {
				t.Fatal(f.write(s, nil, "", wire.Style{}))
			}
		})
	}
}

// TestFailNextRead: one read fails as Linux words it, and the next does not.
func TestFailNextRead(t *testing.T) {
	f, tb := tell(t, networks[2], func(w *World) {
		conn := w.ListenPacket("server")
		w.FailNextRead(conn, syscall.ECONNREFUSED)
		_, _, err := conn.ReadFrom(nil)
		require.ErrorIs(w, err, syscall.ECONNREFUSED)
		require.ErrorAs(w, err, new(*net.OpError))
		w.Peer("alice").Send(conn, "")
		_, _, err = conn.ReadFrom(nil)
		require.NoError(w, err)
	})
	require.Nil(t, f, read(tb))
}

func TestLogCheck(t *testing.T) {
	listening, hello := "Listening at 127.0.0.1:1060", `The client says "two\nlines"`
	tests := []struct {
		name   string
		writes []string
		want   string // "" for a right log
	}{
		{"right", []string{listening + "\n", hello + "\n"}, ""},
		{"nothing", nil, "nothing was logged"},
		{"other beginning", []string{"Hello\n"}, "the log begins with the line\n    Hello\nand the story wants\n    " + listening},
		{"missing", []string{listening + "\n"}, "the log lacks the line\n    " + hello},
		{"another", []string{listening + "\n", "what?\n"}, "the log lacks the line\n    " + hello + "\nbut holds\n    what?"},
		{"too many", []string{listening + "\n", hello + "\n", hello + "\n"}, "the log holds a line too many:\n    " + hello},
		{"in pieces", []string{"Listening at", " 127.0.0.1:1060\n"}, `the log was given "Listening at", which does not end its line`},
		{"two at once", []string{listening + "\n" + hello + "\n"}, "several lines in one Write"},
		{"carriage return", []string{listening + "\n", hello + "\r\n"}, "the log lacks the line\n    " + hello + "\nbut holds it with blanks at an end, here as a Go string:\n    " + strconv.Quote(hello+"\r")},
		{"empty line", []string{listening + "\n\n"}, "an empty line at the end of"},
		{"unquoted", []string{listening + "\n", "The client says \"two\nlines\"\n"}, "the story wants it quoted, as %q does it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wrong := (&storyLog{writes: tt.writes}).check([]string{listening, hello})
			if tt.want == "" {
				require.True(t, wrong.IsZero(), wrong)
				return
			}
			require.Contains(t, wrong.EN, tt.want)
		})
	}
}

// TestPatience: a wait outlasts the wall clock while the code has neither had
// the processor nor been seen to wait, and ends once one of them is true.
func TestPatience(t *testing.T) {
	busy := []goroutine{{state: "runnable"}}
	idle := []goroutine{{state: "IO wait"}}
	long := func() *patience { return &patience{start: time.Now().Add(-time.Hour), cpu: cpuTime()} }

	p := long()
	p.cpu += time.Hour // none of it spent
	for range 100 {
		require.False(t, p.over(busy), "gave up on code that was never given the processor")
	}
	p = long()
	p.cpu -= time.Hour
	require.True(t, p.over(busy), "waits for ever for code that has had its time")

	p = long()
	p.cpu += time.Hour
	for range bounds.idleTicks - 1 {
		require.False(t, p.over(idle))
	}
	require.True(t, p.over(idle), "waits for ever for code that waits itself")

	p = &patience{start: time.Now().Add(time.Hour)}
	for range 100 {
		require.False(t, p.over(idle), "gave up before its time")
	}
	require.True(t, p.over(nil), "waits though nobody is left who could do anything")

	p = &patience{start: time.Now(), flight: time.Hour}
	require.False(t, p.over(nil), "gives up on what is still on its way")
	p.start = p.start.Add(-time.Hour)
	require.True(t, p.over(nil))
}

// TestStalled: a bubble is given up once nobody in it can run, or once it has
// had the processor for long without calling the harness; never because of the
// clock on the wall.
func TestStalled(t *testing.T) {
	busy, idle := []goroutine{{state: "running"}}, []goroutine{{state: "sync.Mutex.Lock"}}
	p := &patience{start: time.Now().Add(-time.Hour), cpu: cpuTime() + time.Hour}
	for range 100 {
		require.False(t, p.stalled(busy), "gave up on code that was never given the processor")
	}
	for range bounds.idleTicks - 1 {
		require.False(t, p.stalled(idle))
	}
	require.True(t, p.stalled(idle))
	p = &patience{cpu: cpuTime() - time.Hour}
	require.True(t, p.stalled(busy))
}

// TestNextStory: the stories of one task have names of their own.
func TestNextStory(t *testing.T) {
	var r result
	require.Equal(t, []string{"", "story2/", "story3/"}, []string{r.nextStory(), r.nextStory(), r.nextStory()})
}

func TestParseGoroutine(t *testing.T) {
	g, ok := parseGoroutine(`goroutine 34 [chan receive, 2 minutes, synctest bubble 3]:
udpkata/lessons/02-echo.(*server).loop(0xc000, {0x1, 0x2})
	/x y/lessons/02-echo/echo.go:12 +0x1d
created by udpkata/lessons/02-echo.Serve in goroutine 7
	/x y/lessons/02-echo/echo.go:9 +0x2d`)
	require.True(t, ok)
	require.Equal(t, goroutine{
		id: 34, state: "chan receive", bubble: true,
		frames:  []frame{{"udpkata/lessons/02-echo.(*server).loop", "/x y/lessons/02-echo/echo.go", 12}},
		created: frame{"udpkata/lessons/02-echo.Serve", "/x y/lessons/02-echo/echo.go", 9},
	}, g)
	_, ok = parseGoroutine("fatal error: all goroutines are asleep")
	require.False(t, ok)
}

// TestGivenFiles: a finished file of a lesson is nobody's fault.
func TestGivenFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"mine.go": "package x\n", "given.go": "package x\n\n//kata:given\n\nfunc f() {}\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	s := site{student: filepath.ToSlash(dir), given: givenFiles(filepath.ToSlash(dir))}
	require.True(t, s.isStudent(s.student+"/mine.go"))
	require.False(t, s.isStudent(s.student+"/given.go"))
	require.False(t, s.isStudent(s.student+"/mine_test.go"))
}

func TestErrorName(t *testing.T) {
	require.Equal(t, "net.ErrClosed", errorName(net.ErrClosed))
	require.Equal(t, `"odd"`, errorName(errors.New("odd")))
}
