package patience

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPatience: a wait outlasts the wall clock while the code has neither had
// the processor nor been seen to wait, and ends once one of them is true.
func TestPatience(t *testing.T) {
	long := func() *Patience { return &Patience{start: time.Now().Add(-time.Hour), cpu: cpuTime()} }

	p := long()
	p.cpu += time.Hour // none of it spent
	for range 100 {
		require.False(t, p.Over(1, true), "gave up on code that was never given the processor")
	}
	p = long()
	p.cpu -= time.Hour
	require.True(t, p.Over(1, true), "waits for ever for code that has had its time")

	p = long()
	p.cpu += time.Hour
	for range Bounds.IdleTicks - 1 {
		require.False(t, p.Over(1, false))
	}
	require.True(t, p.Over(1, false), "waits for ever for code that waits itself")

	p = &Patience{start: time.Now().Add(time.Hour), cpu: cpuTime()}
	for range 100 {
		require.False(t, p.Over(1, false), "gave up before its time")
	}
	p = New(0)
	require.True(t, p.Over(0, false), "waits though nobody is left who could do anything")

	p = New(time.Hour)
	require.False(t, p.Over(0, false), "gives up on what is still on its way")
	p.start = p.start.Add(-time.Hour)
	require.True(t, p.Over(0, false))
}

// TestStalled: a bubble is given up once nobody in it can run, or once it has
// had the processor for long without calling the harness; never because of the
// clock on the wall.
func TestStalled(t *testing.T) {
	p := &Patience{start: time.Now().Add(-time.Hour), cpu: cpuTime() + time.Hour}
	for range 100 {
		require.False(t, p.Stalled(true), "gave up on code that was never given the processor")
	}
	for range Bounds.IdleTicks - 1 {
		require.False(t, p.Stalled(false))
	}
	require.True(t, p.Stalled(false))
	p = &Patience{cpu: cpuTime() - time.Hour}
	require.True(t, p.Stalled(true))
}

// TestMonitor: whoever waits sees each change, and gives up when it is over.
func TestMonitor(t *testing.T) {
	var m Monitor
	n := 0
	go func() {
		for range 1000 {
			m.Update(func() { n++ })
		}
	}()
	never := func() bool { return false }
	require.True(t, m.Wait(func() bool { return n == 1000 }, time.Hour, never))
	require.Equal(t, uint64(1000), m.Steps())
	require.False(t, m.Wait(never, time.Nanosecond, func() bool { return true }))
}

// TestAbandon: nobody comes back into an abandoned story.
func TestAbandon(t *testing.T) {
	var m Monitor
	m.Abandon()
	back := make(chan bool)
	go func() {
		m.Update(func() { close(back) })
		close(back)
	}()
	for m.Steps() == 0 {
	}
	select {
	case <-back:
		t.Fatal("came back")
	default:
	}
	m.Locked(func() {}) // whoever judges can still look
}
