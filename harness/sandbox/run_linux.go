package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"udpkata/harness/sandbox/confine"
)

// A box is one that a command runs in.
type box struct {
	Command
	cmd  *exec.Cmd
	work string // the working directory
	slot *slot  // nil unless the box has a user of its own
	self string // the path of this program
}

// Bounds of the watch that is kept over a box.
const (
	tick      = 50 * time.Millisecond
	mostFiles = 20_000          // in the working directory: each takes the kernel's memory
	afterCPU  = 5 * time.Second // of the watch's limit, the kernel's own comes, which no report can name
	lastWords = 5 * time.Second
)

// Run runs a command in a box of its own, to its end or to its limits'. The context's end ends it, too. An error is
// never the command's: it says why no box could be made, or what could not be removed after it.
func (s *Sandbox) Run(ctx context.Context, c Command) (out Outcome, err error) {
	if err := c.check(); err != nil {
		return Outcome{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return Outcome{}, err
	}
	b := &box{Command: c, self: self}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := func(l Limit) { cancel(limitError(l)) }
	stdout := &capped{most: c.Output, over: func() { stop(Output) }}
	stderr := &capped{most: c.Output, over: func() { stop(Output) }}
	b.cmd = exec.Command(c.Args[0], c.Args[1:]...)
	b.cmd.Path, b.cmd.Err = c.Args[0], nil
	b.cmd.Stdin, b.cmd.Stdout, b.cmd.Stderr = c.Stdin, stdout, stderr
	b.cmd.Env = append([]string{}, c.Env...)
	b.cmd.WaitDelay = lastWords
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the kernel ends the box when the thread ends that has started it
	defer runtime.UnlockOSThread()
	defer onProcessor(c.Processor)()
	began := time.Now()
	defer func() { err = errors.Join(err, s.tier.end(b)) }()
	if err := s.tier.start(b); err != nil {
		return Outcome{}, err
	}
	ended := make(chan struct{})
	watched := make(chan usage)
	go func() { watched <- s.watch(ctx, b, stop, began, ended) }()
	waited := b.cmd.Wait()
	close(ended)
	seen := <-watched
	out = Outcome{
		Stdout: stdout.all.Bytes(), Stderr: stderr.all.Bytes(), Took: time.Since(began), Memory: seen.memory,
		Processes: seen.threads, CPU: seen.cpu,
	}
	if state := b.cmd.ProcessState; state != nil {
		out.CPU = max(out.CPU, state.UserTime()+state.SystemTime())
		out.Status = state.ExitCode()
		if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			out.Status = 128 + int(status.Signal())
		}
	}
	var l limitError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &l):
		out.Limit = Limit(l)
	case cause != nil:
		return out, cause
	case out.CPU > c.CPU:
		out.Limit = CPU
	case seen.limit != "":
		out.Limit = seen.limit
	}
	if exit := (*exec.ExitError)(nil); errors.As(waited, &exit) || errors.Is(waited, exec.ErrWaitDelay) {
		return out, nil
	}
	return out, waited
}

// A limitError is the cause of a box's end.
type limitError Limit

func (l limitError) Error() string { return "the limit of " + string(l) }

// check returns an error for a command that none can be.
func (c *Command) check() error {
	if len(c.Args) == 0 || !filepath.IsAbs(c.Args[0]) {
		return fmt.Errorf("a command in a box begins with an absolute path: %q", c.Args)
	}
	for _, path := range c.Read {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("what is seen in a box has an absolute path, unlike %q", path)
		}
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("what is to be seen in a box: %w", err)
		}
	}
	if min(int64(c.Wall), int64(c.CPU), c.Memory, int64(c.Processes), c.Room, c.Output) <= 0 {
		return fmt.Errorf("a box without a limit: %+v", c.Limits)
	}
	return nil
}

// readable returns an error for what the box's user can't read, though they should.
func (c *Command) readable() error {
	for _, path := range c.Read {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o004 == 0 {
			return fmt.Errorf("%s: nobody but its owner can read it, and the box has another user: chmod -R o+rX %s",
				path, path)
		}
	}
	return nil
}

// reachable returns an error for what the box's user can't come to, where paths are what they are outside. The command
// itself need not be: it is open already.
func (c *Command) reachable() error {
	for _, path := range c.Read {
		for dir := filepath.Dir(path); path != c.Args[0]; dir = filepath.Dir(dir) {
			if info, err := os.Stat(dir); err == nil && info.Mode()&0o001 == 0 {
				return &UnreachableError{Path: path, Dir: dir}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return nil
}

// sooner is how much sooner than whoever has started it the kernel ends a box where memory is short, and later than a
// stage in it.
const sooner = 900

// setting returns what is taken away from the command in any box.
func (b *box) setting() confine.Setting {
	return confine.Setting{
		Limits: map[int]uint64{
			unix.RLIMIT_CORE: 0, unix.RLIMIT_CPU: uint64(math.Ceil((b.CPU + afterCPU).Seconds())),
			unix.RLIMIT_DATA: uint64(b.Memory), unix.RLIMIT_FSIZE: uint64(b.Room),
			unix.RLIMIT_MEMLOCK: 0, unix.RLIMIT_MSGQUEUE: 0,
		},
		OOM: sooner,
	}
}

// settle sets the environment of the command, which knows the working directory by it.
func (b *box) settle() {
	b.cmd.Env = append(b.cmd.Env, "HOME="+b.work, "TMPDIR="+b.work, "PWD="+b.work)
}

// watch looks at a box until it has ended, and ends it where it goes beyond a limit, or ctx does.
func (s *Sandbox) watch(ctx context.Context, b *box, stop func(Limit), began time.Time, ended chan struct{}) (
	most usage) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for {
		processes := s.tier.processes(b)
		now := use(processes)
		most.memory, most.threads = max(most.memory, now.memory), max(most.threads, now.threads)
		most.cpu = max(most.cpu, now.cpu)
		room, files := s.tier.files(b)
		switch {
		case time.Since(began) > b.Wall:
			most.limit = Wall
		case now.cpu > b.CPU:
			most.limit = CPU
		case now.memory > b.Memory:
			most.limit = Memory
		case now.threads >= b.Processes:
			most.limit = Processes
		case room >= b.Room || files > mostFiles:
			most.limit = Room
		}
		if most.limit != "" {
			stop(most.limit)
		}
		if ctx.Err() != nil {
			for _, pid := range slices.Concat(processes, []int{b.cmd.Process.Pid}) {
				unix.Kill(pid, unix.SIGKILL)
			}
			unix.Kill(-b.cmd.Process.Pid, unix.SIGKILL)
		}
		select {
		case <-ended:
			return most
		case <-ticks.C:
		case <-ctx.Done():
			select { // once more, until it is gone
			case <-ended:
				return most
			case <-ticks.C:
			}
		}
	}
}

// A capped writer keeps so many bytes, and takes no more.
type capped struct {
	most int64
	over func()
	mu   sync.Mutex
	all  bytes.Buffer
}

// Write says that all is taken: who writes too much is ended otherwise.
func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(int64(len(p)), c.most-int64(c.all.Len()))
	c.all.Write(p[:n])
	if n < int64(len(p)) {
		c.over()
	}
	return len(p), nil
}
