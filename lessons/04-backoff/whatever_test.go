package backoff_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"udpkata/harness"
	backoff "udpkata/lessons/04-backoff"
)

// TestWhateverComes: whatever comes, in whatever order, Ask and Serve do what their
// comments say.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	harness.WhateverComes(t, "ask", harness.Asking{
		Name: "Ask",
		Dial: func(ctx context.Context, conn net.Conn, text string, log io.Writer) (any, error) {
			return backoff.Ask(ctx, conn, []byte(text), log)
		},
		Value:  func(data string, _ []net.Addr) any { return []byte(data) },
		Beside: func([]net.Addr) any { return []byte(nil) },
		Waits:  []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms},
		Down:   errServerDown,
		Cause:  true,
		Line:   func(wait time.Duration) string { return fmt.Sprintf("Waiting up to %v for a reply", wait) },
	})
	harness.WhateverComes(t, "serve", harness.Serving{
		Name: "Serve",
		Serve: func(ctx context.Context, on harness.Occasion) error {
			return backoff.Serve(ctx, on.Conn, on.Drop, on.Log)
		},
		Answer:  answerTo,
		Opening: func(own net.Addr) string { return fmt.Sprintf("Listening at %v", own) },
		Line: func(d harness.Dealt) string {
			if d.Dropped {
				return fmt.Sprintf("Pretending to drop packet from %v", d.From)
			}
			return fmt.Sprintf("The client at %v says %q", d.From, d.Payload)
		},
		Drops: true,
	})
}
