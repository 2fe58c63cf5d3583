package harness

import (
	"context"
	"io"
	"net"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/students"
	"udpkata/harness/verdict"
)

// TestSpin: code that can't be stopped fails its task, and the tasks after it
// are not run.
func TestSpin(t *testing.T) {
	students.StopSpinning.Store(false)
	defer stuckTask.Store(nil)
	defer students.StopSpinning.Store(true)
	f, tb := tell(t, loopback4, func(w *Kernel4) { serving(w, students.Spins) })
	require.Equal(t, verdict.Stuck, f.State)
	golden(t, "spins", "", tb)
	t.Run("after", func(t *testing.T) {
		t.Cleanup(func() { require.True(t, t.Skipped()) })
		OnEachNetwork(t, func(w *World) { t.Error("told a story beside code that can't be stopped") })
	})
}

// TestExactMessages: what only virtual time can say.
func TestExactMessages(t *testing.T) {
	const ms = time.Millisecond
	sleep := func(d time.Duration) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { time.Sleep(d); return "done", io.EOF }
	}
	writing := func(w *Virtual, instants ...time.Duration) net.Conn {
		client := w.Dial("client", w.Peer("server"))
		for _, at := range instants {
			w.At(at)
			client.Write([]byte("?"))
		}
		return client
	}
	tests := []struct {
		name  string
		story func(w *Virtual)
		want  string // the first line's text; "" if the story holds
	}{
		{"at its time", func(w *Virtual) { w.Call("Ask", sleep(5*ms)).FailsAt(5*ms, io.EOF) }, ""},
		{"early", func(w *Virtual) { w.Call("Ask", sleep(5*ms-1)).FailsAt(5*ms, io.EOF) },
			"Ask returned after 4.999999ms; the story wants it after 5ms."},
		{"late", func(w *Virtual) { w.Call("Ask", sleep(5*ms+1)).FailsAt(5*ms, io.EOF) },
			"Ask returned after 5.000001ms; the story wants it after 5ms."},
		{"another result", func(w *Virtual) {
			w.Call("Ask", func(context.Context) (any, error) { return "a", nil }).ReturnsAt(0, "b")
		}, `Ask returned "a"; the story wants "b".`},
		{"until a deadline", func(w *Virtual) {
			w.CallUntil(5*ms, "Ask", func(ctx context.Context) (any, error) {
				deadline, ok := ctx.Deadline()
				require.True(w, ok)
				time.Sleep(time.Until(deadline))
				return nil, ctx.Err()
			}).FailsAt(5*ms, context.DeadlineExceeded)
		}, "Ask returned no error (nil); the story wants context.DeadlineExceeded."},
		{"until the context is done", func(w *Virtual) {
			w.CallUntil(5*ms, "Ask", func(ctx context.Context) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}).FailsAt(5*ms, context.DeadlineExceeded)
		}, ""},
		{"back in time", func(w *Virtual) { w.At(ms); w.At(0) },
			"The story can't go back: it is 1ms already, and not 0s."},
		{"sends at their times", func(w *Virtual) { w.SentAt(writing(w, 0, ms, 7*ms), 0, ms, 7*ms) }, ""},
		{"a send too early", func(w *Virtual) { w.SentAt(writing(w, 0, ms-1), 0, ms) },
			"client sent its datagram number 2 after 999.999µs; the story wants it after 1ms."},
		{"a send too many", func(w *Virtual) { w.SentAt(writing(w, 0, ms), 0) },
			"client sent once more after 1ms; the story wants it to send no more than 1 time(s)."},
		{"a send too few", func(w *Virtual) { w.SentAt(writing(w, 0), 0, ms) },
			"client sent 1 of the 2 times that the story wants; the next one was due after 1ms."},
		{"silence", func(w *Virtual) { w.SilentFrom(writing(w, 0, ms-1), ms) }, ""},
		{"no silence", func(w *Virtual) { w.SilentFrom(writing(w, 0, ms), ms) },
			"client sent once more after 1ms; the story wants silence from 1ms on."},
		{"silence but for what may be", func(w *Virtual) {
			w.SilentBut(writing(w, 0, ms), ms, "?", func(payload string) bool { return payload == "?" })
		}, ""},
		{"no silence, and it may not be", func(w *Virtual) {
			w.SilentBut(writing(w, 0, ms), ms, "!", func(payload string) bool { return payload == "!" })
		}, `client sent "?" after 1ms; from 1ms on, the story wants it to send nothing, unless such as "!".`},
		{"still now", func(w *Virtual) { w.StillAt(0) }, ""},
		{"a pause", func(w *Virtual) {
			writing(w, 0, ms)
			w.StillAt(ms - 1)
		}, "It took until 1ms after the story's beginning; the story wants all of that after 999.999µs."},
		{"nobody there", func(w *Virtual) {
			server := w.Peer("server")
			client := w.Dial("client", server)
			server.Close()
			client.Write([]byte("?"))
			_, err := client.Read(make([]byte, 1))
			require.ErrorIs(w, err, syscall.ECONNREFUSED)
		}, ""},
		{"everything read", func(w *Virtual) {
			conn, _ := serving(w, students.Mute)
			alice := w.Peer("alice")
			alice.Send(conn, "one")
			alice.Send(conn, "two")
			w.AllRead(conn)
		}, ""},
		{"not everything read", func(w *Virtual) {
			conn, _ := serving(w, students.BlockedUntilCancelled)
			w.Peer("alice").Send(conn, "one")
			w.AllRead(conn)
		}, `server did not read "one" from alice.`},
		{"nobody left to read", func(w *Virtual) {
			conn, _ := serving(w, students.EndsAtOnce)
			w.Peer("alice").Send(conn, "one")
			w.AllRead(conn)
		}, ""},
		{"forged", func(w *Virtual) {
			alice, bob, mallory := w.Peer("alice"), w.Peer("bob"), w.Peer("mallory")
			w.Forge(alice, bob, "fine")
			bob.ExpectFrom(alice, "fine")
			require.Equal(w, "mallory", w.Name(mallory.LocalAddr()))
			require.True(w, w.rec.Datagrams[0].Forged)
			require.True(w, w.rec.Datagrams[0].Heard)
		}, ""},
		{"hears whatever it is", func(w *Virtual) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "one")
			alice.Send(bob, "two")
			require.Equal(w, "one", bob.Hear(alice))
			require.Equal(w, "two", bob.Hear(alice))
			bob.HeardNothingElse()
		}, ""},
		{"hears nothing", func(w *Virtual) { w.Peer("bob").Hear(w.Peer("alice")) },
			"bob waited for a datagram from alice and heard nothing."},
		{"hears somebody else", func(w *Virtual) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			w.Peer("carol").Send(bob, "hi")
			bob.Hear(alice)
		}, `bob heard "hi" from carol; the story wants a datagram from alice.`},
		{"a socket that is closed", func(w *Virtual) {
			conn := w.ListenPacket("server")
			conn.Close()
			w.IsClosed(conn)
		}, ""},
		{"a socket that is not closed", func(w *Virtual) { w.IsClosed(w.ListenPacket("server")) },
			"server's socket should be closed by now, and is still open."},
		{"a read that is slow", func(w *Virtual) {
			conn := w.ListenPacket("server")
			w.SlowReads(conn, ms)
			w.Peer("alice").Send(conn, "one")
			w.Go("Serve", func(context.Context) error {
				_, _, err := conn.ReadFrom(make([]byte, 10))
				return err
			}).ReturnsAt(ms, nil)
		}, ""},
		{"a write that is slow", func(w *Virtual) {
			conn, alice := w.ListenPacket("server"), w.Peer("alice")
			w.SlowWrites(conn, ms)
			w.Go("Serve", func(context.Context) error {
				_, err := conn.WriteTo([]byte("!"), alice.LocalAddr())
				return err
			}).Returns(nil)
			w.SentAt(conn, ms)
		}, ""},
		{"a write that returns late", func(w *Virtual) {
			server := w.Peer("server")
			client := w.Dial("client", server)
			w.LateWrites(client, ms)
			writes := w.Go("Ask", func(context.Context) error {
				_, err := client.Write([]byte("?"))
				return err
			})
			w.LateWrites(client, 0)
			server.ExpectFrom(client, "?")
			w.SentAt(client, 0)
			w.StillAt(0)
			writes.Returns(nil)
			w.StillAt(ms - 1)
		}, "It took until 1ms after the story's beginning; the story wants all of that after 999.999µs."},
		{"an end as package net has it", func(w *Virtual) {
			conn := w.ListenPacket("server")
			w.FailRead(conn, io.EOF)
			_, _, err := conn.ReadFrom(nil)
			require.True(w, err == io.EOF)
		}, ""},
		{"a crowd", func(w *Virtual) {
			w.Crowd("Ask", "?", echoes(w.Echo()))
		}, ""},
		{"a crowd of which one fails", func(w *Virtual) {
			ask, n := echoes(w.Echo()), new(atomic.Int32)
			w.Crowd("Ask", "?", func(ctx context.Context) (any, error) {
				if n.Add(1) == crowdSize*crowdCalls/2 {
					return nil, io.EOF
				}
				return ask(ctx)
			})
		}, `Ask returned the error "EOF"; the story wants "?" and no error.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, tb := tell(t, virtual4, tt.story)
			if tt.want == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			require.Equal(t, tt.want, f.Text.EN)
		})
	}
	t.Run("on real sockets", func(t *testing.T) {
		f, _ := tell(t, loopback4, func(w *Kernel4) {
			client := w.Dial("client", w.Peer("server"))
			client.Write([]byte("?"))
			w.SentNotBefore(client, 0, time.Hour)
			client.Write([]byte("?"))
			w.SentNotBefore(client, 0, time.Hour)
		})
		require.NotNil(t, f)
		require.Contains(t, f.Text.EN, "client sent its datagram number 2 early, after ")
	})
}

// echoes returns a function that sends a datagram and reads one.
func echoes(conn net.Conn) func(context.Context) (any, error) {
	return func(context.Context) (any, error) {
		if _, err := conn.Write([]byte("?")); err != nil {
			return nil, err
		}
		buf := make([]byte, 10)
		n, err := conn.Read(buf)
		return string(buf[:n]), err
	}
}

// TestSpinInBubble: the same in virtual time, which stands still meanwhile.
func TestSpinInBubble(t *testing.T) {
	for name, spins := range map[string]student{"spin": students.Spins, "clock": students.SpinsOnClock} {
		t.Run(name, func(t *testing.T) {
			students.StopSpinning.Store(false)
			defer stuckTask.Store(nil)
			defer func() {
				students.StopSpinning.Store(true)
				stuck = append(stuck, goleak.IgnoreCurrent())
			}()
			f, tb := tell(t, virtual4, func(w *Virtual) { serving(w, spins) })
			require.Equal(t, verdict.Stuck, f.State)
			golden(t, name+" in virtual time", "", tb)
		})
	}
}

// TestHelpsTheCollector: a story whose goroutine helps the garbage collector, and is in no
// bubble meanwhile, does not stand still.
func TestHelpsTheCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	before := patience.Bounds
	defer func() { patience.Bounds = before }()
	patience.Bounds.IdleTicks, patience.Bounds.MostCPUTime = 3, time.Hour
	var enough atomic.Bool
	time.AfterFunc(8*patience.Tick, func() { enough.Store(true) })
	f, tb := tell(t, virtual4, func(*Virtual) {
		kept := make([]*[100]*int, 1<<16)
		for i := 0; !enough.Load(); i++ {
			kept[i%len(kept)] = new([100]*int)
		}
	})
	require.Nil(t, f, read(tb))
}

// TestLeftBlocked: a goroutine that nothing can wake fails the story that looks
// for it, and no other, though its bubble can't end.
func TestLeftBlocked(t *testing.T) {
	for _, n := range either {
		t.Run(n.name, func(t *testing.T) {
			defer func() { stuck = append(stuck, goleak.IgnoreCurrent()) }()
			f, tb := tell(t, n, func(w *World) {
				_, serve := serving(w, students.LeavesBlocked)
				serve.Returns(nil)
			})
			require.Nil(t, f, read(tb))
			f, tb = tell(t, n, func(w *World) {
				_, serve := serving(w, students.LeavesBlocked)
				serve.Returns(nil)
				w.NothingLeftBehind()
			})
			require.NotNil(t, f)
			golden(t, "goroutine left by another", "", tb)
			f, tb = tell(t, n, func(w *World) {
				_, serve := serving(w, func(context.Context, net.PacketConn) error { return nil })
				serve.Returns(nil)
				w.NothingLeftBehind()
			})
			require.Nil(t, f, "the goroutine of an earlier story is held against a later one: %s", read(tb))
		})
	}
}

// TestPolling: in virtual time, whoever looks at the context once in a while
// is late.
func TestPolling(t *testing.T) {
	f, tb := tell(t, virtual4, func(w *Virtual) {
		_, serve := serving(w, students.Polls)
		w.At(time.Millisecond)
		serve.Stop()
	})
	require.NotNil(t, f)
	golden(t, "polls", "", tb)
}

// TestSlowDeadlines: whoever does not wait for the goroutine that sets a deadline
// is caught each time; whoever does is not, nor is who reads on until it is set.
func TestSlowDeadlines(t *testing.T) {
	story := func(f student) func(w *Kernel4) {
		return func(w *Kernel4) {
			conn, alice := w.ListenPacket("server"), w.Peer("alice")
			w.SlowDeadlines(conn)
			serve := w.Go("Serve", func(ctx context.Context) error { return f(ctx, conn) })
			serve.Cancel()
			alice.Send(conn, "hello")
			serve.Returns(nil)
			w.NothingLeftBehind()
		}
	}
	for _, f := range []student{students.WaitsForWatcher, students.ReadsOn} {
		f, tb := tell(t, loopback4, story(f))
		require.Nil(t, f, read(tb))
	}
	f, tb := tell(t, loopback4, story(students.DoesNotWaitForWatcher))
	require.NotNil(t, f)
	golden(t, "slow deadline", "", tb)
}

// TestClose: the code meets the end of its context before its socket is closed, so that
// the two come in one order each time.
func TestClose(t *testing.T) {
	f, tb := tell(t, virtual4, func(w *Virtual) {
		conn := w.ListenPacket("server")
		serve := w.Go("Serve", func(ctx context.Context) error {
			<-ctx.Done()
			return conn.SetReadDeadline(time.Time{})
		})
		serve.Close()
		serve.Returns(nil)
	})
	require.Nil(t, f, read(tb))
}

// TestFailedRead: a read that fails because the story wants it does not pass for
// something that the network did.
func TestFailedRead(t *testing.T) {
	f, tb := tell(t, virtual4, func(w *Virtual) {
		conn := w.ListenPacket("server")
		w.FailNextRead(conn, syscall.ECONNREFUSED)
		w.Go("Serve", func(ctx context.Context) error { return students.Echo(ctx, conn) }).Returns(nil)
	})
	require.NotNil(t, f)
	golden(t, "failed read", "", tb)
}
