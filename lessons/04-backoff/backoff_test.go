package backoff_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
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

// Ask's sends, and its waits.
var (
	sends = []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}
	waits = []string{"100ms", "200ms", "400ms", "800ms", "1.6s"}
)

// ask starts the student's client.
func ask(w harness.Caller, client net.Conn) *harness.Call { return askWith(w, client, w.Text(message)) }

func askWith(w harness.Caller, client net.Conn, text string) *harness.Call {
	return w.Call("Ask", asking(w, client, text))
}

// A calling is a call of the student's code.
type calling = func(ctx context.Context) (any, error)

// asking returns a call of Ask. The bytes of no text are nil.
func asking(w harness.Caller, client net.Conn, text string) calling {
	return func(ctx context.Context) (any, error) {
		return backoff.Ask(ctx, client, append([]byte(nil), text...), w.Log())
	}
}

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

// after returns instants as they are when all begins later.
func after(d time.Duration, instants ...time.Duration) (later []time.Duration) {
	for _, at := range instants {
		later = append(later, d+at)
	}
	return later
}

// logsWaits checks the log of one Ask, or of several.
func logsWaits(w *harness.Virtual, waits ...string) {
	w.Helper()
	var lines []string
	for _, wait := range waits {
		lines = append(lines, "Waiting up to "+wait+" for a reply")
	}
	w.Because("Each wait has one line in the log, when it begins, also after a failed send. No other is logged.").
		Logged(lines[0], lines[1:]...)
}

const (
	nobodyKnows = "Whether the server is down, nobody knows here: Ask was ended before it could find out."
	noBytes     = "Beside an error there are no bytes."
	listensOn   = "An error is no answer, and ends neither Ask nor its wait: it listens on at once, however many come."
	inRealTime  = "In real time, too, Ask sends again: mend the next task first; if that passes, see its deadlines."
)

// TestAskAnswered: a server that answers at once is asked once, however long its
// answer. One that answers the second time is asked twice, and on the kernel's
// sockets and in real time as well no send comes early.
//
//kata:points 2
func TestAskAnswered(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		// Of a server each: in real time, on a busy machine, a client may have sent again before its answer came.
		server, other := w.Peer("server"), w.Peer("another server")
		one, two := w.Dial("client 1", server), w.Dial("client 2", other)
		first := ask(w, one)
		server.ExpectFrom(one, w.Text(message))
		server.Send(one, w.Text(reply))
		first.Returns([]byte(w.Text(reply)))

		biggest := strings.Repeat("!", w.MaxPayload())
		second := ask(w, two)
		other.ExpectFrom(two, w.Text(message))
		other.Send(two, biggest)
		second.Returns([]byte(biggest))

		first.Returns([]byte(w.Text(reply))) // still the same bytes
	})

	// Not in real time, where a busy machine takes longer than a wait to answer.
	harness.OnVirtual.Then(t, "logs-one-wait", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		for range 2 {
			asking := ask(w, client)
			server.ExpectFrom(client, w.Text(message))
			server.Send(client, w.Text(reply))
			asking.Returns([]byte(w.Text(reply)))
		}
		w.Because("Ask logs one line for each of its waits, and nothing else.").
			Logged("Waiting up to 100ms for a reply", "Waiting up to 100ms for a reply")
	})

	harness.OnLoopback4.Then(t, "second-send-in-real-time", func(w *harness.Kernel4) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		server.ExpectFrom(client, w.Text(message))
		server.Because(inRealTime).
			ExpectFrom(client, w.Text(message))
		server.Send(client, w.Text(reply))
		asking.Returns([]byte(w.Text(reply)))
		w.SentNotBefore(client, sends...)
	})

	harness.OnVirtual.Then(t, "any-bytes", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		biggest := strings.Repeat("?", w.MaxPayload())
		for _, tt := range []struct{ text, reply string }{
			{"", ""},
			{biggest, w.Text("\n\x00the end of a line \n")},
			{w.Text(" \tnot a text:\xff\x00\r\n"), w.Text("\xff\xfe")},
			{w.Text("the same"), w.Text("the same")},
		} {
			asking := askWith(w, client, tt.text)
			server.Because("Each send has the bytes that Ask was given, and no others.").ExpectFrom(client, tt.text)
			server.Send(client, tt.reply)
			asking.Returns([]byte(tt.reply))
		}
		server.HeardNothingElse()
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "there-before-the-question", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		server.Send(client, w.Text("good morning"))
		early := ask(w, client)
		early.Because("A datagram that is there already is the answer to the first send: Ask can't tell.")
		early.ReturnsAt(0, []byte(w.Text("good morning")))
		w.SentAt(client, 0)
	})

	harness.OnVirtual.Then(t, "other-methods", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, foreign{client, failing{new(net.UDPConn)}})
		server.Because("Whatever other methods conn's type may have, net.Conn's are the ones that count.")
		server.ExpectFrom(client, w.Text(message))
		server.Send(client, w.Text(reply))
		asking.Returns([]byte(w.Text(reply)))
	})

	harness.OnVirtual.Then(t, "lent-and-kept", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		lent, msg := bytes.Repeat([]byte{'.'}, 1<<17), w.Text(message) // which is the beginning of the bytes
		copy(lent, msg)
		was := bytes.Clone(lent)
		first := w.Call("Ask", func(ctx context.Context) (any, error) {
			return backoff.Ask(ctx, client, lent[:len(msg)], w.Log())
		})
		server.ExpectFrom(client, w.Text(message))
		server.Send(client, w.Text(reply))
		first.Returns([]byte(w.Text(reply)))
		if !bytes.Equal(lent, was) {
			w.Errorf("Ask has changed the bytes of msg, or those behind them, which it was only lent.")
		}

		second := askWith(w, client, w.Text("and now?"))
		server.Send(client, w.Text("Your data was 8 bytes long"))
		second.Returns([]byte(w.Text("Your data was 8 bytes long")))
		first.Because("What Ask has returned is its caller's. Another Ask must not overwrite it.")
		first.Returns([]byte(w.Text(reply)))
	})
}

// A foreign client has the other methods of a *net.UDPConn too, which fail.
type foreign struct {
	net.Conn
	failing
}

type failing struct{ *net.UDPConn }

// TestAskDoublesItsWait: a server that is silent is asked five times, at 0, 100,
// 300, 700 and 1500 ms, with the same bytes. After 3100 ms Ask gives up, and says
// so.
//
//kata:points 3
func TestAskDoublesItsWait(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server, msg := w.Peer("server"), w.Text(message)
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, sends...)
		for range sends {
			server.Because("Each send has the bytes that Ask was given, and no others.").ExpectFrom(client, msg)
		}
		asking.FailsAt(3100*ms, errServerDown)
		asking.Because("Whoever calls Ask wants to know why, too: fmt.Errorf can wrap two errors, each with a %%w.").
			Fails(os.ErrDeadlineExceeded, context.DeadlineExceeded)
		asking.Because(noBytes).Beside([]byte(nil))
		logsWaits(w, waits...)
		w.NothingLeftBehind()
		w.StillOpen(client)

		w.At(10 * time.Second)
		again := askWith(w, client, w.Text("are you back?"))
		w.At(10*time.Second + 3100*ms - ns)
		w.Because("The second Ask begins anew: with its own bytes, and with a wait of 100 ms.")
		w.SentAt(client, append(sends, after(10*time.Second, sends...)...)...)
		for range sends {
			server.ExpectFrom(client, w.Text("are you back?"))
		}
		again.FailsAt(10*time.Second+3100*ms, errServerDown)
		logsWaits(w, append(waits, waits...)...)
	})

	harness.OnVirtual.Then(t, "logged-as-it-goes", func(w *harness.Virtual) {
		client := w.Dial("client", w.Peer("server"))
		ask(w, client)
		for i, at := range sends {
			w.At(at + ns)
			logsWaits(w, waits[:i+1]...)
		}
	})

	harness.OnVirtual.Then(t, "ended-in-the-last-wait", func(w *harness.Virtual) {
		client := w.Dial("client", w.Peer("server"))
		cancelled := ask(w, client)
		w.At(3 * time.Second)
		cancelled.Stop()
		cancelled.Fails(context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(nobodyKnows).FailsNot(errServerDown)
		w.NothingLeftBehind()

		limited := w.CallUntil(6*time.Second, "Ask", asking(w, client, w.Text(message)))
		limited.FailsAt(6*time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		limited.Because(nobodyKnows).FailsNot(errServerDown)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "three-at-once", func(w *harness.Virtual) {
		server := w.Peer("server")
		one, two, three := w.Dial("client 1", server), w.Dial("client 2", server), w.Dial("client 3", server)
		first := askWith(w, one, w.Text("one"))
		w.At(50 * ms)
		second := askWith(w, two, w.Text("two"))
		w.At(60 * ms)
		third := askWith(w, three, w.Text("three"))
		w.At(harness.Number(w, 120*ms, 101*ms, 120*ms))
		w.Because("Calls on several sockets run at the same time: none waits for another.")
		w.SentAt(two, 50*ms)
		server.Send(two, w.Text("2"))
		second.ReturnsAt(harness.Number(w, 120*ms, 101*ms, 120*ms), []byte(w.Text("2")))
		w.At(harness.Number(w, 130*ms, 121*ms, 130*ms))
		server.Send(three, w.Text("3"))
		third.ReturnsAt(harness.Number(w, 130*ms, 121*ms, 130*ms), []byte(w.Text("3")))
		w.SentAt(three, 60*ms)
		first.FailsAt(3100*ms, errServerDown)
		w.SentAt(one, sends...)
	})
}

// TestAskTakesLateAnswers: an answer counts in whichever wait it comes, also in
// the last nanosecond of one, and whichever send it answers. After the fifth wait
// it comes too late.
//
//kata:points 2
func TestAskTakesLateAnswers(t *testing.T) {
	deadlines := []time.Duration{100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms}
	for i, deadline := range deadlines {
		answeredAt(t, fmt.Sprintf("end-of-wait-%d", i+1), deadline-ns, deadline-ns, i+1)
		if i+1 < len(sends) {
			answeredAt(t, fmt.Sprintf("beginning-of-wait-%d", i+2), deadline+ns, deadline+ns, i+2)
			answeredAt(t, fmt.Sprintf("in-wait-%d", i+2), deadline+ms, deadline+199*ms, i+2)
		}
	}
	harness.OnVirtual.Then(t, "after-the-last-wait", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(3100*ms + ns)
		server.Send(client, w.Text(reply))
		asking.FailsAt(3100*ms, errServerDown)
	})
}

// answeredAt tells a story with one answer, at the first instant or one up to the last, before
// which the client has sent so often.
func answeredAt(t *testing.T, name string, first, last time.Duration, often int) {
	harness.OnVirtual.Then(t, name, func(w *harness.Virtual) {
		server, instant := w.Peer("server"), harness.Number(w, first, first, last)
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(instant)
		server.Send(client, w.Text(reply))
		asking.ReturnsAt(instant, []byte(w.Text(reply)))
		w.SentAt(client, sends[:often]...)
		logsWaits(w, waits[:often]...)
	})
}

// TestAskIsSilentAfterwards: once it has its answer, Ask sends nothing more, and
// leaves no goroutine and no deadline behind; the socket can ask again.
//
//kata:points 2
func TestAskIsSilentAfterwards(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server, answered := w.Peer("server"), harness.Number(w, 350*ms, 301*ms, 350*ms)
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(answered)
		server.Send(client, w.Text(reply))
		asking.ReturnsAt(answered, []byte(w.Text(reply)))
		w.NothingLeftBehind()
		w.StillOpen(client)
		w.At(10 * time.Second)
		w.SilentFrom(client, answered)

		again := ask(w, client)
		w.At(10*time.Second + 150*ms)
		server.Send(client, "")
		again.ReturnsAt(10*time.Second+150*ms, []byte{})
	})

	harness.OnVirtual.Then(t, "cancelled-afterwards", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		asking := w.Call("Ask (with a context that is cancelled when it has returned)",
			func(ctx context.Context) (any, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				return backoff.Ask(ctx, client, []byte(w.Text(message)), w.Log())
			})
		server.Send(client, w.Text(reply))
		asking.Returns([]byte(w.Text(reply)))
		w.NothingLeftBehind()
	})
}

// TestAskIgnoresErrors: neither "connection refused" nor a send that fails is an
// answer, a reason to give up, or a reason to hurry or to stop listening.
//
//kata:points 2
func TestAskIgnoresErrors(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		server.Close()
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, sends...)
		asking.FailsAt(3100*ms, errServerDown)
		asking.Fails(syscall.ECONNREFUSED, os.ErrDeadlineExceeded, context.DeadlineExceeded)
		logsWaits(w, waits...)
		w.NothingLeftBehind()
		w.StillOpen(client)
	})

	harness.OnVirtual.Then(t, "refused-in-the-middle-of-a-wait", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.Distance(30 * ms) // which is how long each refusal takes to come back
		server.Close()
		asking := ask(w, client)
		w.At(3100*ms - ns)
		w.SentAt(client, sends...)
		asking.FailsAt(3100*ms, errServerDown)
	})

	harness.OnVirtual.Then(t, "answer-after-errors", func(w *harness.Virtual) {
		server, answered := w.Peer("server"), harness.Number(w, 450*ms, 431*ms, 450*ms)
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(430 * ms)
		w.FailRead(client, syscall.EHOSTUNREACH)
		w.At(answered)
		w.FailRead(client, slices.Repeat(manyErrors, 40)...)
		w.At(answered + ns)
		server.Send(client, w.Text(reply))
		asking.Because(listensOn)
		asking.ReturnsAt(answered+ns, []byte(w.Text(reply)))
		w.SentAt(client, sends[:3]...)
	})

	harness.OnVirtual.Then(t, "errors-alone", func(w *harness.Virtual) {
		client := w.Dial("client", w.Peer("server"))
		asking := ask(w, client)
		for _, at := range []time.Duration{50 * ms, 150 * ms, 250 * ms, 2 * time.Second} {
			w.At(at)
			w.FailRead(client, manyErrors...)
		}
		asking.FailsAt(3100*ms, errServerDown)
		w.SentAt(client, sends...)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "sends-that-fail", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		asking := ask(w, client)
		w.At(ns)
		server.Send(client, w.Text(reply))
		asking.ReturnsAt(ns, []byte(w.Text(reply)))
		w.SentAt(client, sends[:1]...)
		logsWaits(w, waits[:1]...)
	})

	harness.OnVirtual.Then(t, "all-sends-fail", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.FailWritesTo(client, server, syscall.ENETUNREACH)
		asking := ask(w, client)
		asking.FailsAt(3100*ms, errServerDown)
		asking.Fails(syscall.ENETUNREACH, os.ErrDeadlineExceeded, context.DeadlineExceeded)
		w.SentAt(client, sends...)
		logsWaits(w, waits...)
		w.StillOpen(client)
		w.NothingLeftBehind()
	})
}

// manyErrors are some that a system may report of a UDP socket, several times in a row.
var manyErrors = []error{
	syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNREFUSED,
	syscall.EPERM, syscall.ENOBUFS, syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.EMSGSIZE,
	syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED,
}

// TestAskStops: when ctx ends in the middle of a wait, or conn is closed, Ask
// returns at once, and says why; nothing is left behind.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server, ended := w.Peer("server"), harness.Number(w, 550*ms, 301*ms, 699*ms)
		client := w.Dial("client", server)
		asking := ask(w, client)
		w.At(ended)
		asking.Stop()
		asking.FailsAt(ended, context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(noBytes).Beside([]byte(nil))
		w.NothingLeftBehind()
		w.StillOpen(client)
		w.At(10 * time.Second)
		w.SilentFrom(client, ended)
		asking.Because(nobodyKnows).FailsNot(errServerDown)
	})

	for i, at := range []time.Duration{50 * ms, 550 * ms} {
		harness.OnVirtual.Then(t, fmt.Sprintf("at-the-deadline-%d", i+1), func(w *harness.Virtual) {
			client := w.Dial("client", w.Peer("server"))
			asking := w.CallUntil(at, "Ask", asking(w, client, w.Text(message)))
			asking.FailsAt(at, context.DeadlineExceeded, os.ErrDeadlineExceeded)
			asking.Because(nobodyKnows).FailsNot(errServerDown)
			w.NothingLeftBehind()
			w.StillOpen(client)
		})
	}

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		call := asking(w, client, w.Text(message))
		cancelled := w.Call("Ask (with a context that is cancelled already)", over(call))
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(nobodyKnows).FailsNot(errServerDown)
		late := w.Call("Ask (with a context whose deadline has passed already)", overdue(call))
		late.FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		late.Because(nobodyKnows).FailsNot(errServerDown)
		w.NothingLeftBehind()
		w.StillOpen(client)

		again := ask(w, client)
		w.At(harness.Number(w, 50*ms, ms, 50*ms))
		server.Send(client, w.Text(reply))
		again.ReturnsAt(harness.Number(w, 50*ms, ms, 50*ms), []byte(w.Text(reply)))
	})

	harness.OnVirtual.Then(t, "closed-socket", func(w *harness.Virtual) {
		client, instant := w.Dial("client", w.Peer("server")), harness.Number(w, 550*ms, 301*ms, 699*ms)
		closing := ask(w, client)
		w.At(instant)
		w.Close(client)
		closing.FailsAt(instant, net.ErrClosed)
		closing.Because(nobodyKnows).FailsNot(errServerDown)
		w.NothingLeftBehind()

		closed := ask(w, client)
		closed.FailsAt(instant, net.ErrClosed)
		closed.Because(nobodyKnows).FailsNot(errServerDown)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "answer-while-cancelling", func(w *harness.Kernel4) {
		server := w.Peer("server")
		client := w.Dial("client", server)
		w.SlowDeadlines(client)
		asking := ask(w, client)
		server.ExpectFrom(client, w.Text(message))
		asking.Cancel()
		server.Send(client, w.Text(reply))
		asking.Wait()
		w.NothingLeftBehind()
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
				server.ExpectFrom(client, w.Text(message))
				answered = random.IntN(2) == 0
			}
			if answered {
				server.Send(client, w.Text(reply))
				asking.Returns([]byte(w.Text(reply)))
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
			{carol, w.Text("can you hear me?")},
			{carol, w.Text("dropped")},
			{alice, w.Text("hello")},
			{alice, w.Text("dropped")},
			{alice, ""},
			{bob, w.Text("dropped as well")},
			{bob, w.Text("two\nlines")},
			{alice, w.Text("dropped once more")},
			{bob, strings.Repeat("x", w.MaxPayload())},
			{bob, ""},
			{alice, w.Text("晚安\n")},
			{alice, strings.Repeat("dropped ", 8000)},
			{alice, w.Text("晚安\n")},
			{alice, w.Text("晚安\n")},
			{alice, w.Text("晚安\n")},
			{bob, w.Text("dropped")},
			{bob, w.Text(" \t\xff\x00\"\\ \r\n")},
		} {
			datagram.from.Send(server, datagram.text)
			if i%2 == 1 {
				lines = append(lines, fmt.Sprintf("Pretending to drop packet from %v", datagram.from.LocalAddr()))
				continue
			}
			if datagram.from != carol {
				datagram.from.ExpectFrom(server, answerTo(datagram.text))
			}
			lines = append(lines, fmt.Sprintf("The client at %v says %q", datagram.from.LocalAddr(), datagram.text))
		}
		serving.Close()
		w.Because("After Listening, each datagram has one line: the client's, or Pretending if it is dropped.").
			Logged(lines[0], lines[1:]...)
		alice.HeardNothingElse()
		bob.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "piled-up", func(w *harness.Virtual) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		var answers []string
		lines := []string{fmt.Sprintf("Listening at %v", server.LocalAddr())}
		for i := range 40 {
			client, text := alice, w.Text(fmt.Sprint("message ", i, strings.Repeat("!", i)))
			if i%2 == 1 {
				client = bob
			}
			client.Send(server, text)
			switch {
			case i%3 == 0:
				lines = append(lines, fmt.Sprintf("Pretending to drop packet from %v", client.LocalAddr()))
				continue
			case client == alice:
				answers = append(answers, answerTo(text))
			}
			lines = append(lines, fmt.Sprintf("The client at %v says %q", client.LocalAddr(), text))
		}
		var asked atomic.Int64
		drop := w.OncePerDatagram("drop", func() bool { return asked.Add(1)%3 == 1 })
		serving := w.Go("Serve", func(ctx context.Context) error {
			return backoff.Serve(ctx, server, drop, w.Log())
		})
		w.Because(inOrder)
		alice.ExpectAnyOrder(server, answers...)
		serving.Close()
		w.Because(inOrder).
			Logged(lines[0], lines[1:]...)
	})

	harness.OnVirtual.Then(t, "zones", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		linked := zoned{server, failing{new(net.UDPConn)}, alice.LocalAddr()}
		serve(w, linked)
		alice.Send(server, w.Text("hello"))
		alice.Because("The zone is a part of the address: without it, the answer goes nowhere.")
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		w.Because("After Listening, each datagram has one line: the client's, or Pretending if it is dropped.").
			Logged(fmt.Sprintf("Listening at %v", server.LocalAddr()),
				fmt.Sprintf("The client at %v says %q", linked.link(), w.Text("hello")))
	})

	harness.OnVirtual.Then(t, "errors-and-silence", func(w *harness.Virtual) {
		server, alice, carol := w.ListenPacket("server"), w.Peer("alice"), w.Peer("carol")
		serve(w, server)
		w.FailWritesTo(server, carol, syscall.ENETUNREACH)
		for i := range 200 {
			carol.Send(server, strings.Repeat("!", i%20))
		}
		for _, at := range []time.Duration{0, 2 * time.Hour, 4 * time.Hour} {
			w.At(at)
			w.FailRead(server, slices.Repeat(manyErrors, 40)...)
			alice.Send(server, w.Text("hello"))
			w.At(at + time.Hour) // for whoever makes pauses
			alice.Because("An error is about one datagram: neither errors nor silence end the service, however long.")
			alice.ExpectFrom(server, answerTo(w.Text("hello")))
		}
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "a-second-at-the-most", func(w *harness.Virtual) {
		server, alice, carol := w.ListenPacket("server"), w.Peer("alice"), w.Peer("carol")
		w.FailWritesTo(server, carol, syscall.ENETUNREACH)
		serve(w, server)
		const pauses = "A pause after an error is of a second at the most, however many errors have come before."
		now := time.Duration(0)
		for _, fail := range []func(){
			func() { w.FailRead(server, syscall.ECONNREFUSED) },
			func() { carol.Send(server, w.Text("hi")) },
		} {
			for range 50 {
				fail()
				now += time.Second + ms
				w.At(now)
			}
			alice.Send(server, w.Text("hello"))
			alice.Because(pauses).ExpectFrom(server, answerTo(w.Text("hello")))
			w.Because(pauses)
			w.StillAt(now)
		}
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		one, two, alice := w.ListenPacket("server 1"), w.ListenPacket("server 2"), w.Peer("alice")
		serve(w, one)
		serve(w, two)
		for range 2 {
			alice.Send(one, w.Text("hello"))
			alice.ExpectFrom(one, answerTo(w.Text("hello")))
			alice.Send(two, w.Text("hi"))
			alice.ExpectFrom(two, answerTo(w.Text("hi")))
		}
	})
}

// A zoned server hears its one client from an address of the link, with a zone, and
// sends to this alone. It has the other methods of a *net.UDPConn too, which fail.
type zoned struct {
	net.PacketConn
	failing
	client net.Addr
}

func (z zoned) link() *net.UDPAddr {
	return &net.UDPAddr{IP: net.IPv6loopback, Port: z.client.(*net.UDPAddr).Port, Zone: "link"}
}

func (z zoned) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := z.PacketConn.ReadFrom(p)
	if err != nil {
		return n, from, err
	}
	return n, z.link(), nil
}

func (z zoned) WriteTo(p []byte, to net.Addr) (int, error) {
	if to.String() != z.link().String() {
		return 0, syscall.EINVAL
	}
	return z.PacketConn.WriteTo(p, z.client)
}

const inOrder = "Ask drop in the order in which the datagrams come: here it drops every third, from the first on."

// serve starts the student's server, which drops nothing.
func serve(w harness.Caller, server net.PacketConn) *harness.Call {
	return w.Call("Serve", serving(w, server))
}

func serving(w harness.Caller, server net.PacketConn) calling {
	return func(ctx context.Context) (any, error) {
		return nil, backoff.Serve(ctx, server, func() bool { return false }, w.Log())
	}
}

// TestServeStops: Serve returns when its context is cancelled, though no datagram
// arrives, or when its socket is closed, and says why; nothing is left behind.
//
//kata:points 1
func TestServeStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		serving.Stop()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		serving = serve(w, server)
		alice.Send(server, w.Text("hello again"))
		alice.ExpectFrom(server, answerTo(w.Text("hello again")))
		w.Close(server)
		serving.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "after-an-error", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		serving := serve(w, server)
		w.FailRead(server, syscall.ECONNREFUSED)
		w.Because("A pause after an error ends too when ctx does.")
		serving.Stop()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		cancelled := w.Call("Serve (with a context that is cancelled already)", over(serving(w, server)))
		cancelled.Because("A context that is over before the call ends it too: the error says so, as ctx.Err() does.")
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(server)

		again := serve(w, server)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		again.Stop()
		again.Fails(context.Canceled, os.ErrDeadlineExceeded)

		w.Close(server)
		closed := serve(w, server)
		const before = "A socket that is closed before the call ends it too: nil says that all went well."
		w.At(time.Second) // for whoever makes pauses
		closed.Because(before)
		closed.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := w.CallUntil(time.Second, "Serve", serving(w, server))
		w.At(time.Second - ns)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		serving.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "cancelled-while-logging", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := w.Go("Serve", func(ctx context.Context) error {
			return backoff.Serve(ctx, server, func() bool { return false }, slowly{w, w.Log()})
		})
		w.At(10 * ms)
		alice.Send(server, w.Text("hello"))
		w.At(10*ms + ns)
		serving.Cancel()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.Because("A line of the log may take a while: Serve returns once its goroutines have written theirs.")
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "cancelled-while-answering", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		w.SlowWrites(server, ms)
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		w.At(ms / 2)
		serving.Cancel()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "datagram-while-cancelling", func(w *harness.Kernel4) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		w.SlowDeadlines(server)
		serving.Cancel()
		alice.Send(server, w.Text("hello again"))
		serving.Wait()
		w.NothingLeftBehind()
	})
}

// A slowly written log takes a millisecond for each line.
type slowly struct {
	w   *harness.Virtual
	log io.Writer
}

func (s slowly) Write(line []byte) (int, error) {
	s.w.Sleep(ms)
	return s.log.Write(line)
}

func answerTo(text string) string { return fmt.Sprintf("Your data was %d bytes long", len(text)) }

func TestMain(m *testing.M) { harness.Main(m) }
