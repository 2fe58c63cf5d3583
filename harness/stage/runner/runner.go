//go:build linux

// Package runner is what a submission is built with: it runs the code under test for a
// judge in another process, and decides nothing. It links the standard library and package
// link alone.
//
// What the code is given (sockets, contexts, a log, functions) stands for the judge's own:
// each use of it is an operation, which the judge performs. In virtual time the code runs in
// a bubble of its own, round by round: the judge says what there is to do, and up to when
// the bubble's clock may run; the round ends where the code has done something that can be
// seen, or when that instant comes.
package runner

import (
	"os"
	"sync"
	"syscall"
	"testing"

	"udpkata/harness/stage/link"
)

// The descriptors that the judge has opened for its stage.
const (
	framesIn  = 3
	framesOut = 4
	asked     = 5 // where the judge asks for goroutines
	passing   = 6 // where descriptors are passed
)

// functions are the code's, by lesson and name.
var functions = map[string]func(in *In, out *Out){}

// Function registers a function of the code under test. f takes its arguments, calls it,
// and puts its results.
func Function(lesson, name string, f func(in *In, out *Out)) { functions[lesson+"."+name] = f }

// Sentinel registers an error that a lesson's code has a name for.
func Sentinel(lesson, name string, err func() error) { sentinels[lesson+"."+name] = err }

// ErrorType registers a type of errors that a lesson has. put puts what is in an error, if it is of that type, and
// reports whether it is.
func ErrorType(lesson, name string, put func(err error, out *Out) bool) {
	errorTypes[lesson+"."+name] = put
}

var errorTypes = map[string]func(err error, out *Out) bool{}

var sentinels = map[string]func() error{}

// Main does what the judge says, until the judge has gone. It does not return.
func Main() {
	for fd := framesIn; fd <= passing; fd++ {
		syscall.CloseOnExec(fd)
	}
	os.Args = os.Args[:1]
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "Stage", F: run}}, nil, nil)
}

func run(t *testing.T) {
	defer os.Exit(0) // whoever ends this goroutine ends the process
	told.Store(newStory(nil, 0, false))
	go answer()
	pipe := &pipes{from: link.NewSource(descriptor(framesIn))}
	for {
		f, err := pipe.from.Next()
		if err != nil {
			return
		}
		if f.Kind != link.Begin {
			continue // it was for a story that is over
		}
		s := newStory(pipe, f.Story, f.N == 1)
		told.Store(s)
		if s.virtual {
			s.tellVirtual(t)
		} else {
			s.tellReal()
		}
	}
}

// A descriptor reads without a poller, which would take longer.
type descriptor int

// Read waits for bytes.
func (d descriptor) Read(p []byte) (int, error) { return link.Read(int(d), p) }

// pipes are where frames come from and go to.
type pipes struct {
	from *link.Source

	mu  sync.Mutex // guards what is sent
	buf []byte
}

// keep keeps frames for the next send.
func (p *pipes) keep(all ...link.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range all {
		p.buf = f.Append(p.buf)
	}
}

// kept returns how many bytes are kept.
func (p *pipes) kept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.buf)
}

// send sends frames together, after those that were kept. The judge's end is the process's.
func (p *pipes) send(all ...link.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range all {
		p.buf = f.Append(p.buf)
	}
	if err := link.Write(framesOut, p.buf); err != nil {
		os.Exit(0)
	}
	p.buf = p.buf[:0]
}
