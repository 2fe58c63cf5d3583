// Package wire writes down for people what was seen on a network during one story: as a
// ladder, which it can read back, as a capture, and where two payloads part.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

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
	Told   time.Duration // when a router's word that it is too big reached its sender, if later than At; else 0
	MTU    int           // of which that word was, in bytes
}

// A datagram goes over a pipe as what it is, but for its error, of which only the text
// does.
type portable struct {
	fields
	Err string
}

// fields is a Datagram without its methods.
type fields Datagram

// MarshalJSON writes a datagram for [Datagram.UnmarshalJSON].
func (d Datagram) MarshalJSON() ([]byte, error) {
	p := portable{fields: fields(d)}
	if d.Err != nil {
		p.Err = d.Err.Error()
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads a datagram. Its error is one of the same text.
func (d *Datagram) UnmarshalJSON(data []byte) error {
	var p portable
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*d = Datagram(p.fields)
	if d.Err = nil; p.Err != "" {
		d.Err = errors.New(p.Err)
	}
	return nil
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
