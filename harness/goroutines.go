package harness

import (
	"path"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"udpkata/harness/text"
)

// A goroutine is one block of runtime.Stack's text.
type goroutine struct {
	id      int
	state   string // as in "chan receive"
	durable bool   // only somebody in the same bubble can wake it
	bubble  bool
	frames  []frame
	created frame // the go statement; zero for the main goroutine
}

// A frame is one call: the function's full name, the file's full path.
type frame struct {
	function string
	file     string
	line     int
}

var stackBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// snapshot lists the goroutines that run the student's code, were started by
// it, are calls that a story made of it, or are in a bubble.
func (s site) snapshot() []goroutine {
	buf := stackBuffers.Get().(*[]byte)
	defer stackBuffers.Put(buf)
	n := runtime.Stack(*buf, true)
	for n == len(*buf) {
		*buf = make([]byte, 2*len(*buf))
		n = runtime.Stack(*buf, true)
	}
	var mine []goroutine
	for _, block := range strings.Split(string((*buf)[:n]), "\n\n") {
		if g, ok := parseGoroutine(block); ok && (s.isStudents(g) || g.created.function == callerOfStudents || g.bubble) {
			mine = append(mine, g)
		}
	}
	return mine
}

// goroutineID is the calling goroutine's number in a snapshot.
func goroutineID() int {
	var buf [64]byte
	header := string(buf[:runtime.Stack(buf[:], false)])
	id, _ := strconv.Atoi(strings.Fields(header)[1])
	return id
}

var goroutineHeader = regexp.MustCompile(`^goroutine (\d+) [^\[]*\[([^,\]]+)`)

func parseGoroutine(block string) (goroutine, bool) {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	header := goroutineHeader.FindStringSubmatch(lines[0])
	if header == nil {
		return goroutine{}, false
	}
	state, durable := strings.CutSuffix(header[2], " (durable)")
	g := goroutine{state: state, durable: durable, bubble: strings.Contains(lines[0], ", synctest bubble ")}
	g.id, _ = strconv.Atoi(header[1])
	for i := 1; i+1 < len(lines); i += 2 {
		f := parseFrame(lines[i], lines[i+1])
		if by, ok := strings.CutPrefix(f.function, "created by "); ok {
			f.function, _, _ = strings.Cut(by, " in goroutine ")
			g.created = f
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

// isStudents reports whether g runs the student's code or was started by it.
func (s site) isStudents(g goroutine) bool {
	if s.isStudent(g.created.file) {
		return true
	}
	_, ok := s.studentFrame(g)
	return ok
}

// studentFrame is the index of g's innermost frame in the student's code.
func (s site) studentFrame(g goroutine) (int, bool) {
	for i, f := range g.frames {
		if s.isStudent(f.file) {
			return i, true
		}
	}
	return 0, false
}

// busy reports whether g runs, or would if it were given a processor.
func (g goroutine) busy() bool { return g.state == "running" || g.state == "runnable" }

// doing says what g is about, and on which of the student's lines.
func (s site) doing(g goroutine) text.Text {
	what := activity(g.state)
	if method := waitsIn(g); method != "" {
		what = text.Say("waits in %s", method)
	}
	if _, ok := s.studentFrame(g); !ok {
		return text.Say("%s, started at %s", what, s.lineOf(g))
	}
	return text.Say("%s at %s", what, s.lineOf(g))
}

// waitsIn is the method of a socket that g waits in, or "".
func waitsIn(g goroutine) (method string) {
	for _, f := range g.frames {
		if m := connMethod.FindStringSubmatch(f.function); m != nil && !g.busy() {
			method = m[1]
		}
	}
	return method
}

// lineOf is the line of the student's that g is on, or was started on.
func (s site) lineOf(g goroutine) line {
	f := g.created
	if i, ok := s.studentFrame(g); ok {
		f = g.frames[i]
	}
	return line{path.Base(f.file), f.line}
}

const callerOfStudents = "udpkata/harness.(*World).call"

var connMethod = regexp.MustCompile(`^udpkata/harness\.(?:packetConn|connectedConn|\(\*conn\))\.(\w+)$`)

func activity(state string) text.Text {
	switch state {
	case "running", "runnable":
		return text.Say("is running")
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
