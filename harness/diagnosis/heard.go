package diagnosis

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// heardRules are about datagrams.
var heardRules = []rule{
	shortBuffer, wentElsewhere, charactersCounted, sentTwice, answeredUnasked, sentToOthers, anothersAnswer,
	emptyIsNoEnd,
}

// shortBuffer: a datagram was read into less room than it needs.
func shortBuffer(s Seen) text.Text {
	for _, d := range s.Wire {
		if d.Cut > 0 {
			return text.Say("A datagram of %d bytes was read into a buffer of %d: the system throws the rest away, "+
				"without an error. A datagram can have up to 65,507 bytes, on IPv6 65,527, so give the buffer 65,535.",
				len(d.Payload), d.Cut)
		}
	}
	for _, sock := range s.Sockets {
		if slices.ContainsFunc(sock.Failures, func(f Failure) bool { return errors.Is(f.Err, wsaMessageTooLong) }) {
			return text.Say("A datagram was longer than the buffer that it was read into: Windows makes such a read " +
				"fail, and throws the rest away. A datagram can have up to 65,507 bytes, on IPv6 65,527, so give the " +
				"buffer 65,535.")
		}
	}
	return none
}

// wentElsewhere: what one participant should hear went to another.
func wentElsewhere(s Seen) text.Text {
	h, ok := want[Heard](s)
	if !ok || h.Got != nil {
		return none
	}
	for _, d := range s.Wire {
		if d.From == h.From && d.To != h.At && d.Err == nil && slices.Contains(h.Texts, string(d.Payload)) {
			return text.Say("The answer for %s went to %s. Send each answer to the address that ReadFrom returned "+
				"together with that datagram, not to one that was kept.", s.Name(h.At), s.Name(d.To))
		}
	}
	return none
}

// charactersCounted: a number in an answer is that of characters, not of bytes.
func charactersCounted(s Seen) text.Text {
	h, ok := want[Heard](s)
	if !ok || h.Got == nil {
		return none
	}
	for _, d := range s.Wire {
		bytes, characters := len(d.Payload), utf8.RuneCount(d.Payload)
		if d.From != h.At || bytes == characters {
			continue
		}
		counted := strings.ReplaceAll(string(h.Got.Payload), strconv.Itoa(characters), strconv.Itoa(bytes))
		if slices.Contains(h.Texts, counted) && counted != string(h.Got.Payload) {
			return text.Say("%s is %d characters and %d bytes: the code counts characters. len of a string or a "+
				"[]byte counts bytes.", wire.Quote(string(d.Payload)), characters, bytes)
		}
	}
	return none
}

// sentTwice: the datagram too many is one that was heard already.
func sentTwice(s Seen) text.Text {
	got, ok := tooMany(s)
	if !ok {
		return none
	}
	same, heard := 0, 0
	for _, d := range s.Wire {
		if d.From == got.From && d.To == got.To && string(d.Payload) == string(got.Payload) {
			same++
			if d.Heard {
				heard++
			}
		}
	}
	silence, quiet := want[Silence](s)
	questions, alike, again := 0, map[string]int{}, 0
	for _, d := range s.Wire {
		if d.From == got.To && d.To == got.From && d.Heard {
			questions++
			alike[string(d.Payload)]++
			again = max(again, alike[string(d.Payload)])
		}
	}
	switch {
	case same < 2 || quiet && silence.Before == 0:
		return none
	case !quiet && heard > 2 && questions == 0:
		return none // the story has wanted more than one of them
	case !quiet && same <= again:
		return none // each may be the answer to the same question
	case !quiet && same <= questions:
		return text.Say("%s has sent %d datagrams that were read, and %d times the answer was %s. Each datagram has "+
			"an answer of its own: either this one tells of another, or not of all of its own.", s.Name(got.To),
			questions, same, wire.Quote(string(got.Payload)))
	case silence.Before > 1:
		return text.Say("%s was sent there %d times, and the code was to send it %d times.",
			wire.Quote(string(got.Payload)), same, silence.Before)
	}
	return text.Say("%s was sent there %d times. UDP repeats nothing by itself, and the code was to send it once.",
		wire.Quote(string(got.Payload)), same)
}

// tooMany returns a datagram that the story does not want, if that is why it failed.
func tooMany(s Seen) (wire.Datagram, bool) {
	if silence, ok := want[Silence](s); ok {
		return silence.Got, true
	}
	if h, ok := want[Heard](s); ok && h.Got != nil && h.Got.From == h.From && h.Again {
		return *h.Got, true
	}
	return wire.Datagram{}, false
}

// answeredUnasked: the datagram too many goes back to somebody who has sent one.
func answeredUnasked(s Seen) text.Text {
	silence, ok := want[Silence](s)
	if !ok || !sentTwice(s).IsZero() {
		return none
	}
	for _, d := range s.Wire {
		if d.From == silence.At && d.To == silence.Got.From {
			return text.Say("%s got an answer, and the story wants none: the code sends more than it was told to.",
				s.Name(silence.At))
		}
	}
	return none
}

// sentToOthers: the datagram too many went to somebody else as well, who heard it.
func sentToOthers(s Seen) text.Text {
	silence, ok := want[Silence](s)
	got := silence.Got
	if !ok || silence.Before > 0 || got.Sender == "" || !answeredUnasked(s).IsZero() {
		return none
	}
	for _, d := range s.Wire {
		if d.From == got.From && d.To != got.To && d.Heard && d.Sender != "" &&
			string(d.Payload) == string(got.Payload) {
			return text.Say("%s was sent to %s, and to %s as well. Send it once, to the address that was given: if "+
				"that is everyone's, the network does the rest.", wire.Quote(string(got.Payload)), s.Name(d.To),
				s.Name(got.To))
		}
	}
	return none
}

// anothersAnswer: a participant hears what another has heard before, and wants something
// else.
func anothersAnswer(s Seen) text.Text {
	h, ok := want[Heard](s)
	if !ok || h.Got == nil || h.Got.From != h.From || !shortBuffer(s).IsZero() || !charactersCounted(s).IsZero() {
		return none
	}
	for _, d := range s.Wire {
		if d.From == h.From && d.To != h.At && d.Heard && string(d.Payload) == string(h.Got.Payload) {
			return text.Say("%s heard what %s had heard before, %s. Each answer is about one datagram, the one that "+
				"it answers: see that nothing is left of another.", s.Name(h.At), s.Name(d.To),
				wire.Quote(string(d.Payload)))
		}
	}
	return none
}

// emptyIsNoEnd: the last that was read is an empty datagram, and then the code ended
// or reads on.
func emptyIsNoEnd(s Seen) text.Text {
	last, ok := lastRead(s)
	if !ok || len(last.Payload) > 0 {
		return none
	}
	for _, c := range s.Calls {
		switch {
		case waitsInVain(s, c):
			return text.Say("The last datagram that %s read is empty. That is a datagram like others: either the "+
				"code takes 0 bytes, without an error, for nothing, or it goes by what a datagram says.",
				s.Name(last.To))
		case early(c):
			return text.Say("The last datagram that %s read is empty. That is a datagram like others: reading 0 "+
				"bytes, without an error, is neither an end nor nothing.", s.Name(last.To))
		}
	}
	return none
}

// waitsInVain reports whether the story failed because a call has not returned, but
// reads on.
func waitsInVain(s Seen, c Call) bool {
	r, ok := want[Returned](s)
	return ok && c.Current && !r.Cancelled && c.reads()
}

// reads reports whether a call waits in a read.
func (c Call) reads() bool { return c.WaitsIn == "ReadFrom" || c.WaitsIn == "Read" }

// early reports whether a call has returned though the story goes on.
func early(c Call) bool { return c.Done && !c.Wanted }

// lastRead returns the last datagram that one of the code's sockets has read.
func lastRead(s Seen) (last wire.Datagram, ok bool) {
	for _, d := range s.Wire {
		if d.Heard && slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Addr == d.To }) {
			last, ok = d, true
		}
	}
	return last, ok
}
