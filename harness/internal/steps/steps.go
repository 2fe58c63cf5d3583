// Package steps has random stories as data: what happens in one, how it is drawn, and how
// one that fails is cut down to a short one. It knows no network and plays no story.
package steps

import (
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Step is one thing that happens in a story. Every list of steps is a story: a step
// that makes no sense where it stands does nothing.
type Step struct {
	After time.Duration // since the step before; 0 is right behind it
	Do    Verb
	At    int           // which of the code's sockets, from 0
	Who   int           // which of the peers, from 0
	Text  string        // a datagram's bytes
	Drop  bool          // the datagram is one to be dropped
	Ends  bool          // the call's context is cancelled while a read hands the datagram over
	Long  bool          // the server's address is handed over in 16 bytes
	Err   error         // of reads, of writes, or of asking for the MTU
	Times int           // how many reads fail or strangers send, or how often a datagram is sent; 0 is once
	For   time.Duration // until the context ends, negative if it has; or how long a write, or a datagram, takes
	Bytes int           // an MTU; by how much the number in an answer is wrong; or how many are brought
}

// A Verb is what a step does.
type Verb int

const (
	Start         Verb = iota // the code is called
	Send                      // a peer sends Text
	Crowd                     // Times strangers send Text, one after the other
	Answer                    // the server sends the answer, or one that is off by Bytes
	FailReads                 // the next reads fail with Err
	FailWrites                // from now on writes fail with Err
	MendWrites                // and no more
	SlowReads                 // from now on a read takes For, from when its datagram is in the buffer
	SlowWrites                // from now on a write takes For
	SlowLog                   // from now on a line of the log takes up to For
	Cancel                    // the call's context
	CancelBecause             // with a cause
	Close                     // the socket
	Lose                      // the next Times datagrams are lost, whoever sends them
	Repeat                    // the next datagram comes again, For later
	Delay                     // the next datagram takes For longer
	SetMTU                    // from now on the path's MTU is Bytes
	FailMTU                   // from now on asking for it fails with Err
	Quiet                     // nothing but time
)

// Shrink returns the shortest story that it finds that fails as story does, and of simple
// steps. fails is asked no more than most times.
func Shrink(story []Step, most int, fails func([]Step) bool) []Step {
	try := func(other []Step) bool {
		if most--; most < 0 || !fails(other) {
			return false
		}
		story = other
		return true
	}
	for again := true; again && most > 0; {
		again = false
		for size := max(len(story)/2, 1); size >= 1; size /= 2 {
			for i := 0; i+size <= len(story); {
				if try(slices.Delete(slices.Clone(story), i, i+size)) {
					again = true
				} else {
					i++
				}
			}
		}
		for i := 0; i+1 < len(story); i++ { // without a step, but not without its time
			if story[i].After == 0 {
				continue
			}
			shorter := slices.Delete(slices.Clone(story), i, i+1)
			shorter[i].After += story[i].After
			if try(shorter) {
				again = true
				i--
			}
		}
		for i := 0; i < len(story); i++ {
			simpler := func(s Step) bool { return try(with(story, i, s)) }
			if slices.ContainsFunc(story[i].simpler(), simpler) {
				again = true
				i--
			}
		}
	}
	return story
}

// with returns a story with another step at a place. What others have in common with the
// old one, its socket, its peer and its text, they have in common with the new one.
func with(story []Step, at int, s Step) []Step {
	changed := slices.Clone(story)
	old := story[at]
	for i := range changed {
		c := &changed[i]
		if c.At == old.At {
			c.At = s.At
		}
		if c.Who == old.Who {
			c.Who = s.Who
		}
		if c.Text == old.Text && c.Do == s.Do {
			c.Text = s.Text
		}
	}
	changed[at] = s
	return changed
}

// simpler returns steps that are simpler than s, the simplest first. No two steps are simpler
// than each other.
func (s Step) simpler() (all []Step) {
	also := func(change func(c *Step)) {
		c := s
		change(&c)
		all = append(all, c)
	}
	for _, d := range shorter(s.After) {
		also(func(c *Step) { c.After = d })
	}
	if s.Do == Start && s.For != 0 {
		also(func(c *Step) { c.For = 0 })
	}
	for _, d := range shorter(s.For) {
		if d > 0 {
			also(func(c *Step) { c.For = d })
		}
	}
	if s.Drop {
		also(func(c *Step) { c.Drop = false })
	}
	if s.Ends {
		also(func(c *Step) { c.Ends = false })
	}
	if s.Long {
		also(func(c *Step) { c.Long = false })
	}
	if s.Who > 0 {
		also(func(c *Step) { c.Who-- })
	}
	if s.At > 0 {
		also(func(c *Step) { c.At-- })
	}
	if s.Err != nil && s.Err != syscall.ECONNREFUSED {
		also(func(c *Step) { c.Err = syscall.ECONNREFUSED })
	}
	if s.Times > 1 {
		for _, n := range []int{1, s.Times / 2, s.Times - 1} {
			also(func(c *Step) { c.Times = n })
		}
	}
	if s.Do == CancelBecause {
		also(func(c *Step) { c.Do = Cancel })
	}
	if s.Do == Answer && s.Bytes < 0 {
		also(func(c *Step) { c.Bytes = -c.Bytes })
	}
	round := []int{576, 1280, 1500, 9000}
	if s.Do == Answer || s.Do == Start {
		round = []int{0, 1}
	}
	for _, n := range round {
		if n < s.Bytes {
			also(func(c *Step) { c.Bytes = n })
		}
	}
	if n := len(s.Text); n > 0 {
		plain := strings.Repeat("x", n)
		lengths := []int{0, 1}
		for cut := n / 2; cut > 0; cut /= 2 {
			lengths = append(lengths, n-cut)
		}
		for _, m := range lengths {
			if m < n {
				also(func(c *Step) { c.Text = plain[:m] })
				if s.Text != plain {
					also(func(c *Step) { c.Text = s.Text[:m] })
				}
			}
		}
		if s.Text != plain {
			also(func(c *Step) { c.Text = plain })
		}
	}
	return all
}

// shorter returns times before d, round ones first.
func shorter(d time.Duration) (all []time.Duration) {
	if d <= 0 {
		return nil
	}
	all = []time.Duration{0}
	for unit := time.Millisecond; unit < d; unit *= 10 {
		all = append(all, unit)
	}
	for _, unit := range []time.Duration{time.Hour, time.Minute, time.Second, time.Millisecond} {
		if c := d.Truncate(unit); c < d && c > 0 {
			all = append(all, c)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// OneOf draws one.
func OneOf[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// Gap draws the time between two steps: none, or some, or hours.
func Gap(r *rand.Rand) time.Duration {
	switch n := r.IntN(20); {
	case n < 6:
		return 0
	case n < 18:
		return time.Duration(1 + r.Int64N(int64(600*time.Millisecond)))
	case n < 19:
		return time.Duration(1 + r.Int64N(int64(time.Minute)))
	}
	return time.Duration(1 + r.Int64N(int64(30*time.Hour)))
}

// Payload draws the bytes of a datagram in a story with a number, most at the most. A few
// stories have all that is odd.
func Payload(r *rand.Rand, story, most int) string {
	switch n := r.IntN(24); {
	case n < 2:
		return ""
	case n < 10:
		return "hello, world"[:1+r.IntN(12)]
	case n < 13:
		b := make([]byte, r.IntN(9))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	case n < 18:
		return odd[story%len(odd)]
	case n < 20:
		return OneOf(r, odd...)
	case n < 23:
		return strings.Repeat("z", r.IntN(3000))
	case r.IntN(2) == 0:
		return strings.Repeat("z", r.IntN(most))
	}
	return strings.Repeat("z", most-r.IntN(2))
}

// odd are bytes that programs trip over that take a datagram for a line, a C string, a
// format, or text.
var odd = []string{
	"晚安", "two\nlines", "\n", "line\n", "\r\n", "\x00", "a\x00b", "a\x00", "\xff\xfe", "\u2028", `a "quote"`, `a\b`,
	"%d %s", "%", " ", " blanks ", "\t", "TODO", "0", "-1", "EOF", "quit", "exit", "\x04", "\x1b[31m",
}
