package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A usage is what processes use together.
type usage struct {
	cpu     time.Duration
	memory  int64 // bytes that are theirs alone, or shared by them
	threads int
	limit   Limit
}

// clockTick is the unit of processor time in /proc (sysconf(_SC_CLK_TCK)), on all systems that Go has.
const clockTick = time.Second / 100

// use adds up what processes use (proc_pid_stat(5), proc_pid_status(5)), and those that they have waited for.
func use(processes []int) (all usage) {
	for _, pid := range processes {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third on
		if len(fields) < 18 {
			continue
		}
		for _, f := range fields[11:15] {
			ticks, _ := strconv.ParseInt(f, 10, 64)
			all.cpu += time.Duration(ticks) * clockTick
		}
		threads, _ := strconv.Atoi(fields[17])
		all.threads += threads
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(line, ":")
			if name == "RssAnon" || name == "RssShmem" {
				kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
				all.memory += kilobytes << 10
			}
		}
	}
	return all
}

// family lists a process and all that it has started, and those have, as long as whoever has started them is there.
func family(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		tasks := fmt.Sprintf("/proc/%d/task", all[i])
		dir, err := os.Open(tasks)
		if err != nil {
			continue
		}
		threads, _ := dir.Readdirnames(-1)
		dir.Close()
		for _, thread := range threads {
			children, _ := os.ReadFile(tasks + "/" + thread + "/children")
			for child := range strings.FieldsSeq(string(children)) {
				if n, err := strconv.Atoi(child); err == nil {
					all = append(all, n)
				}
			}
		}
	}
	return all
}

// ofUser lists the processes of a user's.
func ofUser(uid int) (all []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		status, _ := os.ReadFile("/proc/" + name + "/status")
		_, ids, _ := strings.Cut(string(status), "\nUid:")
		if fields := strings.Fields(ids); len(fields) > 0 && fields[0] == strconv.Itoa(uid) {
			all = append(all, pid)
		}
	}
	return all
}
