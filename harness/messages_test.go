package harness

import (
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/students"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// TestMessages goes through every way in which a story can fail; the whole message
// is in testdata/messages.
func TestMessages(t *testing.T) {
	tests := []struct {
		name  string
		state verdict.State
		story func(w *World)
	}{
		{"todo", verdict.Todo, func(w *World) {
			_, serve := serving(w, students.Todo)
			serve.Returns(nil)
		}},
		{"panic", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.IndexOutOfRange)
			alice := w.Peer("alice")
			alice.Send(conn, "abcd")
			alice.ExpectFrom(conn, "abcd")
		}},
		{"type assertion", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.TypeAsserts)
			serve.Returns(nil)
		}},
		{"goexit", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.Goexit)
			serve.Returns(nil)
		}},
		{"no answer", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Mute)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}},
		{"answer to somebody else", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.EchoToFirst)
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
			bob.Send(conn, "hi")
			bob.ExpectFrom(conn, "hi")
		}},
		{"answer cut short", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Echo)
			alice := w.Peer("alice")
			alice.Send(conn, "0123456789")
			alice.ExpectFrom(conn, "0123456789")
		}},
		{"answer from somebody else", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.Mute)
			alice, mallory := w.Peer("alice"), w.Peer("mallory")
			mallory.Send(alice, "hello")
			alice.ExpectFrom(conn, "hello")
		}},
		{"answer too many", verdict.Failed, func(w *World) {
			conn, serve := serving(w, students.EchoTwice)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
			serve.Stop()
			alice.HeardNothingElse()
		}},
		{"returned too early", verdict.Failed, func(w *World) {
			conn, _ := serving(w, students.EndsAtOnce)
			alice := w.Peer("alice")
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}},
		{"reply that can't be sent", verdict.Failed, func(w *World) {
			conn := w.ListenPacket("server")
			alice := w.Peer("alice")
			w.FailWritesTo(conn, alice, syscall.ENETUNREACH)
			w.Go("Serve", func(ctx context.Context) error { return students.Echo(ctx, conn) })
			alice.Send(conn, "hello")
			alice.ExpectFrom(conn, "hello")
		}},
		{"ignores its context", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.IgnoresContext)
			serve.Stop()
		}},
		{"does not return", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.IgnoresContext)
			serve.Returns(nil)
		}},
		{"does not return at the story's end", verdict.Stuck, func(w *World) {
			serving(w, students.BlockedOnChannel)
		}},
		{"mutex", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.BlockedOnMutex)
			serve.Close()
		}},
		{"mutex after a reason", verdict.Stuck, func(w *World) {
			w.Call("Earlier", func(context.Context) (any, error) { return 1, nil }).Because("It is one.").Returns(1)
			_, serve := serving(w, students.BlockedOnMutex)
			serve.Close()
		}},
		{"text beside an error", verdict.Failed, func(w *World) {
			conn := w.ListenPacket("client")
			w.FailNextRead(conn, syscall.ECONNREFUSED)
			asking := w.Call("Ask", func(context.Context) (any, error) {
				_, _, err := conn.ReadFrom(nil)
				return "no answer", err
			})
			asking.Fails(syscall.ECONNREFUSED)
			asking.Beside("")
		}},
		{"goes round on a closed socket", verdict.Stuck, func(w *World) {
			conn, serve := serving(w, students.IgnoresErrors)
			w.Close(conn)
			serve.Fails(net.ErrClosed)
		}},
		{"channel of the package", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.BlockedOnSharedChannel)
			serve.Close()
		}},
		{"socket of its own", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.OwnSocket)
			serve.Close()
		}},
		{"exit", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.Exits)
			serve.Returns(nil)
		}},
		{"goes round on a past deadline", verdict.Stuck, func(w *World) {
			_, serve := serving(w, students.SpinsOnDeadline)
			serve.Returns(nil)
		}},
		{"closes the socket", verdict.Failed, func(w *World) {
			conn, serve := serving(w, students.Closes)
			serve.Returns(nil)
			w.StillOpen(conn)
		}},
		{"leaves a goroutine that only calls", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesGoroutine)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}},
		{"leaves a goroutine", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesReader)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}},
		{"leaves a deadline", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LeavesDeadline)
			serve.Returns(nil)
			w.NothingLeftBehind()
		}},
		{"no error", verdict.Failed, func(w *World) {
			_, serve := serving(w, func(context.Context, net.PacketConn) error { return nil })
			serve.Fails(context.Canceled, os.ErrDeadlineExceeded)
		}},
		{"another error", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.EndsAtOnce)
			serve.Fails(net.ErrClosed)
		}},
		{"lost cause", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.LosesCause)
			serve.Stop()
			serve.Fails(context.Canceled)
		}},
		{"unwanted error", verdict.Failed, func(w *World) {
			_, serve := serving(w, students.EndsAtOnce)
			serve.Returns(nil)
		}},
		{"another result", verdict.Failed, func(w *World) {
			w.Call("Ask", func(context.Context) (any, error) { return "hi", nil }).Returns("hello")
		}},
		{"error instead of a result", verdict.Failed, func(w *World) {
			w.Call("Ask", func(context.Context) (any, error) { return "", io.ErrUnexpectedEOF }).Returns("hello")
		}},
		{"log", verdict.Failed, func(w *World) {
			w.Log().Write([]byte("one\n"))
			w.Logged("one", "two")
		}},
		{"require", verdict.Failed, func(w *World) {
			require.Equal(w, 1, 2)
		}},
		{"gives up", verdict.Failed, func(w *World) {
			w.FailNow()
		}},
		{"todo on the story's own goroutine", verdict.Todo, func(w *World) {
			students.Todo(context.Background(), nil)
		}},
	}
	for _, tt := range tests {
		for _, n := range either {
			t.Run(tt.name+"/"+n.name, func(t *testing.T) {
				onWindows := runtime.GOOS == "windows" && strings.HasPrefix(n.name, "loopback/")
				if onWindows && tt.name == "answer cut short" {
					t.Skip("needs another system than Windows, whose sockets refuse to cut a datagram short")
				}
				todoSeen.Store(false)
				if tt.state == verdict.Stuck {
					require.NoError(t, goleak.Find(stuck...))
				}
				f, tb := tell(t, n, tt.story)
				if tt.state == verdict.Stuck {
					stuck = append(stuck, goleak.IgnoreCurrent())
				}
				require.NotNil(t, f, "the story did not fail")
				golden(t, tt.name, n.name, tb)
				require.Equal(t, tt.state, f.State)
				require.True(t, tb.failed)
				first, _, _ := strings.Cut(tb.output.String(), "\n")
				require.True(t, strings.HasPrefix(f.Reason(text.English), first), first)
			})
		}
	}
}
