package stacks

import (
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"udpkata/harness/text"
)

// A Goroutine is one block of runtime.Stack's text.
type Goroutine struct {
	ID      int
	State   string // as in "chan receive"
	Durable bool   // only somebody in the same bubble can wake it
	Parent  int    // the number of the one that started it; 0 for the main goroutine
	Bubble  int    // the number of the bubble that it is in; 0 if in none
	frames  []frame
	created frame // the go statement; zero for the main goroutine
	theirs  bool  // it is the code's, wherever it runs
}

// A frame is one call: the function's full name, the file's full path.
type frame struct {
	function string
	file     string
	line     int
}

var stackBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// Snapshot lists the goroutines that run the student's code, were started by
// it, are calls that a story made of it, or are in a bubble.
func (s Site) Snapshot() []Goroutine {
	mine, _ := s.look()
	return mine
}

// Busy reports whether anybody in this process runs or could, beside the caller.
func (s Site) Busy() bool {
	_, busy := s.look()
	return busy
}

// Asleep returns one of a story's goroutines for which all of this process waits, and
// which waits for time to pass, as far as can be seen: one in time.Sleep or, if none of
// them waits for a socket, any.
func (s Site) Asleep(ofStory func(Goroutine) bool) (sleeper Goroutine, ok bool) {
	mine, busy := s.look()
	mine = slices.DeleteFunc(mine, func(g Goroutine) bool { return !ofStory(g) })
	if busy || len(mine) == 0 {
		return sleeper, false
	}
	sleeps := func(g Goroutine) bool { return g.State == "sleep" }
	if i := slices.IndexFunc(mine, sleeps); i >= 0 {
		return mine[i], true
	}
	atSocket := func(g Goroutine) bool { return g.State == "IO wait" || g.WaitsIn() != "" }
	return mine[0], !slices.ContainsFunc(mine, atSocket)
}

// look lists what Snapshot does, and reports whether anybody in this process runs or
// could, beside the caller.
func (s Site) look() (mine []Goroutine, busy bool) {
	buf := stackBuffers.Get().(*[]byte)
	defer stackBuffers.Put(buf)
	n := runtime.Stack(*buf, true)
	for n == len(*buf) {
		*buf = make([]byte, 2*len(*buf))
		n = runtime.Stack(*buf, true)
	}
	e := elsewhere.Load()
	busy = starting.Load() > 0
	var all []Goroutine // the caller is the first
	for block := range strings.SplitSeq(string((*buf)[:n]), "\n\n") {
		if g, ok := parseGoroutine(block); ok {
			busy = busy || len(all) > 0 && g.Busy()
			all = append(all, g)
		}
	}
	putBack(all)
	for _, g := range all {
		if s.IsStudents(g) || g.created.function == starter || g.Bubble > 0 || e != nil {
			mine = append(mine, g)
		}
	}
	if e != nil {
		there, here, busyThere := (*e).Goroutines(mine)
		here = slices.DeleteFunc(here, func(g Goroutine) bool { return g.created.function != starter && g.Bubble == 0 })
		return append(there, here...), busy || busyThere
	}
	return mine, busy
}

// putBack puts goroutines back into their bubbles. While one helps the garbage collector, Go's runtime has it in none
// (gcAssistAlloc); whoever was started in a bubble is in that.
func putBack(all []Goroutine) {
	known := map[int]Goroutine{}
	for _, g := range all {
		known[g.ID] = g
	}
	for i := range all {
		for g, ok := all[i], true; ok && all[i].Bubble == 0; g, ok = known[g.Parent] {
			all[i].Bubble = g.Bubble
		}
	}
}

// Start runs a call of the student's code on a goroutine of its own.
//
//go:noinline
func Start(call func()) { go call() }

// Self returns the calling goroutine's number in a snapshot, and its bubble's, which is 0 in none.
func Self() (id, bubble int) {
	var buf [128]byte
	header, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "]")
	header, state, _ := strings.Cut(strings.TrimPrefix(header, "goroutine "), " ")
	id, _ = strconv.Atoi(header)
	if _, number, ok := strings.Cut(state, ", synctest bubble "); ok {
		bubble, _ = strconv.Atoi(number)
	}
	return id, bubble
}

var goroutineHeader = regexp.MustCompile(`^goroutine (\d+) [^\[]*\[([^,\]]+)(?:[^\]]*, synctest bubble (\d+))?`)

func parseGoroutine(block string) (Goroutine, bool) {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	header := goroutineHeader.FindStringSubmatch(lines[0])
	if header == nil {
		return Goroutine{}, false
	}
	state, durable := strings.CutSuffix(header[2], " (durable)")
	state = strings.TrimSuffix(state, " (scan)") // by the garbage collector, meanwhile
	g := Goroutine{State: state, Durable: durable}
	g.ID, _ = strconv.Atoi(header[1])
	g.Bubble, _ = strconv.Atoi(header[3])
	for i := 1; i+1 < len(lines); i += 2 {
		f := parseFrame(lines[i], lines[i+1])
		if by, ok := strings.CutPrefix(f.function, "created by "); ok {
			var parent string
			f.function, parent, _ = strings.Cut(by, " in goroutine ")
			g.created = f
			g.Parent, _ = strconv.Atoi(parent)
		} else {
			g.frames = append(g.frames, f)
		}
	}
	return g, true
}

// parseFrame reads the two lines of a frame, "pkg.F(0x1, …)" and
// "\t/dir/file.go:12 +0x34".
func parseFrame(call, place string) frame {
	if i := strings.LastIndex(call, "("); i > 0 && strings.HasSuffix(call, ")") {
		call = call[:i]
	}
	place, _, _ = strings.Cut(strings.TrimSpace(place), " +0x")
	f := frame{function: call, file: place}
	if i := strings.LastIndex(place, ":"); i > 0 {
		f.file = place[:i]
		f.line, _ = strconv.Atoi(place[i+1:])
	}
	return f
}

// IsStudents reports whether g runs the student's code or was started by it.
func (s Site) IsStudents(g Goroutine) bool {
	if g.theirs || s.isStudent(g.created.file) {
		return true
	}
	_, ok := s.studentFrame(g)
	return ok
}

// studentFrame returns the index of g's innermost frame in the student's code.
func (s Site) studentFrame(g Goroutine) (int, bool) {
	for i, f := range g.frames {
		if s.isStudent(f.file) {
			return i, true
		}
	}
	return 0, false
}

// InHarness reports whether g is in the harness's own code: in a method of a socket that
// the student's code was given, say, where it may wait for a datagram or for a moment for
// a mutex of the harness's.
func (g Goroutine) InHarness() bool {
	return slices.ContainsFunc(g.frames, func(f frame) bool { return harnessFunction.MatchString(f.function) })
}

// harnessFunction tells a function that the student's code calls, and what that calls.
var harnessFunction = regexp.MustCompile(
	`^udpkata/harness/(?:internal/(?:record|patience)\.|stage/runner\.(?:PacketConn|ConnectedConn|Conn|LogWriter|FS|` +
		`\(\*Object\))\.)`)

// Busy reports whether g runs, or would if it were given a processor: nobody but Go's own goroutines keeps it waiting,
// such as the garbage collector's, which may take seconds on a machine that is kept busy.
// So is who waits for a mutex of the harness's own, which is held for a moment only.
func (g Goroutine) Busy() bool { return busyState.MatchString(g.State) || g.AtMutex() && g.atOurs() }

// atOurs reports whether it is the harness that has called what g is in, of package sync.
func (g Goroutine) atOurs() bool {
	i := slices.IndexFunc(g.frames, func(f frame) bool { return !inSync.MatchString(f.function) })
	return i >= 0 && ours.MatchString(g.frames[i].function)
}

var (
	inSync = regexp.MustCompile(`^(?:internal/)?sync\.`)
	ours   = regexp.MustCompile(`^udpkata/harness/(?:internal/(?:record|patience)|simnet|stage/runner)\.`)
)

// busyState tells such states, as runtime2.go and traceback.go of Go's runtime name them.
var busyState = regexp.MustCompile(
	`^(?:running|runnable|preempted|copystack|waiting|stopping the world|flushing proc caches|wait for GC cycle|` +
		`GC .*|garbage collection.*)$`)

// Reads reports whether g waits for a datagram.
func (g Goroutine) Reads() bool {
	return g.State == "IO wait" || strings.HasPrefix(g.WaitsIn(), "Read")
}

// AtMutex reports whether g waits for a mutex.
func (g Goroutine) AtMutex() bool { return strings.Contains(g.State, "Mutex") }

// Doing says what g is about, and on which of the student's lines.
func (s Site) Doing(g Goroutine) text.Text {
	what := activity(g.State)
	if method := g.WaitsIn(); method != "" {
		what = text.Say("waits in %s", method)
	}
	if _, ok := s.studentFrame(g); !ok {
		switch {
		case s.isStudent(g.created.file):
			return text.Say("%s, started at %s", what, s.LineOf(g))
		case g.created.function == "":
			return text.Say("is one of so many that nobody can look at all of them")
		}
		return text.Say("%s, started in %s", what, g.created.function)
	}
	return text.Say("%s at %s", what, s.LineOf(g))
}

// WaitsIn returns the method of one of the story's sockets that g waits in, or "".
func (g Goroutine) WaitsIn() (method string) {
	for _, f := range g.frames {
		if m := connMethod.FindStringSubmatch(f.function); m != nil && !g.Busy() {
			method = m[1]
		}
	}
	return method
}

// LineOf returns the line of the student's that g is on, or was started on.
func (s Site) LineOf(g Goroutine) Line {
	f := g.created
	if i, ok := s.studentFrame(g); ok {
		f = g.frames[i]
	}
	return s.line(f.file, f.line)
}

// starter is how a snapshot names Start.
const starter = "udpkata/harness/internal/stacks.Start"

// connMethod tells a method of the sockets that the student's code was given.
var connMethod = regexp.MustCompile(
	`^udpkata/harness/(?:internal/record|stage/runner)\.(?:PacketConn|ConnectedConn|Conn|\(\*Conn\))\.(\w+)$`)

// activity puts a goroutine's state into words.
func activity(state string) text.Text {
	if busyState.MatchString(state) {
		return text.Say("is running")
	}
	switch state {
	case "chan receive", "chan receive (nil chan)":
		return text.Say("waits to receive from a channel")
	case "chan send", "chan send (nil chan)":
		return text.Say("waits to send on a channel")
	case "select", "select (no cases)":
		return text.Say("waits in a select")
	case "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		return text.Say("waits for a mutex")
	case "sync.WaitGroup.Wait":
		return text.Say("waits for a WaitGroup")
	case "sync.Cond.Wait":
		return text.Say("waits for a sync.Cond")
	case "sleep":
		return text.Say("sleeps")
	case "IO wait", "syscall":
		return text.Say("waits for input")
	}
	return text.Say("waits (%s)", state)
}
