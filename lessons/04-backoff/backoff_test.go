package backoff_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	backoff "udpkata/lessons/04-backoff"
)

const (
	ms = time.Millisecond
	ns = time.Nanosecond

	message = "This is another message"
	reply   = "Your data was 23 bytes long"
)

var errServerDown = harness.Named("ErrServerDown", backoff.ErrServerDown)

// ask starts the student's client.
func ask(w harness.Caller, client net.Conn) *harness.Call {
	return w.Call("Ask", func(ctx context.Context) (any, error) {
		return backoff.Ask(ctx, client, []byte(message), w.Log())
	})
}

func waiting(waits ...string) (lines []string) {
	for _, wait := range waits {
		lines = append(lines, "Waiting up to "+wait+" for a reply")
	}
	return lines
}

// TestAskAnswered: a server that answers at once is asked once, however long its
// answer. One that answers the second time is asked twice, and on the kernel's
// sockets and in real time as well no send comes early.
//
//kata:points 2
func TestAskAnswered(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server := w.Peer("server")
		one, two := w.Dial("client 1", server), w.Dial("client 2", server)
		first := ask(w, one)
		server.ExpectFrom(one, message)
		server.Send(one, reply)
		first.Returns([]byte(reply))

		biggest := strings.Repeat("!", w.MaxPayload())
		second := ask(w, two)
		server.ExpectFrom(two, message)
		server.Send(two, biggest)
		second.Returns([]byte(biggest))

		first.Returns([]byte(reply)) // still the same bytes
		w.Because("Ask logs one line for each of its waits, and nothing else.").
			Logged("Waiting up to 100ms for a reply", "Waiting up to 100ms for a reply")
	})

	harness.OnLoopback4.Then(t, "second-send-in-real-time", func(w *harness.Kernel4) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		server.ExpectFrom(client, message)
		server.Because("Ask sends again after 100 ms, counted from time.Now(): write the next task's loop first.").
			ExpectFrom(client, message)
		server.Send(client, reply)
		asking.Returns([]byte(reply))
		w.SentNotBefore(client, 0, 100*ms, 300*ms, 700*ms, 1500*ms)
	})
}

// TestAskDoublesItsWait: a server that is silent is asked five times, at 0, 100,
// 300, 700 and 1500 ms, with the same bytes. After 3100 ms Ask gives up, and says
// so.
//
//kata:points 3
func TestAskDoublesItsWait(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, 0, 100*ms, 300*ms, 700*ms, 1500*ms)
		for range 5 {
			server.Because("Each send has the bytes that Ask was given, and no others.").ExpectFrom(client, message)
		}
		asking.FailsAt(3100*ms, errServerDown)
		asking.Because("Whoever calls Ask wants to know why, too: fmt.Errorf can wrap two errors, each with a %%w.").
			Fails(os.ErrDeadlineExceeded, context.DeadlineExceeded)
		w.Logged("Waiting up to 100ms for a reply", waiting("200ms", "400ms", "800ms", "1.6s")...)
		w.NothingLeftBehind()
	})
}

// TestAskTakesLateAnswers: an answer counts in whichever wait it comes, also in
// the last nanosecond of one, and whichever send it answers. After the fifth wait
// it comes too late.
//
//kata:points 2
func TestAskTakesLateAnswers(t *testing.T) {
	sends := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}
	deadlines := []time.Duration{100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms}
	for i, deadline := range deadlines {
		answeredAt(t, fmt.Sprintf("end-of-wait-%d", i+1), deadline-ns, sends[:i+1])
		if i+1 < len(sends) {
			answeredAt(t, fmt.Sprintf("beginning-of-wait-%d", i+2), deadline+ns, sends[:i+2])
		}
	}

	harness.OnVirtual.Then(t, "after-the-last-wait", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(3100*ms + ns)
		server.Send(client, reply)
		asking.FailsAt(3100*ms, errServerDown)
	})
}

// answeredAt tells a story with one answer, at an instant before which the client has
// sent so often.
func answeredAt(t *testing.T, name string, instant time.Duration, sends []time.Duration) {
	harness.OnVirtual.Then(t, name, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(instant)
		server.Send(client, reply)
		asking.ReturnsAt(instant, []byte(reply))
		w.SentAt(client, sends...)
	})
}

// TestAskIsSilentAfterwards: once it has its answer, Ask sends nothing more, and
// leaves no goroutine and no deadline behind; the socket can ask again.
//
//kata:points 2
func TestAskIsSilentAfterwards(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(350 * ms)
		server.Send(client, reply)
		asking.ReturnsAt(350*ms, []byte(reply))
		w.NothingLeftBehind()
		w.StillOpen(client)
		w.At(10 * time.Second)
		w.SilentFrom(client, 350*ms)

		again := ask(w, client)
		w.At(10*time.Second + 150*ms)
		server.Send(client, "")
		again.ReturnsAt(10*time.Second+150*ms, []byte{})
	})
}

// TestAskIgnoresErrors: neither "connection refused" nor a send that fails is an
// answer, a reason to give up, or a reason to hurry or to stop listening.
//
//kata:points 2
func TestAskIgnoresErrors(t *testing.T) {
	instants := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		server.Close()
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, instants...)
		asking.FailsAt(3100*ms, errServerDown)
		asking.Fails(syscall.ECONNREFUSED, os.ErrDeadlineExceeded, context.DeadlineExceeded)
		w.Logged("Waiting up to 100ms for a reply", waiting("200ms", "400ms", "800ms", "1.6s")...)
	})

	harness.OnVirtual.Then(t, "refused-in-the-middle-of-a-wait", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.Distance(30 * ms) // which is how long each refusal takes to come back
		server.Close()
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, instants...)
		asking.FailsAt(3100*ms, errServerDown)
	})

	harness.OnVirtual.Then(t, "answer-after-two-errors", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(330 * ms)
		w.FailRead(client, syscall.EHOSTUNREACH)
		w.At(350 * ms)
		w.FailRead(client, syscall.ECONNREFUSED)
		w.At(450 * ms)
		server.Send(client, reply)
		asking.ReturnsAt(450*ms, []byte(reply))
		w.SentAt(client, instants[:3]...)
	})

	harness.OnVirtual.Then(t, "sends-that-fail", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		asking := ask(w, client)
		w.At(250 * ms)
		server.Send(client, reply)
		asking.ReturnsAt(250*ms, []byte(reply))
		w.SentAt(client, instants[:2]...)
		w.Because("A send that fails counts like any other: it gets its wait, and the wait gets its line.").
			Logged("Waiting up to 100ms for a reply", waiting("200ms")...)
	})
}

// TestAskStops: when ctx ends in the middle of a wait, or conn is closed, Ask
// returns at once, and says why; nothing is left behind.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(550 * ms)
		asking.Stop()
		asking.FailsAt(550*ms, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(client)
		w.At(10 * time.Second)
		w.SilentFrom(client, 550*ms)
		asking.Because("Whether the server is down, nobody knows here: Ask was ended before it could find out.").
			FailsNot(errServerDown)
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		client := w.Dial("client", w.Peer("server"))
		asking := w.CallUntil(550*ms, "Ask", func(ctx context.Context) (any, error) {
			return backoff.Ask(ctx, client, []byte(message), w.Log())
		})
		asking.FailsAt(550*ms, context.DeadlineExceeded, os.ErrDeadlineExceeded)
	})

	harness.OnVirtual.Then(t, "closed-socket", func(w *harness.Virtual) {
		client := w.Dial("client", w.Peer("server"))
		asking := ask(w, client)
		w.At(550 * ms)
		w.Close(client)
		asking.FailsAt(550*ms, net.ErrClosed)
		asking.Because("Whether the server is down, nobody knows here: Ask was ended before it could find out.").
			FailsNot(errServerDown)
	})
}

// TestAskMeetsLoss: a thousand clients ask a server that drops half of what it
// hears. Only those give up whose five datagrams are all dropped.
//
//kata:points 2
func TestAskMeetsLoss(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		random := w.Rand()
		server := w.Peer("server")
		for i := range 1000 {
			client := w.Dial(fmt.Sprint("client ", i+1), server)
			asking := ask(w, client)
			answered := false
			for sends := 0; sends < 5 && !answered; sends++ {
				server.ExpectFrom(client, message)
				answered = random.IntN(2) == 0
			}
			if answered {
				server.Send(client, reply)
				asking.Returns([]byte(reply))
			} else {
				asking.Fails(errServerDown)
			}
			w.Close(client)
		}
		server.HeardNothingElse()
	})
}

// TestServeDrops: the server asks drop once for each datagram, answers those that
// it keeps, and logs both sorts. A read that fails has brought no datagram, and
// an answer that can't be sent is no reason to stop.
//
//kata:points 2
func TestServeDrops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob, carol := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob"), w.Peer("carol")
		w.FailNextRead(server, syscall.ECONNREFUSED)
		w.FailWritesTo(server, carol, syscall.ENETUNREACH)
		var asked atomic.Int64
		drop := w.OncePerDatagram("drop", func() bool { return asked.Add(1)%2 == 0 })
		serving := w.Go("Serve", func(ctx context.Context) error {
			return backoff.Serve(ctx, server, drop, w.Log())
		})
		lines := []string{fmt.Sprintf("Listening at %v", server.LocalAddr())}
		for i, datagram := range []struct {
			from *harness.Peer
			text string
		}{
			{carol, "can you hear me?"},
			{carol, "dropped"},
			{alice, "hello"},
			{alice, "dropped"},
			{alice, ""},
			{bob, "dropped as well"},
			{bob, "two\nlines"},
			{alice, "dropped once more"},
			{bob, strings.Repeat("long ", 5000)},
		} {
			datagram.from.Send(server, datagram.text)
			if i%2 == 1 {
				lines = append(lines, fmt.Sprintf("Pretending to drop packet from %v", datagram.from.LocalAddr()))
				continue
			}
			if datagram.from != carol {
				datagram.from.ExpectFrom(server, fmt.Sprintf("Your data was %d bytes long", len(datagram.text)))
			}
			lines = append(lines, fmt.Sprintf("The client at %v says %q", datagram.from.LocalAddr(), datagram.text))
		}
		serving.Close()
		w.Because("After Listening, each datagram has one line: the client's, or Pretending if it is dropped.").
			Logged(lines[0], lines[1:]...)
		alice.HeardNothingElse()
		bob.HeardNothingElse()
	})
}

// TestServeStops: Serve returns when its context is cancelled, though no datagram
// arrives, or when its socket is closed, and says why; nothing is left behind.
//
//kata:points 1
func TestServeStops(t *testing.T) {
	start := func(w *harness.World, server net.PacketConn) *harness.Call {
		return w.Go("Serve", func(ctx context.Context) error {
			return backoff.Serve(ctx, server, func() bool { return false }, w.Log())
		})
	}
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := start(w, server)
		alice.Send(server, "hello")
		alice.ExpectFrom(server, "Your data was 5 bytes long")
		serving.Stop()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		serving = start(w, server)
		alice.Send(server, "hello again")
		alice.ExpectFrom(server, "Your data was 11 bytes long")
		w.Close(server)
		serving.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
