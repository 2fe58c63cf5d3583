package harness

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"udpkata/harness/internal/steps"
)

// An Asking is what random stories have to know of a client. In all of them: it sends what
// it was given, when it is to; it returns the first that happens of an answer, the end of
// its context, of its socket, or of its patience, and an error of the socket's if that ends
// it, at that instant; it leaves nothing behind.
type Asking struct {
	Name string // of the function

	// One of these calls it.
	Listen func(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (any, error)
	Dial   func(ctx context.Context, conn net.Conn, text string, log io.Writer) (any, error)
	Path   func(ctx context.Context, path *PathConn) (any, error)
	Shared func(conn net.Conn) Shared // makes what is called, by several at once

	// Value is what is returned with an answer, and Beside beside an error; strangers
	// are those who sent what was turned away, in the order in which they did. Without
	// Beside it is anything.
	Value  func(answer string, strangers []net.Addr) any
	Beside func(strangers []net.Addr) any

	Strangers bool // others send to the socket as well, and are turned away
	Shouts    bool // it waits for no answer; Value is what it returns at once

	// One that asks again ends at no error of the socket's, but after its last wait.
	Waits []time.Duration                 // after each time that it sends
	Down  error                           // what it says after them, and only then if Cause is set
	Cause bool                            // beside Down is a time-out, or what the socket has said
	Line  func(wait time.Duration) string // of the log, for each wait; nil if there is none

	// One that probes a path sends what an MTU leaves, and an answer counts that has this
	// text for what was sent last.
	Payload func(mtu int, ipv6 bool) int
	Counts  func(size int) string

	// Of a shared client, Answer is what answers a question, with a text, and if wrong is not 0, what answers one whose
	// number is another by so much. So many bytes of each datagram are no text.
	Answer        func(question, text string, wrong int) string
	NoText        int
	Opens, Closes string // the functions that make a client, and end it
}

// A Shared client is asked by several calls at once, on one socket. Each knows its own answer by a number that is in
// its question: what has none, or another, is not for it. Between calls the client may do on its socket what it likes.
type Shared struct {
	Ask func(ctx context.Context, text string) (any, error)
	// Question is what the call that has begun last has to send for a text. If that call has no number, it is what it
	// was before.
	Question func(text string) string
	// Close ends the client, and closes its socket.
	Close func() error
}

var (
	askerNames    = []string{"client", "second client"}
	sharingNames  = []string{"client, call A", "client, call B"}
	askedNames    = []string{"server", "second server"}
	strangerNames = []string{"server", "mallory", "trudy"}
)

// crowd is how many strangers there are beside those with names.
const crowd = 20

func (q Asking) names() steps.Names {
	n := steps.Names{Code: q.Name, Sockets: askerNames, Asks: q.Path == nil}
	if q.Shared != nil {
		n.Sockets, n.Shared = sharingNames, askerNames[0]
	}
	if q.Strangers {
		n.Peers = strangerNames
	} else if q.Path == nil {
		n.Peers = strangerNames[:1]
	}
	return n
}

func (q Asking) draw(r *rand.Rand, number, most int) []steps.Step {
	var story []steps.Step
	most -= q.NoText
	for range 1 + r.IntN(3) {
		at := r.IntN(4) / 3
		if q.Path != nil && r.IntN(2) == 0 {
			story = append(story, q.drawMTU(r, number, at))
		}
		if q.Strangers && r.IntN(4) == 0 {
			story = append(story, q.drawAnswer(r, number, at, most))
		}
		if q.Waits == nil && !q.Strangers && r.IntN(8) == 0 {
			slow := time.Duration(1 + r.Int64N(int64(5*time.Millisecond)))
			story = append(story, steps.Step{Do: steps.SlowWrites, At: at, For: slow})
		}
		start := steps.Step{After: steps.Gap(r), Do: steps.Start, At: at, Text: q.drawText(r, number, most)}
		switch r.IntN(12) {
		case 0, 1, 2:
			start.For = time.Duration(1 + r.Int64N(int64(4*time.Second)))
		case 3:
			start.For = -1
		}
		story = append(story, start)
		if q.Shared != nil && r.IntN(2) == 0 {
			other := steps.Step{After: q.gap(r), Do: steps.Start, At: 1 - at, Text: steps.OneOf(r, start.Text, "other")}
			story = append(story, other)
		}
		for range r.IntN(7) {
			next := steps.Step{At: at}
			if q.Shared != nil || r.IntN(6) == 0 {
				next.At = r.IntN(2)
			}
			switch n := r.IntN(24); {
			case n < 9:
				next = q.drawAnswer(r, number, next.At, most)
			case n < 13:
				next.Do, next.Err, next.Times = steps.FailReads, q.drawErr(r, number), steps.OneOf(r, 1, 1, 2, 3, 20)
			case n < 16:
				next.Do, next.Err = steps.FailWrites, q.drawErr(r, number)
			case n < 17:
				next.Do = steps.MendWrites
			case n < 18 && q.Path != nil, n < 20 && q.Path == nil:
				next.Do = steps.OneOf(r, steps.Cancel, steps.CancelBecause)
			case n < 19 && q.Path != nil, n < 21 && q.Path == nil:
				next.Do = steps.Close
			case n < 23 && q.Path != nil:
				next = q.drawMTU(r, number, next.At)
				next.After = q.gap(r)
				story = append(story, next)
				times := steps.OneOf(r, 1, 1, 2)
				next = steps.Step{Do: steps.FailReads, At: next.At, Err: syscall.EMSGSIZE, Times: times}
			default:
				next.Do, next.Text = steps.Start, q.drawText(r, number, 3000)
			}
			next.After = q.gap(r)
			story = append(story, next)
		}
	}
	for i := range story {
		s := &story[i]
		switch {
		case q.Shouts:
		case s.Do == steps.Start:
			s.Long = q.Listen != nil && r.IntN(2) == 0
		case s.Do == steps.Answer, s.Do == steps.Send && s.Times <= 1:
			s.Ends = r.IntN(5) == 0
		}
	}
	return story
}

func (q Asking) drawText(r *rand.Rand, number, most int) string {
	if q.Path != nil {
		return ""
	}
	return steps.Payload(r, number, most)
}

func (q Asking) drawAnswer(r *rand.Rand, number, at, most int) steps.Step {
	s := steps.Step{Do: steps.Send, At: at, Text: steps.Payload(r, number, most)}
	switch {
	case q.Shared != nil && r.IntN(4) > 0:
		s.Do, s.Bytes = steps.Answer, steps.OneOf(r, 0, 0, 0, 1, -1, 1<<r.IntN(32))
	case q.Counts != nil && r.IntN(4) > 0:
		s = steps.Step{Do: steps.Answer, At: at, Bytes: steps.OneOf(r, 0, 0, 1, -1, 28, -1000)}
	case q.Strangers && r.IntN(8) == 0:
		s.Do, s.Times = steps.Crowd, 1+r.IntN(crowd)
	case q.Strangers:
		s.Who, s.Times = r.IntN(3), steps.OneOf(r, 1, 1, 1, 2, 20)
	}
	return s
}

func (q Asking) drawErr(r *rand.Rand, number int) error {
	if q.Payload != nil && r.IntN(2) == 0 {
		return syscall.EMSGSIZE
	}
	return steps.Err(r, number)
}

// leastMTU is what every link carries (RFC 791 section 3.2).
const leastMTU = 68

func (q Asking) drawMTU(r *rand.Rand, number, at int) steps.Step {
	if r.IntN(4) == 0 {
		return steps.Step{Do: steps.FailMTU, At: at, Err: steps.Err(r, number)}
	}
	mtu := steps.OneOf(r, 1500, 1280, 1492, 576, 9000, 65535, 65536, leastMTU,
		leastMTU+r.IntN(2000), leastMTU+r.IntN(70_000))
	return steps.Step{Do: steps.SetMTU, At: at, Bytes: mtu}
}

// gap draws the time between two steps, in which mostly not all of the waits pass.
func (q Asking) gap(r *rand.Rand) time.Duration {
	if q.Waits == nil || r.IntN(4) == 0 {
		return steps.Gap(r)
	}
	return time.Duration(r.Int64N(int64(q.patience()) / 3))
}

// patience returns how long all waits take.
func (q Asking) patience() time.Duration { return q.after(len(q.Waits)) }

// after returns when it sends for the time after n times.
func (q Asking) after(n int) (sum time.Duration) {
	for _, wait := range q.Waits[:n] {
		sum += wait
	}
	return sum
}
