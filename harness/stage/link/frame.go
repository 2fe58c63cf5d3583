package link

import (
	"encoding/binary"
	"errors"
	"io"
)

// A Kind says what a frame is for.
type Kind byte

// From the judge.
const (
	Begin  Kind = iota + 1 // a story: Time is its clock; N is 1 in virtual time
	Invoke                 // a call of the code's: ID is its own, Body the function and its arguments
	Row                    // calls of values alone, one after the other: ID is the row's, Body what they are
	Cancel                 // the context of the call ID: Body says how
	Now                    // what came of operation ID, which is over; N is 1 if it has ended its goroutine
	Later                  // nothing came of operation ID yet; Until is as with Now: up to when the clock may run on
	Reply                  // what came of operation ID after all
	Round                  // the end of a round's frames: at Time, and the clock may run up to Until, exclusive
	Prompt                 // operations on object ID that no answer changes need none from now on, if N is 1
	Held                   // operation ID, a read, has what is in Body in its buffer, and does not return yet
	Shut                   // the code's own socket ID is to be closed
	Edited                 // the story has changed what the call ID was given: Body says to what
	End                    // of the story
)

// From the stage.
const (
	Operation Kind = iota + 100 // an operation of the judge's: ID is its own, Body what it is; N may be Unanswered
	Returned                    // the call ID: Body says how
	Came                        // N calls of the row ID have returned: Body says how, and what they have changed
	Changed                     // Body: what the code has changed of what it was given, or has returned
	Idle                        // the round is over, at Time; N is 1 if the code has no goroutine
	Closed                      // the socket ID
	Touched                     // the code has closed the judge's socket ID, or its deadline: N is what is known of it
	Ended                       // the story
)

// A Frame is one message.
type Frame struct {
	Kind  Kind
	Story int64 // its number
	ID    int64
	N     int64
	Time  int64 // of the sender's clock, in ns since 1970
	Until int64
	Body  []byte
}

// MaxFrame is the most bytes that a frame may have.
const MaxFrame = 4 << 20

// ErrBroken says that what came is no frame.
var ErrBroken = errors.New("a broken frame")

// Append appends frame f to b.
func (f *Frame) Append(b []byte) []byte {
	w := Writer{append(b, 0, 0, 0, 0, byte(f.Kind))}
	w.Int(f.Story)
	w.Int(f.ID)
	w.Int(f.N)
	w.Int(f.Time)
	w.Int(f.Until)
	w.Bytes = append(w.Bytes, f.Body...)
	binary.BigEndian.PutUint32(w.Bytes[len(b):], uint32(len(w.Bytes)-len(b)-4))
	return w.Bytes
}

// Parse reads what Append has appended, without its length. The frame's Body is a part of
// b.
func Parse(b []byte) (f Frame, err error) {
	if len(b) == 0 {
		return f, ErrBroken
	}
	f.Kind = Kind(b[0])
	r := Reader{Bytes: b[1:]}
	for _, field := range []*int64{&f.Story, &f.ID, &f.N, &f.Time, &f.Until} {
		*field = r.Int()
	}
	if r.Broken {
		return f, ErrBroken
	}
	f.Body = r.Bytes
	return f, nil
}

// A Source reads frames. It belongs to one goroutine at a time.
type Source struct {
	from io.Reader
	buf  []byte
	r, w int // what is in buf, from r to w
}

// NewSource returns a source of the frames that come from a reader.
func NewSource(from io.Reader) *Source { return &Source{from: from, buf: make([]byte, 64<<10)} }

// Next returns the next frame, whose Body is good until the next call.
func (s *Source) Next() (f Frame, err error) {
	if err := s.fill(4); err != nil {
		return f, err
	}
	n := binary.BigEndian.Uint32(s.buf[s.r:])
	if n > MaxFrame {
		return f, ErrBroken
	}
	if err := s.fill(4 + int(n)); err != nil {
		return f, err
	}
	b := s.buf[s.r+4 : s.r+4+int(n)]
	s.r += 4 + int(n)
	return Parse(b)
}

// fill reads until there are n bytes in the buffer.
func (s *Source) fill(n int) error {
	if s.r > 0 && len(s.buf)-s.r < n {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	if len(s.buf) < n {
		s.buf = append(s.buf, make([]byte, n-len(s.buf))...)
	}
	for s.w-s.r < n {
		got, err := s.from.Read(s.buf[s.w:])
		s.w += got
		if err != nil && s.w-s.r < n {
			return err
		}
	}
	return nil
}
