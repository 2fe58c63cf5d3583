package solutions_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
)

// buildDemo builds a lesson's demo over its solution.
func buildDemo(t *testing.T, lesson string) string {
	all, err := curriculum.Load(root)
	require.NoError(t, err)
	replace := map[string]string{}
	for _, l := range all {
		if l.Name != lesson {
			continue
		}
		for _, f := range l.Files {
			source, err := filepath.Abs(filepath.Join(l.Name, f.Name))
			require.NoError(t, err)
			replace[filepath.Join(l.Dir, f.Name)] = source
		}
	}
	require.NotEmpty(t, replace, "no lesson "+lesson)
	data, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	dir := t.TempDir()
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "demo.exe")
	require.NoError(t, os.WriteFile(overlay, data, 0o600))
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", program, "./lessons/"+lesson+"/demo")
	cmd.Dir, err = filepath.EvalSymlinks(root)
	require.NoError(t, err)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// A process is a demo that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func start(t *testing.T, program string, args ...string) *process {
	p := &process{t: t, cmd: exec.Command(program, args...)}
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdout = bufio.NewReader(out)
	p.cmd.Stderr = &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// line is the next line that the demo prints.
func (p *process) line() string {
	p.t.Helper()
	text, err := p.stdout.ReadString('\n')
	if err != nil {
		p.cmd.Wait()
		p.t.Fatalf("the demo ended; it said: %s", p.stderr.String())
	}
	return strings.TrimSuffix(text, "\n")
}

// rest reads all that the demo still prints, and returns the last line.
func (p *process) rest() (last string) {
	for {
		text, err := p.stdout.ReadString('\n')
		if err != nil {
			return last
		}
		last = strings.TrimSuffix(text, "\n")
	}
}

// end waits for the demo's end and compares its status and what it said on
// stderr.
func (p *process) end(status int, stderr string) {
	p.t.Helper()
	p.cmd.Wait()
	require.Regexp(p.t, "^"+stderr+"$", p.stderr.String())
	require.Equal(p.t, status, p.cmd.ProcessState.ExitCode())
}

// TestBackoffDemo: a client that is not told how many answers are dropped gets
// through or gives up, and says which.
func TestBackoffDemo(t *testing.T) {
	program := buildDemo(t, "04-backoff")
	server := start(t, program, "server", "127.0.0.1", "-p", "0")
	addr, err := netip.ParseAddrPort(strings.TrimPrefix(server.line(), "Listening at "))
	require.NoError(t, err)
	_, port, _ := strings.Cut(addr.String(), ":")

	client := start(t, program, "client", "127.0.0.1", "-p", port)
	require.Regexp(t, `^Client socket name is 127\.0\.0\.1:\d+$`, client.line())
	require.Equal(t, "Waiting up to 100ms for a reply", client.line())
	last := client.rest()
	client.cmd.Wait()
	if client.cmd.ProcessState.ExitCode() == 0 {
		require.Equal(t, `The server says "Your data was 23 bytes long"`, last)
	} else { // one time in 32
		require.Equal(t, "Waiting up to 1.6s for a reply", last)
		require.Regexp(t, "^client: I think the server is down: .+\n$", client.stderr.String())
	}
	require.Regexp(t, `^(Pretending to drop packet from \S+|The client at \S+ says "This is another message")$`, server.line())

	start(t, program, "client", "-p", port).end(2, "HOST is missing after client; usage: .+\n")
	start(t, program, "client", "no such host").end(1, "client: .+\n")
	start(t, program, "server", "127.0.0.1", "-p", port).end(1, "server: listen udp .+\n")
	if runtime.GOOS != "windows" {
		require.NoError(t, server.cmd.Process.Signal(os.Interrupt))
		server.end(0, "")
	}
}

func TestEchoDemo(t *testing.T) {
	program := buildDemo(t, "02-echo")
	server := start(t, program, "server", "-p", "0")
	listening := server.line()
	addr, err := netip.ParseAddrPort(strings.TrimPrefix(listening, "Listening at "))
	require.NoError(t, err, listening)
	require.Equal(t, "127.0.0.1", addr.Addr().String())
	_, port, _ := strings.Cut(addr.String(), ":")

	client := start(t, program, "client", "-p", port)
	own, ok := strings.CutPrefix(client.line(), "The OS assigned me the address ")
	require.True(t, ok)
	require.Equal(t, "The server "+addr.String()+` replied "Your data was 38 bytes long"`, client.line())
	client.end(0, "")
	require.Regexp(t, `^The client at `+own+` says "The time is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"$`, server.line())

	start(t, program, "server", "-p", port).end(1, "server: listen udp "+addr.String()+": bind: .+\n")
	start(t, program, "client", "-p", "0").end(2, "a client needs .+; usage: .+\n")
	start(t, program).end(2, "a role is missing; usage: .+\n")

	if runtime.GOOS == "windows" {
		t.Skip("needs a process that can be sent an interrupt, which Windows lacks: press Ctrl-C by hand")
	}
	require.NoError(t, server.cmd.Process.Signal(os.Interrupt))
	server.end(0, "")
	alone := start(t, program, "client", "-p", port)
	alone.line()
	require.NoError(t, alone.cmd.Process.Signal(os.Interrupt))
	alone.end(0, "")
}
