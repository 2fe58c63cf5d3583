package harness

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// This file has students of the stories in which calls share a client, or a server remembers.

// share asks many questions at once on one socket, each with a number of 4 bytes before it, but for a fault.
func share(fault string) Asking {
	down := errors.New("down")
	is := func(f string) bool { return f == fault }
	waits := []time.Duration{time.Second, 3 * time.Second}
	return Asking{
		Name: "Ask", Opens: "Open", Closes: "Close",
		Shared: func(conn net.Conn) Shared {
			s := &sharing{conn: conn, is: is, ended: make(chan bool), waiting: map[uint32]chan []byte{}}
			go s.read()
			return Shared{
				Ask: func(ctx context.Context, text string) (any, error) {
					number, answer := s.begin()
					defer s.take(number)
					for _, wait := range waits {
						if is("another number each time") {
							number, answer = s.begin()
						}
						conn.Write(append(binary.BigEndian.AppendUint32(nil, number), text...))
						timer := time.NewTimer(wait)
						select {
						case text := <-answer:
							return text, nil
						case <-s.ended:
							return nil, net.ErrClosed
						case <-ctx.Done():
							return nil, ctx.Err()
						case <-timer.C:
						}
					}
					return nil, down
				},
				Question: func(text string) string {
					s.mu.Lock()
					defer s.mu.Unlock()
					return string(binary.BigEndian.AppendUint32(nil, s.last)) + text
				},
				Close: func() error {
					if is("leaves the socket open") {
						return nil
					}
					err := conn.Close()
					<-s.ended
					return err
				},
			}
		},
		NoText: 4,
		Answer: func(question, text string, wrong int) string {
			number := binary.BigEndian.Uint32([]byte(question)) + uint32(wrong)
			return string(binary.BigEndian.AppendUint32(nil, number)) + text
		},
		Value:  func(text string, _ []net.Addr) any { return []byte(text) },
		Beside: func([]net.Addr) any { return nil },
		Waits:  waits,
		Down:   down,
	}
}

// sharing is what calls share.
type sharing struct {
	conn  net.Conn
	is    func(fault string) bool
	ended chan bool

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]chan []byte
}

func (s *sharing) begin() (uint32, chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last += 7
	s.waiting[s.last] = make(chan []byte, 1)
	return s.last, s.waiting[s.last]
}

func (s *sharing) take(number uint32) chan []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.waiting[number]
	if s.is("any answer counts") {
		for number, answer = range s.waiting {
			break
		}
	}
	delete(s.waiting, number)
	return answer
}

func (s *sharing) read() {
	defer close(s.ended)
	buf := make([]byte, 1<<16)
	for {
		n, err := s.conn.Read(buf)
		switch {
		case errors.Is(err, net.ErrClosed), err != nil && s.is("ends at an error"):
			return
		case err != nil, n < 4:
			continue
		}
		if answer := s.take(binary.BigEndian.Uint32(buf)); answer != nil {
			answer <- append([]byte(nil), buf[4:n]...)
		}
	}
}

// remember counts what it is sent, and has for who sends the same within a minute the same count, but for a fault.
func remember(fault string) Serving {
	is := func(f string) bool { return f == fault }
	type heard struct {
		at    time.Time
		count int
	}
	type counter = func(from, text string, now time.Time) string
	counting := func(note func(count int, text string), forMinutes time.Duration) counter {
		known, count := map[string]heard{}, 0
		return func(from, text string, now time.Time) string {
			h, ok := known[from+text]
			if !ok || now.Sub(h.at) > forMinutes*time.Minute {
				count++
				note(count, text)
				h = heard{now, count}
				known[from+text] = h
			}
			return fmt.Sprint(h.count)
		}
	}
	return Serving{
		Name: "Count",
		Serve: func(ctx context.Context, on Occasion) error {
			minutes := time.Duration(1)
			if is("remembers too long") {
				minutes = 100
			}
			answer := counting(func(count int, text string) { fmt.Fprintf(on.Log, "%d: %q\n", count, text) }, minutes)
			buf := make([]byte, 1<<16)
			for {
				end := interrupt(ctx, on.Conn)
				n, from, err := on.Conn.ReadFrom(buf)
				end()
				on.Conn.SetReadDeadline(time.Time{})
				if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
					return errors.Join(err, ctx.Err())
				}
				if err != nil || n == 0 {
					continue
				}
				who := from.String()
				if is("knows nobody") {
					who = ""
				}
				on.Conn.WriteTo([]byte(answer(who, string(buf[:n]), time.Now())), from)
			}
		},
		Replies: func() func(d Dealt) Reply {
			line := ""
			answer := counting(func(count int, text string) { line = fmt.Sprintf("%d: %q", count, text) }, 1)
			return func(d Dealt) Reply {
				if d.Payload == "" {
					return Reply{Silent: true}
				}
				line = ""
				return Reply{Answer: answer(d.From.String(), d.Payload, d.At), Line: line}
			}
		},
		Payload: func(r *rand.Rand, payload string) string {
			return strings.Repeat("x", min(len(payload), r.IntN(3)))
		},
	}
}

func aShared(fault string) Function      { return share(fault) }
func aRemembering(fault string) Function { return remember(fault) }
