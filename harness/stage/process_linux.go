package stage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/sandbox/confine"
	"udpkata/harness/stage/link"
)

// A process runs the code under test, story after story.
type process struct {
	cmd    *exec.Cmd
	from   *link.Source
	to     *os.File
	toFd   int              // its descriptor
	asking int              // a socket: where it says what its goroutines are about
	passes int              // a socket: where descriptors are passed
	own    map[uintptr]bool // the kernel's numbers of its ends of those two
	files  map[int64]*os.File
	told   *tail

	mu     sync.Mutex // guards what is sent
	buf    []byte
	askMu  sync.Mutex // guards what it is asked
	owes   bool       // it has not answered the last question
	heard  []byte     // of the answer
	fileMu sync.Mutex
	exited chan struct{} // closed once it has ended, or was ended
	how    string
	dead   atomic.Bool
	misuse atomic.Pointer[string] // why it was ended here
}

// Processes are started by a goroutine that is in no bubble, on a thread of its own: the
// kernel ends them when that thread ends.
var (
	wanted = make(chan struct{})
	fresh  = make(chan started)
)

type started struct {
	p   *process
	err error
}

// image is the program, which is opened before any of it runs, as it could remove or replace its file; nil where that
// can't be. hasRun is whether any of it has run.
var (
	image  *os.File
	hasRun atomic.Bool
)

// HasRun reports whether the code has begun to run in this process's time.
func HasRun() bool { return hasRun.Load() }

// firstFree is above the descriptors that a stage gets.
const firstFree = 100

func init() {
	if !On() {
		return
	}
	if fd, err := unix.Open(program, unix.O_PATH|unix.O_CLOEXEC, 0); err == nil {
		if own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, firstFree); err == nil {
			image = os.NewFile(uintptr(own), program)
		}
		unix.Close(fd)
	}
	go func() {
		runtime.LockOSThread()
		for range wanted {
			p, err := start()
			fresh <- started{p, err}
		}
	}()
}

func newProcess() (*process, error) {
	wanted <- struct{}{}
	s := <-fresh
	return s.p, s.err
}

func start() (*process, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	asked, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	passing, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	own := map[uintptr]bool{}
	for _, fd := range []int{asked[1], passing[1]} {
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			return nil, err
		}
		own[uintptr(stat.Ino)] = true
	}
	theirs := []*os.File{inR, outW, os.NewFile(uintptr(asked[1]), "asked"), os.NewFile(uintptr(passing[1]), "passing")}
	from := &pipe{file: outR, fd: int(outR.Fd()), ends: -1}
	path := program
	if image != nil {
		path = fmt.Sprintf("/proc/self/fd/%d", image.Fd())
	}
	p := &process{
		cmd: exec.Command(path), from: link.NewSource(from), to: inW,
		asking: asked[0], passes: passing[0], own: own, files: map[int64]*os.File{},
		told: &tail{}, exited: make(chan struct{}),
	}
	// Both are used without the poller, which takes longer. Fd makes them block, each time.
	unix.SetNonblock(from.fd, true)
	p.toFd = int(inW.Fd())
	unix.SetNonblock(p.toFd, true)
	p.cmd.ExtraFiles = theirs
	p.cmd.Dir = "/"
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "GOMAXPROCS=1", "GOGC=400"}
	p.cmd.Stdout, p.cmd.Stderr = p.told, p.told
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &from.ends}
	err = launch(p.cmd)
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("the stage does not start: %w", err)
	}
	hasRun.Store(true)
	if from.ends >= 0 { // where the kernel has such descriptors
		from.end = os.NewFile(uintptr(from.ends), "end")
	}
	go func() {
		from.awaitEnd()
		err := p.cmd.Wait()
		p.how = "status 0"
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) { // whoever it has started may go on printing
			p.how = strings.Replace(err.Error(), "exit status", "status", 1)
		}
		p.dead.Store(true)
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // whoever it has started
		close(p.exited)
	}()
	return p, nil
}

// launch starts the program, with its rights taken away if that is asked for.
func launch(cmd *exec.Cmd) error {
	defer stacks.Starting()()
	if !confine.On() {
		return cmd.Start()
	}
	if image == nil {
		return fmt.Errorf("it can't be confined, as %s can't be opened", program)
	}
	return confine.Start(cmd, image, confine.Stage())
}

// lastMoments is how long a process may take to end once its pipe is closed.
const lastMoments = 10 * time.Second

// ends waits, in real time, until the process has ended, and tells how. ok is false if it
// goes on.
func (p *process) ends() (how string, ok bool) {
	moment := unix.NsecToTimespec(int64(time.Millisecond))
	asleep := 0
	for i := range lastMoments / time.Millisecond {
		select {
		case <-p.exited:
			return p.how, true
		default:
			unix.Nanosleep(&moment, nil)
		}
		if i%100 == 99 && !p.isIn("RZX") {
			asleep++
		}
		if asleep == patience.Bounds.IdleTicks {
			break // it does not even begin to end
		}
	}
	return "", false
}

// signal has the kernel end the process, and whoever it has started and is in its group still, in which it may not be
// itself.
func (p *process) signal() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.cmd.Process.Kill()
}

// kill ends the process, and whoever it has started.
func (p *process) kill() {
	p.dead.Store(true)
	p.signal()
	<-p.exited
	p.mu.Lock()
	p.to.Close()
	p.mu.Unlock()
	p.askMu.Lock()
	unix.Close(p.asking)
	p.askMu.Unlock()
	unix.Close(p.passes)
}

// send sends frames together. A process that is no more does not mind; one that does not take
// them is ended.
func (p *process) send(all ...link.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = p.buf[:0]
	for _, f := range all {
		p.buf = f.Append(p.buf)
	}
	var over func() bool
	for rest := p.buf; len(rest) > 0 && !p.dead.Load(); {
		n, err := unix.Write(p.toFd, rest)
		switch {
		case err == nil:
			rest, over = rest[n:], nil
		case err == unix.EAGAIN:
			if over == nil {
				over = p.vigil()
			}
			room := []unix.PollFd{{Fd: int32(p.toFd), Events: unix.POLLOUT}}
			if n, _ := unix.Poll(room, int(patience.Tick/time.Millisecond)); n == 0 && over() {
				p.end("does not hear what it is told")
				return
			}
		case err != unix.EINTR:
			return
		}
	}
}

// A pipe is where a process's frames come from. It is read without a poller.
type pipe struct {
	file *os.File // is open as long as anybody may read
	fd   int
	end  *os.File // of the process: whoever else holds the pipe, nothing comes any more after that
	ends int      // its descriptor
}

// Read waits for bytes.
func (p *pipe) Read(b []byte) (int, error) {
	defer runtime.KeepAlive(p)
	return link.ReadUntil(p.fd, p.ends, b)
}

// awaitEnd waits until the process has ended, and then for a moment in which the kernel can clean up after the last of
// its threads: whoever takes the process off its list meanwhile waits for that thread with the processor in use, which
// may be the only one that both have.
func (p *pipe) awaitEnd() {
	if p.ends < 0 {
		return
	}
	ended := []unix.PollFd{{Fd: int32(p.ends), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(ended, -1); err != unix.EINTR {
			break
		}
	}
	runtime.KeepAlive(p)
	moment := unix.NsecToTimespec(int64(time.Millisecond))
	unix.Nanosleep(&moment, nil)
}

// How long the stage may take to say what its goroutines are about, which it does at once
// unless it can't, and how many bytes that may be.
const (
	mostThought = 2 * time.Second
	mostText    = 2 << 20
)

var errSilent = errors.New("the stage does not answer")

// ask asks what the process's goroutines are about.
func (p *process) ask() (said []byte, err error) {
	p.askMu.Lock()
	defer p.askMu.Unlock()
	if p.dead.Load() {
		return nil, errSilent
	}
	if p.owes { // an answer that says what was, when it comes
		if _, err := p.answer(patience.Tick); err != nil {
			return nil, err
		}
	}
	if _, err := unix.Write(p.asking, []byte{'?'}); err != nil {
		return nil, err
	}
	p.owes = true
	return p.answer(mostThought)
}

// answer takes what has been answered, or comes in a while.
func (p *process) answer(within time.Duration) (said []byte, err error) {
	for end := now().Add(within); ; {
		if len(p.heard) >= 4 {
			n := int(binary.BigEndian.Uint32(p.heard))
			if n > mostText {
				return nil, errSilent
			}
			if len(p.heard) >= 4+n {
				said, p.heard, p.owes = p.heard[4:4+n], nil, false
				return said, nil
			}
		}
		left := end.Sub(now())
		ready := []unix.PollFd{{Fd: int32(p.asking), Events: unix.POLLIN}}
		n, err := unix.Poll(ready, int(max(0, left)/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return nil, errSilent
		}
		var more [64 << 10]byte
		got, err := unix.Read(p.asking, more[:])
		if err != nil || got == 0 {
			return nil, errSilent
		}
		p.heard = append(p.heard, more[:got]...)
	}
}

// cpuTime returns the processor time that the process has spent (clock_getcpuclockid(3)).
func (p *process) cpuTime() time.Duration {
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|2), &used); err != nil {
		return 0
	}
	return time.Duration(used.Nano())
}

// pass sends a descriptor to the stage.
func (p *process) pass(number int64, fd int) error {
	var w link.Writer
	w.Int(number)
	return unix.Sendmsg(p.passes, w.Bytes, unix.UnixRights(fd), nil, unix.MSG_DONTWAIT)
}

// received returns the descriptor that the stage has sent with a number, nil if it has not.
func (p *process) received(number int64) *os.File {
	p.fileMu.Lock()
	defer p.fileMu.Unlock()
	p.receive(func() bool { return p.files[number] != nil })
	file := p.files[number]
	delete(p.files, number)
	return file
}

// strays returns the kernel's numbers of the sockets that the stage has sent and nobody has asked for.
func (p *process) strays() map[uintptr]bool {
	p.fileMu.Lock()
	defer p.fileMu.Unlock()
	p.receive(func() bool { return false })
	all := map[uintptr]bool{}
	for _, file := range p.files {
		var stat unix.Stat_t
		if unix.Fstat(int(file.Fd()), &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK {
			all[uintptr(stat.Ino)] = true
		}
	}
	return all
}

// receive takes descriptors that have come until there are no more, or has says so. The caller holds p.fileMu.
func (p *process) receive(has func() bool) {
	for !has() {
		var data [16]byte
		var control [64]byte
		n, size, _, _, err := unix.Recvmsg(p.passes, data[:], control[:], unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		if err != nil || n == 0 {
			return
		}
		r := link.Reader{Bytes: data[:n]}
		messages, err := unix.ParseSocketControlMessage(control[:size])
		if err != nil {
			return
		}
		came := r.Int()
		for _, m := range messages {
			fds, _ := unix.ParseUnixRights(&m)
			for _, fd := range fds {
				if old := p.files[came]; old != nil || len(p.files) >= 64 {
					unix.Close(fd)
					continue
				}
				p.files[came] = os.NewFile(uintptr(fd), "passed")
			}
		}
	}
}

// A tail passes on what the stage prints, and keeps the end of it.
type tail struct {
	mu   sync.Mutex
	line []byte
	last []byte
	all  int
}

// How many bytes of what the stage prints are passed on, how many of one line, and how many
// are kept.
const (
	mostPrinted = 1 << 20
	mostLine    = 4 << 10
	mostLast    = 16 << 10
)

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	t.last = t.last[max(0, len(t.last)-mostLast):]
	if t.all >= mostPrinted {
		return len(p), nil
	}
	t.line = append(t.line, p...)
	for {
		line, rest, whole := bytes.Cut(t.line, []byte("\n"))
		if !whole && len(t.line) < mostLine {
			return len(p), nil
		}
		if !whole {
			line, rest = t.line[:mostLine], t.line[mostLine:]
		}
		t.all += len(line) + 1
		os.Stdout.WriteString(visible(string(line)) + "\n")
		t.line = append(t.line[:0], rest...)
		if t.all >= mostPrinted {
			os.Stdout.WriteString("(what the code prints after this is left out)\n")
			return len(p), nil
		}
	}
}

func (t *tail) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}
