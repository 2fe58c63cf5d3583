//go:build linux

package stage

import (
	"errors"
	"fmt"
	"math/rand/v2"
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
		calls: map[int64]*Call{}, lent: map[int64][]*link.Lent{}, callers: map[int]bool{}, claims: map[int]claim{},
		open: operations{}, lines: map[string]claim{}, shutting: map[int64]chan struct{}{},
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
	s.claims[self], s.open[op.frame.ID] = op.at, self
	s.mu.Unlock()
	defer func() {
		s.closes(op) // from now on, the answer is on its way
		s.mu.Lock()
		delete(s.claims, self)
		s.mu.Unlock()
		s.tellEnded()
		s.process.send(op.answer(link.Reply))
	}()
	s.performs(op)
}
