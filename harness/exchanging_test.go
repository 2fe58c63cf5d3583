package harness

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/students"
)

// counts sends the numbers from 1 to what it is asked for, in a byte each, and waits after each until that comes back;
// but for a fault.
func counts(fault string) Exchanging {
	is := func(f string) bool { return f == fault }
	return Exchanging{
		Name: "Count", Socket: "counter", Parties: []string{"alice"}, Sizes: []int{0, 1, 2},
		Begin: func(w *Virtual) Exchange {
			conn, mallory := w.ListenPacket("counter"), w.Peer("mallory")
			var call *Call
			var most, heard int
			return Exchange{
				Socket: conn,
				Start: func(_, size int) *Call {
					most = size % 20
					alice := w.Server("alice", func(payload []byte) []byte {
						if int(payload[0]) == heard+1 {
							heard++
						}
						return payload
					})
					call = w.Go("Count", func(ctx context.Context) error {
						return counting(ctx, conn, alice.LocalAddr(), most, is)
					})
					return call
				},
				Stray: func(payload string) { mallory.Send(conn, payload) },
				Arrived: func() {
					call.Returns(nil)
					if heard != most {
						w.Errorf("%d of %d have come.", heard, most)
					}
				},
				Ended: func() { w.StillOpen(conn) },
			}
		},
		Stray: func(r *rand.Rand, _ string) string { return string([]byte{byte(1 + r.IntN(3))}) },
	}
}

func counting(ctx context.Context, conn net.PacketConn, to net.Addr, most int, is func(fault string) bool) error {
	if !is("ignores ctx") {
		defer interrupt(ctx, conn)()
	}
	if is("closes the socket") {
		defer conn.Close()
	}
	buf := make([]byte, 100)
	for i := 1; i <= most; i++ {
		timeout, come := time.NewTicker(time.Second/2), make(chan error)
		go func() {
			for {
				n, from, err := conn.ReadFrom(buf)
				switch {
				case errors.Is(err, net.ErrClosed), err != nil && (ctx.Err() != nil || is("ends at an error")):
					come <- errors.Join(err, ctx.Err())
					return
				case err != nil, from.String() != to.String() && !is("hears anybody"):
				case n == 1 && int(buf[0]) == i || is("takes any number"):
					come <- nil
					return
				}
			}
		}()
		conn.WriteTo([]byte{byte(i)}, to)
		for waiting := true; waiting; {
			select {
			case err := <-come:
				if err != nil {
					return err
				}
				waiting = false
			case <-timeout.C:
				if !is("sends once") {
					conn.WriteTo([]byte{byte(i)}, to)
				}
			}
		}
		timeout.Stop()
	}
	return nil
}

// TestExchanging: code that does its part whatever becomes of the datagrams passes; code with a fault is found out.
func TestExchanging(t *testing.T) {
	for fault, want := range map[string]string{
		"":                  "",
		"sends once":        "Count did not return",
		"ends at an error":  "Count returned the error",
		"takes any number":  "have come",
		"hears anybody":     "have come",
		"ignores ctx":       "Count did not return at once",
		"closes the socket": "socket should still be open",
	} {
		t.Run(fault, func(t *testing.T) {
			s := stacks.CallerSite("TestIt")
			s.Student = students.Dir
			f, err := findFailure(t, s, "counts", counts(fault))
			require.NoError(t, err)
			if fault == "" {
				require.Nil(t, f)
				return
			}
			require.NotNil(t, f)
			require.Contains(t, f.Text.EN, want)
			require.NotEmpty(t, f.Steps)
		})
	}
}
