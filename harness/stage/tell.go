//go:build linux

package stage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing/synctest"
	"time"

	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/stage/link"
)

// kept is the process of the last story, if that came to its end.
var kept *process

// stories counts them.
var stories int64

// Begin has the stage take part in a story, which is told by the calling goroutine's bubble
// if it is one in virtual time. It has to end.
func Begin(setting Setting) (*Story, error) {
	if kept == nil || kept.dead.Load() {
		p, err := newProcess()
		if err != nil {
			return nil, err
		}
		kept = p
	}
	stories++
	s := &Story{
		Setting: setting, process: kept, number: stories, names: newNames(),
		gone: make(chan struct{}), over: make(chan struct{}),
		objects: map[int64]object{}, numbers: map[any]int64{}, sockets: map[int64]any{}, contexts: map[int64]func(){},
		calls: map[int64]*Call{}, running: map[int64]bool{}, active: map[int]bool{}, claims: map[int]claim{},
		performing: map[int64]int{}, open: map[int64]bool{}, shutting: map[int64]chan struct{}{},
	}
	s.last = s.number << link.StoryBits
	s.chance = rand.New(rand.NewPCG(setting.Seed, uint64(stories)))
	begin := link.Frame{Kind: link.Begin, Story: s.number}
	if s.Virtual {
		begin.N = 1
	}
	s.process.send(begin)
	current.Store(s)
	stacks.SetElsewhere(s)
	patience.SetElsewhere(s.process.cpuTime)
	tell := s.stream
	if s.Virtual {
		s.Clock.InStep(s)
		tell = s.rounds
	}
	go func() {
		defer close(s.over)
		if err := tell(); err != nil {
			s.ended(err)
		}
	}()
	return s, nil
}

// ended says why the link has ended before the story.
func (s *Story) ended(err error) {
	if why := s.process.misuse.Load(); why != nil {
		s.breaks(*why)
		return
	}
	switch {
	case errors.Is(err, errNonsense):
		s.breaks(err.Error())
		return
	case errors.Is(err, link.ErrBroken):
		s.breaks("sends what is no frame")
		return
	}
	if how, ok := s.process.ends(); ok { // its pipe was closed a moment before
		s.crashes(Crash{How: how, Words: s.process.told.words()})
		return
	}
	s.breaks("has closed its pipe")
}

// End ends the stage's part. The story's calls have returned, or never will.
func (s *Story) End() {
	s.mu.Lock()
	ends, failed := s.ends, s.failed
	s.mu.Unlock()
	for _, f := range ends {
		f()
	}
	if !failed {
		s.sweep()
		s.mail(link.Frame{Kind: link.End})
		s.awaits(s.over)
	}
	s.mu.Lock()
	s.finished = !s.failed
	s.mu.Unlock()
	for _, w := range s.workers {
		close(w.work)
	}
}

// Leave says that nobody asks any more about the code in a story. What has not come to its end
// is ended here.
func (s *Story) Leave() {
	s.mu.Lock()
	finished := s.finished
	s.mu.Unlock()
	if !finished {
		s.Kill()
	}
	current.CompareAndSwap(s, nil)
	stacks.SetElsewhere(nil)
	patience.SetElsewhere(nil)
}

// Close ends the process of the last story, as there is no other story.
func Close() {
	if kept == nil {
		return
	}
	kept.to.Close() // and so it ends by itself
	if _, ok := kept.ends(); !ok {
		kept.kill()
	}
	kept = nil
}

// Kill ends the stage. The next story has another.
func (s *Story) Kill() {
	s.mu.Lock()
	s.finished = false
	s.mu.Unlock()
	if kept == s.process {
		kept = nil
		s.process.kill()
	}
}

var errNonsense = errors.New("does not keep to the protocol")

func nonsense(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errNonsense, fmt.Sprintf(format, args...))
}

// mail sends frames to the stage: in virtual time, with the next round.
func (s *Story) mail(all ...link.Frame) {
	for i := range all {
		all[i].Story = s.number
	}
	if !s.Virtual {
		s.process.send(all...)
		return
	}
	now := time.Now().UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now < s.stageTime {
		panic("a timer of the judge's has gone off that is not in its clock's register")
	}
	s.queue = append(s.queue, all...)
}

// stream hears the stage in real time.
func (s *Story) stream() error {
	for {
		f, err := s.process.from.Next()
		switch {
		case err != nil:
			return err
		case s.broken():
			return errNonsense
		case f.Story < s.number: // from what an earlier one has left behind
		case f.Story > s.number:
			return nonsense("speaks of another story")
		case f.Kind == link.Ended:
			return nil
		case s.hears(f):
		case f.Kind == link.Operation:
			go s.operatesReal(s.operation(f))
		default:
			return nonsense("sends a frame of kind %d", f.Kind)
		}
	}
}

// operatesReal performs an operation in real time.
func (s *Story) operatesReal(op *operation) {
	self, _ := stacks.Self()
	s.mu.Lock()
	s.claims[self], s.performing[op.frame.ID] = op.at, self
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.claims, self)
		delete(s.performing, op.frame.ID)
		s.mu.Unlock()
		s.tellEnded()
		s.closes(op)
		s.process.send(op.answer(link.Reply))
	}()
	s.performs(op)
}

// A pace is a story's in virtual time.
type pace struct {
	chance    *rand.Rand
	stageTime int64         // what the stage's clock has said last
	queue     []link.Frame  // for the next round
	settled   chan struct{} // closed for who is in Wait
	held      []chan struct{}
	holds     bool      // timers that go off are held
	hasEnded  bool      // the stage has heard of the story's end
	idle      *worker   // that waits for an operation
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
		if due = reached > 0; due {
			// Nobody does anything before the judge's next timer goes off. At that instant,
			// the code's own timers may be due as well, and nobody can say which come first.
			s.mu.Lock()
			s.holds = s.chance.IntN(2) == 0
			s.mu.Unlock()
			time.Sleep(time.Until(time.Unix(0, reached)))
		}
	}
}

// horizon returns up to when the stage's clock may run, exclusive: until this side's next timer
// goes off, but not on from now if somebody here waits for what happens now, or is held.
func (s *Story) horizon() (until int64) {
	now := time.Now().UnixNano()
	s.mu.Lock()
	stays := s.settled != nil || s.holds
	s.mu.Unlock()
	if stays {
		return now
	}
	if next, ok := s.Clock.Next(); ok {
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
	now := time.Now().UnixNano()
	stops := until <= now
	ends := len(queue) > 0 && queue[len(queue)-1].Kind == link.End
	if !ends {
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
			s.stageTime = max(s.stageTime, min(f.Time, max(now, until-1)))
			s.mu.Unlock()
			if stops {
				return 0, nil
			}
			return until, nil
		}
		if f.Kind == link.Operation || f.Kind == link.Returned {
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
			stops = stops || f.Kind == link.Returned
		case f.Kind == link.Operation && stops:
			s.operates(f, 0)
		case f.Kind == link.Operation:
			until = s.operates(f, until)
			stops = until <= now
		default:
			return 0, nonsense("sends a frame of kind %d", f.Kind)
		}
	}
}

// operates performs an operation. If it is over at once, so is the answer; else the answer
// comes with a round. It returns up to when the stage's clock may run on, as the answer says;
// if until is 0, the round ends with this instant.
func (s *Story) operates(f link.Frame, until int64) int64 {
	op := s.operation(f)
	w := s.idle
	if w == nil {
		w = s.worker()
	}
	s.idle = nil
	s.mu.Lock()
	s.now = op.at
	s.mu.Unlock()
	w.work <- op
	synctest.Wait()
	s.mu.Lock()
	w.late = w.op == op
	if w.late && !strings.HasPrefix(op.method, "Read") {
		s.claims[w.goroutine], s.performing[f.ID] = op.at, w.goroutine
	}
	s.now = nil
	came := s.queue
	s.queue = nil
	s.mu.Unlock()
	if until > 0 {
		until = s.horizon()
	}
	answer := link.Frame{Kind: link.Later, Story: s.number, ID: f.ID}
	if !w.late {
		s.closes(op)
		answer = op.answer(link.Now)
		if op.ok {
			s.idle = w
		}
	}
	answer.Until = until
	s.process.send(append(came, answer)...)
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

func (s *Story) worker() *worker {
	w := &worker{work: make(chan *operation)}
	go func() {
		w.goroutine, _ = stacks.Self()
		for op := range w.work {
			if !s.works(w, op) {
				return
			}
		}
	}()
	s.workers = append(s.workers, w)
	return w
}

// works performs an operation, and reports whether it was over at once.
func (s *Story) works(w *worker, op *operation) (atOnce bool) {
	s.mu.Lock()
	w.op = op
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		w.op = nil
		late := w.late
		delete(s.claims, w.goroutine)
		delete(s.performing, op.frame.ID)
		s.mu.Unlock()
		if late {
			s.closes(op)
			s.mail(op.answer(link.Reply))
		}
	}()
	s.performs(op)
	s.mu.Lock()
	defer s.mu.Unlock()
	return !w.late
}
