package echo_test

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	echo "udpkata/lessons/02-echo"
)

// serve starts the student's server on a socket of the story.
func serve(w harness.Caller, server net.PacketConn) *harness.Call {
	return w.Go("Serve", func(ctx context.Context) error { return echo.Serve(ctx, server, w.Log()) })
}

// ask starts the student's client, which asks server for the length of text.
func ask(w harness.Caller, client net.PacketConn, server harness.Endpoint, text string) *harness.Call {
	return w.Call("Ask", func(ctx context.Context) (any, error) {
		return echo.Ask(ctx, client, server.LocalAddr(), text)
	})
}

func answerTo(text string) string { return fmt.Sprintf("Your data was %d bytes long", len(text)) }

func logged(client harness.Endpoint, text string) string {
	return fmt.Sprintf("The client at %v says %q", client.LocalAddr(), text)
}

// TestServeAnswers: a client sends a datagram and is told how long it was; then
// it sends another.
//
//kata:points 1
func TestServeAnswers(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server)

		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		alice.Send(server, w.Text("Good morning!"))
		alice.ExpectFrom(server, answerTo(w.Text("Good morning!")))
		alice.HeardNothingElse()
	})
}

// TestServeAnswersWhoAsked: many clients share one server, and each hears the
// answer to its own datagram, and nothing else.
//
//kata:points 2
func TestServeAnswersWhoAsked(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		serve(w, server)

		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		bob.Send(server, w.Text("hi"))
		bob.ExpectFrom(server, answerTo(w.Text("hi")))
		alice.Send(server, w.Text("and me?"))
		alice.ExpectFrom(server, answerTo(w.Text("and me?")))

		crowd := make([]*harness.Peer, 100)
		for i := range crowd {
			crowd[i] = w.Peer(fmt.Sprintf("client %d", i+1))
		}
		for i, client := range crowd {
			client.Send(server, strings.Repeat("x", i+1))
		}
		for i, client := range crowd {
			client.ExpectFrom(server, fmt.Sprintf("Your data was %d bytes long", i+1))
		}
		alice.HeardNothingElse()
		bob.HeardNothingElse()

		second := w.ListenPacket("second server")
		serve(w, second)
		bob.Send(second, w.Text("and you?"))
		bob.Because("Another Serve runs at the same time, on another socket: each call is on its own.")
		bob.ExpectFrom(second, answerTo(w.Text("and you?")))
		alice.Send(server, w.Text("still there?"))
		alice.ExpectFrom(server, answerTo(w.Text("still there?")))
	})

	harness.OnVirtual.Then(t, "many-and-later", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server)
		for range 200 {
			alice.Send(server, w.Text("hello"))
			alice.Because(noLimit).ExpectFrom(server, answerTo(w.Text("hello")))
		}
		for i := range 200 {
			client := w.Peer(fmt.Sprintf("client %d", i+1))
			text := strings.Repeat("x", 100+i)
			client.Send(server, text)
			client.Because(noLimit).ExpectFrom(server, answerTo(text))
			client.Close()
		}
		w.At(6 * time.Minute)
		alice.Send(server, w.Text("hello again"))
		alice.Because("Nobody has sent for minutes, and the service goes on: that is no reason to end it.")
		alice.ExpectFrom(server, answerTo(w.Text("hello again")))
	})
}

const noLimit = "Every datagram is answered, however many came before, and whether or not it was one of them."

// TestServeCountsBytes: the length is counted in bytes, whatever they are: of
// letters that take more than one, of bytes that are no text at all, of line ends, of
// nothing, and of the biggest datagram there is.
//
//kata:points 2
func TestServeCountsBytes(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server)

		for _, text := range []string{
			w.Text("晚安"),
			w.Text("\xff\xfe\x00"),
			"",
			strings.Repeat("z", 600),
			strings.Repeat("z", 1501),
			strings.Repeat("z", w.MaxPayload()),
		} {
			alice.Send(server, text)
			alice.ExpectFrom(server, answerTo(text))
		}
	})

	harness.OnEachNetwork.Then(t, "to-the-last", func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server)
		for _, text := range []string{"\n", "\x00\x00\x00\x00", "one line\n", "and one more line\r\n", " "} {
			alice.Send(server, w.Text(text))
			alice.Because("Every byte of a datagram counts, whatever it is.").ExpectFrom(server, answerTo(w.Text(text)))
		}
	})

	harness.OnVirtual.Then(t, "of-all-sizes", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server)
		for size := 1; size <= w.MaxPayload(); size += size/5 + 1 { // and what is beside a power of two
			for _, n := range []int{size, 1<<bits.Len(uint(size)) - 1, 1<<bits.Len(uint(size)) + 1} {
				text := strings.Repeat("z", min(n, w.MaxPayload()))
				alice.Send(server, text)
				alice.ExpectFrom(server, answerTo(text))
			}
		}
	})
}

// TestServeLogs: the log says where the server listens, then, for each datagram,
// who sent it and what it said, quoted. Datagrams that have piled up before
// Serve began are told apart as well.
//
//kata:points 2
func TestServeLogs(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		lines := []string{fmt.Sprintf("Listening at %v", server.LocalAddr())}
		var answers []string
		for i := range 20 {
			text := w.Text(fmt.Sprintf("message %d%s", i, strings.Repeat("!", i)))
			alice.Send(server, text)
			answers = append(answers, answerTo(text))
			lines = append(lines, logged(alice, text))
		}
		serving := serve(w, server)
		alice.ExpectAnyOrder(server, answers...)

		for _, text := range []string{
			w.Text("a message longer than any of alice's"), w.Text("short"), w.Text("two\nlines"), w.Text(`a "quote"`),
			w.Text("晚安"), w.Text("\xff\x00"), w.Text("wide\u3000blank"), w.Text(strings.Repeat("long ", 1000)), "",
			w.Text("a line\n"), " ", "`", w.Text("twice"), w.Text("twice"), strings.Repeat("z", w.MaxPayload()),
		} {
			bob.Send(server, text)
			bob.ExpectFrom(server, answerTo(text))
			lines = append(lines, logged(bob, text))
		}
		serving.Close()
		w.Logged(lines[0], lines[1:]...)
	})
}

// TestServeSurvives: neither a reply that can't be sent nor a refusal left over
// from an earlier one ends the service, or shows in the log. A closed socket
// ends it.
//
//kata:points 2
func TestServeSurvives(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		w.FailNextRead(server, syscall.ECONNREFUSED)
		w.FailWritesTo(server, bob, syscall.ENETUNREACH)
		serving := serve(w, server)

		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		bob.Send(server, w.Text("can you hear me?"))
		w.FailNextRead(server, syscall.EHOSTUNREACH)
		alice.Send(server, w.Text("still there?"))
		alice.ExpectFrom(server, answerTo(w.Text("still there?")))

		w.Close(server)
		serving.Fails(net.ErrClosed)
		w.Logged(fmt.Sprintf("Listening at %v", server.LocalAddr()), logged(alice, w.Text("hello")),
			logged(bob, w.Text("can you hear me?")), logged(alice, w.Text("still there?")))
	})

	harness.OnVirtual.Then(t, "errors-in-a-row", func(w *harness.Virtual) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		serve(w, server)
		var errs []error
		for range 200 {
			errs = append(errs, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EMSGSIZE,
				syscall.ENOBUFS)
		}
		w.FailRead(server, errs...)
		alice.Send(server, w.Text("hello"))
		w.At(time.Hour) // for whoever makes pauses
		alice.Because("An error is about one datagram, and not about the socket. However many come, go on.")
		alice.ExpectFrom(server, answerTo(w.Text("hello")))

		w.FailWritesTo(server, bob, syscall.ENETUNREACH)
		for range 200 {
			bob.Send(server, w.Text("can you hear me?"))
		}
		alice.Send(server, w.Text("hello again"))
		w.At(2 * time.Hour)
		alice.Because("An error is about one datagram, and not about the socket. However many come, go on.")
		alice.ExpectFrom(server, answerTo(w.Text("hello again")))
	})

	harness.OnVirtual.Then(t, "a-second-at-the-most", func(w *harness.Virtual) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		w.FailWritesTo(server, bob, syscall.ENETUNREACH)
		serve(w, server)
		const pauses = "A pause after an error is of a second at the most, however many errors have come before."
		const enough = time.Second + time.Millisecond
		now := time.Duration(0)
		again := func(times int, fail func()) {
			for range times {
				fail()
				now += enough
				w.At(now)
			}
			text := w.Text(fmt.Sprintf("hello at %v", now))
			alice.Send(server, text)
			alice.Because(pauses).ExpectFrom(server, answerTo(text))
			w.Because(pauses)
			w.StillAt(now)
		}
		for _, times := range []int{1, 2, 12, 150} {
			again(times, func() { w.FailRead(server, syscall.ECONNREFUSED) })
			again(times, func() { bob.Send(server, w.Text("can you hear me?")) })
		}
	})
}

// TestServeStops: when its context is cancelled, Serve returns, though no
// datagram arrives, and says why; the socket stays open for its owner, who may call
// Serve again. The same goes for a context that has a deadline, and for one that has
// ended before.
//
//kata:points 2
func TestServeStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))

		serving.Stop()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		listening := fmt.Sprintf("Listening at %v", server.LocalAddr())
		w.Logged(listening, logged(alice, w.Text("hello")))

		again := serve(w, server)
		alice.Send(server, w.Text("hi again"))
		alice.Because("Serve was called again on the same socket: nothing is left of the call before.")
		alice.ExpectFrom(server, answerTo(w.Text("hi again")))
		again.Stop()
		again.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.Logged(listening, logged(alice, w.Text("hello")), listening, logged(alice, w.Text("hi again")))
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := w.Go("Serve", func(ctx context.Context) error {
			ctx, cancel := w.WithTimeout(ctx, time.Second)
			defer cancel()
			return echo.Serve(ctx, server, w.Log())
		})
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		serving.Because("A context may have a deadline: when that has come, ctx has ended, as if cancelled.")
		serving.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
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

	harness.OnVirtual.Then(t, "cancelled-while-logging", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := w.Go("Serve", func(ctx context.Context) error {
			return echo.Serve(ctx, server, slowly{w, w.Log()})
		})
		w.At(10 * time.Millisecond)
		alice.Send(server, w.Text("hello"))
		w.At(10*time.Millisecond + 1)
		serving.Cancel()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.Because("A line of the log may take a while: Serve returns once its goroutines have written theirs.")
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "ended-before", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		serving := w.Go("Serve", func(ctx context.Context) error {
			return echo.Serve(ended(ctx), server, w.Log())
		})
		serving.Because(endedBefore).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})
}

// A slowly written log takes a millisecond for each line.
type slowly struct {
	w   *harness.Virtual
	log io.Writer
}

func (s slowly) Write(line []byte) (int, error) {
	s.w.Sleep(time.Millisecond)
	return s.log.Write(line)
}

// ended returns a context that has ended.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

const endedBefore = "The context had ended before the call: there is nothing to wait for, and an error to return."

// TestAsk: the client sends the text as it is and returns the answer as it is;
// an error of the socket's is returned.
//
//kata:points 2
func TestAsk(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server, nowhere := w.ListenPacket("client"), w.Peer("server"), w.Peer("nowhere")
		biggest := strings.Repeat("y", w.MaxPayload())
		var all []*harness.Call
		exchanges := []struct{ text, answer string }{
			{w.Text("The time is now"), w.Text("Your data was 15 bytes long")},
			{"", ""},
			{w.Text("晚安"), w.Text("\xff\xfe")},
			{biggest, w.Text("ok")},
			{w.Text("as much as you can"), biggest},
			{w.Text(" with blanks "), w.Text("\tand an end of line \n")},
			{"\n", "\n"},
			{"\x00", w.Text("NUL\x00\x00")},
			{w.Text("anything"), ""},
			{w.Text("short again"), w.Text("short")},
			{w.Text("short again"), w.Text("short")},
		}
		for _, tt := range exchanges {
			asking := ask(w, client, server, tt.text)
			server.ExpectFrom(client, tt.text)
			server.Send(client, tt.answer)
			asking.Returns(tt.answer)
			all = append(all, asking)
		}
		server.HeardNothingElse()
		for i, tt := range exchanges {
			all[i].Because("A later Ask must not change what an earlier one has returned.").Returns(tt.answer)
		}

		w.FailWritesTo(client, nowhere, syscall.ENETUNREACH)
		failing := ask(w, client, nowhere, w.Text("anybody?"))
		failing.Fails(syscall.ENETUNREACH)
		failing.Because(noText).Beside("")
		w.FailNextRead(client, syscall.ECONNREFUSED)
		failing = ask(w, client, server, w.Text("are you there?"))
		failing.Fails(syscall.ECONNREFUSED)
		failing.Because(noText).Beside("")
		w.StillOpen(client)
	})

	harness.OnEachNetwork.Then(t, "two-at-a-time", func(w *harness.World) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		second, other, two := w.ListenPacket("second client"), w.Peer("other server"), w.Text("two?")
		asking, alsoAsking := ask(w, client, server, w.Text("one?")), ask(w, second, other, two)
		server.ExpectFrom(client, w.Text("one?"))
		other.Because("Another Ask waits on another socket: neither waits for the other.").ExpectFrom(second, two)
		other.Send(second, w.Text("two"))
		alsoAsking.Returns(w.Text("two"))
		third := w.ListenPacket("third client")
		askingToo := ask(w, third, server, w.Text("three?"))
		server.Because("Two calls may ask one server, each on its own socket: neither waits for the other.")
		server.ExpectFrom(third, w.Text("three?"))
		server.Send(third, w.Text("three"))
		askingToo.Returns(w.Text("three"))
		server.Send(client, w.Text("one"))
		asking.Returns(w.Text("one"))
	})

	harness.OnVirtual.Then(t, "minutes-later", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := ask(w, client, server, w.Text("hello?"))
		server.ExpectFrom(client, w.Text("hello?"))
		w.At(6 * time.Minute)
		server.Because("Ask sends once, however long the answer takes.").HeardNothingElse()
		server.Send(client, w.Text("Your data was 6 bytes long"))
		asking.Because("Only ctx limits the wait, and it has not ended.").Returns(w.Text("Your data was 6 bytes long"))
	})

	harness.OnVirtual.Then(t, "server-in-16-bytes", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		to, hello := server.LocalAddr().(*net.UDPAddr), w.Text("hello?")
		to.IP = to.IP.To16()
		asking := w.Call("Ask", func(ctx context.Context) (any, error) { return echo.Ask(ctx, client, to, hello) })
		server.ExpectFrom(client, hello)
		server.Send(client, w.Text("Your data was 6 bytes long"))
		asking.Because("An IPv4 address is the same in 4 bytes and in 16: this came from the server.")
		asking.Returns(w.Text("Your data was 6 bytes long"))
	})

	harness.OnVirtual.Then(t, "errors", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		for _, err := range []error{
			syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.EMSGSIZE, syscall.ENOBUFS,
		} {
			asking := ask(w, client, server, w.Text("hello?"))
			server.ExpectFrom(client, w.Text("hello?"))
			w.FailRead(client, err)
			asking.Because("An error of the socket's ends Ask at once, whatever it is.").FailsAt(0, err)
			asking.Because(noText).Beside("")
		}
		w.StillOpen(client)
		asking := ask(w, client, server, w.Text("hello?"))
		w.Close(client)
		asking.Because("The socket was closed: no answer can come any more.").FailsAt(0, net.ErrClosed)
		asking.Because(noText).Beside("")
	})
}

const noText = "There is no answer, so the text beside the error is empty."

// TestAskStops: when its context is cancelled, Ask returns, though no answer
// comes, and says why; the same socket can ask again. When its context has a
// deadline, Ask returns at that instant.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := ask(w, client, server, w.Text("hello?"))
		server.ExpectFrom(client, w.Text("hello?"))
		w.Because("An answer may never come: Ask has to return when ctx is cancelled.")
		asking.Stop()
		asking.Fails(context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(noText).Beside("")
		w.StillOpen(client)

		again := ask(w, client, server, w.Text("hello again"))
		server.ExpectFrom(client, w.Text("hello again"))
		server.Send(client, w.Text("Your data was 11 bytes long"))
		again.Returns(w.Text("Your data was 11 bytes long"))

		again.Cancel()
		w.NothingLeftBehind()
		last := ask(w, client, server, w.Text("and once more"))
		server.ExpectFrom(client, w.Text("and once more"))
		server.Send(client, w.Text("Your data was 13 bytes long"))
		last.Because("The context of an earlier Ask ended after its answer: that is no concern of this one.")
		last.Returns(w.Text("Your data was 13 bytes long"))
	})

	// Ask may have set the deadline on the socket: whether that ends the read, or the
	// end of ctx does, there is an error to return.
	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := w.CallUntil(time.Second, "Ask", func(ctx context.Context) (any, error) {
			return echo.Ask(ctx, client, server.LocalAddr(), w.Text("hello?"))
		})
		asking.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		asking.Because(noText).Beside("")
	})

	harness.OnVirtual.Then(t, "ended-before", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		asking := w.Call("Ask", func(ctx context.Context) (any, error) {
			return echo.Ask(ended(ctx), client, server.LocalAddr(), w.Text("hello?"))
		})
		asking.Because(endedBefore).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(noText).Beside("")
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "while-sending", func(w *harness.Virtual) {
		client, server := w.ListenPacket("client"), w.Peer("server")
		w.SlowWrites(client, time.Millisecond)
		asking := ask(w, client, server, w.Text("hello?"))
		w.At(time.Microsecond)
		asking.Cancel()
		asking.Because("The context ended while the send was under way: once that has returned, so does Ask.")
		asking.FailsAt(time.Millisecond, context.Canceled, os.ErrDeadlineExceeded)
		asking.Because(noText).Beside("")
		w.NothingLeftBehind()
	})
}

// TestNothingIsLeftBehind: neither Serve nor Ask leaves a goroutine running or a
// deadline on the socket, however it ends, and however slow the machine is.
//
//kata:points 1
func TestNothingIsLeftBehind(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		alice.ExpectFrom(server, answerTo(w.Text("hello")))
		serving.Stop()
		w.NothingLeftBehind()

		second := w.ListenPacket("second server")
		serving = serve(w, second)
		alice.Send(second, w.Text("hello"))
		alice.ExpectFrom(second, answerTo(w.Text("hello")))
		w.Close(second)
		serving.Fails(net.ErrClosed)
		w.NothingLeftBehind()

		client, bob := w.ListenPacket("client"), w.Peer("bob")
		answered := ask(w, client, bob, w.Text("hello"))
		bob.ExpectFrom(client, w.Text("hello"))
		bob.Send(client, w.Text("Your data was 5 bytes long"))
		answered.Returns(w.Text("Your data was 5 bytes long"))
		w.NothingLeftBehind()

		cancelled := ask(w, client, bob, w.Text("hello?"))
		bob.ExpectFrom(client, w.Text("hello?"))
		cancelled.Stop()
		w.NothingLeftBehind()

		w.FailWritesTo(client, bob, syscall.ENETUNREACH)
		ask(w, client, bob, w.Text("anybody?")).Fails(syscall.ENETUNREACH)
		w.NothingLeftBehind()
		w.FailWritesTo(client, bob, nil)
		w.FailNextRead(client, syscall.ECONNREFUSED)
		ask(w, client, bob, w.Text("hello?")).Fails(syscall.ECONNREFUSED)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "before-its-deadline", func(w *harness.Virtual) {
		client, bob := w.ListenPacket("client"), w.Peer("bob")
		asking := w.CallUntil(time.Hour, "Ask", func(ctx context.Context) (any, error) {
			return echo.Ask(ctx, client, bob.LocalAddr(), w.Text("hello"))
		})
		bob.ExpectFrom(client, w.Text("hello"))
		bob.Send(client, w.Text("Your data was 5 bytes long"))
		asking.Returns(w.Text("Your data was 5 bytes long"))
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "answer-while-cancelling", func(w *harness.Kernel4) {
		client, bob := w.ListenPacket("client"), w.Peer("bob")
		w.SlowDeadlines(client)
		asking := ask(w, client, bob, w.Text("hello?"))
		bob.ExpectFrom(client, w.Text("hello?"))
		asking.Cancel()
		bob.Send(client, w.Text("Your data was 6 bytes long"))
		asking.Wait()
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

	harness.OnVirtual.Then(t, "cancelled-while-answering", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		w.SlowWrites(server, time.Millisecond)
		serving := serve(w, server)
		alice.Send(server, w.Text("hello"))
		w.At(time.Microsecond)
		serving.Cancel()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
