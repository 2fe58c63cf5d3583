package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// triesVariable has, in a box, what the helper tries there: this program is the helper, too.
const triesVariable = "UDPKATA_SANDBOX_TRIES"

func TestMain(m *testing.M) {
	if name := os.Getenv(triesVariable); name != "" {
		try, ok := tries[name]
		if !ok {
			os.Exit(99)
		}
		if err := try(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("done")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// itself starts the helper once more.
func itself(name string) (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), triesVariable+"="+name)
	return cmd, cmd.Start()
}

func forEver() error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGTSTP)
	select {}
}

// tries are what the helper does. Those that are to be refused return nil if they are not.
var tries = map[string]func() error{
	"nothing": func() error { return nil },
	"where": func() error {
		dir, err := os.Getwd()
		fmt.Println(dir == os.TempDir(), dir == os.Getenv("HOME"), os.Getenv("SECRET"), len(os.Environ()))
		return err
	},
	"status 3": func() error { os.Exit(3); return nil },
	"end it sooner": func() error {
		now, err := os.ReadFile("/proc/self/oom_score_adj")
		fmt.Print(string(now))
		return err
	},
	"processors": func() error {
		var all unix.CPUSet
		err := unix.SchedGetaffinity(0, &all)
		fmt.Println(all.Count(), all)
		return err
	},
	"working directory": func() error {
		if err := os.WriteFile("file", []byte("x"), 0o600); err != nil {
			return err
		}
		return os.Mkdir("directory", 0o700)
	},
	"build and run": func() error {
		program, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			return err
		}
		if err := os.WriteFile("program", program, 0o700); err != nil {
			return err
		}
		cmd := exec.Command("./program")
		cmd.Env = []string{triesVariable + "=nothing"}
		return cmd.Run()
	},
	"read what it is given":  func() error { return readFile(os.Getenv("GIVEN")) },
	"write what it is given": func() error { return os.WriteFile(os.Getenv("GIVEN"), []byte("x"), 0o600) },
	"read a secret":          func() error { return readFile(os.Getenv("HIDDEN")) },
	"read a home":            func() error { _, err := os.ReadDir(os.Getenv("HOUSE")); return err },
	"write outside":          func() error { return os.WriteFile("/usr/udpkata", nil, 0o600) },
	"write to the root":      func() error { return os.WriteFile("/udpkata", nil, 0o600) },
	"write to /dev/shm":      func() error { return os.WriteFile("/dev/shm/udpkata", nil, 0o600) },
	"kernel's settings":      func() error { return os.WriteFile("/proc/sys/kernel/core_pattern", []byte("x"), 0) },
	"device":                 func() error { return unix.Mknod("device", unix.S_IFBLK|0o600, 254<<8) },
	"disk":                   func() error { return readFile("/dev/vda") },
	"mount":                  func() error { return unix.Mount("none", ".", "tmpfs", 0, "") },
	"root":                   func() error { return unix.Setuid(0) },
	"signal outside": func() error {
		var pid int
		fmt.Sscan(os.Getenv("OUTSIDE"), &pid)
		return unix.Kill(pid, 0)
	},
	"network outside": func() error {
		conn, err := net.Dial("udp", os.Getenv("SERVER"))
		if err != nil {
			return err
		}
		if _, err = conn.Write([]byte("x")); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err = conn.Read(make([]byte, 1))
		return err
	},
	"loopback": func() error {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		conn.WriteTo([]byte("x"), conn.LocalAddr())
		_, _, err = conn.ReadFrom(make([]byte, 1))
		return err
	},
	"lab": func() error {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), triesVariable+"=nothing")
		one := []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		group := []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET, UidMappings: one, GidMappings: group,
		}
		return cmd.Run()
	},
	"sleep": forEver,
	"spin": func() error {
		for n := 0; ; n++ {
			runtime.KeepAlive(n)
		}
	},
	"flood of output": func() error {
		line := []byte(strings.Repeat("x", 1<<12))
		for {
			os.Stdout.Write(line)
		}
	},
	"flood of files": func() error {
		for i := 0; ; i++ {
			os.WriteFile(fmt.Sprint(i), nil, 0o600)
		}
	},
	"one big file": func() error {
		f, err := os.Create("big")
		if err != nil {
			return err
		}
		signal.Ignore(syscall.SIGXFSZ)
		for {
			if _, err := f.Write(make([]byte, 1<<20)); err != nil {
				return forEver()
			}
		}
	},
	"bomb of memory": func() error {
		var all [][]byte
		for range 64 {
			b, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
			if err != nil {
				return err
			}
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
		}
		defer runtime.KeepAlive(all)
		return forEver()
	},
	"flood of processes": func() error {
		for range 10_000 {
			itself("sleep")
		}
		return forEver()
	},
	"daemon": func() error {
		_, err := itself("middle")
		return err
	},
	"middle": func() error {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), triesVariable+"=sleep")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return cmd.Start()
	},
}

func readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 1))
	return err
}

// A trial runs the helper in one kind of box.
type trial struct {
	*Sandbox
	program string // a copy of this one that others may read
	env     []string
}

func (tr *trial) run(t *testing.T, name string, change func(*Command)) Outcome {
	c := Command{Args: []string{tr.program}, Read: []string{tr.program}, Limits: Usual()}
	c.Env = append([]string{triesVariable + "=" + name}, tr.env...)
	if change != nil {
		change(&c)
	}
	out, err := tr.Run(t.Context(), c)
	require.NoError(t, err)
	t.Logf("status %d, limit %q: %.100q %.300q; %v, processor %v, %d MiB, %d threads", out.Status, out.Limit,
		out.Stdout, out.Stderr, out.Took.Round(time.Millisecond), out.CPU, out.Memory>>20, out.Processes)
	return out
}

// eachTier runs a test for each kind of box that works here.
func eachTier(t *testing.T, f func(t *testing.T, tr *trial)) {
	for _, name := range []string{Bubblewrap, Container, Trust} {
		t.Run(name, func(t *testing.T) {
			s, err := Find(t.Context(), name)
			if err != nil {
				t.Skip(err)
			}
			self, err := os.ReadFile("/proc/self/exe")
			require.NoError(t, err)
			dir, err := os.MkdirTemp("", "sandbox-")
			require.NoError(t, err)
			t.Cleanup(func() { os.RemoveAll(dir) })
			require.NoError(t, os.Chmod(dir, 0o755))
			program := filepath.Join(dir, "program")
			require.NoError(t, os.WriteFile(program, self, 0o755))
			f(t, &trial{s, program, nil})
		})
	}
}

// TestWork: in each kind of box, a command does what it is there for.
func TestWork(t *testing.T) {
	t.Setenv("SECRET", "not for the box")
	eachTier(t, func(t *testing.T, tr *trial) {
		given := filepath.Join(filepath.Dir(tr.program), "given")
		require.NoError(t, os.WriteFile(given, []byte("x"), 0o644))
		for _, name := range []string{
			"nothing", "working directory", "build and run", "loopback", "read what it is given",
		} {
			out := tr.run(t, name, func(c *Command) {
				c.Read = append(c.Read, given)
				c.Env = append(c.Env, "GIVEN="+given)
			})
			require.Equal(t, 0, out.Status, name)
			require.Equal(t, Limit(""), out.Limit, name)
			require.Equal(t, "done\n", string(out.Stdout), name)
		}
		require.Equal(t, "true true  4\ndone\n", string(tr.run(t, "where", nil).Stdout))
		require.Equal(t, 3, tr.run(t, "status 3", nil).Status)
		if tr.Name != Trust {
			require.Equal(t, "900\ndone\n", string(tr.run(t, "end it sooner", nil).Stdout))
		}
		if tr.Name == Bubblewrap {
			require.Equal(t, 0, tr.run(t, "lab", nil).Status)
		}
	})
}

// TestProcessor: a box can have one processor alone, another one for another number, and takes none of this process's.
func TestProcessor(t *testing.T) {
	var before, after unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	eachTier(t, func(t *testing.T, tr *trial) {
		on := map[int]string{}
		for _, n := range []int{0, 1, 2, 1 + before.Count(), 1 << 30} {
			out := tr.run(t, "processors", func(c *Command) { c.Processor = n })
			require.Equal(t, 0, out.Status)
			count := 1
			if n == 0 {
				count = before.Count()
			}
			require.Contains(t, string(out.Stdout), fmt.Sprintf("%d [", count), "as processor %d", n)
			on[n] = string(out.Stdout)
		}
		require.Equal(t, on[1], on[1+before.Count()])
		if before.Count() > 1 {
			require.NotEqual(t, on[1], on[2])
		}
	})
	require.NoError(t, unix.SchedGetaffinity(0, &after))
	require.Equal(t, before, after)
}

// TestReachable: what the box's user could not come to is told, with what to do.
func TestReachable(t *testing.T) {
	dir := t.TempDir()
	given := filepath.Join(dir, "closed", "given")
	require.NoError(t, os.MkdirAll(filepath.Dir(given), 0o700))
	require.NoError(t, os.WriteFile(given, nil, 0o644))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	c := &Command{Args: []string{"/bin/true"}, Read: []string{given, "/bin"}}
	require.ErrorContains(t, c.reachable(), filepath.Dir(given)+": nobody but its owner can enter it")
	require.NoError(t, os.Chmod(filepath.Dir(given), 0o711))
	require.NoError(t, c.reachable())
	require.NoError(t, os.Chmod(filepath.Dir(given), 0o700))
	c.Args[0] = given
	require.NoError(t, c.reachable(), "it is open when the box begins")
}

// TestEscapes: nothing outside of the box is to be had.
func TestEscapes(t *testing.T) {
	eachTier(t, func(t *testing.T, tr *trial) {
		if tr.Name == Trust {
			t.Skip("is no box")
		}
		dir := filepath.Dir(tr.program)
		hidden := filepath.Join(dir, "hidden")
		require.NoError(t, os.WriteFile(hidden, []byte("x"), 0o644))
		given := filepath.Join(dir, "given")
		require.NoError(t, os.WriteFile(given, []byte("x"), 0o666))
		home, err := os.UserHomeDir()
		require.NoError(t, err)
		server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		defer server.Close()
		names := []string{
			"write what it is given", "read a secret", "read a home", "write outside", "write to the root",
			"write to /dev/shm", "kernel's settings", "device", "disk", "mount", "root", "signal outside",
		}
		if tr.Name == Bubblewrap {
			names = append(names, "network outside")
		}
		for _, name := range names {
			out := tr.run(t, name, func(c *Command) {
				c.Read = append(c.Read, given)
				c.Env = append(c.Env, "GIVEN="+given, "HIDDEN="+hidden, "HOUSE="+home,
					fmt.Sprintf("OUTSIDE=%d", os.Getpid()), "SERVER="+server.LocalAddr().String())
			})
			require.Equal(t, 1, out.Status, "%s: %s", name, out.Stdout)
		}
		server.SetReadDeadline(time.Unix(1, 0))
		_, _, err = server.ReadFrom(make([]byte, 1))
		require.Error(t, err, "something has come from the box")
	})
}

// TestLimits: whatever a command does, it ends, and it is said by which limit.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Command)
		want   Limit
	}{
		{"sleep", func(c *Command) { c.Wall = 200 * time.Millisecond }, Wall},
		{"spin", func(c *Command) { c.CPU = time.Second }, CPU},
		{"flood of output", func(c *Command) { c.Output = 1 << 20 }, Output},
		{"flood of files", nil, Room},
		{"one big file", func(c *Command) { c.Room = 8 << 20 }, Room},
		{"bomb of memory", func(c *Command) { c.Memory = 1 << 30 }, Memory},
		{"flood of processes", func(c *Command) { c.Processes = 60 }, Processes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachTier(t, func(t *testing.T, tr *trial) {
				if tr.Name == Trust && (tt.want == Memory || tt.want == Processes) {
					t.Skip("is no box, and this would be felt outside")
				}
				out := tr.run(t, tt.name, tt.change)
				require.Equal(t, tt.want, out.Limit)
				require.LessOrEqual(t, len(out.Stdout), 1<<20)
				require.Empty(t, left(tr.program))
			})
		})
	}
}

// TestNothingIsLeft: what a command has started ends with the box, and its files with it.
func TestNothingIsLeft(t *testing.T) {
	eachTier(t, func(t *testing.T, tr *trial) {
		if tr.Name == Trust {
			t.Skip("is no box")
		}
		require.Equal(t, 0, tr.run(t, "daemon", nil).Status)
		require.Empty(t, left(tr.program))
		boxes, err := filepath.Glob(filepath.Join(os.TempDir(), "udpkata-box-*"))
		require.NoError(t, err)
		require.Empty(t, boxes)
	})
	t.Run("as it is cancelled", func(t *testing.T) {
		eachTier(t, func(t *testing.T, tr *trial) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c := Command{Args: []string{tr.program}, Read: []string{tr.program}, Limits: Usual()}
			c.Env = []string{triesVariable + "=sleep"}
			_, err := tr.Run(ctx, c)
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, left(tr.program))
		})
	})
}

// left lists the processes that run a program.
func left(program string) (all []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, program) {
			all = append(all, link)
		}
	}
	return all
}

// TestFind: who finds no sandbox is told why, and how to get one.
func TestFind(t *testing.T) {
	t.Run("no bubblewrap", func(t *testing.T) {
		t.Setenv("PATH", "")
		_, err := Find(t.Context(), Bubblewrap)
		require.EqualError(t, err, "no sandbox works here (bubblewrap: there is no program bwrap: apt-get install "+
			"bubblewrap, or dnf install bubblewrap)")
	})
	t.Run("no such kind", func(t *testing.T) {
		_, err := Find(t.Context(), "chroot")
		require.EqualError(t, err, `there is no sandbox "chroot"; there are bubblewrap, container and trust`)
	})
	t.Run("trust is asked for", func(t *testing.T) {
		s, err := Find(t.Context(), "")
		if err == nil {
			require.NotEqual(t, Trust, s.Name)
		}
	})
}

// TestCommand: a command that can't be one is refused.
func TestCommand(t *testing.T) {
	s := &Sandbox{tier: trust{}}
	for _, tt := range []struct {
		name    string
		command Command
		want    string
	}{
		{"relative", Command{Args: []string{"true"}, Limits: Usual()}, `begins with an absolute path: ["true"]`},
		{"relative file", Command{Args: []string{"/bin/true"}, Read: []string{"x"}, Limits: Usual()},
			`what is seen in a box has an absolute path, unlike "x"`},
		{"no file", Command{Args: []string{"/bin/true"}, Read: []string{"/no/such"}, Limits: Usual()},
			"what is to be seen in a box: stat /no/such: no such file or directory"},
		{"no limits", Command{Args: []string{"/bin/true"}}, "a box without a limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Run(t.Context(), tt.command)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
