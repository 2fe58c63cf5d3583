// Package requestids is lesson 07: questions that have a number, by which a client knows
// its answer, and a server a question that it has heard before.
package requestids

import (
	"context"
	"errors"
	"io"
	"net"
)

var (
	// ErrShort is why Decode refuses a datagram.
	ErrShort = errors.New("too short to have an ID")

	// ErrServerDown is why Ask gives up.
	//
	//lint:ignore ST1005 a sentence, on purpose
	ErrServerDown = errors.New("I think the server is down")
)

// Encode returns a datagram, with an ID and a text in it: first the 8 bytes of the ID, the
// most significant one first (big-endian), then the bytes of the text, and nothing else.
//
// An ID may be any number of 64 bits, also 0. The text may have any bytes, also none.
// Encode changes neither text nor the memory behind it, and what it returns is the
// caller's: no later call changes it.
func Encode(id uint64, text []byte) []byte {
	panic("TODO: write Encode, which puts 8 bytes of ID before a text")
}

// Decode returns what is in a datagram that Encode has made. Of a datagram with fewer than
// 8 bytes it returns an error that wraps ErrShort, and beside it 0 and no text. One of 8
// bytes has an ID, and a text without any bytes.
//
// Decode does not change the datagram. The text that it returns may be a part of that.
func Decode(datagram []byte) (id uint64, text []byte, err error) {
	panic("TODO: write Decode, which takes an ID and a text out of a datagram")
}

// NewID draws an ID: the next 8 bytes of random, the most significant one first.
//
// It reads these 8 bytes and no more, since those after them are another ID's. A Read of
// random may bring fewer bytes than are asked for, even none, and the last of them may come
// with an error beside them: 8 bytes are an ID all the same. Where random fails, or ends,
// before there are 8, NewID returns an error that wraps that of random (if random ends,
// io.EOF or io.ErrUnexpectedEOF), and beside it 0. It never takes a number from anywhere
// else.
func NewID(random io.Reader) (uint64, error) {
	panic("TODO: write NewID, which draws 8 bytes")
}

// A Client asks a server questions, many at the same time, on one socket. What is in it is
// up to you.
type Client struct {
	// TODO: put here what a Client has to know.
}

// NewClient returns a Client that asks on conn, and draws its IDs from random. It returns
// at once, and sends nothing.
//
// From then on, until Close has returned, conn is the Client's alone: it may read from it,
// and set its deadlines, at any time, from goroutines of its own as well. random may be
// read by several goroutines at the same time. A Read of it may take a while, which ctx need
// not end, and no two calls that run at the same time draw the same ID.
func NewClient(conn net.Conn, random io.Reader) *Client {
	panic("TODO: write NewClient")
}

// Ask sends text to the server, and returns the text of the answer. This is what each task
// wants (TestWhateverComes wants all of it):
//
// TestAskFindsItsAnswer: each call of Ask draws an ID, as NewID does, and sends a datagram
// with this ID and text, as Encode makes it. Its answer is the first datagram that has the
// same ID, however soon that comes: it may be there before Write has returned. All others
// that come meanwhile are not for this call: those with another ID, even if it differs in
// one bit or was that of an earlier question, and those that are too short to have one. They
// neither end the wait nor Ask, however many there are. text and the answer have any bytes,
// from none to 8 fewer than UDP allows. text is not changed. The answer is the caller's: no
// other call changes it.
//
// TestAskSendsAgain: if no answer comes, Ask sends the same datagram again, as in lesson 04:
// at 0, 100, 300, 700 and 1500 ms after its beginning, where Write takes no time. It gives up
// after 3100 ms, with an error that wraps ErrServerDown. An answer may come at any time until
// then, after whichever send; then Ask returns at once, and sends nothing more. An error that
// conn returns is no answer, whichever it is, io.EOF too: it ends neither the wait nor Ask,
// however many there are, and brings no send forward. A send that fails counts as a send.
// Beside an error, this one or another, there are no bytes.
//
// TestAsksSideBySide: many goroutines may call Ask at the same time. None waits for another,
// also while a Write, or a Read of random, takes its time: each sends at the times that are
// said above, counted from its own beginning, and returns as soon as its own answer has come.
// Answers may come in any order, more than once, many together, and late, when their call has
// ended.
//
// TestAskStops: when ctx ends, or has ended before, this call returns at once, and others go
// on. Its error wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. When the
// Client or conn is closed, or was closed before, every call returns at once, with an error
// that wraps net.ErrClosed. In none of these cases does the error wrap ErrServerDown. If no
// ID can be drawn, Ask sends nothing, and its error wraps that of random; later calls draw
// again.
//
// The rules for conn, and what "at once" means, are in lessons/00-before, section The rules
// of every lesson.
func (c *Client) Ask(ctx context.Context, text []byte) ([]byte, error) {
	panic("TODO: write Ask, which finds its own answer")
}

// Close ends every Ask, closes conn, and leaves nothing behind: when it returns, no goroutine
// of the Client's is running any more, but for the moment that it needs to end. It returns at
// once. The first Close of a conn that is open returns nil; any other, nil or an error that
// wraps net.ErrClosed. TestAskStops wants this.
func (c *Client) Close() error {
	panic("TODO: write Close, which ends all that the Client has begun")
}

// Serve answers the questions that come on conn, until ctx ends or conn is closed. This is
// what each task wants (TestWhateverComes wants all of it):
//
// TestServeAnswers: a question is a datagram as Encode makes it. Serve calls do with its
// text, and sends to whoever asked, through conn, a datagram with the ID of the question and
// the text that do has returned. Both texts have any bytes, from none to 8 fewer than UDP
// allows. Serve calls do for one question after the other, in the order in which they come,
// and never twice at a time. do may take a while, and questions may come meanwhile: they
// wait, and none is lost for which a socket has room. What do is given, it may keep: Serve
// does not change it afterwards. Nobody changes what do has returned, Serve neither. A
// datagram that is too short to have an ID is no question: it gets no answer. A read or a
// write that fails does not end the service, whatever the error is, io.EOF too, and however
// many there are, and Serve goes on at once.
//
// TestServeDoesItOnce: a datagram that comes from the same address with the same ID as a
// question before is that question again, whatever its text. Then Serve does not call do, but
// sends the first answer again, also if that could not be sent the first time. Where the host,
// the port or the ID is another, it is another question.
//
// TestServeForgets: Serve knows a question again for 10 s after it has first read it, and
// only as long as it is among the last 1,000 questions, whoever asked those. After that, it
// is a new question. A repetition changes nothing of this: it is no new question, and the
// 10 s do not begin again.
//
// TestServeStops: when ctx ends, or has ended before, Serve returns at once, or as soon as
// the call of do that is running has returned, with an error that wraps ctx.Err(),
// context.Cause(ctx) or os.ErrDeadlineExceeded. No call of do begins then, also if questions
// wait. When conn is closed, it returns likewise, with an error that wraps net.ErrClosed.
// Nothing else ends it, however long nobody sends.
//
// The rules for conn are those of every lesson. Here also: each call of Serve knows only its
// own questions.
func Serve(ctx context.Context, conn net.PacketConn, do func(text []byte) []byte) error {
	panic("TODO: write Serve, which answers each question, and does once what it asks for")
}
