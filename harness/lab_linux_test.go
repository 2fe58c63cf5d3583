package harness

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/child"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/students"
	"udpkata/harness/netlab"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// TestLabOutcomes: what a story's own process says of it, or fails to say, is
// what its test says.
func TestLabOutcomes(t *testing.T) {
	const variable = "UDPKATA_TEST_STORY"
	outcomes := []struct {
		name    string
		story   func(w *Subnets)
		state   verdict.State // "" if the story holds
		text    string        // of the failure
		printed string        // a part of what was printed
	}{
		{"holds", func(w *Subnets) { fmt.Println("hello from the lab") }, "", "", "hello from the lab\n"},
		{"fails", func(w *Subnets) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "hello")
			bob.ExpectFrom(alice, "goodbye")
		}, verdict.Failed, `bob heard "hello" from alice; the story wants "goodbye".`, ""},
		{"todo", func(w *Subnets) {
			w.Go("Todo", func(ctx context.Context) error { return students.Todo(ctx, nil) }).Returns(nil)
		}, verdict.Todo, "TODO: write Todo, which does nothing", ""},
		{"panics", func(w *Subnets) {
			go panic("away with it")
			select {}
		}, verdict.Crashed, "The process ended in the middle of the story, with exit status 2; see above.",
			"panic: away with it"},
		{"asks for another subnet without a way there", func(w *Subnets) {
			_, everyone := w.Audience("alice")
			w.PeerBeyond("eve", everyone)
		}, verdict.NotRun, "No socket for eve: the way to another subnet is a router, which the story lacks.", ""},
		{"exits", func(w *Subnets) { syscall.Exit(0) }, verdict.Crashed,
			"The process ended in the middle of the story, as os.Exit does; see above.", ""},
		{"exits with a status", func(w *Subnets) { os.Exit(3) }, verdict.Crashed,
			"The process ended in the middle of the story, with exit status 3; see above.", ""},
	}
	if netlab.Inside() {
		for _, o := range outcomes {
			if o.name == os.Getenv(variable) {
				tells(on(network.Lab4, newSubnets))(t, o.story)
			}
		}
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	for _, o := range outcomes {
		t.Run(o.name, func(t *testing.T) {
			t.Setenv(variable, o.name)
			s := stacks.CallerSite("TestLabOutcomes")
			var printed bytes.Buffer
			f := child.Tell(s, "lab/ip4", &printed)
			if o.state == "" {
				require.Nil(t, f)
			} else {
				require.NotNil(t, f)
				require.Equal(t, o.state, f.State)
				require.Equal(t, o.text, f.Text.EN)
				require.True(t, f.At.Known())
			}
			require.Contains(t, printed.String(), o.printed)
			if o.name == "fails" {
				require.Contains(t, f.Page(s, nil, "", wire.Style{}), `─ "hello" ─`)
			}
		})
	}
}

// TestLabRequired: whoever grades can ask for labs; then there is no skip.
func TestLabRequired(t *testing.T) {
	refused := lacking
	refused.inLab = true
	for setting, want := range map[string]verdict.State{"": verdict.Skipped, "require": verdict.Failed} {
		t.Setenv("UDPKATA_LAB", setting)
		f := refused.outcome(t, stacks.CallerSite(t.Name()), "lab/ip4", nil)
		require.Equal(t, want, f.State)
		require.Equal(t, "needs a network that nobody has", f.Text.EN)
	}
}

// TestLab: the words of a story mean in the lab what they mean on the virtual
// network.
func TestLab(t *testing.T) {
	OnLab(t, func(w *Lab) {
		client, alice, bob := w.ListenPacket("client"), w.Peer("alice"), w.Peer("bob")
		_, err := client.WriteTo([]byte("hello"), alice.LocalAddr())
		require.NoError(w, err)
		alice.ExpectFrom(client, "hello")
		alice.HeardNothingElse()
		bob.HeardNothingElse()
		bare := w.DialUDP("bare", alice)
		require.Equal(w, network.LabMTU, w.MTU(bare))
		bare.Write([]byte("hi"))
		alice.ExpectFrom(bare, "hi")
	})
	OnLab.Then(t, "router", func(w *Lab) {
		w.Router(1400)
		server := w.Server("server", length)
		path := w.DialPath("client", server)
		headers := wire.Headers(w.World.host.Addr())
		_, err := path.Write(make([]byte, network.LabMTU-headers))
		require.NoError(w, err)
		path.SetReadDeadline(time.Now().Add(time.Minute))
		buf := make([]byte, 100)
		_, err = path.Read(buf)
		require.ErrorIs(w, err, syscall.EMSGSIZE)
		mtu, err := path.MTU()
		require.NoError(w, err)
		require.Equal(w, 1400, mtu)
		_, err = path.Write(make([]byte, 1400-headers))
		require.NoError(w, err)
		n, err := path.Read(buf)
		require.NoError(w, err)
		require.Equal(w, fmt.Sprintf("%d bytes", 1400-headers), string(buf[:n]))
	})
}

// A routedWorld is what paths in memory and in labs have in common.
type routedWorld struct {
	*World
	pathWords
}

// TestNetworksAgree: the words of a story about a router and about broadcasts mean
// the same on each network that it may be told on.
func TestNetworksAgree(t *testing.T) {
	inMemory := func(w *World, h *network.Hosts) routedWorld {
		return routedWorld{w, pathWords{w, h}}
	}
	inALab := func(w *World, h network.Lab) routedWorld { return routedWorld{w, pathWords{w, h}} }
	onPaths := tells(
		on(network.Hosts4, inMemory), on(network.Hosts6, inMemory),
		on(network.Lab4, inALab), on(network.Lab6, inALab))
	// Linux's error that surprises: a datagram that is refused for its size leaves
	// the error of an earlier one where it is, and the next that fits meets it.
	onPaths(t, func(w routedWorld) {
		w.Router(1280)
		server := w.Peer("server")
		path := w.DialPath("client", server)
		headers := wire.Headers(w.World.host.Addr())
		mtu := func() int {
			mtu, err := path.MTU()
			require.NoError(w, err)
			return mtu
		}
		write := func(size int) error {
			_, err := path.Write(make([]byte, size))
			return err
		}
		require.Equal(w, network.LabMTU, mtu())
		require.NoError(w, write(1450-headers), "lost in silence")
		for mtu() != 1280 {
			time.Sleep(time.Millisecond)
		}
		if socket, kernels := path.path.(syscall.Conn); kernels {
			pending, err := sockopt.ErrorPending(socket, time.Minute)
			require.NoError(w, err)
			require.True(w, pending)
		}
		require.ErrorIs(w, write(1450-headers), syscall.EMSGSIZE)
		require.ErrorIs(w, write(1280-headers), syscall.EMSGSIZE, "the error that was left")
		require.NoError(w, write(1280-headers))
		server.ExpectFrom(path, string(make([]byte, 1280-headers)))
		require.ErrorIs(w, write(1281-headers), syscall.EMSGSIZE)
		server.HeardNothingElse()
	})
	OnSubnet.Then(t, "broadcasts", func(w *Subnet) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		audience, everyone := w.Audience("alice", "bob")
		_, err := client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.NoError(w, err)
		for _, p := range audience {
			p.ExpectFrom(client, "all")
			p.HeardNothingElse()
		}
		_, err = client.WriteTo([]byte("all"), w.Everyone(record.AddrPort(dave.LocalAddr()).Port()).LocalAddr())
		require.NoError(w, err)
		dave.HeardNothingElse() // its port, but its own address
		w.ForbidBroadcast(client)
		_, err = client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.ErrorIs(w, err, syscall.EACCES)
	})
	OnSubnets.Then(t, "two-subnets", func(w *Subnets) {
		w.Router()
		client := w.ListenPacket("client")
		audience, everyone := w.Audience("alice")
		bound, beyond := w.BoundPeer("bound", everyone), w.PeerBeyond("beyond", everyone)
		_, err := client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.NoError(w, err)
		audience[0].ExpectFrom(client, "all")
		_, err = client.WriteTo([]byte("you"), bound.LocalAddr())
		require.NoError(w, err)
		bound.ExpectFrom(client, "you")
		bound.HeardNothingElse()
		beyond.HeardNothingElse()
	})
	// The host's own sockets, beside those of the story.
	OnLab4.Then(t, "own-sockets", func(w *Kernel4) {
		at := netip.AddrPortFrom(w.Wildcard(), w.FreePort())
		own := w.Opened(w.Call("Listen", func(context.Context) (any, error) {
			return net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		}), "own", at)
		alice := w.Peer("alice")
		alice.Send(w.Everyone(at.Port()), "all")
		own.ExpectFrom(alice, "all")
		own.HeardNothingElse()
		require.True(w, w.rec.Datagrams[0].Heard)
	})
}

// TestLearned: a socket learns its path's MTU after a datagram was lost for it.
func TestLearned(t *testing.T) {
	OnLab(t, func(w *Lab) {
		w.Router(1280)
		client := w.DialUDP("client", w.Peer("server"))
		require.NoError(w, sockopt.SetPMTUDiscovery(client, w.IPv6(), sockopt.Do))
		_, err := client.Write(make([]byte, network.LabMTU-48))
		require.NoError(w, err)
		w.Learned(client, 1280)
		w.ForbidsFragments(client)
	})
}

// TestIgnoresMTU: a socket's option is another than ForbidsFragments wants.
func TestIgnoresMTU(t *testing.T) {
	OnLoopback(t, func(w *Kernel) {
		client := w.UDPConn("client")
		w.IgnoresMTU(client)
		got, err := sockopt.PMTUDiscoveryOf(client, w.IPv6())
		require.NoError(w, err)
		require.Equal(w, sockopt.Probe, got)
	})
}

// TestLabLeavesNothing: whenever a program is killed that has a lab made, the lab's
// process is gone too, and the lab with it.
func TestLabLeavesNothing(t *testing.T) {
	const variable = "UDPKATA_TEST_KILL" // also the mark by which its processes are known
	if netlab.Inside() {
		OnLab(t, func(w *Lab) {
			w.Peer("alice")
			fmt.Fprintln(os.Stderr, "the lab is there") // for whoever kills this
			select {}
		})
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	if os.Getenv(variable) != "" {
		s := stacks.CallerSite(t.Name())
		from, to, err := os.Pipe()
		require.NoError(t, err)
		cmd := netlab.Command("-test.run=^"+t.Name()+"$", "-test.paniconexit0")
		cmd.Env = append(cmd.Env, child.Variable+"="+s.Task+"/lab/ip4")
		cmd.ExtraFiles = []*os.File{to}
		cmd.Stderr = os.Stderr
		defer from.Close()
		fmt.Fprintln(os.Stderr, "the program runs")
		netlab.Run(cmd)
		return
	}
	mark := fmt.Sprintf("%s=%d", variable, os.Getpid())
	marked := func() (pids []string) {
		all, err := filepath.Glob("/proc/[0-9]*/environ")
		require.NoError(t, err)
		for _, path := range all {
			if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(mark+"\x00")) {
				pids = append(pids, path)
			}
		}
		return pids
	}
	// After each of the lines that it prints, the program is killed some time later;
	// a lab takes about 10 ms to make.
	for _, line := range []string{"the program runs\n", "the lab is there\n"} {
		for i := range 10 {
			cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
			cmd.Env = append(os.Environ(), mark)
			stderr, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewReader(stderr)
			for got := ""; got != line; {
				got, err = lines.ReadString('\n')
				require.NoError(t, err)
			}
			require.NotEmpty(t, marked(), "the mark is not seen")
			time.Sleep(time.Duration(i) * 2 * time.Millisecond)
			require.NoError(t, cmd.Process.Kill())
			cmd.Wait()
			require.Eventually(t, func() bool { return marked() == nil }, time.Minute, time.Millisecond,
				"the lab's process outlives the program that was killed %d ms after %q", 2*i, line)
		}
	}
}
