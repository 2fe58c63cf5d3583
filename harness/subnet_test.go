package harness

import (
	"context"
	"errors"
	"fmt"
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
	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/network"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// TestSubnet: whoever listens hears what is sent to everyone, once, and the
// permission to send it can be taken away.
func TestSubnet(t *testing.T) {
	OnSubnet(t, func(w *Subnet) {
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
}

// TestBareSockets: what a story can say of a socket that the student's code sets
// options on.
func TestBareSockets(t *testing.T) {
	tests := []struct {
		name  string
		story func(w *Kernel4)
		want  string // the first line's text; "" if the story holds
	}{
		{"may broadcast", func(w *Kernel4) { w.MayBroadcast(w.UDPConn("client")) }, ""},
		{"may not broadcast", func(w *Kernel4) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.MayBroadcast(client)
		}, "client may not broadcast: its option SO_BROADCAST is 0."},
		{"otherwise unchanged", func(w *Kernel4) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.OtherwiseUnchanged(client, "SO_BROADCAST")
		}, ""},
		{"changed", func(w *Kernel4) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.OtherwiseUnchanged(client, "SO_REUSEADDR")
		}, "client's option SO_BROADCAST is 0 now; the story wants it left as it was, 1."},
		{"non-blocking", func(w *Kernel4) { w.StillNonBlocking(w.UDPConn("client")) }, ""},
		{"broken", func(w *Kernel4) {
			broken, want := w.BrokenSocket("broken")
			require.ErrorIs(w, sockopt.SetBroadcast(broken, true), want)
		}, ""},
		{"connected", func(w *Kernel4) {
			server := w.Peer("server")
			client := w.DialUDP("client", server)
			client.Write([]byte("hello"))
			server.ExpectFrom(client, "hello")
		}, ""},
		{"refused", func(w *Kernel4) {
			if _, err := sockopt.PMTUDiscoveryOf(w.UDPConn("any"), false); err != nil {
				w.need(err)
			}
			gone := w.Peer("gone")
			client := w.DialUDP("client", gone)
			gone.Close()
			_, err := client.Write([]byte("hello"))
			require.NoError(w, err)
			w.ErrorArrives(client)
			_, err = client.Write([]byte("hello"))
			require.ErrorIs(w, err, syscall.ECONNREFUSED)
		}, ""},
		{"one hears", func(w *Kernel4) {
			alice, bob, carol := w.Peer("alice"), w.Peer("bob"), w.Peer("carol")
			alice.Send(carol, "hello")
			w.OneHears(alice, "hello", bob, carol)
		}, ""},
		{"a fence among sharers", func(w *Kernel4) {
			shared := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
				return sockopt.SetReuseAddr(raw)
			}}
			at, sharers := netip.AddrPortFrom(w.Home(), w.FreePort()), []*Peer(nil)
			for _, name := range []string{"one", "two"} {
				conn, err := shared.ListenPacket(context.Background(), "udp4", at.String())
				require.NoError(w, err)
				sharers = append(sharers, w.Opened(opens(w, conn, nil), name, at))
			}
			alice := w.Peer("alice")
			alice.Send(sharers[0], "hello")
			hearer := sharers[0].fenceAmong(sharers...)
			require.Len(w, hearer.inbox, 1)
			hearer.ExpectFrom(alice, "hello")
		}, ""},
		{"nobody hears", func(w *Kernel4) {
			w.OneHears(w.Peer("alice"), "hello", w.Peer("bob"), w.Peer("carol"))
		}, `bob waited for "hello" from alice and heard nothing.`},
		{"blocking", func(w *Kernel4) {
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
			f, tb := tell(t, loopback4, tt.story)
			if f != nil && f.State == verdict.Skipped {
				t.Skip(f.Text.EN)
			}
			if tt.want == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			require.Equal(t, tt.want, f.Text.EN)
		})
	}
	t.Run("closed at the end", func(t *testing.T) {
		var client *net.UDPConn
		f, tb := tell(t, loopback4, func(w *Kernel4) { client = w.UDPConn("client") })
		require.Nil(t, f, read(tb))
		require.ErrorIs(t, client.Close(), net.ErrClosed)
	})
}

// length returns what a server answers: how many bytes it was sent.
func length(payload []byte) []byte { return fmt.Appendf(nil, "%d bytes", len(payload)) }

// TestPath: what is between the hosts, and what a connected socket that forbids
// fragments learns of it.
func TestPath(t *testing.T) {
	OnPath(t, func(w *Path) {
		server := w.Server("server", length)
		w.Lose(server, 1)
		w.Distance(time.Second)
		w.Router(1400)
		w.BlackHole(1300)
		path := w.DialPath("client", server)
		headers := wire.Headers(w.host.Addr())
		require.Equal(w, w.host.Addr().Is6(), path.IPv6())
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
		require.Equal(w, "10 bytes", answer)
		require.Equal(w, 7*time.Second, time.Since(w.rec.Start))

		_, err = send(1401 - headers)
		require.ErrorIs(w, err, syscall.EMSGSIZE)
		require.Equal(w, 1400, mtu())
		_, err = send(1400 - headers)
		require.ErrorIs(w, err, os.ErrDeadlineExceeded) // the black hole
		answer, err = send(1300 - headers)
		require.NoError(w, err)
		require.Contains(w, answer, " bytes")
		w.StillOpen(path)
	})
}

// TestUnread: what arrives at a socket can be for its owner alone.
func TestUnread(t *testing.T) {
	for _, n := range []telling[*Subnet]{on(network.Hosts4, newSubnet), on(network.Loopback4, newSubnet)} {
		t.Run(n.name, func(t *testing.T) {
			for _, reads := range []bool{false, true} {
				f, tb := tell(t, n, func(w *Subnet) {
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
				require.Equal(t, `The code has read "hello" from dave, at client's socket; `+
					`the story wants it left there.`, f.Text.EN)
				require.Contains(t, f.Means[0].EN, "The code reads after it has sent")
			}
		})
	}
}

// TestPermissions: what became of a permission that the story took away is known.
func TestPermissions(t *testing.T) {
	for _, permits := range []bool{false, true} {
		f, _ := tell(t, loopback4, func(w *Kernel4) {
			client := w.UDPConn("client")
			w.ForbidBroadcast(client)
			w.Go("Shout", func(context.Context) error {
				if permits {
					return sockopt.SetBroadcast(client, true)
				}
				return nil
			}).Fails(syscall.EACCES)
		})
		require.NotNil(t, f)
		said := slices.ContainsFunc(f.Means, func(m diagnosis.Meaning) bool {
			return strings.Contains(m.EN, "the code has given it back")
		})
		require.Equal(t, permits, said, f.Means)
	}
}

// TestReadThatNobodyMade: what a read is to return is told only of one that has returned it.
func TestReadThatNobodyMade(t *testing.T) {
	for _, reads := range []bool{false, true} {
		f, _ := tell(t, virtual4, func(w *Virtual) {
			client := w.ListenPacket("client")
			reading := w.Go("Read", func(context.Context) error {
				if reads {
					client.ReadFrom(make([]byte, 100))
				}
				time.Sleep(time.Second)
				return net.ErrClosed
			})
			w.FailRead(client, syscall.EIO, syscall.ECONNREFUSED)
			reading.Returns(nil)
		})
		require.NotNil(t, f)
		var said []string
		for _, s := range f.Code {
			said = append(said, s.EN)
		}
		told := strings.Join(said, " ")
		require.Equal(t, reads, strings.Contains(told, "as the story wants: input/output error"), told)
		require.NotContains(t, told, "refused")
	}
}

// TestSurvived: which call went on after a read that failed is known.
func TestSurvived(t *testing.T) {
	for _, again := range []bool{false, true} { // in one call, or in two
		f, _ := tell(t, virtual4, func(w *Virtual) {
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
		said := slices.ContainsFunc(f.Means, func(m diagnosis.Meaning) bool {
			return strings.Contains(m.EN, "It had gone on after")
		})
		require.Equal(t, !again, said, f.Means)
	}
}
