package harness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

// meaning is what a story's failure most likely means, in English.
func meaning(t *testing.T, story func(w *World)) string {
	f, tb := tell(t, networks[0], story)
	require.NotNil(t, f, read(tb))
	var all []string
	for _, m := range f.means {
		all = append(all, m.EN)
	}
	return strings.Join(all, "\n")
}

// TestBecause: a story's reason is said where it holds, a call's for that call alone.
func TestBecause(t *testing.T) {
	fails := func(w *World) *Call {
		return w.Call("Find", func(context.Context) (any, error) { return 2, nil })
	}
	tests := []struct {
		name  string
		story func(w *World)
		want  []text.Text
	}{
		{"the story's", func(w *World) {
			w.Because("It is one.", "是一。")
			fails(w).Returns(1)
		}, []text.Text{text.Both("It is one.", "是一。")}},
		{"the call's own", func(w *World) {
			w.Because("It is one.", "是一。")
			fails(w).Because("It is three.", "是三。").Returns(3)
		}, []text.Text{text.Both("It is three.", "是三。")}},
		{"another call's", func(w *World) {
			fails(w).Because("It is two.", "是二。").Returns(2)
			fails(w).Returns(3)
		}, nil},
		{"a panic after another call", func(w *World) {
			fails(w).Because("It is two.", "是二。").Returns(2)
			w.Go("Panic", func(context.Context) error { panic("no") }).Returns(nil)
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := tell(t, virtual{localhost4}, tt.story)
			require.NotNil(t, f)
			require.Equal(t, tt.want, f.means)
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
