package network

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udpkata/harness/internal/clock"
	"udpkata/harness/internal/patience"
	"udpkata/harness/simnet"
)

// A Watch looks after a story on a network in memory.
type Watch struct {
	// Clock is the story's.
	Clock *clock.Clock

	// Fated is told what becomes of each datagram; see [simnet.Network.Watch].
	Fated func(sent simnet.Datagram, arrivals []simnet.Datagram)

	// The others look after the story's bubble, from outside.

	// Steps counts what happens in the story.
	Steps func() uint64
	// Busy reports whether anybody in this process runs or could, beside the caller. A
	// goroutine of the bubble's is not known as one while it helps the garbage collector.
	Busy func() bool
	// Abandon gives the story up: nothing of it may touch the test again. It must not
	// touch the bubble's channels.
	Abandon func()
}

// lookUp makes package net make the channels that it keeps, outside of every bubble: with
// cgo it makes one as it looks up its first name or port, and a channel that one bubble has
// made ends the program in the next.
var lookUp = sync.OnceFunc(func() { net.DefaultResolver.LookupPort(context.Background(), "udp", "domain") })

// inBubble calls f in a bubble, whose clock moves only when everybody in it
// waits. Code that keeps the clock from moving for good is left where it is:
// the bubble never ends, but the test does.
func inBubble(t *testing.T, w Watch, f func()) {
	lookUp()
	ended := make(chan any, 1)
	go func() {
		defer func() { ended <- recover() }()
		synctest.Test(t, func(*testing.T) { f() })
	}()
	ticks := time.NewTicker(patience.Tick)
	defer ticks.Stop()
	p, steps := patience.New(0), w.Steps()
	for {
		select {
		case r := <-ended:
			// Goroutines that are still blocked when the story is over are
			// an offence only where the story says so: NothingLeftBehind.
			if r != nil && !strings.Contains(fmt.Sprint(r), "blocked goroutines remain") {
				panic(r)
			}
			return
		case <-ticks.C:
			if now := w.Steps(); now != steps {
				p, steps = patience.New(0), now
				continue
			}
			if p.Stalled(w.Busy()) {
				w.Abandon()
				return
			}
		}
	}
}
