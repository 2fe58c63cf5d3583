package stage

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"udpkata/harness/internal/patience"
)

// This file is about when to give up on a process that could be silent for ever. What it says
// of itself is a claim, so it is the kernel that is asked: one that is still at work has the
// processor, or waits for it.

// now returns the real time, also in a bubble.
func now() time.Time {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Unix(t.Unix())
}

// mostThreads is how many threads of a process are looked at.
const mostThreads = 1000

// isIn reports whether any of the process's threads is in one of some states, which are
// letters (proc_pid_stat(5)): R is one that runs, or would if it were given a processor.
func (p *process) isIn(states string) bool {
	tasks := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
	dir, err := os.Open(tasks)
	if err != nil {
		return false
	}
	defer dir.Close()
	all, _ := dir.Readdirnames(mostThreads)
	for _, thread := range all {
		stat, _ := os.ReadFile(tasks + "/" + thread + "/stat")
		_, state, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		if state != "" && strings.Contains(states, state[:1]) {
			return true
		}
	}
	return false
}

// hasEnded reports whether the process is no more, whoever has heard of that.
func (p *process) hasEnded() bool { return p.dead.Load() || p.isIn("ZX") }

// vigil begins a wait, in real time, for what the process alone can bring about. over is asked
// once a tick, and reports whether the wait is in vain.
func (p *process) vigil() (over func() bool) {
	wait := patience.New(0)
	return func() bool { return wait.Stalled(p.isIn("R")) }
}

// end ends the process, since it does something that the rest of the story can't be told
// after.
func (p *process) end(why string) {
	p.misuse.CompareAndSwap(nil, &why)
	if p.dead.Load() {
		return
	}
	p.signal()
}

// awaits waits for what the stage is to bring about, and reports whether it did. In virtual
// time, somebody outside of the bubble looks after it.
func (s *Story) awaits(done <-chan struct{}) bool {
	if s.Virtual {
		select {
		case <-done:
			return true
		case <-s.gone:
			return false
		}
	}
	for over := s.process.vigil(); ; {
		tick := s.Clock.NewTimer(patience.Tick)
		select {
		case <-done:
			tick.Stop()
			return true
		case <-s.gone:
			tick.Stop()
			return false
		case <-tick.C:
			if over() {
				s.process.end("does not answer")
			}
		}
	}
}

// Silent reports whether the stage has not even said what it is about when it was asked last.
func (s *Story) Silent() bool {
	s.process.askMu.Lock()
	defer s.process.askMu.Unlock()
	return s.process.owes
}

// stirs reports whether the stage can be at work, which ran or not just before it was asked what
// it is about. One that answers, and says so, may only not have come to it just then, but not for
// a while in which it does nothing.
func (s *Story) stirs(ran, answers bool) bool {
	if !answers {
		return ran
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := now()
	if done := uint64(s.asked+s.answered) + s.steps.Load(); ran || done != s.still.done || s.still.looks == 0 {
		s.still = still{done: done, since: at}
	}
	s.still.looks++
	return s.still.looks <= patience.Bounds.IdleTicks ||
		at.Sub(s.still.since) < time.Duration(patience.Bounds.IdleTicks)*patience.Tick
}

// A still is a while in which a stage did nothing.
type still struct {
	done  uint64 // what it had done, and what was done for it, before
	since time.Time
	looks int
}
