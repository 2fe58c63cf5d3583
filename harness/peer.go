package harness

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Peer is somebody on the network who is not the student's code: a client of
// the student's server, or a server for the student's client; or a socket that the code
// has opened and the story now reads. It notes everything that it hears.
type Peer struct {
	w    *World
	name string
	conn net.PacketConn
	addr net.Addr      // the socket's; nobody else has it
	done chan struct{} // closed when the reader has ended

	// answer makes what the peer answers by itself, nil for no answer; nil if it does not.
	answer func(payload []byte) []byte

	wanted []record.Sighted // heard, and expected

	// The record's Monitor guards the following.
	inbox  []record.Sighted // heard, and not yet expected
	fenced uint64           // the newest fence that arrived
	closed bool             // nothing more arrives
}

// Peer adds a peer to the story, on a socket of its own.
func (w *World) Peer(name string) *Peer {
	return w.peerOn(name, w.open(name, w.host.ListenPeer), nil)
}

// Server adds a peer that answers each datagram by itself; what has a nil answer has none.
func (w *World) Server(name string, answer func(payload []byte) []byte) *Peer {
	return w.peerOn(name, w.open(name, w.host.ListenPeer), answer)
}

// SamePort adds two peers with the same port on two addresses of the host: the first
// where all others are. The story is skipped where there is one address only.
func (w *World) SamePort(name, other string) (*Peer, *Peer) {
	addr, missing := w.host.SecondAddr()
	w.need(missing)
	var first, second record.Socket
	var err error
	// Whoever else has the port on the second address does not have the next.
	for range manyPorts {
		first = w.open(name, w.listen)
		port := record.AddrPort(first.LocalAddr()).Port()
		if second, err = w.host.Listen(netip.AddrPortFrom(addr, port)); err == nil {
			break
		}
		first.Close()
	}
	opened := func() (record.Socket, error) { return second, err }
	return w.peerOn(name, first, nil), w.peerOn(other, w.open(other, opened), nil)
}

func (w *World) peerOn(name string, conn net.PacketConn, answer func(payload []byte) []byte) *Peer {
	p := &Peer{w: w, name: name, conn: conn, answer: answer, done: make(chan struct{})}
	p.addr = record.CopyAddr(conn.LocalAddr())
	w.peers = append(w.peers, p)
	go p.read()
	return p
}

func (p *Peer) read() {
	defer close(p.done)
	defer p.w.rec.Update(func() { p.closed = true })
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded): // of the code's, which has opened the socket
			p.conn.SetReadDeadline(time.Time{})
		case err != nil: // Windows reports refusals of earlier datagrams here
		case p.w.isFence(from):
			p.w.rec.Update(func() { p.fenced = binary.BigEndian.Uint64(buf) })
		default:
			d := p.w.rec.Heard(p, from, p.addr, buf[:n], false)
			p.w.rec.Update(func() { p.inbox = append(p.inbox, d) })
			if p.answer == nil {
				continue
			}
			if answer := p.answer(bytes.Clone(d.Payload)); answer != nil {
				p.send(from, answer)
			}
		}
	}
}

// LocalAddr returns the address of the peer's socket, which is the caller's.
func (p *Peer) LocalAddr() net.Addr { return record.CopyAddr(p.addr) }

// Send sends one datagram. Its bytes are payload's, which need not be UTF-8.
func (p *Peer) Send(to Endpoint, payload string) {
	if err := p.send(to.LocalAddr(), []byte(payload)); err != nil {
		p.w.fatal(verdict.NotRun, "%s could not send %s: %v.", p.name, wire.Quote(payload), err)
	}
	p.w.rec.Quiesce()
}

func (p *Peer) send(to net.Addr, payload []byte) error {
	i := p.w.rec.Sent(p.addr, to, payload, stacks.Line{})
	_, err := p.conn.WriteTo(payload, to)
	return p.w.rec.AfterSend(i, err)
}

// ExpectFrom waits for the next datagram, which must come from the endpoint
// and hold payload.
func (p *Peer) ExpectFrom(from Endpoint, payload string) { p.ExpectAnyOrder(from, payload) }

// Hear waits for the next datagram, which must come from the endpoint, and returns its bytes. It is for what the story
// can't know before, such as a number that the code has drawn.
func (p *Peer) Hear(from Endpoint) (payload string) { return p.hear(from, "") }

// hear waits as Hear does; like is a datagram such as the wanted one, or "".
func (p *Peer) hear(from Endpoint, like string) (payload string) {
	defer p.w.checked()
	source := record.AddrPort(from.LocalAddr())
	d, ok := p.next()
	heard := diagnosis.Heard{At: record.AddrPort(p.LocalAddr()), From: source}
	switch {
	case !ok && like != "":
		p.w.wants(heard)
		p.w.marks(0, "%s still waits for one such as %s", p.name, wire.Quote(like))
		p.fatal("%s waited for a datagram such as %s from %s and heard nothing.",
			p.name, wire.Quote(like), p.w.nameOf(from))
	case !ok:
		p.w.wants(heard)
		p.w.marks(0, "%s still waits for a datagram", p.name)
		p.fatal("%s waited for a datagram from %s and heard nothing.", p.name, p.w.nameOf(from))
	case d.From != source:
		heard.Got = &d.Datagram
		p.w.wants(heard)
		p.w.marks(d.Number, "the story wants a datagram from %s", p.w.nameOf(from))
		p.fatal("%s heard %s from %s; the story wants a datagram from %s.",
			p.name, wire.Quote(string(d.Payload)), p.w.stranger(d.From), p.w.nameOf(from))
	}
	p.wanted = append(p.wanted, d)
	return string(d.Payload)
}

// HearLike waits as Hear does, for a datagram of which is is true; like is one that shows what is meant.
func (p *Peer) HearLike(from Endpoint, like string, is func(payload string) bool) (payload string) {
	because := p.w.reasonNow()
	payload = p.hear(from, like)
	defer p.w.checked()
	if !is(payload) {
		d := p.wanted[len(p.wanted)-1]
		p.w.rec.Update(func() { p.w.because = because })
		p.w.wants(nil)
		p.w.marks(d.Number, "the story wants one such as %s", wire.Quote(like))
		p.fatal("%s heard %s from %s%s; the story wants a datagram such as %s.",
			p.name, wire.Quote(payload), p.w.nameOf(from), sentAt(d.Datagram), wire.Quote(like))
	}
	return payload
}

// ExpectAnyOrder waits for as many datagrams as there are payloads. They must
// come from the endpoint and hold the payloads, in whatever order.
func (p *Peer) ExpectAnyOrder(from Endpoint, payloads ...string) {
	defer p.w.checked()
	source := record.AddrPort(from.LocalAddr())
	for want := slices.Clone(payloads); len(want) > 0; {
		d, ok := p.next()
		got := string(d.Payload)
		i := slices.Index(want, got)
		heard := diagnosis.Heard{At: record.AddrPort(p.LocalAddr()), From: source, Texts: want}
		if ok {
			heard.Got = &d.Datagram
			heard.Again = slices.ContainsFunc(p.wanted, func(t record.Sighted) bool {
				return t.From == d.From && string(t.Payload) == got
			})
		}
		p.w.wants(heard)
		switch {
		case !ok:
			p.w.marks(0, "%s still waits for %s", p.name, anyOf(want))
			instead := p.instead(from, want)
			p.fatal("%s waited for %s from %s and heard nothing%s.", p.name, anyOf(want), p.w.nameOf(from), instead)
		case d.From != source:
			p.w.marks(d.Number, "the story wants %s from %s", anyOf(want), p.w.nameOf(from))
			p.fatal("%s heard %s from %s; the story wants %s from %s.",
				p.name, wire.Quote(got), p.w.stranger(d.From), anyOf(want), p.w.nameOf(from))
		case i < 0:
			p.w.marks(d.Number, "the story wants %s", anyOf(want))
			if len(want) == 1 {
				p.w.parts(want[0], got)
			}
			p.fatal("%s heard %s from %s%s; the story wants %s.",
				p.name, wire.Quote(got), p.w.nameOf(from), sentAt(d.Datagram), anyOf(want))
		}
		want = slices.Delete(want, i, i+1)
		p.wanted = append(p.wanted, d)
	}
}

// HeardNothingElse fails the story if a datagram has reached the peer that the
// story has not expected. It proves silence up to now: what the student's code
// has still to send, it can't know.
func (p *Peer) HeardNothingElse() {
	defer p.w.checked()
	p.fence()
	var left []record.Sighted
	p.w.rec.Locked(func() { left = p.inbox })
	if len(left) > 0 {
		p.w.marks(left[0].Number, "one more than the story wants")
		before := 0
		for _, d := range p.wanted {
			if d.From == left[0].From && bytes.Equal(d.Payload, left[0].Payload) {
				before++
			}
		}
		p.w.wants(diagnosis.Silence{At: record.AddrPort(p.LocalAddr()), Got: left[0].Datagram, Before: before})
		p.fatal("%s heard one datagram more than the story wants: %s from %s%s.",
			p.name, wire.Quote(string(left[0].Payload)), p.w.rec.NameOf(left[0].From), sentAt(left[0].Datagram))
	}
}

// next takes the next datagram out of the inbox.
func (p *Peer) next() (d record.Sighted, ok bool) {
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
	p.w.rec.Update(func() { take() })
	return d, ok
}

// Close closes the peer's socket: from now on nobody is there.
func (p *Peer) Close() {
	p.conn.Close()
	<-p.done
	p.w.rec.Closed(record.AddrPort(p.LocalAddr()))
}

// fatal fails the story for something that the peer heard or did not hear.
func (p *Peer) fatal(format string, args ...any) {
	p.w.rec.Update(func() { p.w.focus.Party = record.AddrPort(p.LocalAddr()) })
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
	return quote.Either(quoted)
}

// sentAt names the student's line that sent a datagram, if that is known.
func sentAt(d wire.Datagram) text.Text {
	if d.Sender == "" {
		return text.Text{}
	}
	return text.Say(" (sent at %s)", d.Sender)
}

// instead says where a wanted datagram went instead of to p, or nothing.
func (p *Peer) instead(from Endpoint, want []string) (where text.Text) {
	here := record.AddrPort(p.LocalAddr())
	for _, d := range p.w.rec.SentFrom(record.AddrPort(from.LocalAddr())) {
		if d.To != here && d.Err == nil && slices.Contains(want, string(d.Payload)) {
			p.w.marks(d.Number, "this should have gone to %s", p.name)
			return text.Say("; that went to %s%s", p.w.rec.NameOf(d.To), sentAt(d.Datagram))
		}
	}
	return text.Text{}
}

// stranger names a source, which may be none of the story's.
func (w *World) stranger(addr netip.AddrPort) text.Text {
	if !w.rec.Knows(addr) {
		return text.Say("%v, which is no socket of this story", addr)
	}
	return text.Say("%s", w.rec.NameOf(addr))
}

// hears waits for datagrams from an endpoint, in whatever order, and others may come from
// elsewhere.
func (p *Peer) hears(from Endpoint, payloads []string) {
	source := record.AddrPort(from.LocalAddr())
	p.w.await(func() bool {
		n := 0
		for _, d := range p.inbox {
			if d.From == source {
				n++
			}
		}
		return n >= len(payloads)
	})
	rank := func(d record.Sighted) int {
		switch {
		case d.From != source:
			return 2
		case !slices.Contains(payloads, string(d.Payload)):
			return 1
		}
		return 0
	}
	p.w.rec.Update(func() {
		slices.SortStableFunc(p.inbox, func(a, b record.Sighted) int {
			return cmp.Compare(rank(a), rank(b))
		})
	})
	p.ExpectAnyOrder(from, payloads...)
}

// hearsPerhaps takes datagrams out of the inbox that came from an endpoint: those that may
// have, or all; and fails the story if others came from there.
func (p *Peer) hearsPerhaps(from Endpoint, payloads []string, all bool) {
	source := record.AddrPort(from.LocalAddr())
	p.fence()
	var others []record.Sighted
	p.w.rec.Update(func() {
		p.inbox = slices.DeleteFunc(p.inbox, func(d record.Sighted) bool {
			if i := slices.Index(payloads, string(d.Payload)); d.From == source && i >= 0 && !all {
				payloads = slices.Delete(payloads, i, i+1)
				return true
			}
			return d.From == source && all
		})
		for _, d := range p.inbox {
			if d.From == source {
				others = append(others, d)
			}
		}
		if len(others) > 0 {
			p.inbox = others
		}
	})
	if len(others) > 0 {
		p.HeardNothingElse()
	}
}
