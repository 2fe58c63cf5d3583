package record

import (
	"bytes"
	"net"
	"net/netip"

	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/simnet"
	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Everyone is what all of a subnet is called, as the endpoint of a broadcast.
const Everyone = "everyone"

// Sent records a datagram that somebody is about to send, and returns its place in
// the record.
func (r *Record) Sent(from, to net.Addr, payload []byte, by stacks.Line) (place int) {
	r.Update(func() {
		d := wire.Datagram{At: r.Since(), From: AddrPort(from), To: AddrPort(to), Payload: bytes.Clone(payload)}
		if by.Known() {
			d.Sender = by.String()
		}
		if remote, connected := r.remotes[d.To]; connected {
			d.Barred = remote != d.From
		}
		_, known := r.names[d.To]
		d.Nobody = r.gone[d.To] || r.Virtual && !known
		place = r.keep(d)
	})
	return place
}

// Forged records a datagram that somebody sends in another's name.
func (r *Record) Forged(from, to net.Addr, payload []byte) {
	i := r.Sent(from, to, payload, stacks.Line{})
	r.Update(func() { r.Datagrams[i].Forged = true })
}

// keep adds a datagram to the record, and returns its place. The caller holds the Monitor.
func (r *Record) keep(d wire.Datagram) int {
	r.Datagrams = append(r.Datagrams, d)
	return len(r.Datagrams) - 1
}

// AfterSend notes what became of the datagram at a place, and passes err on. The error may
// hold the address that it was to go to, whose methods may do anything.
func (r *Record) AfterSend(place int, err error) error {
	if err != nil {
		frozen := quote.Frozen(err)
		r.Update(func() { r.Datagrams[place].Err = frozen })
	}
	return err
}

// Fated notes what a virtual network makes of a datagram, which is the last that its
// sender has sent. It is for [simnet.Network.Watch].
func (r *Record) Fated(sent simnet.Datagram, arrivals []simnet.Datagram) {
	r.Update(func() {
		for i := len(r.Datagrams) - 1; i >= 0; i-- {
			d := &r.Datagrams[i]
			if !reaches(sent.From, d.From) || d.To != sent.To || !bytes.Equal(d.Payload, sent.Payload) {
				continue
			}
			switch {
			case len(arrivals) == 0:
				d.Lost = text.Say("lost on its way")
			case arrivals[0].TooBig > 0:
				d.Lost = text.Say("dropped by a router: a packet of %d bytes, and the next link carries %d",
					sent.Size(), arrivals[0].TooBig)
				if arrivals[0].Delay > 0 {
					d.Told, d.MTU = d.At+arrivals[0].Delay, arrivals[0].TooBig
				}
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

// Heard notes that a datagram arrived at a socket, and returns what is known of it. If
// it filled its buffer, it may be the beginning of a longer one. One that nobody was
// seen to send is recorded when it arrives.
func (r *Record) Heard(by any, from, to net.Addr, payload []byte, filled bool) Sighted {
	d := wire.Datagram{
		At: r.Since(), From: AddrPort(from), To: AddrPort(to), Payload: bytes.Clone(payload), Heard: true,
	}
	var number int
	r.Update(func() {
		shared := func(i int) bool { return r.names[r.Datagrams[i].To] == Everyone }
		over := func(i int) bool { return !shared(i) && (r.Datagrams[i].Heard || r.Datagrams[i].Err != nil) }
		for r.first < len(r.Datagrams) && over(r.first) {
			r.first++
		}
		for i := r.first; i < len(r.Datagrams); i++ {
			s := &r.Datagrams[i]
			again := s.Heard && (!shared(i) || r.heardBy[place{i, by}])
			if again || s.From != d.From || !reaches(s.To, d.To) || !bytes.HasPrefix(s.Payload, payload) {
				continue
			}
			if short := len(payload) < len(s.Payload); !short || filled {
				s.Heard = true
				if shared(i) {
					r.heardBy[place{i, by}] = true
				}
				if short {
					s.Cut = len(payload)
				}
				d, number = *s, i+1
				return
			}
		}
		if s := r.sharedBefore(d); s > 0 {
			number, d.Sender = s, r.Datagrams[s-1].Sender
			return
		}
		number = r.keep(d) + 1
	})
	return Sighted{d, number}
}

// sharedBefore returns the number of a datagram to everyone that somebody else has
// heard already; 0 if d is none. The caller holds the Monitor.
func (r *Record) sharedBefore(d wire.Datagram) int {
	for i, s := range r.Datagrams {
		toAll := r.names[s.To] == Everyone && s.To.Port() == d.To.Port()
		if toAll && s.From == d.From && bytes.Equal(s.Payload, d.Payload) {
			return i + 1
		}
	}
	return 0
}

// SentFrom lists the datagrams that were sent from an endpoint.
func (r *Record) SentFrom(from netip.AddrPort) (all []Sighted) {
	r.Locked(func() {
		for i, d := range r.Datagrams {
			if d.From == from {
				all = append(all, Sighted{d, i + 1})
			}
		}
	})
	return all
}

// A place is where a datagram to everyone stands in the record, for one who hears it.
type place struct {
	index int
	by    any
}

// A Sighted datagram has a number in the record, from 1.
type Sighted struct {
	wire.Datagram
	Number int
}

// reaches reports whether a datagram for an address may arrive at a socket, which
// may be bound to all addresses.
func reaches(to, socket netip.AddrPort) bool {
	return to == socket || socket.Addr().IsUnspecified() && to.Port() == socket.Port()
}

// CopyAddr returns a copy of a UDP address: who changes the one does not change the other.
func CopyAddr(addr net.Addr) net.Addr {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return addr
	}
	own := *udp
	own.IP = bytes.Clone(udp.IP)
	return &own
}

// AddrPort returns a UDP address as a value to compare: an IPv4 address has one form
// only. One of the code's own types is what it prints itself as.
func AddrPort(addr net.Addr) (ap netip.AddrPort) {
	switch addr := addr.(type) {
	case nil:
	case *net.UDPAddr: // nil has a zero AddrPort
		ap = addr.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(addr.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
