package solutions_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files that are exchanged with other people's programs: each size so often in a row, and the biggest once, or as often
// as the others with UDPKATA_PEERS_EVERY=1.
const (
	peersTimes = 20
	peersBig   = 40_000_000
)

var peersSizes = []int{0, 1, 511, 512, 513, 1024, peersBig}

// A program is somebody else's that speaks TFTP.
type program struct {
	name    string
	deb     string                                // the Debian package that has it
	asRoot  bool                                  // nobody else can run it
	command func(port, dir, file string) []string // with the program's name before it
}

// tftpClients get a file from a port of 127.0.0.1, into a directory.
var tftpClients = []program{
	{name: "curl", deb: "curl", command: func(port, dir, file string) []string {
		return []string{"-sS", "-o", filepath.Join(dir, file), "tftp://127.0.0.1:" + port + "/" + file}
	}},
	{name: "atftp", deb: "atftp", command: func(port, dir, file string) []string {
		return []string{"--get", "-r", file, "-l", filepath.Join(dir, file), "127.0.0.1", port}
	}},
	{name: "tftp", deb: "tftp-hpa", command: func(port, dir, file string) []string {
		return []string{"-m", "binary", "127.0.0.1", port, "-c", "get", file, filepath.Join(dir, file)}
	}},
}

// tftpServers give the files of a directory, on a port of 127.0.0.1.
var tftpServers = []program{
	{name: "atftpd", deb: "atftpd", command: func(port, dir, _ string) []string {
		return []string{"--daemon", "--no-fork", "--bind-address", "127.0.0.1", "--port", port, "--logfile", "-", dir}
	}},
	{name: "in.tftpd", deb: "tftpd-hpa", asRoot: true, command: func(port, dir, _ string) []string {
		return []string{"--foreground", "--listen", "--ipv4", "--address", "127.0.0.1:" + port, "--secure", dir}
	}},
}

// TestPeers: lesson 08's Serve gives files to clients that nobody here wrote, and its Get takes them from such servers,
// byte for byte. With UDPKATA_PEERS=require it fails where a program is missing.
func TestPeers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, whose programs these are")
	}
	if testing.Short() {
		t.Skip("needs a minute for files of 40 MB")
	}
	demo := buildDemo(t, "08-tftp")
	dir := filesToExchange(t)
	for _, p := range tftpClients {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			server := start(t, demo, "server", dir, "-p", "0")
			_, port := server.addr("Listening at ")
			go server.rest() // a line for each transfer
			exchange(t, dir, func(ctx context.Context, to, file string) *exec.Cmd {
				return exec.CommandContext(ctx, p.name, p.command(port, to, file)...)
			})
		})
	}
	for _, p := range tftpServers {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			port := p.serve(t, demo, dir)
			exchange(t, dir, func(ctx context.Context, to, file string) *exec.Cmd {
				return getFrom(ctx, demo, port, to, file)
			})
		})
	}
}

// need skips the test, or fails it, where the program is missing.
func (p program) need(t *testing.T) {
	missing := t.Skipf
	if os.Getenv("UDPKATA_PEERS") == "require" {
		missing = t.Fatalf
	}
	if _, err := exec.LookPath(p.name); err != nil {
		missing("needs %s (on Debian: apt-get install %s)", p.name, p.deb)
	}
	if p.asRoot && os.Getuid() != 0 {
		missing("needs root, as %s takes on another user", p.name)
	}
}

// filesToExchange returns a directory with a file of each size, whose name is its size. Everybody may read them, as
// servers take on other users.
func filesToExchange(t *testing.T) string {
	dir, err := os.MkdirTemp("", "peers") // t.TempDir is for its owner alone
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	random := rand.NewChaCha8([32]byte{8})
	for _, size := range peersSizes {
		data := make([]byte, size)
		random.Read(data)
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(size)), data, 0o644))
	}
	return dir
}

// exchange has each file of a directory got by a command, which writes it to a directory, again and again.
func exchange(t *testing.T, dir string, get func(ctx context.Context, to, file string) *exec.Cmd) {
	for _, size := range peersSizes {
		name, times := strconv.Itoa(size), peersTimes
		if size == peersBig && os.Getenv("UDPKATA_PEERS_EVERY") == "" {
			times = 1
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		for i := range times {
			to := t.TempDir()
			out, err := get(t.Context(), to, name).CombinedOutput()
			require.NoError(t, err, "%s bytes, time %d: %s", name, i+1, out)
			got, err := os.ReadFile(filepath.Join(to, name))
			if size > 0 || !os.IsNotExist(err) { // some write no file for no bytes
				require.NoError(t, err, "%s bytes, time %d: %s", name, i+1, out)
			}
			require.True(t, bytes.Equal(want, got), "%s bytes, time %d: %d bytes came, and not these", name, i+1,
				len(got))
			require.NoError(t, os.RemoveAll(to))
		}
	}
}

// getFrom returns the command that gets a file with the lesson's Get.
func getFrom(ctx context.Context, demo, port, to, file string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, demo, "get", "127.0.0.1", file, "-p", port)
	cmd.Dir = to
	return cmd
}

// serve starts a server on a port that the system chooses, and waits until it answers. It is ended with the test.
func (p program) serve(t *testing.T, demo, dir string) (port string) {
	for {
		free, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		port = strconv.Itoa(free.LocalAddr().(*net.UDPAddr).Port)
		free.Close()
		server := exec.Command(p.name, p.command(port, dir, "")...)
		var said bytes.Buffer
		server.Stdout, server.Stderr = &said, &said
		require.NoError(t, server.Start())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			server.Wait()
		}()
		t.Cleanup(func() {
			server.Process.Kill()
			<-ended
		})
		if answers(t, demo, port, ended) {
			return port
		}
		// Somebody else has the port by now, if that is what it has ended for.
		require.Contains(t, strings.ToLower(said.String()), "in use", "%s has ended: %s", p.name,
			cmp.Or(said.String(), fmt.Sprint(server.ProcessState)))
	}
}

// answers waits until a server answers, and returns false if it ends before.
func answers(t *testing.T, demo, port string, ended <-chan struct{}) bool {
	for {
		if err := getFrom(t.Context(), demo, port, t.TempDir(), "1").Run(); err == nil {
			return true
		}
		select {
		case <-ended:
			return false
		case <-t.Context().Done():
			t.Fatal("the server does not answer")
		default:
		}
	}
}
