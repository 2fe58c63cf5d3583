package pmtu_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
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

// payload is what an MTU leaves for the bytes of a datagram.
func payload(ipv6 bool, mtu int) int {
	if ipv6 {
		return min(mtu-40-8, 65535-8)
	}
	return min(mtu-20-8, 65535-20-8)
}

func answerTo(size int) string { return fmt.Sprintf("Your data was %d bytes long", size) }

// probe starts the student's Probe.
func probe(w *harness.World, path *harness.Path) *harness.Call {
	return w.Call("Probe", func(ctx context.Context) (any, error) { return pmtu.Probe(ctx, path) })
}

func forbid(w *harness.World, name string, conn *net.UDPConn) *harness.Call {
	return w.Go("ForbidFragments("+name+")", func(context.Context) error { return pmtu.ForbidFragments(conn) })
}

func pathMTU(w *harness.World, name string, conn *net.UDPConn) *harness.Call {
	return w.Call("PathMTU("+name+")", func(context.Context) (any, error) { return pmtu.PathMTU(conn) })
}

func sendBig(w *harness.World, name string, conn *net.UDPConn, size int) *harness.Call {
	return w.Call(fmt.Sprintf("SendBig(%s, %d)", name, size), func(context.Context) (any, error) { return pmtu.SendBig(conn, size) })
}

// onLinux tells a story of what Linux's sockets can do, on the networks that tell
// chooses. On other systems the functions are given, and say that they can't do it.
func onLinux(t *testing.T, tell func(*testing.T, func(*harness.World)), story func(w *harness.World)) {
	if pmtu.Supported {
		tell(t, story)
		return
	}
	harness.OnLoopback4(t, func(w *harness.World) {
		conn := w.DialUDP("client", w.Peer("server"))
		forbid(w, "client", conn).Fails(errUnsupported)
		pathMTU(w, "client", conn).Fails(errUnsupported)
		sendBig(w, "client", conn, 1).Fails(errUnsupported)
	})
}

// A reason is why a story wants what it wants, in English and in Chinese.
type reason struct{ english, chinese string }

// whyMaxPayload says why so much is left of an MTU.
func whyMaxPayload(mtu int, ipv6 bool) reason {
	version, header := 4, 20
	if ipv6 {
		version, header = 6, 40
	}
	left, most := mtu-header-8, payload(ipv6, 1<<20)
	switch {
	case left < 0:
		return reason{
			fmt.Sprintf("IPv%d's header and UDP's have %d bytes: there is no room for them in %d, and less than nothing can't be sent.", version, header+8, mtu),
			fmt.Sprintf("IPv%d 和 UDP 的標頭共 %d 個位元組，%d 裡面放不下，而要送的不可能比 0 還少。", version, header+8, mtu)}
	case left > most:
		return reason{
			fmt.Sprintf("UDP over IPv%d carries %d bytes and no more, however big the MTU is: lengths are written in 16 bits.", version, most),
			fmt.Sprintf("不管 MTU 有多大，UDP 在 IPv%d 上最多只能裝 %d 個位元組：長度是用 16 個位元寫的。", version, most)}
	}
	return reason{
		fmt.Sprintf("On IPv%d the headers have %d bytes (IP) and 8 (UDP): %d-%d-8=%d.", version, header, mtu, header, left),
		fmt.Sprintf("在 IPv%d 上，標頭有 %d 個位元組（IP），加上 8 個（UDP）：%d-%d-8=%d。", version, header, mtu, header, left)}
}

// TestMaxPayload: an MTU less the headers; never more than UDP can carry, and
// never negative.
//
//kata:points 2
func TestMaxPayload(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
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
		} {
			for i, want := range []int{tt.ip4, tt.ip6} {
				ipv6 := i == 1
				because := whyMaxPayload(tt.mtu, ipv6)
				w.Call(fmt.Sprintf("MaxPayload(%d, %t)", tt.mtu, ipv6), func(context.Context) (any, error) {
					return pmtu.MaxPayload(tt.mtu, ipv6), nil
				}).Because(because.english, because.chinese).Returns(want)
			}
		}
	})
}

// TestForbidFragments: after the call, nobody may fragment the socket's datagrams,
// on IPv4 and on IPv6. If that fails, there is an error.
//
//kata:points 2
func TestForbidFragments(t *testing.T) {
	onLinux(t, harness.OnLoopback, func(w *harness.World) {
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
		}

		closed := w.UDPConn("closed")
		closed.Close()
		forbid(w, "closed", closed).Because(whyClosed.english, whyClosed.chinese).Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		forbid(w, "broken", broken).Because(
			"This descriptor is no socket's, so the option call fails, inside the function that Control calls. Control does not return that error: keep it in a variable outside, and return it.",
			"這個描述元不是 socket 的，所以設定選項會失敗，是在 Control 呼叫的函式裡面失敗。Control 不會回傳那個錯誤：用外面的變數留住它，再回傳。").Fails(want)
	})
}

// whyClosed is why there is an error about a socket that is closed.
var whyClosed = reason{
	"The socket is closed. SyscallConn or Control returns an error that says so: look at both, and return it.",
	"這個 socket 已經關閉了。SyscallConn 或 Control 會回傳錯誤來說這件事：兩個的錯誤都要看，再回傳。"}

// TestPathMTU: a connected socket knows the MTU of its path; for one that is not
// connected, there is an error.
//
//kata:points 1
func TestPathMTU(t *testing.T) {
	onLinux(t, harness.OnLinks, func(w *harness.World) {
		client := w.DialUDP("client", w.Peer("server"))
		pathMTU(w, "client", client).Because(
			"Each path has an MTU of its own, and the system knows it: ask for IP_MTU, on IPv6 IPV6_MTU. (1500 is what an Ethernet has.)",
			"每條路徑都有自己的 MTU，系統知道是多少：問 IP_MTU，在 IPv6 上是 IPV6_MTU。（1500 是乙太網路的。）").Returns(w.MTU(client))
		w.StillNonBlocking(client)
		pathMTU(w, "unconnected", w.UDPConn("unconnected")).Because(
			"A socket that is not connected can send to anybody, so it has no path, and no path's MTU. The system says so by an error: return it.",
			"沒有連接的 socket 想送給誰都可以，所以沒有哪一條路徑可言，也就沒有路徑的 MTU。系統會用錯誤說這件事：把它回傳。").Fails(syscall.ENOTCONN)

		closed := w.DialUDP("closed", w.Peer("another server"))
		closed.Close()
		pathMTU(w, "closed", closed).Because(whyClosed.english, whyClosed.chinese).Fails(net.ErrClosed)
	})
}

// TestSendBig: what fits the path is sent, and arrives. One byte more is not sent,
// nor is more than UDP can carry: the Report says what would fit. Only "message too
// long" says that a datagram does not fit; everything else is an error.
//
//kata:points 3
func TestSendBig(t *testing.T) {
	onLinux(t, harness.OnLinks, func(w *harness.World) {
		server := w.Peer("server")
		client := w.DialUDP("client", server)
		mtu, ipv6 := w.MTU(client), w.Loopback().Is6()
		fits := payload(ipv6, mtu)
		for _, size := range []int{fits, 1, 0} {
			sendBig(w, "client", client, size).Because(
				fmt.Sprintf("The path takes %d bytes in one datagram, and these are no more: they are sent, and there is nothing else to report.", fits),
				fmt.Sprintf("路徑的一個資料包裝得下 %d 個位元組，這裡沒有超過：就送出去，別的都不用回報。", fits)).Returns(pmtu.Report{Sent: true})
			w.Because(
				"What fits the path goes in one datagram, with one Write, every byte of it. Nobody puts pieces together again: each would be a datagram of its own.",
				"路徑裝得下的，就用一個資料包、一次 Write 全部送出去。分成幾塊的話，沒有人會再拼起來：每一塊都是另一個資料包。")
			server.ExpectFrom(client, strings.Repeat("#", size))
			w.Because("", "")
		}
		w.ForbidsFragments(client)
		for _, size := range []int{fits + 1, 65536, 1 << 20} {
			client := w.DialUDP(fmt.Sprintf("client of %d bytes", size), server)
			sendBig(w, "client", client, size).Because(
				fmt.Sprintf("The path takes %d bytes in one piece, and these are more. If the option is set before the send, the system refuses them. The Report says so, with the MTU and with what it leaves for your bytes, and there is no error.", fits),
				fmt.Sprintf("路徑一次裝得下 %d 個位元組，這裡超過了。送出之前就設好選項，系統就會拒絕。Report 要這麼說，寫上 MTU，還有扣掉標頭以後裝得下多少，而且沒有錯誤。", fits)).
				Returns(pmtu.Report{MTU: mtu, Fits: pmtu.MaxPayload(mtu, ipv6)})
		}
		server.HeardNothingElse()

		sendBig(w, "unconnected", w.UDPConn("unconnected"), 1).Because(
			"This socket has nobody to send to, and that has nothing to do with the size. Only syscall.EMSGSIZE says that a datagram is too big; return every other error.",
			"這個 socket 沒有送的對象，這和大小無關。只有 syscall.EMSGSIZE 說的是資料包太大；別的錯誤都要回傳。").Fails(syscall.EDESTADDRREQ)
		closed := w.DialUDP("closed", server)
		closed.Close()
		sendBig(w, "closed", closed, 1).Because(
			"The socket is closed, and that has nothing to do with the size: return the error that says so.",
			"這個 socket 已經關閉了，這和大小無關：把說這件事的錯誤回傳。").Fails(net.ErrClosed)
		broken, want := w.BrokenSocket("broken")
		sendBig(w, "broken", broken, 1).Because(
			"No option can be set here. Without it the datagram might be cut up, so return the error of ForbidFragments, and don't send.",
			"這裡設不了選項。沒有選項，資料包可能會被切開，所以要回傳 ForbidFragments 的錯誤，不要送。").Fails(want)
	})
}

// TestSendBigOverRouter: behind a router is a smaller link. The first big datagram
// is sent, and lost. Then the system knows the path's MTU, and the second is
// refused. The error that the first has left behind meets the next one, though
// that fits; the one after it arrives.
//
//kata:points 2
func TestSendBigOverRouter(t *testing.T) {
	onLinux(t, harness.OnLab, func(w *harness.World) {
		w.Router(1280)
		server := w.Peer("server")
		client := w.DialUDP("client", server)
		ipv6 := w.Loopback().Is6()
		big, fits := payload(ipv6, 1500), payload(ipv6, 1280)
		refused := pmtu.Report{MTU: 1280, Fits: pmtu.MaxPayload(1280, ipv6)}

		sendBig(w, "client", client, big).Because(
			"The first link takes this, and the system does not know of the router yet: it sends, and the datagram gets lost behind.",
			"第一段鏈路裝得下，系統還不知道有路由器：它送出去了，資料包在後面才掉。").Returns(pmtu.Report{Sent: true})
		w.Learned(client, 1280)
		pathMTU(w, "client", client).Because(
			"The router has told the system that the next link takes 1280 bytes. An MTU can change, so ask for it each time.",
			"路由器已經告訴系統，下一段鏈路的 MTU 是 1280。MTU 會變，所以每次都要問。").Returns(1280)
		sendBig(w, "client", client, big).Because(
			"Since the first datagram the system has learnt the path's MTU, 1280, and refuses this one. What it knew before is out of date: ask for the MTU after each refusal.",
			"第一個資料包之後，系統知道了路徑的 MTU 是 1280，所以拒絕這一個。之前知道的已經過時了：每次被拒絕之後，都要再問 MTU。").Returns(refused)
		sendBig(w, "client", client, fits).Because(
			"This would fit, but the send meets the error that the first datagram has left behind. SendBig sends once, and reports what it met: whoever calls decides whether to send again.",
			"這一個裝得下，但是送的時候遇到了第一個資料包留下的錯誤。SendBig 只送一次，遇到什麼就回報什麼：要不要再送，由呼叫的人決定。").Returns(refused)
		sendBig(w, "client", client, fits).Because(
			"This fits, and the old error is gone: it was told once.",
			"這一個裝得下，舊的錯誤也不在了：它只會說一次。").Returns(pmtu.Report{Sent: true})
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
	for _, tt := range []struct {
		mtu  int
		tell func(*testing.T, func(*harness.World))
	}{
		{1500, harness.OnPath},
		{1280, harness.OnRealPath},
		{1499, harness.OnPath},
		{1300, harness.OnPath},
	} {
		tt.tell(t, func(w *harness.World) {
			w.Router(tt.mtu)
			path := w.DialPath("client", w.EchoServer("server"))
			probe(w, path).Returns(payload(path.IPv6(), tt.mtu))
			w.StillOpen(path)
			w.NothingLeftBehind()
		})
	}
	harness.OnPath(t, func(w *harness.World) {
		w.Router(1400)
		w.Router(1350)
		w.Router(1300)
		path := w.DialPath("client", w.EchoServer("server"))
		probe(w, path).Returns(payload(path.IPv6(), 1300))
	})

	// The MTU shrinks before the first datagram is sent, so Write refuses it.
	harness.OnPath(t, func(w *harness.World) {
		path := w.DialPath("client", w.EchoServer("server"))
		first := &changingMTU{Path: path, answers: []int{9000}}
		w.Call("Probe", func(ctx context.Context) (any, error) {
			return pmtu.Probe(ctx, first)
		}).ReturnsAt(0, payload(path.IPv6(), 1500))
	})
}

// changingMTU is a Path that says what it is told of its MTU, and then its error
// or the truth.
type changingMTU struct {
	*harness.Path
	answers []int
	err     error
}

func (p *changingMTU) MTU() (int, error) {
	if len(p.answers) > 0 {
		mtu := p.answers[0]
		p.answers = p.answers[1:]
		return mtu, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.Path.MTU()
}

// TestProbeWaits: a datagram that nobody answers is sent five times, at 0, 100,
// 300, 700 and 1500 ms, and a smaller one five times more. After the last wait,
// Probe gives up. An answer that comes in time ends it.
//
//kata:points 2
func TestProbeWaits(t *testing.T) {
	instants := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}
	harness.OnPath(t, func(w *harness.World) {
		w.BlackHole(1400)
		path := w.DialPath("client", w.EchoServer("server"))
		probing := probe(w, path).Because(
			"Nothing has come back, no answer and no error. So nobody knows whether a datagram of this size arrives: give up with ErrNoAnswer.",
			"什麼都沒有回來，沒有答覆，也沒有錯誤。所以這個大小送不送得到，沒有人知道：要以 ErrNoAnswer 放棄。")
		probing.Fails(errNoAnswer)
		w.SentAt(path, instants...)
		probing.FailsAt(3100*ms, errNoAnswer)
		w.NothingLeftBehind()
	})
	harness.OnPath(t, func(w *harness.World) {
		server := w.EchoServer("server")
		w.Lose(server, 4)
		path := w.DialPath("client", server)
		probe(w, path).ReturnsAt(1500*ms, payload(path.IPv6(), 1500))
		w.SentAt(path, instants...)
	})

	// The router takes 30 ms to answer. From then on, there are five more sends.
	harness.OnPath(t, func(w *harness.World) {
		w.Distance(30 * ms)
		w.Router(1400)
		w.BlackHole(1300)
		path := w.DialPath("client", w.EchoServer("server"))
		probing := probe(w, path)
		probing.Fails(errNoAnswer)
		w.SentAt(path, 0, 30*ms, 130*ms, 330*ms, 730*ms, 1530*ms)
		probing.FailsAt(3130*ms, errNoAnswer)
	})
}

// TestProbeMeetsOldErrors: an error that an earlier datagram left behind, an
// answer to another size, or an error of another kind says nothing about the
// size that was sent last.
//
//kata:points 2
func TestProbeMeetsOldErrors(t *testing.T) {
	// The router takes 250 ms to answer, and by then it has been sent two that
	// are too big. The first one of all is lost.
	harness.OnPath(t, func(w *harness.World) {
		server := w.EchoServer("server")
		w.Lose(server, 1)
		w.Distance(250 * ms)
		w.Router(1280)
		path := w.DialPath("client", server)
		probe(w, path).ReturnsAt(850*ms, payload(path.IPv6(), 1280))
		w.SentAt(path, 0, 100*ms, 300*ms, 350*ms, 450*ms, 650*ms)
	})
	// The first Write meets an error that was there before.
	for _, errno := range []syscall.Errno{syscall.EMSGSIZE, syscall.ECONNREFUSED} {
		harness.OnPath(t, func(w *harness.World) {
			server := w.EchoServer("server")
			path := w.DialPath("client", server)
			w.FailWritesTo(path, server, errno)
			probing := probe(w, path)
			w.At(50 * ms)
			w.FailWritesTo(path, server, nil)
			probing.ReturnsAt(100*ms, payload(path.IPv6(), 1500))
			w.SentAt(path, 0, 100*ms)
		})
	}
	// After one, Probe listens all the same, and minds its context.
	harness.OnPath(t, func(w *harness.World) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		w.FailWritesTo(path, server, syscall.EMSGSIZE)
		probing := probe(w, path)
		w.At(50 * ms)
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(50*ms, payload(path.IPv6(), 1500))
	})
	harness.OnPath(t, func(w *harness.World) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		w.FailWritesTo(path, server, syscall.ENETUNREACH)
		w.Because(
			"A Write that fails is followed by its wait like any other: the answer to an earlier datagram may still come. So read until then.",
			"失敗的 Write 後面也要照樣等待：更早的資料包，答覆還是可能來。所以要讀到那時候為止。")
		probing := probe(w, path)
		w.At(50 * ms)
		probing.Cancel()
		probing.FailsAt(50*ms, context.Canceled, os.ErrDeadlineExceeded)
	})
	harness.OnPath(t, func(w *harness.World) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		probing := probe(w, path)
		w.At(30 * ms)
		w.FailRead(path, syscall.EMSGSIZE)
		w.At(60 * ms)
		server.Send(path, answerTo(payload(path.IPv6(), 1500)))
		probing.ReturnsAt(60*ms, payload(path.IPv6(), 1500))
	})
	harness.OnPath(t, func(w *harness.World) {
		server := w.Peer("server")
		path := w.DialPath("client", server)
		size := payload(path.IPv6(), 1500)
		probing := probe(w, path)
		w.At(30 * ms)
		w.FailRead(path, syscall.EMSGSIZE)
		w.At(40 * ms)
		w.FailRead(path, syscall.ECONNREFUSED)
		w.At(50 * ms)
		for _, text := range []string{answerTo(size - 1), answerTo(size + 1), answerTo(size) + " ", "", answerTo(size)[1:]} {
			server.Send(path, text)
		}
		probing.Because(
			fmt.Sprintf("Before 150 ms nothing comes that is about these %d bytes: only two errors, and texts that are not quite %q.", size, answerTo(size)),
			fmt.Sprintf("150 ms 之前來的，都和這 %d 個位元組無關：只有兩個錯誤，還有幾段不完全是 %q 的文字。", size, answerTo(size)))
		w.At(150 * ms)
		server.Send(path, answerTo(size))
		probing.ReturnsAt(150*ms, size)
		w.SentAt(path, 0, 100*ms)
	})
}

// TestProbeStops: when its context ends, when its path is closed, or when the MTU
// can't be had, Probe returns at once, and says why. Nothing is left behind.
//
//kata:points 1
func TestProbeStops(t *testing.T) {
	harness.OnPath(t, func(w *harness.World) {
		path := w.DialPath("client", w.Peer("server"))
		probing := probe(w, path)
		w.At(250 * ms)
		probing.Cancel()
		probing.FailsAt(250*ms, context.Canceled, os.ErrDeadlineExceeded)
		probing.FailsNot(errNoAnswer)
		w.StillOpen(path)
		w.NothingLeftBehind()
		w.At(10 * time.Second)
		w.SilentFrom(path, 250*ms)
	})
	harness.OnPath(t, func(w *harness.World) {
		path := w.DialPath("client", w.Peer("server"))
		probing := w.CallUntil(250*ms, "Probe", func(ctx context.Context) (any, error) { return pmtu.Probe(ctx, path) })
		probing.FailsAt(250*ms, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
	})
	harness.OnPath(t, func(w *harness.World) {
		path := w.DialPath("client", w.Peer("server"))
		probing := probe(w, path)
		w.At(250 * ms)
		w.Close(path)
		probing.FailsAt(250*ms, net.ErrClosed)
		w.NothingLeftBehind()
	})
	for _, answers := range [][]int{nil, {9000}} {
		harness.OnPath(t, func(w *harness.World) {
			unknown := errors.New("the MTU is not known")
			path := &changingMTU{w.DialPath("client", w.Peer("server")), answers, unknown}
			w.Call("Probe", func(ctx context.Context) (any, error) { return pmtu.Probe(ctx, path) }).Because(
				"path.MTU has returned an error. Without the MTU nobody knows how much to send: return that error, and don't guess.",
				"path.MTU 回傳了錯誤。沒有 MTU，就不知道該送多大：把那個錯誤回傳，不要用猜的。").Fails(unknown)
			w.NothingLeftBehind()
		})
	}
}
