package harness

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/students"
	"udpkata/harness/verdict"
)

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
		}, `STORY: Serve did not return at once when its context was cancelled: it waits in ReadFrom at {deaf}.

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
		{"goes round on a past deadline", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.SpinsOnDeadline)
			serve.Returns(nil)
		}, `{past}: The code keeps calling ReadFrom of server's socket, though it has failed 10000 times in a second: read udp ADDR: i/o timeout.

Your code: server's socket has a read deadline, set at {expired}.
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
