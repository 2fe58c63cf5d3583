package broadcast_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"udpkata/harness"
	broadcast "udpkata/lessons/05-broadcast"
)

// TestWhateverComes: whatever comes, in whatever order, Hear and Shout do what their
// comments say.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	harness.WhateverComes(t, "hear", harness.Serving{
		Name: "Hear",
		Serve: func(ctx context.Context, on harness.Occasion) error {
			return broadcast.Hear(ctx, on.Conn, func(from net.Addr, text string) {
				fmt.Fprintf(on.Log, "%v: %q\n", from, text)
			})
		},
		Line:    func(d harness.Dealt) string { return fmt.Sprintf("%v: %q", d.From, d.Payload) },
		InOrder: true,
		Notes:   true,
	})
	harness.WhateverComes(t, "shout", harness.Asking{
		Name: "Shout",
		Listen: func(_ context.Context, conn net.PacketConn, to net.Addr, text string) (any, error) {
			return nil, broadcast.Shout(conn, to, text)
		},
		Value:  func(string, []net.Addr) any { return nil },
		Shouts: true,
	})
}
