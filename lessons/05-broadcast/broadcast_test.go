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

const text = "Broadcast datagram!"

// shout starts the student's client.
func shout(w *harness.World, client net.PacketConn, to harness.Endpoint, text string) *harness.Call {
	return w.Go("Shout", func(context.Context) error { return broadcast.Shout(client, to.LocalAddr(), text) })
}

// hear starts the student's server, which notes in the log what it hears.
func hear(w *harness.World, name string, server net.PacketConn) *harness.Call {
	return w.Go("Hear", func(ctx context.Context) error {
		return broadcast.Hear(ctx, server, func(from net.Addr, text string) {
			fmt.Fprintln(w.Log(), note(name, w.Name(from), text))
		})
	})
}

func note(name, from, text string) string {
	return fmt.Sprintf("%s heard %q from %s", name, text, from)
}

func allow(w *harness.World, name string, conn *net.UDPConn) *harness.Call {
	return w.Go("AllowBroadcast("+name+")", func(context.Context) error { return broadcast.AllowBroadcast(conn) })
}

func listenShared(w *harness.World, addr netip.AddrPort) *harness.Call {
	return w.Call(fmt.Sprintf("ListenShared(%v)", addr), func(context.Context) (any, error) {
		conn, err := broadcast.ListenShared(addr)
		if conn == nil {
			return nil, err // not a nil pointer in an interface
		}
		return conn, err
	})
}

// hostPart says which bits of a broadcast address are ones.
func hostPart(bits int) (english, chinese string) {
	english = fmt.Sprintf("In a /%d, the last %d of the 32 bits are the host part, and all ones in the broadcast address.", bits, 32-bits)
	chinese = fmt.Sprintf("在 /%d 裡，32 個位元的最後 %d 個是主機部分，在廣播位址裡全部是 1。", bits, 32-bits)
	if bits%8 != 0 {
		english += " It begins inside a byte here: it is not made of whole bytes, and not every broadcast address ends in .255."
		chinese += "這裡的主機部分從一個位元組的中間開始：它不是由整個位元組組成的，廣播位址也不一定以 .255 結尾。"
	}
	return english, chinese
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
			w.Because(hostPart(prefix.Bits()))
			find(prefix).Returns(netip.MustParseAddr(tt.want))
		}

		w.Because("Not every subnet has a broadcast address: in one of two addresses, /31, or of one, /32, each address is a host's.",
			"不是每個子網路都有廣播位址：只有兩個位址（/31）或一個位址（/32）的子網路，每個位址都是主機的。")
		find(netip.MustParsePrefix("10.0.0.6/31")).Fails()
		find(netip.MustParsePrefix("10.0.0.7/32")).Fails()
		w.Because("IPv6 has no broadcast, whatever the prefix.", "IPv6 沒有廣播，不管前綴是什麼。")
		find(netip.MustParsePrefix("fd00::/64")).Fails()
		find(netip.MustParsePrefix("::/0")).Fails()
		w.Because("An IPv4 address in IPv6's form makes an IPv6 prefix, and IPv6 has no broadcast. So leave the address as it is, without Unmap.",
			"用 IPv6 寫法表示的 IPv4 位址，組成的是 IPv6 的前綴，而 IPv6 沒有廣播。所以位址維持原樣，不要用 Unmap。")
		find(netip.MustParsePrefix("::ffff:10.0.0.0/20")).Fails()
		find(netip.MustParsePrefix("::ffff:10.0.0.0/120")).Fails()
		w.Because("A caller may hand over a prefix that is not valid, such as netip.Prefix{}. Its address is neither IPv4 nor IPv6, so ask prefix.IsValid() before all else.",
			"呼叫的人可能交來無效的前綴，例如 netip.Prefix{}。它的位址既不是 IPv4 也不是 IPv6，所以要先看 prefix.IsValid()。")
		find(netip.Prefix{}).Fails()
	})
}

// TestShout: everyone hears what was sent once, and Shout does not wait for
// answers. Without permission it reports the error.
//
//kata:points 2
func TestShout(t *testing.T) {
	harness.OnSubnet(t, func(w *harness.World) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		audience, everyone := w.Audience("alice", "bob", "carol")
		for _, text := range []string{text, "", "晚安\xff", strings.Repeat("!", 1400)} {
			shout(w, client, everyone, text).Because(
				"Shout sends and returns: nobody knows how many answers there will be, or whether any, so it waits for none.",
				"Shout 送出去就回傳：沒有人知道會有幾個答覆，也不知道到底有沒有，所以一個都不等。",
			).Returns(nil)
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
		shout(w, client, everyone, text).Fails(syscall.EACCES)
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
	// Whoever hears takes a while, and is not called again meanwhile.
	harness.OnVirtual(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		gate := make(chan struct{})
		var running atomic.Int32
		w.Go("Hear", func(ctx context.Context) error {
			return broadcast.Hear(ctx, server, func(_ net.Addr, text string) {
				if running.Add(1) > 1 {
					w.Because("Call heard in the loop itself, not in a goroutine of its own: the next call begins when the last one has returned.",
						"heard 要在迴圈裡直接呼叫，不要放在另一個 goroutine 裡：上一次呼叫回傳了，才開始下一次。")
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
		close(gate)
		w.Logged(`heard "one"`, `heard "two"`)
	})

	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		w.FailNextRead(server, syscall.ECONNREFUSED)
		alice.Send(server, text)
		hearing := hear(w, "server", server)
		w.AllRead(server)
		w.FailNextRead(server, syscall.EHOSTUNREACH)
		lines := []string{note("server", "alice", text)}
		for _, text := range []string{"hello", "", " two\nlines\n", "晚安", "\xff\x00", strings.Repeat("z", w.MaxPayload()), "short", "short"} {
			bob.Send(server, text)
			lines = append(lines, note("server", "bob", text))
		}
		alice.Send(server, text)
		lines = append(lines, note("server", "alice", text))
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
		alice.Send(server, text)
		w.Logged(note("server", "alice", text))
		hearing.Cancel()
		hearing.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		again := hear(w, "server", server)
		alice.Send(server, "again")
		w.Logged(note("server", "alice", text), note("server", "alice", "again"))
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
	harness.OnSubnet(t, func(w *harness.World) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		names := []string{"server 1", "server 2", "server 3"}
		servers, everyone := w.ListenBroadcast(names...)
		var lines []string
		for i, server := range servers {
			hear(w, names[i], server)
			lines = append(lines, note(names[i], "client", text))
		}
		shout(w, client, everyone, text).Returns(nil)
		w.LoggedInAnyOrder(lines...)
		dave.HeardNothingElse()
	})

	// On the same port, but bound to its own address, or on another subnet.
	harness.OnSubnets(t, func(w *harness.World) {
		w.Router(1500)
		client := w.ListenPacket("client")
		servers, everyone := w.ListenBroadcast("server")
		bound, abroad := w.Bound("bound", everyone), w.Abroad("abroad", everyone)
		hear(w, "server", servers[0])
		shout(w, client, everyone, text).Returns(nil)
		w.LoggedInAnyOrder(note("server", "client", text))
		bound.HeardNothingElse()
		abroad.HeardNothingElse()
	})
}

// TestAllowBroadcast: a socket without the permission to broadcast gets it, and
// is otherwise as before. If that fails, there is an error.
//
//kata:points 2
func TestAllowBroadcast(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		client := w.UDPConn("client")
		w.ForbidBroadcast(client)
		allow(w, "client", client).Returns(nil)
		w.MayBroadcast(client)
		w.StillNonBlocking(client)
		allow(w, "client", client).Returns(nil)
		w.MayBroadcast(client)

		closed := w.UDPConn("closed")
		closed.Close()
		allow(w, "closed", closed).Because(
			"The socket is closed, so there is no descriptor to be had, and Control says so: its error is for your caller.",
			"這個 socket 已經關閉，拿不到描述元，而 Control 會說出來：它的錯誤要讓呼叫你的人知道。",
		).Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		allow(w, "broken", broken).Because(
			"The option can't be set on this socket. Control does not return the error of the function that it calls: keep that one in a variable outside, and return it.",
			"這個 socket 設不了選項。Control 不會回傳它所呼叫的函式的錯誤：把那個錯誤放進外面的變數，再回傳。",
		).Fails(want)
	})
}

// TestAllowBroadcastInTheKernel: the kernel does not send a broadcast without
// permission. After AllowBroadcast it does, and everyone hears it.
//
//kata:points 1
func TestAllowBroadcastInTheKernel(t *testing.T) {
	harness.OnLoopback4(t, func(w *harness.World) {
		client := w.UDPConn("client")
		w.ForbidBroadcast(client)
		audience, everyone := w.Audience("alice", "bob")
		send := func() *harness.Call {
			return w.Go("WriteTo", func(context.Context) error {
				_, err := client.WriteTo([]byte(text), everyone.LocalAddr())
				return err
			})
		}
		send().Fails(syscall.EACCES)
		shout(w, client, everyone, text).Fails(syscall.EACCES)
		allow(w, "client", client).Returns(nil)
		send().Returns(nil)
		for _, peer := range audience {
			peer.ExpectFrom(client, text)
			peer.HeardNothingElse()
		}
	})
}

// TestListenShared: two sockets have one address and port. A datagram for that
// address alone reaches one of them.
//
//kata:points 2
func TestListenShared(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		one := listenShared(w, addr).Because(
			"ListenShared opens its socket at the address that it is given. To hear broadcasts, it need not be at all addresses: that is for the caller to choose.",
			"ListenShared 要把 socket 開在交給它的位址上。要聽到廣播，不一定要開在所有位址上：這由呼叫的人決定。",
		).Opens("one", addr)
		two := listenShared(w, addr).Opens("two", addr)
		alice := w.Peer("alice")
		alice.Send(two, "only one of you")
		w.OneHears(alice, "only one of you", one, two)
		w.Because("Opening a socket can fail: this computer does not have that address. Then there is no socket, so look at err before you use it.",
			"開 socket 可能會失敗：這台電腦沒有那個位址。這時沒有 socket，所以要先看 err 再使用。")
		listenShared(w, netip.AddrPortFrom(w.AbsentAddr(), w.FreePort())).Fails()
	})
}

// TestListenSharedInTheKernel: sockets that share a port of the broadcast address,
// or of all addresses, hear each broadcast, once each.
//
//kata:points 1
func TestListenSharedInTheKernel(t *testing.T) {
	harness.OnLoopback4(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.BroadcastAddr(), w.FreePort())
		var servers []*harness.Peer
		for _, name := range []string{"server 1", "server 2", "server 3"} {
			servers = append(servers, listenShared(w, addr).Opens(name, addr))
		}
		alice := w.Peer("alice")
		alice.Send(servers[0], text)
		for _, server := range servers {
			server.ExpectFrom(alice, text)
			server.HeardNothingElse()
		}
	})

	// On a subnet, so do those that are bound to all addresses, but not who is bound
	// to the address of its own host.
	harness.OnLab4(t, func(w *harness.World) {
		port := w.FreePort()
		open := func(name string, addr netip.Addr) *harness.Peer {
			at := netip.AddrPortFrom(addr, port)
			return listenShared(w, at).Opens(name, at)
		}
		own := open("own", w.Home())
		servers := []*harness.Peer{
			open("server 1", w.Wildcard()), open("server 2", w.Wildcard()), open("server 3", w.BroadcastAddr()),
		}
		alice := w.Peer("alice")
		alice.Send(w.Everyone(port), text)
		for _, server := range servers {
			server.ExpectFrom(alice, text)
			server.HeardNothingElse()
		}
		own.HeardNothingElse()
		alice.Send(own, "only you")
		own.ExpectFrom(alice, "only you")
	})
}
