package harness

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/students"
	"udpkata/harness/text"
)

// meaning returns what a story's failure most likely means, in English.
func meaning(t *testing.T, story func(w *World)) string {
	f, tb := tell(t, either[0], story)
	require.NotNil(t, f, read(tb))
	var all []string
	for _, m := range f.Means {
		all = append(all, m.EN)
	}
	return strings.Join(all, "\n")
}

// TestBecause: a reason is said of what is checked next, a call's of all that it
// returns; and of nothing else.
func TestBecause(t *testing.T) {
	fails := func(w *World) *Call {
		return w.Call("Find", func(context.Context) (any, error) { return 2, nil })
	}
	panics := func(w *World) { w.Go("Panic", func(context.Context) error { panic("no") }).Returns(nil) }
	because := func(english, chinese string) []diagnosis.Meaning {
		return []diagnosis.Meaning{{Rule: diagnosis.Because, Text: text.Both(english, chinese)}}
	}
	tests := []struct {
		name  string
		story func(w *World)
		want  []diagnosis.Meaning
	}{
		{"the story's", func(w *World) {
			w.Because("It is %d.", 1).Logged("one")
		}, because("It is 1.", "It is 1.")},
		{"with its Chinese", func(w *World) {
			w.Because("It is %s, and not %s.", "one", "two").Logged("one")
		}, because("It is one, and not two.", "不是 two，是 one。")},
		{"of what was checked before", func(w *World) {
			w.Log().Write([]byte("one\n"))
			w.Because("It is one.").Logged("one")
			w.Logged("two")
		}, nil},
		{"a peer's", func(w *World) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "hello")
			bob.Because("It is hello.").ExpectFrom(alice, "hello")
			alice.Send(bob, "hey")
			bob.Because("It is %s.", "hi").ExpectFrom(alice, "hi")
		}, because("It is hi.", "It is hi.")},
		{"of what a peer heard before", func(w *World) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "hello")
			bob.Because("It is hello.").ExpectFrom(alice, "hello")
			alice.Send(bob, "hey")
			bob.ExpectFrom(alice, "hi")
		}, nil},
		{"the call's own", func(w *World) {
			fails(w).Because("It is three.").Returns(3)
		}, because("It is three.", "It is three.")},
		{"another call's", func(w *World) {
			fails(w).Because("It is two.").Returns(2)
			fails(w).Returns(3)
		}, nil},
		{"a panic after another call", func(w *World) {
			fails(w).Because("It is two.").Returns(2)
			panics(w)
		}, nil},
		{"a panic before what is checked", func(w *World) {
			w.Because("It is two.")
			panics(w)
		}, because("It is two.", "It is two.")},
		{"of what another call returned", func(w *World) {
			w.Because("It is two.")
			fails(w).Returns(2)
			fails(w).Returns(3)
		}, nil},
		{"of what a call must not be", func(w *World) {
			w.Because("It is no end.")
			w.Go("Read", func(context.Context) error { return io.EOF }).FailsNot(io.EOF)
		}, because("It is no end.", "It is no end.")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := tell(t, either[0], tt.story)
			require.NotNil(t, f)
			require.Equal(t, tt.want, f.Means)
		})
	}
}

// TestStaleWant: a story that fails on its own is not explained by what it wanted
// before.
func TestStaleWant(t *testing.T) {
	for name, end := range map[string]func(w *World){
		"Errorf": func(w *World) { w.Errorf("no") },
		"panic":  func(*World) { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, meaning(t, func(w *World) {
				conn := w.ListenPacket("server")
				w.StillOpen(conn)
				w.NothingLeftBehind() // wants no deadline
				end(w)
			}))
		})
	}
}

// TestOncePerDatagram: a function of the story's that is called too often is told.
func TestOncePerDatagram(t *testing.T) {
	require.Contains(t, meaning(t, func(w *World) {
		conn := w.ListenPacket("server")
		drop := w.OncePerDatagram("drop", func() bool { return true })
		w.Peer("alice").Send(conn, "hello")
		w.Go("Serve", func(context.Context) error {
			conn.ReadFrom(make([]byte, 9))
			drop()
			drop()
			return errors.New("no")
		}).Returns(nil)
	}), "drop was called 2 times, and 1 datagram(s) were read.")
}

// TestAllRead: what has been read has also been counted, on whatever goroutine.
func TestAllRead(t *testing.T) {
	for _, n := range either {
		t.Run(n.name, func(t *testing.T) {
			f, tb := tell(t, n, func(w *World) {
				var count atomic.Int64
				conn, _ := serving(w, students.CountsElsewhere(&count))
				alice := w.Peer("alice")
				for i := range 20 {
					alice.Send(conn, "hello")
					w.AllRead(conn)
					require.EqualValues(w, i+1, count.Load())
				}
			})
			require.Nil(t, f, read(tb))
		})
	}
}

// TestWhatCallsDo: what is told of a socket apart from its datagrams: by whom it was used,
// who has read there, and whose deadline was met.
func TestWhatCallsDo(t *testing.T) {
	buf := make([]byte, 99)
	for want, story := range map[string]func(w *World){
		"Ask has returned, and has neither read nor sent anything on client's socket": func(w *World) {
			client, server := w.ListenPacket("client"), w.Peer("server")
			w.Go("Ask", func(context.Context) error { return errors.New("no socket for me") })
			server.ExpectFrom(client, "hello")
		},
		"Ask met a deadline that an earlier call has left on the socket": func(w *World) {
			client := w.ListenPacket("client")
			w.Go("Ask", func(context.Context) error { return client.SetReadDeadline(time.Unix(1, 0)) }).Returns(nil)
			w.Call("Ask", func(context.Context) (any, error) {
				_, _, err := client.ReadFrom(buf)
				return "", err
			}).Returns("yes")
		},
		"that read had begun before it": func(w *World) {
			client, server := w.ListenPacket("client"), w.Peer("server")
			w.Go("Ask", func(context.Context) error {
				go client.ReadFrom(buf)
				return nil
			}).Returns(nil)
			w.rec.Quiesce()
			again := w.Go("Ask", func(ctx context.Context) error { <-ctx.Done(); return nil })
			server.Send(client, "yes")
			again.Returns(nil)
		},
	} {
		t.Run(want, func(t *testing.T) { require.Contains(t, meaning(t, story), want) })
	}
}

// TestAssertedTo: a panic of code that asserts one of the harness's sockets to a type tells
// that type, and none of the harness's.
func TestAssertedTo(t *testing.T) {
	for _, tt := range []struct{ panicked, want string }{
		{"interface conversion: net.PacketConn is record.PacketConn, not *net.UDPConn", "*net.UDPConn"},
		{"interface conversion: record.PacketConn is not syscall.Conn: missing method SyscallConn", "syscall.Conn"},
		{"interface conversion: pmtu.Path is *harness.PathConn, not *pmtu.kernelPath", "*pmtu.kernelPath"},
		{"interface conversion: net.Addr is *net.UDPAddr, not *net.TCPAddr", ""},
		{"interface conversion: net.PacketConn is nil, not *net.UDPConn", ""},
	} {
		require.Equal(t, tt.want, assertedTo(tt.panicked))
	}
}
