package clock_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/clock"
)

// A pace that holds what goes off until it is told to let it go.
type pace struct {
	holds bool
	held  chan struct{}
	waits atomic.Int64
}

func (p *pace) Wait() { p.waits.Add(1) }

func (p *pace) Holds([]byte) {}

func (p *pace) Passes() {
	if p.holds {
		<-p.held
	}
}

// TestNext: each kind of timer is known until it has gone off, or was stopped.
func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		p := &pace{}
		c.InStep(p)
		start := time.Now()
		next := func() time.Duration {
			at, _, ok := c.Next()
			if !ok {
				return 0
			}
			return at.Sub(start)
		}
		require.Zero(t, next())

		go c.Sleep(5 * time.Second)
		c.AfterFunc(4*time.Second, func() {})
		timer := c.NewTimer(3 * time.Second)
		stopped := c.NewTimer(2 * time.Second)
		_, cancel := c.WithDeadline(t.Context(), start.Add(time.Second))
		synctest.Wait()
		require.Equal(t, time.Second, next())
		cancel()
		synctest.Wait()
		require.Equal(t, 2*time.Second, next(), "a context that was cancelled is still known")
		stopped.Stop()
		require.Equal(t, 3*time.Second, next(), "a timer that was stopped is still known")
		<-timer.C
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, 4*time.Second, next())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 5*time.Second, next())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, next())

		c.Wait()
		require.EqualValues(t, 1, p.waits.Load())
	})
}

// TestSleepAndWait: whoever sleeps so lets the others have their turn, unless somebody else wakes at that instant.
func TestSleepAndWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		p := &pace{}
		c.InStep(p)
		start := time.Now()
		go c.SleepAndWait(time.Second)
		synctest.Wait()
		at, yields, ok := c.Next()
		require.True(t, ok && yields)
		require.Equal(t, time.Second, at.Sub(start))
		c.AfterFunc(time.Second, func() {})
		c.AfterFunc(2*time.Second, func() {})
		_, yields, _ = c.Next()
		require.False(t, yields, "another timer goes off then")
		require.Zero(t, p.waits.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, p.waits.Load())
		_, yields, ok = c.Next()
		require.True(t, ok)
		require.False(t, yields)
	})
}

// TestDeadline: a context ends at its deadline, and is then no timer any more.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		c.InStep(&pace{})
		ctx, cancel := c.WithDeadline(t.Context(), time.Now().Add(time.Second))
		defer cancel()
		<-ctx.Done()
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		_, _, ok := c.Next()
		require.False(t, ok)
	})
}

// TestPasses: nobody learns that a timer has gone off before the pace lets it pass.
func TestPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		p := &pace{holds: true, held: make(chan struct{})}
		c.InStep(p)
		var slept, called, ticked bool
		go func() {
			c.Sleep(time.Second)
			slept = true
		}()
		c.AfterFunc(time.Second, func() { called = true })
		timer := c.NewTimer(time.Second)
		go func() {
			<-timer.C
			ticked = true
		}()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.False(t, slept || called || ticked)
		close(p.held)
		synctest.Wait()
		require.True(t, slept && called && ticked)
	})
}

// TestAlone: without a pace, a clock is the bubble's time, and so is none at all.
func TestAlone(t *testing.T) {
	for name, c := range map[string]*clock.Clock{"zero": {}, "nil": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				called := make(chan bool)
				c.AfterFunc(time.Second, func() { close(called) })
				c.Sleep(2 * time.Second)
				<-called
				<-c.NewTimer(time.Second).C
				stopped := c.NewTimer(time.Second)
				stopped.Stop()
				ctx, cancel := c.WithDeadline(t.Context(), time.Now().Add(time.Second))
				defer cancel()
				<-ctx.Done()
				c.Wait()
				require.Equal(t, 4*time.Second, time.Since(start))
			})
		})
	}
}
