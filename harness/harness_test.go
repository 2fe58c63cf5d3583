package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/students"
	"udpkata/harness/verdict"
)

var _ require.TestingT = (*World)(nil)

func TestMain(m *testing.M) {
	// The code below is known not to answer, so there is no use in patience.
	bounds.leastWait = 200 * time.Millisecond
	bounds.idleTicks = 1
	bounds.mostCPUTime = 100 * time.Millisecond
	status := m.Run()
	if err := goleak.Find(stuck...); err != nil && status == 0 {
		fmt.Println(err)
		status = 1
	}
	os.Exit(status)
}

// stuck are the goroutines of stories that are stuck on purpose.
var stuck []goleak.Option

// A fakeTB is what a story's outcome is reported to.
type fakeTB struct {
	testing.TB
	output  bytes.Buffer
	failed  bool
	skipped string
}

func (f *fakeTB) Output() io.Writer { return &f.output }
func (f *fakeTB) FailNow()          { f.failed = true; runtime.Goexit() }
func (f *fakeTB) Skip(args ...any)  { f.skipped = args[0].(string); runtime.Goexit() }

// tell tells a story and returns the outcome and how it was reported.
func tell(t *testing.T, n network, story func(*World)) (*failure, *fakeTB) {
	s := callerSite("TestIt", 1)
	s.student = students.Dir
	f := newWorld(n, s).tell(t, story)
	tb := &fakeTB{}
	if f != nil {
		done := make(chan bool)
		go func() {
			defer close(done)
			report(tb, s, f, nil)
		}()
		<-done
	}
	return f, tb
}

// What differs from run to run.
var (
	aTime  = regexp.MustCompile(` +\d+\.\d{3}ms`)
	aPort  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	aMark  = regexp.MustCompile(`\{(\w+)\}`)
	aStory = regexp.MustCompile(`harness_test\.go:\d+`)
)

// read is a message without what differs from run to run.
func read(tb *fakeTB) string {
	text := aTime.ReplaceAllString(tb.output.String(), "  T")
	text = aPort.ReplaceAllString(text, "ADDR")
	return aStory.ReplaceAllString(text, "STORY")
}

// message fills in the lines of students.go that the marks in a text name.
func message(t *testing.T, text string) string {
	source, err := os.ReadFile(filepath.FromSlash(students.Dir + "/students.go"))
	require.NoError(t, err)
	return aMark.ReplaceAllStringFunc(text, func(mark string) string {
		for i, line := range strings.Split(string(source), "\n") {
			if strings.HasSuffix(line, "// "+strings.Trim(mark, "{}")) {
				return "students.go:" + strconv.Itoa(i+1)
			}
		}
		t.Fatalf("no line of students.go is named %s", mark)
		return ""
	})
}

type student = func(context.Context, net.PacketConn) error

// serving starts a student's server.
func serving(w *World, f student) (net.PacketConn, *Call) {
	conn := w.ListenPacket("server")
	return conn, w.Go("Serve", func(ctx context.Context) error { return f(ctx, conn) })
}

// TestMessages goes through every way in which a story can fail, and reads the
// whole message.
func TestMessages(t *testing.T) {
	tests := []struct {
		name  string
		state verdict.State
		story func(w *World)
		want  string // VIRTUAL and LOOPBACK begin lines that only one network gives
	}{
		{"todo", verdict.Todo, func(w *World) {
			_, serve := serving(w, students.Todo)
			serve.Returns(nil)
		}, `{todo}: TODO: write Todo, which does nothing
`},
		{"panic", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.IndexOutOfRange)
			alice := w.Peer("alice")
			alice.Send(conn, "abcd")
			alice.ExpectFrom(conn, "abcd")
		}, `{index}: Serve panicked: runtime error: index out of range [4] with length 4

  T  alice → server  "abcd"

Next: read lessons/students/hints.md, section TestIt.
`},
		{"type assertion", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.TypeAsserts)
			serve.Returns(nil)
		}, `{assert}: Serve panicked: interface conversion: net.PacketConn is harness.packetConn, not *net.UDPConn

Next: read lessons/students/hints.md, section TestIt.
`},
		{"goexit", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.Goexit)
			serve.Returns(nil)
		}, `{goexit}: Serve ended its goroutine with runtime.Goexit instead of returning.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"no answer", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Mute)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}, `STORY: alice waited for "hello" from server and heard nothing.

  T  alice → server  "hello"

Your code: Serve waits in ReadFrom at {read}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"answer to somebody else", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.EchoToFirst)
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
			bob.Send(conn, "hi")
			bob.ExpectFrom(conn, "hi")
		}, `STORY: bob waited for "hi" from server and heard nothing; that went to alice (sent at {first}).

  T  alice → server  "hello"
  T  server → alice  "hello"
  T  bob → server    "hi"
  T  server → alice  "hi"

Your code: Serve waits in ReadFrom at {read}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"answer cut short", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Echo)
			alice := w.Peer("alice")
			alice.Send(conn, "0123456789")
			alice.ExpectFrom(conn, "0123456789")
		}, `STORY: alice heard "01234567" from server (sent at {echo}); the story wants "0123456789".

  T  alice → server  "0123456789"  ✗ only its first 8 bytes were read
  T  server → alice  "01234567"

Next: read lessons/students/hints.md, section TestIt.
`},
		{"answer from somebody else", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Mute)
			alice, mallory := w.Peer("alice"), w.Peer("mallory")
			mallory.Send(alice, "hello")
			alice.ExpectFrom(conn, "hello")
		}, `STORY: alice heard "hello" from mallory; the story wants "hello" from server.

  T  mallory → alice  "hello"

Next: read lessons/students/hints.md, section TestIt.
`},
		{"answer too many", verdict.Failed, func(w *World) {
			conn, serve := serving(w, students.EchoTwice)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
			serve.Cancel()
			alice.HeardNothingElse()
		}, `STORY: alice heard one datagram more than the story wants: "hello" from server (sent at {twice}).

  T  alice → server  "hello"
  T  server → alice  "hello"
  T  server → alice  "hello"

Next: read lessons/students/hints.md, section TestIt.
`},
		{"returned too early", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.EndsAtOnce)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}, `STORY: alice waited for "hello" from server and heard nothing.

  T  alice → server  "hello"  ✗ nobody read it

Your code: Serve has returned the error "no socket for me".
Next: read lessons/students/hints.md, section TestIt.
`},
		{"reply that can't be sent", verdict.Failed, func(w *World) {
			conn := w.ListenPacket("server")
			alice := w.Peer("alice")
			w.FailWritesTo(conn, alice, syscall.ENETUNREACH)
			w.Go("Serve", func(ctx context.Context) error { return students.Echo(ctx, conn) })
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}, `STORY: alice waited for "hello" from server and heard nothing.

  T  alice → server  "hello"
  T  server → alice  "hello"  ✗ not sent: network is unreachable

Your code: Serve waits in ReadFrom at {read}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"ignores its context", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.IgnoresContext)
			serve.Cancel()
		}, `STORY: Serve did not return when its context was cancelled: it waits in ReadFrom at {deaf}.

Your code: Serve waits in ReadFrom at {deaf}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"does not return", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.IgnoresContext)
			serve.Returns(nil)
		}, `STORY: Serve did not return: it waits in ReadFrom at {deaf}.

Your code: Serve waits in ReadFrom at {deaf}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"does not return at the story's end", verdict.Stuck, func(w *World) {
			serving(w, students.BlockedOnChannel)
		}, `STORY: Serve did not return, though its context is cancelled and its socket closed: it waits to receive from a channel at {channel}.

Your code: Serve waits to receive from a channel at {channel}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"mutex", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.BlockedOnMutex)
			serve.End()
		}, `LOOPBACK STORY: Serve did not return, though its context is cancelled and its socket closed: it waits for a mutex at {mutex}.
LOOPBACK 
LOOPBACK Your code: Serve waits for a mutex at {mutex}.
VIRTUAL {mutex}: The code waits for a mutex at {mutex}, and time stands still. Hold no mutex while you wait for something else.
VIRTUAL 
Next: read lessons/students/hints.md, section TestIt.
`},
		{"goes round on a closed socket", verdict.Stuck, func(w *World) {
			conn, serve := serving(w, students.IgnoresErrors)
			w.Close(conn)
			serve.Fails(net.ErrClosed)
		}, `{closed}: The code keeps calling ReadFrom of server's socket, though it has failed 10000 times in a second: read udp ADDR: use of closed network connection.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"channel of the package", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.BlockedOnSharedChannel)
			serve.End()
		}, `LOOPBACK STORY: Serve did not return, though its context is cancelled and its socket closed: it waits to receive from a channel at {shared}.
LOOPBACK 
LOOPBACK Your code: Serve waits to receive from a channel at {shared}.
VIRTUAL {shared}: The code waits to receive from a channel at {shared}, and time stands still. Keep no channel in a package-level variable.
VIRTUAL 
Next: read lessons/students/hints.md, section TestIt.
`},
		{"socket of its own", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.OwnSocket)
			serve.End()
		}, `LOOPBACK STORY: Serve did not return, though its context is cancelled and its socket closed: it waits for input at {own}.
LOOPBACK 
LOOPBACK Your code: Serve waits for input at {own}.
VIRTUAL {own}: The code waits for input at {own}, and time stands still. Use the socket that you were given.
VIRTUAL 
Next: read lessons/students/hints.md, section TestIt.
`},
		{"exit", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.Exits)
			serve.Returns(nil)
		}, `{exit}: Serve panicked: unexpected call to os.Exit(0) during test

Next: read lessons/students/hints.md, section TestIt.
`},
		{"closes the socket", verdict.Failed, func(w *World) {
			conn, serve := serving(w, students.Closes)
			serve.Returns(nil)
			w.StillOpen(conn)
		}, `STORY: server's socket should still be open: it belongs to whoever opened it, but {close} closed it.

Your code: server's socket was closed at {close}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"leaves a goroutine that only calls", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesGoroutine)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}, `STORY: A goroutine is left over: it waits in ReadFrom, started at {started}. Whoever starts a goroutine waits for its end before returning.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"leaves a goroutine", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesReader)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}, `STORY: A goroutine is left over: it waits in ReadFrom at {reader}. Whoever starts a goroutine waits for its end before returning.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"leaves a deadline", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesDeadline)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}, `STORY: server's socket is left with a read deadline, set at {deadline}. The next user of the socket would meet it.

Your code: server's socket has a read deadline, set at {deadline}.
Next: read lessons/students/hints.md, section TestIt.
`},
		{"no error", verdict.Failed, func(w *World) {
			_, serve := serving(w, func(context.Context, net.PacketConn) error { return nil })
			serve.Fails(context.Canceled, os.ErrDeadlineExceeded)
		}, `STORY: Serve returned no error (nil); the story wants context.Canceled or os.ErrDeadlineExceeded.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"another error", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.EndsAtOnce)
			serve.Fails(net.ErrClosed)
		}, `STORY: Serve returned the error "no socket for me"; the story wants one that errors.Is finds to be net.ErrClosed.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"lost cause", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LosesCause)
			serve.Cancel()
			serve.Fails(context.Canceled)
		}, `STORY: Serve returned the error "serve: context canceled"; the story wants one that errors.Is finds to be context.Canceled. Its text says so, but its cause is lost: wrap it with %w.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"unwanted error", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.EndsAtOnce)
			serve.Returns(nil)
		}, `STORY: Serve returned the error "no socket for me"; the story wants no error.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"another result", verdict.Failed, func(w *World) {
			w.Call("Ask", func(context.Context) (any, error) { return "hi", nil }).Returns("hello")
		}, `STORY: Ask returned "hi"; the story wants "hello".

Next: read lessons/students/hints.md, section TestIt.
`},
		{"error instead of a result", verdict.Failed, func(w *World) {
			w.Call("Ask", func(context.Context) (any, error) { return "", io.ErrUnexpectedEOF }).Returns("hello")
		}, `STORY: Ask returned the error "unexpected EOF"; the story wants "hello" and no error.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"log", verdict.Failed, func(w *World) {
			w.Log().Write([]byte("one\n"))
			w.Logged("one", "two")
		}, `STORY: the log lacks the line
    two

Next: read lessons/students/hints.md, section TestIt.
`},
		{"require", verdict.Failed, func(w *World) {
			require.Equal(w, 1, 2)
		}, `STORY: Not equal:
    expected: 1
    actual  : 2

Next: read lessons/students/hints.md, section TestIt.
`},
		{"gives up", verdict.Failed, func(w *World) {
			w.FailNow()
		}, `STORY: The story gave up.

Next: read lessons/students/hints.md, section TestIt.
`},
		{"todo on the story's own goroutine", verdict.Todo, func(w *World) {
			students.Todo(context.Background(), nil)
		}, `{todo}: TODO: write Todo, which does nothing
`},
	}
	for _, tt := range tests {
		for _, n := range []network{virtual{localhost4}, loopback{localhost4}} {
			t.Run(tt.name+"/"+n.name(), func(t *testing.T) {
				todoSeen.Store(false)
				if tt.state == verdict.Stuck {
					require.NoError(t, goleak.Find(stuck...))
				}
				f, tb := tell(t, n, tt.story)
				if tt.state == verdict.Stuck {
					stuck = append(stuck, goleak.IgnoreCurrent())
				}
				require.NotNil(t, f, "the story did not fail")
				require.Equal(t, message(t, onlyOf(n, tt.want)), read(tb))
				require.Equal(t, tt.state, f.state)
				require.True(t, tb.failed)
				first, _, _ := strings.Cut(tb.output.String(), "\n")
				require.Equal(t, first, f.reason())
			})
		}
	}
}

// onlyOf takes out the lines of a message that another network gives.
func onlyOf(n network, text string) string {
	mine, others := "VIRTUAL ", "LOOPBACK "
	if _, real := n.(loopback); real {
		mine, others = others, mine
	}
	var out strings.Builder
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, others) {
			out.WriteString(strings.TrimPrefix(l, mine))
		}
	}
	return out.String()
}

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

// TestSpin: code that can't be stopped fails its task, and the tasks after it
// are not run.
func TestSpin(t *testing.T) {
	students.StopSpinning.Store(false)
	defer stuckTask.Store(nil)
	defer students.StopSpinning.Store(true)
	f, tb := tell(t, networks[2], func(w *World) { serving(w, students.Spins) })
	require.Equal(t, verdict.Stuck, f.state)
	require.Equal(t, message(t, `STORY: Serve did not return, though its context is cancelled and its socket closed: it is running at {spin}.

Your code: Serve is running at {spin}.
           It can't be stopped, so the tests after this one are skipped.
Next: read lessons/students/hints.md, section TestIt.
`), read(tb))
	t.Run("after", func(t *testing.T) {
		t.Cleanup(func() { require.True(t, t.Skipped()) })
		OnEachNetwork(t, func(w *World) { t.Error("told a story beside code that can't be stopped") })
	})
}

// TestSpinInBubble: the same in virtual time, which stands still meanwhile.
func TestSpinInBubble(t *testing.T) {
	students.StopSpinning.Store(false)
	defer stuckTask.Store(nil)
	defer func() {
		students.StopSpinning.Store(true)
		stuck = append(stuck, goleak.IgnoreCurrent())
	}()
	f, tb := tell(t, virtual{localhost4}, func(w *World) { serving(w, students.Spins) })
	require.Equal(t, verdict.Stuck, f.state)
	require.Equal(t, message(t, `{spin}: The code is running at {spin} and never waits.

Your code: It can't be stopped, so the tests after this one are skipped.
Next: read lessons/students/hints.md, section TestIt.
`), read(tb))
}

// TestPolling: in virtual time, whoever looks at the context once in a while
// is late.
func TestPolling(t *testing.T) {
	f, tb := tell(t, virtual{localhost4}, func(w *World) {
		_, serve := serving(w, students.Polls)
		w.At(time.Millisecond)
		serve.Cancel()
	})
	require.NotNil(t, f)
	require.Equal(t, message(t, `STORY: Serve did not return when its context was cancelled: it waits in ReadFrom at {polls}.

Your code: Serve waits in ReadFrom at {polls}.
           server's socket has a read deadline, set at students.go:LINE.
Next: read lessons/students/hints.md, section TestIt.
`), regexp.MustCompile(`set at students\.go:\d+`).ReplaceAllString(read(tb), "set at students.go:LINE"))
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
	require.Equal(t, f.reason(), second.skipped)
	require.Empty(t, second.output.String())
}

// TestNetworksNotRun: a failure says which networks it kept from being tried.
func TestNetworksNotRun(t *testing.T) {
	f := &failure{state: verdict.Failed, at: line{"a_test.go", 1}, text: "no"}
	require.Equal(t, `a_test.go:1: no

Next: read lessons/09-x/hints.md, section TestX.
Not run, as this failed: loopback/ip6, somewhere/else.
`, f.write(site{task: "TestX", student: "/lessons/09-x"}, []string{"loopback/ip6", "somewhere/else"}))
}

type missingNetwork struct{ network }

func (missingNetwork) name() string    { return "elsewhere" }
func (missingNetwork) missing() string { return "needs a network that nobody has" }

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

// TestRightCodePasses: what the messages above are held against.
func TestRightCodePasses(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name(), func(t *testing.T) {
			if sentence := n.missing(); sentence != "" {
				t.Skip(sentence)
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
				t.Fatal(f.write(s, nil))
			}
		})
	}
}

// TestRefuseNextRead: one read fails as Linux words it, and the next does not.
func TestRefuseNextRead(t *testing.T) {
	f, tb := tell(t, networks[2], func(w *World) {
		conn := w.ListenPacket("server")
		w.RefuseNextRead(conn)
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
			err := (&storyLog{writes: tt.writes}).check([]string{listening, hello})
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
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

func TestErrorName(t *testing.T) {
	require.Equal(t, "net.ErrClosed", errorName(net.ErrClosed))
	require.Equal(t, `"odd"`, errorName(errors.New("odd")))
}
