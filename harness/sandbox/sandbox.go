// Package sandbox runs what belongs to one submission in a box: its own processes, files and network, and limits on
// all of them. Whatever happens in there ends with the box, and an [Outcome] says how.
//
// There are several kinds of boxes, as machines differ in what they allow. [Find] tries each with the very command line
// that it would use, and returns the best that works:
//
//   - bubblewrap: namespaces of its own for users, processes, the network (loopback alone), IPC and names; of the
//     disk, what the command names, read-only, with the system's programs and libraries; no home directory. Labs can
//     be made within. It takes the program bwrap, and as an ordinary user, user namespaces.
//   - container: for a container that is thrown away after one submission, and refuses namespaces. A user of its own,
//     who is nobody's, for each box; files by Landlock, system calls by seccomp. It takes root, and the network is the
//     container's: the stamp says so.
//   - trust: no box. A command has its limits all the same, as far as it does not try to get around them. Find never
//     returns it unless it is asked for by name.
//
// Limits are kept twice: by the kernel for each process (setrlimit(2)), or for the box's user and file system, where it
// can; and by a look at all of the box's processes every 50 ms, which ends the box and names the limit. So a box may
// use, for that long, as much more as the machine gives it in that time.
//
// Judge and code under test share a box. What keeps one from the other is package confine, in each kind: where the
// kernel lacks what that needs, the stamp says so.
//
// A program that calls Find becomes, for a moment, the first process of each box: as it links package confine, it
// lowers limits there and becomes the command.
package sandbox

import (
	"fmt"
	"io"
	"time"
)

// The names of the kinds of boxes, as Find takes them.
const (
	Bubblewrap = "bubblewrap"
	Container  = "container"
	Trust      = "trust"
)

// A Command is a program, and what it is given.
type Command struct {
	// Args are the program's absolute path and its arguments. The program is one of Read's, or the system's.
	Args []string
	// Read are absolute paths of files and directories that are seen in the box, where they are outside, read-only.
	// What is a link outside is what it leads to. As root, others must be allowed to read them (chmod -R o+rX), since
	// nobody is root in a box.
	Read []string
	// Env is the whole environment, but for HOME, TMPDIR and PWD, which are the working directory: an empty one of the
	// box's own, and all that may be written to. Its path is the box's to choose.
	Env   []string
	Stdin io.Reader // nil for nothing
	// Processor is the only one on which anything of the box's runs, from 1, as this process may use them; numbers
	// beyond the last begin anew. 0 is for all of them.
	Processor int
	Limits
}

// An UnreachableError says that a box's user can't come to a path of [Command.Read]'s, as a directory on the way is its
// owner's alone.
type UnreachableError struct{ Path, Dir string }

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s: nobody but its owner can enter it, and the box's user has to, for %s: chmod o+x %s, or "+
		"have that elsewhere", e.Dir, e.Path, e.Dir)
}

// Limits are what a box may use, all processes together. Each is to be above 0: [Usual] has them for one submission.
type Limits struct {
	Wall      time.Duration // of real time
	CPU       time.Duration // of processors' time
	Memory    int64         // bytes; files in the working directory not counted
	Processes int           // and threads
	Room      int64         // bytes of files in the working directory
	Output    int64         // bytes of Stdout, and as many of Stderr
}

// Usual returns the limits for one submission: some times of what the course's solutions take.
func Usual() Limits {
	return Limits{
		Wall: 10 * time.Minute, CPU: 5 * time.Minute, Memory: 2 << 30, Processes: 512, Room: 512 << 20,
		Output: 16 << 20,
	}
}

// A Limit is the name of one of [Limits], for reports.
type Limit string

// The limits; "" is none.
const (
	Wall      Limit = "time"
	CPU       Limit = "processor time"
	Memory    Limit = "memory"
	Processes Limit = "processes"
	Room      Limit = "files"
	Output    Limit = "output"
)

// An Outcome is how a command has ended, and what the box has used.
type Outcome struct {
	Status         int    // the program's, or 128 and the number of the signal that has ended it
	Limit          Limit  // which has ended it, if one has
	Stdout, Stderr []byte // at most [Limits].Output each
	Took           time.Duration
	CPU            time.Duration // up to the last look at it, some 50 ms before the end
	Memory         int64         // most bytes that were seen in use
	Processes      int           // most processes and threads that were seen
}
