package solutions_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
)

// buildDemo builds a lesson's demo over its solution.
func buildDemo(t *testing.T, lesson string, flags ...string) string {
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
	args := append([]string{"build", "-overlay", overlay, "-o", program}, flags...)
	cmd := exec.Command("go", append(args, "./lessons/"+lesson+"/demo")...)
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
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func start(t *testing.T, program string, args ...string) *process {
	return startIn(t, "", program, args...)
}

// startIn starts a demo in a directory.
func startIn(t *testing.T, dir, program string, args ...string) *process {
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.cmd.Dir = dir
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdout = bufio.NewReader(out)
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	p.cmd.Stderr = &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// line returns the next line that the demo prints.
func (p *process) line() string {
	p.t.Helper()
	text, err := p.stdout.ReadString('\n')
	if err != nil {
		p.cmd.Wait()
		p.t.Fatalf("the demo ended; it said: %s", p.stderr.String())
	}
	return strings.TrimSuffix(text, "\n")
}

// addr returns the address at the end of the next line that the demo prints.
func (p *process) addr(before string) (addr, port string) {
	p.t.Helper()
	line := p.line()
	addr, ok := strings.CutPrefix(line, before)
	require.True(p.t, ok, line)
	at, err := netip.ParseAddrPort(addr)
	require.NoError(p.t, err, line)
	require.Equal(p.t, "127.0.0.1", at.Addr().String())
	return addr, strconv.Itoa(int(at.Port()))
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

// interrupt presses Ctrl-C, which ends every demo quietly.
func (p *process) interrupt() {
	p.t.Helper()
	if runtime.GOOS == "windows" {
		return // a process can't be sent an interrupt there
	}
	require.NoError(p.t, p.cmd.Process.Signal(os.Interrupt))
	p.end(0, "")
}

// TestDemosRefuse: a wrong command line gets one line that says what is wrong
// with it, and how it should look.
func TestDemosRefuse(t *testing.T) {
	const badPort = `invalid value ".+" for flag -p: a port is a whole number from 0 to 65535`
	for lesson, lines := range map[string]map[string]string{
		"01-ports": {
			"":               "a role is missing",
			"clasify 1":      `there is no role "clasify"`,
			"classify":       "PORT is missing after classify",
			"classify 65536": `"65536" is no port: .+`,
			"claim +7":       `"\+7" is no port: .+`,
			"claim 0":        "claim needs a port from 1 up",
			"claim 7 -p 7":   "claim takes no -p",
			"system 1":       `"1" is one argument too many for system`,
		},
		"02-echo": {
			"":                "a role is missing",
			"sever":           `there is no role "sever"`,
			"server -p 65536": badPort,
			"client -p 0":     "a client needs the server's port, from 1 up",
			"client here":     `"here" is one argument too many for client`,
		},
		"03-spoof": {
			"":                  "a role is missing",
			"attack 7":          `there is no role "attack"`,
			"attacker":          "PORT is missing after attacker",
			"attacker 0":        `"0" is no client's port: .+`,
			"attacker here":     `"here" is no client's port: .+`,
			"client -p 0":       "a client needs the server's port, from 1 up",
			"client -p x":       badPort,
			"client -paused":    "client takes no -paused",
			"server -connected": "server takes no -connected",
		},
		"04-backoff": {
			"":                      "a role is missing",
			"servant x":             `there is no role "servant"`,
			"client -p 7":           "HOST is missing after client",
			"client localhost -p 0": "a client needs the server's port, from 1 up",
			"client a_b:c":          `there is no host "a_b:c" .+`,
			"client no..host":       `there is no host "no\.\.host" .+`,
			"server no..host":       `there is no host "no\.\.host" .+`,
			"server localhost -p x": badPort,
		},
		"05-broadcast": {
			"":                        "a role is missing",
			"serve x":                 `there is no role "serve"`,
			"server":                  "HOST is missing after server",
			"client":                  "NETWORK is missing after client",
			"server no..host":         `there is no host "no\.\.host" .+`,
			"client here":             `"here" is no NETWORK: .+`,
			"client ::1":              `"::1" is no NETWORK: .+`,
			"client fd00::/64":        ".+ IPv6 has no broadcast",
			"client 10.0.0.1/32":      "10.0.0.1/32: .+ has no broadcast address",
			"client 127.0.0.0/33":     `"127.0.0.0/33" is no NETWORK: .+`,
			"client 127.0.0.0/8 -p 0": "a client needs the servers' port, from 1 up",
			"server localhost -p -1":  badPort,
		},
		"06-pmtu": {
			"":                      "a role is missing",
			"client":                "HOST is missing after client",
			"localhost big":         `"big" is no SIZE: .+`,
			"no..host":              `there is no host "no\.\.host" .+`,
			"client localhost big":  `"big" is no SIZE: .+`,
			"client localhost -1":   "flag provided but not defined: -1",
			"client localhost 1 2":  `"2" is one argument too many for client`,
			"client localhost -p 0": "a client needs the server's port, from 1 up",
			"client no..host":       `there is no host "no\.\.host" .+`,
			"probe no..host":        `there is no host "no\.\.host" .+`,
			"server localhost -p x": badPort,
		},
		"07-request-ids": {
			"":                          "a role is missing",
			"bank x":                    `there is no role "bank"`,
			"server":                    "HOST is missing after server",
			"client localhost":          "AMOUNT is missing after client",
			"client localhost much":     `"much" is no AMOUNT: .+`,
			"client localhost 0":        `"0" is no AMOUNT: .+`,
			"client localhost 1 -p 0":   "a client needs the server's port, from 1 up",
			"client localhost 1 -drop":  "client takes no -drop",
			"client no..host 1":         `there is no host "no\.\.host" .+`,
			"server localhost -p 65536": badPort,
		},
		"08-tftp": {
			"":                       "a role is missing",
			"put x y":                `there is no role "put"`,
			"server":                 "DIR is missing after server",
			"server no-such-dir":     `"no-such-dir" is no DIR: .+`,
			"server . -p x":          badPort,
			"get localhost":          "FILE is missing after get",
			"get localhost ..":       `"\.\." is no FILE`,
			"get localhost x -p 0":   "a client needs the server's port, from 1 up",
			"get no..host x":         `there is no host "no\.\.host" .+`,
			"get localhost x y -p 7": `"y" is one argument too many for get`,
		},
	} {
		t.Run(lesson, func(t *testing.T) {
			t.Parallel()
			program := buildDemo(t, lesson)
			for line, stderr := range lines {
				start(t, program, strings.Fields(line)...).end(2, "(?:"+stderr+"); usage: .+\n")
			}
			start(t, program, "-h").end(0, "")
		})
	}
}

func TestPortsDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "01-ports")
	classify := start(t, program, "classify", "1060")
	require.Equal(t, "1060 is a registered port", classify.line())
	classify.end(0, "")

	system := start(t, program, "system")
	require.Regexp(t, `^This system chooses from \d+ to \d+; IANA's dynamic ports are 49152 to 65535$`, system.line())
	system.end(0, "")

	ephemeral := start(t, program, "ephemeral")
	require.Regexp(t, `^The system chose 127\.0\.0\.1:\d+, a (registered|dynamic) port$`, ephemeral.line())
	ephemeral.end(0, "")

	// Somebody has the first of these ports, and the demo the first that is
	// free.
	taken, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)))
	require.NoError(t, err)
	defer taken.Close()
	first := taken.LocalAddr().(*net.UDPAddr).Port
	const refused = `claim: .*127\.0\.0\.1:\d+.*: the port is taken: .+\n`
	start(t, program, "claim", strconv.Itoa(first)).end(1, refused)
	for port := first - 1; ; port-- {
		require.Greater(t, port, first-100, "no port is free")
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		claim := start(t, program, "claim", strconv.Itoa(port))
		text, err := claim.stdout.ReadString('\n')
		if err != nil {
			claim.end(1, refused)
			continue
		}
		require.Equal(t, "Claimed "+addr+"; Ctrl-C gives it back\n", text)
		start(t, program, "claim", strconv.Itoa(port)).end(1, refused)
		claim.interrupt()
		return
	}
}

func TestEchoDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "02-echo")
	server := start(t, program, "server", "-p", "0")
	addr, port := server.addr("Listening at ")

	client := start(t, program, "client", "-p", port)
	own, _ := client.addr("The OS assigned me the address ")
	require.Equal(t, "The server "+addr+` replied "Your data was 38 bytes long"`, client.line())
	client.end(0, "")
	require.Regexp(t, `^The client at `+own+` says "The time is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"$`, server.line())

	start(t, program, "server", "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
	server.interrupt()
	alone := start(t, program, "client", "-p", port)
	alone.line()
	alone.interrupt()
}

// TestSpoofDemo: while the server is paused, an attacker writes to the client.
func TestSpoofDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "03-spoof")
	paused := func() (server *process, addr, port string) {
		server = start(t, program, "server", "-paused", "-p", "0")
		addr, port = server.addr("Listening at ")
		require.Equal(t, "Paused; Enter goes on", server.line())
		return server, addr, port
	}
	attack := func(port string) (attacker string) {
		p := start(t, program, "attacker", port)
		attacker, _ = p.addr(`Sent "fine" to 127.0.0.1:` + port + " from ")
		p.end(0, "")
		return attacker
	}
	for _, way := range []string{"", "-connected"} {
		server, addr, port := paused()
		client := start(t, program, strings.Fields("client -p "+port+" "+way)...)
		own, clientPort := client.addr("The OS assigned me the address ")
		attacker := attack(clientPort)
		_, err := io.WriteString(server.stdin, "\n")
		require.NoError(t, err)
		if way == "" {
			require.Equal(t, "Turned away 1 datagram(s), from "+attacker, client.line())
		}
		require.Equal(t, "The server "+addr+` replied "Your data was 38 bytes long"`, client.line())
		client.end(0, "")
		require.Regexp(t, `^The client at `+own+` says "The time is .{26}"$`, server.line())
		start(t, program, "server", "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
		server.interrupt()
	}

	server, _, port := paused()
	server.stdin.Close()
	client := start(t, program, "client", "-p", port)
	_, clientPort := client.addr("The OS assigned me the address ")
	attack(clientPort)
	client.interrupt()
	server.interrupt()
}

// TestBackoffDemo: a client that is not told how many answers are dropped gets
// through or gives up, and says which.
func TestBackoffDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "04-backoff")
	server := start(t, program, "server", "127.0.0.1", "-p", "0")
	addr, port := server.addr("Listening at ")

	client := start(t, program, "client", "127.0.0.1", "-p", port)
	client.addr("Client socket name is ")
	require.Equal(t, "Waiting up to 100ms for a reply", client.line())
	last := client.rest()
	client.cmd.Wait()
	if client.cmd.ProcessState.ExitCode() == 0 {
		require.Equal(t, `The server says "Your data was 23 bytes long"`, last)
	} else { // one time in 32
		require.Equal(t, "Waiting up to 1.6s for a reply", last)
		require.Regexp(t, "^client: I think the server is down: .+\n$", client.stderr.String())
	}
	require.Regexp(t, `^(Pretending to drop packet from \S+|The client at \S+ says "This is another message")$`,
		server.line())

	start(t, program, "server", "127.0.0.1", "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
	server.interrupt()
}

// TestBroadcastDemo: one datagram reaches two servers on one port.
func TestBroadcastDemo(t *testing.T) {
	if missing := capability.Broadcast.Missing(); missing != nil {
		t.Skip(missing)
	}
	t.Parallel()
	program := buildDemo(t, "05-broadcast")
	first := start(t, program, "server", "127.255.255.255", "-p", "0")
	line := first.line()
	addr, ok := strings.CutPrefix(line, "Listening for datagrams at ")
	require.True(t, ok, line)
	_, port, _ := strings.Cut(addr, ":")
	second := start(t, program, "server", "127.255.255.255", "-p", port)
	require.Equal(t, line, second.line())

	for _, network := range []string{"127.0.0.0/8", "127.255.255.255"} {
		client := start(t, program, "client", network, "-p", port)
		require.Equal(t, "Sent to "+addr, client.line())
		client.end(0, "")
		for _, server := range []*process{first, second} {
			require.Regexp(t, `^The client at 127\.0\.0\.1:\d+ says: "Broadcast datagram!"$`, server.line())
		}
	}
	first.interrupt()
	second.interrupt()

	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer taken.Close()
	_, port, _ = strings.Cut(taken.LocalAddr().String(), ":")
	start(t, program, "server", "127.0.0.1", "-p", port).end(1, "server: listen udp .+\n")
}

func TestPMTUDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "06-pmtu")
	server := start(t, program, "server", "127.0.0.1", "-p", "0")
	addr, port := server.addr("Listening at ")
	start(t, program, "server", "127.0.0.1", "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
	if runtime.GOOS != "linux" {
		unsupported(t, program, port)
		server.interrupt()
		return
	}
	client := start(t, program, "127.0.0.1", "-p", port)
	require.Equal(t, "Alas, the datagram did not make it", client.line())
	require.Regexp(t, `^Actual MTU: \d+$`, client.line())
	client.end(0, "")

	client = start(t, program, "127.0.0.1", "65000", "-p", port)
	require.Equal(t, "The big datagram was sent!", client.line())
	client.end(0, "")
	require.Regexp(t, `^The client at \S+ says "#{60}"… \(65000 bytes\)$`, server.line())

	client = start(t, program, "client", "127.0.0.1", "65508", "-p", port)
	require.Equal(t, "Alas, the datagram did not make it", client.line())
	require.Regexp(t, `^Actual MTU: \d+$`, client.line())
	client.end(0, "")

	probe := start(t, program, "probe", "127.0.0.1", "-p", port)
	require.Regexp(t, `^\d+ bytes arrive without fragmentation$`, probe.line())
	probe.end(0, "")
	server.interrupt()

	// What other systems see.
	unsupported(t, buildDemo(t, "06-pmtu", "-tags", "unsupported"), port)
}

// unsupported runs lesson 06's demo where there is no MTU discovery.
func unsupported(t *testing.T, program, port string) {
	for _, role := range []string{"client", "probe"} {
		start(t, program, role, "127.0.0.1", "-p", port).end(1,
			role+": Unsupported: Can only perform MTU discovery on Linux\n")
	}
}

// TestRequestIDsDemo: however many answers are lost, each deposit is made once.
func TestRequestIDsDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "07-request-ids")
	server := start(t, program, "server", "127.0.0.1", "-p", "0", "-drop")
	addr, port := server.addr("Listening at ")
	for balance := 100; balance <= 500; balance += 100 {
		client := start(t, program, "client", "127.0.0.1", "100", "-p", port)
		client.addr("Client socket name is ")
		last := client.rest()
		client.cmd.Wait()
		if client.cmd.ProcessState.ExitCode() == 0 {
			require.Equal(t, fmt.Sprintf(`The server says "The balance is %d"`, balance), last)
		} else { // one time in 32
			require.Regexp(t, "^client: .*I think the server is down.*\n$", client.stderr.String())
		}
		said := server.line()
		for strings.HasPrefix(said, "Pretending to lose an answer to ") {
			said = server.line()
		}
		require.Equal(t, fmt.Sprintf("deposit 100: the balance is %d", balance), said)
	}
	start(t, program, "server", "127.0.0.1", "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
	server.interrupt()
}

// TestTFTPDemo: a file goes from one directory to another; one that is not there does not, and leaves nothing.
func TestTFTPDemo(t *testing.T) {
	t.Parallel()
	program := buildDemo(t, "08-tftp")
	from, to := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(from, "dir"), 0o700))
	data := bytes.Repeat([]byte("some file "), 200)
	require.NoError(t, os.WriteFile(filepath.Join(from, "dir", "file"), data, 0o600))
	server := start(t, program, "server", from, "-p", "0")
	addr, port := server.addr("Listening at ")
	get := func(file string) *process { return startIn(t, to, program, "get", "127.0.0.1", file, "-p", port) }
	client := get("dir/file")
	require.Regexp(t, `^file has 2000 bytes, which took \S+$`, client.line())
	client.end(0, "")
	server.addr("A transfer has ")
	got, err := os.ReadFile(filepath.Join(to, "file"))
	require.NoError(t, err)
	require.Equal(t, string(data), string(got))

	get("dir/file").end(1, "get: .*file.*exists.*\n")
	get("dir/nothing").end(1, "get: .*error 1: .+\n")
	get("../x").end(1, "get: .*error 2: .+\n")
	entries, err := os.ReadDir(to)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	start(t, program, "server", from, "-p", port).end(1, "server: listen udp "+addr+": bind: .+\n")
	server.interrupt()
}
