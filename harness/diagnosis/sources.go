package diagnosis

import (
	"bytes"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// sourceRules are about who has sent what the code reads.
var sourceRules = []rule{
	believedStranger, sentToItself, scaredByStranger, answerPassedOver, answerNotRead, waitsForUnsent, fromNobody,
}

// A question is what the current call has sent on a socket, and read there since.
type question struct {
	sock  Socket
	sends []wire.Datagram // not empty
	reads []Read
}

// asked returns whom the call has asked.
func (q question) asked() netip.AddrPort { return q.sends[len(q.sends)-1].To }

// questions lists those of the current call.
func (s Seen) questions() (all []question) {
	c := s.current()
	for _, sock := range s.Sockets {
		q, first := question{sock: sock}, 0
		for i := c.Seen; i < len(s.Wire); i++ {
			if s.Wire[i].From == sock.Addr {
				q.sends = append(q.sends, s.Wire[i])
				if first == 0 {
					first = i + 1
				}
			}
		}
		if first == 0 {
			continue
		}
		for _, r := range sock.Reads {
			if r.Seen >= first && r.Number > 0 && r.Number <= len(s.Wire) {
				q.reads = append(q.reads, r)
			}
		}
		all = append(all, q)
	}
	return all
}

// read returns the datagram of a read.
func (s Seen) read(r Read) wire.Datagram { return s.Wire[r.Number-1] }

// answered returns what the story wants the current call to return without an error.
func answered(s Seen) (value any, ok bool) {
	r, ok := want[Result](s)
	return r.Value, ok && r.Value != nil && len(r.Errors) == 0 && !r.AnyError && !r.Beside
}

// holds reports whether a value is a payload, or a struct with a field that is.
func holds(value any, payload []byte) bool {
	switch v := value.(type) {
	case []byte:
		return string(v) == string(payload)
	case string:
		return v == string(payload)
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Struct {
		return false
	}
	for _, f := range v.Fields() {
		if f.CanInterface() && f.Kind() != reflect.Struct && holds(f.Interface(), payload) {
			return true
		}
	}
	return false
}

// A likeness is what two addresses have in common.
type likeness struct{ ip, port bool }

func alike(a, b netip.AddrPort) likeness {
	return likeness{a.Addr() == b.Addr(), a.Port() == b.Port()}
}

// believedStranger: a call returns what somebody has sent whom it had not asked.
func believedStranger(s Seen) text.Text {
	c := s.current()
	if r, ok := want[Result](s); !ok || r.Beside || r.Value == nil && len(r.Errors) == 0 || c.Err != nil {
		return none
	}
	for _, q := range s.questions() {
		i := len(q.reads) - 1
		for i >= 0 && !holds(c.Value, s.read(q.reads[i]).Payload) {
			i--
		}
		if i < 0 || s.read(q.reads[i]).From == q.asked() {
			continue
		}
		taken := s.read(q.reads[i])
		has := alike(taken.From, q.asked())
		stranger, asked := s.Name(taken.From), s.Name(q.asked())
		if turnedAway := slices.IndexFunc(q.reads[:i], func(r Read) bool {
			d := s.read(r)
			return alike(d.From, q.asked()) == has && string(d.Payload) != string(taken.Payload)
		}); turnedAway >= 0 {
			other := s.read(q.reads[turnedAway])
			return text.Say("%s asked %s, and took the answer from %s, though not %s from %s. So it seems to go by "+
				"what a datagram says. Anybody can say the same: go by who has sent it.",
				c.Name, asked, stranger, wire.Quote(string(other.Payload)), s.Name(other.From))
		}
		switch {
		case has.ip:
			return text.Say("%s asked %s, and took the answer from %s, who has the same IP address and another port. "+
				"Either the code does not look at who has sent a datagram, or it compares only the IP addresses, or "+
				"it takes whoever writes first for the one it asked.", c.Name, asked, stranger)
		case has.port:
			return text.Say("%s asked %s, and took the answer from %s, who has the same port at another IP address. "+
				"Either the code does not look at who has sent a datagram, or it compares only the ports, or it "+
				"takes whoever writes first for the one it asked.", c.Name, asked, stranger)
		}
		return text.Say("%s asked %s, and took the answer from %s: look at who has sent a datagram.", c.Name, asked,
			stranger)
	}
	return none
}

// sentToItself: a call returns what the code has sent from a socket to that socket.
func sentToItself(s Seen) text.Text {
	c := s.current()
	if _, ok := answered(s); !ok || c.Err != nil {
		return none
	}
	for _, sock := range s.Sockets {
		for _, d := range s.sends(sock) {
			if d.To == sock.Addr && d.Heard && holds(c.Value, d.Payload) {
				return text.Say("The code has sent %s from %s's socket to that socket itself, so it came back there.",
					wire.Quote(string(d.Payload)), sock.Name)
			}
		}
	}
	return none
}

// fromNobody: a datagram has come from where the story has no socket.
func fromNobody(s Seen) text.Text {
	for _, d := range s.Wire {
		if d.Heard && d.Sender == "" && !d.Forged && len(s.Sockets) > 0 && s.Name(d.From) == d.From.String() {
			return text.Say("%s heard %s from %v, where the story has no socket. So the code seems to have opened one "+
				"of its own: use the one that it is given.", s.Name(d.To), wire.Quote(string(d.Payload)), d.From)
		}
	}
	return none
}

// scaredByStranger: a call fails at a datagram from somebody whom it had not asked.
func scaredByStranger(s Seen) text.Text {
	c := s.current()
	if _, ok := answered(s); !ok || c.Err == nil || isContextError(c.Err) {
		return none
	}
	for _, q := range s.questions() {
		if len(q.reads) == 0 || len(q.sock.Failures) > 0 {
			continue
		}
		if last := s.read(q.reads[len(q.reads)-1]); last.From != q.asked() {
			return text.Say("%s gave up when it had read a datagram from %s, whom it had not asked. Anybody can send "+
				"one. Turn it away, and read on: the answer of %s is still to come.", c.Name, s.Name(last.From),
				s.Name(q.asked()))
		}
	}
	return none
}

// answerPassedOver: a call reads the answer, and fails all the same.
func answerPassedOver(s Seen) text.Text {
	c := s.current()
	value, ok := answered(s)
	if r, waits := want[Returned](s); waits && r.Value != nil && !r.Cancelled && c.reads() {
		value = r.Value
	} else if !ok || c.Err == nil {
		return none
	}
	for _, q := range s.questions() {
		for _, r := range q.reads {
			d := s.read(r)
			if r.Calls <= s.index() || d.From != q.asked() || !holds(value, d.Payload) {
				continue
			}
			from := text.Say("from %s", s.Name(d.From))
			if d.Forged {
				from = text.Say("with %s's address", s.Name(d.From))
			}
			payload := wire.Quote(string(d.Payload))
			switch {
			case len(q.sends) > 1:
				return text.Say("%s read %s %s after %v, and did not take it for the answer. Whatever comes from "+
					"there is one, whichever send it belongs to, and whatever it holds.", c.Name, payload, from, r.At)
			case reflect.ValueOf(value).Kind() == reflect.Struct: // which tells of more than an answer
				return text.Say("%s read %s %s, and did not take it for the answer. If it took that for a "+
					"stranger's, see whether it compares the sender's address with the server's, and how: that "+
					"alone may decide, and not what a datagram says.", c.Name, payload, from)
			}
			return text.Say("%s read %s %s, and did not take it for the answer.", c.Name, payload, from)
		}
	}
	return none
}

// answerNotRead: the answer comes while a call waits, but not in a read.
func answerNotRead(s Seen) text.Text {
	c := s.current()
	value, ok := answered(s)
	if !ok || c.Err == nil {
		return none
	}
	answer, _ := value.([]byte)
	for _, q := range s.questions() {
		for _, d := range s.Wire {
			// Where the code reads as it likes, the answer is one datagram among others, and has an ID before its text.
			if d.Forged || q.sock.Owned && !bytes.HasSuffix(d.Payload, answer) {
				continue
			}
			if d.From != q.asked() || d.To != q.sock.Addr || d.Heard || d.Err != nil || !d.Lost.IsZero() ||
				d.At+d.Delay <= c.Began || d.At+d.Delay >= c.Ended {
				continue
			}
			if q.sock.Owned {
				return unreadSince(q.sock, d.At+d.Delay)
			}
			if q.sends[0].Err != nil {
				return text.Say("The answer came after %v, and nobody read it. A send that fails is followed by its "+
					"wait like any other, and to wait is to read.", d.At+d.Delay)
			}
			return text.Say("The answer came after %v, and nobody read it. To wait is to read, up to the deadline.",
				d.At+d.Delay)
		}
	}
	return none
}

// unreadSince says why what came at an instant was not read, on a socket that the code reads as it likes.
func unreadSince(sock Socket, came time.Duration) text.Text {
	for _, f := range slices.Backward(sock.Failures) {
		if reading(f.Method) && f.At <= came {
			return text.Say("The answer came after %v, and nobody read it. The last read before that had failed after "+
				"%v, with %q: whoever reads for all goes on at once after an error, and ends at net.ErrClosed alone.",
				came, f.At, cause(f.Err))
		}
	}
	return text.Say("The answer came after %v, and nobody read it. Somebody has to read as long as a call waits.",
		came)
}

// waitsForUnsent: a call waits for the answer to a datagram that was not sent.
func waitsForUnsent(s Seen) text.Text {
	r, ok := want[Returned](s)
	if !ok || r.Cancelled || !s.current().reads() {
		return none
	}
	for _, q := range s.questions() {
		last := q.sends[len(q.sends)-1]
		if last.Err != nil && len(q.sends) == 1 && len(q.reads) == 0 { // who sends again waits for that
			return text.Say("The send has failed with %q: nothing went out, so no answer can come. Look at the error "+
				"that a send returns.", cause(last.Err))
		}
	}
	return none
}
