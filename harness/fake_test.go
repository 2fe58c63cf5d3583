package harness

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/students"
	"udpkata/harness/netlab"
)

func TestMain(m *testing.M) {
	os.Setenv("UDPKATA_LANG", "en")
	os.Setenv("LC_ALL", "C.UTF-8")
	os.Setenv("TERM", "xterm")
	os.Unsetenv("COLUMNS")
	os.Unsetenv("NO_COLOR")
	if !netlab.Inside() { // where a datagram may take a second, over IPv6 on a busy machine
		// The code below is known not to answer, so there is no use in patience.
		patience.Bounds.LeastWait = 300 * time.Millisecond
		patience.Bounds.IdleTicks = 3
		patience.Bounds.MostCPUTime = 100 * time.Millisecond
		patience.Bounds.AsleepTicks = 20
	}
	status := m.Run()
	if err := goleak.Find(stuck...); err != nil && status == 0 {
		fmt.Println(err)
		status = 1
	}
	os.Exit(status)
}

// stuck are the goroutines of stories that are stuck on purpose.
var stuck []goleak.Option

// A fakeTB is what a story's outcome is reported to.
type fakeTB struct {
	testing.TB
	output  bytes.Buffer
	failed  bool
	skipped string
}

func (f *fakeTB) Output() io.Writer { return &f.output }

func (f *fakeTB) FailNow() { f.failed = true; runtime.Goexit() }

func (f *fakeTB) Skip(args ...any) { f.skipped = args[0].(string); runtime.Goexit() }

// Networks, each for one story.
var (
	virtual4  = on(network.Virtual4, newVirtual)
	loopback4 = on(network.Loopback4, newKernel4)
)

// either is a network of each sort, for stories that have no words of one of them, and
// all has both versions of IP.
var (
	either = []telling[*World]{on(network.Virtual4, plain), on(network.Loopback4, plain)}
	all    = append(either[:2:2], on(network.Virtual6, plain), on(network.Loopback6, plain))
)

// tell tells a story and returns the outcome and how it was reported.
func tell[W any](t *testing.T, n telling[W], story func(W)) (*failure.Failure, *fakeTB) {
	s := stacks.CallerSite("TestIt")
	s.Student = students.Dir
	_, file, number, _ := runtime.Caller(1)
	s.Begin = stacks.Line{File: filepath.Base(file), Number: number}
	f := n.here(t, newWorld(s), story)
	if f == nil {
		return nil, &fakeTB{}
	}
	return f, reported(s, f)
}

// reported returns how a failure is reported.
func reported(s stacks.Site, f *failure.Failure) *fakeTB {
	tb := &fakeTB{}
	done := make(chan bool)
	go func() {
		defer close(done)
		report(tb, s, f, nil)
	}()
	<-done
	return tb
}

// What differs from run to run.
var (
	aTime    = regexp.MustCompile(` +\d+\.\d{3}ms`)
	aPort    = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	aBigPort = regexp.MustCompile(`:\d{4,5}\b`)
	aStory   = regexp.MustCompile(`(?:messages|exact|harness)_test\.go:\d+`)
)

// read returns a message without what differs from run to run.
func read(tb *fakeTB) string {
	text := aTime.ReplaceAllStringFunc(tb.output.String(), func(found string) string {
		return strings.Repeat(" ", len(found)-1) + "T"
	})
	text = aPort.ReplaceAllString(text, "ADDR")
	return aStory.ReplaceAllString(text, "STORY")
}

type student = func(context.Context, net.PacketConn) error

// An opener is a World or a view of one.
type opener interface {
	Caller
	ListenPacket(name string) net.PacketConn
}

// serving starts a student's server.
func serving(w opener, f student) (net.PacketConn, *Call) {
	conn := w.ListenPacket("server")
	return conn, w.Go("Serve", func(ctx context.Context) error { return f(ctx, conn) })
}

// update writes the messages anew, for somebody to read and commit.
var update = flag.Bool("update", false, "write what the messages are now to testdata/messages/")

// golden compares a message to the file that keeps it. Where a real network's is
// another than the virtual one's, it has a file of its own.
func golden(t *testing.T, name, onNetwork string, tb *fakeTB) {
	path := filepath.Join("testdata", "messages", strings.ReplaceAll(name, " ", "-"))
	got := unmessage(t, read(tb))
	main, err := os.ReadFile(path + ".txt")
	if strings.HasPrefix(onNetwork, "loopback/") {
		if own, none := os.ReadFile(path + ".loopback.txt"); none == nil || *update && string(main) != got {
			path, main, err = path+".loopback", own, none
		}
	}
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path+".txt", []byte(got), 0o644))
		return
	}
	require.NoError(t, err, "go test ./harness -update writes it")
	require.Equal(t, string(main), got, "%s.txt; go test ./harness -update writes it anew", path)
}

var aStudentLine = regexp.MustCompile(`students\.go:(\d+)`)

// unmessage puts the marks of students.go in place of its lines.
func unmessage(t *testing.T, text string) string {
	source, err := os.ReadFile(filepath.FromSlash(students.Dir + "/students.go"))
	require.NoError(t, err)
	marks := marksOf(string(source))
	return aStudentLine.ReplaceAllStringFunc(text, func(place string) string {
		number, _ := strconv.Atoi(strings.TrimPrefix(place, "students.go:"))
		if mark, ok := marks[number]; ok {
			return "{" + mark + "}"
		}
		return place
	})
}

// marksOf returns the names of a source's lines, by their numbers.
func marksOf(source string) map[int]string {
	marks := map[int]string{}
	whole := "" // the mark of the function that the line is in, if it has one
	for i, line := range strings.Split(source, "\n") {
		_, mark, marked := strings.Cut(line, " // ")
		switch {
		case marked && strings.HasPrefix(line, "func "):
			whole = mark
		case !marked && whole != "":
			mark, marked = whole, true
		}
		if marked && !strings.HasPrefix(line, "//") {
			marks[i+1] = mark
		}
		if line == "}" {
			whole = ""
		}
	}
	return marks
}

// TestMarks: a mark names its line, at the end of a func line all of the function.
func TestMarks(t *testing.T) {
	require.Equal(t, map[int]string{2: "one", 5: "all", 6: "all", 7: "all"}, marksOf(`func f() {
	g() // one
}

func g() { // all
	f()
}
`))
}
