//go:build linux

package stage

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/clock"
	"udpkata/harness/stage/link"
)

// TestTies: the code's timer and the story's go off at the same instant, over and over. What the seed decides, and
// nothing else, is which of them comes first each time, and either may.
func TestTies(t *testing.T) {
	within(t, func() {
		seen := map[string]uint64{}
		for seed := range uint64(8) {
			order := ties(t, seed)
			require.Equal(t, order, ties(t, seed), "the same seed")
			require.Contains(t, order, "judge, code")
			require.Contains(t, order, "code, judge")
			seen[order]++
		}
		require.Greater(t, len(seen), 4, "other seeds bring other orders: %v", seen)
	})
}

// ties tells a story in which both sides do something each second, and returns who came first, each time.
func ties(t *testing.T, seed uint64) string {
	const times = 12
	p := begin(t, "exec sleep 600")
	toR, toW, err := os.Pipe()
	require.NoError(t, err)
	fromR, fromW, err := os.Pipe()
	require.NoError(t, err)
	defer func() { toW.Close(); fromR.Close() }()
	p.from, p.toFd = link.NewSource(fromR), int(toW.Fd())
	kept, stories = p, 0
	go ticks(times, toR, fromW)
	var order []string
	synctest.Test(t, func(t *testing.T) {
		c := &clock.Clock{}
		s, err := Begin(Setting{Virtual: true, Clock: c, Seed: seed})
		require.NoError(t, err)
		s.numberFor(nil, func(string, *In, *Out) { order = append(order, "code") })
		for range times {
			c.Sleep(time.Second)
			order = append(order, "judge")
		}
		c.Wait()
		s.End()
		s.Leave()
	})
	kept = nil
	var pairs []string
	for i := 0; i+1 < len(order); i += 2 {
		pairs = append(pairs, order[i]+", "+order[i+1])
	}
	return strings.Join(pairs, "; ")
}

// ticks plays a stage whose code asks for something each second, a few times.
func ticks(times int, from, to *os.File) {
	defer func() { from.Close(); to.Close() }()
	source := link.NewSource(from)
	next, asked := int64(0), int64(0)
	for {
		f, err := source.Next()
		switch {
		case err != nil:
			return
		case f.Kind == link.End:
			to.Write((&link.Frame{Kind: link.Ended, Story: f.Story}).Append(nil))
			return
		case f.Kind != link.Round:
			continue
		}
		if asked == 0 {
			next, asked = f.Time+int64(time.Second), 1
		}
		now, story, until := f.Time, f.Story, f.Until
		for asked <= int64(times) && max(now, until-1) >= next {
			now = next
			var what link.Writer
			what.Int(story<<link.StoryBits + 1)
			what.Text("Tick")
			what.Uint(0) // lines
			ask := link.Frame{Kind: link.Operation, Story: story, ID: asked, Time: now, Body: what.Bytes}
			to.Write(ask.Append(nil))
			asked, next = asked+1, next+int64(time.Second)
			for f.Kind != link.Now && f.Kind != link.Later {
				if f, err = source.Next(); err != nil {
					return
				}
			}
			until = f.Until
		}
		idle := link.Frame{Kind: link.Idle, Story: story, Time: max(now, until-1)}
		to.Write(idle.Append(nil))
	}
}

// TestCameOfNoRow: who tells of results that nobody waits for does not keep to the protocol, and keeps nobody waiting.
func TestCameOfNoRow(t *testing.T) {
	p := begin(t, "exec sleep 600")
	var said Crash
	s := &Story{process: p, gone: make(chan struct{}), Setting: Setting{Crashed: func(c Crash) { said = c }}}
	within(t, func() {
		s.came(link.Frame{Kind: link.Came, ID: 7, N: 1})
		<-s.gone
	})
	require.Equal(t, "says of calls that do not run that they have ended", said.Words)
}
