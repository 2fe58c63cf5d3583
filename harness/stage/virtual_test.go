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
			order, _ := ties(t, seed, (*clock.Clock).Sleep)
			again, _ := ties(t, seed, (*clock.Clock).Sleep)
			require.Equal(t, order, again, "the same seed")
			require.Contains(t, order, "judge, code")
			require.Contains(t, order, "code, judge")
			seen[order]++
		}
		require.Greater(t, len(seen), 4, "other seeds bring other orders: %v", seen)
	})
}

// TestYields: whoever sleeps and then waits for everybody else lets the code go first, and that takes no round more.
func TestYields(t *testing.T) {
	within(t, func() {
		for seed := range uint64(4) {
			order, rounds := ties(t, seed, (*clock.Clock).SleepAndWait)
			require.NotContains(t, order, "judge, code")
			require.LessOrEqual(t, rounds, 12+2, "12 instants, the beginning and the end")
		}
	})
}

// ties tells a story in which both sides do something each second, and returns who came first, each time, and how many
// rounds it took.
func ties(t *testing.T, seed uint64, sleep func(*clock.Clock, time.Duration)) (order string, rounds int) {
	const times = 12
	played := plays(t, func(from, to *os.File) { rounds = ticks(times, from, to) })
	var all []string
	synctest.Test(t, func(t *testing.T) {
		c := &clock.Clock{}
		s, err := Begin(Setting{Virtual: true, Clock: c, Seed: seed})
		require.NoError(t, err)
		s.numberFor(nil, func(string, *In, *Out) { all = append(all, "code") })
		for range times {
			sleep(c, time.Second)
			all = append(all, "judge")
		}
		c.Wait()
		s.End()
		s.Leave()
	})
	var pairs []string
	for i := 0; i+1 < len(all); i += 2 {
		pairs = append(pairs, all[i]+", "+all[i+1])
	}
	<-played
	return strings.Join(pairs, "; "), rounds
}

// plays has the next story's stage played by a function. played is closed when that is through.
func plays(t *testing.T, stage func(from, to *os.File)) (played chan struct{}) {
	p := begin(t, "exec sleep 600")
	toR, toW, err := os.Pipe()
	require.NoError(t, err)
	fromR, fromW, err := os.Pipe()
	require.NoError(t, err)
	p.from, p.toFd = link.NewSource(fromR), int(toW.Fd())
	kept, stories = p, 0
	t.Cleanup(func() { toW.Close(); fromR.Close(); kept = nil })
	played = make(chan struct{})
	go func() {
		defer func() { toR.Close(); fromW.Close(); close(played) }()
		stage(toR, fromW)
	}()
	return played
}

// ticks plays a stage whose code asks for something each second, a few times. It returns how many rounds there were.
func ticks(times int, from, to *os.File) (rounds int) {
	source := link.NewSource(from)
	next, asked := int64(0), int64(0)
	for {
		f, err := source.Next()
		switch {
		case err != nil:
			return rounds
		case f.Kind == link.End:
			to.Write((&link.Frame{Kind: link.Ended, Story: f.Story}).Append(nil))
			return rounds
		case f.Kind != link.Round:
			continue
		}
		rounds++
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
					return rounds
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

// A door is prompt while it is open.
type door struct{ open bool }

func (d *door) IsPrompt() bool { return d.open }

// TestTold: what is told without waiting is performed before the clock runs on, and has no answer; the stage hears
// which objects that goes for, and which no longer.
func TestTold(t *testing.T) {
	var answers []link.Kind
	var prompt []int64
	plays(t, func(from, to *os.File) {
		source := link.NewSource(from)
		rounds := 0
		for {
			f, err := source.Next()
			if err != nil {
				return
			}
			switch f.Kind {
			case link.Now, link.Later, link.Reply:
				answers = append(answers, f.Kind)
			case link.Prompt:
				prompt = append(prompt, f.N)
			case link.End:
				to.Write((&link.Frame{Kind: link.Ended, Story: f.Story}).Append(nil))
				return
			case link.Round:
				rounds++
				now, idle := f.Time, max(f.Time, f.Until-1)
				if rounds <= 2 {
					var what link.Writer
					what.Int(f.Story<<link.StoryBits + 1)
					what.Text("Tell")
					what.Uint(0) // lines
					told := link.Frame{Kind: link.Operation, Story: f.Story, ID: int64(rounds), N: link.Unanswered,
						Time: now, Body: what.Bytes}
					to.Write(told.Append(nil))
					idle = now // until it is heard what the clock may do now
				}
				to.Write((&link.Frame{Kind: link.Idle, Story: f.Story, Time: idle}).Append(nil))
			}
		}
	})
	within(t, func() {
		synctest.Test(t, func(t *testing.T) {
			c, d := &clock.Clock{}, &door{open: true}
			s, err := Begin(Setting{Virtual: true, Clock: c, Crashed: func(c Crash) { t.Error(c.Words) }})
			require.NoError(t, err)
			start, told := time.Now(), 0
			s.numberFor(d, func(string, *In, *Out) {
				require.Zero(t, time.Since(start))
				if told++; told == 2 {
					d.open = false
				}
			})
			c.Sleep(time.Second)
			require.Equal(t, 2, told)
			s.End()
			s.Leave()
		})
	})
	require.Empty(t, answers)
	require.Equal(t, []int64{1, 0}, prompt)
}
