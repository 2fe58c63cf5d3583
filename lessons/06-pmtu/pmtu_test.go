package pmtu_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	pmtu "udpkata/lessons/06-pmtu"
)

const ms = time.Millisecond

var (
	errNoAnswer    = harness.Named("ErrNoAnswer", pmtu.ErrNoAnswer)
	errUnsupported = harness.Named("ErrUnsupported", pmtu.ErrUnsupported)
)

// payload returns what an MTU leaves for the bytes of a datagram.
func payload(ipv6 bool, mtu int) int {
	if ipv6 {
		return max(0, min(mtu-40-8, 65535-8))
	}
	return max(0, min(mtu-20-8, 65535-20-8))
}

func answerTo(size int) string { return fmt.Sprintf("Your data was %d bytes long", size) }

// countBytes answers as lesson 02's server does.
func countBytes(datagram []byte) []byte { return []byte(answerTo(len(datagram))) }

// probe starts the student's Probe.
func probe(w harness.Caller, path pmtu.Path) *harness.Call {
	return w.Call("Probe", func(ctx context.Context) (any, error) { return pmtu.Probe(ctx, path) })
}

func forbid(w harness.Caller, name string, conn *net.UDPConn) *harness.Call {
	return w.Go("ForbidFragments("+name+")", func(context.Context) error { return pmtu.ForbidFragments(conn) })
}

func pathMTU(w harness.Caller, name string, conn *net.UDPConn) *harness.Call {
	return w.Call("PathMTU("+name+")", func(context.Context) (any, error) { return pmtu.PathMTU(conn) })
}

func sendBig(w harness.Caller, name string, conn *net.UDPConn, size int) *harness.Call {
	return w.Call(fmt.Sprintf("SendBig(%s, %d)", name, size), func(context.Context) (any, error) {
		return pmtu.SendBig(conn, size)
	})
}

// onLinux tells a story of what Linux's sockets can do. On other systems the functions
// are given, and say that they can't do it.
func onLinux[W any](t *testing.T, networks harness.Networks[W], story func(w W)) {
	if pmtu.Supported {
		networks(t, story)
		return
	}
	harness.OnLoopback4(t, func(w *harness.Kernel4) {
		conn := w.DialUDP("client", w.Peer("server"))
		forbid(w, "client", conn).Fails(errUnsupported)
		pathMTU(w, "client", conn).Fails(errUnsupported)
		sendBig(w, "client", conn, 1).Fails(errUnsupported)
	})
}

// TestMaxPayload: an MTU less the headers; never more than UDP can carry, and
// never negative.
//
//kata:points 2
func TestMaxPayload(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		maxPayload := func(mtu int, ipv6 bool) *harness.Call {
			return w.Call(fmt.Sprintf("MaxPayload(%d, %t)", mtu, ipv6), func(context.Context) (any, error) {
				return pmtu.MaxPayload(mtu, ipv6), nil
			})
		}
		for _, tt := range []struct{ mtu, ip4, ip6 int }{
			{1500, 1472, 1452},
			{1280, 1252, 1232},
			{576, 548, 528},
			{9000, 8972, 8952},
			{65535, 65507, 65487},
			{65536, 65507, 65488},
			{65575, 65507, 65527},
			{65576, 65507, 65527},
			{1 << 20, 65507, 65527},
			{49, 21, 1},
			{48, 20, 0},
			{29, 1, 0},
			{28, 0, 0},
			{27, 0, 0},
			{0, 0, 0},
			{-1, 0, 0},
			{-1 << 20, 0, 0},
			{math.MinInt32, 0, 0},
			{math.MinInt, 0, 0},
			{math.MinInt + 47, 0, 0},
			{math.MaxInt32, 65507, 65527},
			{math.MaxInt, 65507, 65527},
		} {
			because4 := "Take off IPv4's header (20 bytes) and UDP's (8). The result is from 0 to 65507, UDP's most."
			because6 := "Take off IPv6's header (40 bytes) and UDP's (8). The result is from 0 to 65527, UDP's most."
			if tt.mtu < 0 {
				because4 = "Below 0 nothing fits. The least of all numbers, less the headers, would be a big one."
				because6 = because4
			}
			maxPayload(tt.mtu, false).Because(because4).Returns(tt.ip4)
			maxPayload(tt.mtu, true).Because(because6).Returns(tt.ip6)
		}

		// Every MTU that there is, and some that there are not: what fits is counted up.
		type size struct {
			mtu  int
			ipv6 bool
			want int
		}
		var wrong []size
		w.Go("MaxPayload", func(context.Context) error {
			for _, tt := range []struct {
				ipv6          bool
				headers, most int
			}{{false, 28, 65507}, {true, 48, 65527}} {
				const first, last = -100, 66000
				payloads := harness.Results(last-first+1, func(i int) int { return pmtu.MaxPayload(first+i, tt.ipv6) })
				want := 0
				for i, got := range payloads {
					for want < tt.most && tt.headers+want+1 <= first+i {
						want++
					}
					if got != want {
						wrong = append(wrong, size{first + i, tt.ipv6, want})
						break
					}
				}
			}
			return nil
		}).Returns(nil)
		for _, s := range wrong {
			maxPayload(s.mtu, s.ipv6).
				Because("No MTU is an exception: whatever it is, only the headers are taken off.").
				Returns(s.want)
		}
	})
}

const nothingWaits = "An option's call is neither a read nor a write: with Control, no deadline matters."

// TestForbidFragments: after the call, nobody may fragment the socket's datagrams,
// on IPv4 and on IPv6. If that fails, there is an error.
//
//kata:points 2
func TestForbidFragments(t *testing.T) {
	onLinux(t, harness.OnLoopback, func(w *harness.Kernel) {
		for _, tt := range []struct {
			name string
			conn *net.UDPConn
		}{
			{"unconnected", w.UDPConn("unconnected")},
			{"connected", w.DialUDP("connected", w.Peer("server"))},
		} {
			forbid(w, tt.name, tt.conn).Returns(nil)
			w.ForbidsFragments(tt.conn)
			w.StillNonBlocking(tt.conn)
			w.Because("Set this one option alone: the others are the caller's business.")
			w.OtherwiseUnchanged(tt.conn, "IP_MTU_DISCOVER", "IPV6_MTU_DISCOVER")
		}

		probing := w.UDPConn("probing")
		w.IgnoresMTU(probing)
		forbid(w, "probing", probing).Returns(nil)
		w.Because("The option may have any value before, also a bigger one, 3 (probe): set it whatever it is.")
		w.ForbidsFragments(probing)

		late := w.UDPConn("late")
		late.SetDeadline(time.Unix(1, 0)) // long past
		forbid(w, "late", late).Because(nothingWaits).Returns(nil)
		w.ForbidsFragments(late)
		w.Go("WriteTo", func(context.Context) error {
			_, err := late.WriteTo([]byte("#"), late.LocalAddr())
			return err
		}).Because("A deadline that the socket has is the caller's, and stays there.").Fails(os.ErrDeadlineExceeded)

		closed := w.UDPConn("closed")
		closed.Close()
		forbid(w, "closed", closed).
			Because("The socket is closed. SyscallConn or Control says so: return the error of either.").
			Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		forbid(w, "broken", broken).
			Because("Control has an error of its own, and what it calls has another: return whichever is there.").
			Fails(want)

		at := netip.AddrPortFrom(w.Home(), w.FreePort())
		leaky := w.UDPConnAt("leaky", at)
		forbid(w, "leaky", leaky).Returns(nil)
		leaky.Close()
		w.Because("When the caller closes its socket, the port is free: whoever makes a copy of it closes that.")
		w.UDPConnAt("next", at)
	})

	onMapped(t, func(w *harness.Kernel4, conn *net.UDPConn) {
		forbid(w, "client", conn).Returns(nil)
		w.Because("An address may be IPv4's though it has 16 bytes: ask isIPv6 which option is meant.")
		w.ForbidsFragments(conn)
	})
}

// onMapped tells a story of a socket of IPv6 whose datagrams are IPv4's.
func onMapped(t *testing.T, story func(w *harness.Kernel4, conn *net.UDPConn)) {
	if pmtu.Supported {
		harness.OnLoopback4.Then(t, "an-ipv4-address-in-ipv6-form", func(w *harness.Kernel4) {
			story(w, w.DialMapped("client", w.Peer("server")))
		})
	}
}

// TestPathMTU: a connected socket knows the MTU of its path; for one that is not
// connected, there is an error.
//
//kata:points 1
func TestPathMTU(t *testing.T) {
	onLinux(t, harness.OnLinks, func(w *harness.Kernel) {
		client := w.DialUDP("client", w.Peer("server"))
		pathMTU(w, "client", client).
			Because("Each path has its own MTU (1500 is Ethernet's): ask for IP_MTU, on IPv6 for IPV6_MTU.").
			Returns(w.MTU(client))
		w.StillNonBlocking(client)
		w.Because("PathMTU asks for an option, and sets none.")
		w.OtherwiseUnchanged(client)
		pathMTU(w, "unconnected", w.UDPConn("unconnected")).
			Because("An unconnected socket can send to anybody, so it has no path. Return the system's error.").
			Fails(syscall.ENOTCONN)

		late := w.DialUDP("late", w.Peer("a third server"))
		late.SetDeadline(time.Unix(1, 0)) // long past
		pathMTU(w, "late", late).Because(nothingWaits).Returns(w.MTU(late))

		closed := w.DialUDP("closed", w.Peer("another server"))
		closed.Close()
		pathMTU(w, "closed", closed).
			Because("The socket is closed. SyscallConn or Control says so: return the error of either.").
			Fails(net.ErrClosed)
	})
	if !pmtu.Supported {
		return
	}

	harness.OnLab.Then(t, "behind-a-router", func(w *harness.Lab) {
		w.Router(small(w))
		server := w.Peer("server")
		client, other := w.DialUDP("client", server), w.DialUDP("other", server)
		const asked = "The path's MTU is %d, as far as this host's system knows by now: ask for it each time."
		pathMTU(w, "client", client).Because(asked, 1500).Returns(1500)
		w.Discovers(client, small(w))
		pathMTU(w, "client", client).Because(asked, small(w)).Returns(small(w))
		pathMTU(w, "other", other).Because(asked, 1500).Returns(1500)
	})
}

// TestSendBig: what fits the path is sent, and arrives. One byte more is not sent,
// nor is more than UDP can carry: the Report says what would fit. Only "message too
// long" says that a datagram does not fit; everything else is an error.
//
//kata:points 3
func TestSendBig(t *testing.T) {
	onLinux(t, harness.OnLinks, func(w *harness.Kernel) {
		server := w.Peer("server")
		client := w.DialUDP("client", server)
		mtu, ipv6 := w.MTU(client), w.IPv6()
		fits := payload(ipv6, mtu)
		for _, size := range []int{fits, 1, 0} {
			sendBig(w, "client", client, size).
				Because("Up to %d bytes fit the path in one datagram: this is sent, with no more to report.", fits).
				Returns(pmtu.Report{Sent: true})
			server.Because("What fits goes in one Write. Nobody joins pieces: each would be a datagram of its own.").
				ExpectFrom(client, strings.Repeat("#", size))
		}
		w.ForbidsFragments(client)
		for _, size := range []int{fits + 1, 65536, 1 << 20} {
			client := w.DialUDP(fmt.Sprintf("client of %d bytes", size), server)
			sendBig(w, "client", client, size).
				Because("With the option set first, the system refuses this: no error, but a Report of what fits.").
				Returns(pmtu.Report{MTU: mtu, Fits: pmtu.MaxPayload(mtu, ipv6)})
		}
		server.HeardNothingElse()

		sendBig(w, "unconnected", w.UDPConn("unconnected"), 1).
			Because("Only syscall.EMSGSIZE says that a datagram is too big. Return every other error.").
			Fails() // which one depends on the call: WriteMsgUDP says "missing address"
		gone := w.Peer("gone")
		refused := w.DialUDP("refused", gone)
		gone.Close()
		sendBig(w, "refused", refused, 1).Returns(pmtu.Report{Sent: true})
		w.ErrorArrives(refused)
		sendBig(w, "refused", refused, 1).
			Because("Write has met the error of an earlier datagram: return it, and don't send once more.").
			Fails(syscall.ECONNREFUSED)
		closed := w.DialUDP("closed", server)
		closed.Close()
		sendBig(w, "closed", closed, 1).
			Because("The socket is closed, and that has nothing to do with the size: return the error that says so.").
			Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		sendBig(w, "broken", broken, 1).
			Because("Where the option can't be set, ForbidFragments has an error: SendBig returns it, sends nothing.").
			Fails(want)
		sendBig(w, "nowhere", w.UDPConn("nowhere"), 70_000).
			Because("It is too big, and with no path PathMTU has an error, as there is no MTU to tell: return that.").
			Fails() // as above
	})
}

// TestSendBigOverRouter: behind a router is a smaller link. The first big datagram
// is sent, and lost. Then the system knows the path's MTU, and the second is
// refused. The error that the first has left behind meets the next one, though
// that fits; the one after it arrives.
//
//kata:points 2
func TestSendBigOverRouter(t *testing.T) {
	onLinux(t, harness.OnLab, func(w *harness.Lab) {
		w.Router(small(w))
		server := w.Peer("server")
		client := w.DialUDP("client", server)
		ipv6 := w.IPv6()
		big, fits := payload(ipv6, 1500), payload(ipv6, small(w))
		refused := pmtu.Report{MTU: small(w), Fits: pmtu.MaxPayload(small(w), ipv6)}

		pathMTU(w, "client", client).
			Because("The system does not know of the router yet: what it tells is the first link's.").
			Returns(1500)
		sendBig(w, "client", client, big).
			Because("The system does not know of the router yet: it sends this, and the datagram gets lost.").
			Returns(pmtu.Report{Sent: true})
		w.ForbidsFragments(client)
		w.Learned(client, small(w))
		pathMTU(w, "client", client).
			Because("The router has told the system that the next link's MTU is %d. Ask for it each time.", small(w)).
			Returns(small(w))
		sendBig(w, "client", client, big).
			Because("The system knows the path's MTU by now, and refuses this: the Report tells that MTU.").
			Returns(refused)
		sendBig(w, "client", client, fits).
			Because("A send that fits can meet an older one's error. SendBig sends once, and reports what it met.").
			Returns(refused)
		sendBig(w, "client", client, fits).
			Because("This fits, and the old error is gone: the system reports it once.").
			Returns(pmtu.Report{Sent: true})
		server.ExpectFrom(client, strings.Repeat("#", fits))
		server.HeardNothingElse()
	})
}

// TestProbe: without a router, and with one before a smaller link, Probe finds
// the biggest size that arrives. What the system tells of the path at first is
// too much.
//
//kata:points 3
func TestProbe(t *testing.T) {
	for _, mtu := range []int{1500, 1280, 1499, 1300} {
		harness.OnPath.Then(t, fmt.Sprintf("mtu-%d", mtu), func(w *harness.Path) {
			w.Router(mtu)
			path := w.DialPath("client", w.Server("server", countBytes))
			finds(w.World, path, mtu)
			sends := []time.Duration{0}
			if mtu < 1500 {
				sends = append(sends, 0)
			}
			w.At(10 * time.Second)
			w.Because("Where less fits, so much is sent at once. When the answer has come, nothing more is sent.")
			w.SentAt(path, sends...)
		})
	}

	harness.OnPath.Then(t, "three-routers", func(w *harness.Path) {
		w.Router(1400)
		w.Router(1350)
		w.Router(near(w, 1300))
		path := w.DialPath("client", w.Server("server", countBytes))
		probe(w, path).Returns(payload(path.IPv6(), near(w, 1300)))
	})

	// The MTU shrinks before the first datagram is sent, so Write refuses it.
	harness.OnPath.Then(t, "write-refuses", func(w *harness.Path) {
		path := w.DialPath("client", w.Server("server", countBytes))
		probe(w, newToldPath(path, 9000, near(w, 1500))).ReturnsAt(0, payload(path.IPv6(), near(w, 1500)))
	})

	for _, mtu := range []int{65535, 65556, 65575, 1 << 20, math.MaxInt} {
		harness.OnPath.Then(t, fmt.Sprintf("first-told-%d", mtu), func(w *harness.Path) {
			path := newToldPath(w.DialPath("client", w.Server("server", countBytes)), mtu, near(w, 1500))
			probe(w, path).
				Because("No MTU is too big to begin with: send as much as UDP can carry, if path.MTU says so.").
				ReturnsAt(0, payload(path.IPv6(), near(w, 1500)))
			w.Because("Send first what path.MTU says, also above Ethernet's 1500, and then what it says each time.")
			w.SentAt(path.PathConn, 0, 0)
		})
	}

	harness.OnPath.Then(t, "refused-again-and-again", func(w *harness.Path) {
		path := w.DialPath("client", w.Server("server", countBytes))
		mtus := make([]int, 40) // 1539, 1538, …
		for i := range mtus {
			mtus[i] = 1500 + len(mtus) - 1 - i
		}
		probe(w, newToldPath(path, mtus[0], mtus[1:]...)).
			Because("However often less fits than before, each smaller size is sent at once.").
			ReturnsAt(0, payload(path.IPv6(), 1500))
		w.Because("Send first what path.MTU says, also above Ethernet's 1500, and then what it says each time.")
		w.SentAt(path, make([]time.Duration, len(mtus))...)
	})

	for _, mtu := range []int{1279, 576, 68, 49, 28} {
		harness.OnPath.Then(t, fmt.Sprintf("told-%d", mtu), func(w *harness.Path) {
			path := newToldPath(w.DialPath("client", w.Server("server", countBytes)), mtu)
			probe(w, path).
				Because("Path.MTU says %d. Believe it: no MTU is too small, and even an empty datagram is one.", mtu).
				ReturnsAt(0, payload(path.IPv6(), mtu))
			w.Because("However small the size is, also 0: only the answer to a send of it shows that it arrives.")
			w.SentAt(path.PathConn, 0)
		})
	}

	harness.OnPath.Then(t, "twice", func(w *harness.Path) {
		path := newToldPath(w.DialPath("client", w.Server("server", countBytes)), near(w, 1300))
		probe(w, path).ReturnsAt(0, payload(path.IPv6(), near(w, 1300)))
		for _, mtu := range []int{near(w, 1500), near(w, 1400)} {
			path.is(mtu)
			probe(w, path).
				Because("Paths change, and now path.MTU says %d: each call begins with what it says.", mtu).
				ReturnsAt(0, payload(path.IPv6(), mtu))
		}
	})

	harness.OnLab.Then(t, "real-router", func(w *harness.Lab) {
		w.Router(small(w))
		finds(w.World, w.DialPath("client", w.Server("server", countBytes)), small(w))
	})
}

// finds lets Probe find what the path's MTU leaves.
func finds(w *harness.World, path *harness.PathConn, mtu int) {
	probe(w, path).Returns(payload(path.IPv6(), mtu))
	w.StillOpen(path)
	w.NothingLeftBehind()
}

// A toldPath is a Path that says of its MTU what the story tells it.
type toldPath struct {
	*harness.PathConn
	mu   sync.Mutex
	mtu  int   // 0 if it is not known
	next []int // what it is after each Write
}

var errUnknown = errors.New("the MTU is not known")

// newToldPath returns a path with an MTU, and what it is after the first Write and so on.
func newToldPath(path *harness.PathConn, mtu int, next ...int) *toldPath {
	return &toldPath{PathConn: path, mtu: mtu, next: next}
}

// is tells the path its MTU.
func (p *toldPath) is(mtu int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mtu = mtu
}

func (p *toldPath) MTU() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mtu == 0 {
		return 0, errUnknown
	}
	return p.mtu, nil
}

func (p *toldPath) Write(b []byte) (int, error) {
	p.mu.Lock()
	if len(p.next) > 0 {
		p.mtu, p.next = p.next[0], p.next[1:]
	}
	p.mu.Unlock()
	return p.PathConn.Write(b)
}

// A slowPath is one whose reads take a while from when the datagram is in the buffer.
type slowPath struct {
	*toldPath
	both *sync.WaitGroup
}

func (p slowPath) Read(b []byte) (int, error) {
	n, err := p.toldPath.Read(b)
	if err == nil {
		p.both.Done()
		p.both.Wait() // for the other path's datagram
	}
	return n, err
}

// instants are those of the five sends of one size.
var instants = []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}

// TestProbeWaits: a datagram that nobody answers is sent five times, at 0, 100,
// 300, 700 and 1500 ms, and a smaller one five times more. After the last wait,
// Probe gives up. An answer that comes in time ends it.
//
//kata:points 2
func TestProbeWaits(t *testing.T) {
	harness.OnPath(t, func(w *harness.Path) {
		w.BlackHole(1400)
		path := w.DialPath("client", w.Server("server", countBytes))
		probing := probe(w, path).
			Because("Nothing has come back, so nobody knows whether this size arrives: give up with ErrNoAnswer.")
		probing.Fails(errNoAnswer)
		w.SentAt(path, instants...)
		probing.FailsAt(3100*ms, errNoAnswer)
		w.NothingLeftBehind()
	})

	harness.OnPath.Then(t, "four-sends-lost", func(w *harness.Path) {
		server := w.Server("server", countBytes)
		w.Lose(server, 4)
		path := newToldPath(w.DialPath("client", server), near(w, 1500))
		probe(w, path).ReturnsAt(1500*ms, payload(path.IPv6(), near(w, 1500)))
		w.SentAt(path.PathConn, instants...)
	})

	// The router takes 30 ms to answer. From then on, there are five more sends.
	harness.OnPath.Then(t, "too-big-and-then-silence", func(w *harness.Path) {
		w.Distance(30 * ms)
		w.Router(1400)
		w.BlackHole(1300)
		path := w.DialPath("client", w.Server("server", countBytes))
		probing := probe(w, path)
		probing.Fails(errNoAnswer)
		w.SentAt(path, 0, 30*ms, 130*ms, 330*ms, 730*ms, 1530*ms)
		probing.FailsAt(3130*ms, errNoAnswer)
	})

	// The router's note comes only in the fifth wait.
	harness.OnPath.Then(t, "too-big-in-the-last-wait", func(w *harness.Path) {
		path := newToldPath(w.DialPath("client", w.Peer("server")), 1500)
		const reason = "The smaller size has five sends of its own, whenever the error comes."
		probing, at := probe(w, path).Because(reason), harness.Number(w, 2000*ms, 1501*ms, 3000*ms)
		w.At(at)
		path.is(near(w, 1400))
		w.FailRead(path.PathConn, syscall.EMSGSIZE)
		probing.Fails(errNoAnswer)
		w.Because(reason)
		w.SentAt(path.PathConn, append(slices.Clone(instants), at, at+100*ms, at+300*ms, at+700*ms, at+1500*ms)...)
		probing.FailsAt(at+3100*ms, errNoAnswer)
	})

	// Of either, the first send is lost.
	harness.OnPath.Then(t, "two-paths", func(w *harness.Path) {
		servers := []*harness.Peer{w.Server("server 1", countBytes), w.Server("server 2", countBytes)}
		var paths []*toldPath
		var probing []*harness.Call
		for i, mtu := range []int{near(w, 1500), near(w, 1400)} {
			w.Lose(servers[i], 1)
			paths = append(paths, newToldPath(w.DialPath(fmt.Sprint("client ", i+1), servers[i]), mtu))
			probing = append(probing, probe(w, paths[i]))
		}
		for i, mtu := range []int{near(w, 1500), near(w, 1400)} {
			probing[i].
				Because("Calls on other paths run at the same time: what is one's own is no package-level variable.").
				ReturnsAt(100*ms, payload(paths[i].IPv6(), mtu))
			w.SentAt(paths[i].PathConn, 0, 100*ms)
		}
	})

	harness.OnPath.Then(t, "two-slow-paths", func(w *harness.Path) {
		both := new(sync.WaitGroup)
		both.Add(2)
		server := w.Server("server", countBytes)
		var probing []*harness.Call
		var mtus []int
		for i, mtu := range []int{near(w, 1500), near(w, 1400)} {
			path := slowPath{newToldPath(w.DialPath(fmt.Sprint("client ", i+1), server), mtu), both}
			probing, mtus = append(probing, probe(w, path)), append(mtus, payload(path.IPv6(), mtu))
		}
		for i, size := range mtus {
			probing[i].
				Because("Calls on other paths run at the same time: what is one's own is no package-level variable.").
				ReturnsAt(0, size)
		}
	})
}

// errs are those that say nothing about a datagram's size.
var errs = []error{
	syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	syscall.ENETDOWN, syscall.ENOBUFS, syscall.EPERM, syscall.EIO,
}

// TestProbeMeetsOldErrors: an error that an earlier datagram left behind, an
// answer to another size, or an error of another kind says nothing about the
// size that was sent last.
//
//kata:points 2
func TestProbeMeetsOldErrors(t *testing.T) {
	// The router takes 250 ms to answer, and by then it has been sent two that
	// are too big. The first one of all is lost.
	harness.OnPath(t, func(w *harness.Path) {
		server := w.Server("server", countBytes)
		w.Lose(server, 1)
		w.Distance(250 * ms)
		w.Router(near(w, 1280))
		path := w.DialPath("client", server)
		probe(w, path).ReturnsAt(850*ms, payload(path.IPv6(), near(w, 1280)))
		w.SentAt(path, 0, 100*ms, 300*ms, 350*ms, 450*ms, 650*ms)
	})

	for _, tt := range []struct {
		name  string
		errno syscall.Errno
	}{
		{"too-big", syscall.EMSGSIZE},
		{"refused", syscall.ECONNREFUSED},
	} {
		harness.OnPath.Then(t, "first-write-meets-"+tt.name, func(w *harness.Path) {
			server := w.Server("server", countBytes)
			path := w.DialPath("client", server)
			w.FailWritesTo(path, server, tt.errno)
			probing := probe(w, path)
			w.At(50 * ms)
			w.FailWritesTo(path, server, nil)
			probing.ReturnsAt(100*ms, payload(path.IPv6(), 1500))
			w.SentAt(path, 0, 100*ms)
		})
	}

	harness.OnPath.Then(t, "answer-after-a-failed-write", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		w.FailWritesTo(path, server, syscall.EMSGSIZE)
		probing := probe(w, path)
		w.At(harness.Number(w, 50*ms, ms, 50*ms))
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(harness.Number(w, 50*ms, ms, 50*ms), payload(path.IPv6(), 1500))
	})

	harness.OnPath.Then(t, "cancelled-after-a-failed-write", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		w.FailWritesTo(path, server, syscall.ENETUNREACH)
		probing := probe(w, path).
			Because("After a Write that fails, wait as after any other: an answer may come, or ctx may end.")
		w.At(50 * ms)
		probing.Stop()
		probing.FailsAt(50*ms, context.Canceled, os.ErrDeadlineExceeded)
	})

	harness.OnPath.Then(t, "answer-after-an-old-error", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		probing := probe(w, path)
		w.At(30 * ms)
		w.FailRead(path, syscall.EMSGSIZE)
		w.At(harness.Number(w, 60*ms, 31*ms, 60*ms))
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(harness.Number(w, 60*ms, 31*ms, 60*ms), payload(path.IPv6(), 1500))
	})

	harness.OnPath.Then(t, "answers-to-other-sizes", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		size := payload(path.IPv6(), 1500)
		probing := probe(w, path)
		w.At(30 * ms)
		w.FailRead(path, syscall.EMSGSIZE)
		w.At(40 * ms)
		w.FailRead(path, syscall.ECONNREFUSED)
		w.At(50 * ms)
		for _, text := range []string{
			answerTo(size - 1), answerTo(size + 1), answerTo(size) + " ", "", answerTo(size)[1:],
		} {
			server.Send(path, text)
		}
		probing.Because("Before 150 ms nothing comes but two errors, and texts that are not quite %q.", answerTo(size))
		w.At(150 * ms)
		server.Send(path, answerTo(size))
		probing.ReturnsAt(150*ms, size)
		w.SentAt(path, 0, 100*ms)
	})

	for _, tt := range []struct {
		name  string
		errno syscall.Errno
	}{
		{"every-write-fails", syscall.ENETUNREACH},
		{"every-write-is-refused", syscall.ECONNREFUSED},
		{"every-write-is-too-big", syscall.EMSGSIZE},
	} {
		harness.OnPath.Then(t, tt.name, func(w *harness.Path) {
			server := w.Peer("server")
			path := w.DialPath("client", server)
			w.FailWritesTo(path, server, tt.errno)
			probing := probe(w, path).
				Because("A Write that fails counts as a send: after five, and their waits, give up with ErrNoAnswer.")
			probing.Fails(errNoAnswer)
			w.SentAt(path, instants...)
			probing.FailsAt(3100*ms, errNoAnswer)
			w.NothingLeftBehind()
		})
	}

	harness.OnPath.Then(t, "many-errors", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		probing := probe(w, path).
			Because("Errors of reads change nothing, however many there are: Probe reads on until its wait is over.")
		w.At(30 * ms)
		w.FailRead(path, errs...)
		w.At(130 * ms)
		w.FailRead(path, errs...)
		w.At(harness.Number(w, 160*ms, 131*ms, 160*ms))
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(harness.Number(w, 160*ms, 131*ms, 160*ms), payload(path.IPv6(), 1500))
		w.SentAt(path, 0, 100*ms)
	})

	harness.OnPath.Then(t, "a-thousand-errors", func(w *harness.Path) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		probing := probe(w, path).
			Because("Errors of reads change nothing, however many there are: Probe reads on until its wait is over.")
		w.At(30 * ms)
		w.FailRead(path, slices.Repeat(errs, 120)...)
		w.At(60 * ms)
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(60*ms, payload(path.IPv6(), 1500))
		w.SentAt(path, 0)
	})

	// The first two errors bring no news of the MTU, or that it has grown; the third does.
	harness.OnPath.Then(t, "no-news-grown-shrunk", func(w *harness.Path) {
		server := w.Peer("server")
		path := newToldPath(w.DialPath("client", server), 1400)
		probing := probe(w, path)
		for i, mtu := range []int{1400, 1500, near(w, 1300)} {
			w.At(time.Duration(i+1) * 20 * ms)
			path.is(mtu)
			w.FailRead(path.PathConn, syscall.EMSGSIZE)
		}
		w.At(70 * ms)
		w.Because("At each such error ask path.MTU, and send anew only if less fits than was tried.")
		w.SentAt(path.PathConn, 0, 60*ms)
		for _, mtu := range []int{1400, 1500, 9000} {
			server.Send(path, answerTo(payload(path.IPv6(), mtu)))
		}
		w.At(80 * ms)
		server.Send(path, answerTo(payload(path.IPv6(), near(w, 1300))))
		probing.
			Because("An answer with a bigger number is one to what was sent before: it does not count.").
			ReturnsAt(80*ms, payload(path.IPv6(), near(w, 1300)))
	})

	// What path.MTU says falls, but to more than was tried.
	harness.OnPath.Then(t, "grown-and-shrunk-a-little", func(w *harness.Path) {
		server := w.Peer("server")
		path := newToldPath(w.DialPath("client", server), 1400)
		probing := probe(w, path)
		for i, mtu := range []int{9000, 4000, 1400} {
			w.At(time.Duration(i+1) * 20 * ms)
			path.is(mtu)
			w.FailRead(path.PathConn, syscall.EMSGSIZE)
		}
		w.At(70 * ms)
		w.Because("At each such error ask path.MTU, and send anew only if less fits than was tried.")
		w.SentAt(path.PathConn, 0)
		server.Send(path, answerTo(payload(path.IPv6(), 1400)))
		probing.ReturnsAt(70*ms, payload(path.IPv6(), 1400))
	})
}

// TestProbeStops: when its context ends, when its path is closed, or when the MTU
// can't be had, Probe returns at once, and says why. Nothing is left behind.
//
//kata:points 1
func TestProbeStops(t *testing.T) {
	harness.OnPath(t, func(w *harness.Path) {
		path, ended := w.DialPath("client", w.Peer("server")), harness.Number(w, 250*ms, 101*ms, 299*ms)
		probing := probe(w, path)
		w.At(ended)
		probing.Stop()
		probing.FailsAt(ended, context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(path)
		w.NothingLeftBehind()
		w.At(10 * time.Second)
		w.SilentFrom(path, ended)
	})

	harness.OnPath.Then(t, "at-the-deadline", func(w *harness.Path) {
		path := w.DialPath("client", w.Peer("server"))
		probing := w.CallUntil(250*ms, "Probe", func(ctx context.Context) (any, error) { return pmtu.Probe(ctx, path) })
		probing.FailsAt(250*ms, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})

	harness.OnPath.Then(t, "closed-path", func(w *harness.Path) {
		path, closed := w.DialPath("client", w.Peer("server")), harness.Number(w, 250*ms, 101*ms, 299*ms)
		probing := probe(w, path)
		w.At(closed)
		w.Close(path)
		probing.FailsAt(closed, net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnPath.Then(t, "before-the-call", func(w *harness.Path) {
		path := w.DialPath("client", w.Peer("server"))
		w.Call("Probe", func(ctx context.Context) (any, error) {
			over, cancel := context.WithCancel(ctx)
			cancel()
			return pmtu.Probe(over, path)
		}).Because("A ctx may be over before the call: that is an end like any other, with ctx's error.").
			FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.StillOpen(path)
		w.NothingLeftBehind()
		w.Close(path)
		probe(w, path).
			Because("A path may be closed before the call: that is an end like any other, with its error.").
			FailsAt(0, net.ErrClosed)
	})

	for _, tt := range []struct {
		name    string
		mtus    []int
		because string
	}{
		{"mtu-unknown", []int{0},
			"Without the MTU nobody knows how much to send: return path.MTU's error, and don't guess."},
		{"mtu-unknown-the-second-time", []int{9000, 0},
			"At first path.MTU says 9000. The system refuses that, and then path.MTU has an error: return it."},
	} {
		harness.OnPath.Then(t, tt.name, func(w *harness.Path) {
			path := newToldPath(w.DialPath("client", w.Peer("server")), tt.mtus[0], tt.mtus[1:]...)
			probe(w, path).Because(tt.because).FailsAt(0, errUnknown)
			w.NothingLeftBehind()
		})
	}

	harness.OnPath.Then(t, "mtu-unknown-after-a-read", func(w *harness.Path) {
		path := newToldPath(w.DialPath("client", w.Peer("server")), 1500)
		probing := probe(w, path).
			Because("Read says that it is too big, and then path.MTU returns this error: return that, and don't guess.")
		w.At(30 * ms)
		path.is(0)
		w.FailRead(path.PathConn, syscall.EMSGSIZE)
		probing.FailsAt(30*ms, errUnknown)
		w.NothingLeftBehind()
	})
}

// near returns an MTU that is another one's, or a little less.
func near(w harness.Caller, mtu int) int { return harness.Number(w, mtu, mtu-39, mtu) }

// small returns the MTU of a link behind a lab's router. IPv6 has none that is smaller.
func small(w harness.Caller) int { return harness.Number(w, 1280, 1280, 1399) }

func TestMain(m *testing.M) { harness.Main(m) }
