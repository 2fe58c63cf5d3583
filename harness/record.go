package harness

import (
	"bytes"
	"net"
	"net/netip"
	"time"

	"udpkata/harness/wire"
)

// sent records a datagram that somebody is about to send, and returns its
// place in w.seen.
func (w *World) sent(from, to net.Addr, payload []byte, by line) int {
	var i int
	w.update(func() {
		i = len(w.seen)
		d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: bytes.Clone(payload)}
		if by.known() {
			d.Sender = by.String()
		}
		if remote, connected := w.remotes[d.To]; connected {
			d.Barred = remote != d.From
		}
		w.seen = append(w.seen, d)
	})
	return i
}

// afterSend notes what became of a datagram, and passes err on.
func (w *World) afterSend(i int, err error) error {
	if err != nil {
		w.update(func() { w.seen[i].Err = err })
	}
	return err
}

// heard notes that a datagram arrived, and returns what is known of it. If it
// filled its buffer, it may be the beginning of a longer one.
func (w *World) heard(from, to net.Addr, payload []byte, filled bool) wire.Datagram {
	d := wire.Datagram{At: time.Since(w.start), From: addrPort(from), To: addrPort(to), Payload: payload}
	w.update(func() {
		for w.settled < len(w.seen) && (w.seen[w.settled].Heard || w.seen[w.settled].Err != nil) {
			w.settled++
		}
		for i := w.settled; i < len(w.seen); i++ {
			s := &w.seen[i]
			if s.Heard || s.From != d.From || !reaches(s.To, d.To) || !bytes.HasPrefix(s.Payload, payload) {
				continue
			}
			if short := len(payload) < len(s.Payload); !short || filled {
				s.Heard = true
				if short {
					s.Cut = len(payload)
				}
				d = *s
				return
			}
		}
	})
	return d
}

// reaches reports whether a datagram for an address may arrive at a socket, which
// may be bound to all addresses.
func reaches(to, socket netip.AddrPort) bool {
	return to == socket || socket.Addr().IsUnspecified() && to.Port() == socket.Port()
}

// called returns an endpoint's name in the story, or its address. w.mu is held.
func (w *World) called(addr netip.AddrPort) string {
	if name, ok := w.names[addr]; ok {
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
