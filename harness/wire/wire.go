// Package wire records what was seen on a network during one story, and
// writes it down for people.
package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"udpkata/harness/text"
)

// A Datagram is one UDP datagram as its sender gave it to the network.
type Datagram struct {
	At      time.Duration // since the story began
	From    netip.AddrPort
	To      netip.AddrPort
	Payload []byte
	Sender  string // the line of code that sent it, as in "echo.go:12"; "" if unknown
	Heard   bool   // whether a participant of the story received it
	Forged  bool   // somebody else sent it in From's name
	Barred  bool   // the socket at To is connected to somebody else, and does not hear it
	Cut     int    // if only so many bytes of it were read, for want of room; else 0
	Err     error  // why the network did not take it; nil if it did

	// On a virtual network, which says what becomes of a datagram:
	Lost   text.Text     // where it was lost, as in "a router dropped it"; zero if it was not
	Delay  time.Duration // how long it was on its way
	Copies int           // how many of it arrived, if more than one; else 0
	Nobody bool          // no socket was where it arrived
}

// mostLines is how many datagrams Text shows: enough for a story, and few
// enough for one screen.
const mostLines = 12

// A Focus is what matters most of an exchange: what one party sent or was
// sent, and one more datagram. The zero Focus is none.
type Focus struct {
	Party    netip.AddrPort
	Datagram int // its number, from 1
}

// Text writes datagrams down, one a line, with participants in place of
// addresses. Of a long exchange it shows what is in focus, then the beginning
// and the end of that, and says how many it left out.
func Text(datagrams []Datagram, focus Focus, name func(netip.AddrPort) string) string {
	shown := datagrams
	if len(datagrams) > mostLines && focus.Party.IsValid() {
		shown = nil
		for i, d := range datagrams {
			if d.From == focus.Party || d.To == focus.Party || i+1 == focus.Datagram {
				shown = append(shown, d)
			}
		}
	}
	datagrams = shown
	left := 0
	if len(datagrams) > mostLines {
		left = len(datagrams) - mostLines
		shown = append(append([]Datagram{}, datagrams[:mostLines/2]...), datagrams[len(datagrams)-mostLines/2:]...)
	}
	routes := make([]string, len(shown))
	widest := 0
	for i, d := range shown {
		routes[i] = name(d.From) + " → " + name(d.To)
		widest = max(widest, utf8.RuneCountInString(routes[i]))
	}
	var b strings.Builder
	for i, d := range shown {
		if left > 0 && i == mostLines/2 {
			fmt.Fprintf(&b, "%12s  (%d more)\n", "…", left)
		}
		pad := strings.Repeat(" ", widest-utf8.RuneCountInString(routes[i]))
		forged := ""
		if d.Forged {
			forged = "  ✗ forged: " + name(d.From) + " did not send it"
		}
		fmt.Fprintf(&b, "%12s  %s%s  %s%s%s\n", stamp(d.At), routes[i], pad, Quote(string(d.Payload)), forged, fate(d))
	}
	return b.String()
}

// stamp writes a time in milliseconds, to the microsecond; a nanosecond beside a
// whole millisecond shows.
func stamp(at time.Duration) string {
	switch whole := at.Round(time.Millisecond); at - whole {
	case 1:
		return fmt.Sprintf("%dms+1ns", whole.Milliseconds())
	case -1:
		return fmt.Sprintf("%dms-1ns", whole.Milliseconds())
	}
	return fmt.Sprintf("%.3fms", float64(at)/float64(time.Millisecond))
}

func fate(d Datagram) string {
	switch {
	case d.Err != nil:
		err := d.Err
		for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
			err = next // the innermost says it shortest
		}
		return fmt.Sprintf("  ✗ not sent: %v", err)
	case d.Cut > 0:
		return fmt.Sprintf("  ✗ only its first %d bytes were read", d.Cut)
	case d.Barred:
		return "  – turned away by the system"
	case !d.Heard:
		return "  ✗ nobody read it"
	}
	return ""
}

// mostQuoted is how many bytes of a payload Quote shows before it cuts.
const mostQuoted = 40

// Quote writes a payload as a Go string. A long one is cut in the middle and
// followed by its length in bytes.
func Quote(payload string) string {
	if len(payload) <= mostQuoted {
		return fmt.Sprintf("%q", payload)
	}
	head, tail := payload[:mostQuoted/2], payload[len(payload)-mostQuoted/4:]
	quote := fmt.Sprintf("%q", head)
	return fmt.Sprintf("%s…%s (%d bytes)", quote[:len(quote)-1], fmt.Sprintf("%q", tail)[1:], len(payload))
}
