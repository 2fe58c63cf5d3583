package requestids_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"udpkata/harness"
	requestids "udpkata/lessons/07-request-ids"
)

const (
	ms = time.Millisecond
	ns = time.Nanosecond

	idSize = 8
)

var (
	errShort      = harness.Named("ErrShort", requestids.ErrShort)
	errServerDown = harness.Named("ErrServerDown", requestids.ErrServerDown)
)

// datagram returns what Encode has to make.
func datagram(id uint64, text string) string {
	return string(binary.BigEndian.AppendUint64(nil, id)) + text
}

// spelled returns the ID that 8 letters are, so that a story's datagrams can be read.
func spelled(letters string) uint64 { return binary.BigEndian.Uint64([]byte(letters)) }

// named returns the ID of 8 letters that a story has for a question, or others that are drawn in their place.
func named(w harness.Caller, letters string) uint64 { return spelled(w.Text(letters)[:idSize]) }

// numbered returns the ID that has a number, in digits, so that it can be read, or so many more than one that is drawn
// for the story.
func numbered(w harness.Caller, n uint64) uint64 {
	if first := harness.Number(w, int64(0), 1<<20, 1<<62); first > 0 {
		return uint64(first) + n
	}
	return spelled(fmt.Sprintf("id%06d", n))
}

// oneBitApart lists IDs that differ from one in a bit.
func oneBitApart(id uint64) (all []uint64) {
	for bit := range 64 {
		all = append(all, id^1<<bit)
	}
	return all
}

// TestIDs: an ID and a text become a datagram, and a datagram becomes an ID and a text again,
// unless it is too short. An ID is the next 8 bytes of random, however they come, and an error
// where there are not so many.
//
//kata:points 2
func TestIDs(t *testing.T) {
	const (
		bigEndian = "A datagram begins with the 8 bytes of its ID, the most significant one first; the text follows."
		whole     = "The first 8 bytes are the ID, whatever number that is. All others are the text, or none."
	)
	texts := []string{"hello", "", "\x00", "deposit 100\n", "\xff\xfe 晚安", strings.Repeat("!", 65_499)}
	ids := append(oneBitApart(0), 0, 1, 0x0102030405060708, math.MaxInt64, math.MaxUint64)

	harness.Offline(t, func(w *harness.World) {
		for i, id := range slices.Backward(append(ids, named(w, "question"))) {
			text := w.Text(texts[i%len(texts)])
			w.Call("Encode", func(context.Context) (any, error) {
				return requestids.Encode(id, []byte(text)), nil
			}).Because(bigEndian).Returns([]byte(datagram(id, text)))
			decode(w, datagram(id, text)).Because(whole).Returns(decoded{id, text})
		}
	})

	harness.Offline.Then(t, "too-short", func(w *harness.World) {
		for n := range idSize {
			short := decode(w, "question"[:n])
			short.Because("Fewer than 8 bytes have no ID: look at the length before anything else.").Fails(errShort)
			short.Because("Beside an error there is no ID and no text.").Beside(decoded{})
		}
	})

	harness.Offline.Then(t, "lent", func(w *harness.World) {
		lent := []byte("hello, and what is behind it in memory")
		was := string(lent)
		first := w.Call("Encode", func(context.Context) (any, error) {
			return requestids.Encode(spelled("question"), lent[:5]), nil
		})
		first.Returns([]byte("questionhello"))
		unchanged := func(name string) {
			if string(lent) != was {
				w.Errorf("%s has changed the bytes that it was lent, or those behind them.", name)
			}
		}
		unchanged("Encode")
		decoding := w.Call("Decode", func(context.Context) (any, error) {
			id, text, err := requestids.Decode(lent[:13])
			return decoded{id, string(text)}, err
		})
		decoding.Returns(decoded{spelled(was[:8]), was[8:13]})
		unchanged("Decode")
		w.Call("Encode", func(context.Context) (any, error) {
			return requestids.Encode(spelled("xxxxxxxx"), []byte("xxxxx")), nil
		}).Wait()
		first.Because("What Encode has returned is its caller's: make new bytes each time.").
			Returns([]byte("questionhello"))
	})

	harness.Offline.Then(t, "three-in-a-row", func(w *harness.World) {
		const inOrder = "An ID is the next 8 bytes of random, the most significant one first, and no byte more."
		random := strings.NewReader("question" + datagram(0, "") + datagram(0xfffefdfcfbfaf9f8, "behind"))
		for _, want := range []uint64{spelled("question"), 0, 0xfffefdfcfbfaf9f8} {
			newID(w, random).Because(inOrder).Returns(want)
		}
		if left := random.Len(); left != len("behind") {
			w.Errorf("NewID has read %d bytes more of random than three IDs have.", len("behind")-left)
		}
	})

	harness.Offline.Then(t, "bit-by-bit", func(w *harness.World) {
		for _, id := range oneBitApart(0) {
			random := bytes.NewReader([]byte(datagram(id, "")))
			newID(w, random).Because("Each of the 64 bits is random's, and stands where it came.").Returns(id)
		}
	})

	harness.Offline.Then(t, "few-at-a-time", func(w *harness.World) {
		const fewer = "A Read may bring fewer bytes than there is room for, or none: read on until there are 8."
		source := func() io.Reader { return strings.NewReader("questionanswered") }
		for _, random := range []io.Reader{
			iotest.OneByteReader(source()), iotest.HalfReader(source()), &sluggish{Reader: source()},
		} {
			newID(w, random).Because(fewer).Returns(spelled("question"))
			newID(w, random).Because(fewer).Returns(spelled("answered"))
		}
	})

	harness.Offline.Then(t, "with-an-error-beside", func(w *harness.World) {
		random := iotest.DataErrReader(strings.NewReader("question"))
		newID(w, random).Because("An error beside the last of 8 bytes is no reason to do without them.").
			Returns(spelled("question"))
	})

	harness.Offline.Then(t, "fails", func(w *harness.World) {
		const fails = "Without 8 bytes of random there is no ID: return the error, which says why."
		for n := range idSize {
			broken := newID(w, io.MultiReader(strings.NewReader("question"[:n]), iotest.ErrReader(errNoEntropy)))
			broken.Because(fails).Fails(errNoEntropy)
			broken.Because("Beside an error, the ID is 0.").Beside(uint64(0))
			ended := newID(w, strings.NewReader("question"[:n]))
			ended.Because(fails).Fails(io.EOF, io.ErrUnexpectedEOF)
			ended.Because("Beside an error, the ID is 0.").Beside(uint64(0))
		}
	})
}

// decoded is what Decode returns beside an error.
type decoded struct {
	id   uint64
	text string
}

func decode(w harness.Caller, data string) *harness.Call {
	return w.Call(fmt.Sprintf("Decode of %d bytes", len(data)), func(context.Context) (any, error) {
		id, text, err := requestids.Decode([]byte(data))
		return decoded{id, string(text)}, err
	})
}

var errNoEntropy = errors.New("there is nothing random here")

func newID(w harness.Caller, random io.Reader) *harness.Call {
	return w.Call("NewID", func(context.Context) (any, error) { return requestids.NewID(random) })
}

// A sluggish reader brings nothing at every second Read.
type sluggish struct {
	io.Reader
	reads int
}

// Read brings a byte, or none.
func (s *sluggish) Read(p []byte) (int, error) {
	if s.reads++; s.reads%2 == 1 {
		return 0, nil
	}
	return s.Reader.Read(p[:min(len(p), 1)])
}

// A source is where a Client's IDs come from. Several goroutines may read it.
type source struct {
	w     harness.Caller
	mu    sync.Mutex
	bytes []byte
	taken int
	fails int    // so many of the next reads fail
	waits func() // that the next read does first; nil if it does not
}

// letters returns a source of IDs of 8 letters each.
func letters(w harness.Caller) *source {
	random := rand.New(rand.NewPCG(uint64(harness.Number(w, int64(7), 0, math.MaxInt64-1)), 64))
	s := &source{w: w, bytes: make([]byte, 1000*idSize)}
	for i := range s.bytes {
		s.bytes[i] = byte('a' + random.IntN(26))
	}
	return s
}

// Read brings the next bytes.
func (s *source) Read(p []byte) (int, error) {
	s.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return 0, errNoEntropy
	}
	n := copy(p, s.bytes[s.taken:])
	s.taken += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// wait waits as the next read is to; whoever reads after that does not.
func (s *source) wait() {
	s.mu.Lock()
	waits := s.waits
	s.waits = nil
	s.mu.Unlock()
	if waits != nil {
		waits()
	}
}

// willWait reports whether nobody has read since waits was set.
func (s *source) willWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waits != nil
}

// id returns the n-th ID that is drawn, from 1.
func (s *source) id(n int) uint64 { return binary.BigEndian.Uint64(s.bytes[idSize*(n-1):]) }

// question returns what the n-th call of Ask has to send, from 1, if each draws its own ID; and answer what answers it.
func (s *source) question(n int, text string) string { return datagram(s.id(n), s.w.Text(text)) }
func (s *source) answer(n int, text string) string   { return datagram(s.id(n), s.w.Text(text)) }

// answer returns what answers a question, whatever its ID is.
func answer(question, text string) string { return question[:min(idSize, len(question))] + text }

// newClient makes a Client with the student's code, which the socket belongs to from then on.
func newClient(w harness.Caller, conn net.Conn, random io.Reader) (client *requestids.Client) {
	if _, ok := conn.(foreign); !ok {
		w.HandOver(conn)
	}
	w.Call("NewClient", func(context.Context) (any, error) {
		client = requestids.NewClient(conn, random)
		return nil, nil
	}).Wait()
	return client
}

// A calling is a call of the student's code.
type calling = func(ctx context.Context) (any, error)

// asking returns a call of Ask. The bytes of no text are nil.
func asking(client *requestids.Client, text string) calling {
	return func(ctx context.Context) (any, error) { return client.Ask(ctx, append([]byte(nil), text...)) }
}

func ask(w harness.Caller, client *requestids.Client, text string) *harness.Call {
	return w.Call("Ask", asking(client, w.Text(text)))
}

func closeIt(w harness.Caller, client *requestids.Client) *harness.Call {
	return w.Call("Close", func(context.Context) (any, error) { return nil, client.Close() })
}

// closeAgain closes what is closed already: an error that says so is as good as none.
func closeAgain(w harness.Caller, client *requestids.Client) *harness.Call {
	return w.Call("Close", func(context.Context) (any, error) {
		err := client.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
		return nil, err
	})
}

const (
	itsOwn    = "Each Ask draws an ID, as NewID does, and sends this ID and its text, as Encode makes a datagram."
	notForIt  = "What has another ID, or none, is not for this Ask, which goes on listening, however many come."
	onlyClose = "Only Close closes the socket, whatever becomes of a call: others go on, or come."
	noBytes   = "Beside an error there are no bytes."
	othersGo  = "Only this call ends when its ctx does: the others wait for their own answers."
	nobody    = "Whether the server is down, nobody knows here: Ask was ended before it could find out."
	atItsTime = "Each Ask sends at 0, 100, 300, 700 and 1500 ms from its own beginning, whatever others do."
	anyID     = "An ID may be any number, also 0."
	itsAnswer = "Each Ask returns as soon as its own answer comes, in whatever order the answers come."
)

// TestAskFindsItsAnswer: each question has an ID of its own, and the datagram that has it too
// is the answer. Others, be they forged, late or no answers at all, are passed over.
//
//kata:points 2
func TestAskFindsItsAnswer(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		asking := ask(w, newClient(w, conn, random), "deposit 100")
		server.Because(itsOwn).ExpectFrom(conn, random.question(1, "deposit 100"))
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Returns([]byte(w.Text("The balance is 100")))
	})

	harness.OnVirtual.Then(t, "before-the-send-returns", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		w.LateWrites(conn, 20*ms)
		asking := ask(w, newClient(w, conn, random), "deposit 100")
		server.Because(itsOwn).ExpectFrom(conn, random.question(1, "deposit 100"))
		w.At(10 * ms)
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Because("An answer may come before Write returns: put the ID where it is looked up before you send.")
		asking.Returns([]byte(w.Text("The balance is 100")))
	})

	harness.OnVirtual.Then(t, "any-bytes", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		client := newClient(w, conn, random)
		biggest := strings.Repeat("?", w.MaxPayload()-idSize)
		for i, tt := range []struct{ text, reply string }{
			{"", ""},
			{biggest, "\n\x00the end of a line \n"},
			{" \tnot a text:\xff\x00\r\n", "\xff\xfe"},
			{"the same", "the same"},
			{"the same", biggest},
			{"the same", ""},
		} {
			asking := ask(w, client, tt.text)
			server.Because(itsOwn).ExpectFrom(conn, random.question(i+1, tt.text))
			server.Send(conn, random.answer(i+1, tt.reply))
			asking.Because("An answer has any bytes, or none: its ID alone says that it is one.")
			asking.ReturnsAt(0, []byte(w.Text(tt.reply)))
		}
		server.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "forger", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		guesses := rand.New(rand.NewPCG(1, 1))
		asking := ask(w, newClient(w, conn, random), "deposit 100")
		server.Because(itsOwn).ExpectFrom(conn, random.question(1, "deposit 100"))
		for i := range 20 { // a few at a time: what a socket has no room for is lost
			w.At(time.Duration(i) * 4 * ms)
			for range 50 {
				w.Forge(server, conn, datagram(guesses.Uint64(), w.Text("The balance is 0")))
			}
		}
		w.At(150 * ms)
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Because(notForIt)
		asking.ReturnsAt(150*ms, []byte(w.Text("The balance is 100")))
		w.Because("What is not for this Ask changes nothing of when it sends.")
		w.SentAt(conn, 0, 100*ms)
	})

	harness.OnVirtual.Then(t, "nearly-its-id", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		asking := ask(w, newClient(w, conn, random), "deposit 100")
		id := random.id(1)
		for _, other := range append(oneBitApart(id), 0, id+1, id-1, swapped(id), ^id) {
			server.Send(conn, datagram(other, w.Text("The balance is 0")))
		}
		w.At(50 * ms)
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Because(notForIt)
		asking.ReturnsAt(50*ms, []byte(w.Text("The balance is 100")))
		w.Because("What is not for this Ask changes nothing of when it sends.")
		w.SentAt(conn, 0)
	})

	harness.OnVirtual.Then(t, "zero", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), &source{w: w, bytes: make([]byte, 2*idSize)}
		client := newClient(w, conn, random)
		for n := 1; n <= 2; n++ {
			asking := ask(w, client, "deposit 100")
			server.Because(anyID).ExpectFrom(conn, random.question(n, "deposit 100"))
			server.Send(conn, random.answer(n, "The balance is 100"))
			asking.Because(anyID)
			asking.ReturnsAt(0, []byte(w.Text("The balance is 100")))
		}
	})

	harness.OnVirtual.Then(t, "too-short", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		asking := ask(w, newClient(w, conn, random), "deposit 100")
		for n := range idSize {
			server.Send(conn, random.answer(1, "")[:n])
		}
		server.Send(conn, w.Text("OK"))
		w.At(50 * ms)
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Because(notForIt)
		asking.ReturnsAt(50*ms, []byte(w.Text("The balance is 100")))
	})

	harness.OnVirtual.Then(t, "answers-to-earlier-questions", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		client := newClient(w, conn, random)
		for n := 1; n <= 5; n++ {
			asking := ask(w, client, "deposit 100")
			for earlier := 1; earlier < n; earlier++ {
				server.Send(conn, random.answer(earlier, "This is late"))
			}
			server.Because(itsOwn).ExpectFrom(conn, random.question(n, "deposit 100"))
			answer := fmt.Sprintf("The balance is %d", 100*n)
			server.Send(conn, random.answer(n, answer))
			asking.Because(notForIt).ReturnsAt(0, []byte(w.Text(answer)))
		}
	})

	harness.OnVirtual.Then(t, "other-methods", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		client := newClient(w, foreign{conn, failing{new(net.UDPConn)}}, random)
		asking := ask(w, client, "deposit 100")
		server.Because("Whatever other methods conn's type may have, net.Conn's are the ones that count.")
		server.ExpectFrom(conn, random.question(1, "deposit 100"))
		server.Send(conn, random.answer(1, "The balance is 100"))
		asking.Returns([]byte(w.Text("The balance is 100")))
	})

	harness.OnVirtual.Then(t, "lent-and-kept", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		client := newClient(w, conn, random)
		lent, text := bytes.Repeat([]byte{'.'}, 1000), w.Text("deposit 100") // which is the beginning of the bytes
		copy(lent, text)
		was := bytes.Clone(lent)
		first := w.Call("Ask", func(ctx context.Context) (any, error) {
			return client.Ask(ctx, lent[:len(text)])
		})
		server.ExpectFrom(conn, random.question(1, "deposit 100"))
		server.Send(conn, random.answer(1, "The balance is 100"))
		first.Returns([]byte(w.Text("The balance is 100")))
		if !bytes.Equal(lent, was) {
			w.Errorf("Ask has changed the bytes of text, or those behind them, which it was only lent.")
		}
		second := ask(w, client, "deposit 900")
		server.Send(conn, random.answer(2, "THE BALANCE IS 1000"))
		second.Returns([]byte(w.Text("THE BALANCE IS 1000")))
		first.Because("What Ask has returned is its caller's. Another Ask must not overwrite it.")
		first.Returns([]byte(w.Text("The balance is 100")))
	})

	harness.OnVirtual.Then(t, "two-clients", func(w *harness.Virtual) {
		server := w.Peer("server")
		one, two := w.Dial("client 1", server), w.Dial("client 2", server)
		random, others := letters(w), letters(w) // which bring the same
		first := ask(w, newClient(w, one, random), "deposit 1")
		second := ask(w, newClient(w, two, others), "deposit 2")
		const itsOwnOnly = "Each Client knows its own questions only, whatever IDs another has."
		server.Send(two, others.answer(1, "2"))
		second.Because(itsOwnOnly).ReturnsAt(0, []byte(w.Text("2")))
		server.Send(one, random.answer(1, "1"))
		first.Because(itsOwnOnly).ReturnsAt(0, []byte(w.Text("1")))
	})

	harness.OnEachNetwork.Then(t, "on-each-network", func(w *harness.World) {
		// Of a server each: in real time, on a busy machine, a client may have sent again before its answer came.
		server, other := w.Peer("server"), w.Peer("another server")
		one, two := w.Dial("client 1", server), w.Dial("client 2", other)
		random := letters(w)
		first := ask(w, newClient(w, one, random), "deposit 100")
		server.Because(itsOwn).ExpectFrom(one, random.question(1, "deposit 100"))
		server.Send(one, random.answer(1, "The balance is 100"))
		first.Returns([]byte(w.Text("The balance is 100")))

		biggest := strings.Repeat("!", w.MaxPayload()-idSize)
		second := ask(w, newClient(w, two, random), "deposit 100")
		other.Because(itsOwn).ExpectFrom(two, random.question(2, "deposit 100"))
		other.Send(two, random.answer(2, biggest))
		second.Returns([]byte(biggest))

		first.Returns([]byte(w.Text("The balance is 100"))) // still the same bytes
	})
}

// swapped returns an ID with its bytes in the other order.
func swapped(id uint64) uint64 {
	return binary.LittleEndian.Uint64(binary.BigEndian.AppendUint64(nil, id))
}

// A foreign client has the other methods of a *net.UDPConn too, which fail.
type foreign struct {
	net.Conn
	failing
}

type failing struct{ *net.UDPConn }

// When an Ask sends.
var sends = []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}

// after returns instants as they are when all begins later.
func after(d time.Duration, instants ...time.Duration) (later []time.Duration) {
	for _, at := range instants {
		later = append(later, d+at)
	}
	return later
}

// A talk is a Client and the server that it asks.
type talk struct {
	*harness.Virtual
	began  time.Time
	server *harness.Peer
	conn   net.Conn
	random *source
	client *requestids.Client
}

// begin begins a talk, of a Client whose IDs are letters.
func begin(w *harness.Virtual) talk {
	server := w.Peer("server")
	conn, random := w.Dial("client", server), letters(w)
	return talk{w, time.Now(), server, conn, random, newClient(w, conn, random)}
}

// ask calls Ask, and returns the question that it sends.
func (t talk) ask(text string) (asking *harness.Call, question string) {
	t.Helper()
	const atOnce = "Ask sends its question at once, whatever other calls wait for."
	now := time.Since(t.began)
	asking = ask(t, t.client, text)
	question = t.server.Because(atOnce).Hear(t.conn)
	t.Because(atOnce)
	t.StillAt(now)
	return asking, question
}

// answer has the server answer a question, whatever its ID is.
func (t talk) answer(question, text string) { t.server.Send(t.conn, answer(question, t.Text(text))) }

// TestAskSendsAgain: a server that is silent is asked five times, with the same datagram each
// time, and any of them may be answered. No error of the socket's changes that.
//
//kata:points 2
func TestAskSendsAgain(t *testing.T) {
	const sameAgain = "A question that is asked again keeps its ID: or else it is taken for another one."
	harness.OnVirtual(t, func(w *harness.Virtual) {
		talk := begin(w)
		var all []time.Duration
		for _, began := range []time.Duration{0, 10 * time.Second} {
			w.At(began)
			asking, question := talk.ask("deposit 100")
			w.At(began + 3100*ms - ns)
			all = append(all, after(began, sends...)...)
			w.SentAt(talk.conn, all...)
			for range sends[1:] {
				talk.server.Because(sameAgain).ExpectFrom(talk.conn, question)
			}
			asking.Because("Ask gives up after 3100 ms, with an error that wraps ErrServerDown.")
			asking.FailsAt(began+3100*ms, errServerDown)
			asking.Because(noBytes).Beside([]byte(nil))
			w.Because(onlyClose).StillOpen(talk.conn)
		}
	})

	for i, at := range []time.Duration{ns, 100*ms - ns, 100*ms + ns, 700*ms - ns, 1500*ms + ns, 3100*ms - ns} {
		harness.OnVirtual.Then(t, fmt.Sprintf("answered-late-%d", i+1), func(w *harness.Virtual) {
			talk := begin(w)
			asking, question := talk.ask("deposit 100")
			w.At(at)
			talk.answer(question, "The balance is 100")
			asking.Because("An answer may come at any time until Ask gives up, after whichever send.")
			asking.ReturnsAt(at, []byte(w.Text("The balance is 100")))
			w.At(20 * time.Second)
			w.SilentFrom(talk.conn, at)
		})
	}

	harness.OnVirtual.Then(t, "refused", func(w *harness.Virtual) {
		talk := begin(w)
		w.Distance(30 * ms) // which is how long each refusal takes to come back
		talk.server.Close()
		asking := ask(w, talk.client, "deposit 100")
		asking.Because(anError).FailsAt(3100*ms, errServerDown)
		w.Because(anError)
		w.SentAt(talk.conn, sends...)
		w.Because(onlyClose).StillOpen(talk.conn)
	})

	harness.OnVirtual.Then(t, "answer-after-errors", func(w *harness.Virtual) {
		talk := begin(w)
		asking, question := talk.ask("deposit 100")
		for _, at := range []time.Duration{50 * ms, 450 * ms} {
			w.At(at)
			w.FailRead(talk.conn, slices.Repeat(manyErrors, 110)...)
		}
		w.At(450*ms + ns)
		talk.answer(question, "The balance is 100")
		asking.Because(anError)
		asking.ReturnsAt(450*ms+ns, []byte(w.Text("The balance is 100")))
		w.Because(anError)
		w.SentAt(talk.conn, sends[:3]...)

		again := ask(w, talk.client, "deposit 100")
		talk.server.ExpectFrom(talk.conn, question)
		talk.server.ExpectFrom(talk.conn, question)
		question = talk.server.Hear(talk.conn)
		talk.answer(question, "The balance is 200")
		again.Because(anError)
		again.ReturnsAt(450*ms+ns, []byte(w.Text("The balance is 200")))
	})

	harness.OnVirtual.Then(t, "sends-that-fail", func(w *harness.Virtual) {
		const lost = "A send that fails is as good as one that is lost: it counts, and Ask waits and sends again."
		talk := begin(w)
		w.FailWritesTo(talk.conn, talk.server, syscall.ENETUNREACH)
		asking := ask(w, talk.client, "deposit 100")
		w.At(650 * ms)
		w.FailWritesTo(talk.conn, talk.server, nil)
		w.At(700 * ms)
		w.Because(lost)
		w.SentAt(talk.conn, sends[:4]...)
		talk.answer(talk.server.Because(lost).Hear(talk.conn), "The balance is 100")
		asking.Because(lost).ReturnsAt(700*ms, []byte(w.Text("The balance is 100")))

		w.FailWritesTo(talk.conn, talk.server, syscall.ENETUNREACH)
		down := ask(w, talk.client, "deposit 100")
		down.Because(lost).FailsAt(700*ms+3100*ms, errServerDown)
	})
}

const anError = "An error of conn's is no answer: neither Ask nor the wait ends, and no send comes sooner."

// manyErrors are some that a system may report of a UDP socket, several times in a row.
var manyErrors = []error{
	syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNREFUSED,
	syscall.EPERM, syscall.ENOBUFS, io.EOF, syscall.ECONNREFUSED, syscall.EMSGSIZE,
}

// TestAsksSideBySide: many calls of Ask on one socket at the same time. Each sends at its own
// times and finds its own answer.
//
//kata:points 2
func TestAsksSideBySide(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		says := w.Text(", says the server")
		server := w.Server("server", func(question []byte) []byte {
			return append(question, says...)
		})
		client := newClient(w, w.Dial("client", server), letters(w))
		var all []*harness.Call
		for i := range 20 {
			all = append(all, ask(w, client, fmt.Sprint("question ", i)))
		}
		for i, asking := range all {
			asking.Because(itsAnswer).Returns([]byte(w.Text(fmt.Sprint("question ", i)) + says))
		}
	})

	harness.OnVirtual.Then(t, "in-the-other-order", func(w *harness.Virtual) {
		talk, one, two := begin(w), harness.Number(w, 10*ms, ms, 49*ms), harness.Number(w, 20*ms, 50*ms, 99*ms)
		first, clock := talk.ask("what time is it?")
		second, day := talk.ask("what day is it?")
		w.At(one)
		talk.answer(day, "Monday")
		second.Because(itsAnswer).ReturnsAt(one, []byte(w.Text("Monday")))
		w.At(two)
		talk.answer(clock, "noon")
		first.Because(itsAnswer).ReturnsAt(two, []byte(w.Text("noon")))
	})

	harness.OnVirtual.Then(t, "hundreds", func(w *harness.Virtual) {
		talk := begin(w)
		var all []*harness.Call
		var questions []string
		for range 300 {
			asking, question := talk.ask("the same question")
			all, questions = append(all, asking), append(questions, question)
		}
		for _, i := range w.Rand().Perm(300) {
			talk.answer(questions[i], fmt.Sprint("answer ", i+1))
			all[i].Because(itsAnswer).ReturnsAt(0, []byte(w.Text(fmt.Sprint("answer ", i+1))))
		}
		for i, asking := range all {
			asking.Because("What Ask has returned is its caller's. Another Ask must not overwrite it.")
			asking.Returns([]byte(w.Text(fmt.Sprint("answer ", i+1))))
		}
	})

	harness.OnVirtual.Then(t, "more-than-once", func(w *harness.Virtual) {
		talk := begin(w)
		first, one := talk.ask("one")
		second, two := talk.ask("two")
		for range 20 {
			talk.answer(one, "1")
		}
		first.ReturnsAt(0, []byte(w.Text("1")))
		talk.answer(two, "2")
		second.Because("An answer may come more than once: that ends nothing, and holds nobody up.")
		second.ReturnsAt(0, []byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "late", func(w *harness.Virtual) {
		const late = "An answer may come when its Ask has ended. Nobody waits for it, and others still get theirs."
		talk := begin(w)
		cancelled, one := talk.ask("one")
		w.CallUntil(50*ms, "Ask", asking(talk.client, w.Text("two")))
		two := talk.server.Hear(talk.conn)
		w.At(20 * ms)
		cancelled.Cancel()
		w.At(60 * ms)
		asking, three := talk.ask("three")
		for range 2 {
			talk.answer(one, "This is late")
			talk.answer(two, "This is late")
		}
		w.At(100 * ms)
		talk.answer(three, "3")
		asking.Because(late).ReturnsAt(100*ms, []byte(w.Text("3")))
	})

	harness.OnVirtual.Then(t, "late-when-down", func(w *harness.Virtual) {
		talk := begin(w)
		down, one := talk.ask("one")
		down.FailsAt(3100*ms, errServerDown)
		for range sends[1:] {
			talk.server.ExpectFrom(talk.conn, one)
		}
		asking, two := talk.ask("two")
		talk.answer(one, "This is late")
		w.At(3200*ms - ns)
		talk.answer(two, "2")
		asking.Because("That the server was down for one question says nothing of the next.")
		asking.ReturnsAt(3200*ms-ns, []byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "at-their-own-times", func(w *harness.Virtual) {
		talk := begin(w)
		first, _ := talk.ask("one")
		w.At(50 * ms)
		second, _ := talk.ask("two")
		w.At(60 * ms)
		third, three := talk.ask("three")
		w.At(90 * ms)
		talk.answer(three, "3")
		third.Because(itsAnswer).ReturnsAt(90*ms, []byte(w.Text("3")))
		first.Because(atItsTime).FailsAt(3100*ms, errServerDown)
		second.Because(atItsTime).FailsAt(3150*ms, errServerDown)
		at := slices.Concat(sends, after(50*ms, sends...), []time.Duration{60 * ms})
		slices.Sort(at)
		w.Because(atItsTime)
		w.SentAt(talk.conn, at...)
	})

	harness.OnVirtual.Then(t, "slow-sends", func(w *harness.Virtual) {
		talk := begin(w)
		first, one := talk.ask("one")
		w.SlowWrites(talk.conn, 20*ms)
		second := ask(w, talk.client, "two")
		w.At(10 * ms)
		talk.answer(one, "1")
		first.Because("A Write may take a while: it holds up no other Ask.").ReturnsAt(10*ms, []byte(w.Text("1")))
		w.At(50 * ms)
		talk.answer(talk.server.Hear(talk.conn), "2")
		second.ReturnsAt(50*ms, []byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "copies-before-a-send-returns", func(w *harness.Virtual) {
		const (
			noWaiting = "Whoever reads must not wait for an Ask that is busy: its answer may come more than once."
			firstWins = "Its answer is the first datagram with its ID. What comes after that is for nobody."
		)
		talk := begin(w)
		w.LateWrites(talk.conn, 20*ms)
		first := ask(w, talk.client, "one")
		w.LateWrites(talk.conn, 0)
		one := talk.server.Hear(talk.conn)
		w.At(5 * ms)
		for _, text := range []string{"1", "This is late", "This is later"} {
			talk.answer(one, text)
		}
		second, two := talk.ask("two")
		w.At(10 * ms)
		talk.answer(two, "2")
		second.Because(noWaiting).ReturnsAt(10*ms, []byte(w.Text("2")))
		first.Because(firstWins).Returns([]byte(w.Text("1")))
		third, three := talk.ask("three")
		talk.answer(three, "3")
		third.Because(noWaiting).Returns([]byte(w.Text("3")))
	})

	harness.OnVirtual.Then(t, "slow-random", func(w *harness.Virtual) {
		const slow = "A Read of random may take a while: it holds up no other Ask."
		talk := begin(w)
		first, one := talk.ask("one")
		talk.random.waits = func() { w.Sleep(20 * ms) }
		second := ask(w, talk.client, "two")
		if talk.random.willWait() {
			return // nobody has read it, which another task is about
		}
		w.At(10 * ms)
		third, three := talk.ask("three")
		talk.answer(one, "1")
		first.Because(slow).ReturnsAt(10*ms, []byte(w.Text("1")))
		talk.answer(three, "3")
		third.Because(slow).ReturnsAt(10*ms, []byte(w.Text("3")))
		talk.answer(talk.server.Hear(talk.conn), "2")
		second.Returns([]byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "a-crowd", func(w *harness.Virtual) {
		random := &guarded{Reader: rand.NewChaCha8([32]byte{7})}
		client := newClient(w, foreign{w.Echo(), failing{new(net.UDPConn)}}, random)
		text := w.Text("the same question")
		w.Crowd("Ask", []byte(text), asking(client, text))
	})
}

// A guarded reader may be read by several goroutines.
type guarded struct {
	mu sync.Mutex
	io.Reader
}

func (g *guarded) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.Reader.Read(p)
}

// TestAskStops: a call ends when its ctx does, and every call when the Client or its socket is
// closed; nothing is left behind then.
//
//kata:points 2
func TestAskStops(t *testing.T) {
	const (
		closes    = "The socket is the Client's: Close closes it."
		wrapsIt   = "Close ends every Ask at once, with an error that wraps net.ErrClosed, and so does a closed socket."
		asksNever = "A Client that is closed asks nothing: the error wraps net.ErrClosed."

		closesNothing = "A Close with nothing left to close returns nil, or an error that wraps net.ErrClosed."
	)
	harness.OnVirtual(t, func(w *harness.Virtual) {
		talk, ended := begin(w), harness.Number(w, 450*ms, 310*ms, 470*ms)
		cancelled, _ := talk.ask("one")
		w.At(ms)
		other, two := talk.ask("two")
		w.At(ended)
		cancelled.Because("When ctx ends, its Ask returns at once: wait for ctx.Done() beside all else.").Stop()
		cancelled.FailsAt(ended, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(noBytes).Beside([]byte(nil))
		cancelled.Because(nobody).FailsNot(errServerDown)
		w.Because(onlyClose).StillOpen(talk.conn)
		w.At(480 * ms)
		talk.answer(two, "2")
		other.Because(othersGo).ReturnsAt(480*ms, []byte(w.Text("2")))
		w.At(10 * time.Second)
		w.Because("A call that has ended sends nothing more.")
		w.SilentFrom(talk.conn, ended)
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		talk := begin(w)
		limited := w.CallUntil(50*ms, "Ask", asking(talk.client, w.Text("one")))
		talk.server.Hear(talk.conn)
		other, two := talk.ask("two")
		limited.FailsAt(50*ms, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		limited.Because(nobody).FailsNot(errServerDown)
		w.At(60 * ms)
		talk.answer(two, "2")
		other.Because(othersGo).ReturnsAt(60*ms, []byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		talk := begin(w)
		other, one := talk.ask("one")
		cancelled := w.Call("Ask (with a context that is cancelled already)", over(asking(talk.client, w.Text("two"))))
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(nobody).FailsNot(errServerDown)
		call := overdue(asking(talk.client, w.Text("three")))
		late := w.Call("Ask (with a context whose deadline has passed already)", call)
		late.FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		late.Because(nobody).FailsNot(errServerDown)
		talk.answer(one, "1")
		other.Because(othersGo).ReturnsAt(0, []byte(w.Text("1")))
	})

	harness.OnVirtual.Then(t, "nothing-random", func(w *harness.Virtual) {
		server := w.Peer("server")
		conn, random := w.Dial("client", server), letters(w)
		client := newClient(w, conn, random)
		random.fails = 1
		failing := ask(w, client, "one")
		failing.Because("Without an ID there is no question: Ask returns NewID's error, and sends nothing.")
		failing.FailsAt(0, errNoEntropy)
		failing.Because(noBytes).Beside([]byte(nil))
		server.Because("Without an ID there is no question: Ask returns NewID's error, and sends nothing.").
			HeardNothingElse()
		again := ask(w, client, "two")
		question := server.Because("Each call draws its own ID, whatever became of the one before.").Hear(conn)
		server.Send(conn, answer(question, w.Text("2")))
		again.ReturnsAt(0, []byte(w.Text("2")))
	})

	harness.OnVirtual.Then(t, "close", func(w *harness.Virtual) {
		talk, ended := begin(w), harness.Number(w, 450*ms, 310*ms, 699*ms)
		first, _ := talk.ask("one")
		w.At(ms)
		second, _ := talk.ask("two")
		w.At(ended)
		closing := closeIt(w, talk.client)
		closing.Because("Close returns at once, and nil, unless there was nothing to close any more.")
		closing.ReturnsAt(ended, nil)
		for _, asking := range []*harness.Call{first, second} {
			asking.Because(wrapsIt).FailsAt(ended, net.ErrClosed)
			asking.Because(noBytes).Beside([]byte(nil))
			asking.Because(nobody).FailsNot(errServerDown)
		}
		w.Because(closes).IsClosed(talk.conn)
		w.NothingLeftBehind()

		closed := ask(w, talk.client, "three")
		closed.Because(asksNever).FailsAt(ended, net.ErrClosed)
		again := closeAgain(w, talk.client)
		again.Because(closesNothing).Returns(nil)
		w.Because("Close may be called twice, and returns at once.")
		w.StillAt(ended)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "close-while-sending", func(w *harness.Virtual) {
		talk := begin(w)
		w.SlowWrites(talk.conn, 20*ms)
		asking := ask(w, talk.client, "one")
		w.At(5 * ms)
		closeIt(w, talk.client).Wait()
		asking.Because(wrapsIt).Fails(net.ErrClosed)
		w.Because("A send may take a while: whoever sends waits for it, and returns then.")
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "close-while-drawing", func(w *harness.Virtual) {
		talk := begin(w)
		talk.random.waits = func() { w.Sleep(20 * ms) }
		asking := ask(w, talk.client, "one")
		if talk.random.willWait() {
			return // nobody has read it, which another task is about
		}
		w.At(5 * ms)
		closeIt(w, talk.client).Wait()
		asking.Because("The Client was closed while this Ask drew its ID: it has to learn of that, too.")
		asking.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "close-without-a-question", func(w *harness.Virtual) {
		talk := begin(w)
		w.At(time.Hour)
		closeIt(w, talk.client).ReturnsAt(time.Hour, nil)
		w.Because(closes).IsClosed(talk.conn)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "closed-socket", func(w *harness.Virtual) {
		talk, ended := begin(w), harness.Number(w, 450*ms, 310*ms, 699*ms)
		first, _ := talk.ask("one")
		w.At(ms)
		second, _ := talk.ask("two")
		w.At(ended)
		w.Close(talk.conn)
		for _, asking := range []*harness.Call{first, second} {
			asking.Because(wrapsIt).FailsAt(ended, net.ErrClosed)
			asking.Because(nobody).FailsNot(errServerDown)
		}
		closed := ask(w, talk.client, "three")
		closed.Because(asksNever).FailsAt(ended, net.ErrClosed)
		closeAgain(w, talk.client).Because(closesNothing).Returns(nil)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "answers-while-closing", func(w *harness.Kernel4) {
		server := w.Server("server", func(question []byte) []byte { return question })
		client := newClient(w, w.Dial("client", server), letters(w))
		var all []*harness.Call
		for range 20 {
			all = append(all, ask(w, client, "hello"))
		}
		closeIt(w, client).Returns(nil)
		for _, asking := range all {
			asking.Wait()
		}
		w.NothingLeftBehind()
	})
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

// An account has 100 more after each deposit, however often that is made.
type account struct {
	w        harness.Caller
	notes    io.Writer
	deposits int
}

// do makes a deposit.
func (a *account) do(text []byte) []byte {
	a.deposits++
	fmt.Fprintf(a.notes, "do %q\n", text)
	return []byte(balance(a.w, a.deposits))
}

// deposited returns the line that a deposit leaves.
func deposited(w harness.Caller) string { return fmt.Sprintf("do %q", w.Text("deposit 100")) }

// balance returns what is said after so many deposits.
func balance(w harness.Caller, deposits int) string {
	return w.Text(fmt.Sprintf("The balance is %d", 100*deposits))
}

// asked returns the question with a name and a text, and told what answers it.
func asked(w harness.Caller, name, text string) string { return datagram(named(w, name), w.Text(text)) }
func told(w harness.Caller, name string, deposits int) string {
	return datagram(named(w, name), balance(w, deposits))
}

func serve(w harness.Caller, conn net.PacketConn, do func([]byte) []byte) *harness.Call {
	return w.Call("Serve", serving(conn, do))
}

func serving(conn net.PacketConn, do func([]byte) []byte) calling {
	return func(ctx context.Context) (any, error) { return nil, requestids.Serve(ctx, conn, do) }
}

// shout answers in capitals.
func shout(text []byte) []byte { return bytes.ToUpper(text) }

const (
	withItsID = "An answer goes to whoever asked: the 8 bytes of the question's ID, and then what do has returned."
	goesOn    = "An error is about one datagram: neither errors nor silence end the service, however many or long."
	inOrder   = "Call do in the order in which the questions come, and for one at a time."
	hasToWait = "What comes while do runs has to wait, and is not lost."
	knownIt   = "The same ID from the same address is the same question: it gets the first answer again."
	another   = "Where the host, the port or any bit of the ID is another, it is another question."
	doneOnce  = "Serve calls do once for each question, and not for what is none."
)

// TestServeAnswers: each question is answered, with its ID and with what do makes of its text.
//
//kata:points 2
func TestServeAnswers(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		serve(w, server, shout)
		alice.Send(server, asked(w, "question", "hello"))
		alice.Because(withItsID).ExpectFrom(server, datagram(named(w, "question"), strings.ToUpper(w.Text("hello"))))
		bob.Send(server, asked(w, "hlmnwzkq", "hi"))
		bob.Because(withItsID).ExpectFrom(server, datagram(named(w, "hlmnwzkq"), strings.ToUpper(w.Text("hi"))))
		alice.Send(server, asked(w, "pppppppp", "hello"))
		alice.Because(withItsID).ExpectFrom(server, datagram(named(w, "pppppppp"), strings.ToUpper(w.Text("hello"))))
		biggest := datagram(named(w, "thebiggy"), strings.Repeat("!", w.MaxPayload()-idSize))
		alice.Send(server, biggest)
		alice.Because(withItsID).ExpectFrom(server, biggest)
		alice.HeardNothingElse()
		bob.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "any-bytes", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		biggest := strings.Repeat("!", w.MaxPayload()-idSize)
		nothing, much, odd := w.Text("nothing"), w.Text("much"), w.Text("\xff\x00 晚安\n")
		replies := map[string]string{
			"": "", nothing: "", much: biggest, biggest: w.Text("little"), odd: w.Text("\n\x00\xff"),
		}
		serve(w, server, func(text []byte) []byte { return []byte(replies[string(text)]) })
		id := uint64(1)
		for _, text := range []string{"", nothing, much, biggest, odd, much} {
			alice.Send(server, datagram(id, text))
			alice.Because(withItsID).ExpectFrom(server, datagram(id, replies[text]))
			id = id*2 + 1<<60 + 1
		}
		alice.Send(server, datagram(math.MaxUint64, nothing))
		alice.Because(withItsID).ExpectFrom(server, datagram(math.MaxUint64, ""))
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "nil", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, server, func([]byte) []byte { return nil })
		alice.Send(server, asked(w, "donthing", ""))
		alice.Because("An answer may have no text, and do may return nil: its ID is an answer, too.")
		alice.ExpectFrom(server, asked(w, "donthing", ""))
	})

	harness.OnVirtual.Then(t, "too-short", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, account.do)
		for n := range idSize {
			alice.Send(server, asked(w, "tooshort", "")[:n])
		}
		alice.Send(server, asked(w, "tooshort", "deposit 100"))
		alice.Because("What is too short to have an ID is no question: it gets no answer.")
		alice.ExpectFrom(server, told(w, "tooshort", 1))
		w.Because(doneOnce).Logged(deposited(w))
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "one-at-a-time", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		notes := w.Notes()
		running, number := 0, 0 // of do's calls; without a lock, which would keep them apart
		serve(w, server, func(text []byte) []byte {
			if running++; running > 1 {
				fmt.Fprintln(notes, "do was called while its last call was still running")
			}
			number++
			own := number
			w.Sleep(10 * ms)
			fmt.Fprintf(notes, "%d: do %q\n", own, text)
			running--
			return shout(text)
		})
		var lines []string
		for i := range uint64(5) {
			text := w.Text(fmt.Sprint("question ", i))
			lines = append(lines, fmt.Sprintf("%d: do %q", i+1, text))
			alice.Send(server, datagram(numbered(w, 200+i), text))
		}
		w.Because(inOrder).Logged(lines[0], lines[1:]...)
		for i := range uint64(5) {
			reply := strings.ToUpper(w.Text(fmt.Sprint("question ", i)))
			alice.Because(withItsID).ExpectFrom(server, datagram(numbered(w, 200+i), reply))
		}
	})

	harness.OnVirtual.Then(t, "piled-up", func(w *harness.Virtual) {
		server, alice, bob := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob")
		notes := w.Notes()
		var lines, answers []string
		for i := range uint64(40) {
			text := w.Text(fmt.Sprintf("deposit 1%s", strings.Repeat("0", int(i%7))))
			lines = append(lines, fmt.Sprintf("%d: do %q", i+1, text))
			if i%2 == 1 {
				bob.Send(server, datagram(numbered(w, 1000+i), text))
				continue
			}
			alice.Send(server, datagram(numbered(w, 1000+i), text))
			answers = append(answers, datagram(numbered(w, 1000+i), w.Text(fmt.Sprint("answer ", i+1))))
		}
		n := 0
		serving := serve(w, server, func(text []byte) []byte {
			n++
			fmt.Fprintf(notes, "%d: do %q\n", n, text)
			return []byte(w.Text(fmt.Sprint("answer ", n)))
		})
		alice.Because(hasToWait).ExpectAnyOrder(server, answers...)
		serving.Close()
		w.Because(inOrder).Logged(lines[0], lines[1:]...)
	})

	harness.OnVirtual.Then(t, "while-do-runs", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		n := 0
		serve(w, server, func(text []byte) []byte {
			if n++; n == 1 {
				w.Sleep(ms)
			}
			return []byte(w.Text(fmt.Sprint("answer ", n)))
		})
		var answers []string
		for i := range uint64(240) { // for which a socket has room
			alice.Send(server, datagram(numbered(w, 2000+i), w.Text("hello")))
			answers = append(answers, datagram(numbered(w, 2000+i), w.Text(fmt.Sprint("answer ", i+1))))
		}
		alice.Because(hasToWait).ExpectAnyOrder(server, answers...)
	})

	harness.OnVirtual.Then(t, "kept-by-do", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		notes := w.Notes()
		var texts [][]byte
		serve(w, server, func(text []byte) []byte {
			texts = append(texts, text)
			return shout(text)
		})
		var lines []string
		for i, text := range []string{w.Text("first"), w.Text("SECOND"), w.Text("third, and longer")} {
			lines = append(lines, fmt.Sprintf("what do was given in call %d is now %q", i+1, text))
			alice.Send(server, datagram(numbered(w, 300+uint64(i)), text))
			alice.ExpectFrom(server, datagram(numbered(w, 300+uint64(i)), strings.ToUpper(text)))
		}
		for i, text := range texts {
			fmt.Fprintf(notes, "what do was given in call %d is now %q\n", i+1, text)
		}
		w.Because("What do is given it may keep: give each call bytes of its own.").
			Logged(lines[0], lines[1:]...)
	})

	harness.OnVirtual.Then(t, "lent-by-do", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		text := w.Text("The balance is 100")
		lent := []byte(text + strings.Repeat(".", 100)) // of which do returns the beginning
		was := bytes.Clone(lent)
		serve(w, server, func([]byte) []byte { return lent[:len(text)] })
		for i := range uint64(2) {
			alice.Send(server, datagram(numbered(w, 350+i), w.Text("balance")))
			alice.Because("What do has returned stays do's: put the ID and this text into bytes of your own.")
			alice.ExpectFrom(server, datagram(numbered(w, 350+i), text))
		}
		if !bytes.Equal(lent, was) {
			w.Errorf("Serve has changed the bytes that do has returned, or those behind them, which are do's.")
		}
	})

	harness.OnVirtual.Then(t, "errors-and-silence", func(w *harness.Virtual) {
		server, alice, carol := w.ListenPacket("server"), w.Peer("alice"), w.Peer("carol")
		serve(w, server, shout)
		w.FailWritesTo(server, carol, syscall.ENETUNREACH)
		for i := range uint64(200) {
			carol.Send(server, datagram(numbered(w, 400+i), w.Text("hello")))
		}
		for i, at := range []time.Duration{0, 2 * time.Hour, 4 * time.Hour} {
			w.At(at)
			w.FailRead(server, slices.Repeat(manyErrors, 110)...)
			id := numbered(w, 700+uint64(i))
			alice.Send(server, datagram(id, w.Text("hello")))
			alice.Because(goesOn).ExpectFrom(server, datagram(id, strings.ToUpper(w.Text("hello"))))
			w.Because("Serve goes on at once after an error, without a pause.")
			w.StillAt(at)
		}
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "zones", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serve(w, zoned{server, failing{new(net.UDPConn)}, alice.LocalAddr()}, shout)
		alice.Send(server, asked(w, "zonezone", "hello"))
		alice.Because("The zone is a part of the address: without it, the answer goes nowhere.")
		alice.ExpectFrom(server, datagram(named(w, "zonezone"), strings.ToUpper(w.Text("hello"))))
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		one, two, alice := w.ListenPacket("server 1"), w.ListenPacket("server 2"), w.Peer("alice")
		const itsOwn = "Each call of Serve knows its own questions only."
		account1, account2 := &account{w: w, notes: io.Discard}, &account{w: w, notes: io.Discard, deposits: 10}
		serve(w, one, account1.do)
		serve(w, two, account2.do)
		for i, name := range []string{"firstask", "nextask2"} {
			alice.Send(one, asked(w, name, "deposit 100"))
			alice.Because(itsOwn).ExpectFrom(one, told(w, name, i+1))
			alice.Send(two, asked(w, name, "deposit 100"))
			alice.Because(itsOwn).ExpectFrom(two, told(w, name, i+11))
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

// TestServeDoesItOnce: a question that comes again is answered again, but what it asks for is
// done once.
//
//kata:points 3
func TestServeDoesItOnce(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, account.do)
		for range 3 {
			alice.Send(server, asked(w, "onlyonce", "deposit 100"))
			alice.Because(knownIt).ExpectFrom(server, told(w, "onlyonce", 1))
		}
		alice.Send(server, asked(w, "theother", "deposit 100"))
		alice.Because("The same text under another ID is another question.")
		alice.ExpectFrom(server, told(w, "theother", 2))
		for _, again := range []struct {
			name     string
			deposits int
		}{{"onlyonce", 1}, {"theother", 2}, {"onlyonce", 1}} {
			alice.Send(server, asked(w, again.name, "deposit 100"))
			alice.Because(knownIt).ExpectFrom(server, told(w, again.name, again.deposits))
		}
		w.Because(doneOnce).Logged(deposited(w), deposited(w))
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "another-text", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, account.do)
		for _, text := range []string{"deposit 100", "deposit 7", "", "withdraw"} {
			alice.Send(server, asked(w, "sametext", text))
			alice.Because("A question is known by its ID and by who asks, whatever its text.")
			alice.ExpectFrom(server, told(w, "sametext", 1))
		}
		w.Because(doneOnce).Logged(deposited(w))
	})

	harness.OnVirtual.Then(t, "other-clients", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		alice, bob := w.SamePort("alice", "bob")
		carol := w.Peer("carol")
		account := &account{w: w, notes: io.Discard}
		serve(w, server, account.do)
		for range 2 {
			for i, client := range []*harness.Peer{alice, bob, carol} {
				client.Send(server, asked(w, "threewho", "deposit 100"))
				client.Because(another)
				client.ExpectFrom(server, told(w, "threewho", i+1))
			}
		}
	})

	harness.OnVirtual.Then(t, "one-bit-apart", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: io.Discard}
		serve(w, server, account.do)
		id := named(w, "onebitto")
		ids := append(oneBitApart(id), id, swapped(id), 0)
		for range 2 {
			for i, id := range ids {
				why := another
				if id == 0 {
					why = anyID
				}
				alice.Send(server, datagram(id, w.Text("deposit 100")))
				alice.Because(why).ExpectFrom(server, datagram(id, balance(w, i+1)))
			}
		}
	})

	harness.OnVirtual.Then(t, "answer-not-sent", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, account.do)
		w.FailWritesTo(server, alice, syscall.ENETUNREACH)
		alice.Send(server, asked(w, "notsentq", "deposit 100"))
		w.At(100 * ms)
		alice.Send(server, asked(w, "notsentq", "deposit 100"))
		w.At(300 * ms)
		w.FailWritesTo(server, alice, nil)
		alice.Send(server, asked(w, "notsentq", "deposit 100"))
		alice.Because("Done is done: an answer that could not be sent is sent when the question comes again.")
		alice.ExpectFrom(server, told(w, "notsentq", 1))
		w.Because(doneOnce).Logged(deposited(w))
	})

	harness.OnVirtual.Then(t, "while-do-runs", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, func(text []byte) []byte {
			w.Sleep(time.Second)
			return account.do(text)
		})
		for range 5 {
			alice.Send(server, asked(w, "whiledoq", "deposit 100"))
		}
		for range 5 {
			alice.Because(knownIt).ExpectFrom(server, told(w, "whiledoq", 1))
		}
		w.Because(doneOnce).Logged(deposited(w))
		alice.HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "nothing-to-say", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		notes := w.Notes()
		serve(w, server, func(text []byte) []byte {
			fmt.Fprintf(notes, "do %q\n", text)
			return nil
		})
		for range 3 {
			alice.Send(server, asked(w, "nosaying", "hello"))
			alice.Because(knownIt).ExpectFrom(server, asked(w, "nosaying", ""))
		}
		w.Because("What do returns may have no bytes, or be nil: it was called all the same, and is not called again.").
			Logged(fmt.Sprintf("do %q", w.Text("hello")))
	})

	harness.OnVirtual.Then(t, "after-errors", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: w.Notes()}
		serve(w, server, account.do)
		for range 3 {
			alice.Send(server, asked(w, "aftererr", "deposit 100"))
			w.FailRead(server, manyErrors...)
			alice.Because(knownIt).ExpectFrom(server, told(w, "aftererr", 1))
		}
		w.Because(doneOnce).Logged(deposited(w))
	})
}

// TestServeForgets: a question is known again for 10 s, and as long as it is among the last
// 1,000.
//
//kata:points 2
func TestServeForgets(t *testing.T) {
	const (
		tenSeconds = "A question is known for 10 s after it was first heard; then it is a new one, with its own 10 s."
	)
	harness.OnVirtual(t, func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: io.Discard}
		serve(w, server, account.do)
		for _, tt := range []struct {
			at       time.Duration
			deposits int
		}{
			{time.Second, 1},
			{6 * time.Second, 1},
			{11*time.Second - ns, 1},
			{11*time.Second + ns, 2},
			{12 * time.Second, 2},
			{21*time.Second + ns - ns, 2},
			{21*time.Second + 2*ns, 3},
			{5 * time.Minute, 4},
			{5*time.Minute + 10*time.Second - ns, 4},
		} {
			w.At(tt.at)
			alice.Send(server, asked(w, "forgetit", "deposit 100"))
			alice.Because(tenSeconds)
			alice.ExpectFrom(server, told(w, "forgetit", tt.deposits))
		}
	})

	harness.OnVirtual.Then(t, "each-its-own-time", func(w *harness.Virtual) {
		server, alice, bob, carol := w.ListenPacket("server"), w.Peer("alice"), w.Peer("bob"), w.Peer("carol")
		account := &account{w: w, notes: io.Discard}
		serve(w, server, account.do)
		for _, tt := range []struct {
			at       time.Duration
			client   *harness.Peer
			deposits int
		}{
			{0, alice, 1},
			{5 * time.Second, bob, 2},
			{9500 * ms, carol, 3},
			{10*time.Second - ns, alice, 1},
			{10*time.Second + ns, alice, 4},
			{15*time.Second - ns, bob, 2},
			{15*time.Second + ns, bob, 5},
			{20*time.Second - ns, alice, 4},
		} {
			w.At(tt.at)
			tt.client.Send(server, asked(w, "eachtime", "deposit 100"))
			tt.client.Because(tenSeconds)
			tt.client.ExpectFrom(server, told(w, "eachtime", tt.deposits))
		}
	})

	harness.OnVirtual.Then(t, "slow-to-do", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: io.Discard}
		serve(w, server, func(text []byte) []byte {
			w.Sleep(time.Second)
			return account.do(text)
		})
		for i, at := range []time.Duration{0, 10*time.Second - ns, 10*time.Second + ns} {
			w.At(at)
			alice.Send(server, asked(w, "slowtodo", "deposit 100"))
			alice.Because("The 10 s begin when the question is heard, however long do takes.")
			alice.ExpectFrom(server, told(w, "slowtodo", 1+i/2))
		}
	})

	harness.OnVirtual.Then(t, "a-thousand", func(w *harness.Virtual) {
		alice, bob := w.Peer("alice"), w.Peer("bob")
		teller := newTeller(w, "Fewer than 1,000 new ones came since: it is known still. A repetition moves nothing.")
		teller.newQuestions(alice, 10_000, 10_000)
		teller.newQuestions(bob, 10_001, 10_500)
		teller.known(alice, 10_000) // which is no new question, and stays the oldest
		teller.newQuestions(alice, 10_501, 10_998)
		alice.Send(teller.server, asked(w, "tooshort", "")[:5])
		alice.Because("What is too short to have an ID is no question: it gets no answer.").HeardNothingElse()
		teller.known(alice, 10_998)
		teller.newQuestions(alice, 10_999, 10_999)
		teller.known(alice, 10_000)
		teller.newQuestions(bob, 11_000, 11_000)
		teller.known(bob, 10_001) // which is among them still
		teller.newQuestions(alice, 10_000, 10_000)
	})

	harness.OnVirtual.Then(t, "asked-anew", func(w *harness.Virtual) {
		alice := w.Peer("alice")
		teller := newTeller(w, "It was asked anew after 10 s, and has its place by that. The old place is no more.")
		teller.newQuestions(alice, 20_000, 20_000)
		w.At(10*time.Second + ns)
		teller.newQuestions(alice, 20_000, 20_999)
		teller.known(alice, 20_000)
		teller.newQuestions(alice, 21_000, 21_000)
		teller.newQuestions(alice, 20_000, 20_000)
	})
}

// A teller asks a server of the student's, and knows what it has to answer.
type teller struct {
	*harness.Virtual
	server  net.PacketConn
	because string         // why what is known is known
	done    int            // questions
	given   map[uint64]int // which of them had an ID last
}

func newTeller(w *harness.Virtual, because string) *teller {
	server := w.ListenPacket("server")
	account := &account{w: w, notes: io.Discard}
	serve(w, server, account.do)
	return &teller{w, server, because, 0, map[uint64]int{}}
}

// newQuestions asks, with each ID from first to last, what is to be done.
func (t *teller) newQuestions(client *harness.Peer, first, last uint64) {
	t.Helper()
	for id := first; id <= last; id++ {
		why := another
		if t.given[id] > 0 {
			why = "Known too long: 1,000 others were new since. A repetition is not new, and moves nothing."
		}
		t.done++
		t.given[id] = t.done
		t.asks(client, id, why)
	}
}

// known asks what was done.
func (t *teller) known(client *harness.Peer, id uint64) {
	t.Helper()
	t.asks(client, id, t.because)
}

func (t *teller) asks(client *harness.Peer, id uint64, why string) {
	t.Helper()
	client.Send(t.server, datagram(numbered(t, id), t.Text("deposit 100")))
	client.Because(why).ExpectFrom(t.server, datagram(numbered(t, id), balance(t, t.given[id])))
}

// TestServeStops: Serve returns when its context is cancelled, though no datagram
// arrives, or when its socket is closed, and says why; nothing is left behind.
//
//kata:points 1
func TestServeStops(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server, shout)
		alice.Send(server, datagram(numbered(w, 1), w.Text("hello")))
		alice.ExpectFrom(server, datagram(numbered(w, 1), strings.ToUpper(w.Text("hello"))))
		serving.Stop()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(server)
		w.NothingLeftBehind()

		serving = serve(w, server, shout)
		alice.Send(server, datagram(numbered(w, 2), w.Text("hello again")))
		alice.ExpectFrom(server, datagram(numbered(w, 2), strings.ToUpper(w.Text("hello again"))))
		w.Close(server)
		serving.Because("A closed socket ends Serve, with an error that wraps net.ErrClosed.")
		serving.Fails(net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "served-again", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		account := &account{w: w, notes: io.Discard}
		for i := range 2 {
			serving := serve(w, server, account.do)
			alice.Send(server, asked(w, "newagain", "deposit 100"))
			alice.Because("Each call of Serve knows its own questions only.")
			alice.ExpectFrom(server, told(w, "newagain", i+1))
			serving.Stop()
			serving.Wait()
		}
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		cancelled := w.Call("Serve (with a context that is cancelled already)", over(serving(server, shout)))
		cancelled.Because("A context that is over before the call ends it too: the error says so, as ctx.Err() does.")
		cancelled.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(server)

		again := serve(w, server, shout)
		alice.Send(server, datagram(numbered(w, 1), w.Text("hello")))
		alice.ExpectFrom(server, datagram(numbered(w, 1), strings.ToUpper(w.Text("hello"))))
		again.Stop()
		again.Fails(context.Canceled, os.ErrDeadlineExceeded)

		w.Close(server)
		closed := serve(w, server, shout)
		closed.Because("A socket that is closed before the call ends it too: nil says that all went well.")
		closed.FailsAt(0, net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-beside-a-question", func(w *harness.Virtual) {
		const isOver = "When ctx has ended, no call of do begins, and nothing is answered, though a question be there."
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		call := over(serving(server, func(text []byte) []byte {
			w.Sleep(100 * ms)
			return shout(text)
		}))
		for i := range uint64(10) {
			alice.Send(server, datagram(numbered(w, i), w.Text("hello")))
			ended := w.Call("Serve (with a context that is cancelled already)", call)
			ended.Because(isOver).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		}
		alice.Because(isOver).HeardNothingElse()
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-beside-an-error", func(w *harness.Virtual) {
		server := w.ListenPacket("server")
		w.FailRead(server, syscall.ECONNREFUSED)
		ended := w.Call("Serve (with a context that is cancelled already)", over(serving(server, shout)))
		ended.Because("ctx has ended, and that is why Serve ends: its error says so, whatever a read said meanwhile.")
		ended.FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := w.CallUntil(time.Second, "Serve", serving(server, shout))
		w.At(time.Second - ns)
		alice.Send(server, datagram(numbered(w, 1), w.Text("hello")))
		alice.ExpectFrom(server, datagram(numbered(w, 1), strings.ToUpper(w.Text("hello"))))
		serving.FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	for _, end := range []string{"cancelled", "closed"} {
		harness.OnVirtual.Then(t, end+"-while-do-runs", func(w *harness.Virtual) {
			server, alice := w.ListenPacket("server"), w.Peer("alice")
			serving := serve(w, server, func(text []byte) []byte {
				w.Sleep(100 * ms)
				return shout(text)
			})
			for i := range uint64(3) {
				alice.Send(server, datagram(numbered(w, i), w.Text("hello")))
			}
			w.At(50 * ms)
			wanted := []error{net.ErrClosed}
			if end == "cancelled" {
				serving.Cancel()
				wanted = []error{context.Canceled, os.ErrDeadlineExceeded}
			} else {
				w.Close(server)
			}
			serving.Because("Serve waits for the call of do that runs, and returns then. What still waits is not done.")
			serving.FailsAt(100*ms, wanted...)
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "cancelled-while-answering", func(w *harness.Virtual) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		w.SlowWrites(server, ms)
		serving := serve(w, server, shout)
		alice.Send(server, datagram(numbered(w, 1), w.Text("hello")))
		w.At(ms / 2)
		serving.Cancel()
		serving.Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "datagram-while-cancelling", func(w *harness.Kernel4) {
		server, alice := w.ListenPacket("server"), w.Peer("alice")
		serving := serve(w, server, shout)
		alice.Send(server, datagram(numbered(w, 1), w.Text("hello")))
		alice.ExpectFrom(server, datagram(numbered(w, 1), strings.ToUpper(w.Text("hello"))))
		w.SlowDeadlines(server)
		serving.Cancel()
		alice.Send(server, datagram(numbered(w, 2), w.Text("hello again")))
		serving.Wait()
		w.NothingLeftBehind()
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
