package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
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

	"udpkata/harness/internal/students"
	"udpkata/harness/netlab"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// TestLabOutcomes: what a story's own process says of it, or fails to say, is
// what its test says.
func TestLabOutcomes(t *testing.T) {
	const variable = "UDPKATA_TEST_STORY"
	outcomes := []struct {
		name    string
		story   func(w *World)
		state   verdict.State // "" if the story holds
		text    string        // of the failure
		printed string        // a part of what was printed
	}{
		{"holds", func(w *World) { fmt.Println("hello from the lab") }, "", "", "hello from the lab\n"},
		{"fails", func(w *World) {
			alice, bob := w.Peer("alice"), w.Peer("bob")
			alice.Send(bob, "hello")
			bob.ExpectFrom(alice, "goodbye")
		}, verdict.Failed, `bob heard "hello" from alice; the story wants "goodbye".`, ""},
		{"todo", func(w *World) {
			w.Go("Todo", func(ctx context.Context) error { return students.Todo(ctx, nil) }).Returns(nil)
		}, verdict.Todo, "TODO: write Todo, which does nothing", ""},
		{"panics", func(w *World) {
			go panic("away with it")
			<-never
		}, verdict.Crashed, "The process ended in the middle of the story, with exit status 2; see above.", "panic: away with it"},
		{"asks for another subnet without a way there", func(w *World) {
			_, everyone := w.Audience("alice")
			w.Abroad("eve", everyone)
		}, verdict.NotRun, "No socket for eve: the way to another subnet is a router, which the story lacks.", ""},
		{"exits", func(w *World) { syscall.Exit(0) }, verdict.Crashed,
			"The process ended in the middle of the story, as os.Exit does; see above.", ""},
		{"exits with a status", func(w *World) { os.Exit(3) }, verdict.Crashed,
			"The process ended in the middle of the story, with exit status 3; see above.", ""},
	}
	if netlab.Inside() {
		for _, o := range outcomes {
			if o.name == os.Getenv(variable) {
				on(t, labs[:1], o.story)
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
			s := callerSite("TestLabOutcomes", 0)
			var printed bytes.Buffer
			f := tellElsewhere(s, "lab/ip4", &printed)
			if o.state == "" {
				require.Nil(t, f)
			} else {
				require.NotNil(t, f)
				require.Equal(t, o.state, f.state)
				require.Equal(t, o.text, f.text.EN)
				require.True(t, f.at.known())
			}
			require.Contains(t, printed.String(), o.printed)
			if o.name == "fails" {
				require.Contains(t, f.wire.draw(wire.Style{}), `─ "hello" ─`)
			}
		})
	}
}

// TestLabRequired: whoever grades can ask for labs; then there is no skip.
func TestLabRequired(t *testing.T) {
	s := callerSite(t.Name(), 0)
	refused := lab{lacks: func() error { return errors.New("needs what it has not") }}
	for setting, want := range map[string]verdict.State{"": verdict.Skipped, "require": verdict.Failed} {
		t.Setenv("UDPKATA_LAB", setting)
		f := tellOn(t, refused, s, "lab/ip4", nil)
		require.Equal(t, want, f.state)
		require.Equal(t, "needs what it has not", f.text.EN)
	}
}

// TestLab: the words of a story mean in the lab what they mean on the virtual
// network.
func TestLab(t *testing.T) {
	OnLab(t, func(w *World) {
		client, alice, bob := w.ListenPacket("client"), w.Peer("alice"), w.Peer("bob")
		_, err := client.WriteTo([]byte("hello"), alice.LocalAddr())
		require.NoError(w, err)
		alice.ExpectFrom(client, "hello")
		alice.HeardNothingElse()
		bob.HeardNothingElse()
		bare := w.DialUDP("bare", alice)
		require.Equal(w, labMTU, w.MTU(bare))
		bare.Write([]byte("hi"))
		alice.ExpectFrom(bare, "hi")
	})
	OnLab(t, func(w *World) {
		w.Router(1400)
		server := w.EchoServer("server")
		path := w.DialPath("client", server)
		headers := 28
		if path.IPv6() {
			headers = 48
		}
		_, err := path.Write(make([]byte, labMTU-headers))
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
		require.Equal(w, fmt.Sprintf("Your data was %d bytes long", 1400-headers), string(buf[:n]))
	})
}

// TestNetworksAgree: the words of a story about a router and about broadcasts mean
// the same on each network that it may be told on.
func TestNetworksAgree(t *testing.T) {
	// Linux's error that surprises: a datagram that is refused for its size leaves
	// the error of an earlier one where it is, and the next that fits meets it.
	OnRealPath(t, func(w *World) {
		w.Router(1280)
		server := w.Peer("server")
		path := w.DialPath("client", server)
		headers := 28
		if path.IPv6() {
			headers = 48
		}
		mtu := func() int {
			mtu, err := path.MTU()
			require.NoError(w, err)
			return mtu
		}
		write := func(size int) error {
			_, err := path.Write(make([]byte, size))
			return err
		}
		require.Equal(w, labMTU, mtu())
		require.NoError(w, write(1450-headers), "lost in silence")
		for mtu() != 1280 {
			time.Sleep(time.Millisecond)
		}
		if socket, real := path.inner.(*net.UDPConn); real {
			require.True(w, netlab.ErrorPending(socket, time.Minute))
		}
		require.ErrorIs(w, write(1450-headers), syscall.EMSGSIZE)
		require.ErrorIs(w, write(1280-headers), syscall.EMSGSIZE, "the error that was left")
		require.NoError(w, write(1280-headers))
		server.ExpectFrom(path, string(make([]byte, 1280-headers)))
		require.ErrorIs(w, write(1281-headers), syscall.EMSGSIZE)
		server.HeardNothingElse()
	})
	OnSubnet(t, func(w *World) {
		client, dave := w.ListenPacket("client"), w.Peer("dave")
		audience, everyone := w.Audience("alice", "bob")
		_, err := client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.NoError(w, err)
		for _, p := range audience {
			p.ExpectFrom(client, "all")
			p.HeardNothingElse()
		}
		_, err = client.WriteTo([]byte("all"), w.Everyone(addrPort(dave.LocalAddr()).Port()).LocalAddr())
		require.NoError(w, err)
		dave.HeardNothingElse() // its port, but its own address
		w.ForbidBroadcast(client)
		_, err = client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.ErrorIs(w, err, syscall.EACCES)
	})
	OnSubnets(t, func(w *World) {
		w.Router(1500)
		client := w.ListenPacket("client")
		audience, everyone := w.Audience("alice")
		bound, abroad := w.Bound("bound", everyone), w.Abroad("abroad", everyone)
		_, err := client.WriteTo([]byte("all"), everyone.LocalAddr())
		require.NoError(w, err)
		audience[0].ExpectFrom(client, "all")
		_, err = client.WriteTo([]byte("you"), bound.LocalAddr())
		require.NoError(w, err)
		bound.ExpectFrom(client, "you")
		bound.HeardNothingElse()
		abroad.HeardNothingElse()
	})
	// The host's own sockets, beside those of the story.
	OnLab4(t, func(w *World) {
		at := netip.AddrPortFrom(w.Wildcard(), w.FreePort())
		own := w.Call("Listen", func(context.Context) (any, error) {
			return net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		}).Opens("own", at)
		alice := w.Peer("alice")
		alice.Send(w.Everyone(at.Port()), "all")
		own.ExpectFrom(alice, "all")
		own.HeardNothingElse()
		require.True(w, w.seen[0].Heard)
	})
}

// TestLearned: a socket learns its path's MTU after a datagram was lost for it.
func TestLearned(t *testing.T) {
	OnLab(t, func(w *World) {
		w.Router(1280)
		client := w.DialUDP("client", w.Peer("server"))
		require.NoError(w, forbidFragments(client, w.net.addr().Is6()))
		_, err := client.Write(make([]byte, labMTU-48))
		require.NoError(w, err)
		w.Learned(client, 1280)
		w.ForbidsFragments(client)
	})
}

// TestLabLeavesNothing: whenever a program is killed that has a lab made, the lab's
// process is gone too, and the lab with it.
func TestLabLeavesNothing(t *testing.T) {
	const variable = "UDPKATA_TEST_KILL" // also the mark by which its processes are known
	if netlab.Inside() {
		OnLab(t, func(w *World) {
			w.Peer("alice")
			fmt.Fprintln(os.Stderr, "the lab is there") // for whoever kills this
			<-never
		})
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	if os.Getenv(variable) != "" {
		s := callerSite(t.Name(), 0)
		from, to, err := os.Pipe()
		require.NoError(t, err)
		cmd := netlab.Command("-test.run=^"+t.Name()+"$", "-test.paniconexit0")
		cmd.Env = append(cmd.Env, storyVariable+"="+s.task+"/lab/ip4")
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
