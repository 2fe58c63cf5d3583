package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	broadcast "udpkata/lessons/05-broadcast"
)

const message = "Broadcast datagram!"

// errs are those that a call of a socket may meet, and the next one not.
var errs = []error{
	syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
	syscall.EMSGSIZE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM, syscall.EINTR, syscall.EIO, syscall.EPROTO,
}

// shout starts the student's client.
func shout(w harness.Caller, client net.PacketConn, to harness.Endpoint, text string) *harness.Call {
	return w.Go("Shout", func(context.Context) error { return broadcast.Shout(client, to.LocalAddr(), text) })
}

// hear starts the student's server, and notes what it hears.
func hear(w harness.Caller, name string, server net.PacketConn) *harness.Call {
	notes := w.Notes()
	return w.Go("Hear", func(ctx context.Context) error {
		return broadcast.Hear(ctx, server, func(from net.Addr, text string) {
			fmt.Fprintln(notes, note(name, w.Name(from), text))
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

		// Each prefix length, with addresses of all kinds: net.IPMask knows what comes out.
		for _, addr := range []string{
			"0.0.0.0", "10.1.2.3", "100.64.0.9", "127.0.0.1", "172.31.255.254", "192.168.129.9", "224.0.0.1",
			fmt.Sprintf("203.%d.113.%d", harness.Number(w, 0, 0, 255), harness.Number(w, 85, 0, 99)), "255.255.255.255",
		} {
			ip := netip.MustParseAddr(addr)
			for bits := range 31 {
				last := ip.As4()
				for i, mask := range net.CIDRMask(bits, 32) {
					last[i] |= ^mask
				}
				w.Because("Any IPv4 address may stand in a prefix, and any length from 0 to 30: set %d bits.", 32-bits)
				find(netip.PrefixFrom(ip, bits)).Returns(netip.AddrFrom4(last))
			}
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
		for _, prefix := range []netip.Prefix{
			{}, netip.PrefixFrom(netip.MustParseAddr("10.0.0.1"), 33), netip.PrefixFrom(netip.Addr{}, 8),
		} {
			w.Because("A caller may hand over a prefix that is not valid: ask prefix.IsValid() before all else.")
			find(prefix).Fails()
		}
	})
}

// TestShout: everyone hears what was sent once, and Shout does not wait for
// answers. Without permission it reports the error, and any other error too.
//
//kata:points 2
func TestShout(t *testing.T) {
	harness.OnSubnet(t, func(w *harness.Subnet) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		audience, everyone := w.Audience("alice", "bob", "carol")
		for _, text := range []string{w.Text(message), "", w.Text("晚安\xff"), strings.Repeat("!", 1400)} {
			shout(w, client, everyone, text).
				Because("Once it has sent, Shout returns nil, and waits for no answer: nobody knows how many come.").
				Returns(nil)
			for _, peer := range audience {
				peer.Because("Each call of Shout sends its whole text in one WriteTo, whatever it has sent before.").
					ExpectFrom(client, text)
			}
		}
		dave.Send(client, w.Text("an answer"))
		shout(w, client, dave, w.Text("only you")).Returns(nil)
		w.Unread(client)
		w.Call("ReadFrom", func(context.Context) (any, error) {
			buf := make([]byte, 100)
			n, _, err := client.ReadFrom(buf)
			return string(buf[:n]), err
		}).Returns(w.Text("an answer"))
		dave.ExpectFrom(client, w.Text("only you"))

		w.ForbidBroadcast(client)
		shout(w, client, everyone, w.Text(message)).Fails(syscall.EACCES)
		for _, peer := range audience {
			peer.HeardNothingElse()
		}
		dave.HeardNothingElse()
		w.StillOpen(client)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "any-text-any-error", func(w *harness.Virtual) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		var instants []time.Duration // of the sends: all at once
		for _, text := range []string{w.Text(message), w.Text(message), w.Text("\n a line\r\n"), w.Text("a\x00b"),
			strings.Repeat("p", 1473), strings.Repeat("q", w.MaxPayload()),
		} {
			shout(w, client, dave, text).
				Because("Once it has sent, Shout returns nil at once, whatever the text.").
				ReturnsAt(0, nil)
			dave.Because("Each call of Shout sends its whole text in one WriteTo, whatever it has sent before.").
				ExpectFrom(client, text)
			instants = append(instants, 0)
		}
		for _, err := range errs {
			w.FailWritesTo(client, dave, err)
			shout(w, client, dave, w.Text(message)).
				Because("Shout sends once, and reports whatever error that meets.").
				Fails(err)
			instants = append(instants, 0)
			w.Because("Shout sends once, and reports whatever error that meets.")
			w.SentAt(client, instants...)
		}
		w.SlowWrites(client, time.Second)
		shout(w, client, dave, w.Text(message)).
			Because("A send may take a while: Shout returns once WriteTo has, with its error.").
			Fails(errs[len(errs)-1])
		w.SlowWrites(client, 0)
		w.FailWritesTo(client, dave, nil)
		w.Close(client)
		shout(w, client, dave, w.Text(message)).
			Because("Shout sends once, and reports whatever error that meets.").
			Fails(net.ErrClosed)
		dave.HeardNothingElse()
		w.NothingLeftBehind()
	})
}

// TestHear: every datagram is passed on once, with its sender and its text,
// whoever sent it and whatever it holds, and one after the other. Errors of reads
// and hours of silence are not the end; a closed socket is.
//
//kata:points 2
func TestHear(t *testing.T) {
	harness.OnVirtual.Then(t, "one-at-a-time", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		gate := make(chan struct{}) // keeps heard busy until all datagrams have come
		var calls, running atomic.Int32
		notes := w.Notes()
		w.Go("Hear", func(ctx context.Context) error {
			return broadcast.Hear(ctx, server, func(_ net.Addr, text string) {
				number := calls.Add(1)
				if running.Add(1) > 1 {
					fmt.Fprintln(notes, "heard was called while its last call was still running")
				}
				<-gate
				running.Add(-1)
				fmt.Fprintf(notes, "%d: heard %q\n", number, text)
			})
		})
		var lines []string
		for i := range 150 {
			text := w.Text(fmt.Sprint("text ", i+1))
			alice.Send(server, text)
			lines = append(lines, fmt.Sprintf("%d: heard %q", i+1, text))
		}
		w.At(time.Second)
		if running.Load() > 1 {
			w.Because("Call heard in the loop itself, not in a goroutine of its own.")
		} else {
			w.Because("All that comes while heard is running is passed on afterwards, in the order in which it came.")
		}
		close(gate)
		w.Logged(lines[0], lines[1:]...)
		w.Close(server)
	})

	harness.OnEachNetwork.Then(t, "every-datagram", func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		w.FailNextRead(server, syscall.ECONNREFUSED)
		alice.Send(server, w.Text(message))
		hearing := hear(w, "server", server)
		w.AllRead(server)
		w.FailNextRead(server, syscall.EHOSTUNREACH)
		lines := []string{note("server", "alice", w.Text(message))}
		for _, text := range []string{w.Text("hello"), "", w.Text(" two\nlines\n"), w.Text("晚安"), w.Text("\xff\x00"),
			strings.Repeat("z", w.MaxPayload()), w.Text("short"), w.Text("short"),
		} {
			bob.Send(server, text)
			lines = append(lines, note("server", "bob", text))
		}
		alice.Send(server, w.Text(message))
		lines = append(lines, note("server", "alice", w.Text(message)))
		w.Logged(lines[0], lines[1:]...)

		w.Close(server)
		hearing.Fails(net.ErrClosed)
		w.Logged(lines[0], lines[1:]...)
		alice.HeardNothingElse()
		bob.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "silence-and-errors", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		began, record := time.Now(), w.Notes()
		var kept []func() string // what heard was given, as it is by now
		w.Go("Hear", func(ctx context.Context) error {
			return broadcast.Hear(ctx, server, func(from net.Addr, text string) {
				kept = append(kept, func() string { return note("server", w.Name(from), text) })
				minutes := time.Since(began).Truncate(time.Minute)
				fmt.Fprintf(record, "%s after %v\n", note("server", w.Name(from), text), minutes)
			})
		})
		var lines, notes []string
		comes := func(from, text string, after time.Duration) {
			notes = append(notes, note("server", from, text))
			lines = append(lines, fmt.Sprintf("%s after %v", note("server", from, text), after.Truncate(time.Minute)))
		}
		for i, after := range []time.Duration{time.Second, time.Minute + 1, time.Hour + 1, 100 * time.Hour} {
			w.At(after)
			text := w.Text(fmt.Sprint("text ", i+1))
			alice.Send(server, text)
			comes("alice", text, after)
			w.Because("However long nothing comes, Hear waits: what comes then is passed on.").
				Logged(lines[0], lines[1:]...)
		}
		for i := range len(errs) {
			minute := 100*time.Hour + time.Duration(i+1)*time.Minute
			w.At(minute)
			w.FailRead(server, errs[:i+1]...)
			text := w.Text(fmt.Sprint("after errors ", i+1))
			alice.Send(server, text)
			comes("alice", text, minute)
			w.At(minute + time.Minute - 1) // for whoever makes pauses
			w.Because("However many reads fail, and whatever their errors are, the next one may bring a datagram.").
				Logged(lines[0], lines[1:]...)
		}
		w.Go("WriteTo", func(context.Context) error { // the socket's owner, to itself
			_, err := server.WriteTo([]byte(w.Text(message)), server.LocalAddr())
			return err
		}).Returns(nil)
		comes("server", w.Text(message), 100*time.Hour+time.Duration(len(errs))*time.Minute)
		w.Because("Every datagram counts, even if conn itself has sent it.").Logged(lines[0], lines[1:]...)

		for i, now := range kept {
			if got := now(); got != notes[i] {
				fmt.Fprintln(record, "what heard was given has changed: now", got)
			}
		}
		w.Because("A caller may keep what heard is given: each call gets an address and a text of its own.").
			Logged(lines[0], lines[1:]...)
		w.Close(server)
	})

	harness.OnVirtual.Then(t, "a-thousand-errors", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		hear(w, "server", server)
		w.FailRead(server, slices.Repeat(errs, 100)...)
		w.At(time.Hour) // for whoever makes pauses
		alice.Send(server, w.Text(message))
		w.At(2 * time.Hour)
		w.Because("However many reads fail, and whatever their errors are, the next one may bring a datagram.").
			Logged(note("server", "alice", w.Text(message)))

		const inARow = 40 // one a minute
		last := 2 * time.Hour
		for range inARow {
			last += time.Minute
			w.At(last)
			w.FailRead(server, syscall.ENOBUFS)
		}
		alice.Send(server, w.Text("again"))
		w.Logged(note("server", "alice", w.Text(message)), note("server", "alice", w.Text("again")))
		w.Because("A pause after an error lasts a second at the most, also after many errors in a row.")
		w.StillAt(last + time.Second)
		w.Close(server)
	})

	harness.OnVirtual.Then(t, "two-sockets", func(w *harness.Virtual) {
		busy, other, alice := w.ListenPacket("busy"), w.ListenPacket("other"), w.Peer("alice")
		gate := make(chan struct{})
		w.Go("Hear", func(ctx context.Context) error {
			return broadcast.Hear(ctx, busy, func(net.Addr, string) { <-gate })
		})
		hear(w, "other", other)
		alice.Send(busy, w.Text("first"))
		alice.Send(other, w.Text(message))
		w.Because("Calls on other sockets run at the same time: none waits for another one's heard.").
			Logged(note("other", "alice", w.Text(message)))
		w.Close(busy)
		w.Close(other)
		close(gate)
	})

	harness.OnVirtual.Then(t, "many-sockets", func(w *harness.Virtual) {
		for i := range 40 {
			name := fmt.Sprint("silent ", i+1)
			hear(w, name, w.ListenPacket(name))
		}
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		hear(w, "server", server)
		alice.Send(server, w.Text(message))
		w.Because("Calls on other sockets run at the same time, however many there are.").
			Logged(note("server", "alice", w.Text(message)))
	})
}

// A wordyConn puts each error in words of its own. None is a *net.OpError.
type wordyConn struct{ net.PacketConn }

func (c wordyConn) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	n, from, err = c.PacketConn.ReadFrom(p)
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = inOtherWords{op.Err}
	}
	return n, from, err
}

// An error inOtherWords wraps one, and its text tells nothing of that.
type inOtherWords struct{ error }

func (inOtherWords) Error() string { return "the story's socket says no" }

func (e inOtherWords) Unwrap() error { return e.error }

// A countingConn counts the datagrams that are read from it.
type countingConn struct {
	net.PacketConn
	read atomic.Int32
}

func (c *countingConn) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	if n, from, err = c.PacketConn.ReadFrom(p); err == nil {
		c.read.Add(1)
	}
	return n, from, err
}

// A failingConn's reads all fail. The context that it cancels ends during one of them.
type failingConn struct {
	net.PacketConn
	cancel context.CancelFunc
	reads  atomic.Int32
}

const (
	failsTil   = 100     // how many reads a failingConn lets fail before it cancels
	failsAtAll = 100_000 // after so many, it reads as any conn: then nobody waits for ever
)

func (c *failingConn) ReadFrom(p []byte) (int, net.Addr, error) {
	switch n := c.reads.Add(1); {
	case n > failsAtAll:
		return c.PacketConn.ReadFrom(p)
	case n == failsTil:
		c.cancel()
	}
	return 0, nil, syscall.EIO
}

// TestHearStops: when its context ends, Hear returns, though no datagram arrives,
// and says why. It leaves the socket as it was, and nothing behind. It waits for a
// call of heard that is running, and for nothing else.
//
//kata:points 2
func TestHearStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		hearing := hear(w, "server", server)
		alice.Send(server, w.Text(message))
		w.Logged(note("server", "alice", w.Text(message)))
		hearing.Stop()
		hearing.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		again := hear(w, "server", server)
		alice.Send(server, w.Text("again"))
		w.Logged(note("server", "alice", w.Text(message)), note("server", "alice", w.Text("again")))
		w.Close(server)
		again.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "after-an-error", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		hearing := hear(w, "server", server)
		w.FailRead(server, syscall.ECONNREFUSED)
		w.Because("A pause after an error ends too when ctx does.")
		hearing.Stop()
		hearing.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "datagram-while-cancelling", func(w *harness.Kernel4) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		hearing := hear(w, "server", server)
		alice.Send(server, w.Text(message))
		w.Logged(note("server", "alice", w.Text(message)))
		w.SlowDeadlines(server)
		hearing.Cancel()
		alice.Send(server, w.Text("again"))
		hearing.Wait()
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "errors-without-end", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		failing := &failingConn{PacketConn: server}
		var returned atomic.Bool
		hearing := w.Go("Hear", func(ctx context.Context) error {
			ctx, failing.cancel = context.WithCancel(ctx)
			defer failing.cancel()
			defer returned.Store(true)
			return broadcast.Hear(ctx, failing, func(net.Addr, string) {})
		})
		w.At((failsTil + 1) * time.Second) // for whoever makes pauses
		switch early := failing.reads.Load() < failsTil; {
		case early && returned.Load():
			w.Because("However many reads fail, and whatever their errors are, the next one may bring a datagram.")
		case early:
			w.Because("A pause after an error lasts a second at the most, also after many errors in a row.")
		}
		hearing.Fails(context.Canceled, os.ErrDeadlineExceeded)
		fmt.Fprintln(w.Notes(), "Hear has returned")
		if failing.reads.Load() > failsAtAll {
			fmt.Fprintf(w.Notes(), "when ctx had ended, Hear went on through %d reads that failed\n",
				failsAtAll-failsTil)
		}
		w.Because("Ask after each read, whatever its error, whether ctx has ended.").Logged("Hear has returned")
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "other-words", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		call := hear(w, "server", wordyConn{server})
		w.FailRead(server, syscall.ECONNREFUSED)
		alice.Send(server, w.Text(message))
		w.At(time.Second + 1) // for whoever makes pauses
		w.Logged(note("server", "alice", w.Text(message)))
		w.Because("A conn may put an error in words of its own: errors.Is finds what it wraps.")
		w.Close(server)
		call.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	for _, tt := range []struct {
		name string
		end  func(w *harness.Virtual, hearing *harness.Call, server net.PacketConn)
		rest time.Duration // Hear may make a pause
		errs []error
	}{
		{"cancelled-while-heard-runs", func(_ *harness.Virtual, hearing *harness.Call, _ net.PacketConn) {
			hearing.Cancel()
		}, 0, []error{context.Canceled, os.ErrDeadlineExceeded}},
		{"closed-while-heard-runs", func(w *harness.Virtual, _ *harness.Call, server net.PacketConn) {
			w.Close(server)
		}, time.Second, []error{net.ErrClosed}},
	} {
		harness.OnVirtual.Then(t, tt.name, func(w *harness.Virtual) {
			server, alice := w.ListenPacket("server"), w.Peer("alice")
			gate := make(chan struct{})
			counting := &countingConn{PacketConn: server}
			var calls atomic.Int32
			hearing := w.Go("Hear", func(ctx context.Context) error {
				return broadcast.Hear(ctx, counting, func(net.Addr, string) {
					calls.Add(1)
					<-gate
				})
			})
			const datagrams = 40
			for range datagrams {
				alice.Send(server, w.Text(message))
			}
			tt.end(w, hearing, server)
			w.At(time.Second)
			ahead := counting.read.Load() - 1
			close(gate)
			hearing.Because("Hear waits for the call of heard that is running, and then returns at once.")
			if tt.rest == 0 {
				hearing.FailsAt(time.Second, tt.errs...)
			} else {
				w.At(time.Second + tt.rest)
				hearing.Fails(tt.errs...)
			}
			fmt.Fprintln(w.Notes(), "Hear has returned")
			if ahead > 2 {
				fmt.Fprintln(w.Notes(), "while heard ran, Hear read more than two datagrams ahead")
			}
			w.Because("Hear reads two datagrams ahead at the most, so that the others still wait on conn then.").
				Logged("Hear has returned")
			if calls.Load() == datagrams {
				fmt.Fprintln(w.Notes(), "heard was called for all that was waiting")
			}
			w.Because("When ctx ends, or conn is closed, Hear returns, and leaves alone what is still waiting.").
				Logged("Hear has returned")
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "before-the-call", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		w.Go("Hear", func(ctx context.Context) error {
			over, cancel := context.WithCancel(ctx)
			cancel()
			return broadcast.Hear(over, server, func(net.Addr, string) {})
		}).Because("A ctx may be over before the call: that is an end like any other, with ctx's error.").
			FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()
		w.Close(server)
		closed := hear(w, "server", server)
		w.At(time.Second) // for whoever makes pauses
		closed.Because("A socket may be closed before the call: that is an end like any other, with its error.")
		closed.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		w.CallUntil(time.Second, "Hear", func(ctx context.Context) (any, error) {
			return nil, broadcast.Hear(ctx, server, func(net.Addr, string) {})
		}).Because("A ctx ends by its deadline too, with context.DeadlineExceeded: ask whether ctx.Err() is nil.").
			FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.StillOpen(server)
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
			lines = append(lines, note(names[i], "client", w.Text(message)))
		}
		shout(w, client, everyone, w.Text(message)).Returns(nil)
		w.LoggedInAnyOrder(lines...)
		dave.HeardNothingElse()
	})

	harness.OnSubnets.Then(t, "own-address-or-another-subnet", func(w *harness.Subnets) {
		w.Router()
		client := w.ListenPacket("client")
		servers, everyone := w.ListenBroadcast("server")
		bound, beyond := w.BoundPeer("bound", everyone), w.PeerBeyond("beyond", everyone)
		hear(w, "server", servers[0])
		shout(w, client, everyone, w.Text(message)).Returns(nil)
		w.LoggedInAnyOrder(note("server", "client", w.Text(message)))
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
		w.Because("Set this one option alone: the others are the caller's business.")
		w.OtherwiseUnchanged(client, "SO_BROADCAST")

		late := w.UDPConn("late")
		w.ForbidBroadcast(late)
		late.SetDeadline(time.Unix(1, 0)) // long past
		allow(w, "late", late).
			Because("Setting an option is neither a read nor a write: with Control, no deadline matters.").
			Returns(nil)
		w.MayBroadcast(late)
		w.Go("WriteTo", func(context.Context) error {
			_, err := late.WriteTo([]byte(w.Text(message)), late.LocalAddr())
			return err
		}).Because("A deadline that the socket has is the caller's, and stays there.").Fails(os.ErrDeadlineExceeded)

		at := netip.AddrPortFrom(w.Home(), w.FreePort())
		for _, name := range []string{"first", "second"} {
			conn := w.UDPConnAt(name, at)
			w.ForbidBroadcast(conn)
			allow(w, name, conn).Returns(nil)
			w.Because("Two sockets can have one address, one after the other: each needs the permission.")
			w.MayBroadcast(conn)
			w.Because("When the caller closes its socket, the port is free: whoever makes a copy of it closes that.")
			conn.Close()
		}
		w.UDPConnAt("third", at)

		closed := w.UDPConn("closed")
		closed.Close()
		allow(w, "closed", closed).
			Because("A closed socket: there is no descriptor to be had. Return Control's error, which says so.").
			Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		allow(w, "broken", broken).
			Because("Control has an error of its own, and what it calls has another: return whichever is there.").
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
				_, err := client.WriteTo([]byte(w.Text(message)), everyone.LocalAddr())
				return err
			})
		}
		send().Fails(syscall.EACCES)
		shout(w, client, everyone, w.Text(message)).Fails(syscall.EACCES)
		allow(w, "client", client).Returns(nil)
		send().Returns(nil)
		for _, peer := range audience {
			peer.ExpectFrom(client, w.Text(message))
			peer.HeardNothingElse()
		}
	})
}

// TestListenShared: sockets have one address and port. A datagram for that
// address alone reaches one of them.
//
//kata:points 2
func TestListenShared(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.FreePort())
		opening := listenShared(w, addr)
		one := w.Opened(opening, "one", addr)
		w.LeavesNoSocket(opening)
		two := w.Opened(listenShared(w, addr), "two", addr)
		anyPort := netip.AddrPortFrom(w.Home(), 0)
		choosing := listenShared(w, anyPort)
		chosen := w.Opened(choosing, "chosen", anyPort).LocalAddr().(*net.UDPAddr).AddrPort()
		w.LeavesNoSocket(choosing)
		w.Opened(listenShared(w, chosen).
			Because("A port that the system has chosen, for port 0, is shared like any other."), "beside it", chosen)
		alice := w.Peer("alice")
		alice.Send(two, w.Text("only one of you"))
		w.OneHears(alice, w.Text("only one of you"), one, two)
		if !w.IPv6() {
			mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:"+addr.Addr().String()), addr.Port())
			w.Opened(listenShared(w, mapped).
				Because("An IPv4 address may come in IPv6's form, where Is6 is true: \"udp6\" does not take it."),
				"three", addr)
		}
		w.Because("Opening a socket can fail. Then there is none, so look at err before you use it.")
		failing := listenShared(w, netip.AddrPortFrom(w.AbsentAddr(), w.FreePort()))
		failing.Fails()
		w.LeavesNoSocket(failing)
		for _, port := range []uint16{0, w.FreePort()} {
			listenShared(w, netip.AddrPortFrom(netip.Addr{}, port)).
				Because("An AddrPort without an address is not valid, and is no other name for all addresses.").
				Fails()
		}
	})
}

// TestListenSharedInTheKernel: sockets that share a port of the broadcast address,
// or of all addresses, hear each broadcast, once each.
//
//kata:points 1
func TestListenSharedInTheKernel(t *testing.T) {
	harness.OnLoopback4(t, func(w *harness.Kernel4) {
		servers, everyone := w.Audience("theirs") // it has the option
		addr := everyone.LocalAddr().(*net.UDPAddr).AddrPort()
		for _, name := range []string{"server 1", "server 2", "server 3"} {
			servers = append(servers, w.Opened(listenShared(w, addr), name, addr))
		}
		alice := w.Peer("alice") // and hers has not
		refused := listenShared(w, alice.LocalAddr().(*net.UDPAddr).AddrPort())
		refused.Because("This port can't be shared. Return the error, and open no other socket instead.")
		refused.Fails(syscall.EADDRINUSE)
		w.LeavesNoSocket(refused)
		alice.Send(servers[1], w.Text(message))
		for _, server := range servers {
			server.ExpectFrom(alice, w.Text(message))
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
		alice.Send(w.Everyone(port), w.Text(message))
		for _, server := range servers {
			server.ExpectFrom(alice, w.Text(message))
			server.HeardNothingElse()
		}
		own.HeardNothingElse()
		alice.Send(own, w.Text("only you"))
		own.ExpectFrom(alice, w.Text("only you"))
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
