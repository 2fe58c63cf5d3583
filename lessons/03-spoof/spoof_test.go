package spoof_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	spoof "udpkata/lessons/03-spoof"
)

const (
	question = "The time is now"
	answer   = "Your data was 15 bytes long"
)

// heard is an Answer as the stories compare it: with names for addresses, and
// how many of them there are.
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

func hear(w harness.Caller, a spoof.Answer) heard {
	var names []string
	for _, s := range a.Strangers {
		names = append(names, w.Name(s))
	}
	return heard{string(a.Data), a.TurnedAway, listed(names...)}
}

// ask starts the student's client.
func ask(w harness.Caller, client net.PacketConn, server harness.Endpoint, text string) *harness.Call {
	return askAt(w, "Ask", client, server.LocalAddr(), text)
}

func askAt(w harness.Caller, name string, client net.PacketConn, server net.Addr, text string) *harness.Call {
	return w.Call(name, func(ctx context.Context) (any, error) {
		a, err := spoof.Ask(ctx, client, server, []byte(text))
		return hear(w, a), err
	})
}

func askConnected(w harness.Caller, client net.Conn, text string) *harness.Call {
	return w.Call("AskConnected", func(ctx context.Context) (any, error) {
		return spoof.AskConnected(ctx, client, []byte(text))
	})
}

// in16 returns the same address with its IP in 16 bytes, as net.ParseIP gives it.
func in16(addr net.Addr) net.Addr {
	udp := *addr.(*net.UDPAddr)
	udp.IP = udp.IP.To16()
	return &udp
}

// Why two addresses are one endpoint, or are not.
const (
	equalValues = "The values are equal. == compares where the pointers point, and not what stands there."
	otherPort   = "The ports differ. The IP address alone lets in every program on that host."
	otherIP     = "The IP addresses differ. The port alone lets in every host."
	otherBoth   = "The IP addresses differ, and the ports do too."
	sameText    = "Compare IP address and port each by itself: one after the other, they can make the same text."
	twoForms    = "This is one IP address in two forms, of 4 bytes and of 16. Unmap brings it into the short one."
	otherZone   = "The zone is a part of the address: fe80::1 on two interfaces can be two machines."
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
				name := fmt.Sprintf("SameEndpoint(%s, %s)", written(pair[0]), written(pair[1]))
				w.Call(name, func(context.Context) (any, error) {
					return spoof.SameEndpoint(pair[0], pair[1]), nil
				}).Because(tt.because).Returns(tt.want)
			}
		}
	})
}

// written returns an address in the form that it has.
func written(addr net.Addr) string {
	switch udp, _ := addr.(*net.UDPAddr); {
	case addr == nil:
		return "nil"
	case udp == nil:
		return "a nil *net.UDPAddr"
	default:
		return udp.AddrPort().String()
	}
}

// TestAsk: the client sends the bytes as they are and returns the server's as
// they are; an error of the socket's is returned.
//
//kata:points 1
func TestAsk(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server, nowhere := w.ListenPacket("client"), w.Peer("server"), w.Peer("nowhere")
		biggest := strings.Repeat("y", w.MaxPayload())
		for _, tt := range []struct{ text, answer string }{
			{question, answer},
			{"", ""},
			{biggest, "\xff\xfe"},
			{"as much as you can", biggest},
		} {
			asking := ask(w, client, server, tt.text)
			server.ExpectFrom(client, tt.text)
			server.Send(client, tt.answer)
			asking.Returns(heard{tt.answer, 0, listed()})
		}
		server.HeardNothingElse()

		w.FailWritesTo(client, nowhere, syscall.ENETUNREACH)
		ask(w, client, nowhere, "anybody?").Fails(syscall.ENETUNREACH)
		w.FailNextRead(client, syscall.ECONNREFUSED)
		ask(w, client, server, "are you there?").Fails(syscall.ECONNREFUSED)
	})

	harness.OnVirtual.Then(t, "slow-server", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		limited := w.CallUntil(time.Minute, "Ask", func(ctx context.Context) (any, error) {
			a, err := spoof.Ask(ctx, client, server.LocalAddr(), []byte(question))
			return hear(w, a), err
		})
		w.At(time.Second)
		server.Send(client, answer)
		limited.Returns(heard{answer, 0, listed()})
		w.NothingLeftBehind()

		patient := ask(w, client, server, question)
		w.At(time.Hour)
		server.Send(client, answer)
		patient.Returns(heard{answer, 0, listed()})
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
		mallory.Send(client, "fine")
		asking := ask(w, client, server, question)
		server.ExpectFrom(client, question)
		w.AllRead(client)
		eve.Send(client, answer)
		w.AllRead(client)
		mallory.Send(client, "")
		w.AllRead(client)
		server.Send(client, answer)
		asking.Because("The answer is server's. TurnedAway counts all other datagrams, Strangers has each sender once.")
		asking.Returns(heard{answer, 3, listed("mallory", "eve")})

		mallory.Send(client, "fine")
		sameServer := in16(server.LocalAddr())
		again := askAt(w, "Ask (with the server's IP address in 16 bytes)", client, sameServer, "and now?")
		server.ExpectFrom(client, "and now?")
		w.AllRead(client)
		server.Send(client, "Your data was 8 bytes long")
		again.Returns(heard{"Your data was 8 bytes long", 1, listed("mallory")})
		server.HeardNothingElse()
	})
}

// TestAskTurnsAwayOtherIP: what comes from the server's port at another IP address
// is turned away too.
//
//kata:points 2
func TestAskTurnsAwayOtherIP(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, mallory := w.SamePort("server", "mallory")
		client := w.ListenPacket("client")
		asking := ask(w, client, server, question)
		server.ExpectFrom(client, question)
		mallory.Send(client, answer)
		w.AllRead(client)
		server.Send(client, answer)
		asking.Returns(heard{answer, 1, listed("mallory")})
	})
}

const countedSoFar = "What Ask has counted before it ended belongs in the Answer that it returns beside the error."

// TestAskBearsAThousand: however many strangers write, Ask ends when its context
// does, and lists no more than the first 16 of them.
//
//kata:points 2
func TestAskBearsAThousand(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := w.CallUntil(time.Second, "Ask", func(ctx context.Context) (any, error) {
			a, err := spoof.Ask(ctx, client, server.LocalAddr(), []byte(question))
			return hear(w, a), err
		})
		for i := range 1000 {
			w.At(time.Duration(i)*time.Millisecond + time.Nanosecond)
			mallory.Send(client, "fine")
		}
		asking.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		asking.Because(countedSoFar).Beside(heard{"", 1000, listed("mallory")})
		w.NothingLeftBehind()
	})
	harness.OnVirtual.Then(t, "twenty-strangers", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := ask(w, client, server, question)
		server.ExpectFrom(client, question)
		crowd := make([]*harness.Peer, 20)
		var first []string
		for i := range crowd {
			name := fmt.Sprintf("stranger %d", i+1)
			crowd[i] = w.Peer(name)
			if i < spoof.MaxStrangers {
				first = append(first, name)
			}
		}
		for range 150 {
			for _, stranger := range crowd {
				stranger.Send(client, "fine")
			}
			w.AllRead(client)
		}
		server.Send(client, answer)
		asking.Because("Only the first 16 strangers are listed, or they could fill the memory. All datagrams count.")
		asking.Returns(heard{answer, 3000, listed(first...)})
	})
}

// TestAskStops: when its context is cancelled or its socket closed, Ask returns,
// says why, and has counted the strangers all the same. Nothing is left behind.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server, mallory := w.ListenPacket("client"), w.Peer("server"), w.Peer("mallory")
		asking := ask(w, client, server, question)
		server.ExpectFrom(client, question)
		mallory.Send(client, "fine")
		w.AllRead(client)
		asking.Stop()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(countedSoFar).Beside(heard{"", 1, listed("mallory")})
		w.StillOpen(client)
		w.NothingLeftBehind()

		again := ask(w, client, server, "and now?")
		server.ExpectFrom(client, "and now?")
		w.Close(client)
		again.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})
}

// TestDial: the socket is connected to the server: it sends there and hears
// nobody else.
//
//kata:points 1
func TestDial(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		server, mallory := w.Peer("server"), w.Peer("mallory")
		to := server.LocalAddr().(*net.UDPAddr).AddrPort()
		dial := func() *harness.Call {
			return w.Call(fmt.Sprintf("Dial(%v)", to), func(context.Context) (any, error) { return spoof.Dial(to) })
		}
		w.Connected(dial(), "another client", server)
		client := w.Connected(dial(), "client", server)

		if _, err := client.Write([]byte(question)); err != nil {
			w.Errorf("The socket can't send: %v.", err)
		}
		server.ExpectFrom(client, question)
		mallory.Send(client, "fine")
		server.Send(client, answer)
		w.Call("Read", func(context.Context) (any, error) {
			buf := make([]byte, 100)
			n, err := client.Read(buf)
			return string(buf[:n]), err
		}).Returns(answer)
	})
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
		for _, reply := range []string{answer, "", strings.Repeat("y", w.MaxPayload())} {
			asking := askConnected(w, client, question)
			server.ExpectFrom(client, question)
			mallory.Send(client, "fine")
			server.Send(client, reply)
			asking.Returns([]byte(reply))
			w.NothingLeftBehind()
		}

		asking := askConnected(w, client, question)
		server.ExpectFrom(client, question)
		asking.Stop()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(client)
		w.NothingLeftBehind()

		w.FailNextRead(client, syscall.ECONNREFUSED)
		askConnected(w, client, question).Fails(syscall.ECONNREFUSED)
		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		askConnected(w, client, question).Fails(syscall.ENETUNREACH)
	})
	harness.OnVirtual.Then(t, "slow-server-then-nobody", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		limited := w.CallUntil(time.Minute, "AskConnected", func(ctx context.Context) (any, error) {
			return spoof.AskConnected(ctx, client, []byte(question))
		})
		w.At(time.Second)
		server.Send(client, answer)
		limited.Returns([]byte(answer))
		w.NothingLeftBehind()

		patient := askConnected(w, client, question)
		w.At(time.Hour)
		server.Send(client, answer)
		patient.Returns([]byte(answer))
		server.Close()
		askConnected(w, client, question).Fails(syscall.ECONNREFUSED)
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
		asking := ask(w, client, server, question)
		server.ExpectFrom(client, question)
		w.Forge(server, client, "fine")
		asking.Returns(heard{"fine", 0, listed()})
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
