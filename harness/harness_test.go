package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/students"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

var _ require.TestingT = (*World)(nil)

// TestLine: a message names the line of the story that failed; of a function
// that called Helper, the line that called it.
func TestLine(t *testing.T) {
	helper := func(w *Kernel4) {
		w.Helper()
		w.FailNow()
	}
	f, _ := tell(t, loopback4, func(w *Kernel4) {
		helper(w) // here
	})
	source, err := os.ReadFile("harness_test.go")
	require.NoError(t, err)
	failed := strings.Split(string(source), "\n")[f.At.Number-1]
	require.Equal(t, "helper(w) // here", strings.TrimSpace(failed))
}

// TestLaterTodosAreSkipped: one TODO a process is enough to read.
func TestLaterTodosAreSkipped(t *testing.T) {
	story := func(w *World) {
		_, serve := serving(w, students.Todo)
		serve.Returns(nil)
	}
	todoSeen.Store(false)
	_, first := tell(t, either[1], story)
	require.True(t, first.failed)
	f, second := tell(t, either[1], story)
	require.False(t, second.failed)
	require.Equal(t, f.Reason(text.English), second.skipped)
	require.Empty(t, second.output.String())
}

// lacking is a network that nobody has.
var lacking = telling[*World]{
	name:    "elsewhere",
	missing: func() error { return errors.New("needs a network that nobody has") },
}

// TestMissingNetwork: a network that the machine lacks is skipped with its
// sentence, and does not count; a story that no network could tell is skipped.
func TestMissingNetwork(t *testing.T) {
	told := 0
	for _, tt := range []struct {
		name string
		on   Networks[*World]
		want verdict.State
	}{
		{"some", tells(either[0], lacking), verdict.Passed},
		{"all", tells(lacking), verdict.Skipped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := resultOf(t)
			t.Cleanup(func() {
				require.Equal(t, tt.want, result.state)
				require.Equal(t, tt.want == verdict.Skipped, t.Skipped())
			})
			tt.on(t, func(*World) { told++ })
		})
	}
	require.Equal(t, 1, told)
}

// TestVitalLack: what no lesson can do without is told once, in one line, and is no
// failure of the code's.
func TestVitalLack(t *testing.T) {
	vital := &capability.Lack{Vital: true}
	n := telling[*World]{name: "nowhere", missing: func() error { return vital }}
	s := stacks.Site{Task: "TestIt", Begin: stacks.Line{File: "x_test.go", Number: 1}}
	f := n.outcome(t, s, "nowhere", nil)
	require.Equal(t, verdict.NotRun, f.State)
	require.Equal(t, "x_test.go:1: "+vital.Error(), f.Reason(text.English))
	require.Equal(t, f.Reason(text.English)+"\n", reported(s, f).output.String())
	again := reported(s, f)
	require.False(t, again.failed)
	require.Equal(t, f.Reason(text.English), again.skipped)
}

// TestTooManySockets: where the machine allows no more sockets, the story is skipped.
func TestTooManySockets(t *testing.T) {
	for _, n := range either {
		f, _ := tell(t, n, func(w *World) {
			w.open("alice", func() (record.Socket, error) { return nil, os.NewSyscallError("socket", syscall.ENOBUFS) })
		})
		require.Equal(t, verdict.Skipped, f.State)
		require.Contains(t, f.Text.EN, "needs more files and sockets, which this machine lacks (socket: ")
	}
}

// TestSkippedStories: a story that can't be told on one network counts where it
// was told; one that can be told nowhere makes its task skipped, whatever the
// task's other stories did.
func TestSkippedStories(t *testing.T) {
	needs := func(w *World) { w.need(errors.New("needs what it has not")) }
	onOne := func(w *World) {
		if w.rec.Virtual {
			needs(w)
		}
	}
	for _, tt := range []struct {
		name    string
		stories []func(*World)
		want    verdict.State
	}{
		{"told on one", []func(*World){onOne}, verdict.Passed},
		{"told on none", []func(*World){needs}, verdict.Skipped},
		{"one of two", []func(*World){func(*World) {}, needs}, verdict.Skipped},
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
			for i, story := range tt.stories {
				tells(either...).Then(t, fmt.Sprint("story-", i), story)
			}
		})
	}
}

// TestNetworkNames: what the kinds of stories are called, and are told on.
func TestNetworkNames(t *testing.T) {
	told := map[string][]string{}
	note := func(kind string) func(w *World) {
		return func(w *World) {
			where := "a kernel"
			if w.rec.Virtual {
				where = "virtual"
			}
			told[kind] = append(told[kind], where+" "+w.host.Addr().String())
		}
	}
	then(t, OnEachNetwork, "on-each-network", func(w *World) *World { return w }, note)
	then(t, OnVirtual, "on-virtual", func(w *Virtual) *World { return w.World }, note)
	then(t, OnLoopback, "on-loopback", func(w *Kernel) *World { return w.World }, note)
	then(t, OnLoopback4, "on-loopback4", func(w *Kernel4) *World { return w.World }, note)
	then(t, Offline, "offline", func(w *World) *World { return w }, note)
	then(t, OnSubnet, "on-subnet", func(w *Subnet) *World { return w.World }, note)
	then(t, OnSubnets, "on-subnets", func(w *Subnets) *World { return w.World }, note)
	then(t, OnPath, "on-path", func(w *Path) *World { return w.World }, note)
	then(t, OnLinks, "on-links", func(w *Kernel) *World { return w.World }, note)
	then(t, OnLab, "on-lab", func(w *Lab) *World { return w.World }, note)
	if netlab.Inside() {
		require.Len(t, told, 1) // the one that this process is for
		return
	}
	want := map[string][]string{
		"on-each-network": {"virtual 127.0.0.1", "virtual ::1", "a kernel 127.0.0.1", "a kernel ::1"},
		"on-virtual":      {"virtual 127.0.0.1"},
		"on-loopback":     {"a kernel 127.0.0.1", "a kernel ::1"},
		"on-loopback4":    {"a kernel 127.0.0.1"},
		"offline":         {"virtual 127.0.0.1"},
		"on-subnet":       {"virtual 127.10.0.0", "a kernel 127.0.0.1"},
		"on-subnets":      {"virtual 127.10.0.0"},
		"on-path":         {"virtual 127.10.0.0", "virtual fd00::"},
		"on-links":        {"a kernel 127.0.0.1", "a kernel ::1"},
	}
	if capability.IPv6.Missing() != nil {
		want["on-each-network"] = want["on-each-network"][:3]
		want["on-loopback"], want["on-links"] = want["on-loopback"][:1], want["on-links"][:1]
	}
	require.Equal(t, want, told)
}

// then tells a story by what note makes of its name, whatever view of a World it gets.
func then[W any](t *testing.T, on Networks[W], name string, world func(W) *World, note func(string) func(*World)) {
	on.Then(t, name, func(w W) { note(name)(world(w)) })
}

// TestRightCodePasses: what the messages above are held against.
func TestRightCodePasses(t *testing.T) {
	for _, n := range all {
		t.Run(n.name, func(t *testing.T) {
			if missing := n.missing(); missing != nil {
				t.Skip(missing)
			}
			f, tb := tell(t, n, func(w *World) {
				conn, serve := serving(w, students.Echo)
				alice, bob := w.Peer("alice"), w.Peer("bob")
				alice.Send(conn, "a")
				bob.Send(conn, "b")
				bob.Send(conn, "")
				alice.ExpectFrom(conn, "a")
				bob.ExpectAnyOrder(conn, "", "b")
				serve.Stop()
				serve.Fails(os.ErrDeadlineExceeded)
				w.StillOpen(conn)
				w.NothingLeftBehind()
				alice.HeardNothingElse()
			})
			require.Nil(t, f, read(tb))
		})
	}
}

// TestFailNextRead: one read fails as Linux words it, and the next does not.
func TestFailNextRead(t *testing.T) {
	f, tb := tell(t, loopback4, func(w *Kernel4) {
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

func TestLateLine(t *testing.T) {
	require.Equal(t, "a", lateLine(nil, []string{"a\n", "b\n"}, []string{"a"}), "it came with others")
	require.Equal(t, "b", lateLine([]string{"a\n"}, []string{"b\n", "c\n"}, []string{"a", "b"}))
	require.Empty(t, lateLine(nil, []string{"a\n"}, []string{"a"}), "right, in the end")
	require.Empty(t, lateLine([]string{"a\n", "b\n"}, nil, []string{"a"}), "too many by then")
	require.Empty(t, lateLine([]string{"c\n"}, []string{"a\n"}, []string{"a"}), "another")
	require.Empty(t, lateLine(nil, []string{"b\n", "c\n"}, []string{"a"}), "it never came")
}

func TestLogCheck(t *testing.T) {
	require.True(t, checkLogInAnyOrder(theLog, nil, nil).IsZero(), "nothing is wanted, and nothing is there")
	require.Equal(t, "the log has this line once; the story wants it twice:\n    a\nbut holds\n    b",
		checkLogInAnyOrder(theLog, []string{"a\n", "b\n"}, []string{"a", "a"}).EN)
	require.Equal(t, "log 裡，這一行有 2 次，故事要 3 次：\n    a",
		checkLogInAnyOrder(theLog, []string{"a\n", "a\n"}, []string{"a", "a", "a"}).ZH)
	listening, hello := "Listening at 127.0.0.1:1060", `The client says "two\nlines"`
	tests := []struct {
		name   string
		writes []string
		want   string // "" for a right log
	}{
		{"right", []string{listening + "\n", hello + "\n"}, ""},
		{"nothing", nil, "nothing is in the log"},
		{"other beginning", []string{"Hello\n"},
			"the log begins with the line\n    Hello\nand the story wants\n    " + listening},
		{"missing", []string{listening + "\n"}, "the log lacks the line\n    " + hello},
		{"another", []string{listening + "\n", "what?\n"},
			"the log lacks the line\n    " + hello + "\nbut holds\n    what?"},
		{"too many", []string{listening + "\n", hello + "\n", hello + "\n"},
			"the log holds a line too many:\n    " + hello},
		{"in pieces", []string{"Listening at", " 127.0.0.1:1060\n"},
			`the log was given "Listening at", which does not end its line`},
		{"two at once", []string{listening + "\n" + hello + "\n"}, "several lines in one Write"},
		{"carriage return", []string{listening + "\n", hello + "\r\n"},
			"the log lacks the line\n    " + hello +
				"\nbut holds it with blanks at an end, here as a Go string:\n    " + strconv.Quote(hello+"\r")},
		{"empty line", []string{listening + "\n\n"}, "an empty line at the end of"},
		{"unquoted", []string{listening + "\n", "The client says \"two\nlines\"\n"},
			"the story wants it quoted, as %q does it"},
		{"no text", []string{listening + "\n", "The client says \"晚\xff\x1b\x00\"\n"},
			"but holds\n    The client says \"晚\\xff\\x1b\\x00\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wrong := checkLog(theLog, tt.writes, []string{listening, hello})
			if tt.want == "" {
				require.True(t, wrong.IsZero(), wrong)
				return
			}
			require.Contains(t, wrong.EN, tt.want)
		})
	}
}

// TestLogOfBytes: a byte that is no text looks otherwise as it came than in quotes.
func TestLogOfBytes(t *testing.T) {
	wrong := checkLog(theLog, []string{"says \"\x04\"\n"}, []string{`says "\x04"`})
	require.Contains(t, wrong.EN, "can't be printed:\n    says \"<04>\"\n"+
		"and the story wants it quoted, as %q does it:\n"+
		"    says \"\\x04\"")
}

// TestStoryNames: the stories of a task after its first have names, no two the same.
func TestStoryNames(t *testing.T) {
	var r result
	next := func() string {
		prefix, err := r.next()
		require.NoError(t, err)
		return prefix
	}
	require.Equal(t, "", next())
	_, err := r.next()
	require.ErrorContains(t, err, "a task's second story needs a name: tell it by Then")
	require.NoError(t, r.begin("answer-while-cancelling"))
	require.Equal(t, "answer-while-cancelling/", next())
	require.ErrorContains(t, r.begin("answer-while-cancelling"),
		`two stories of this task have the name "answer-while-cancelling"`)
	for _, wrong := range []string{"", "Answer", "an answer", "a/b", "-a", "a--b"} {
		require.ErrorContains(t, r.begin(wrong), "the name of a story is a few words")
	}
}

// TestSleep: code that lets real time pass again and again ends the story, at its line,
// though no wait of the story's is in vain; in virtual time that costs nothing.
func TestSleep(t *testing.T) {
	before := patience.Bounds
	defer func() { patience.Bounds = before }()
	patience.Bounds.LeastWait, patience.Bounds.AsleepTicks = time.Hour, 5
	for name, tt := range map[string]struct {
		server student
		doing  string
	}{
		"time.Sleep": {students.EchoAfterSleep, "sleeps at {sleep}"},
		"time.After": {students.EchoAfterTimer, "waits to receive from a channel at {timer}"},
	} {
		t.Run(name, func(t *testing.T) {
			story := func(w *World) {
				server, _ := serving(w, tt.server)
				alice := w.Peer("alice")
				for i := 0; i < 100 || !w.rec.Virtual; i++ {
					alice.Send(server, "hello")
					alice.ExpectFrom(server, "hello")
				}
			}
			f, _ := tell(t, either[0], story)
			require.Nil(t, f)
			f, tb := tell(t, either[1], story)
			require.NotNil(t, f)
			require.Equal(t, verdict.Stuck, f.State)
			require.Contains(t, unmessage(t, f.Text.EN), "The code "+tt.doing+", again and again: this story has "+
				"waited 500ms for that in all.", read(tb))
		})
	}
}
