//go:build linux

package runner

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"udpkata/harness/stage/link"
)

// A story is the code's part in one of the judge's.
type story struct {
	pipe    *pipes
	number  int64
	virtual bool
	over    atomic.Bool
	vain    atomic.Int64 // how often the code has used something since

	// turn is held by whoever may read frames in virtual time: by the bubble's first
	// goroutine between two rounds, and by one that waits for the answer to an operation
	// within a round.
	turn   sync.Mutex
	signal chan struct{} // the bubble's: something that can be seen was done

	mu       sync.Mutex
	stops    bool           // the round ends at this instant
	told     bool           // it does unless something is asked yet, as something was told
	prompt   map[int64]bool // objects to whose answer nobody has to listen
	until    int64          // where its clock must not come to
	next     int64
	waiting  map[int64]waiter
	contexts map[int64]func(in *In)
	objects  map[int64]*Object
	addrs    map[int64]*net.UDPAddr
	names    *names
	kept     []kept
	bubble   int           // its number
	calls    map[int]int64 // by goroutine, which call it runs
	performs map[int]int64 // by goroutine, which operation it waits for that takes its time
	owned    owned
}

func newStory(p *pipes, number int64, virtual bool) *story {
	return &story{
		pipe: p, number: number, virtual: virtual,
		waiting: map[int64]waiter{}, contexts: map[int64]func(in *In){}, objects: map[int64]*Object{},
		addrs:  map[int64]*net.UDPAddr{},
		prompt: map[int64]bool{}, calls: map[int]int64{}, performs: map[int]int64{}, names: newNames(),
		owned: owned{last: -number << link.StoryBits},
	}
}

// tellVirtual takes part in a story in virtual time.
func (s *story) tellVirtual(t *testing.T) {
	defer func() {
		if r := recover(); r != nil && !strings.Contains(fmt.Sprint(r), "blocked goroutines remain") {
			panic(r)
		}
		s.pipe.send(link.Frame{Kind: link.Ended, Story: s.number})
	}()
	synctest.Test(t, func(*testing.T) {
		s.signal = make(chan struct{}, 1)
		s.turn.Lock()
		defer s.turn.Unlock()
		for s.round() {
		}
		s.end()
	})
}

// round takes part in one round. It returns false when the story has ended.
func (s *story) round() bool {
	var mail []link.Frame
	for {
		f, err := s.pipe.from.Next()
		if err != nil {
			os.Exit(0)
		}
		f.Body = append([]byte(nil), f.Body...)
		switch f.Kind {
		case link.End:
			return false
		case link.Round:
			s.play(f, mail)
			return true
		}
		mail = append(mail, f)
	}
}

// ownGoroutines is how many there are in virtual time while the code has none: main's, the test's, the one that answers
// the judge's questions, and the bubble's two. It is not counted, as the code may have begun with some of its own.
const ownGoroutines = 5

// play lets the code go on.
func (s *story) play(r link.Frame, mail []link.Frame) {
	s.mu.Lock()
	s.stops, s.told, s.until = false, false, r.Until
	s.mu.Unlock()
	s.turn.Unlock()
	if d := time.Until(time.Unix(0, r.Time)); d > 0 {
		time.Sleep(d)
		synctest.Wait() // the code's own timers come first, each time
	}
	for _, f := range mail {
		s.deliver(f)
	}
	synctest.Wait()
	for d := s.free(); d > 0; d = s.free() {
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-s.signal:
		}
		timer.Stop()
		synctest.Wait()
	}
	s.turn.Lock()
	idle := link.Frame{Kind: link.Idle, Story: s.number, Time: time.Now().UnixNano()}
	if runtime.NumGoroutine() == ownGoroutines {
		idle.N = 1
	}
	s.pipe.send(append(s.changes(), idle)...)
}

// free returns how far the clock may run on in this round.
func (s *story) free() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stops || s.told {
		return 0
	}
	return time.Until(time.Unix(0, s.until)) - 1
}

// act says that something is done that can be seen, and when. The round ends at this instant,
// unless the judge answers that the clock may run on.
func (s *story) act() int64 {
	if !s.virtual {
		return 0
	}
	select {
	case s.signal <- struct{}{}:
	default:
	}
	return time.Now().UnixNano()
}

// goesOn notes up to when the clock may run on, after something that can be seen; 0 is no
// further.
func (s *story) goesOn(until int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until, s.stops, s.told = until, s.stops || until == 0, false
}

// tellReal takes part in a story in real time.
func (s *story) tellReal() {
	for {
		f, err := s.pipe.from.Next()
		if err != nil {
			os.Exit(0)
		}
		if f.Kind == link.End {
			s.end()
			s.pipe.send(link.Frame{Kind: link.Ended, Story: s.number})
			return
		}
		f.Body = append([]byte(nil), f.Body...)
		s.deliver(f)
	}
}

// A waiter waits for what comes of an operation.
type waiter struct {
	answer chan link.Frame
	buffer []byte // of a read
}

// fill puts what a read has brought where the code wants it, whoever else may have the same
// buffer: as a socket does, before anybody wakes.
func (w waiter) fill(f link.Frame) {
	if w.buffer != nil {
		r := link.Reader{Bytes: f.Body}
		copy(w.buffer, r.Text())
	}
}

// end ends the code's part: whatever it still waits for, there is nobody any more.
func (s *story) end() {
	s.over.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		w.answer <- link.Frame{}
	}
	clear(s.waiting)
	s.owned.end()
}

// deliver does what a frame says.
func (s *story) deliver(f link.Frame) {
	switch f.Kind {
	case link.Invoke:
		call(func() { s.invoke(f) })
	case link.Row:
		r := newRow(s, f)
		call(r.invokeRest)
	case link.Edited:
		s.edits(f)
	case link.Prompt:
		s.mu.Lock()
		s.prompt[f.ID] = f.N == 1
		s.mu.Unlock()
	case link.Held:
		s.mu.Lock()
		w := s.waiting[f.ID]
		s.waiting[f.ID] = waiter{answer: w.answer}
		s.mu.Unlock()
		w.fill(f)
	case link.Cancel:
		s.mu.Lock()
		cancel := s.contexts[f.ID]
		s.mu.Unlock()
		if cancel != nil {
			cancel(s.in(f.Body))
		}
	case link.Now, link.Reply:
		s.mu.Lock()
		w := s.waiting[f.ID]
		delete(s.waiting, f.ID)
		s.mu.Unlock()
		if w.answer != nil {
			w.fill(f)
			w.answer <- f
		}
	case link.Shut:
		s.owned.shut(f.ID)
		s.pipe.send(link.Frame{Kind: link.Closed, Story: s.number, ID: f.ID})
	}
}

// tells sends frames that nobody answers: within a round, together with the next one that
// somebody does.
func (s *story) tells(all ...link.Frame) {
	if s.virtual {
		s.pipe.keep(all...)
	} else {
		s.pipe.send(all...)
	}
}

// call runs a call of the code on a goroutine of its own.
//
//go:noinline
func call(f func()) { go f() }

// invoke calls a function of the code's.
func (s *story) invoke(f link.Frame) {
	in := s.in(f.Body)
	in.call = f.ID
	defer s.runs(f.ID)()
	s.invokes(in, func(out *Out) {
		s.goesOn(0)
		end := link.Frame{Kind: link.Returned, Story: s.number, ID: f.ID, Time: s.act(), Body: out.Bytes}
		s.tells(append(s.changes(), end)...)
	})
}

// invokes calls the function that in names, and ended with how that ends.
func (s *story) invokes(in *In, ended func(out *Out)) {
	out, how := s.out(), uint64(link.HasExited)
	out.Uint(link.HasReturned)
	function := in.Text()
	defer func() {
		if how != link.HasReturned {
			r := recover()
			out = s.out()
			if r != nil {
				how = link.HasPanicked
			}
			out.Uint(how)
			out.lines()
			_, assertion := r.(*runtime.TypeAssertionError)
			_, text := r.(string)
			out.Bool(assertion)
			out.Bool(text)
			out.Text(short(fmt.Sprint(r)))
		}
		ended(out)
	}()
	if !in.inRow {
		out.args = in
	}
	functions[function](in, out)
	how = link.HasReturned
}

// ask has the judge perform an operation, and returns what came of it.
func (s *story) ask(out *Out) *In {
	if s.over.Load() {
		return nil
	}
	if len(out.Bytes) > link.MaxFrame-1<<10 {
		panic(fmt.Sprintf("%d bytes are more than anybody can be given", len(out.Bytes)))
	}
	var answer link.Frame
	if s.virtual {
		answer = s.askVirtual(out)
	} else {
		c := make(chan link.Frame, 1)
		f := s.operation(out, c)
		if out.buffer == nil {
			defer s.waits(f.ID)()
		}
		s.pipe.send(f)
		answer = <-c
	}
	switch {
	case answer.N == link.Gone:
		runtime.Goexit()
	case answer.Kind == 0:
		return nil
	}
	return s.in(answer.Body)
}

// runs notes which call the calling goroutine runs, until it is told otherwise.
func (s *story) runs(call int64) (over func()) { return s.notes(s.calls, call) }

// waits notes which operation the calling goroutine waits for, until it is told otherwise.
func (s *story) waits(operation int64) (over func()) { return s.notes(s.performs, operation) }

func (s *story) notes(what map[int]int64, number int64) (over func()) {
	goroutine, bubble := self()
	s.mu.Lock()
	defer s.mu.Unlock()
	what[goroutine], s.bubble = number, bubble
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(what, goroutine)
	}
}

// operation returns the frame of an operation, whose answer goes to c.
func (s *story) operation(out *Out, c chan link.Frame) link.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.waiting[s.next] = waiter{c, out.buffer}
	for i, lent := range out.heard {
		s.keepLocked(kept{-s.next, int64(i), lent})
	}
	return link.Frame{Kind: link.Operation, Story: s.number, ID: s.next, Body: out.Bytes}
}

// askVirtual asks within a round. What is over at once takes no time: while the answer is
// on its way, the code is in a system call, and may hold a mutex.
func (s *story) askVirtual(out *Out) link.Frame {
	c := make(chan link.Frame, 1)
	s.turn.Lock()
	f := s.operation(out, c)
	f.Time = s.act()
	s.pipe.send(f)
	var answer link.Frame
	var came []link.Frame // of the operation
	for answer.ID != f.ID || answer.Kind != link.Now && answer.Kind != link.Later {
		var err error
		if answer, err = s.pipe.from.Next(); err != nil {
			os.Exit(0)
		}
		answer.Body = append([]byte(nil), answer.Body...)
		switch answer.Kind {
		case link.Now, link.Later:
		case link.Prompt:
			s.deliver(answer) // before anybody else has the turn
		default:
			came = append(came, answer)
		}
	}
	s.goesOn(answer.Until)
	s.turn.Unlock()
	for _, f := range came { // now, so that those whom it wakes are before those who wait for their turn
		s.deliver(f)
	}
	if answer.Kind == link.Later {
		if out.buffer == nil {
			defer s.waits(f.ID)()
		}
		return <-c
	}
	s.mu.Lock()
	w := s.waiting[f.ID]
	delete(s.waiting, f.ID)
	s.mu.Unlock()
	w.fill(answer)
	return answer
}

// mostTold is how many bytes may be told before something is asked.
const mostTold = 16 << 10

// tell has the judge perform an operation on an object for whose answer nobody has to wait, and reports whether it is
// such an object, now. The judge hears of it together with what is said next, and the clock does not run on before.
func (s *story) tell(object int64, out *Out) bool {
	if !s.virtual {
		return false
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.prompt[object] || s.pipe.kept() > mostTold {
		return false
	}
	if !s.over.Load() {
		s.next++
		s.told = true
		s.pipe.keep(link.Frame{
			Kind: link.Operation, Story: s.number, ID: s.next, N: link.Unanswered, Time: s.act(), Body: out.Bytes,
		})
	}
	return true
}

// overError returns what a socket of an earlier story does.
func overError(op string) error { return &net.OpError{Op: op, Net: "udp", Err: net.ErrClosed} }

// self returns the calling goroutine's number, and its bubble's, which is 0 in none.
func self() (id, bubble int) {
	var buf [128]byte
	header, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "]")
	header, state, _ := strings.Cut(strings.TrimPrefix(header, "goroutine "), " ")
	id, _ = strconv.Atoi(header)
	if _, number, ok := strings.Cut(state, ", synctest bubble "); ok {
		bubble, _ = strconv.Atoi(number)
	}
	return id, bubble
}

// short cuts a text that no message would show whole.
func short(text string) string { return text[:min(len(text), 64<<10)] }
