package diagnosis

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// instantRules are about when the code sends, and when it returns.
var instantRules = []rule{waitsWrong, hurries, givesUpWrong, sendsOn}

// waits returns the times between instants.
func waits(instants []time.Duration) []time.Duration {
	var all []time.Duration
	for i := 1; i < len(instants); i++ {
		all = append(all, instants[i]-instants[i-1])
	}
	return all
}

// isShared reports whether calls have run at the same time on a socket that is the code's own: then what is sent there
// is not one call's.
func (s Seen) isShared(at netip.AddrPort) bool {
	if !slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Owned && sock.Addr == at }) {
		return false
	}
	for i, c := range s.Calls {
		if slices.ContainsFunc(s.Calls[i+1:], func(later Call) bool { return !c.Done || later.Began < c.Ended }) {
			return true
		}
	}
	return false
}

// beganAnew reports whether the send after number i came as long after a datagram that was read when that was sent as
// it has to come after an earlier send.
func beganAnew(s Seen, sent Sent, i int) bool {
	waited := sent.Got[i+1] - sent.Got[i]
	return waited > sent.Instants[i+1]-sent.Instants[i] &&
		slices.ContainsFunc(s.Sockets, func(sock Socket) bool {
			return sock.Addr == sent.From &&
				slices.ContainsFunc(sock.Reads, func(r Read) bool { return r.Number > 0 && r.At == sent.Got[i] })
		}) &&
		slices.ContainsFunc(sent.Instants[:i], func(at time.Duration) bool { return sent.Instants[i+1]-at == waited })
}

// waitsWrong: the times between the sends follow a rule, but not the story's.
func waitsWrong(s Seen) text.Text {
	sent, ok := want[Sent](s)
	if !ok || s.isShared(sent.From) {
		return none
	}
	wanted, got := waits(sent.Instants), waits(sent.Got)
	if len(wanted) == 0 || !waitedAfterRefusal(s).IsZero() || !sameSizeAgain(s).IsZero() {
		return none
	}
	for i := range min(len(wanted), len(got)) {
		if got[i] == wanted[i] || sent.NotBefore && got[i] > wanted[i] {
			continue
		}
		failures := s.failuresBetween(sent.From, i)
		errs := slices.DeleteFunc(slices.Clone(failures),
			func(f Failure) bool { return errors.Is(f.Err, os.ErrDeadlineExceeded) })
		switch {
		case got[i] == 0 && len(errs) > 0 && errors.Is(errs[0].Err, syscall.EMSGSIZE):
			return text.Say("The code sent again at once, when a call had failed with %q. That says nothing new if "+
				"what the path takes has not become less: then the wait goes on to its end.", cause(errs[0].Err))
		case got[i] == 0 && len(errs) > 0:
			return text.Say("The code sent again at once, when a call had failed with %q. An error is no answer, and "+
				"no reason to hurry: the wait goes on to its end.", cause(errs[0].Err))
		case got[i] == 0 && len(failures) > 0:
			return text.Say("The code sent again at once, without a wait: a deadline that has passed lets each read " +
				"fail at once, until another is set. Each wait needs a deadline of its own.")
		case got[i] == 0 && !s.sameBytes(sent.From, i):
			return text.Say("The code sent something else at once, after %v. The story wants nothing more then.",
				sent.Got[i+1])
		case got[i] == 0:
			return text.Say("The code sent again at once, without a wait. Each send is followed by its whole wait, " +
				"whatever error comes in between.")
		case slices.ContainsFunc(errs, func(f Failure) bool { return f.At-sent.Got[i] == got[i]-wanted[i] }):
			return text.Say("Wait number %d is %v too long. That is how much of it had passed at the error %q: there "+
				"it began anew. An error does not move the deadline: set it once for each send.", i+1, got[i]-wanted[i],
				cause(errs[0].Err))
		case fromFirst(sent, wanted):
			return text.Say("Each wait ends as long after the first send as it has to after its own: wait number %d "+
				"ends after %v. Count each from its own send.", i+1,
				sent.Got[i+1]-sent.Got[0])
		case i == 0 && got[i] == 2*wanted[i]:
			return text.Say("The first wait is %v, twice the wanted one. Either the wait is doubled before its first "+
				"use, or it begins where an earlier call has left it, as in a variable outside the function.", got[i])
		case doubles(wanted) && !pattern(got).IsZero():
			return pattern(got)
		case i > 0 && got[i] == got[i-1] && wanted[i] == 2*wanted[i-1]:
			return text.Say("Wait number %d is %v long, as long as the one before. It has to be twice as long.", i+1,
				got[i])
		case i == 0 && scattered(wanted, got):
			return text.Say("Every wait is a little too long, and each by another amount, as if by chance. On a real " +
				"network that is good; here each wait is exact.")
		case got[i] < wanted[i] && wanted[i]-got[i] <= wanted[i]/10:
			return text.Say("Wait number %d is %v long, a little shorter than %v. A wait lasts to its end, or until "+
				"the answer comes.", i+1, got[i], wanted[i])
		case slices.ContainsFunc(errs, func(f Failure) bool {
			return f.At == sent.Got[i+1] && errors.Is(f.Err, syscall.EMSGSIZE)
		}):
			return none // no wait was over: it sent for that error
		}
		if beganAnew(s, sent, i) {
			return text.Say("The wait began anew when a datagram came, after %v: it ended %v later, and has to end "+
				"after %v. What comes meanwhile moves no deadline: set it once for each wait.", sent.Got[i], got[i],
				sent.Instants[i+1])
		}
		return text.Say("Wait number %d is %v long, and has to be %v.", i+1, got[i], wanted[i])
	}
	if sent.NotBefore {
		return none
	}
	ended := slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Done && !c.Wanted })
	until := s.until(sent.From)
	last, answered := s.answeredAfter(sent)
	switch {
	case len(got) < len(wanted) && answered && last > wanted[len(got)]:
		return text.Say("Wait number %d was not over after %v, when the answer came, and has to be %v.", len(sent.Got),
			last, wanted[len(got)])
	case len(got) < len(wanted) && ended && !oneErrorEnds(s).IsZero():
		return none // which says it
	case len(got) < len(wanted) && ended && !s.endedByDatagram().IsZero():
		return s.endedByDatagram()
	case len(got) < len(wanted) && ended:
		return text.Say("The code gave up after %d of the %d sends: see what it compares, and with which limit. If it "+
			"adds up its waits: a limit for one wait is not one for all of them.", len(sent.Got), len(sent.Instants))
	case len(got) < len(wanted) && until > sent.Instants[len(sent.Got)] && !s.failedAt(sent):
		return text.Say("The read has one deadline, after %v, and the next send comes only then. Each send gets a "+
			"wait, with a deadline of its own.", until)
	case len(sent.Got) == 1 && len(sent.Instants) > 1 && sent.Instants[1] > sent.Instants[0] && !ended &&
		!s.failedAt(sent) && !s.closedByCode(sent.From):
		return text.Say("The code sent once and never again: each send gets a wait, with a deadline of its own, and " +
			"after the wait comes the next send.")
	case len(got) > len(wanted) && doubles(wanted):
		return pattern(got)
	}
	return none
}

// sameBytes reports whether a socket's sends number i and i+1, from 0, had the same bytes.
func (s Seen) sameBytes(from netip.AddrPort, i int) bool {
	var payloads [][]byte
	for _, d := range s.Wire {
		if d.From == from {
			payloads = append(payloads, d.Payload)
		}
	}
	return i+1 < len(payloads) && bytes.Equal(payloads[i], payloads[i+1])
}

// endedByDatagram says of which datagram's reading a call has ended with an error, at the same instant.
func (s Seen) endedByDatagram() text.Text {
	for _, c := range s.Calls {
		if d, ok := s.readAt(c.Ended); ok && c.Done && !c.Wanted && c.Err != nil {
			return text.Say("%s ended as soon as it had read %s from %s, with the error %q. Such a datagram may come, "+
				"and is no reason to end.", c.Name, wire.Quote(string(d.Payload)), s.Name(d.From), c.Err.Error())
		}
	}
	return none
}

// closedByCode reports whether the code has closed a socket.
func (s Seen) closedByCode(addr netip.AddrPort) bool {
	return slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Addr == addr && sock.ClosedAt != "" })
}

// doubles reports whether each wait is twice as long as the one before.
func doubles(waits []time.Duration) bool {
	for i, d := range waits {
		if d <= 0 || i > 0 && d != 2*waits[i-1] {
			return false
		}
	}
	return true
}

// failedAt reports whether a socket met an error when the first send was due that is
// missing: then the story may want that send for the error, and not for a wait's end.
func (s Seen) failedAt(sent Sent) bool {
	return slices.ContainsFunc(s.Sockets, func(sock Socket) bool {
		return sock.Addr == sent.From && slices.ContainsFunc(sock.Failures, func(f Failure) bool {
			return f.At == sent.Instants[len(sent.Got)] && !errors.Is(f.Err, os.ErrDeadlineExceeded)
		})
	})
}

// pattern says by which rule waits go, if that is not doubling.
func pattern(got []time.Duration) text.Text {
	switch {
	case len(got) < 2:
		return none
	case len(got) == 2 && same(got):
		return text.Say("Wait number %d is %v long, as long as the one before. It has to be twice as long.", 2, got[1])
	case same(got):
		return text.Say("Every wait is %v long. Each one has to be twice as long as the one before.", got[0])
	case len(got) < 3:
		return none
	}
	for i := 2; i < len(got); i++ {
		if got[i]-got[i-1] != got[1]-got[0] {
			return none
		}
	}
	return text.Say("Each wait is %v longer than the one before: the waits grow, but they do not double.",
		got[1]-got[0])
}

// fromFirst reports whether each send but the first comes as long after the first as the
// wait before it has to be.
func fromFirst(sent Sent, wanted []time.Duration) bool {
	if len(sent.Got) < 4 || len(sent.Got) > len(wanted)+1 {
		return false
	}
	for i, at := range sent.Got[1:] {
		if at-sent.Got[0] != wanted[i] {
			return false
		}
	}
	return true
}

// answeredAfter returns how long after the last send a call has read what it returned
// then, if one did.
func (s Seen) answeredAfter(sent Sent) (after time.Duration, ok bool) {
	for _, c := range s.Calls {
		if !c.Done || c.Err != nil || len(sent.Got) == 0 {
			continue
		}
		if _, read := s.readAt(c.Ended); read {
			after, ok = c.Ended-sent.Got[len(sent.Got)-1], true
		}
	}
	return after, ok
}

// hurries: a call has sent several times in one instant, and its reads met a deadline
// that had passed.
func hurries(s Seen) text.Text {
	if c := s.current(); c.Err == nil || c.Cancelled {
		return none
	}
	if _, ok := want[Result](s); !ok {
		return none
	}
	for _, q := range s.questions() {
		for i := 2; i < len(q.sends); i++ {
			then := slices.DeleteFunc(slices.Clone(q.sock.Failures), func(f Failure) bool {
				return f.At != q.sends[i].At
			})
			other := slices.ContainsFunc(then, func(f Failure) bool {
				return !errors.Is(f.Err, os.ErrDeadlineExceeded)
			})
			if q.sends[i].At == q.sends[i-1].At && len(then) > 1 && !other {
				return text.Say("After %v the code sent again at once, without a wait: a deadline that has passed "+
					"lets each read fail at once, until another is set. Each wait needs a deadline of its own.",
					q.sends[i].At)
			}
		}
	}
	return none
}

// failuresBetween lists those on a socket between two of its sends, the first of which
// is number i, from 0.
func (s Seen) failuresBetween(from netip.AddrPort, i int) (all []Failure) {
	for _, sock := range s.Sockets {
		if sock.Addr != from {
			continue
		}
		for _, f := range sock.Failures {
			sends := 0
			for _, d := range s.Wire[:min(f.Seen, len(s.Wire))] {
				if d.From == from {
					sends++
				}
			}
			if sends == i+1 {
				all = append(all, f)
			}
		}
	}
	return all
}

// until returns the deadline of the read that waits on a socket; 0 without one.
func (s Seen) until(addr netip.AddrPort) time.Duration {
	for _, sock := range s.Sockets {
		if sock.Addr == addr {
			return sock.Until
		}
	}
	return 0
}

// scattered reports whether all waits are a little longer than they should be, and
// each by another amount.
func scattered(wanted, got []time.Duration) bool {
	var extra []time.Duration
	for i := range min(len(wanted), len(got)) {
		e := got[i] - wanted[i]
		if e <= 0 || e > wanted[i]/4 || slices.Contains(extra, e) {
			return false
		}
		extra = append(extra, e)
	}
	return len(extra) > 1
}

func same(all []time.Duration) bool {
	for _, d := range all {
		if d != all[0] {
			return false
		}
	}
	return true
}

// givesUpWrong: a call returns at another instant than it should.
func givesUpWrong(s Seen) text.Text {
	i, ok := want[Instant](s)
	c := s.current()
	switch {
	case !ok || i.Got == i.Want:
		return none
	case i.Got < i.Want && !oneErrorEnds(s).IsZero():
		return none // which says it
	case i.Got < i.Want:
		if d, read := s.readAt(i.Got); read && c.Err == nil {
			return text.Say("%s returned as soon as it had read %s from %s, and took that for the answer.", c.Name,
				wire.Quote(string(d.Payload)), s.Name(d.From))
		}
		return text.Say("%s returned %v too early: it did not wait to the end.", c.Name, i.Want-i.Got)
	}
	if !waitedAfterRefusal(s).IsZero() || !sameSizeAgain(s).IsZero() {
		return none // which say it
	}
	for _, q := range s.questions() {
		if len(q.reads) > 0 {
			r := q.reads[len(q.reads)-1]
			switch d := s.read(r); {
			case !c.Cancelled && r.At > c.Began && i.Want > c.Began && i.Got-r.At == i.Want-c.Began:
				return text.Say("%s returned %v after the last datagram that it read. So each datagram makes the "+
					"wait begin anew, and whoever sends one now and then makes it last for ever. Set a deadline "+
					"once, before the loop, or leave it to ctx.", c.Name, i.Got-r.At)
			case d.At+d.Delay == i.Want && r.At == i.Got:
				return late(s, q, i)
			}
		}
		for _, d := range q.sends {
			closed := slices.ContainsFunc(q.sock.Failures, func(f Failure) bool {
				return f.At >= i.Want && errors.Is(f.Err, net.ErrClosed)
			})
			switch {
			case d.At < i.Want, d.At <= c.Began:
			case closed:
				return text.Say("%s tried to send once more after %v, and the socket was closed by then. A closed "+
					"socket stays closed: errors.Is(err, net.ErrClosed) tells that this is the end.", c.Name, d.At)
			case d.At == i.Want && c.Err != nil && !c.Cancelled:
				return text.Say("%s sent once more after %v, where the story wants it to give up. Before each send, "+
					"see whether its wait is within the limit.", c.Name, d.At)
			}
		}
	}
	if n := s.readSince(i.Want); c.Cancelled && n > 0 {
		return text.Say("The context of %s had ended, and it read %d more datagram(s) all the same. A read may still "+
			"bring what is there by then: look at ctx.Err() after each read, before anything is done about it.",
			c.Name, n)
	}
	if c.Cancelled || c.Until > 0 && c.Until <= i.Want {
		return text.Say("%s returned %v too late: its context had ended, and it went on.", c.Name, i.Got-i.Want)
	}
	return text.Say("%s returned %v too late: something made it wait longer.", c.Name, i.Got-i.Want)
}

// readSince returns how many datagrams the code has read from an instant on.
func (s Seen) readSince(instant time.Duration) (n int) {
	for _, sock := range s.Sockets {
		for _, r := range sock.Reads {
			if r.At >= instant {
				n++
			}
		}
	}
	return n
}

// readAt returns the last datagram that the code has read, if it did so at an instant.
func (s Seen) readAt(instant time.Duration) (last wire.Datagram, ok bool) {
	for _, sock := range s.Sockets {
		if n := len(sock.Reads); n > 0 && sock.Reads[n-1].Number > 0 {
			last, ok = s.read(sock.Reads[n-1]), sock.Reads[n-1].At == instant
		}
	}
	return last, ok
}

// late says why an answer was read later than it came.
func late(s Seen, q question, i Instant) text.Text {
	if q.sock.Owned {
		return text.Say("The answer came after %v, and was read %v later: whoever reads was busy with something else, "+
			"such as a sleep, or waited for somebody. Read on at once, after each datagram and after each error.",
			i.Want, i.Got-i.Want)
	}
	for _, f := range slices.Backward(q.sock.Failures) {
		if f.At < i.Want && f.At >= q.sends[0].At && !errors.Is(f.Err, os.ErrDeadlineExceeded) {
			return text.Say("The answer came after %v, and was read %v later: after the error %q the code did "+
				"something else first, such as a sleep. Go on reading at once, up to the deadline.", i.Want,
				i.Got-i.Want, cause(f.Err))
		}
	}
	return text.Say("The answer came after %v, and was read %v later: the code did something else, such as a sleep. "+
		"To wait is to read, up to the deadline.", i.Want, i.Got-i.Want)
}

// sendsOn: a socket sends where nothing more is wanted.
func sendsOn(s Seen) text.Text {
	quiet, ok := want[Quiet](s)
	if !ok {
		return none
	}
	for _, c := range slices.Backward(s.Calls) {
		if c.Began > quiet.Got || !c.Done {
			continue
		}
		switch {
		case quiet.SomeMay && c.Ended >= quiet.Got:
			return none // it may have sent that before it looked at anything
		case c.Cancelled && c.Ended >= quiet.Got:
			return text.Say("%s sent once more when its context had ended. The end of ctx is not the end of a wait: "+
				"after each read, look at ctx first.", c.Name)
		case c.Ended <= quiet.Got:
			return text.Say("%s had returned, and something that it started still sends. Stop it before you return.",
				c.Name)
		}
	}
	return none
}
