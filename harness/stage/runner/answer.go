//go:build linux

package runner

import (
	"encoding/binary"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"udpkata/harness/stage/link"
)

// told is the story that the code takes part in.
var told atomic.Pointer[story]

// answer tells the judge what all goroutines are about, whenever it asks, also while the
// code never waits.
func answer() {
	var question [1]byte
	buf := make([]byte, 64<<10)
	for {
		if n, err := descriptor(asked).Read(question[:]); err != nil || n == 0 {
			return
		}
		before := told.Load().waitsFor()
		n := runtime.Stack(buf, true)
		for n == len(buf) && n < link.MostGoroutines {
			buf = make([]byte, 2*n)
			n = runtime.Stack(buf, true)
		}
		w := link.Writer{Bytes: make([]byte, 4)}
		told.Load().says(&w, before)
		w.Text(string(buf[:n]))
		binary.BigEndian.PutUint32(w.Bytes, uint32(len(w.Bytes)-4))
		link.Write(asked, w.Bytes)
	}
}

// waitsFor lists the operations whose answers have not come.
func (s *story) waitsFor() map[int64]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[int64]bool{}
	for operation := range s.waiting {
		all[operation] = true
	}
	return all
}

// says appends what the story's goroutines are for. before are the operations that they waited for before they were
// listed: whoever was seen to wait for one may go on by now.
func (s *story) says(w *link.Writer, before map[int64]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for operation := range s.waiting {
		before[operation] = true
	}
	w.Int(int64(s.bubble))
	w.Uint(uint64(len(before)))
	for operation := range before {
		w.Int(operation)
	}
	for _, what := range []map[int]int64{s.calls, s.performs} {
		w.Uint(uint64(len(what)))
		for goroutine, number := range what {
			w.Int(int64(goroutine))
			w.Int(number)
		}
	}
}

// stacks are what lines appends, by a stack's program counters.
var stacks = struct {
	sync.Mutex
	lines map[[mostFrames]uintptr][]byte
}{lines: map[[mostFrames]uintptr][]byte{}}

// mostFrames is how far up a stack lines looks, and mostLines how many it tells.
const (
	mostFrames = 64
	mostLines  = 8
)

// lines appends the lines of the lessons' directories, and of those below, that the calling goroutine is on, the
// nearest first. They are named as in "02-echo/echo.go" or "02-echo/internal/x/x.go".
func (o *Out) lines() {
	var pcs [mostFrames]uintptr
	n := runtime.Callers(2, pcs[:])
	stacks.Lock()
	defer stacks.Unlock()
	known, ok := stacks.lines[pcs]
	if !ok {
		known = linesAt(pcs[:n])
		stacks.lines[pcs] = known
	}
	o.Bytes = append(o.Bytes, known...)
}

func linesAt(pcs []uintptr) []byte {
	var all link.Writer
	count := uint64(0)
	frames := runtime.CallersFrames(pcs)
	for more := true; more && count < mostLines; {
		var f runtime.Frame
		f, more = frames.Next()
		if _, file, ok := strings.Cut(path.Clean(f.File), "/lessons/"); ok && strings.Contains(file, "/") {
			all.Text(file)
			all.Int(int64(f.Line))
			count++
		}
	}
	var w link.Writer
	w.Uint(count)
	return append(w.Bytes, all.Bytes...)
}
