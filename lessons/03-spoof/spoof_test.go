package spoof_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	spoof "udpkata/lessons/03-spoof"
)

const (
	question = "The time is now"
	answer   = "Your data was 15 bytes long"

	// somePort is compared only.
	somePort = 1060
)

// heard is what Ask has returned as the stories compare it: with names for addresses,
// and how many of them there are.
type heard struct {
	Data       string
	TurnedAway int
	Strangers  string
}

func listed(names ...string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(names), strings.Join(names, ", "))
}

func hear(w harness.Caller, a spoof.Answer, err error) heard {
	var names []string
	for _, s := range a.Strangers {
		names = append(names, w.Name(s))
	}
	data := string(a.Data)
	if err != nil && a.Data != nil {
		data = fmt.Sprintf("%#v, and not nil", a.Data)
	}
	return heard{data, a.TurnedAway, listed(names...)}
}

// ask starts the student's client.
func ask(w harness.Caller, client net.PacketConn, server harness.Endpoint, text string) *harness.Call {
	return askAt(w, "Ask", client, server.LocalAddr(), text)
}

func askAt(w harness.Caller, name string, client net.PacketConn, server net.Addr, text string) *harness.Call {
	return w.Call(name, asking(w, client, server, text))
}

// asking returns a call of Ask. The bytes of no text are nil.
func asking(w harness.Caller, client net.PacketConn, server net.Addr, text string) calling {
	return func(ctx context.Context) (any, error) {
		a, err := spoof.Ask(ctx, client, server, append([]byte(nil), text...))
		return hear(w, a, err), err
	}
}

// keeping returns a call of Ask whose Answer is kept. Its result is the answer's bytes.
func keeping(kept *spoof.Answer, client net.PacketConn, server net.Addr, msg []byte) calling {
	return func(ctx context.Context) (_ any, err error) {
		*kept, err = spoof.Ask(ctx, client, server, msg)
		return kept.Data, err
	}
}

func askConnected(w harness.Caller, client net.Conn, text string) *harness.Call {
	return w.Call("AskConnected", askingConnected(client, text))
}

func askingConnected(client net.Conn, text string) calling {
	return func(ctx context.Context) (any, error) {
		return spoof.AskConnected(ctx, client, append([]byte(nil), text...))
	}
}

// A calling is a call of the student's code.
type calling = func(ctx context.Context) (any, error)

// over makes the call with a context that is cancelled already.
func over(call calling) calling {
	return func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return call(ctx)
	}
}

// overdue makes the call with a context whose deadline has passed already.
func overdue(call calling) calling {
	return func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
		defer cancel()
		return call(ctx)
	}
}

// cancelledAfterwards makes the call with a context that is cancelled when it has
// returned.
func cancelledAfterwards(call calling) calling {
	return func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return call(ctx)
	}
}

// lend returns the bytes of a text in the room of many more, which are not the text's,
// and a copy of all.
func lend(text string) (lent, was []byte) {
	lent = bytes.Repeat([]byte{'.'}, 1<<17)
	copy(lent, text)
	return lent, bytes.Clone(lent)
}

// unchanged fails the story unless the bytes that it has lent to a function are what
// they were.
func unchanged(w *harness.Virtual, function string, lent, was []byte) {
	w.Helper()
	if !bytes.Equal(lent, was) {
		w.Errorf("%s has changed the bytes of msg, or those behind them, which it was only lent.", function)
	}
}

// in16 returns the same address with its IP in 16 bytes, as net.ParseIP gives it.
func in16(addr net.Addr) net.Addr {
	udp := *addr.(*net.UDPAddr)
	udp.IP = udp.IP.To16()
	return &udp
}

// zone returns the same address with a zone.
func zone(addr net.Addr, name string) net.Addr {
	udp := *addr.(*net.UDPAddr)
	udp.Zone = name
	return &udp
}

// Why two addresses are one endpoint, or are not.
const (
	equalValues = "The values are equal. == compares where the pointers point, and not what stands there."
	otherPort   = "The ports differ. The IP address alone lets in every program on that host."
	everyPort   = "The ports differ. Every one of their 16 bits counts."
	otherIP     = "The IP addresses differ. The port alone lets in every host."
	otherBoth   = "The IP addresses differ, and the ports do too."
	sameText    = "Compare IP address and port each by itself: one after the other, they can make the same text."
	twoForms    = "This is one IP address in two forms, of 4 bytes and of 16. Unmap brings it into the short one."
	zoneOfIPv4  = "No IPv4 address has a zone: what stands in Zone beside one counts for nothing."
	otherZone   = "The zone is a part of the address: fe80::1 on two interfaces can be two machines."
	everyPart   = "Every bit of the IP address counts, and every letter of the zone. No address stands for others."
	noAddress   = "Nil is no address, so it is not the same as anything, not even as another nil."
	nilPointer  = "A net.Addr that holds a nil *net.UDPAddr is no address either, and yet it is not == nil."
)

// TestSameEndpoint: IP address, zone and port must all be the same, however an
// address is written; nil is the same as nothing.
//
//kata:points 2
func TestSameEndpoint(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		at := func(text string) net.Addr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
		var noAddr *net.UDPAddr
		for _, tt := range []struct {
			a, b    net.Addr
			want    bool
			because string
		}{
			{at("127.0.0.1:1060"), at("127.0.0.1:1060"), true, equalValues},
			{at("127.0.0.1:1060"), at("127.0.0.1:1061"), false, otherPort},
			{at("127.0.0.1:1060"), at("127.0.0.2:1060"), false, otherIP},
			{at("127.0.0.1:1060"), at("127.0.0.11:60"), false, otherBoth},
			{at("127.0.0.1:1160"), at("127.0.0.11:160"), false, sameText},
			{at("127.0.0.1:1060"), at("[::ffff:127.0.0.1]:1060"), true, twoForms},
			{in16(at("127.0.0.1:1060")), at("127.0.0.1:1060"), true, twoForms},
			{at("127.0.0.1:1060"), at("[::ffff:127.0.0.1]:1061"), false, otherPort},
			{at("127.0.0.1:1060"), at("[::ffff:127.0.0.2]:1060"), false, otherIP},
			{zone(at("127.0.0.1:1060"), "eth0"), at("127.0.0.1:1060"), true, zoneOfIPv4},
			{zone(at("127.0.0.1:1060"), "eth0"), zone(at("127.0.0.1:1060"), "eth1"), true, zoneOfIPv4},
			{zone(in16(at("127.0.0.1:1060")), "eth0"), at("127.0.0.1:1060"), true, zoneOfIPv4},
			{zone(in16(at("127.0.0.1:1060")), "eth0"), in16(at("127.0.0.1:1060")), true, zoneOfIPv4},
			{at("[::1]:1060"), at("[::1]:1060"), true, equalValues},
			{at("[::1]:1060"), at("[::1]:1061"), false, otherPort},
			{at("[::1]:1060"), at("127.0.0.1:1060"), false, otherIP},
			{at("[fe80::1%eth0]:1060"), at("[fe80::1%eth0]:1060"), true, equalValues},
			{at("[fe80::1%eth0]:1060"), at("[fe80::1%eth1]:1060"), false, otherZone},
			{at("[fe80::1%eth0]:1060"), at("[fe80::1]:1060"), false, otherZone},
			{at("127.0.0.1:1060"), nil, false, noAddress},
			{at("127.0.0.1:1060"), noAddr, false, nilPointer},
			{nil, nil, false, noAddress},
			{noAddr, noAddr, false, nilPointer},
			{nil, noAddr, false, nilPointer},
		} {
			for _, pair := range [][2]net.Addr{{tt.a, tt.b}, {tt.b, tt.a}} {
				sameEndpoint(w, pair[0], pair[1]).Because(tt.because).Returns(tt.want)
			}
		}
	})

	// These are too many to tell of each, so the first pair that is wrong is told.
	harness.Offline.Then(t, "each-port-and-bit", func(w *harness.World) {
		var ports []netip.AddrPort
		for port := range 1 << 16 {
			ports = append(ports, netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port)))
		}
		each, some := forms(ports), harness.Number(w, somePort, 1, 1<<16-1)
		near := []form{each[0], each[some]}
		for bit := range 16 {
			near = append(near, each[some^1<<bit])
		}
		notable := forms(endpoints(some, "0.0.0.0", "127.0.0.1", "127.0.0.2", "255.255.255.255",
			"::", "::1", "::127.0.0.1", "64:ff9b::127.0.0.1", "fd00::1", "fd00::1%eth0", "fd00::1%eth1",
			"fe80::1", "fe80::1%eth0", "fe80::1%ETH0", "fe80::1%eth", "fe80::1%2", "::1%eth0"))
		one := fmt.Sprintf("127.%d.0.%d", harness.Number(w, 0, 0, 255), harness.Number(w, 1, 1, 254))
		bits, bitsOf16 := forms(neighbours(some, one)), forms(neighbours(some, "::ffff:"+one))
		bitsOf6 := forms(neighbours(some, fmt.Sprintf("fe80::%x%%eth0", harness.Number(w, 1, 1, 1<<16-1))))
		for _, tt := range []struct {
			one, other []form
			because    string
		}{
			{near, near, everyPort},
			{each[some : some+1], each, everyPort},
			{notable, notable, everyPart},
			{bits, bits, everyPart},
			{bitsOf16, forms(endpoints(some, one)), everyPart},
			{bitsOf6, bitsOf6, everyPart},
		} {
			var wrong []form
			w.Call("SameEndpoint", func(context.Context) (any, error) {
				wrong = firstWrong(tt.one, tt.other)
				return nil, nil
			}).Wait()
			if wrong != nil {
				sameEndpoint(w, wrong[0].addr, wrong[1].addr).Because(tt.because).Returns(wrong[0].of == wrong[1].of)
			}
			if slices.ContainsFunc(tt.one, form.changed) || slices.ContainsFunc(tt.other, form.changed) {
				w.Errorf("SameEndpoint has changed an address that it was given.")
			}
		}
	})
}

func sameEndpoint(w *harness.World, a, b net.Addr) *harness.Call {
	name := fmt.Sprintf("SameEndpoint(%s, %s)", written(a), written(b))
	return w.Call(name, func(context.Context) (any, error) { return spoof.SameEndpoint(a, b), nil })
}

// A form is one way to write an endpoint.
type form struct {
	addr   net.Addr
	as, of netip.AddrPort // as it is written, and in its short form
}

// forms returns the ways to write endpoints: an IPv4 address has two.
func forms(endpoints []netip.AddrPort) (all []form) {
	add := func(addr net.Addr) {
		as := addr.(*net.UDPAddr).AddrPort()
		all = append(all, form{addr, as, netip.AddrPortFrom(as.Addr().Unmap(), as.Port())})
	}
	for _, of := range endpoints {
		addr := net.UDPAddrFromAddrPort(netip.AddrPortFrom(of.Addr().Unmap(), of.Port()))
		add(addr)
		if len(addr.IP) == net.IPv4len {
			add(in16(addr))
		}
	}
	return all
}

// changed reports whether the address is no longer as it was written.
func (f form) changed() bool { return f.addr.(*net.UDPAddr).AddrPort() != f.as }

// firstWrong asks about one and another, both ways round, up to the first pair that
// SameEndpoint gets wrong.
func firstWrong(one, other []form) []form {
	for _, a := range one {
		there := harness.Results(len(other), func(i int) bool { return spoof.SameEndpoint(a.addr, other[i].addr) })
		back := harness.Results(len(other), func(i int) bool { return spoof.SameEndpoint(other[i].addr, a.addr) })
		for i, b := range other {
			same := a.of == b.of
			if there[i] != same {
				return []form{a, b}
			}
			if back[i] != same {
				return []form{b, a}
			}
		}
	}
	return nil
}

// endpoints returns those with these IP addresses and a port.
func endpoints(port int, ips ...string) (all []netip.AddrPort) {
	for _, ip := range ips {
		all = append(all, netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(port)))
	}
	return all
}

// neighbours returns an endpoint and those whose IP address differs from its in one bit.
func neighbours(port int, ip string) []netip.AddrPort {
	all := endpoints(port, ip)
	for bit := range all[0].Addr().BitLen() {
		slice := all[0].Addr().AsSlice()
		slice[bit/8] ^= 1 << (bit % 8)
		other, _ := netip.AddrFromSlice(slice)
		all = append(all, netip.AddrPortFrom(other.WithZone(all[0].Addr().Zone()), uint16(port)))
	}
	return all
}

// written returns an address in the form that it has.
func written(addr net.Addr) string {
	switch udp, _ := addr.(*net.UDPAddr); {
	case addr == nil:
		return "nil"
	case udp == nil:
		return "a nil *net.UDPAddr"
	case len(udp.IP) == net.IPv4len:
		return udp.String() // an AddrPort would leave out a zone
	default:
		return udp.AddrPort().String()
	}
}

const earlyAnswer = "What comes first from the server is the answer, also if it was there before the question."

// TestAsk: the client sends the bytes as they are and returns the server's as
// they are; an error of the socket's is returned.
//
//kata:points 1
func TestAsk(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server, nowhere := w.ListenPacket("client"), w.Peer("server"), w.Peer("nowhere")
		biggest := strings.Repeat("y", w.MaxPayload())
		for _, tt := range []struct{ text, answer string }{
			{w.Text(question), w.Text(answer)},
			{"", ""},
			{biggest, w.Text("\xff\xfe")},
			{w.Text("as much as you can"), biggest},
			{w.Text(" \tnot a text:\xff\x00\r\n"), w.Text("\n\x00the end of a line \n")},
			{w.Text("the same"), w.Text("the same")},
		} {
			asking := ask(w, client, server, tt.text)
			server.ExpectFrom(client, tt.text)
			server.Send(client, tt.answer)
			asking.Returns(heard{tt.answer, 0, listed()})
		}
		server.HeardNothingElse()

		nothing := heard{"", 0, listed()}
		w.FailWritesTo(client, nowhere, syscall.ENETUNREACH)
		failed := ask(w, client, nowhere, w.Text("anybody?"))
		failed.Fails(syscall.ENETUNREACH)
		failed.Because(besideAnError).Beside(nothing)
		w.FailNextRead(client, syscall.ECONNREFUSED)
		failed = ask(w, client, server, w.Text("are you there?"))
		failed.Fails(syscall.ECONNREFUSED)
		failed.Because(besideAnError).Beside(nothing)
		server.ExpectFrom(client, w.Text("are you there?"))
		w.StillOpen(client)
		w.NothingLeftBehind()

		again := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		server.Send(client, w.Text(answer))
		again.Because("Another Ask on the same socket works, whatever became of those before.")
		again.Returns(heard{w.Text(answer), 0, listed()})
	})

	harness.OnVirtual.Then(t, "slow-server", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		call := cancelledAfterwards(asking(w, client, server.LocalAddr(), w.Text(question)))
		cancelled := w.Call("Ask (with a context that is cancelled when it has returned)", call)
		server.Send(client, w.Text(answer))
		cancelled.Returns(heard{w.Text(answer), 0, listed()})
		w.NothingLeftBehind()

		limited := w.CallUntil(time.Minute, "Ask", asking(w, client, server.LocalAddr(), w.Text(question)))
		w.At(time.Second)
		server.Send(client, w.Text(answer))
		limited.Returns(heard{w.Text(answer), 0, listed()})
		w.NothingLeftBehind()

		patient := ask(w, client, server, w.Text(question))
		w.At(time.Hour)
		server.Send(client, w.Text(answer))
		patient.Returns(heard{w.Text(answer), 0, listed()})
	})

	harness.OnVirtual.Then(t, "there-before-the-question", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		server.Send(client, w.Text("good morning"))
		early := ask(w, client, server, w.Text(question))
		early.Because(earlyAnswer)
		early.Returns(heard{w.Text("good morning"), 0, listed()})
		server.ExpectFrom(client, w.Text(question))
		server.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "lent-and-kept", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		lent, was := lend(w.Text(question))
		to := in16(server.LocalAddr())
		var first spoof.Answer
		keep := w.Call("Ask", keeping(&first, client, to, lent[:len(w.Text(question))]))
		server.ExpectFrom(client, w.Text(question))
		server.Send(client, w.Text(answer))
		keep.Returns([]byte(w.Text(answer)))
		unchanged(w, "Ask", lent, was)
		if !reflect.DeepEqual(to, in16(server.LocalAddr())) {
			w.Errorf("Ask has changed the address of the server that it was given.")
		}

		second := ask(w, client, server, w.Text("and now?"))
		server.Send(client, w.Text("Your data was 8 bytes long"))
		second.Returns(heard{w.Text("Your data was 8 bytes long"), 0, listed()})
		keep.Because("An Answer is its caller's. What another Ask hears must not overwrite it.")
		keep.Returns([]byte(w.Text(answer)))
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		one, two := w.ListenPacket("client 1"), w.ListenPacket("client 2")
		server := w.Peer("server")
		slow := ask(w, one, server, w.Text("a long question"))
		server.ExpectFrom(one, w.Text("a long question"))
		quick := ask(w, two, server, w.Text(question))
		server.Because("Calls on two sockets run at the same time: neither waits for the other.")
		server.ExpectFrom(two, w.Text(question))
		server.Send(two, w.Text(answer))
		quick.Returns(heard{w.Text(answer), 0, listed()})
		server.Send(one, w.Text("a long answer"))
		slow.Returns(heard{w.Text("a long answer"), 0, listed()})
	})
}

// TestAskTurnsAwayStrangers: what comes from another port than the server's is
// turned away and counted, before the answer and after it, even if it holds the
// very same text.
//
//kata:points 3
func TestAskTurnsAwayStrangers(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		mallory, eve := w.Peer("mallory"), w.Peer("eve")
		sendTimes(several(w), mallory, client, w.Text("fine"))
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		w.AllRead(client)
		eve.Send(client, w.Text(answer))
		w.AllRead(client)
		mallory.Send(client, "")
		w.AllRead(client)
		server.Send(client, w.Text(answer))
		asking.Because("The answer is server's. TurnedAway counts all other datagrams, Strangers has each sender once.")
		asking.Returns(heard{w.Text(answer), several(w) + 2, listed("mallory", "eve")})

		sendTimes(several(w), mallory, client, w.Text("fine"))
		sameServer := in16(server.LocalAddr())
		again := askAt(w, "Ask (with the server's IP address in 16 bytes)", client, sameServer, w.Text("and now?"))
		server.ExpectFrom(client, w.Text("and now?"))
		w.AllRead(client)
		server.Send(client, w.Text("Your data was 8 bytes long"))
		again.Returns(heard{w.Text("Your data was 8 bytes long"), several(w), listed("mallory")})
		server.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "kept", func(w *harness.Virtual) {
		client, server, mallory, eve := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory"), w.Peer("eve")
		var first spoof.Answer
		keep := w.Call("Ask", keeping(&first, client, server.LocalAddr(), []byte(w.Text(question))))
		sendTimes(several(w), mallory, client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		keep.Wait()
		second := ask(w, client, server, w.Text("and now?"))
		sendTimes(several(w), eve, client, w.Text("fine"))
		server.Send(client, w.Text("Your data was 8 bytes long"))
		second.Returns(heard{w.Text("Your data was 8 bytes long"), several(w), listed("eve")})
		if now := hear(w, first, nil); now != (heard{w.Text(answer), several(w), listed("mallory")}) {
			w.Errorf("The second Ask has changed the first one's Answer, which is its caller's: it is %+v now.", now)
		}
	})

	harness.OnVirtual.Then(t, "two-servers", func(w *harness.Virtual) {
		client, one, two := w.ListenPacket("client"), w.Peer("server 1"), w.Peer("server 2")
		first := ask(w, client, one, w.Text(question))
		one.Send(client, w.Text(answer))
		first.Returns(heard{w.Text(answer), 0, listed()})
		sendTimes(several(w), one, client, w.Text("once more"))
		second := ask(w, client, two, w.Text(question))
		two.Send(client, w.Text("15"))
		second.Because("Whoever was asked before is a stranger now: the server is the one that this Ask was given.")
		second.Returns(heard{w.Text("15"), several(w), listed("server 1")})
	})

	harness.OnVirtual.Then(t, "one-variable", func(w *harness.Virtual) {
		client, one, two := w.ListenPacket("client"), w.Peer("server 1"), w.Peer("server 2")
		to := one.LocalAddr().(*net.UDPAddr)
		first := askAt(w, "Ask", client, to, w.Text(question))
		one.Send(client, w.Text(answer))
		first.Returns(heard{w.Text(answer), 0, listed()})
		*to = *two.LocalAddr().(*net.UDPAddr)
		second := askAt(w, "Ask", client, to, w.Text(question))
		two.Send(client, w.Text("15"))
		second.Because("server points to the caller's variable: the address in it is another one now.")
		second.Returns(heard{w.Text("15"), 0, listed()})
	})

	harness.OnVirtual.Then(t, "two-strangers", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		mallory, eve := w.SamePort("mallory", "eve")
		asking := ask(w, client, server, w.Text(question))
		sendTimes(several(w), mallory, client, w.Text("fine"))
		eve.Send(client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		asking.Because("Strangers lists each sender once, and two IP addresses with the same port are two senders.")
		asking.Returns(heard{w.Text(answer), several(w) + 1, listed("mallory", "eve")})
	})

	harness.OnVirtual.Then(t, "addresses-in-16-bytes", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := ask(w, &client16{PacketConn: client}, server, w.Text(question))
		for range 2 + several(w) {
			mallory.Send(client, w.Text("fine"))
		}
		server.Send(client, w.Text(answer))
		asking.Because("An IPv4 address in 4 bytes and in 16 is the same sender, whichever form comes first.")
		asking.Returns(heard{w.Text(answer), 2 + several(w), listed("mallory")})
	})

	harness.OnVirtual.Then(t, "other-methods", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := ask(w, foreign{client, failing{new(net.UDPConn)}}, server, w.Text(question))
		mallory.Send(client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		asking.Because("Whatever other methods conn's type may have, net.PacketConn's are the ones that count.")
		asking.Returns(heard{w.Text(answer), 1, listed("mallory")})
	})

	harness.OnVirtual.Then(t, "zones", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		linked := &zoned{client, map[string]net.Addr{}}
		near, far := linked.name("::1%one", server), linked.name("::1%two", mallory)
		var got spoof.Answer
		asking := w.Call("Ask (of "+near.String()+")", keeping(&got, linked, near, []byte(w.Text(question))))
		server.Because("The zone is a part of the address: without it, the question goes nowhere.")
		server.ExpectFrom(client, w.Text(question))
		mallory.Send(client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		asking.Because(otherZone).Returns([]byte(w.Text(answer)))
		if printed := fmt.Sprint(got.Strangers); printed != fmt.Sprint([]net.Addr{far}) {
			w.Errorf("Strangers is %s; the story wants [%v], with its zone.", printed, far)
		}
	})

	harness.OnVirtual.Then(t, "from-itself", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		w.Go("WriteTo", func(context.Context) error { // the socket's owner
			_, err := client.WriteTo([]byte(w.Text("fine")), client.LocalAddr())
			return err
		}).Returns(nil)
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		server.Send(client, w.Text(answer))
		asking.Because("Whoever is not the server is a stranger, also the socket that asks.")
		asking.Returns(heard{w.Text(answer), 1, listed("client")})
	})
}

// A client16 gives every other address in 16 bytes, as a socket does that is open for
// IPv4 and IPv6.
type client16 struct {
	net.PacketConn
	reads int
}

func (c *client16) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(p)
	if c.reads++; from != nil && c.reads%2 == 1 {
		from = in16(from)
	}
	return n, from, err
}

// A foreign client has the other methods of a *net.UDPConn too, which fail.
type foreign struct {
	net.PacketConn
	failing
}

type failing struct{ *net.UDPConn }

// A zoned client gives its peers' addresses as those of the link, with zones, and
// sends to these alone.
type zoned struct {
	net.PacketConn
	links map[string]net.Addr // by what a peer is called, and the other way round
}

// name calls a peer by an IP address of the link.
func (z *zoned) name(ip string, peer *harness.Peer) net.Addr {
	own := peer.LocalAddr()
	port := own.(*net.UDPAddr).AddrPort().Port()
	link := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(ip), port))
	z.links[own.String()], z.links[link.String()] = link, own
	return link
}

func (z *zoned) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := z.PacketConn.ReadFrom(p)
	if err != nil {
		return n, from, err
	}
	return n, z.links[from.String()], nil
}

func (z *zoned) WriteTo(p []byte, to net.Addr) (int, error) {
	own, ok := z.links[to.String()]
	if !ok {
		return 0, syscall.EINVAL
	}
	return z.PacketConn.WriteTo(p, own)
}

// TestAskTurnsAwayOtherIP: what comes from the server's port at another IP address
// is turned away too.
//
//kata:points 2
func TestAskTurnsAwayOtherIP(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, mallory := w.SamePort("server", "mallory")
		client := w.ListenPacket("client")
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		sendTimes(several(w), mallory, client, w.Text(answer))
		w.AllRead(client)
		server.Send(client, w.Text(answer))
		asking.Returns(heard{w.Text(answer), several(w), listed("mallory")})
	})
}

const (
	countedSoFar  = "Beside an error too, TurnedAway counts all datagrams, Strangers has each sender once; Data is nil."
	besideAnError = "Beside an error, Data is nil."
)

// TestAskBearsAThousand: however many strangers write, Ask ends when its context
// does, and lists no more than the first 16 of them.
//
//kata:points 2
func TestAskBearsAThousand(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := w.CallUntil(time.Second, "Ask", asking(w, client, server.LocalAddr(), w.Text(question)))
		for i := range harness.Number(w, 1000, 900, 1000) {
			w.At(time.Duration(i)*time.Millisecond + time.Nanosecond)
			mallory.Send(client, w.Text("fine"))
		}
		asking.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		asking.Because(countedSoFar).Beside(heard{"", harness.Number(w, 1000, 900, 1000), listed("mallory")})
		w.NothingLeftBehind()
	})
	harness.OnVirtual.Then(t, "twenty-strangers", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		crowd := make([]*harness.Peer, 20)
		var first []string
		for i := range crowd {
			name := fmt.Sprintf("stranger %d", i+1)
			crowd[i] = w.Peer(name)
			if i < 16 {
				first = append(first, name)
			}
		}
		for range harness.Number(w, 100, 100, 199) {
			crowd[0].Send(client, w.Text("fine"))
		}
		for range 145 {
			for _, stranger := range crowd {
				stranger.Send(client, w.Text("fine"))
			}
			w.AllRead(client)
		}
		server.Send(client, w.Text(answer))
		asking.Because("The first 16 strangers are listed, as they came, and no more. TurnedAway counts all.")
		asking.Returns(heard{w.Text(answer), 2900 + harness.Number(w, 100, 100, 199), listed(first...)})
		server.HeardNothingElse()
	})
}

// TestAskStops: when its context is cancelled or its socket closed, Ask returns,
// says why, and has counted the strangers all the same. Nothing is left behind.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		sendTimes(several(w), mallory, client, w.Text("fine"))
		w.AllRead(client)
		asking.Stop()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(countedSoFar).Beside(heard{"", several(w), listed("mallory")})
		w.StillOpen(client)
		w.NothingLeftBehind()

		again := ask(w, client, server, w.Text("and now?"))
		server.ExpectFrom(client, w.Text("and now?"))
		sendTimes(several(w), mallory, client, w.Text("fine"))
		w.AllRead(client)
		w.Close(client)
		again.Fails(net.ErrClosed)
		again.Because(countedSoFar).Beside(heard{"", several(w), listed("mallory")})
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		call := asking(w, client, server.LocalAddr(), w.Text(question))
		cancelled := w.Call("Ask (with a context that is cancelled already)", over(call))
		cancelled.Because("A context that is over before the call ends it too: the error says so, as ctx.Err() does.")
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(besideAnError).Beside(heard{"", 0, listed()})
		w.NothingLeftBehind()
		late := w.Call("Ask (with a context whose deadline has passed already)", overdue(call))
		late.FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(client)
		strangers := harness.Number(w, 0, 1, 9)
		again := ask(w, client, server, w.Text(question))
		sendTimes(strangers, mallory, client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		again.Returns(heard{w.Text(answer), strangers, listed([]string{"mallory"}[:min(1, strangers)]...)})
		w.Close(client)
		w.Call("Ask (on a closed socket)", call).FailsAt(0, net.ErrClosed)
	})

	harness.OnVirtual.Then(t, "error-after-a-stranger", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		call := asking(w, client, server.LocalAddr(), w.Text(question))
		unreachable := w.CallUntil(time.Minute, "Ask", call)
		sendTimes(several(w), mallory, client, w.Text("fine"))
		w.FailRead(client, syscall.EHOSTUNREACH)
		unreachable.FailsAt(0, syscall.EHOSTUNREACH)
		unreachable.Because(countedSoFar).Beside(heard{"", several(w), listed("mallory")})
		w.NothingLeftBehind()

		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		w.CallUntil(time.Minute, "Ask", call).FailsAt(0, syscall.ENETUNREACH)
		w.StillOpen(client)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "cancelled-in-a-crowd", func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := ask(w, &crowded{PacketConn: client, w: w, stranger: mallory.LocalAddr()}, server, w.Text(question))
		w.At(10*time.Millisecond + time.Microsecond)
		asking.Cancel()
		asking.Because("When ctx has ended, nothing more is read, even if there is always something to read.")
		asking.FailsAt(11*time.Millisecond, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "cancelled-while-asking", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		w.SlowWrites(client, time.Millisecond)
		asking := ask(w, client, server, w.Text(question))
		w.At(time.Microsecond)
		asking.Cancel()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "answer-while-cancelling", func(w *harness.Kernel4) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		w.SlowDeadlines(client)
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		asking.Cancel()
		server.Send(client, w.Text(answer))
		asking.Wait()
		w.NothingLeftBehind()
	})
}

// A crowded client always has a stranger's datagram, which takes a millisecond to read,
// as long as its deadline has not passed when the read begins.
type crowded struct {
	net.PacketConn
	w        *harness.Virtual
	stranger net.Addr
	deadline atomic.Pointer[time.Time]
	reads    int
}

func (c *crowded) SetDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.PacketConn.SetDeadline(t)
}

func (c *crowded) SetReadDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.PacketConn.SetReadDeadline(t)
}

func (c *crowded) ReadFrom(p []byte) (int, net.Addr, error) {
	d := c.deadline.Load()
	if over := d != nil && !d.IsZero() && !d.After(time.Now()); over || c.reads == 100 {
		return c.PacketConn.ReadFrom(p)
	}
	c.reads++
	c.w.Sleep(time.Millisecond)
	return copy(p, "fine"), c.stranger, nil
}

// TestDial: the socket is connected to the server: it sends there and hears
// nobody else. No other socket stays open.
//
//kata:points 1
func TestDial(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		server, mallory := w.Peer("server"), w.Peer("mallory")
		w.Connected(dial(w, server.LocalAddr()), "another client", server)
		opened := dial(w, in16(server.LocalAddr()))
		w.OpenedPlainly(opened)
		client := w.Connected(opened, "client", server)
		w.ChosenBySystem(client)
		w.LeavesNoSocket(opened)

		if _, err := client.Write([]byte(w.Text(question))); err != nil {
			w.Errorf("The socket can't send: %v.", err)
		}
		server.ExpectFrom(client, w.Text(question))
		mallory.Send(client, w.Text("fine"))
		server.Send(client, w.Text(answer))
		w.Call("Read", func(context.Context) (any, error) {
			buf := make([]byte, 100)
			n, err := client.Read(buf)
			return string(buf[:n]), err
		}).Returns(w.Text(answer))
		server.HeardNothingElse()
		for range 30 { // a port of somebody else's choice may be one of the system's by chance
			another := w.Connected(dial(w, server.LocalAddr()), "another client", server)
			w.ChosenBySystem(another)
			another.Close()
		}
	})

	harness.OnLoopback4.Then(t, "no-such-way", func(w *harness.Kernel4) {
		failing := dial(w, net.UDPAddrFromAddrPort(w.Undialable()))
		failing.Fails()
		w.LeavesNoSocket(failing)
	})
}

func dial(w harness.Caller, server net.Addr) *harness.Call {
	to := server.(*net.UDPAddr).AddrPort()
	return w.Call(fmt.Sprintf("Dial(%v)", to), func(context.Context) (any, error) { return spoof.Dial(to) })
}

// TestAskConnected: on a connected socket the system turns strangers away, and a
// refusal is reported. The answer may be of any length. When the context is
// cancelled, AskConnected returns; nothing is left behind.
//
//kata:points 2
func TestAskConnected(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, mallory := w.Peer("server"), w.Peer("mallory")
		client := w.Dial("client", server)
		biggest := strings.Repeat("y", w.MaxPayload())
		for _, tt := range []struct{ text, reply string }{
			{w.Text(question), w.Text(answer)},
			{"", ""},
			{w.Text("as much as you can"), biggest},
			{biggest, w.Text("\n\x00the end of a line \n")},
			{w.Text(" \tnot a text:\xff\x00\r\n"), w.Text("\xff\xfe")},
			{w.Text("the same"), w.Text("the same")},
		} {
			asking := askConnected(w, client, tt.text)
			server.ExpectFrom(client, tt.text)
			mallory.Send(client, w.Text("fine"))
			server.Send(client, tt.reply)
			asking.Returns([]byte(tt.reply))
			w.NothingLeftBehind()
		}
		server.HeardNothingElse()

		asking := askConnected(w, client, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		asking.Stop()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(client)
		w.NothingLeftBehind()

		w.FailNextRead(client, syscall.ECONNREFUSED)
		failed := askConnected(w, client, w.Text(question))
		failed.Fails(syscall.ECONNREFUSED)
		failed.Because("Beside an error there are no bytes.").Beside([]byte(nil))
		server.ExpectFrom(client, w.Text(question))
		for _, errno := range []syscall.Errno{syscall.ENETUNREACH, syscall.ECONNREFUSED} {
			w.FailWritesTo(client, server, errno)
			askConnected(w, client, w.Text(question)).Fails(errno)
		}
		w.FailWritesTo(client, server, nil)
		w.StillOpen(client)
		w.NothingLeftBehind()

		again := askConnected(w, client, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		w.Close(client)
		again.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})
	harness.OnVirtual.Then(t, "there-before-the-question", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		server.Send(client, w.Text("good morning"))
		early := askConnected(w, client, w.Text(question))
		early.Because(earlyAnswer).Returns([]byte(w.Text("good morning")))
		server.ExpectFrom(client, w.Text(question))
		server.Because("The question is sent once.").HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "slow-server-then-nobody", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		call := cancelledAfterwards(askingConnected(client, w.Text(question)))
		cancelled := w.Call("AskConnected (with a context that is cancelled when it has returned)", call)
		server.Send(client, w.Text(answer))
		cancelled.Returns([]byte(w.Text(answer)))
		w.NothingLeftBehind()

		limited := w.CallUntil(time.Minute, "AskConnected", askingConnected(client, w.Text(question)))
		w.At(time.Second)
		server.Send(client, w.Text(answer))
		limited.Returns([]byte(w.Text(answer)))
		w.NothingLeftBehind()

		patient := askConnected(w, client, w.Text(question))
		w.At(time.Hour)
		server.Send(client, w.Text(answer))
		patient.Returns([]byte(w.Text(answer)))

		server.Close()
		askConnected(w, client, w.Text(question)).Fails(syscall.ECONNREFUSED)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		call := askingConnected(client, w.Text(question))
		cancelled := w.Call("AskConnected (with a context that is cancelled already)", over(call))
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		late := w.Call("AskConnected (with a context whose deadline has passed already)", overdue(call))
		late.FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(client)

		again := askConnected(w, client, w.Text(question))
		server.Send(client, w.Text(answer))
		again.Returns([]byte(w.Text(answer)))
		limited := w.CallUntil(time.Second, "AskConnected", call)
		limited.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()

		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		w.CallUntil(time.Minute, "AskConnected", call).Fails(syscall.ENETUNREACH)
		w.NothingLeftBehind()
		w.FailWritesTo(client, server, nil)
		w.SlowWrites(client, time.Millisecond)
		slow := askConnected(w, client, w.Text(question))
		w.At(time.Second + time.Microsecond)
		slow.Cancel()
		slow.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "lent-and-kept", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		lent, was := lend(w.Text(question))
		first := w.Call("AskConnected", func(ctx context.Context) (any, error) {
			return spoof.AskConnected(ctx, client, lent[:len(w.Text(question))])
		})
		server.ExpectFrom(client, w.Text(question))
		server.Send(client, w.Text(answer))
		first.Returns([]byte(w.Text(answer)))
		unchanged(w, "AskConnected", lent, was)

		second := askConnected(w, client, w.Text("and now?"))
		server.Send(client, w.Text("Your data was 8 bytes long"))
		second.Returns([]byte(w.Text("Your data was 8 bytes long")))
		first.Because("What AskConnected has returned is its caller's. Another call must not overwrite it.")
		first.Returns([]byte(w.Text(answer)))
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		server := w.Peer("server")
		one, two := w.Dial("client 1", server), w.Dial("client 2", server)
		slow := askConnected(w, one, w.Text("a long question"))
		server.ExpectFrom(one, w.Text("a long question"))
		quick := askConnected(w, two, w.Text(question))
		server.Because("Calls on two sockets run at the same time: neither waits for the other.")
		server.ExpectFrom(two, w.Text(question))
		w.SlowReads(one, time.Millisecond)
		server.Send(one, w.Text("a long answer"))
		server.Send(two, w.Text(answer))
		quick.Returns([]byte(w.Text(answer)))
		slow.Because("Calls on two sockets run at the same time: each needs a buffer of its own.")
		slow.Returns([]byte(w.Text("a long answer")))
	})

	harness.OnLoopback4.Then(t, "answer-while-cancelling", func(w *harness.Kernel4) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.SlowDeadlines(client)
		asking := askConnected(w, client, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		asking.Cancel()
		server.Send(client, w.Text(answer))
		asking.Wait()
		w.NothingLeftBehind()
	})
}

// TestAskIsFooled: mallory forges the source address itself, and Ask takes the
// datagram for the server's. No comparison of addresses can tell; so this test
// passes when Ask is fooled, and is worth nothing.
//
//kata:points 0
func TestAskIsFooled(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := ask(w, client, server, w.Text(question))
		server.ExpectFrom(client, w.Text(question))
		w.Forge(server, client, w.Text("fine"))
		asking.Returns(heard{w.Text("fine"), 0, listed()})
	})
}

// sendTimes has a peer send a text so many times.
func sendTimes(times int, by *harness.Peer, to harness.Endpoint, text string) {
	for range times {
		by.Send(to, text)
	}
}

// several returns how many datagrams a stranger sends in a story, which is one at home.
func several(w harness.Caller) int { return harness.Number(w, 1, 1, 9) }

func TestMain(m *testing.M) { harness.Main(m) }
