package harness

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing/synctest"

	"udpkata/harness/diagnosis"
	"udpkata/harness/simnet"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Peer is somebody on the network who is not the student's code: a client of
// the student's server, or a server for the student's client. It notes
// everything that it hears.
type Peer struct {
	w     *World
	name  string
	conn  net.PacketConn
	ended chan struct{} // closed when the reader has ended

	// reply is what the peer answers by itself; nil if it does not.
	reply func(payload []byte) string

	wanted []sighted // heard, and expected

	// Guarded by w.mu.
	inbox  []sighted // heard, and not yet expected
	fenced uint64    // the newest fence that arrived
}

// Peer adds a peer to the story, on a socket of its own.
func (w *World) Peer(name string) *Peer { return w.peerOn(name, w.open(name, w.listenFar)) }

func (w *World) peerOn(name string, conn net.PacketConn) *Peer {
	return w.join(&Peer{w: w, name: name, conn: conn, ended: make(chan struct{})})
}

func (w *World) join(p *Peer) *Peer {
	w.update(func() { w.peers = append(w.peers, p) })
	go p.read()
	return p
}

// EchoServer adds a peer that answers as lesson 02's server does: each datagram
// with its length.
func (w *World) EchoServer(name string) *Peer {
	return w.join(&Peer{
		w: w, name: name, conn: w.open(name, w.listenFar), ended: make(chan struct{}),
		reply: func(payload []byte) string { return fmt.Sprintf("Your data was %d bytes long", len(payload)) },
	})
}

// Twins adds two peers with the same port on two addresses of the host: the
// first where all others are, the second on [World.SecondLoopback].
func (w *World) Twins(name, other string) (*Peer, *Peer) {
	second := w.SecondLoopback()
	var first, twin udpConn
	var err error
	// Whoever else has the port on the second address does not have the next.
	for range manyPorts {
		first = w.open(name, w.listen)
		port := addrPort(first.LocalAddr()).Port()
		if twin, err = w.sockets.listen(netip.AddrPortFrom(second, port)); err == nil {
			break
		}
		first.Close()
	}
	opened := func() (udpConn, error) { return twin, err }
	return w.peerOn(name, first), w.peerOn(other, w.open(other, opened))
}

func (p *Peer) read() {
	defer close(p.ended)
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			continue // Windows reports refusals of earlier datagrams here
		case p.w.isFence(from):
			p.w.update(func() { p.fenced = binary.BigEndian.Uint64(buf) })
		default:
			d := p.w.heard(p, from, p.conn.LocalAddr(), bytes.Clone(buf[:n]), false)
			p.w.update(func() { p.inbox = append(p.inbox, d) })
			if p.reply != nil {
				p.send(from, p.reply(d.Payload))
			}
		}
	}
}

// LocalAddr is the address of the peer's socket.
func (p *Peer) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// Send sends one datagram. Its bytes are payload's, which need not be UTF-8.
func (p *Peer) Send(to Endpoint, payload string) {
	if err := p.send(to.LocalAddr(), payload); err != nil {
		p.w.fatal(verdict.NotRun, "%s could not send %s: %v.", p.name, wire.Quote(payload), err)
	}
	p.w.settle()
}

func (p *Peer) send(to net.Addr, text string) error {
	i := p.w.sent(p.conn.LocalAddr(), to, []byte(text), line{})
	_, err := p.conn.WriteTo([]byte(text), to)
	return p.w.afterSend(i, err)
}

// Forge delivers a datagram that says it comes from an endpoint, which has not
// sent it. Whoever can write IP headers of their own can do that (RFC 2827); on
// the virtual network anybody can.
func (w *World) Forge(from, to Endpoint, text string) {
	w.onlyVirtual("Forge")
	i := w.sent(from.LocalAddr(), to.LocalAddr(), []byte(text), line{})
	w.update(func() { w.seen[i].Forged = true })
	w.virtual.Inject(simnet.Datagram{From: addrPort(from.LocalAddr()), To: addrPort(to.LocalAddr()), Payload: []byte(text)})
}

// ExpectFrom waits for the next datagram, which must come from the endpoint
// and hold text.
func (p *Peer) ExpectFrom(from Endpoint, text string) { p.ExpectAnyOrder(from, text) }

// ExpectAnyOrder waits for as many datagrams as there are texts. They must
// come from the endpoint and hold the texts, in whatever order.
func (p *Peer) ExpectAnyOrder(from Endpoint, texts ...string) {
	for want := slices.Clone(texts); len(want) > 0; {
		d, ok := p.next()
		got := string(d.Payload)
		i := slices.Index(want, got)
		heard := diagnosis.Heard{At: addrPort(p.LocalAddr()), From: addrPort(from.LocalAddr()), Texts: want}
		if ok {
			heard.Got = &d.Datagram
			heard.Again = slices.ContainsFunc(p.wanted, func(t sighted) bool {
				return t.From == d.From && string(t.Payload) == got
			})
		}
		p.w.wants(heard)
		switch {
		case !ok:
			p.w.marks(0, "%s still waits for %s", p.name, anyOf(want))
			instead := p.instead(from, want)
			p.fatal("%s waited for %s from %s and heard nothing%s.", p.name, anyOf(want), p.w.nameOf(from), instead)
		case d.From != addrPort(from.LocalAddr()):
			p.w.marks(d.number, "the story wants %s from %s", anyOf(want), p.w.nameOf(from))
			p.fatal("%s heard %s from %s; the story wants %s from %s.", p.name, wire.Quote(got), p.w.stranger(d.From), anyOf(want), p.w.nameOf(from))
		case i < 0:
			p.w.marks(d.number, "the story wants %s", anyOf(want))
			if len(want) == 1 {
				p.w.parts(want[0], got)
			}
			p.fatal("%s heard %s from %s%s; the story wants %s.", p.name, wire.Quote(got), p.w.nameOf(from), sentAt(d.Datagram), anyOf(want))
		}
		want = slices.Delete(want, i, i+1)
		p.wanted = append(p.wanted, d)
	}
}

// HeardNothingElse fails the story if a datagram has reached the peer that the
// story has not expected. It proves silence up to now: what the student's code
// has still to send, it can't know.
func (p *Peer) HeardNothingElse() {
	p.fence()
	p.w.mu.Lock()
	left := p.inbox
	p.w.mu.Unlock()
	if len(left) > 0 {
		p.w.marks(left[0].number, "one more than the story wants")
		before := 0
		for _, d := range p.wanted {
			if d.From == left[0].From && bytes.Equal(d.Payload, left[0].Payload) {
				before++
			}
		}
		p.w.wants(diagnosis.Silence{At: addrPort(p.LocalAddr()), Got: left[0].Datagram, Before: before})
		p.fatal("%s heard one datagram more than the story wants: %s from %s%s.",
			p.name, wire.Quote(string(left[0].Payload)), p.w.nameAt(left[0].From), sentAt(left[0].Datagram))
	}
}

// OneHears waits until one of several peers has heard a datagram, which must come
// from the endpoint and hold text. Which of them it is, only the system knows.
func (w *World) OneHears(from Endpoint, text string, peers ...*Peer) {
	var heard *Peer
	w.await(func() bool {
		for _, p := range peers {
			if len(p.inbox) > 0 {
				heard = p
			}
		}
		return heard != nil
	})
	if heard == nil {
		heard = peers[0]
	}
	heard.ExpectFrom(from, text)
}

// next takes the next datagram out of the inbox.
func (p *Peer) next() (d sighted, ok bool) {
	take := func() bool {
		if len(p.inbox) > 0 {
			d, p.inbox, ok = p.inbox[0], p.inbox[1:], true
		}
		return ok
	}
	if p.w.await(take) {
		return d, true
	}
	p.fence() // whatever has reached the socket is in the inbox now
	p.w.update(func() { take() })
	return d, ok
}

// fence waits until all that has reached the peer's socket is in its inbox: it
// sends a numbered datagram there, which the kernel queues behind the others. A
// full queue may drop one, so it sends another after a while.
func (p *Peer) fence() {
	if p.w.virtual != nil {
		synctest.Wait() // the peer's reader has nothing left to read
		return
	}
	conn, to := p.w.fencer(), p.LocalAddr()
	if at := addrPort(to); at.Addr().IsUnspecified() { // and perhaps not alone on its host and port
		to = p.w.Everyone(at.Port()).LocalAddr()
	}
	first := p.w.fences + 1
	back := func() bool { return p.fenced >= first }
	onceATick := func() bool { return true }
	for range manyFences {
		p.w.fences++
		if _, err := conn.WriteTo(binary.BigEndian.AppendUint64(nil, p.w.fences), to); err != nil {
			p.w.fatal(verdict.NotRun, "No fence could be sent to %s: %v.", p.name, err)
		}
		if p.w.wait(back, tick, onceATick) {
			return
		}
	}
	p.w.fatal(verdict.Failed, "%s's socket does not hear what the harness sends there: does the code still read from it?", p.name)
}

// manyFences is how many are sent, one a tick, before it is clear that none arrives.
const manyFences = 600

// fencer is the socket that fences come from.
func (w *World) fencer() net.PacketConn {
	if w.fenceConn == nil {
		conn, err := w.listen()
		if err != nil {
			w.fatal(verdict.NotRun, "No socket for the harness: %v.", err)
		}
		w.update(func() { w.fenceConn = conn })
		w.closers = append(w.closers, conn.Close)
	}
	return w.fenceConn
}

func (w *World) isFence(from net.Addr) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fenceConn != nil && addrPort(from) == addrPort(w.fenceConn.LocalAddr())
}

// Leave closes the peer's socket: from now on nobody is there.
func (p *Peer) Leave() {
	p.conn.Close()
	<-p.ended
	p.w.update(func() { p.w.gone[addrPort(p.LocalAddr())] = true })
}

// fatal fails the story for something that the peer heard or did not hear.
func (p *Peer) fatal(format string, args ...any) {
	p.w.update(func() { p.w.about.Party = addrPort(p.LocalAddr()) })
	p.w.fatal(verdict.Failed, format, args...)
}

// anyOf lists the texts that are still wanted.
func anyOf(want []string) text.Text {
	if len(want) > 3 {
		return text.Say("%s or one of %d others", wire.Quote(want[0]), len(want)-1)
	}
	quoted := make([]string, len(want))
	for i, payload := range want {
		quoted[i] = wire.Quote(payload)
	}
	return either(quoted)
}

// sentAt names the student's line that sent a datagram, if that is known.
func sentAt(d wire.Datagram) text.Text {
	if d.Sender == "" {
		return text.Text{}
	}
	return text.Say(" (sent at %s)", d.Sender)
}

// instead says where a wanted datagram went instead of to p, or nothing.
func (p *Peer) instead(from Endpoint, want []string) text.Text {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	source, here := addrPort(from.LocalAddr()), addrPort(p.LocalAddr())
	for i, d := range p.w.seen {
		if d.From == source && d.To != here && d.Err == nil && slices.Contains(want, string(d.Payload)) {
			p.w.about.Datagram = i + 1
			p.w.mark = text.Say("this should have gone to %s", p.name)
			return text.Say("; that went to %s%s", p.w.called(d.To), sentAt(d))
		}
	}
	return text.Text{}
}

// stranger names a source, which may be none of the story's.
func (w *World) stranger(addr netip.AddrPort) text.Text {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.names[addr]; !ok {
		return text.Say("%v, which is no socket of this story", addr)
	}
	return text.Say("%s", w.called(addr))
}

func (w *World) nameOf(e Endpoint) string { return w.Name(e.LocalAddr()) }

// Name is the name in the story of whoever has an address, or the address.
func (w *World) Name(addr net.Addr) string { return w.nameAt(addrPort(addr)) }

func (w *World) nameAt(addr netip.AddrPort) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.called(addr)
}
