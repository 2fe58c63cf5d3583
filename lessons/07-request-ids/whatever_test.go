package requestids_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"udpkata/harness"
	requestids "udpkata/lessons/07-request-ids"
)

// TestWhateverComes: whatever comes, in whatever order, a Client and Serve do what their
// comments say.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	harness.WhateverComes(t, "ask", harness.Asking{
		Name: "Ask", Opens: "NewClient", Closes: "Close",
		Shared: func(conn net.Conn) harness.Shared {
			random := anyIDs()
			client := requestids.NewClient(conn, random)
			return harness.Shared{
				Ask:      func(ctx context.Context, text string) (any, error) { return client.Ask(ctx, []byte(text)) },
				Question: func(text string) string { return datagram(random.last(), text) },
				Close:    client.Close,
			}
		},
		NoText: idSize,
		Answer: func(question, text string, wrong int) string {
			return datagram(binary.BigEndian.Uint64([]byte(question))+uint64(wrong), text)
		},
		Value:  func(text string, _ []net.Addr) any { return []byte(text) },
		Beside: func([]net.Addr) any { return []byte(nil) },
		Waits:  []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms},
		Down:   errServerDown,
	})
	harness.WhateverComes(t, "serve", harness.Serving{
		Name: "Serve",
		Serve: func(ctx context.Context, on harness.Occasion) error {
			n := 0
			return requestids.Serve(ctx, on.Conn, func(text []byte) []byte {
				n++
				fmt.Fprintf(on.Log, "%d: do %q\n", n, text)
				return []byte(doneAs(n, string(text)))
			})
		},
		Replies: remembers,
		Payload: func(r *rand.Rand, text string) string {
			switch n := r.IntN(10); {
			case n == 0:
				return text
			case n == 1:
				return datagram(r.Uint64(), text)
			case n == 2:
				return datagram(r.Uint64N(1500), text)
			}
			return datagram(r.Uint64N(3), text)
		},
		Notes: true,
	})
}

// anyIDs returns a source of any IDs at all.
func anyIDs() *source {
	s := &source{bytes: make([]byte, 8*100)}
	rand.NewChaCha8([32]byte{7}).Read(s.bytes)
	return s
}

// last returns the ID that was drawn last, or 0.
func (s *source) last() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken < idSize {
		return 0
	}
	return s.id(s.taken / idSize)
}

// doneAs returns what the n-th call of do makes of a text.
func doneAs(n int, text string) string { return fmt.Sprintf("%d: %d bytes", n, len(text)) }

// remembers returns what a call of Serve has to reply to one datagram after the other.
func remembers() func(d harness.Dealt) harness.Reply {
	type question struct {
		from, id string
	}
	type answer struct {
		heard time.Time
		text  string
	}
	given, n := map[question]answer{}, 0
	return func(d harness.Dealt) (reply harness.Reply) {
		if len(d.Payload) < idSize {
			return harness.Reply{Silent: true}
		}
		id, text := d.Payload[:idSize], d.Payload[idSize:]
		asked := question{d.From.String(), id}
		known, ok := given[asked]
		if !ok || d.At.Sub(known.heard) > 10*time.Second {
			n++
			reply.Line = fmt.Sprintf("%d: do %q", n, text)
			known = answer{d.At, doneAs(n, text)}
			given[asked] = known
		}
		reply.Answer = id + known.text
		return reply
	}
}
