package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/internal/record"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
)

// opens calls a function of the student's that returns a socket, and an error.
func opens(w Caller, socket any, err error) *Call {
	return w.Call("Open", func(context.Context) (any, error) { return socket, err })
}

func udp(t *testing.T, at string) *net.UDPConn {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	require.NoError(t, err)
	return conn
}

// leaves tells a story of code that leaves sockets open, beside an error.
func leaves(t *testing.T, sockets int) func(w *Kernel4) {
	return func(w *Kernel4) {
		if len(sockopt.Sockets()) == 0 {
			w.need(errors.New("needs a list of the process's sockets, which this machine lacks"))
		}
		w.LeavesNoSocket(w.Call("Open", func(context.Context) (any, error) {
			for range sockets {
				conn := udp(t, "127.0.0.1:0")
				t.Cleanup(func() { conn.Close() })
			}
			return nil, io.EOF
		}))
	}
}

// TestOpenedSockets: what a story can say of a socket that the student's code
// opened itself.
func TestOpenedSockets(t *testing.T) {
	anyPort := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	tests := []struct {
		name  string
		story func(w *Kernel4)
		want  string // the first line's text; "" if the story holds
	}{
		{"opens", func(w *Kernel4) {
			p := w.Opened(opens(w, udp(t, "127.0.0.1:0"), nil), "socket", anyPort)
			alice := w.Peer("alice")
			alice.Send(p, "hello")
			p.ExpectFrom(alice, "hello")
			p.HeardNothingElse()
			w.ChosenBySystem(p)
		}, ""},
		{"wildcard", func(w *Kernel4) { w.Opened(opens(w, udp(t, "0.0.0.0:0"), nil), "socket", anyPort) },
			"Open opened a socket at 0.0.0.0:PORT, which is all addresses of this computer; " +
				"the story wants 127.0.0.1 and any port."},
		{"another port", func(w *Kernel4) {
			at := netip.AddrPortFrom(anyPort.Addr(), 1)
			w.Opened(opens(w, udp(t, "127.0.0.1:0"), nil), "socket", at)
		}, "Open opened a socket at 127.0.0.1:PORT; the story wants 127.0.0.1:1."},
		{"the same socket", func(w *Kernel4) {
			conn := udp(t, "127.0.0.1:0")
			w.Opened(opens(w, conn, nil), "one", anyPort)
			w.Opened(opens(w, conn, nil), "two", anyPort)
		}, "Open returned the same socket as before, one's; the story wants another one."},
		{"a connected socket", func(w *Kernel4) {
			conn, err := net.Dial("udp", w.Peer("server").LocalAddr().String())
			w.Opened(opens(w, conn, err), "socket", anyPort)
		}, "Open opened a socket that is connected to 127.0.0.1:PORT; the story wants one that is not."},
		{"a socket beside an error", func(w *Kernel4) { opens(w, udp(t, "127.0.0.1:0"), io.EOF).Fails() },
			`Open returned a socket at 127.0.0.1:PORT beside the error "EOF"; the story wants none there.`},
		{"nowhere", func(w *Kernel4) {
			conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.AbsentAddr(), 0)))
			if err == nil {
				conn.Close()
			}
			require.Error(w, err)
		}, ""},
		{"a named error", func(w *Kernel4) { opens(w, nil, io.EOF).Fails(Named("ErrEnd", io.EOF)) }, ""},
		{"another named error", func(w *Kernel4) { opens(w, nil, io.ErrNoProgress).Fails(Named("ErrEnd", io.EOF)) },
			`Open returned the error "multiple Read calls return no data or error"; ` +
				`errors.Is(err, ErrEnd) must be true.`},
		{"an unwanted named error", func(w *Kernel4) { opens(w, nil, io.EOF).FailsNot(Named("ErrEnd", io.EOF)) },
			`Open returned the error "EOF"; errors.Is(err, ErrEnd) must be false.`},
		{"an error", func(w *Kernel4) { w.Opened(opens(w, nil, errors.New("no")), "socket", anyPort) },
			`Open returned the error "no"; the story wants a socket and no error.`},
		{"nothing", func(w *Kernel4) { w.Opened(opens(w, nil, nil), "socket", anyPort) },
			"Open returned neither a socket nor an error; the story wants a socket."},
		{"a nil pointer", func(w *Kernel4) { w.Opened(opens(w, (*net.UDPConn)(nil), nil), "socket", anyPort) },
			"Open returned neither a socket nor an error; the story wants a socket."},
		{"something else", func(w *Kernel4) { w.Opened(opens(w, &net.UnixConn{}, nil), "socket", anyPort) },
			"Open returned a *net.UnixConn; the story wants a UDP socket as package net opens it, a *net.UDPConn."},
		{"a closed socket", func(w *Kernel4) {
			conn := udp(t, "127.0.0.1:0")
			conn.Close()
			w.Opened(opens(w, conn, nil), "socket", anyPort)
		}, "Open returned a socket that is closed already; the story wants to use it."},
		{"a socket with a deadline", func(w *Kernel4) {
			conn := udp(t, "127.0.0.1:0")
			p := w.Opened(opens(w, conn, nil), "socket", anyPort)
			require.NoError(w, conn.SetReadDeadline(time.Unix(1, 0))) // as a watcher of the code's may
			alice := w.Peer("alice")
			alice.Send(p, "hello")
			p.ExpectFrom(alice, "hello")
		}, ""},
		{"plainly", func(w *Kernel4) {
			call := opens(w, udp(t, "127.0.0.1:0"), nil)
			w.OpenedPlainly(call)
			w.Opened(call, "socket", anyPort)
		}, ""},
		{"no socket", func(w *Kernel4) { w.OpenedPlainly(opens(w, nil, io.EOF)) }, ""},
		{"an option of its own", func(w *Kernel4) {
			conn := udp(t, "127.0.0.1:0")
			require.NoError(w, sockopt.SetBroadcast(conn, false))
			w.OpenedPlainly(opens(w, conn, nil))
		}, "Open opened a socket whose option SO_BROADCAST is 0; package net leaves it at 1."},
		{"a deadline of its own", func(w *Kernel4) {
			if runtime.GOOS == "windows" {
				w.need(errors.New("needs a system that says when a deadline has passed"))
			}
			conn := udp(t, "127.0.0.1:0")
			require.NoError(w, conn.SetWriteDeadline(time.Unix(1, 0)))
			w.OpenedPlainly(opens(w, conn, nil))
		}, "Open returned a socket with a deadline that has passed; the story wants none."},
		{"leaves no socket", func(w *Kernel4) {
			call := w.Call("Open", func(context.Context) (any, error) {
				udp(t, "127.0.0.1:0").Close()
				conn, late := udp(t, "127.0.0.1:0"), udp(t, "127.0.0.1:0")
				time.AfterFunc(time.Millisecond, func() { late.Close() })
				return conn, nil
			})
			w.LeavesNoSocket(call)
			w.Opened(call, "socket", anyPort)
			w.LeavesNoSocket(call)
		}, ""},
		{"leaves a socket", leaves(t, 1),
			"Open has left a socket open that it did not return (at 127.0.0.1:PORT); the story wants none."},
		{"leaves many sockets", leaves(t, 5), "Open has left 5 sockets open that it did not return " +
			"(at 127.0.0.1:PORT, at 127.0.0.1:PORT, at 127.0.0.1:PORT, …); the story wants none."},
		{"leaves a socket, perhaps", func(w *Kernel4) {
			other := w.Go("Wait", func(ctx context.Context) error {
				<-ctx.Done()
				return nil
			})
			w.LeavesNoSocket(opens(w, nil, io.EOF))
			other.Close()
		}, "Open did not run alone, so nobody knows which sockets it has left."},
		{"why not", func(w *Kernel4) {
			taken := w.Peer("alice").LocalAddr().(*net.UDPAddr)
			_, err := net.ListenUDP("udp", taken)
			require.ErrorIs(w, err, w.WhyNot(taken.AddrPort()))
		}, ""},
		{"why not, where it can", func(w *Kernel4) { w.WhyNot(anyPort) },
			"A socket can be opened at 127.0.0.1:0, which the story takes for impossible."},
		{"a blocking socket", func(w *Kernel4) {
			conn := udp(t, "127.0.0.1:0")
			file, err := conn.File()
			if err != nil {
				conn.Close()
				w.need(fmt.Errorf("needs a socket's File, which this machine lacks (%w)", err))
			}
			file.Fd()
			file.Close()
			if blocking, err := sockopt.IsBlocking(conn); err != nil || !blocking {
				conn.Close()
				w.need(errors.New("needs a system that says whether a socket is blocking"))
			}
			w.Opened(opens(w, conn, nil), "socket", anyPort)
		}, "Open returned a blocking socket, and no deadline or Close ends its reads any more."},
		{"an error that is a nil pointer", func(w *Kernel4) {
			opens(w, nil, (*os.PathError)(nil)).Fails(net.ErrClosed)
		},
			`Open returned the error "a *fs.PathError whose methods panic: runtime error: invalid memory address ` +
				`or nil pointer dereference"; errors.Is(err, net.ErrClosed) must be true.`},
		{"connects", func(w *Kernel4) {
			server := w.Peer("server")
			conn, err := net.Dial("udp", server.LocalAddr().String())
			client := w.Connected(opens(w, conn, err), "client", server)
			client.Write([]byte("hello"))
			server.ExpectFrom(client, "hello")
		}, ""},
		{"not connected", func(w *Kernel4) {
			w.Connected(opens(w, udp(t, "127.0.0.1:0"), nil), "client", w.Peer("server"))
		}, "Open opened a socket that is not connected; the story wants it connected to 127.0.0.1:PORT."},
		{"connected to somebody else", func(w *Kernel4) {
			conn, err := net.Dial("udp", w.Peer("mallory").LocalAddr().String())
			w.Connected(opens(w, conn, err), "client", w.Peer("server"))
		}, "Open opened a socket that is connected to 127.0.0.1:PORT; the story wants 127.0.0.1:PORT."},
		{"a socket instead of an error", func(w *Kernel4) {
			opens(w, udp(t, "127.0.0.1:0"), nil).Fails(os.ErrPermission)
		}, `Open opened a socket at 127.0.0.1:PORT; the story wants "permission denied".`},
		{"a value instead of an error", func(w *Kernel4) { opens(w, "hi", nil).Fails() },
			`Open returned "hi" and no error (nil); the story wants an error.`},
		{"a nil pointer beside an error", func(w *Kernel4) { opens(w, (*net.UDPConn)(nil), io.EOF).Fails() },
			"Open returned a nil *net.UDPConn beside its error; the story wants a plain nil there."},
		{"any error", func(w *Kernel4) { opens(w, nil, io.EOF).Fails() }, ""},
		{"an error that it must not be", func(w *Kernel4) {
			opens(w, nil, errors.Join(io.EOF, net.ErrClosed)).FailsNot(net.ErrClosed)
		}, `Open returned the error "EOF\nuse of closed network connection"; ` +
			`errors.Is(err, net.ErrClosed) must be false.`},
		{"an error that it is not", func(w *Kernel4) { opens(w, nil, io.EOF).FailsNot(net.ErrClosed) }, ""},
		{"a name", func(w *Kernel4) { opens(w, nil, errors.New("at 127.0.0.1:1: no")).Says("127.0.0.1:1") }, ""},
		{"no name", func(w *Kernel4) { opens(w, nil, io.EOF).Says("127.0.0.1") },
			`Open returned the error "EOF"; the story wants it to name 127.0.0.1.`},
		{"beside an error", func(w *Kernel4) { opens(w, 3, io.EOF).Beside(3) }, ""},
		{"something else beside an error", func(w *Kernel4) {
			opens(w, struct{ N int }{3}, io.EOF).Beside(struct{ N int }{4})
		}, `Open returned {N: 3} beside the error "EOF"; the story wants {N: 4} there.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, tb := tell(t, loopback4, tt.story)
			if f != nil && f.State == verdict.Skipped {
				t.Skip(f.Text.EN)
			}
			if tt.want == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			require.Equal(t, tt.want, aBigPort.ReplaceAllString(f.Text.EN, ":PORT"))
		})
	}
}

// TestOpenedSocketsAreClosed: at a story's end, also one that the story did not
// want.
func TestOpenedSocketsAreClosed(t *testing.T) {
	conn := udp(t, "127.0.0.1:0")
	f, _ := tell(t, loopback4, func(w *Kernel4) { opens(w, conn, nil).Fails() })
	require.NotNil(t, f)
	require.ErrorIs(t, conn.Close(), net.ErrClosed)
}

// TestPorts: a free port is free for UDP and TCP and is nobody else's until the
// story ends; a forbidden one can't be opened.
func TestPorts(t *testing.T) {
	f, tb := tell(t, loopback4, func(w *Kernel4) {
		port := w.FreePort()
		if capability.SecondLoopback.Missing() == nil {
			require.Error(w, w.reserve(port), "two stories may have the same free port")
		}
		at := netip.AddrPortFrom(w.Home(), port)
		w.ListenTCP(at)
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		require.NoError(w, err)
		defer conn.Close()
		first, last, err := capability.SystemPorts()
		require.NoError(w, err)
		low, high := unassigned()
		require.True(w, high < first || low > last, "%d to %d are the system's", low, high)
		require.True(w, int(port) >= low && int(port) <= high)
		require.Error(w, tryPort(at))

		p := w.Opened(opens(w, conn, nil), "socket", at)
		w.ChosenBySystem(p)
	})
	if runtime.GOOS == "linux" {
		require.NotNil(t, f, "a port of the story's choice passes for one of the system's")
		require.Contains(t, f.Text.EN, "which the system did not choose: it chooses from ", read(tb))
	} else {
		require.Nil(t, f, read(tb))
	}

	f, tb = tell(t, loopback4, func(w *Kernel4) {
		_, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(w.ForbiddenPort())})
		require.ErrorIs(w, err, os.ErrPermission)
	})
	if missing := capability.ForbiddenPort.Missing(); missing != nil {
		require.Equal(t, verdict.Skipped, f.State)
		require.Equal(t, missing.Error(), f.Text.EN)
		t.Skip(missing)
	}
	require.Nil(t, f, read(tb))
}

// TestLowPort: whoever may open low ports gets one that is free, and nobody else does.
func TestLowPort(t *testing.T) {
	OnLoopback4(t, func(w *Kernel4) {
		port, ok := w.LowPort()
		require.Equal(w, capability.ForbiddenPort.Missing() != nil, ok)
		if ok {
			require.Less(w, port, uint16(1024))
			require.NoError(w, tryPort(netip.AddrPortFrom(w.Home(), port)))
		}
	})
}

// TestUndialable: a call fails there, and leaves nothing beside its error.
func TestUndialable(t *testing.T) {
	OnLoopback4(t, func(w *Kernel4) {
		at := w.Undialable()
		w.Call("Dial", func(context.Context) (any, error) {
			conn, err := net.Dial("udp", at.String())
			return conn, err
		}).Fails()
	})
}

// TestSamePort: two peers with the same port on two addresses of the same host, or a
// reason to skip the story.
func TestSamePort(t *testing.T) {
	OnEachNetwork(t, func(w *World) {
		one, two := w.SamePort("one", "two")
		alice := w.Peer("alice")
		alice.Send(one, "hello, one")
		alice.Send(two, "hello, two")
		one.ExpectFrom(alice, "hello, one")
		two.ExpectFrom(alice, "hello, two")
		first, second := record.AddrPort(one.LocalAddr()), record.AddrPort(two.LocalAddr())
		require.Equal(w, first.Port(), second.Port())
		require.Equal(w, w.host.Addr(), first.Addr())
		require.NotEqual(w, first.Addr(), second.Addr())
		two.Send(alice, "hello, alice")
		alice.ExpectFrom(two, "hello, alice")
	})
}

// TestOpenedMeans: what is known of sockets that the code opens, or does not.
func TestOpenedMeans(t *testing.T) {
	tests := []struct {
		name string
		open func(first *net.UDPConn, at netip.AddrPort) (any, error)
		want string // a part of what it means
	}{
		{"not shared", func(_ *net.UDPConn, at netip.AddrPort) (any, error) {
			return net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		}, "Another socket, one, has that port"},
		{"the same again", func(first *net.UDPConn, _ netip.AddrPort) (any, error) {
			return first, nil
		}, "Each call opens a socket of its own"},
		{"elsewhere", func(*net.UDPConn, netip.AddrPort) (any, error) {
			return net.ListenUDP("udp4", nil)
		}, "a socket is at all of them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := tell(t, loopback4, func(w *Kernel4) {
				at := netip.AddrPortFrom(w.Home(), w.FreePort())
				first, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
				require.NoError(w, err)
				w.Opened(w.Call("Open", func(context.Context) (any, error) { return first, nil }), "one", at)
				w.Opened(w.Call("Open", func(context.Context) (any, error) { return tt.open(first, at) }), "two", at)
			})
			require.NotNil(t, f)
			require.Len(t, f.Means, 1, f.Text.EN)
			require.Contains(t, f.Means[0].EN, tt.want)
		})
	}
}
