package stacks

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseGoroutine(t *testing.T) {
	g, ok := parseGoroutine(`goroutine 34 [chan receive, 2 minutes, synctest bubble 3]:
udpkata/lessons/02-echo.(*server).loop(0xc000, {0x1, 0x2})
	/x y/lessons/02-echo/echo.go:12 +0x1d
created by udpkata/lessons/02-echo.Serve in goroutine 7
	/x y/lessons/02-echo/echo.go:9 +0x2d`)
	require.True(t, ok)
	require.Equal(t, Goroutine{
		ID: 34, State: "chan receive", Parent: 7, Bubble: 3,
		frames:  []frame{{"udpkata/lessons/02-echo.(*server).loop", "/x y/lessons/02-echo/echo.go", 12}},
		created: frame{"udpkata/lessons/02-echo.Serve", "/x y/lessons/02-echo/echo.go", 9},
	}, g)
	_, ok = parseGoroutine("fatal error: all goroutines are asleep")
	require.False(t, ok)
}

// TestWaitsIn: the outermost method of a story's socket is the one that the code called.
func TestWaitsIn(t *testing.T) {
	g, ok := parseGoroutine(`goroutine 34 [IO wait]:
net.(*UDPConn).ReadFrom(0xc000)
	/go/net/udpsock.go:12 +0x1d
udpkata/harness/internal/record.PacketConn.ReadFrom({0x1}, {0x2})
	/x/harness/internal/record/conn.go:12 +0x1d
udpkata/lessons/02-echo.Serve(0xc000)
	/x/lessons/02-echo/echo.go:12 +0x1d`)
	require.True(t, ok)
	require.Equal(t, "ReadFrom", g.WaitsIn())
	require.True(t, g.InHarness())
	g.State = "running"
	require.Equal(t, "", g.WaitsIn())
}

// TestNearest: frame by frame, what is kept of each program counter is what the whole stack gives, the functions that
// stand within others too.
func TestNearest(t *testing.T) {
	var want, got []string
	collect := func() {
		var pcs [64]uintptr
		frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			want = append(want, f.Function)
		}
		nearest(func(f runtime.Frame) bool {
			got = append(got, f.Function)
			return false
		})
	}
	inlined(collect)
	require.Equal(t, want[1:], got[1:]) // but for the line of collect
	require.Contains(t, got, "udpkata/harness/internal/stacks.TestNearest")
}

func inlined(f func()) { f() }

// TestBusy: who waits for the garbage collector alone is not idle.
func TestBusy(t *testing.T) {
	for header, busy := range map[string]bool{
		"running": true, "runnable": true, "running (scan)": true, "preempted": true, "GC assist wait": true,
		"GC assist marking, 2 minutes": true, "runnable (scan), synctest bubble 3": true, "stopping the world": true,
		"select (no cases)": false, "chan receive (scan) (durable)": false, "sleep": false, "semacquire": false,
		"syscall": false,
	} {
		g, ok := parseGoroutine("goroutine 34 [" + header + "]:\nmain.f()\n\t/x.go:1 +0x1")
		require.True(t, ok, header)
		require.Equal(t, busy, g.Busy(), header)
	}
}

// TestStart: a call that has not reached the student's code yet is known as one.
func TestStart(t *testing.T) {
	ended, id := make(chan bool), make(chan int)
	Start(func() { self, _ := Self(); id <- self; <-ended })
	defer close(ended)
	want := <-id
	var ids []int
	for _, g := range (Site{Student: "/nowhere"}).Snapshot() {
		ids = append(ids, g.ID)
	}
	require.Contains(t, ids, want)
}

// TestGivenFiles: a finished file of a lesson is nobody's fault.
func TestGivenFiles(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"mine.go": "package x\n", "given.go": "package x\n\n//kata:given\n\nfunc f() {}\n"}
	for name, source := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600))
	}
	s := Site{Student: filepath.ToSlash(dir), given: givenFiles(filepath.ToSlash(dir))}
	require.True(t, s.isStudent(s.Student+"/mine.go"))
	require.False(t, s.isStudent(s.Student+"/given.go"))
	require.False(t, s.isStudent(s.Student+"/mine_test.go"))
}

// TestBelow: packages below a lesson's are the student's, and what is below another directory is not.
func TestBelow(t *testing.T) {
	s := Site{Student: "/x/lessons/02-echo", given: map[string]bool{"read.go": true}}
	for file, want := range map[string]string{
		"/x/lessons/02-echo/echo.go":            "echo.go",
		"/x/lessons/02-echo/internal/a/b.go":    "internal/a/b.go",
		"/x/lessons/02-echo/internal/a/read.go": "internal/a/read.go",
		"/x/lessons/02-echo/read.go":            "",
		"/x/lessons/02-echo/a/b_test.go":        "",
		"/x/lessons/02-echoes/a.go":             "",
		"/x/lessons/01-ports/a.go":              "",
		"/y/lessons/02-echo/echo.go":            "",
	} {
		require.Equal(t, want != "", s.isStudent(file), file)
		if want != "" {
			require.Equal(t, Line{want, 7}, s.line(file, 7))
			name, ok := s.NameThere("/elsewhere/lessons/02-echo/" + want)
			require.True(t, ok)
			require.Equal(t, want, name)
		}
	}
	for name, want := range map[string]bool{
		"echo.go": true, "internal/a/b.go": true, "../01-ports/ports.go": false, "a/../../x.go": false,
		"read.go":      false,
		"a/../read.go": false, "/etc/x.go": false,
	} {
		require.Equal(t, want, s.IsTheirs(name), name)
	}
	require.Equal(t, Line{"udp.go", 3}, s.line("/go/src/net/udp.go", 3))
	require.Equal(t, Line{}, s.line("", 0))
	_, ok := s.NameThere("/x/lessons/02-echo/../01-ports/ports.go")
	require.False(t, ok)
	for _, student := range []string{"/x/harness", ""} {
		require.False(t, Site{Student: student}.isStudent("/x/harness/simnet/net.go"), student)
	}

	all, _ := Parse("goroutine 1 [running]:\n\ngoroutine 7 [select]:\nudpkata/lessons/02-echo/internal/a.F()\n\t"+
		"/udpkata/lessons/02-echo/internal/a/b.go:12 +0x1d\n\ngoroutine 8 [select]:\nudpkata/lessons/01-ports/"+
		"a.F()\n\t"+
		"/udpkata/lessons/01-ports/a/b.go:12 +0x1d", s, func(claimed string) string { return claimed })
	require.Len(t, all, 2)
	require.Equal(t, Line{"internal/a/b.go", 12}, s.LineOf(all[0]))
	require.False(t, s.IsStudents(all[1]))
}

// TestStarting: while a process is being started for the code, nobody takes a story to stand still.
func TestStarting(t *testing.T) {
	idle := func() bool { return !(Site{}).Busy() }
	for !idle() { // until what else this process does has come to rest
		runtime.Gosched()
	}
	done := Starting()
	again := Starting()
	done()
	require.True(t, Site{}.Busy())
	again()
	for !idle() {
		runtime.Gosched()
	}
}

// TestAtOurMutex: the harness's own mutexes are held for a moment only; those of the code's may be held for ever.
func TestAtOurMutex(t *testing.T) {
	for by, want := range map[string]bool{
		"udpkata/harness/internal/patience.(*Monitor).Locked": true, "udpkata/lessons/02-echo.Serve": false,
	} {
		g, ok := parseGoroutine(`goroutine 34 [sync.Mutex.Lock]:
internal/sync.(*Mutex).Lock(...)
	/go/internal/sync/mutex.go:12
sync.(*Mutex).Lock(0xc000)
	/go/sync/mutex.go:12 +0x1d
` + by + `(0xc000)
	/x/monitor.go:12 +0x1d
udpkata/harness/internal/record.PacketConn.ReadFrom({0x1}, {0x2})
	/x/harness/internal/record/conn.go:12 +0x1d`)
		require.True(t, ok)
		require.Equal(t, want, g.Busy(), by)
	}
}

// TestPutBack: whoever helps the garbage collector is in the bubble in which it was started.
func TestPutBack(t *testing.T) {
	all := []Goroutine{
		{ID: 9, Parent: 8}, {ID: 8, Parent: 7}, {ID: 7, Bubble: 3}, {ID: 6, Parent: 1}, {ID: 5, Parent: 4},
	}
	putBack(all)
	var bubbles []int
	for _, g := range all {
		bubbles = append(bubbles, g.Bubble)
	}
	require.Equal(t, []int{3, 3, 3, 0, 0}, bubbles)
}
