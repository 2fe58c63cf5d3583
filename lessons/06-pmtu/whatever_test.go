package pmtu_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"udpkata/harness"
	pmtu "udpkata/lessons/06-pmtu"
)

// TestWhateverComes: whatever comes, in whatever order, and whatever the path's MTU is,
// Probe does what its comment says.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	harness.WhateverComes(t, "probe", harness.Asking{
		Name:    "Probe",
		Path:    func(ctx context.Context, path *harness.PathConn) (any, error) { return pmtu.Probe(ctx, path) },
		Value:   func(answer string, _ []net.Addr) any { return sizeIn(answer) },
		Waits:   []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms},
		Down:    errNoAnswer,
		Payload: func(mtu int, ipv6 bool) int { return max(payload(ipv6, mtu), 0) },
		Counts:  answerTo,
	})
}

// sizeIn returns the number in an answer of lesson 02's server.
func sizeIn(answer string) (size int) {
	fmt.Sscanf(answer, "Your data was %d bytes long", &size)
	return size
}
