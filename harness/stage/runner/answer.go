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

// mostText is how many bytes of goroutines the judge is told.
const mostText = 1 << 20

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
		for n == len(buf) && n < mostText {
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

// lines appends the lines of the lessons' directories that the calling goroutine is on,
// the nearest first.
func (o *Out) lines() {
	var pcs [64]uintptr
	n := runtime.Callers(2, pcs[:])
	near := [16]uintptr(pcs[:])
	stacks.Lock()
	known := stacks.lines[near]
	stacks.Unlock()
	if known != nil {
		o.Bytes = append(o.Bytes, known...)
		return
	}
	var all []place
	for _, pc := range pcs[:n] {
		all = append(all, placesAt(pc)...)
	}
	all = all[:min(len(all), 8)]
	var w link.Writer
	w.Uint(uint64(len(all)))
	for _, p := range all {
		w.Text(p.file)
		w.Int(int64(p.line))
	}
	if n < len(near) {
		stacks.Lock()
		stacks.lines[near] = w.Bytes
		stacks.Unlock()
	}
	o.Bytes = append(o.Bytes, w.Bytes...)
}

// stacks are what lines appends, by the program counters of a whole stack.
var stacks = struct {
	sync.Mutex
	lines map[[16]uintptr][]byte
}{lines: map[[16]uintptr][]byte{}}

// A place is a line of a file, which is named as in "02-echo/echo.go" or "02-echo/internal/x/x.go".
type place struct {
	file string
	line int
}

var places sync.Map // of []place, by uintptr

// placesAt returns which of the frames at a program counter are in a lesson's directory, or below.
func placesAt(pc uintptr) (all []place) {
	if known, ok := places.Load(pc); ok {
		return known.([]place)
	}
	frames := runtime.CallersFrames([]uintptr{pc})
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if _, file, ok := strings.Cut(path.Clean(f.File), "/lessons/"); ok && strings.Contains(file, "/") {
			all = append(all, place{file, f.Line})
		}
	}
	places.Store(pc, all)
	return all
}
