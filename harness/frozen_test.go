package harness

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/students"
	"udpkata/harness/verdict"
)

// TestUnfinishedStory: a story that does not come to its end has failed, whatever ended
// its goroutine.
func TestUnfinishedStory(t *testing.T) {
	const sentence = "The story did not come to its end: runtime.Goexit ended its goroutine, as FailNow and SkipNow " +
		"of a testing.T do."
	for _, n := range either {
		for name, end := range map[string]func(){
			"Goexit":   runtime.Goexit,
			"SkipNow":  func() { new(testing.T).SkipNow() },
			"FailNow":  func() { new(testing.T).FailNow() },
			"the code": func() { students.Goexit(context.Background(), nil) },
		} {
			t.Run(n.name+"/"+name, func(t *testing.T) {
				f, tb := tell(t, n, func(w *World) {
					serving(w, students.Echo)
					end()
				})
				require.NotNil(t, f, "the story has passed")
				require.Equal(t, verdict.Failed, f.State)
				require.Equal(t, sentence, f.Text.EN)
				require.True(t, tb.failed)
				if name == "the code" {
					require.Equal(t, "students.go", f.At.File)
				} else {
					require.Equal(t, "frozen_test.go", f.At.File)
				}
			})
		}
		t.Run(n.name+"/a failure comes first", func(t *testing.T) {
			f, _ := tell(t, n, func(w *World) {
				w.Errorf("this")
				runtime.Goexit()
			})
			require.Equal(t, "this", f.Text.EN)
		})
	}
	untold := telling[*World]{name: "nowhere", tell: func(*testing.T, *World, func(*World)) error { return nil }}
	f, _ := tell(t, untold, func(*World) {})
	require.NotNil(t, f, "a story that nobody told has passed")
}

// TestNobodyAsksLater: what a call returns may do anything when its methods are called:
// that happens on the call's own goroutine, as a part of the call, or not at all.
func TestNobodyAsksLater(t *testing.T) {
	wild := func(w *World, c *bool) students.Wild {
		conn := w.ListenPacket("server")
		w.wants(nil)
		return students.Wild{Do: func() {
			if *c {
				t.Error("somebody has called a method of what the call has returned")
			}
			conn.WriteTo([]byte("asked"), conn.LocalAddr())
			w.Log().Write([]byte("asked\n"))
		}}
	}
	returning := func(w *World, value any, err error, returned *bool) *Call {
		c := w.Call("Ask", func(context.Context) (any, error) { return value, err })
		c.Wait()
		*returned = true
		return c
	}
	for _, tt := range []struct {
		name  string
		story func(w *World, v students.Wild, returned *bool)
		want  string
	}{
		{"an error", func(w *World, v students.Wild, returned *bool) {
			c := returning(w, nil, v, returned)
			c.Fails(net.ErrClosed)
			c.Fails(os.ErrClosed)
			c.FailsNot(io.EOF)
			c.Says("wild")
			c.Fails(io.EOF)
		}, `Ask returned the error "wild"; errors.Is(err, "EOF") must be true.`},
		{"an error instead of none", func(w *World, v students.Wild, returned *bool) {
			returning(w, "hi", errors.Join(v, v), returned).Returns("hi")
		}, `Ask returned the error "wild\nwild"; the story wants "hi" and no error.`},
		{"a value", func(w *World, v students.Wild, returned *bool) {
			returning(w, v, nil, returned).Returns("hi")
		}, `Ask returned {PacketConn: nil, Do: a func()}; the story wants "hi".`},
		{"a value instead of an error", func(w *World, v students.Wild, returned *bool) {
			returning(w, &v, nil, returned).Fails()
		}, `Ask returned a *students.Wild and no error (nil); the story wants an error.`},
		{"a value beside an error", func(w *World, v students.Wild, returned *bool) {
			returning(w, &v, io.EOF, returned).Fails()
		}, `Ask returned a *students.Wild beside the error "EOF"; the story wants no socket there.`},
		{"addresses", func(w *World, v students.Wild, returned *bool) {
			returning(w, struct{ All []net.Addr }{[]net.Addr{v}}, nil, returned).Returns(1)
		}, `Ask returned {All: [{PacketConn: nil, Do: a func()}]}; the story wants 1.`},
		{"a socket", func(w *World, v students.Wild, returned *bool) {
			returning(w, v, nil, returned).socket(nil)
		}, `Ask returned a students.Wild; the story wants a UDP socket as package net opens it, a *net.UDPConn.`},
		{"what is wanted", func(w *World, v students.Wild, returned *bool) {
			returning(w, "hi", nil, returned).Returns(v)
		}, `Ask returned "hi"; the story wants {PacketConn: nil, Do: a func()}.`},
		{"a panic", func(w *World, v students.Wild, returned *bool) {
			w.Call("Ask", func(context.Context) (any, error) {
				v.Do = func() {
					if *returned {
						t.Error("asked twice")
					}
					*returned = true
				}
				panic(v)
			}).Returns(nil)
		}, `Ask panicked: wild`},
	} {
		for _, n := range either {
			t.Run(tt.name+"/"+n.name, func(t *testing.T) {
				f, tb := tell(t, n, func(w *World) {
					returned := false
					tt.story(w, wild(w, &returned), &returned)
				})
				require.NotNil(t, f)
				require.Equal(t, tt.want, f.Text.EN, read(tb))
			})
		}
	}
}

// TestMethodsThatDoNotReturn: an error whose methods don't return is a call that does not.
func TestMethodsThatDoNotReturn(t *testing.T) {
	for _, n := range either {
		for name, tt := range map[string]struct {
			code student
			want string
		}{
			"blocked": {students.BlockedInError,
				"Serve did not return: it waits to receive from a channel at {asked}."},
			"ended": {students.GoexitInError,
				"Serve ended its goroutine with runtime.Goexit instead of returning."},
		} {
			t.Run(name+"/"+n.name, func(t *testing.T) {
				f, _ := tell(t, n, func(w *World) {
					_, serve := serving(w, tt.code)
					serve.Fails()
				})
				stuck = append(stuck, goleak.IgnoreCurrent())
				require.NotNil(t, f)
				require.Equal(t, tt.want, unmessage(t, f.Text.EN))
			})
		}
	}
}

// TestChangedBytes: bytes that a call has returned are looked at when the story asks for
// them, and each time once.
func TestChangedBytes(t *testing.T) {
	f, tb := tell(t, either[0], func(w *World) {
		buf := []byte("one")
		ask := func(text string) *Call {
			return w.Call("Ask", func(context.Context) (any, error) { return buf[:copy(buf, text)], nil })
		}
		first := ask("one")
		first.Returns([]byte("one"))
		ask("two").Returns([]byte("two"))
		first.Returns([]byte("one"))
	})
	require.NotNil(t, f)
	require.Equal(t, `What Ask returned has changed since: it was "one", and is "two" now.`, f.Text.EN)
	require.Contains(t, read(tb), `Ask did return "one", but these bytes have changed since`)
}

// TestChangedAddresses: an address that the code was given is its own.
func TestChangedAddresses(t *testing.T) {
	for _, n := range all {
		t.Run(n.name, func(t *testing.T) {
			if missing := n.missing(); missing != nil {
				t.Skip(missing)
			}
			f, tb := tell(t, n, func(w *World) {
				conn, _ := serving(w, students.ChangesAddresses)
				alice := w.Peer("alice")
				client := w.Dial("client", alice)
				for range 2 {
					for _, addr := range []net.Addr{alice.LocalAddr(), client.RemoteAddr()} {
						clear(addr.(*net.UDPAddr).IP)
						*addr.(*net.UDPAddr) = net.UDPAddr{}
					}
					require.Equal(w, "alice", w.Name(client.RemoteAddr()))
					alice.Send(conn, "hi")
					alice.ExpectFrom(conn, "hi")
				}
				require.Equal(w, "server", w.Name(conn.LocalAddr()))
			})
			require.Nil(t, f, read(tb))
		})
	}
}

// TestOwnAddresses: an address of another type than package net's has a name as well.
func TestOwnAddresses(t *testing.T) {
	f, tb := tell(t, either[0], func(w *World) {
		alice := w.Peer("alice")
		require.Equal(w, "alice", w.Name(ownAddr(alice.LocalAddr().String())))
		require.Equal(w, "nobody", w.Name(ownAddr("somewhere")))
		require.Equal(w, "nobody", w.Name(nil))
	})
	require.Nil(t, f, read(tb))
}

type ownAddr string

func (ownAddr) Network() string  { return "udp" }
func (a ownAddr) String() string { return string(a) }

// TestZeroSocket: a socket that can't be used is the code's fault.
func TestZeroSocket(t *testing.T) {
	f, _ := tell(t, loopback4, func(w *Kernel4) {
		c := w.Call("Open", func(context.Context) (any, error) { return new(net.UDPConn), nil })
		w.Opened(c, "server", netip.AddrPortFrom(w.Home(), 0))
	})
	require.Equal(t, verdict.Failed, f.State)
	require.Equal(t, "Open returned a *net.UDPConn that can't be used: invalid argument.", f.Text.EN)
}

// TestKeptSocket: a socket of an earlier story is closed, and using it ends nobody.
func TestKeptSocket(t *testing.T) {
	for _, first := range either {
		for _, second := range either {
			t.Run(first.name+" then "+second.name, func(t *testing.T) {
				students.Kept = nil
				var log io.Writer
				f, tb := tell(t, first, func(w *World) {
					conn, serve := serving(w, students.KeepsSocket)
					serve.Returns(nil)
					log = w.Log()
					w.waitFor(func() bool { return len(w.rec.Datagrams) > 0 }) // somebody has waited
					w.StillOpen(conn)
				})
				require.Nil(t, f, read(tb))
				f, tb = tell(t, second, func(w *World) {
					_, serve := serving(w, students.KeepsSocket)
					serve.Fails(net.ErrClosed)
					w.Call("Log", func(context.Context) (any, error) { return log.Write([]byte("x\n")) }).Returns(2)
					w.Go("Close", func(context.Context) error { return students.Kept.Close() }).Fails(net.ErrClosed)
					w.NothingLeftBehind()
				})
				require.Nil(t, f, read(tb))

				students.StopSpinning.Store(false)
				defer stuckTask.Store(nil)
				defer students.StopSpinning.Store(true)
				f, _ = tell(t, second, func(w *World) {
					_, serve := serving(w, students.SpinsOnKept)
					serve.Returns(nil)
				})
				require.NotNil(t, f)
				stuck = append(stuck, goleak.IgnoreCurrent())
				require.Contains(t, f.Text.EN, "is running at students.go:")
			})
		}
	}
}

// TestSocketOfAbandoned: the same holds for a story that was given up, whose own code gets
// nowhere any more.
func TestSocketOfAbandoned(t *testing.T) {
	for _, second := range either {
		t.Run(second.name, func(t *testing.T) {
			students.Kept = nil
			var log io.Writer
			f, _ := tell(t, either[0], func(w *World) {
				log = w.Log()
				students.Kept = w.ListenPacket("kept")
				_, serve := serving(w, students.BlockedOnMutex)
				serve.Returns(nil)
			})
			stuck = append(stuck, goleak.IgnoreCurrent())
			require.Equal(t, verdict.Stuck, f.State)
			f, tb := tell(t, second, func(w *World) {
				_, serve := serving(w, students.KeepsSocket)
				serve.Fails(net.ErrClosed)
				w.Call("Log", func(context.Context) (any, error) { return log.Write([]byte("x\n")) }).Returns(2)
			})
			require.Nil(t, f, read(tb))
		})
	}
}

// TestMutexLeftLocked: where a story is stuck at a mutex that an earlier task may have left
// locked, it says so; a random one is not cut down then, and not to be repeated alone.
func TestMutexLeftLocked(t *testing.T) {
	defer stuckAtMutex.Store(stuckAtMutex.Load())
	defer func() { stuck = append(stuck, goleak.IgnoreCurrent()) }()
	locks := Serving{Name: "Serve", Serve: func(ctx context.Context, on Occasion) error {
		return students.BlockedOnMutex(ctx, on.Conn)
	}}
	for _, task := range []string{"TestIt", "TestEarlier"} {
		stuckAtMutex.Store(&task)
		f, tb := whatever(t, locks)
		require.Equal(t, verdict.Stuck, f.State)
		require.Equal(t, "Random story 1 of 60:", f.Title.EN)
		require.Equal(t, task == "TestIt", f.Again != "", read(tb))
		if task == "TestEarlier" {
			require.Contains(t, f.Code[0].EN, "A goroutine of TestEarlier, which was stuck before this, may still hold")
		} else {
			require.Empty(t, f.Code)
		}
	}
}

// TestLeftOverSpinner: a goroutine of an earlier story that goes round on its socket is
// ended, and the present story does not see it.
func TestLeftOverSpinner(t *testing.T) {
	leave := func(w *World) {
		_, serve := serving(w, students.LeavesSpinner)
		serve.Returns(nil)
	}
	f, tb := tell(t, either[1], leave)
	require.Nil(t, f, read(tb))
	f, tb = tell(t, either[1], func(w *World) {
		_, serve := serving(w, students.Echo)
		students.Released <- true
		<-students.Ended
		serve.Stop()
		w.NothingLeftBehind()
	})
	require.Nil(t, f, read(tb))
}

// TestLeftOverStarter: what a goroutine of an earlier story starts is that story's.
func TestLeftOverStarter(t *testing.T) {
	f, tb := tell(t, either[1], func(w *World) {
		_, serve := serving(w, students.LeavesStarter)
		serve.Returns(nil)
	})
	require.Nil(t, f, read(tb))
	f, tb = tell(t, either[1], func(w *World) {
		students.Released <- true
		<-students.Ended // it has started another
		w.NothingLeftBehind()
	})
	require.Nil(t, f, read(tb))
	students.Released <- true
	students.Released <- true
	<-students.Ended
}
