package simnet

import (
	"net/netip"
	"time"

	"udpkata/harness/wire"
)

// A Datagram is one UDP datagram on its way.
type Datagram struct {
	From, To     netip.AddrPort
	Payload      []byte        // not to be changed
	Delay        time.Duration // from now until it arrives
	DontFragment bool          // routers must not fragment it
	TooBig       int           // the MTU, in bytes, of the link that it did not fit; else 0
}

// Size returns the length of the IP packet, in bytes.
func (d Datagram) Size() int { return wire.Headers(d.To.Addr()) + len(d.Payload) }

// A Path says what becomes of a datagram: it returns what arrives of it, which
// is nothing for one that is lost.
type Path func(Datagram) []Datagram

// Through makes one path of several, one after the other.
func Through(paths ...Path) Path {
	return func(d Datagram) []Datagram {
		out := []Datagram{d}
		for _, path := range paths {
			var next []Datagram
			for _, d := range out {
				if d.TooBig > 0 {
					next = append(next, d) // it goes no further
					continue
				}
				next = append(next, path(d)...)
			}
			out = next
		}
		return out
	}
}

// Only makes a path concern the datagrams that match, and no others.
func Only(match func(Datagram) bool, path Path) Path {
	return func(d Datagram) []Datagram {
		if !match(d) {
			return []Datagram{d}
		}
		return path(d)
	}
}

// Loss loses a datagram whenever drop returns true. drop is asked once for
// each, possibly from several goroutines.
func Loss(drop func() bool) Path {
	return func(d Datagram) []Datagram {
		if drop() {
			return nil
		}
		return []Datagram{d}
	}
}

// Delay makes every datagram arrive later. A path that gives some datagrams
// another delay reorders them.
func Delay(by time.Duration) Path {
	return func(d Datagram) []Datagram {
		d.Delay += by
		return []Datagram{d}
	}
}

// Duplicate makes every datagram arrive a second time, later than the first.
func Duplicate(by time.Duration) Path {
	return func(d Datagram) []Datagram {
		again := d
		again.Delay += by
		return []Datagram{d, again}
	}
}

// Hold keeps back every datagram until another comes, and lets it follow that
// one: it swaps them in pairs.
func Hold() Path {
	var held *Datagram
	return func(d Datagram) []Datagram {
		if held == nil {
			held = &d
			return nil
		}
		pair := []Datagram{d, *held}
		held = nil
		return pair
	}
}

// Router puts a router before a link with an MTU in bytes (RFC 1191). What is
// longer is fragmented, which nobody sees, or, if that is forbidden, dropped; the
// sender hears of it.
func Router(mtu int) Path {
	return func(d Datagram) []Datagram {
		if d.Size() > mtu && d.DontFragment {
			d.TooBig = mtu
		}
		return []Datagram{d}
	}
}
