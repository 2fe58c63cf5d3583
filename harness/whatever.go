package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/steps"
	"udpkata/harness/simnet"
	"udpkata/harness/stage"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about random stories: how one that fails is found, and cut down.

// A Function is what random stories have to know of one of the student's functions: a
// [Serving] or an [Asking].
type Function interface {
	// draw draws a story, which has a number, and in which a datagram has most bytes at the
	// most.
	draw(r *rand.Rand, number, most int) []steps.Step
	// begin puts a World in order for a story.
	begin(w *Virtual) player
	names() steps.Names
}

// A player plays a story. Between any two steps some time passes, but between datagrams
// that arrive together.
type player interface {
	// play does what the first step says, and returns how many steps it has done.
	play(story []steps.Step) int
	// next returns the next instant up to end at which something happens without a step;
	// reached is called then.
	next(end time.Time) time.Time
	reached()
	// settle holds what the code has done to what it had to do up to now.
	settle()
	// end is the story's end.
	end()
}

// WhateverComes tells random short stories of a function, in virtual time and drawn from
// the seed, until one fails. That is cut down to the shortest that is found to fail, and
// told as any other, with its steps. name is the story's, as in [Networks.Then].
//
// The environment's UDPKATA_STORIES is how many are told, if it is set.
func WhateverComes(t *testing.T, name string, of Function) {
	t.Helper()
	tells(telling[Function]{
		name:    "virtual",
		missing: func() error { return nil },
		tell: func(t *testing.T, w *World, _ func(Function)) error {
			defer w.rec.Ended()
			f, err := findFailure(t, w.rec.Site, name, of)
			if err != nil {
				w.fail(verdict.NotRun, "%v.", err)
				return nil
			}
			w.failed = f
			return nil
		},
	}).Then(t, name, nil)
}

// usualStories is how many stories are told of a function, and mostTrials how often one
// that fails is told again to find a shorter one.
const (
	usualStories = 60
	mostTrials   = 400
)

func findFailure(t *testing.T, s stacks.Site, name string, of Function) (*failure.Failure, error) {
	count, err := stories()
	if err != nil {
		return nil, err
	}
	var untold *failure.Failure
	for i := range count {
		r, again, err := chance(s.Task, name, i)
		if err != nil {
			return nil, err
		}
		n := []network.Network[*network.OneHost]{network.Virtual4, network.Virtual6}[i%2]
		var f *failure.Failure
		fails := func(story []steps.Step) bool {
			if stuckTask.Load() != nil {
				return false
			}
			g := on(n, newVirtual).here(t, newWorld(s), func(w *Virtual) { tellSteps(w, of, story) })
			if g != nil && g.State == verdict.NotRun {
				untold = g
			}
			if g == nil || g.State == verdict.NotRun || f != nil && atMutex(g) {
				return false
			}
			f = g
			return true
		}
		story := of.draw(r, i, most(n))
		if !fails(story) {
			continue
		}
		switch {
		case f.State == verdict.Todo:
		case atMutex(f):
			f.Steps, f.Title = told(of.names(), story), text.Say("Random story %d of %d:", i+1, count)
			if *stuckAtMutex.Load() == s.Task {
				f.Again = again
			}
		case stage.On() && (f.State == verdict.Crashed || f.State == verdict.Stuck):
			// To try that again and again, each time in a process of its own, takes long.
			f.Again, f.Steps, f.Title = again, told(of.names(), story), text.Say("Random story %d of %d:", i+1, count)
		default:
			story = steps.Shrink(story, mostTrials, fails)
			f.Again, f.Steps = again, told(of.names(), story)
			f.Title = text.Say("Random story %d of %d, cut down to what still fails:", i+1, count)
		}
		return f, nil
	}
	if stage.On() && !stage.HasRun() {
		return untold, nil // nothing of the code has run in any of them
	}
	return nil, nil
}

// atMutex reports whether a story may be stuck because of what an earlier one, itself or
// another trial of it, has left locked: then trials tell nothing any more.
func atMutex(f *failure.Failure) bool {
	return f.State == verdict.Stuck && stuckAtMutex.Load() != nil
}

// most returns the size of the biggest datagram on a network.
func most(n network.Network[*network.OneHost]) int {
	if n.Name == network.Virtual6.Name {
		return 65527
	}
	return 65507
}

func stories() (int, error) {
	value, ok := os.LookupEnv("UDPKATA_STORIES")
	if !ok {
		return usualStories, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("UDPKATA_STORIES is %q, and has to be a number from 1 up", value)
	}
	return n, nil
}

func told(names steps.Names, story []steps.Step) (all []text.Text) {
	for _, s := range story {
		all = append(all, names.Describe(s))
	}
	return append(all, text.Say("the context of whatever still runs is cancelled"))
}

// patient is how long a story waits for what has to come: code may make a pause of a second
// after each of many errors.
const patient = 10 * time.Minute

// tellSteps tells a story of steps.
func tellSteps(w *Virtual, of Function, story []steps.Step) {
	w.wait, w.plain = patient, true
	p := of.begin(w)
	for len(story) > 0 {
		w.pass(p, cmp.Or(story[0].After, time.Microsecond))
		story = story[p.play(story):]
		w.rec.Quiesce()
	}
	p.settle()
	p.end()
}

// pass lets time pass in a story of steps.
func (w *Virtual) pass(p player, d time.Duration) {
	p.settle()
	for end := time.Now().Add(d); time.Now().Before(end); {
		w.rec.Clock.SleepAndWait(time.Until(p.next(end)))
		p.reached()
		w.rec.Quiesce()
		p.settle()
	}
}

// together returns how many steps at the beginning of a story are datagrams that arrive
// together at one socket.
func together(story []steps.Step) int {
	n := 1
	follows := func(s steps.Step) bool {
		return s.Do == steps.Send && s.After == 0 && s.At == story[0].At && !s.Ends && !story[0].Ends
	}
	for n < len(story) && follows(story[n]) {
		n++
	}
	return n
}

// errReason is why contexts are cancelled that are cancelled with a cause.
var errReason = errors.New("somebody pulled the plug")

// cancelAs cancels the call's context as a step says, and returns the errors of which one
// may be returned then.
func (c *Call) cancelAs(do steps.Verb) []error {
	ends := []error{context.Canceled, os.ErrDeadlineExceeded}
	if do == steps.CancelBecause {
		c.cancelBecause(errReason)
		return append(ends, errReason)
	}
	c.Cancel()
	return ends
}

// A letter is a datagram of somebody else's.
type letter struct {
	from net.Addr
	text string
}

// deliver has datagrams arrive together at a socket: whoever reads the first finds the
// others behind it.
func (w *Virtual) deliver(to Endpoint, letters []letter) {
	at := record.AddrPort(to.LocalAddr())
	all := make([]simnet.Datagram, len(letters))
	for i, l := range letters {
		w.rec.Sent(l.from, to.LocalAddr(), []byte(l.text), stacks.Line{})
		all[i] = simnet.Datagram{From: record.AddrPort(l.from), To: at, Payload: []byte(l.text)}
	}
	w.net.Inject(all...)
}

// room is what a socket's queue may hold by now, in bytes. No story has it overflow.
type room int

// takes reports whether a datagram has room, and takes that.
func (r *room) takes(payload string) bool {
	const most, overhead = 200_000, 1000 // see rmem_default in socket(7)
	*r += room(len(payload) + overhead)
	if *r <= most {
		return true
	}
	*r -= room(len(payload) + overhead)
	return false
}

// becalm waits until the code has done what there is to do, and fails the story if
// something is left over of calls that have all returned. idle is how many goroutines there are
// when nothing is.
func (w *Virtual) becalm(idle int) {
	w.rec.Quiesce()
	if runtime.NumGoroutine() > idle {
		w.noGoroutineLeft()
	}
	w.noDeadlineLeft()
}
