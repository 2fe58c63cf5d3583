package harness

import (
	"encoding/binary"
	"net"
	"slices"

	"udpkata/harness/capability"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/record"
	"udpkata/harness/verdict"
)

// This file is about silence, which is proved and not waited for.

// fence waits until all that has reached the peer's socket is in its inbox: it
// sends a numbered datagram there, which the kernel queues behind the others. A
// full queue may drop one, so it sends another after a while.
func (p *Peer) fence() { p.fenceAmong(p) }

// fenceAmong does so for peers that share p's address, of which the kernel gives what is sent
// there to one, and always to the same: that one it returns.
func (p *Peer) fenceAmong(sharers ...*Peer) (hearer *Peer) {
	if p.w.rec.Virtual {
		p.w.rec.Quiesce() // the peer's reader has nothing left to read
		return p
	}
	conn, to := p.w.fenceSocket(), p.LocalAddr()
	if at := record.AddrPort(to); at.Addr().IsUnspecified() && p.w.everyone != nil { // perhaps not alone there
		to = p.w.everyone(at.Port()).LocalAddr()
	}
	first := p.w.fences + 1
	back := func() bool {
		i := slices.IndexFunc(sharers, func(s *Peer) bool { return s.fenced >= first || s.closed })
		if i >= 0 {
			hearer = sharers[i]
		}
		return i >= 0 || p.w.failed != nil
	}
	onceATick := func() bool { return true }
	for range manyFences {
		p.w.fences++
		if _, err := conn.WriteTo(binary.BigEndian.AppendUint64(nil, p.w.fences), to); err != nil {
			p.w.fatal(verdict.NotRun, "No fence could be sent to %s: %v.", p.name, err)
		}
		if p.w.rec.Wait(back, patience.Tick, onceATick) {
			p.w.endIfFailed()
			return hearer
		}
	}
	p.w.fatal(verdict.Failed,
		"%s's socket does not hear what the harness sends there: does the code still read from it?", p.name)
	return p
}

// manyFences is how many are sent, one a tick, before it is clear that none arrives.
const manyFences = 600

// fenceSocket returns the socket that fences come from.
func (w *World) fenceSocket() net.PacketConn {
	if w.fenceConn == nil {
		conn, err := w.listen()
		if err != nil {
			w.need(capability.Exhausted(err))
			w.fatal(withoutSocket(err), "No socket for the harness: %v.", err)
		}
		w.rec.Update(func() { w.fencer = record.AddrPort(conn.LocalAddr()) })
		w.fenceConn = conn
		w.closers = append(w.closers, conn.Close)
	}
	return w.fenceConn
}

func (w *World) isFence(from net.Addr) (fence bool) {
	w.rec.Locked(func() { fence = w.fencer.IsValid() && record.AddrPort(from) == w.fencer })
	return fence
}
