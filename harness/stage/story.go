//go:build linux

package stage

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"udpkata/harness/internal/stacks"
	"udpkata/harness/stage/link"
)

// current is the story that is told, if it has a part for the stage.
var current atomic.Pointer[Story]

// A Story is one that the stage takes part in.
type Story struct {
	Setting
	process *process
	number  int64
	names   *names

	sweeping sync.Mutex    // held until all sockets are closed that are to be
	gone     chan struct{} // closed when the stage has left the story
	over     chan struct{} // closed when its link has nothing more to say

	mu        sync.Mutex
	failed    bool // the stage is no use any more
	finished  bool // it has heard the story's end
	last      int64
	objects   map[int64]object
	prompt    []*promptness
	numbers   map[any]int64
	sockets   map[int64]any
	calls     map[int64]*Call        // that have not ended
	lent      map[int64][]*link.Lent // to calls and by them, by number; callbacks' numbers are below 0
	callbacks []int64                // the last ones' numbers
	callers   map[int]bool           // the goroutines that make calls, in real time
	contexts  map[int64]func()       // that have not ended: what tells the code if they have
	ends      []func()
	now       claim         // of the operation that is performed just now; nil if it is none
	claims    map[int]claim // by goroutine that performs another one, or has a call's panic
	open      operations
	lines     map[string]claim // by the bytes that said so
	shutting  map[int64]chan struct{}
	steps     atomic.Uint64 // calls that have returned
	row       *row          // nil unless calls are made in one
	asked     int           // operations
	answered  int           // of them
	brought   int           // bytes with them
	still     still

	pace // in virtual time
}

// An object is one of the judge's that the code was given.
type object struct {
	value any
	calls func(method string, in *In, out *Out)
}

// A claim says on which lines the code is that has asked for something.
type claim []stacks.Line

// mostOperations is how many a story may have: one that has more does not end.
const mostOperations = 2_000_000

// mostOpen is how many of them may take their time together: each takes memory here. mostBytes is how many bytes they
// may bring in a story, which may all be kept.
const (
	mostOpen  = 2000
	mostBytes = 256 << 20
)

func (s *Story) out() *Out { return &Out{s: s} }

func (s *Story) in(body []byte) *In {
	broken := func() { s.breaks("says what nobody understands") }
	return &In{Reader: link.Reader{Bytes: body, OnBreak: broken}, s: s}
}

// numberFor gives an object a number: the same one has the same.
func (s *Story) numberFor(v any, calls func(method string, in *In, out *Out)) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	isKey := v != nil && reflect.ValueOf(v).Comparable()
	if isKey && s.numbers[v] != 0 {
		return s.numbers[v]
	}
	s.last++
	s.objects[s.last] = object{v, calls}
	if p, ok := v.(Prompt); ok {
		s.prompt = append(s.prompt, &promptness{number: s.last, object: p})
	}
	if isKey {
		s.numbers[v] = s.last
	}
	return s.last
}

// numberOf gives a socket of the kernel's a number.
func (s *Story) numberOf(conn *net.UDPConn) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number := s.numbers[conn]; number != 0 {
		return number
	}
	s.last++
	s.numbers[conn], s.sockets[s.last] = s.last, conn
	return s.last
}

func (s *Story) pass(number int64, fd int) {
	if err := s.process.pass(number, fd); err != nil {
		s.breaks(fmt.Sprintf("takes no descriptor: %v", err))
	}
}

func (s *Story) atEnd(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, f)
}

// A Call is one of a function of the code's.
type Call struct {
	Out
	id        int64
	plain     bool // it is given values alone, and so it returns soon
	goroutine int  // that waits for it; 0 if it is plain
	done      chan struct{}
	body      []byte
	row       *row         // that it belongs to; nil if it belongs to none
	lent      []*link.Lent // arguments that may change
}

// Invoke begins a call of a function of a lesson's.
func Invoke(lesson, function string) *Call {
	s := current.Load()
	if s == nil {
		panic("the code under test is called outside of a story")
	}
	goroutine := 0
	if !s.Virtual {
		goroutine, _ = stacks.Self()
	}
	s.mu.Lock()
	s.callers[goroutine] = true
	row := s.row
	s.mu.Unlock()
	var c *Call
	if row != nil {
		c = row.next()
	} else {
		c = &Call{Out: Out{s: s}, plain: s.Virtual, goroutine: goroutine, done: make(chan struct{})}
	}
	c.Out.call = c
	c.Text(lesson + "." + function)
	return c
}

// Steps counts the calls that have returned.
func (s *Story) Steps() uint64 { return s.steps.Load() }

// Run calls the function with what was put, and returns its results. It panics where the
// function does, and ends the goroutine where the function does.
func (c *Call) Run() *In {
	s := c.s
	if c.row != nil {
		return c.row.run(c)
	}
	if s.Virtual && !c.plain {
		c.goroutine, _ = stacks.Self()
	}
	s.mu.Lock()
	s.last++
	c.id = s.last
	s.calls[c.id], s.lent[c.id] = c, c.lent
	s.mu.Unlock()
	s.sweep()
	s.mail(link.Frame{Kind: link.Invoke, ID: c.id, Body: c.Bytes})
	select {
	case <-c.done:
	case <-s.gone:
		runtime.Goexit()
	}
	return c.results()
}

// results returns what has become of a call that has ended, as Run does.
func (c *Call) results() *In {
	s := c.s
	in := s.in(c.body)
	switch how := in.Uint(); how {
	case link.HasReturned:
		in.number = c.id
		return in
	default:
		s.fails(in, how)
		return nil
	}
}

// fails ends the calling goroutine as a call of the code's has ended that did not return.
func (s *Story) fails(in *In, how uint64) {
	if how != link.HasPanicked && how != link.HasExited {
		s.breaks("says that a call has ended in a way that there is not")
		runtime.Goexit()
	}
	at, assertion, isText, text := in.lines(s.Site), in.Bool(), in.Bool(), in.Text()
	goroutine, _ := stacks.Self()
	s.mu.Lock()
	s.claims[goroutine] = at
	s.mu.Unlock()
	if how == link.HasExited {
		runtime.Goexit()
	}
	text = visible(cut(text))
	if isText && !assertion {
		panic(text)
	}
	panic(Panic{text, assertion})
}

// lines takes the lines that the code is on.
func (i *In) lines(site stacks.Site) (at claim) {
	whole := i.Bytes
	for range min(i.Len(), mostLines) {
		i.Part()
		i.Int()
	}
	whole = whole[:len(whole)-len(i.Bytes)]
	s := i.s
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.lines[string(whole)]
	if !known {
		at = linesIn(whole, site)
		if len(s.lines) < mostPlaces {
			s.lines[string(whole)] = at
		}
	}
	return at
}

// mostLines is how many lines the code can be on at once, and mostPlaces how often these are remembered.
const (
	mostLines  = 16
	mostPlaces = 1000
)

func linesIn(b []byte, site stacks.Site) (at claim) {
	i := link.Reader{Bytes: b}
	for range min(i.Len(), mostLines) {
		file, number := i.Text(), i.Int()
		lesson, name, _ := strings.Cut(file, "/")
		if line := (stacks.Line{File: visible(cut(name)), Number: int(number)}); lesson == site.Lesson() &&
			site.IsTheirs(line.File) {
			at = append(at, line)
		}
	}
	return at
}

// breaks ends the stage, which does not keep to the protocol.
func (s *Story) breaks(how string) {
	s.crashes(Crash{Words: how})
	s.process.end(how)
}

// broken reports whether the stage is no use any more.
func (s *Story) broken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// crashes ends the stage and the story's part in it.
func (s *Story) crashes(c Crash) {
	s.mu.Lock()
	first := !s.failed
	s.failed = true
	s.mu.Unlock()
	if first {
		s.Crashed(c)
		close(s.gone)
	}
}

// An operation is one that the code has asked for.
type operation struct {
	frame  link.Frame
	in     *In
	number int64
	method string
	at     claim

	body []byte // what came of it
	ok   bool   // it has not ended the goroutine that performed it
}

func (s *Story) operation(f link.Frame) *operation {
	f.Body = append([]byte(nil), f.Body...)
	op := &operation{frame: f, in: s.in(f.Body)}
	op.in.operation = f.ID
	op.number, op.method = op.in.Int(), op.in.Text()
	op.at = op.in.lines(s.Site)
	s.mu.Lock()
	_, again := s.open[f.ID]
	s.open[f.ID] = 0
	tooMany := len(s.open) > mostOpen
	s.brought += len(f.Body)
	tooMuch := s.brought > mostBytes
	s.mu.Unlock()
	switch {
	case again:
		s.breaks("asks for two things under one number")
	case tooMuch:
		s.breaks(fmt.Sprintf("brings more than %d MiB in one story", mostBytes>>20))
	case tooMany:
		s.breaks(fmt.Sprintf("waits for more than %d operations at once", mostOpen))
	}
	return op
}

// answer returns the answer, as a frame of a kind.
func (op *operation) answer(kind link.Kind) link.Frame {
	f := link.Frame{Kind: kind, Story: op.frame.Story, ID: op.frame.ID, Body: op.body}
	if !op.ok {
		f.N = link.Gone
	}
	return f
}

// closes says that an operation is answered now.
func (s *Story) closes(op *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, op.frame.ID)
	s.answered++
}

// performs has an operation of the code's performed, on this goroutine, which it may end.
func (s *Story) performs(op *operation) {
	in, out := op.in, s.out()
	s.mu.Lock()
	o, known := s.objects[op.number]
	s.asked++
	tooMany := s.asked > mostOperations
	s.mu.Unlock()
	var err error
	switch {
	case tooMany:
		s.breaks(fmt.Sprintf("has asked for more than %d operations in one story", mostOperations))
		return
	case !known:
		err = errNothing
	default:
		err = perform(o.value, o.calls, op.method, in, out)
	}
	if err != nil {
		s.breaks(err.Error())
	}
	op.body, op.ok = out.Bytes, err == nil && !in.Broken
}

var errNothing = errors.New("asks for what there is not")

// returns notes that a call has ended.
func (s *Story) returns(f link.Frame) {
	s.mu.Lock()
	c := s.calls[f.ID]
	delete(s.calls, f.ID)
	s.mu.Unlock()
	if c == nil {
		s.breaks("says of a call that does not run that it has ended")
		return
	}
	s.steps.Add(1)
	c.body = append([]byte(nil), f.Body...)
	close(c.done)
}

// changes notes that the code has changed what a call was given, or has returned.
func (s *Story) changes(f link.Frame) {
	in := s.in(f.Body)
	at, now := in.Int(), in.Part()
	s.mu.Lock()
	var lent *link.Lent
	if all := s.lent[f.ID]; at >= 0 && at < int64(len(all)) {
		lent = all[at]
	}
	s.mu.Unlock()
	if lent != nil {
		lent.Set(now, s.names)
	}
}

// edited lists what the story has changed of what it has given to calls that run.
func (s *Story) edited() (all []link.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lending []int64
	for id := range s.calls {
		if len(s.lent[id]) > 0 {
			lending = append(lending, id)
		}
	}
	slices.Sort(lending)
	for _, id := range lending {
		for at, lent := range s.lent[id] {
			now, ok := lent.Changed(s.names)
			if !ok {
				continue
			}
			var w link.Writer
			w.Int(int64(at))
			w.Text(string(now))
			all = append(all, link.Frame{Kind: link.Edited, Story: s.number, ID: id, Body: w.Bytes})
		}
	}
	return all
}

// Sweep has the stage close the sockets that are closed here: it has copies of them.
func Sweep() {
	if s := current.Load(); s != nil {
		s.sweep()
	}
}

func (s *Story) sweep() {
	if s.Virtual {
		return // where the kernel's sockets are not
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	shut := map[int64]chan struct{}{}
	s.mu.Lock()
	for number, conn := range s.sockets {
		if isShut(conn) && !s.failed {
			shut[number] = make(chan struct{})
			s.shutting[number] = shut[number]
			delete(s.sockets, number)
		}
	}
	s.mu.Unlock()
	for number, closed := range shut {
		s.mail(link.Frame{Kind: link.Shut, ID: number})
		if !s.awaits(closed) {
			return
		}
	}
}

// isShut reports whether a socket of the kernel's is closed here.
func isShut(conn any) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	return err == nil && errors.Is(raw.Control(func(uintptr) {}), net.ErrClosed)
}

// touched does to one of the judge's sockets what the code has done to it.
func (s *Story) touched(f link.Frame) {
	s.mu.Lock()
	conn, ok := s.sockets[f.ID].(net.Conn)
	s.mu.Unlock()
	switch {
	case !ok:
	case f.N&link.IsClosed != 0:
		conn.Close()
	case f.N&link.IsOverdue != 0:
		conn.SetDeadline(time.Unix(1, 0))
	default:
		conn.SetDeadline(time.Time{})
	}
}

// hears takes what the stage says that is the same in every kind of time. It reports
// whether the frame was one of those.
func (s *Story) hears(f link.Frame) bool {
	switch f.Kind {
	case link.Returned:
		if !s.Virtual {
			s.verifies()
		}
		s.returns(f)
	case link.Came:
		s.came(f)
	case link.Changed:
		s.changes(f)
	case link.Touched:
		s.touched(f)
	case link.Closed:
		s.mu.Lock()
		closed := s.shutting[f.ID]
		delete(s.shutting, f.ID)
		s.mu.Unlock()
		if closed != nil {
			close(closed)
		}
	default:
		return false
	}
	return true
}
