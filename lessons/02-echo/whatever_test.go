package echo_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"udpkata/harness"
	echo "udpkata/lessons/02-echo"
)

// TestWhateverComes: whatever comes, in whatever order, Serve and Ask do what their
// comments say.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	harness.WhateverComes(t, "serve", harness.Serving{
		Name: "Serve",
		Serve: func(ctx context.Context, on harness.Occasion) error {
			return echo.Serve(ctx, on.Conn, on.Log)
		},
		Answer:  answerTo,
		Opening: func(own net.Addr) string { return fmt.Sprintf("Listening at %v", own) },
		Line: func(d harness.Dealt) string {
			return fmt.Sprintf("The client at %v says %q", d.From, d.Payload)
		},
	})
	harness.WhateverComes(t, "ask", harness.Asking{
		Name: "Ask",
		Listen: func(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (any, error) {
			return echo.Ask(ctx, conn, server, text)
		},
		Value:  func(answer string, _ []net.Addr) any { return answer },
		Beside: func([]net.Addr) any { return "" },
	})
}
