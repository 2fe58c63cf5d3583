package harness

import (
	"bytes"
	"net"
	"net/netip"
	"time"

	"udpkata/harness/simnet"
	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// sent records a datagram that somebody is about to send, and returns its
// place in w.seen.
func (w *World) sent(from, to net.Addr, payload []byte, by line) int {
	var i int
	w.update(func() {
		d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: bytes.Clone(payload)}
		if by.known() {
			d.Sender = by.String()
		}
		if remote, connected := w.remotes[d.To]; connected {
			d.Barred = remote != d.From
		}
		_, known := w.names[d.To]
		d.Nobody = w.gone[d.To] || w.virtual != nil && !known
		i = w.record(d)
	})
	return i
}

// record adds a datagram to what was seen, and returns its place. w.mu is held.
func (w *World) record(d wire.Datagram) int {
	w.seen = append(w.seen, d)
	return len(w.seen) - 1
}

// afterSend notes what became of a datagram, and passes err on.
func (w *World) afterSend(i int, err error) error {
	if err != nil {
		w.update(func() { w.seen[i].Err = err })
	}
	return err
}

// fated notes what a virtual network makes of a datagram, which is the last that its
// sender has sent.
func (w *World) fated(sent simnet.Datagram, arrivals []simnet.Datagram) {
	w.update(func() {
		for i := len(w.seen) - 1; i >= 0; i-- {
			d := &w.seen[i]
			if !reaches(sent.From, d.From) || d.To != sent.To || !bytes.Equal(d.Payload, sent.Payload) {
				continue
			}
			switch {
			case len(arrivals) == 0:
				d.Lost = text.Say("lost on its way")
			case arrivals[0].TooBig > 0:
				d.Lost = text.Say("dropped by a router: a packet of %d bytes, and the next link carries %d", sent.Size(), arrivals[0].TooBig)
			default:
				d.Delay = arrivals[0].Delay
				if len(arrivals) > 1 {
					d.Copies = len(arrivals)
				}
			}
			return
		}
	})
}

// heard notes that a datagram arrived at a peer or a conn, and returns what is known of
// it. If it filled its buffer, it may be the beginning of a longer one. One that nobody
// was seen to send is recorded when it arrives.
func (w *World) heard(by any, from, to net.Addr, payload []byte, filled bool) sighted {
	d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: payload, Heard: true}
	var number int
	w.update(func() {
		shared := func(i int) bool { return w.names[w.seen[i].To] == everyoneName }
		for w.settled < len(w.seen) && !shared(w.settled) && (w.seen[w.settled].Heard || w.seen[w.settled].Err != nil) {
			w.settled++
		}
		for i := w.settled; i < len(w.seen); i++ {
			s := &w.seen[i]
			again := s.Heard && (!shared(i) || w.hearers[shareOf{i, by}])
			if again || s.From != d.From || !reaches(s.To, d.To) || !bytes.HasPrefix(s.Payload, payload) {
				continue
			}
			if short := len(payload) < len(s.Payload); !short || filled {
				s.Heard = true
				w.hearers[shareOf{i, by}] = shared(i)
				if short {
					s.Cut = len(payload)
				}
				d, number = *s, i+1
				return
			}
		}
		if s := w.sharedBefore(d); s > 0 {
			number, d.Sender = s, w.seen[s-1].Sender
			return
		}
		number = w.record(d) + 1
	})
	return sighted{d, number}
}

// sharedBefore is the number of a datagram to everyone that somebody else has heard
// already; 0 if d is none. w.mu is held.
func (w *World) sharedBefore(d wire.Datagram) int {
	for i, s := range w.seen {
		if s.From == d.From && w.names[s.To] == everyoneName && s.To.Port() == d.To.Port() && bytes.Equal(s.Payload, d.Payload) {
			return i + 1
		}
	}
	return 0
}

// A shareOf is who hears a datagram to everyone, which has a place in the record.
type shareOf struct {
	place int
	by    any
}

// A sighted datagram has a number in the record, from 1.
type sighted struct {
	wire.Datagram
	number int
}

// reaches reports whether a datagram for an address may arrive at a socket, which
// may be bound to all addresses.
func reaches(to, socket netip.AddrPort) bool {
	return to == socket || socket.Addr().IsUnspecified() && to.Port() == socket.Port()
}

// called returns an endpoint's name in the story, or its address. w.mu is held.
func (w *World) called(addr netip.AddrPort) string {
	return nameIn(w.names, addr)
}

func nameIn(names map[netip.AddrPort]string, addr netip.AddrPort) string {
	if name, ok := names[addr]; ok {
		return name
	}
	if !addr.IsValid() {
		return "nobody"
	}
	return addr.String()
}

// addrPort is a UDP address as a value to compare: an IPv4 address has one
// form only.
func addrPort(addr net.Addr) netip.AddrPort {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return netip.AddrPort{}
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
