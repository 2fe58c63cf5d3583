package harness

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// TestSubnet: whoever listens hears what is sent to everyone, once, and the
// permission to send it can be taken away.
func TestSubnet(t *testing.T) {
	for _, n := range []network{onHosts(subnet4), loopback{localhost4}} {
		t.Run(n.name(), func(t *testing.T) {
			f, tb := tell(t, n, func(w *World) {
				client, dave := w.ListenPacket("client"), w.Peer("dave")
				audience, everyone := w.Audience("alice", "bob")
				_, err := client.WriteTo([]byte("hello"), everyone.LocalAddr())
				require.NoError(w, err)
				require.Equal(w, "everyone", w.Name(everyone.LocalAddr()))
				for _, p := range audience {
					p.ExpectFrom(client, "hello")
					p.HeardNothingElse()
				}
				dave.HeardNothingElse()

				servers, everyone := w.ListenBroadcast("server 1", "server 2")
				dave.Send(everyone, "hello, servers")
				for _, s := range servers {
					w.Call("ReadFrom", func(context.Context) (any, error) {
						buf := make([]byte, 100)
						n, from, err := s.ReadFrom(buf)
						return w.Name(from) + ": " + string(buf[:n]), err
					}).Returns("dave: hello, servers")
				}

				w.ForbidBroadcast(client)
				_, err = client.WriteTo([]byte("hello"), everyone.LocalAddr())
				require.ErrorIs(w, err, syscall.EACCES)
				_, err = client.WriteTo([]byte("hello"), dave.LocalAddr())
				require.NoError(w, err)
				dave.ExpectFrom(client, "hello")
			})
			if missing := capability.Broadcast.Missing(); missing != nil && n.name() == "loopback/ip4" {
				require.Equal(t, verdict.Skipped, f.state)
				t.Skip(missing)
			}
			require.Nil(t, f, read(tb))
		})
	}
	f, _ := tell(t, virtual{localhost4}, func(w *World) { w.Audience("alice") })
	require.NotNil(t, f)
	require.Equal(t, "The story panicked: broadcasts are for stories told by OnSubnet", f.text.EN)
}

// TestBareSockets: what a story can say of a socket that the student's code sets
// options on.
func TestBareSockets(t *testing.T) {
	tests := []struct {
		name  string
		story func(w *World)
		want  string // the first line's text; "" if the story holds
	}{
		{"may broadcast", func(w *World) { w.MayBroadcast(w.UDPConn("client")) }, ""},
		{"may not broadcast", func(w *World) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.MayBroadcast(client)
		}, "client may not broadcast: its option SO_BROADCAST is 0."},
		{"non-blocking", func(w *World) { w.StillNonBlocking(w.UDPConn("client")) }, ""},
		{"broken", func(w *World) {
			broken, want := w.BrokenSocket("broken")
			require.ErrorIs(w, setSocketOption(broken, broadcastOption, 1), want)
		}, ""},
		{"connected", func(w *World) {
			server := w.Peer("server")
			client := w.DialUDP("client", server)
			client.Write([]byte("hello"))
			server.ExpectFrom(client, "hello")
		}, ""},
		{"one hears", func(w *World) {
			alice, bob, carol := w.Peer("alice"), w.Peer("bob"), w.Peer("carol")
			alice.Send(carol, "hello")
			w.OneHears(alice, "hello", bob, carol)
		}, ""},
		{"nobody hears", func(w *World) {
			w.OneHears(w.Peer("alice"), "hello", w.Peer("bob"), w.Peer("carol"))
		}, `bob waited for "hello" from alice and heard nothing.`},
		{"blocking", func(w *World) {
			if capability.Broadcast.Missing() != nil {
				w.need(errors.New("needs a system that says whether a socket is blocking"))
			}
			client := w.UDPConn("client")
			file, err := client.File()
			require.NoError(w, err)
			file.Fd()
			file.Close()
			w.StillNonBlocking(client)
		}, "client is a blocking socket now, and no deadline ends its reads any more."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, tb := tell(t, loopback{localhost4}, tt.story)
			if tt.want == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			if f.state == verdict.Skipped {
				t.Skip(f.text.EN)
			}
			require.Equal(t, tt.want, f.text.EN)
		})
	}
	t.Run("closed at the end", func(t *testing.T) {
		var client *net.UDPConn
		f, tb := tell(t, loopback{localhost4}, func(w *World) { client = w.UDPConn("client") })
		require.Nil(t, f, read(tb))
		require.ErrorIs(t, client.Close(), net.ErrClosed)
	})
}

// TestPath: what is between the hosts, and what a connected socket that forbids
// fragments learns of it.
func TestPath(t *testing.T) {
	for _, n := range []network{onHosts(subnet4), onHosts(subnet6)} {
		t.Run(n.name(), func(t *testing.T) {
			headers := 28
			if n.addr().Is6() {
				headers = 48
			}
			f, tb := tell(t, n, func(w *World) {
				server := w.EchoServer("server")
				w.Lose(server, 1)
				w.Distance(time.Second)
				w.Router(1400)
				w.BlackHole(1300)
				path := w.DialPath("client", server)
				require.Equal(w, n.addr().Is6(), path.IPv6())
				buf := make([]byte, 100)
				send := func(size int) (string, error) {
					if _, err := path.Write(make([]byte, size)); err != nil {
						return "", err
					}
					path.SetReadDeadline(time.Now().Add(5 * time.Second))
					n, err := path.Read(buf)
					return string(buf[:n]), err
				}
				mtu := func() int {
					mtu, err := path.MTU()
					require.NoError(w, err)
					return mtu
				}
				require.Equal(w, 1500, mtu())
				_, err := send(10)
				require.ErrorIs(w, err, os.ErrDeadlineExceeded) // lost
				answer, err := send(10)
				require.NoError(w, err)
				require.Equal(w, "Your data was 10 bytes long", answer)
				require.Equal(w, 7*time.Second, time.Since(w.start))

				_, err = send(1401 - headers)
				require.ErrorIs(w, err, syscall.EMSGSIZE)
				require.Equal(w, 1400, mtu())
				_, err = send(1400 - headers)
				require.ErrorIs(w, err, os.ErrDeadlineExceeded) // the black hole
				answer, err = send(1300 - headers)
				require.NoError(w, err)
				require.Contains(w, answer, "Your data was ")
				w.StillOpen(path)
			})
			require.Nil(t, f, read(tb))
		})
	}
}

// TestUnread: what arrives at a socket can be for its owner alone.
func TestUnread(t *testing.T) {
	for _, n := range []network{virtual{localhost4}, loopback{localhost4}} {
		t.Run(n.name(), func(t *testing.T) {
			for _, reads := range []bool{false, true} {
				f, tb := tell(t, n, func(w *World) {
					client, dave := w.ListenPacket("client"), w.Peer("dave")
					dave.Send(client, "hello")
					if reads {
						w.Go("Send", func(context.Context) error {
							_, _, err := client.ReadFrom(make([]byte, 100))
							return err
						}).Returns(nil)
					}
					w.Unread(client)
				})
				if !reads {
					require.Nil(t, f, read(tb))
					continue
				}
				require.NotNil(t, f)
				require.Equal(t, `The code has read "hello" from dave, at client's socket; the story wants it left there.`, f.text.EN)
				require.Contains(t, f.means[0].EN, "The code reads after it has sent")
			}
		})
	}
}

// TestPermissions: what became of a permission that the story took away is known.
func TestPermissions(t *testing.T) {
	for _, permits := range []bool{false, true} {
		f, _ := tell(t, loopback{localhost4}, func(w *World) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.Go("Shout", func(context.Context) error {
				if permits {
					return setSocketOption(client, broadcastOption, 1)
				}
				return nil
			}).Fails(syscall.EACCES)
		})
		require.NotNil(t, f)
		require.Equal(t, permits, strings.Contains(f.means[0].EN, "the code has given it back"), f.means[0].EN)
	}
}

// TestSurvived: which call went on after a read that failed is known.
func TestSurvived(t *testing.T) {
	for _, again := range []bool{false, true} { // in one call, or in two
		f, _ := tell(t, virtual{localhost4}, func(w *World) {
			client := w.ListenPacket("client")
			reads := func(times int) *Call {
				return w.Go("Read", func(context.Context) (err error) {
					for range times {
						_, _, err = client.ReadFrom(make([]byte, 100))
					}
					return err
				})
			}
			w.FailNextRead(client, syscall.ECONNREFUSED)
			if again {
				reads(1).Fails(syscall.ECONNREFUSED)
				w.FailNextRead(client, syscall.EHOSTUNREACH)
				reads(1).Returns(nil)
			}
			reading := reads(2)
			w.AllRead(client)
			synctest.Wait()
			w.FailRead(client, syscall.EHOSTUNREACH)
			reading.Returns(nil)
		})
		require.NotNil(t, f)
		said := slices.ContainsFunc(f.means, func(m text.Text) bool { return strings.Contains(m.EN, "It had gone on after") })
		require.Equal(t, !again, said, f.means)
	}
}

// TestWhoseBroadcast: of two equal datagrams to everyone, each hearer hears the one
// and then the other.
func TestWhoseBroadcast(t *testing.T) {
	w := newWorld(virtual{localhost4}, site{})
	w.changed = make(chan struct{})
	from, to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1")), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.255:2"))
	w.names[addrPort(to)] = everyoneName
	for i := range 2 {
		w.sent(from, to, []byte("hello"), line{"x.go", i + 1})
	}
	for i, by := range []string{"alice", "bob", "alice", "bob"} {
		d := w.heard(by, from, to, []byte("hello"), false)
		require.Equal(t, i/2+1, d.number)
		require.Equal(t, line{"x.go", i/2 + 1}.String(), d.Sender)
	}
	require.Equal(t, 1, w.heard("bob", from, to, []byte("hello"), false).number, "a copy")
}
