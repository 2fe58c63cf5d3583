//go:build linux

package stage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"udpkata/harness/internal/stacks"
	"udpkata/harness/stage/link"
)

// A pace is a story's in virtual time.
type pace struct {
	chance    *rand.Rand
	stageTime int64         // what the stage's clock has said last
	alone     bool          // the code has no goroutine, as the stage has said last
	queue     []link.Frame  // for the next round
	settled   chan struct{} // closed for who is in Wait
	held      []chan struct{}
	holds     bool      // timers that go off are held
	hasEnded  bool      // the stage has heard of the story's end
	idle      []*worker // that wait for an operation
	workers   []*worker // all of them
}

// Wait does what [synctest.Wait] does, for both bubbles. As a bubble can have only one such wait at a time,
// it is left to the goroutine that talks to the stage.
func (s *Story) Wait() {
	s.mu.Lock()
	if s.settled == nil {
		s.settled = make(chan struct{})
	}
	settled := s.settled
	s.mu.Unlock()
	select {
	case <-settled:
	case <-s.over:
		synctest.Wait()
	}
}

// Holds tells the stage what a read has in its buffer that does not return yet.
func (s *Story) Holds(data []byte) {
	self, _ := stacks.Self()
	s.mu.Lock()
	w := s.workerOn(self)
	s.mu.Unlock()
	if w == nil {
		return // it is none of the code's
	}
	var body link.Writer
	body.Text(string(data))
	s.mail(link.Frame{Kind: link.Held, ID: w.op.frame.ID, Body: body.Bytes})
}

// Alone reports whether the code has no goroutine left, as far as that is known, in virtual time and after a Wait:
// to list them all would take longer.
func (s *Story) Alone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alone
}

// Passes holds a timer that has gone off, if the stage's are to come first at this instant.
func (s *Story) Passes() {
	s.mu.Lock()
	if !s.holds {
		s.mu.Unlock()
		return
	}
	c := make(chan struct{})
	s.held = append(s.held, c)
	s.mu.Unlock()
	<-c
}

// longest is how far the stage's clock may run where nobody here waits for time to pass.
const longest = int64(time.Hour)

// rounds tells the story in step with the stage. While the stage runs, this goroutine reads
// from a pipe, so the bubble's clock stands still.
func (s *Story) rounds() error {
	for due := false; ; { // whether the code has timers that may be due now
		synctest.Wait()
		s.mu.Lock()
		settled := s.settled
		if due || len(s.queue) > 0 {
			settled = nil
		} else {
			s.settled = nil
		}
		s.mu.Unlock()
		if settled != nil {
			close(settled)
			continue
		}
		reached, err := s.round(s.horizon())
		s.release()
		if err != nil || s.hasEnded {
			return err
		}
		if reached == 0 {
			due = false
			continue
		}
		// Nobody does anything before the judge's next timer goes off. At that instant, the code's own
		// timers may be due as well, and nobody can say which come first, unless they have had their turn.
		next, yields, ok := s.Clock.Next()
		due = !ok || !yields || next.UnixNano() >= reached
		if due {
			s.mu.Lock()
			s.holds = s.chance.IntN(2) == 0
			s.mu.Unlock()
		} else {
			reached--
		}
		time.Sleep(time.Until(time.Unix(0, reached)))
	}
}

// horizon returns up to when the stage's clock may run, exclusive: until this side's next timer
// goes off, or a nanosecond on if whoever waits for that lets everybody else do first what there is to do then; but not
// on from now if somebody here waits for what happens now, or is held.
func (s *Story) horizon() (until int64) {
	now := time.Now().UnixNano()
	s.mu.Lock()
	stays := s.settled != nil || s.holds
	s.mu.Unlock()
	if stays {
		return now
	}
	next, yields, ok := s.Clock.Next()
	switch {
	case ok && yields:
		return next.UnixNano() + 1
	case ok:
		return next.UnixNano()
	}
	return now + longest
}

// release lets the timers go that were held, one after the other.
func (s *Story) release() {
	s.mu.Lock()
	held := s.held
	s.held, s.holds = nil, false
	s.mu.Unlock()
	for _, c := range held {
		close(c)
		synctest.Wait()
	}
}

// round lets the stage run, up to the instant until, exclusive, or on to a later one as it
// answers. It returns that instant if the stage has come to it, and 0 if not: there is
// something to do here first.
func (s *Story) round(until int64) (reached int64, err error) {
	s.mu.Lock()
	queue := s.queue
	s.queue = nil
	s.mu.Unlock()
	queue = slices.Concat(s.edited(), s.promptnesses(), queue)
	now := time.Now().UnixNano()
	stops := until <= now
	told := false // the stage stands, as it has told something that may change how far its clock may run
	end := slices.IndexFunc(queue, func(f link.Frame) bool { return f.Kind == link.End })
	ends := end >= 0
	if ends {
		queue = queue[:end+1] // such as the answer to a read that still waited: nobody wants it any more
	} else {
		queue = append(queue, link.Frame{Kind: link.Round, Story: s.number, Time: now, Until: until})
	}
	s.process.send(queue...)
	for {
		f, err := s.process.from.Next()
		switch {
		case err != nil:
			return 0, err
		case s.broken():
			return 0, errNonsense
		case f.Story < s.number: // from what an earlier one has left behind
			continue
		case f.Story > s.number:
			return 0, nonsense("speaks of another story")
		case f.Kind == link.Ended && ends:
			s.hasEnded = true
			return 0, nil
		case f.Kind == link.Idle && !ends:
			s.mu.Lock()
			if stops || told {
				until = now
			}
			s.stageTime = max(s.stageTime, min(f.Time, max(now, until-1)))
			s.alone = f.N == 1
			s.mu.Unlock()
			if stops || told {
				return 0, nil
			}
			return until, nil
		}
		if f.Kind == link.Operation || f.Kind == link.Returned || f.Kind == link.Came {
			if f.Time > max(now, until-1) {
				return 0, nonsense("is ahead of time")
			}
			if later := f.Time - time.Now().UnixNano(); later > 0 {
				time.Sleep(time.Duration(later)) // nobody else has a timer before
				now = f.Time
			}
		}
		switch {
		case s.hears(f):
			stops = stops || f.Kind == link.Returned || f.Kind == link.Came
		case f.Kind == link.Operation && f.N == link.Unanswered:
			s.begins(f)
			told = true
		case f.Kind == link.Operation && stops:
			s.operates(f, 0)
			told = false
		case f.Kind == link.Operation:
			until = s.operates(f, until)
			stops, told = until <= now, false
		default:
			return 0, nonsense("sends a frame of kind %d", f.Kind)
		}
	}
}

// begins has an operation performed, and reports whether it is over at once.
func (s *Story) begins(f link.Frame) (op *operation, over bool) {
	op = s.operation(f)
	s.mu.Lock()
	s.now = op.at
	var w *worker
	if last := len(s.idle) - 1; last >= 0 {
		w, s.idle = s.idle[last], s.idle[:last]
	}
	s.mu.Unlock()
	if w == nil {
		w = s.worker()
	}
	w.work <- op
	synctest.Wait()
	s.mu.Lock()
	late := w.op == op
	w.late = late
	if late && !strings.HasPrefix(op.method, "Read") {
		s.claims[w.goroutine], s.open[f.ID] = op.at, w.goroutine
	}
	s.now = nil
	s.mu.Unlock()
	if !late {
		s.closes(op)
	}
	return op, !late
}

// operates performs an operation. If it is over at once, so is the answer; else the answer
// comes with a round. It returns up to when the stage's clock may run on, as the answer says;
// if until is 0, the round ends with this instant.
func (s *Story) operates(f link.Frame, until int64) int64 {
	op, over := s.begins(f)
	s.mu.Lock()
	came := s.queue
	s.queue = nil
	s.mu.Unlock()
	if until > 0 {
		until = s.horizon()
	}
	answer := link.Frame{Kind: link.Later, Story: s.number, ID: f.ID}
	if over {
		answer = op.answer(link.Now)
	}
	answer.Until = until
	s.process.send(slices.Concat(s.edited(), s.promptnesses(), came, []link.Frame{answer})...)
	return until
}

// A worker performs operations in virtual time, one after the other, on a goroutine of its
// own.
type worker struct {
	goroutine int
	work      chan *operation
	op        *operation // that is performed; guarded by the story's mu, as is late
	late      bool       // it was not over at once
}

// workerOn returns who performs an operation on a goroutine; nil if nobody does. The caller holds s.mu.
func (s *Story) workerOn(goroutine int) *worker {
	for _, w := range s.workers {
		if w.goroutine == goroutine && w.op != nil {
			return w
		}
	}
	return nil
}

func (s *Story) worker() *worker {
	w := &worker{work: make(chan *operation)}
	go func() {
		goroutine, _ := stacks.Self()
		s.mu.Lock()
		w.goroutine = goroutine
		s.mu.Unlock()
		for op := range w.work {
			s.works(w, op)
			s.mu.Lock()
			s.idle = append(s.idle, w)
			s.mu.Unlock()
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers = append(s.workers, w)
	return w
}

// works performs an operation.
func (s *Story) works(w *worker, op *operation) {
	s.mu.Lock()
	w.op = op
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		late := w.late
		w.op, w.late = nil, false
		delete(s.claims, w.goroutine)
		s.mu.Unlock()
		if !late {
			return
		}
		s.closes(op)
		if op.frame.N != link.Unanswered {
			s.mail(op.answer(link.Reply))
		}
	}()
	s.performs(op)
}
