package harness

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

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
	tests := []struct {
		name  string
		story func(w *World)
		want  []text.Text
	}{
		{"the story's", func(w *World) {
			w.Because("It is %d.", 1).Logged("one")
		}, []text.Text{text.Both("It is 1.", "It is 1.")}},
		{"with its Chinese", func(w *World) {
			w.Because("It is %s, and not %s.", "one", "two").Logged("one")
		}, []text.Text{text.Both("It is one, and not two.", "不是 two，是 one。")}},
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
		}, []text.Text{text.Both("It is hi.", "It is hi.")}},
		{"of what a peer heard before", func(w *World) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "hello")
			bob.Because("It is hello.").ExpectFrom(alice, "hello")
			alice.Send(bob, "hey")
			bob.ExpectFrom(alice, "hi")
		}, nil},
		{"the call's own", func(w *World) {
			fails(w).Because("It is three.").Returns(3)
		}, []text.Text{text.Both("It is three.", "It is three.")}},
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
		}, []text.Text{text.Both("It is two.", "It is two.")}},
		{"of what another call returned", func(w *World) {
			w.Because("It is two.")
			fails(w).Returns(2)
			fails(w).Returns(3)
		}, nil},
		{"of what a call must not be", func(w *World) {
			w.Because("It is no end.")
			w.Go("Read", func(context.Context) error { return io.EOF }).FailsNot(io.EOF)
		}, []text.Text{text.Both("It is no end.", "It is no end.")}},
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
