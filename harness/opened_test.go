package harness

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/verdict"
)

// opens is a function of the student's that opens a socket.
func opens(w *World, socket any, err error) *Call {
	return w.Call("Open", func(context.Context) (any, error) { return socket, err })
}

func udp(t *testing.T, at string) *net.UDPConn {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	require.NoError(t, err)
	return conn
}

// TestOpenedSockets: what a story can say of a socket that the student's code
// opened itself.
func TestOpenedSockets(t *testing.T) {
	anyPort := netip.AddrPortFrom(localhost4, 0)
	tests := []struct {
		name  string
		story func(w *World)
		want  string // the first line's text; "" if the story holds
	}{
		{"opens", func(w *World) {
			p := opens(w, udp(t, "127.0.0.1:0"), nil).Opens("socket", anyPort)
			alice := w.Peer("alice")
			alice.Send(p, "hello")
			p.ExpectFrom(alice, "hello")
			p.HeardNothingElse()
			w.ChosenBySystem(p)
		}, ""},
		{"wildcard", func(w *World) { opens(w, udp(t, "0.0.0.0:0"), nil).Opens("socket", anyPort) },
			"Open opened a socket at 0.0.0.0:PORT, which is all addresses of this computer; the story wants 127.0.0.1 and any port."},
		{"another port", func(w *World) {
			opens(w, udp(t, "127.0.0.1:0"), nil).Opens("socket", netip.AddrPortFrom(localhost4, 1))
		},
			"Open opened a socket at 127.0.0.1:PORT; the story wants 127.0.0.1:1."},
		{"the same socket", func(w *World) {
			conn := udp(t, "127.0.0.1:0")
			opens(w, conn, nil).Opens("one", anyPort)
			opens(w, conn, nil).Opens("two", anyPort)
		}, "Open returned the same socket as before, one's; the story wants another one."},
		{"a connected socket", func(w *World) {
			conn, err := net.Dial("udp", w.Peer("server").LocalAddr().String())
			opens(w, conn, err).Opens("socket", anyPort)
		}, "Open opened a socket that is connected to 127.0.0.1:PORT; the story wants one that is not."},
		{"a socket beside an error", func(w *World) { opens(w, udp(t, "127.0.0.1:0"), io.EOF).Fails() },
			`Open returned a socket at 127.0.0.1:PORT beside the error "EOF"; the story wants none there.`},
		{"nowhere", func(w *World) {
			conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.AbsentAddr(), 0)))
			if err == nil {
				conn.Close()
			}
			require.Error(w, err)
		}, ""},
		{"a named error", func(w *World) { opens(w, nil, io.EOF).Fails(Named("ErrEnd", io.EOF)) }, ""},
		{"another named error", func(w *World) { opens(w, nil, io.ErrNoProgress).Fails(Named("ErrEnd", io.EOF)) },
			`Open returned the error "multiple Read calls return no data or error"; the story wants one that errors.Is finds to be ErrEnd ("EOF").`},
		{"an unwanted named error", func(w *World) { opens(w, nil, io.EOF).FailsNot(Named("ErrEnd", io.EOF)) },
			`Open returned the error "EOF", which errors.Is finds to be ErrEnd ("EOF") as well; the story wants it not to be.`},
		{"an error", func(w *World) { opens(w, nil, errors.New("no")).Opens("socket", anyPort) },
			`Open returned the error "no"; the story wants a socket and no error.`},
		{"nothing", func(w *World) { opens(w, nil, nil).Opens("socket", anyPort) },
			"Open returned neither a socket nor an error; the story wants a socket."},
		{"a nil pointer", func(w *World) { opens(w, (*net.UDPConn)(nil), nil).Opens("socket", anyPort) },
			"Open returned neither a socket nor an error; the story wants a socket."},
		{"something else", func(w *World) { opens(w, &net.UnixConn{}, nil).Opens("socket", anyPort) },
			"Open returned a *net.UnixConn; the story wants a UDP socket as package net opens it, a *net.UDPConn."},
		{"a closed socket", func(w *World) {
			conn := udp(t, "127.0.0.1:0")
			conn.Close()
			opens(w, conn, nil).Opens("socket", anyPort)
		}, "Open returned a socket that is closed already; the story wants to use it."},
		{"connects", func(w *World) {
			server := w.Peer("server")
			conn, err := net.Dial("udp", server.LocalAddr().String())
			client := opens(w, conn, err).Connects("client", server)
			client.Write([]byte("hello"))
			server.ExpectFrom(client, "hello")
		}, ""},
		{"not connected", func(w *World) { opens(w, udp(t, "127.0.0.1:0"), nil).Connects("client", w.Peer("server")) },
			"Open opened a socket that is not connected; the story wants it connected to 127.0.0.1:PORT."},
		{"connected to somebody else", func(w *World) {
			conn, err := net.Dial("udp", w.Peer("mallory").LocalAddr().String())
			opens(w, conn, err).Connects("client", w.Peer("server"))
		}, "Open opened a socket that is connected to 127.0.0.1:PORT; the story wants 127.0.0.1:PORT."},
		{"a socket instead of an error", func(w *World) { opens(w, udp(t, "127.0.0.1:0"), nil).Fails(os.ErrPermission) },
			`Open opened a socket at 127.0.0.1:PORT; the story wants "permission denied".`},
		{"a value instead of an error", func(w *World) { opens(w, "hi", nil).Fails() },
			`Open returned "hi" and no error (nil); the story wants an error.`},
		{"a nil pointer beside an error", func(w *World) { opens(w, (*net.UDPConn)(nil), io.EOF).Fails() },
			"Open returned a nil *net.UDPConn beside its error; the story wants a plain nil there."},
		{"any error", func(w *World) { opens(w, nil, io.EOF).Fails() }, ""},
		{"an error that it must not be", func(w *World) { opens(w, nil, errors.Join(io.EOF, net.ErrClosed)).FailsNot(net.ErrClosed) },
			`Open returned the error "EOF\nuse of closed network connection", which errors.Is finds to be net.ErrClosed as well; the story wants it not to be.`},
		{"an error that it is not", func(w *World) { opens(w, nil, io.EOF).FailsNot(net.ErrClosed) }, ""},
		{"a name", func(w *World) { opens(w, nil, errors.New("at 127.0.0.1:1: no")).Says("127.0.0.1:1") }, ""},
		{"no name", func(w *World) { opens(w, nil, io.EOF).Says("127.0.0.1") },
			`Open returned the error "EOF"; the story wants it to name 127.0.0.1.`},
		{"beside an error", func(w *World) { opens(w, 3, io.EOF).Beside(3) }, ""},
		{"something else beside an error", func(w *World) { opens(w, struct{ N int }{3}, io.EOF).Beside(struct{ N int }{4}) },
			`Open returned {N: 3} beside the error "EOF"; the story wants {N: 4} there.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, tb := tell(t, loopback{localhost4}, tt.story)
			if tt.want == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			require.Equal(t, tt.want, aBigPort.ReplaceAllString(f.text.EN, ":PORT"))
		})
	}
}

// TestOpenedSocketsAreClosed: at a story's end, also one that the story did not
// want.
func TestOpenedSocketsAreClosed(t *testing.T) {
	conn := udp(t, "127.0.0.1:0")
	f, _ := tell(t, loopback{localhost4}, func(w *World) { opens(w, conn, nil).Fails() })
	require.NotNil(t, f)
	require.ErrorIs(t, conn.Close(), net.ErrClosed)
}

// TestPorts: a free port is free for UDP and TCP and is nobody else's until the
// story ends; a forbidden one can't be opened.
func TestPorts(t *testing.T) {
	f, tb := tell(t, loopback{localhost4}, func(w *World) {
		port := w.FreePort()
		if capability.SecondLoopback.Missing() == nil {
			require.Error(w, w.reserve(port), "two stories may have the same free port")
		}
		at := netip.AddrPortFrom(w.Loopback(), port)
		w.ListenTCP(at)
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		require.NoError(w, err)
		defer conn.Close()
		system, err := systemPorts()
		require.NoError(w, err)
		low, high := unassigned()
		require.True(w, high < system.first || low > system.last, "%d to %d are the system's", low, high)
		require.True(w, int(port) >= low && int(port) <= high)
		require.Error(w, tryPort(at))

		p := opens(w, conn, nil).Opens("socket", at)
		w.ChosenBySystem(p)
	})
	require.NotNil(t, f, "a port of the story's choice passes for one of the system's")
	require.Contains(t, f.text.EN, "which the system did not choose: it chooses from ", read(tb))

	f, tb = tell(t, loopback{localhost4}, func(w *World) {
		_, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(w.ForbiddenPort())})
		require.ErrorIs(w, err, os.ErrPermission)
	})
	if missing := capability.ForbiddenPort.Missing(); missing != nil {
		require.Equal(t, verdict.Skipped, f.state)
		require.Equal(t, missing.Error(), f.text.EN)
		t.Skip(missing)
	}
	require.Nil(t, f, read(tb))
}

// TestSecondLoopback: a second address of the same host, with the same port, or
// a reason to skip the story.
func TestSecondLoopback(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name(), func(t *testing.T) {
			f, tb := tell(t, n, func(w *World) {
				one, two := w.Twins("one", "two")
				alice := w.Peer("alice")
				alice.Send(one, "hello, one")
				alice.Send(two, "hello, two")
				one.ExpectFrom(alice, "hello, one")
				two.ExpectFrom(alice, "hello, two")
				first, second := addrPort(one.LocalAddr()), addrPort(two.LocalAddr())
				require.Equal(w, first.Port(), second.Port())
				require.Equal(w, w.Loopback(), first.Addr())
				require.Equal(w, w.SecondLoopback(), second.Addr())
				two.Send(alice, "hello, alice")
				alice.ExpectFrom(two, "hello, alice")
			})
			if _, missing := n.second(); missing != nil {
				require.Equal(t, verdict.Skipped, f.state)
				require.Equal(t, missing.Error(), f.text.EN)
				return
			}
			require.Nil(t, f, read(tb))
		})
	}
}

// TestKernelOnly: what is for real sockets says so.
func TestKernelOnly(t *testing.T) {
	for name, story := range map[string]func(w *World){
		"FreePort":                            func(w *World) { w.FreePort() },
		"ForbiddenPort":                       func(w *World) { w.ForbiddenPort() },
		"ListenTCP":                           func(w *World) { w.ListenTCP(netip.AddrPort{}) },
		"ChosenBySystem":                      func(w *World) { w.ChosenBySystem(w.Peer("alice")) },
		"a *net.UDPConn":                      func(w *World) { w.UDPConn("client") },
		"a socket that the code opens itself": func(w *World) { opens(w, nil, nil).Opens("socket", netip.AddrPort{}) },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			f, _ := tell(t, virtual{localhost4}, story)
			require.NotNil(t, f)
			require.Equal(t, "The story panicked: "+name+" is for stories told by OnLoopback", f.text.EN)
		})
	}
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
		{"the same again", func(first *net.UDPConn, _ netip.AddrPort) (any, error) { return first, nil }, "Each call opens a socket of its own"},
		{"elsewhere", func(*net.UDPConn, netip.AddrPort) (any, error) { return net.ListenUDP("udp4", nil) }, "a socket is at all of them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := tell(t, loopback{localhost4}, func(w *World) {
				at := netip.AddrPortFrom(w.Loopback(), w.FreePort())
				first, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
				require.NoError(w, err)
				w.Call("Open", func(context.Context) (any, error) { return first, nil }).Opens("one", at)
				w.Call("Open", func(context.Context) (any, error) { return tt.open(first, at) }).Opens("two", at)
			})
			require.NotNil(t, f)
			require.Len(t, f.means, 1, f.text.EN)
			require.Contains(t, f.means[0].EN, tt.want)
		})
	}
}
