package harness

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"udpkata/harness/internal/steps"
	"udpkata/harness/simnet"
)

// An Exchanging is what random stories have to know of code that brings something to another party, or has it brought,
// in many datagrams each of which answers another. The network loses some of them, repeats some, and has some take
// longer, but never so many that the code could give up. In all stories: what is brought arrives whole, and once; no
// error of the socket's ends the code, nor does what others send; when its context ends or its socket is closed, it
// returns at once, with an error that says so; it leaves nothing behind.
type Exchanging struct {
	Name    string   // of the function
	Socket  string   // the name of its socket
	Parties []string // names of those to whom it brings something, or who bring it
	Sizes   []int    // of what is brought: those that programs trip over
	Serves  bool     // it runs from the beginning, and does not return by itself

	// Begin puts a World in order for a story.
	Begin func(w *Virtual) Exchange
	// Stray draws the bytes of what somebody else sends.
	Stray func(r *rand.Rand, payload string) string
}

// An Exchange is one story of an [Exchanging].
type Exchange struct {
	Socket net.PacketConn
	// Call is the one that runs from the beginning; nil if there is none.
	Call *Call
	// Start has so many bytes brought, between the code and a party, and returns the call that does it; nil if that
	// runs already. There is one at a time with each party.
	Start func(party, size int) *Call
	// Stray has somebody else send to the code.
	Stray func(payload string)
	// Arrived fails the story unless all that was begun has arrived by now. It is asked when nothing is on its way.
	Arrived func()
	// Ended fails the story if the code has left something behind that is not the harness's.
	Ended func()
}

// most returns how often something is brought in a story: whoever does it once keeps no packets apart that were to come
// before.
func (e Exchanging) most() int {
	if e.Serves {
		return 3
	}
	return 1
}

// mostLost is how many datagrams a story loses: lessons send what is not answered five times.
const mostLost = 4

func (e Exchanging) names() steps.Names {
	return steps.Names{Code: e.Name, Sockets: e.Parties, Peers: []string{"mallory"}, Shared: e.Socket, Brings: true}
}

func (e Exchanging) draw(r *rand.Rand, number, most int) []steps.Step {
	soon := func() time.Duration { return time.Duration(r.Int64N(int64(20 * time.Millisecond))) }
	lost := 0
	fault := func() steps.Step {
		s := steps.Step{Do: steps.OneOf(r, steps.Lose, steps.Lose, steps.Repeat, steps.Delay), Times: 1}
		s.For = time.Duration(1 + r.Int64N(int64(150*time.Millisecond)))
		if s.Do == steps.Lose {
			s.For, s.Times = 0, min(steps.OneOf(r, 1, 1, 2, 4), mostLost-lost)
			lost += s.Times
		}
		if s.Times == 0 {
			s = steps.Step{Do: steps.Repeat, Times: 1, For: time.Millisecond}
		}
		return s
	}
	var story []steps.Step
	if r.IntN(3) == 0 {
		story = append(story, fault())
	}
	for range steps.OneOf(r, 1, e.most()) {
		size := steps.OneOf(r, append([]int{r.IntN(2500)}, e.Sizes...)...)
		story = append(story, steps.Step{After: soon(), Do: steps.Start, At: r.IntN(len(e.Parties)), Bytes: size})
		for i := range 1 + r.IntN(8) {
			var next steps.Step
			switch n := r.IntN(24); {
			case i == 0 && steps.OwnErr(number) != nil:
				next = steps.Step{Do: steps.FailReads, Err: steps.OwnErr(number)}
			case n < 14:
				next = fault()
			case n < 17:
				next = steps.Step{Do: steps.FailReads, Err: steps.Err(r, number), Times: steps.OneOf(r, 1, 1, 2, 3, 20)}
			case n < 21:
				payload := e.Stray(r, steps.Payload(r, number, most))
				next = steps.Step{Do: steps.Send, Text: payload[:min(len(payload), most)]}
			case n < 22:
				next = steps.Step{Do: steps.OneOf(r, steps.Cancel, steps.CancelBecause)}
			case n < 23:
				next = steps.Step{Do: steps.Close}
			default:
				next = steps.Step{Do: steps.Quiet}
			}
			if next.After = soon(); r.IntN(6) == 0 {
				next.After = steps.Gap(r)
			}
			story = append(story, next)
		}
		story = append(story, steps.Step{After: 20 * time.Second, Do: steps.Quiet})
	}
	return story
}

func (e Exchanging) begin(w *Virtual) player {
	p := &exchangingPlayer{w: w, e: e, busy: map[int]bool{}}
	w.Distance(time.Millisecond)
	w.net.Extend(p.carry)
	w.rec.Quiesce()
	p.idle = runtime.NumGoroutine()
	p.exchange = e.Begin(w)
	p.call = p.exchange.Call
	return p
}

// An exchangingPlayer plays stories of an [Exchanging].
type exchangingPlayer struct {
	w        *Virtual
	e        Exchanging
	exchange Exchange
	call     *Call        // that runs, or has
	busy     map[int]bool // the parties with whom something is exchanged
	began    time.Time    // the last exchange
	ends     []error      // what the call may return, as something has told it to end
	idle     int          // how many goroutines there are while nothing is called

	mu     sync.Mutex
	faults []steps.Step // of the next datagrams
}

// carry does with a datagram what the next fault says.
func (p *exchangingPlayer) carry(d simnet.Datagram) []simnet.Datagram {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) == 0 {
		return []simnet.Datagram{d}
	}
	fault := p.faults[0]
	p.faults = p.faults[1:]
	switch fault.Do {
	case steps.Lose:
		return nil
	case steps.Repeat:
		return simnet.Duplicate(fault.For)(d)
	}
	return simnet.Delay(fault.For)(d)
}

func (p *exchangingPlayer) setFaults(change func(faults []steps.Step) []steps.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = change(p.faults)
}

func (p *exchangingPlayer) play(story []steps.Step) int {
	s := story[0]
	running := p.call != nil && len(p.ends) == 0 && !p.call.hasReturned()
	switch s.Do {
	case steps.Start:
		if p.busy[s.At] || len(p.ends) > 0 || running && !p.e.Serves {
			break
		}
		if p.e.Serves { // the request itself is nothing that the code could send again
			p.setFaults(func([]steps.Step) []steps.Step { return nil })
		}
		p.busy[s.At], p.began = true, time.Now()
		if call := p.exchange.Start(s.At, s.Bytes); call != nil {
			p.call = call
		}
	case steps.Lose, steps.Repeat, steps.Delay:
		p.setFaults(func(faults []steps.Step) []steps.Step {
			return append(faults, slices.Repeat([]steps.Step{s}, max(s.Times, 1))...)
		})
	case steps.FailReads:
		if running {
			p.w.FailRead(p.exchange.Socket, slices.Repeat([]error{s.Err}, max(s.Times, 1))...)
		}
	case steps.Send:
		if running {
			p.exchange.Stray(s.Text)
		}
	case steps.Cancel, steps.CancelBecause:
		if running {
			p.ends = p.call.cancelAs(s.Do)
		}
	case steps.Close:
		if running {
			p.w.Close(p.exchange.Socket)
			p.ends = []error{net.ErrClosed}
		}
	}
	return 1
}

// bringingTakes is how long what is exchanged may take, however much of it is lost.
const bringingTakes = 15 * time.Second

func (p *exchangingPlayer) next(end time.Time) time.Time { return end }

func (p *exchangingPlayer) reached() {}

func (p *exchangingPlayer) settle() {
	switch {
	case len(p.ends) > 0 && p.call != nil:
		p.call.atOnce()
		p.call.checkFails(p.ends...)
		p.exchange.Ended()
		p.w.becalm(p.idle)
		p.call = nil
	case len(p.ends) == 0 && len(p.busy) > 0 && time.Since(p.began) > bringingTakes:
		p.exchange.Arrived()
		clear(p.busy)
		p.w.noDeadlineLeft()
	}
}

func (p *exchangingPlayer) end() {
	if len(p.ends) == 0 && len(p.busy) > 0 {
		p.w.rec.Clock.SleepAndWait(bringingTakes + time.Second)
		p.settle()
	}
	if p.call != nil && len(p.ends) == 0 {
		p.ends = []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded}
		if p.call.hasReturned() {
			p.exchange.Ended()
			p.w.becalm(p.idle)
			return
		}
		p.call.Cancel()
		p.w.rec.Quiesce()
		p.settle()
	}
}
