package broadcast_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	broadcast "udpkata/lessons/05-broadcast"
)

const message = "Broadcast datagram!"

// shout starts the student's client.
func shout(w harness.Caller, client net.PacketConn, to harness.Endpoint, text string) *harness.Call {
	return w.Go("Shout", func(context.Context) error { return broadcast.Shout(client, to.LocalAddr(), text) })
}

// hear starts the student's server, which notes in the log what it hears.
func hear(w harness.Caller, name string, server net.PacketConn) *harness.Call {
	return w.Go("Hear", func(ctx context.Context) error {
		return broadcast.Hear(ctx, server, func(from net.Addr, text string) {
			fmt.Fprintln(w.Log(), note(name, w.Name(from), text))
		})
	})
}

func note(name, from, text string) string {
	return fmt.Sprintf("%s heard %q from %s", name, text, from)
}

func allow(w harness.Caller, name string, conn *net.UDPConn) *harness.Call {
	return w.Go("AllowBroadcast("+name+")", func(context.Context) error { return broadcast.AllowBroadcast(conn) })
}

func listenShared(w harness.Caller, addr netip.AddrPort) *harness.Call {
	return w.Call(fmt.Sprintf("ListenShared(%v)", addr), func(context.Context) (any, error) {
		conn, err := broadcast.ListenShared(addr)
		if conn == nil {
			return nil, err // not a nil pointer in an interface
		}
		return conn, err
	})
}

// TestBroadcastAddr: the last address of a subnet, wherever its host part
// begins; a subnet that has no broadcast address is an error.
//
//kata:points 2
func TestBroadcastAddr(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		find := func(prefix netip.Prefix) *harness.Call {
			return w.Call(fmt.Sprintf("BroadcastAddr(%v)", prefix), func(context.Context) (any, error) {
				return broadcast.BroadcastAddr(prefix)
			})
		}
		for _, tt := range []struct{ prefix, want string }{
			{"10.0.0.0/24", "10.0.0.255"},
			{"10.0.0.7/24", "10.0.0.255"},
			{"10.0.0.255/24", "10.0.0.255"},
			{"192.168.5.128/25", "192.168.5.255"},
			{"192.168.5.1/25", "192.168.5.127"},
			{"192.168.5.5/30", "192.168.5.7"},
			{"172.16.0.0/12", "172.31.255.255"},
			{"10.1.2.3/20", "10.1.15.255"},
			{"127.0.0.1/8", "127.255.255.255"},
		} {
			prefix := netip.MustParsePrefix(tt.prefix)
			bits := prefix.Bits()
			w.Because("In a /%d's broadcast address the last %d of 32 bits are ones, wherever in a byte they begin.",
				bits, 32-bits)
			find(prefix).Returns(netip.MustParseAddr(tt.want))
		}

		for _, prefix := range []string{"10.0.0.6/31", "10.0.0.7/32"} {
			w.Because("Not every subnet has a broadcast address: in a /31 or a /32, each address is a host's.")
			find(netip.MustParsePrefix(prefix)).Fails()
		}
		for _, prefix := range []string{"fd00::/64", "::/0"} {
			w.Because("IPv6 has no broadcast, whatever the prefix.")
			find(netip.MustParsePrefix(prefix)).Fails()
		}
		for _, prefix := range []string{"::ffff:10.0.0.0/20", "::ffff:10.0.0.0/120"} {
			w.Because("An IPv4 address in IPv6's form makes an IPv6 prefix: leave it as it is, without Unmap.")
			find(netip.MustParsePrefix(prefix)).Fails()
		}
		w.Because("A caller may hand over a prefix that is not valid: ask prefix.IsValid() before all else.")
		find(netip.Prefix{}).Fails()
	})
}

// TestShout: everyone hears what was sent once, and Shout does not wait for
// answers. Without permission it reports the error.
//
//kata:points 2
func TestShout(t *testing.T) {
	harness.OnSubnet(t, func(w *harness.Subnet) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		audience, everyone := w.Audience("alice", "bob", "carol")
		for _, text := range []string{message, "", "晚安\xff", strings.Repeat("!", 1400)} {
			shout(w, client, everyone, text).
				Because("Once it has sent, Shout returns nil, and waits for no answer: nobody knows how many come.").
				Returns(nil)
			for _, peer := range audience {
				peer.ExpectFrom(client, text)
			}
		}
		dave.Send(client, "an answer")
		shout(w, client, dave, "only you").Returns(nil)
		w.Unread(client)
		w.Call("ReadFrom", func(context.Context) (any, error) {
			buf := make([]byte, 100)
			n, _, err := client.ReadFrom(buf)
			return string(buf[:n]), err
		}).Returns("an answer")
		dave.ExpectFrom(client, "only you")

		w.ForbidBroadcast(client)
		shout(w, client, everyone, message).Fails(syscall.EACCES)
		for _, peer := range audience {
			peer.HeardNothingElse()
		}
		dave.HeardNothingElse()
		w.StillOpen(client)
		w.NothingLeftBehind()
	})
}

// TestHear: every datagram is passed on once, with its sender and its text,
// whoever sent it and whatever it holds, and one after the other. An error of a
// read is not the end; a closed socket is.
//
//kata:points 2
func TestHear(t *testing.T) {
	harness.OnVirtual.Then(t, "one-at-a-time", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		gate := make(chan struct{}) // keeps heard busy until both datagrams have come
		var running atomic.Int32
		w.Go("Hear", func(ctx context.Context) error {
			return broadcast.Hear(ctx, server, func(_ net.Addr, text string) {
				if running.Add(1) > 1 {
					fmt.Fprintln(w.Log(), "heard was called while its last call was still running")
				}
				<-gate
				running.Add(-1)
				fmt.Fprintf(w.Log(), "heard %q\n", text)
			})
		})
		alice.Send(server, "one")
		alice.Send(server, "two")
		w.At(time.Second)
		if running.Load() > 1 {
			w.Because("Call heard in the loop itself, not in a goroutine of its own.")
		}
		close(gate)
		w.Logged(`heard "one"`, `heard "two"`)
	})

	harness.OnEachNetwork.Then(t, "every-datagram", func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		w.FailNextRead(server, syscall.ECONNREFUSED)
		alice.Send(server, message)
		hearing := hear(w, "server", server)
		w.AllRead(server)
		w.FailNextRead(server, syscall.EHOSTUNREACH)
		lines := []string{note("server", "alice", message)}
		for _, text := range []string{
			"hello", "", " two\nlines\n", "晚安", "\xff\x00", strings.Repeat("z", w.MaxPayload()), "short", "short",
		} {
			bob.Send(server, text)
			lines = append(lines, note("server", "bob", text))
		}
		alice.Send(server, message)
		lines = append(lines, note("server", "alice", message))
		w.Logged(lines[0], lines[1:]...)

		w.Close(server)
		hearing.Fails(net.ErrClosed)
		w.Logged(lines[0], lines[1:]...)
		alice.HeardNothingElse()
		bob.HeardNothingElse()
	})
}

// TestHearStops: when its context is cancelled, Hear returns, though no datagram
// arrives, and says why. It leaves the socket as it was, and nothing behind.
//
//kata:points 2
func TestHearStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		hearing := hear(w, "server", server)
		alice.Send(server, message)
		w.Logged(note("server", "alice", message))
		hearing.Stop()
		hearing.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		again := hear(w, "server", server)
		alice.Send(server, "again")
		w.Logged(note("server", "alice", message), note("server", "alice", "again"))
		w.Close(server)
		again.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})
}

// TestEveryoneHears: three servers hear one datagram, once each. Whoever listens on
// another port, on another subnet, or at its own address alone hears nothing.
//
//kata:points 1
func TestEveryoneHears(t *testing.T) {
	harness.OnSubnet(t, func(w *harness.Subnet) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		names := []string{"server 1", "server 2", "server 3"}
		servers, everyone := w.ListenBroadcast(names...)
		var lines []string
		for i, server := range servers {
			hear(w, names[i], server)
			lines = append(lines, note(names[i], "client", message))
		}
		shout(w, client, everyone, message).Returns(nil)
		w.LoggedInAnyOrder(lines...)
		dave.HeardNothingElse()
	})

	harness.OnSubnets.Then(t, "own-address-or-another-subnet", func(w *harness.Subnets) {
		w.Router()
		client := w.ListenPacket("client")
		servers, everyone := w.ListenBroadcast("server")
		bound, beyond := w.BoundPeer("bound", everyone), w.PeerBeyond("beyond", everyone)
		hear(w, "server", servers[0])
		shout(w, client, everyone, message).Returns(nil)
		w.LoggedInAnyOrder(note("server", "client", message))
		bound.HeardNothingElse()
		beyond.HeardNothingElse()
	})
}

// TestAllowBroadcast: a socket without the permission to broadcast gets it, and
// is otherwise as before. If that fails, there is an error.
//
//kata:points 2
func TestAllowBroadcast(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		client := w.UDPConn("client")
		w.ForbidBroadcast(client)
		allow(w, "client", client).Returns(nil)
		w.MayBroadcast(client)
		w.StillNonBlocking(client)
		allow(w, "client", client).Returns(nil)
		w.MayBroadcast(client)

		closed := w.UDPConn("closed")
		closed.Close()
		allow(w, "closed", closed).
			Because("A closed socket: there is no descriptor to be had. Return Control's error, which says so.").
			Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		allow(w, "broken", broken).
			Because("Control does not return the error of the function that it calls: keep it in a variable outside.").
			Fails(want)
	})
}

// TestAllowBroadcastInTheKernel: the kernel does not send a broadcast without
// permission. After AllowBroadcast it does, and everyone hears it.
//
//kata:points 1
func TestAllowBroadcastInTheKernel(t *testing.T) {
	harness.OnLoopback4(t, func(w *harness.Kernel4) {
		client := w.UDPConn("client")
		w.ForbidBroadcast(client)
		audience, everyone := w.Audience("alice", "bob")
		send := func() *harness.Call {
			return w.Go("WriteTo", func(context.Context) error {
				_, err := client.WriteTo([]byte(message), everyone.LocalAddr())
				return err
			})
		}
		send().Fails(syscall.EACCES)
		shout(w, client, everyone, message).Fails(syscall.EACCES)
		allow(w, "client", client).Returns(nil)
		send().Returns(nil)
		for _, peer := range audience {
			peer.ExpectFrom(client, message)
			peer.HeardNothingElse()
		}
	})
}

// TestListenShared: two sockets have one address and port. A datagram for that
// address alone reaches one of them.
//
//kata:points 2
func TestListenShared(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.FreePort())
		one := w.Opened(listenShared(w, addr), "one", addr)
		two := w.Opened(listenShared(w, addr), "two", addr)
		alice := w.Peer("alice")
		alice.Send(two, "only one of you")
		w.OneHears(alice, "only one of you", one, two)
		w.Because("Opening a socket can fail. Then there is none, so look at err before you use it.")
		listenShared(w, netip.AddrPortFrom(w.AbsentAddr(), w.FreePort())).Fails()
	})
}

// TestListenSharedInTheKernel: sockets that share a port of the broadcast address,
// or of all addresses, hear each broadcast, once each.
//
//kata:points 1
func TestListenSharedInTheKernel(t *testing.T) {
	harness.OnLoopback4(t, func(w *harness.Kernel4) {
		addr := netip.AddrPortFrom(w.BroadcastAddr(), w.FreePort())
		var servers []*harness.Peer
		for _, name := range []string{"server 1", "server 2", "server 3"} {
			servers = append(servers, w.Opened(listenShared(w, addr), name, addr))
		}
		alice := w.Peer("alice")
		alice.Send(servers[0], message)
		for _, server := range servers {
			server.ExpectFrom(alice, message)
			server.HeardNothingElse()
		}
	})

	// Who is bound to the address of its own host does not hear broadcasts.
	harness.OnLab4.Then(t, "all-addresses-or-its-own", func(w *harness.Kernel4) {
		port := w.FreePort()
		open := func(name string, addr netip.Addr) *harness.Peer {
			at := netip.AddrPortFrom(addr, port)
			return w.Opened(listenShared(w, at), name, at)
		}
		own := open("own", w.Home())
		servers := []*harness.Peer{
			open("server 1", w.Wildcard()), open("server 2", w.Wildcard()), open("server 3", w.BroadcastAddr()),
		}
		alice := w.Peer("alice")
		alice.Send(w.Everyone(port), message)
		for _, server := range servers {
			server.ExpectFrom(alice, message)
			server.HeardNothingElse()
		}
		own.HeardNothingElse()
		alice.Send(own, "only you")
		own.ExpectFrom(alice, "only you")
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
