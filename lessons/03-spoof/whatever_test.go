package spoof_test

import (
	"context"
	"io"
	"net"
	"slices"
	"testing"

	"udpkata/harness"
	spoof "udpkata/lessons/03-spoof"
)

// TestWhateverComes: whatever comes, in whatever order, from whomever, Ask and
// AskConnected do what their comments say.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	// An answer with names in the place of addresses.
	type answer struct {
		Data       []byte
		TurnedAway int
		Strangers  []string
	}
	wanted := func(data []byte, senders []net.Addr) any {
		a := answer{Data: data, TurnedAway: len(senders)}
		for _, from := range senders {
			if name := from.String(); len(a.Strangers) < spoof.MaxStrangers && !slices.Contains(a.Strangers, name) {
				a.Strangers = append(a.Strangers, name)
			}
		}
		return a
	}
	harness.WhateverComes(t, "ask", harness.Asking{
		Name: "Ask",
		Listen: func(ctx context.Context, conn net.PacketConn, server net.Addr, text string) (any, error) {
			got, err := spoof.Ask(ctx, conn, server, []byte(text))
			a := answer{Data: got.Data, TurnedAway: got.TurnedAway}
			if err == nil && len(a.Data) == 0 {
				a.Data = []byte{} // or nil: both are empty
			}
			for _, from := range got.Strangers {
				a.Strangers = append(a.Strangers, from.String())
			}
			return a, err
		},
		Value:     func(data string, strangers []net.Addr) any { return wanted([]byte(data), strangers) },
		Beside:    func(strangers []net.Addr) any { return wanted(nil, strangers) },
		Strangers: true,
	})
	harness.WhateverComes(t, "ask-connected", harness.Asking{
		Name: "AskConnected",
		Dial: func(ctx context.Context, conn net.Conn, text string, _ io.Writer) (any, error) {
			return spoof.AskConnected(ctx, conn, []byte(text))
		},
		Value:  func(data string, _ []net.Addr) any { return []byte(data) },
		Beside: func([]net.Addr) any { return []byte(nil) },
	})
}
