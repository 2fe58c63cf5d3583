package harness

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/capability"
	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/record"
	"udpkata/harness/sockopt"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Kernel is a World of the kernel's own sockets. The student's code can open some
// itself ([Kernel.Opened]), and gets others bare, as *net.UDPConn, so that it can set
// options on them. What the code sends and hears on those, the story does not see.
type Kernel struct {
	*World
	kernelWords
}

// A Kernel4 is a Kernel of IPv4, which has broadcasts.
type Kernel4 struct {
	*World
	kernelWords
	broadcasts
}

// A Lab is a World of the kernel's sockets on a real network, which can have a router.
// Peers are beyond it; all that the code has is before it.
type Lab struct {
	*World
	kernelWords
	pathWords
}

type kernelWords struct {
	w    *World
	host network.KernelHost
}

// Home returns the address of the host that the student's code runs on, where it opens
// sockets itself: on loopback, 127.0.0.1 or ::1.
func (k kernelWords) Home() netip.Addr {
	addr, err := k.host.Home()
	if err != nil {
		k.w.fatal(verdict.NotRun, "No address for the code's own sockets: %v.", err)
	}
	return addr
}

// IPv6 reports whether the story is told on IPv6.
func (k kernelWords) IPv6() bool { return k.host.Addr().Is6() }

// Wildcard returns 0.0.0.0 or ::, which stands for all addresses of a host.
func (k kernelWords) Wildcard() netip.Addr {
	if k.IPv6() {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// SecondHome returns another address of the same host as [Kernel.Home]. The story is
// skipped where there is none.
func (k kernelWords) SecondHome() netip.Addr {
	addr, missing := k.host.SecondAddr()
	k.w.need(missing)
	return addr
}

// AbsentAddr returns an address that this computer does not have: it is for examples
// (RFC 5737, RFC 3849). No socket can be opened there, and nothing is sent there. The
// story is skipped where one can.
func (k kernelWords) AbsentAddr() netip.Addr {
	absent := netip.AddrFrom4([4]byte{192, 0, 2, 1})
	if k.IPv6() {
		absent = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1})
	}
	k.w.need(capability.AbsentAddress(absent).Missing())
	return absent
}

// Undialable returns an address that no socket can be connected to: a link-local one
// that does not say on which interface (RFC 4007 section 6). The story is skipped where
// that is no error.
func (k kernelWords) Undialable() netip.AddrPort {
	at := netip.AddrPortFrom(netip.AddrFrom16([16]byte{0xfe, 0x80, 15: 1}), 9)
	if conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at)); err == nil {
		conn.Close()
		k.w.need(fmt.Errorf("needs an address that no socket can be connected to: to this system, %v is none", at))
	}
	return at
}

// UDPConn opens a socket of the kernel's for the student's code.
func (k kernelWords) UDPConn(name string) *net.UDPConn {
	return k.bare(name, k.host.ListenUDP)
}

// UDPConnAt opens a socket of the kernel's for the student's code on a port that is free:
// one of [Kernel.FreePort], or of a socket that the story has closed. The story fails if
// the code still holds that port, as by a copy of the socket's descriptor.
func (k kernelWords) UDPConnAt(name string, at netip.AddrPort) *net.UDPConn {
	return k.bare(name, func() (*net.UDPConn, error) {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if errors.Is(err, syscall.EADDRINUSE) {
			k.w.wants(nil)
			k.w.fatal(verdict.Failed, "The socket at %v is closed, and its port is still taken: the code has made a "+
				"copy of the socket, and not closed it.", at)
		}
		return conn, err
	})
}

// DialMapped opens a socket of IPv6 for the student's code that is connected to an
// endpoint of IPv4: what it sends is IPv4. The story is skipped without IPv6.
func (k kernelWords) DialMapped(name string, to Endpoint) *net.UDPConn {
	k.w.need(capability.IPv6.Missing())
	return k.bare(name, func() (*net.UDPConn, error) {
		return net.DialUDP("udp", &net.UDPAddr{IP: net.IPv6unspecified}, to.LocalAddr().(*net.UDPAddr))
	})
}

// DialUDP opens a socket of the kernel's for the student's code that is
// connected to an endpoint.
func (k kernelWords) DialUDP(name string, to Endpoint) *net.UDPConn {
	return k.bare(name, func() (*net.UDPConn, error) { return k.host.DialUDP(record.AddrPort(to.LocalAddr())) })
}

func (k kernelWords) bare(name string, opener func() (*net.UDPConn, error)) (conn *net.UDPConn) {
	k.w.open(name, func() (_ record.Socket, err error) {
		conn, err = opener()
		return conn, err
	})
	k.w.rec.Update(func() { k.w.bare[conn], k.w.options[conn] = name, sockopt.Options(conn) })
	return conn
}

// bareSockets lists the sockets that the student's code was given bare.
func (w *World) bareSockets() (all []*net.UDPConn) {
	w.rec.Locked(func() {
		for socket := range w.bare {
			all = append(all, socket)
		}
	})
	return all
}

// bareName returns the name of a socket that the student's code was given bare.
func (k kernelWords) bareName(socket *net.UDPConn) (name string) {
	k.w.rec.Locked(func() { name = k.w.bare[socket] })
	return name
}

// BrokenSocket opens a socket on which every option call fails, with an error
// that wraps want: where a system can do that, its descriptor is no socket any
// more; elsewhere it is closed.
func (k kernelWords) BrokenSocket(name string) (socket *net.UDPConn, want error) {
	socket = k.UDPConn(name)
	want, err := sockopt.Break(socket)
	if err != nil {
		k.w.fatal(verdict.NotRun, "%s can't be broken: %v.", name, err)
	}
	return socket, want
}

// IgnoresMTU sets a socket's option IP_MTU_DISCOVER, on IPv6 IPV6_MTU_DISCOVER, to
// "probe", which forbids fragmentation too, but does not refuse what is too big for the
// path. Only Linux can do that.
func (k kernelWords) IgnoresMTU(socket *net.UDPConn) {
	if err := sockopt.SetPMTUDiscovery(socket, k.IPv6(), sockopt.Probe); err != nil {
		k.cantAsk(socket, err)
	}
}

// ForbidBroadcast takes the permission to broadcast away from a socket, which Go gives to
// those that it opens (on Windows, to those of IPv4).
func (k kernelWords) ForbidBroadcast(socket *net.UDPConn) {
	k.w.rec.Update(func() { k.w.mute = append(k.w.mute, socket) })
	k.w.forbidBroadcast(socket)
}

// MayBroadcast fails the story unless a socket is permitted to broadcast.
func (k kernelWords) MayBroadcast(socket *net.UDPConn) {
	defer k.w.checked()
	switch permitted, err := sockopt.Broadcast(socket); {
	case err != nil:
		k.cantAsk(socket, err)
	case !permitted:
		k.w.wants(diagnosis.Permitted{Socket: k.bareName(socket)})
		k.w.fatal(verdict.Failed, "%s may not broadcast: its option SO_BROADCAST is 0.", k.bareName(socket))
	}
}

// StillNonBlocking fails the story if a socket has been made blocking, as
// [os.File.Fd] does with the file that [net.UDPConn.File] returns. Windows can't be
// asked.
func (k kernelWords) StillNonBlocking(socket *net.UDPConn) {
	defer k.w.checked()
	switch blocking, err := sockopt.IsBlocking(socket); {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		k.cantAsk(socket, err)
	case blocking:
		k.w.wants(diagnosis.NonBlocking{})
		k.w.fatal(verdict.Failed, "%s is a blocking socket now, and no deadline ends its reads any more.",
			k.bareName(socket))
	}
}

// OtherwiseUnchanged fails the story if an option of a socket is not what it was when the
// socket was opened, but for those that the code was to set: their names, as in
// "SO_BROADCAST".
func (k kernelWords) OtherwiseUnchanged(socket *net.UDPConn, set ...string) {
	defer k.w.checked()
	var before []sockopt.Option
	k.w.rec.Locked(func() { before = k.w.options[socket] })
	for i, now := range sockopt.Options(socket) {
		if now != before[i] && !slices.Contains(set, now.Name) {
			k.w.wants(nil)
			k.w.fatal(verdict.Failed, "%s's option %s is %d now; the story wants it left as it was, %d.",
				k.bareName(socket), now.Name, now.Value, before[i].Value)
		}
	}
}

// ForbidsFragments fails the story unless a socket's datagrams go whole or not at
// all: its option IP_MTU_DISCOVER, on IPv6 IPV6_MTU_DISCOVER, is "do". Only Linux can
// be asked.
func (k kernelWords) ForbidsFragments(socket *net.UDPConn) {
	defer k.w.checked()
	name := "IP_MTU_DISCOVER"
	if k.IPv6() {
		name = "IPV6_MTU_DISCOVER"
	}
	got, err := sockopt.PMTUDiscoveryOf(socket, k.IPv6())
	if err != nil {
		k.cantAsk(socket, err)
	}
	if got == sockopt.Do {
		return
	}
	whole := diagnosis.Whole{Got: int(got)}
	if k.IPv6() {
		other, err := sockopt.PMTUDiscoveryOf(socket, false)
		whole.IPv4Only = err == nil && other == sockopt.Do
	}
	k.w.wants(whole)
	k.w.fatal(verdict.Failed, "The option %s of %s's socket is %d; the story wants %d.",
		name, k.bareName(socket), got, sockopt.Do)
}

// MTU returns the MTU of the path that a connected socket's datagrams take, in bytes
// (IP_MTU in ip(7)). Only Linux can be asked.
func (k kernelWords) MTU(socket *net.UDPConn) int {
	mtu, err := sockopt.PathMTU(socket, k.IPv6())
	if err != nil {
		k.cantAsk(socket, err)
	}
	return mtu
}

// cantAsk ends the story because the system does not tell an option of a socket's: the code has closed it, or nobody
// can be asked here.
func (k kernelWords) cantAsk(socket *net.UDPConn, err error) {
	if errors.Is(err, net.ErrClosed) {
		k.w.wants(diagnosis.Open{})
		k.w.fatal(verdict.Failed, "%s's socket is closed; the story wants it open.", k.bareName(socket))
	}
	k.w.fatal(verdict.NotRun, "%s can't be asked for an option: %v.", k.bareName(socket), err)
}

// Learned waits until the kernel knows the MTU of a socket's path, in bytes, and
// the socket its error for it.
func (l *Lab) Learned(socket *net.UDPConn, mtu int) {
	if !l.learns(socket, mtu) {
		if l.asksForMTU(socket) && l.learns(socket, mtu) {
			l.World.fatal(verdict.Failed,
				"Nothing that is too big for the path was sent from %s; the story wants that.", l.bareName(socket))
		}
		l.World.fatal(verdict.NotRun, "No router told that the path's MTU is %d; it is %d.", mtu, l.MTU(socket))
	}
	sockopt.ErrorPending(socket, mostWait) // unless the code has met it already
}

// Discovers sends as much from a socket as the first link of its path takes, to nobody who waits for it, and returns
// once the kernel has learnt the MTU of the path from that, in bytes (RFC 1191).
func (l *Lab) Discovers(socket *net.UDPConn, mtu int) {
	if _, err := socket.Write(make([]byte, l.MTU(socket)-wire.Headers(l.World.host.Addr()))); err != nil {
		l.cantAsk(socket, err)
	}
	l.Learned(socket, mtu)
}

// mostWait is how long the kernel may take for what takes it microseconds.
const mostWait = 10 * time.Second

// learns waits until the kernel knows the MTU of a socket's path, and reports whether it does.
func (l *Lab) learns(socket *net.UDPConn, mtu int) bool {
	for began := time.Now(); l.MTU(socket) != mtu; time.Sleep(time.Millisecond) {
		if time.Since(began) > mostWait {
			return false
		}
	}
	return true
}

// asksForMTU sends as much as the first link takes to where a socket does, and reports whether it could.
func (l *Lab) asksForMTU(socket *net.UDPConn) bool {
	to, ok := socket.RemoteAddr().(*net.UDPAddr)
	if !ok {
		return false
	}
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return false
	}
	defer conn.Close()
	if sockopt.SetPMTUDiscovery(conn, l.IPv6(), sockopt.Do) != nil {
		return false
	}
	_, err = conn.Write(make([]byte, l.MTU(conn)-wire.Headers(l.World.host.Addr())))
	return err == nil
}

// ErrorArrives waits until an error is waiting on a socket for the next call of it, such
// as "connection refused" for an earlier datagram. Only Linux can be asked.
func (k kernelWords) ErrorArrives(socket *net.UDPConn) {
	pending, err := sockopt.ErrorPending(socket, mostWait)
	switch {
	case pending:
	case errors.Is(err, net.ErrClosed):
		k.cantAsk(socket, err)
	case errorsComeBack():
		k.w.fatal(verdict.Failed, "No error has come back to %s, so nothing was sent from it; the story wants that.",
			k.bareName(socket))
	default:
		k.w.fatal(verdict.NotRun, "No error has come back to %s (%v).", k.bareName(socket), err)
	}
}

// errorsComeBack reports whether whoever sends to a port of loopback's where nobody listens hears of that.
func errorsComeBack() bool {
	nobody, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return false
	}
	nobody.Close()
	conn, err := net.DialUDP("udp", nil, nobody.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return false
	}
	defer conn.Close()
	if _, err := conn.Write(nil); err != nil {
		return false
	}
	pending, _ := sockopt.ErrorPending(conn, mostWait)
	return pending
}

// SentNotBefore fails the story if a socket was asked to send more often than there are
// instants, or before one of them, since the story's beginning. Time passes between any
// two steps of a story here, so it may have sent later, or less often.
func (k kernelWords) SentNotBefore(socket Endpoint, instants ...time.Duration) {
	defer k.w.checked()
	c, sends, got := k.w.sends(socket, instants)
	for i, at := range got {
		switch {
		case i >= len(instants):
			k.w.sentTooOften(c, sends[i], len(instants))
		case at < instants[i]:
			k.w.marks(sends[i].Number, "the story wants it after %v", instants[i])
			k.w.fatal(verdict.Failed, "%s sent its datagram number %d early, after %v; the story wants it after %v.",
				c.Name, i+1, at, instants[i])
		}
	}
}

// SlowDeadlines delays each read deadline of the past that the code sets on a socket, as
// a busy machine may: until the story has sent one more datagram there, and the code has
// done what it does if it does not wait for whoever sets the deadline.
func (k kernelWords) SlowDeadlines(socket Endpoint) {
	k.w.conn(socket).SlowDeadlines() // in virtual time, a mutex held meanwhile would stop the clock
}

// OneHears waits until one of several peers has heard a datagram, which must come
// from the endpoint and hold payload. Which of them it is, only the system knows.
func (k kernelWords) OneHears(from Endpoint, payload string, peers ...*Peer) {
	var heard *Peer
	hears := func() bool {
		for _, p := range peers {
			if len(p.inbox) > 0 {
				heard = p
			}
		}
		return heard != nil
	}
	if !k.w.await(hears) {
		hearer := peers[0].fenceAmong(peers...) // whatever has reached them is in their inboxes now
		k.w.rec.Locked(func() {
			if !hears() {
				heard = hearer
			}
		})
	}
	heard.ExpectFrom(from, payload)
}
