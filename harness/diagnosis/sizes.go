package diagnosis

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"syscall"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// sizeRules are about how much a datagram carries, and what a path takes.
var sizeRules = []rule{
	headersCounted, lostAllTheSame, unheard, shrankTooFar, shrankMore, shrankForAnother, sameSizeAgain,
	waitedAfterRefusal, endedAtRefusal, mayBeFragmented,
}

// headersCounted: a size differs from the wanted one by the length of a header.
func headersCounted(s Seen) text.Text {
	field, wanted, got, ok := sizes(s)
	const least = 256    // so that a size is meant
	const tcpHeader = 20 // its length, without options (RFC 9293)
	if !ok || min(wanted, got) < least {
		return none
	}
	what := text.Both(field, field+" ") // as a name stands in Chinese text
	if field == "" {
		what = text.Say("The result")
	}
	switch got - wanted {
	case wire.IPv4Header + wire.UDPHeader:
		return text.Say("%s is 28 bytes too big: as long as IPv4's header (20) and UDP's (8). They take up room in "+
			"the packet, so take them off.", what)
	case wire.IPv6Header + wire.UDPHeader:
		return text.Say("%s is 48 bytes too big: as long as IPv6's header (40) and UDP's (8). They take up room in "+
			"the packet, so take them off.", what)
	case wire.UDPHeader:
		return text.Say("%s is 8 bytes too big: as long as UDP's header. It stands between IP's and your bytes, so "+
			"take off both.", what)
	case wire.IPv6Header - wire.IPv4Header:
		return text.Say("%s is 20 bytes too big. IPv4's header has 20 bytes, and IPv6's has 40: either IPv4's is "+
			"still in, or IPv6's was taken for one of 20.", what)
	case wire.IPv6Header:
		return text.Say("%s is 40 bytes too big: as long as IPv6's header. Take it off too.", what)
	case wire.UDPHeader - tcpHeader:
		return text.Say("%s is 12 bytes too small. TCP's header has 20 bytes, and UDP's has only 8.", what)
	}
	return none
}

// sizes returns the number that the story wants and the one that has come, if the
// current call returns one, or a struct in which one, field, differs.
func sizes(s Seen) (field string, wanted, got int, ok bool) {
	c := s.current()
	r, isResult := want[Result](s)
	if !isResult || c.Err != nil || r.Value == nil || c.Value == nil {
		return "", 0, 0, false
	}
	a, b := reflect.ValueOf(r.Value), reflect.ValueOf(c.Value)
	if a.Type() != b.Type() {
		return "", 0, 0, false
	}
	if a.Kind() == reflect.Int {
		return "", int(a.Int()), int(b.Int()), true
	}
	differing := differences(a, b)
	if len(differing) != 1 || a.Field(differing[0]).Kind() != reflect.Int {
		return "", 0, 0, false
	}
	i := differing[0]
	return a.Type().Field(i).Name, int(a.Field(i).Int()), int(b.Field(i).Int()), true
}

// lostAllTheSame: a call returns a size, as if so many bytes had arrived.
func lostAllTheSame(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	size, isSize := c.Value.(int)
	if !ok || c.Err != nil || !isSize || size == r.Value {
		return none
	}
	lost := false
	for _, d := range s.Wire {
		if s.isCode(d) && len(d.Payload) == size {
			if d.Heard || d.Lost.IsZero() {
				return none
			}
			lost = true
		}
	}
	if !lost {
		return none
	}
	return text.Say("A datagram of %d bytes was sent, and did not arrive. That Write returns no error says only that "+
		"the system has taken it: the proof is the answer.", size)
}

// unheard: a call gives up when none of its datagrams was heard.
func unheard(s Seen) text.Text {
	c := s.current()
	_, ok := answered(s)
	if _, timedOut := s.lastTimeout(); !ok || c.Err == nil || c.Cancelled || !timedOut {
		return none
	}
	for _, q := range s.questions() {
		heard := slices.ContainsFunc(q.sends, func(d wire.Datagram) bool { return d.Heard || d.Err != nil })
		switch n := len(q.sends); {
		case heard || len(q.reads) > 0:
		case n == 1:
			return text.Say("%s sent once, %d bytes, and gave up when nothing had come. Nobody has heard that "+
				"datagram, and none was sent after it.", c.Name, len(q.sends[0].Payload))
		default:
			return text.Say("%s sent %d times, the last time after %v, and gave up when nothing had come. Nobody has "+
				"heard any of these datagrams.", c.Name, n, q.sends[n-1].At)
		}
	}
	return none
}

// isCode reports whether a datagram comes from a socket that the code was given.
func (s Seen) isCode(d wire.Datagram) bool {
	return slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Addr == d.From })
}

// tooLong reports whether a call on a socket has said that a datagram is too long, and
// not because the story wanted it to.
func (f Failure) tooLong() bool { return errors.Is(f.Err, syscall.EMSGSIZE) && !f.Wanted }

// sends lists what a socket has sent.
func (s Seen) sends(sock Socket) (all []wire.Datagram) {
	for _, d := range s.Wire {
		if d.From == sock.Addr {
			all = append(all, d)
		}
	}
	return all
}

// shrankTooFar: the size that the story wants has arrived, and the code has sent less
// because of a refusal after that.
func shrankTooFar(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	wanted, isSize := r.Value.(int)
	got, gotSize := c.Value.(int)
	if !ok || c.Err != nil || !isSize || !gotSize || got >= wanted {
		return none
	}
	for _, sock := range s.Sockets {
		sends := s.sends(sock)
		i := slices.IndexFunc(sends, func(d wire.Datagram) bool { return len(d.Payload) == wanted && d.Heard })
		if i < 0 {
			continue
		}
		for j := i + 1; j < len(sends); j++ {
			refused := slices.ContainsFunc(s.failuresBetween(sock.Addr, j-1), Failure.tooLong)
			if len(sends[j].Payload) < wanted && refused {
				return text.Say("%d bytes do arrive, but the code went on to fewer when it met \"message too long\" "+
					"once more. That error can be an old one, about an earlier datagram: ask for the MTU again, and "+
					"send less only if less fits than was sent last.", wanted)
			}
		}
	}
	return none
}

// shrankMore: a size is refused, and the next one is smaller than what the story wants,
// which was never sent.
func shrankMore(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	wanted, isSize := r.Value.(int)
	got, gotSize := c.Value.(int)
	if !ok || c.Err != nil || !isSize || !gotSize || got >= wanted || !headersCounted(s).IsZero() {
		return none
	}
	for _, q := range s.questions() {
		n := len(q.sends)
		if n < 2 || len(q.sends[n-1].Payload) != got || slices.ContainsFunc(q.sends,
			func(d wire.Datagram) bool { return len(d.Payload) == wanted }) {
			continue
		}
		if slices.ContainsFunc(q.sock.Failures, Failure.tooLong) {
			return text.Say("After \"message too long\" the code went on to %d bytes, and %d fit. How much fits is "+
				"the MTU that the path has by then, without the headers.", got, wanted)
		}
	}
	return none
}

// shrankForAnother: a send fails for another reason than its size, and the next one is
// smaller.
func shrankForAnother(s Seen) text.Text {
	const least = 256
	for _, sock := range s.Sockets {
		sends := s.sends(sock)
		for i := 1; i < len(sends); i++ {
			before, now := sends[i-1], sends[i]
			if len(before.Payload) < least || len(now.Payload) >= len(before.Payload) || len(now.Payload) == 0 ||
				!bytes.HasPrefix(before.Payload, now.Payload) {
				continue
			}
			failures := s.failuresBetween(sock.Addr, i-1)
			news := slices.ContainsFunc(failures, func(f Failure) bool { return errors.Is(f.Err, syscall.EMSGSIZE) })
			other := slices.IndexFunc(failures,
				func(f Failure) bool { return !errors.Is(f.Err, os.ErrDeadlineExceeded) })
			if !news && other >= 0 {
				return text.Say("After the error %q the code sent fewer bytes: %d instead of %d. Only \"message too "+
					"long\" says that a datagram is too big. Other errors say nothing about its size.",
					cause(failures[other].Err), len(now.Payload), len(before.Payload))
			}
		}
	}
	return none
}

// sameSizeAgain: a size is refused, and the code sends it once more, which is refused
// as well. A size that fits may meet old errors.
func sameSizeAgain(s Seen) text.Text {
	value, _ := answered(s)
	fits, _ := value.(int)
	for _, sock := range s.Sockets {
		sends := s.sends(sock)
		for i := 1; i < len(sends); i++ {
			size := len(sends[i].Payload)
			if size != len(sends[i-1].Payload) || size <= fits || !errors.Is(sends[i].Err, syscall.EMSGSIZE) {
				continue
			}
			failures := s.failuresBetween(sock.Addr, i-1)
			f := slices.IndexFunc(failures, Failure.tooLong)
			// The refusal of the second send counts as one of its own.
			if f < 0 || errors.Is(sock.WriteError, syscall.EMSGSIZE) {
				continue
			}
			return text.Say("After %v %s returned \"message too long\", and the code sent as many bytes again, which "+
				"do not fit either. Both Read and Write can bring this error. What fits is the MTU that the path has "+
				"by then, without the headers.", failures[f].At, failures[f].Method)
		}
	}
	return none
}

// waitedAfterRefusal: the next send is wanted when a size is refused, and comes later.
func waitedAfterRefusal(s Seen) text.Text {
	sent, ok := want[Sent](s)
	if i, late := want[Instant](s); late && i.Got > i.Want {
		return waitedAndShrank(s)
	}
	if !ok || !sameSizeAgain(s).IsZero() {
		return none
	}
	for i := 1; i < min(len(sent.Got), len(sent.Instants)); i++ {
		if sent.Got[i] == sent.Instants[i] {
			continue
		}
		for _, f := range s.failuresBetween(sent.From, i-1) {
			if f.tooLong() && f.At == sent.Instants[i] && sent.Got[i] > f.At {
				return text.Say("After %v %s returned \"message too long\", and the code still waited, up to %v. "+
					"There is no answer to wait for any more: go on with the smaller size at once.", f.At, f.Method,
					sent.Got[i])
			}
		}
		return none
	}
	return none
}

// waitedAndShrank: a size is refused, and a smaller one is sent, but later.
func waitedAndShrank(s Seen) text.Text {
	for _, q := range s.questions() {
		for i := 1; i < len(q.sends); i++ {
			before, now := q.sends[i-1], q.sends[i]
			for _, f := range q.sock.Failures {
				if f.tooLong() && f.At >= before.At && f.At < now.At && len(now.Payload) < len(before.Payload) {
					return text.Say("After %v %s returned \"message too long\", and the code still waited, up to %v. "+
						"There is no answer to wait for any more: go on with the smaller size at once.", f.At, f.Method,
						now.At)
				}
			}
		}
	}
	return none
}

// endedAtRefusal: a call returns as an error that a datagram is too long, where the
// story wants to know more.
func endedAtRefusal(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	if !ok || r.Value == nil || r.Beside || len(r.Errors) > 0 || !errors.Is(c.Err, syscall.EMSGSIZE) {
		return none
	}
	for _, sock := range s.Sockets {
		if errors.Is(sock.ReadError, syscall.EMSGSIZE) || errors.Is(sock.WriteError, syscall.EMSGSIZE) {
			return none
		}
	}
	return text.Say("\"message too long\" is no failure here, but news: the datagram does not fit, and the system " +
		"knows by now what the path takes. Say how much that is, without an error. Ask for the MTU then, each time " +
		"anew: what the system said before may be too much.")
}

// mayBeFragmented: the option that keeps datagrams whole is not set.
func mayBeFragmented(s Seen) text.Text {
	w, ok := want[Whole](s)
	switch {
	case !ok:
		return none
	case w.IPv4Only:
		return text.Say("The code has set IP_MTU_DISCOVER, which is IPv4's option, on a socket of IPv6. Datagrams of " +
			"IPv6 go by IPV6_MTU_DISCOVER alone, of the level IPPROTO_IPV6: set that one there.")
	case w.Got == 1:
		return text.Say("1 is IP_PMTUDISC_WANT, with which Linux begins: it finds out the path's MTU, but fragments " +
			"itself what is too long. So there is something to do: 2, IP_PMTUDISC_DO, forbids that.")
	}
	if w.Got == 3 {
		return text.Say("3 is IP_PMTUDISC_PROBE. It forbids fragmentation too, but does not mind the path: what is " +
			"too long for that is sent all the same, and lost. 2, IP_PMTUDISC_DO, does both.")
	}
	return text.Say("Only the value 2, IP_PMTUDISC_DO, forbids fragmentation and minds the path. %d is another one.",
		w.Got)
}
