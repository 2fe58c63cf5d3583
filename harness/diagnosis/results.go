package diagnosis

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// resultRules are about what a call returns.
var resultRules = []rule{notAnError, impatient, sharedBuffer, streamDialled, portOfItsOwn, notConnected}

// notAnError: a call ended without what it was called for, and returned nil.
func notAnError(s Seen) text.Text {
	r, ok := want[Result](s)
	c := s.current()
	if !ok || c.Err != nil || len(r.Errors) == 0 || !permittedItself(s).IsZero() || !believedStranger(s).IsZero() {
		return none
	}
	timeout, timedOut := s.lastTimeout()
	ended := c.Cancelled || c.Until > 0 && c.Ended >= c.Until

	wanted := func(err error) bool {
		return err != nil && slices.ContainsFunc(r.Errors, func(e error) bool { return errors.Is(err, e) })
	}
	var sendError error // of the last send
	for _, d := range s.Wire {
		if d.Sender != "" {
			sendError = d.Err
		}
	}
	read := slices.IndexFunc(s.Sockets, func(sock Socket) bool { return wanted(sock.ReadError) })
	switch {
	case r.Late && timedOut && timeout.At == c.Ended && ended:
		return text.Say("The deadline that ctx tells had passed, and the read ended for it, but ctx.Err() was still " +
			"nil: a context is done a moment later. Don't return ctx.Err() where it may be nil.")
	case wanted(sendError):
		return text.Say("The send failed with %q. UDP does not promise that a datagram arrives, but this one was not "+
			"even sent: return the error.", cause(sendError))
	case read >= 0 && c.Value != nil:
		return text.Say("A read failed with %q, and has brought nothing. That is not an empty answer: return the "+
			"error.", cause(s.Sockets[read].ReadError))
	case noBytes(s.current().Value):
		return text.Say("%s returned no bytes and no error. That is what an empty answer looks like: where no answer "+
			"has come, return an error.", s.current().Name)
	case slices.ContainsFunc(r.Errors, isContextError) && ended:
		return text.Say("Whoever calls has to see that it was the context that ended the call: return ctx.Err(), or " +
			"an error that wraps it. nil says that all went well.")
	}
	return none
}

// impatient: a call gave up at a time limit of its own.
func impatient(s Seen) text.Text {
	c := s.current()
	r, ok := want[Result](s)
	if !ok || !isContextError(c.Err) || c.Cancelled || c.Until > 0 || len(r.Errors) > 0 || r.AnyError || r.Beside ||
		!s.cameLater(c) || !metOldDeadline(s).IsZero() || !hurries(s).IsZero() {
		return none
	}
	for _, q := range s.questions() {
		if n := len(q.sends); n > 1 { // who asks again is to give up some time
			return text.Say("%s gave up after %v, when it had sent %d times. The answer came later.", c.Name,
				c.Ended-c.Began, n)
		}
	}
	f, ok := s.lastTimeout()
	switch {
	case ok && f.Deadline.By != "" && f.Deadline.Ago > time.Hour: // no wait is so long
		return text.Say("%s gave up after %v by a time limit of its own, such as a context.WithTimeout or a timer: "+
			"the deadline that was set at %s only ended the read. The context that it was given had not ended, and "+
			"the answer came later.", c.Name, c.Ended-c.Began, f.Deadline.By)
	case ok && f.Deadline.By != "" && f.Deadline.Ago < 0:
		return text.Say("%s gave up after %v by a time limit of its own, the deadline that was set at %s. Its context "+
			"had not ended, and the answer came later.", c.Name, c.Ended-c.Began, f.Deadline.By)
	}
	return text.Say("%s gave up after %v by a time limit of its own. Its context had not ended, and the answer came "+
		"later.", c.Name, c.Ended-c.Began)
}

// noBytes reports whether a value is a []byte without any.
func noBytes(v any) bool {
	b, ok := v.([]byte)
	return ok && len(b) == 0
}

// cameLater reports whether a datagram for the code came after a call had returned.
func (s Seen) cameLater(c Call) bool {
	return slices.ContainsFunc(s.Wire, func(d wire.Datagram) bool {
		return d.At >= c.Ended && !d.Heard && d.Err == nil &&
			slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Addr == d.To })
	})
}

// sharedBuffer: the bytes that a call has returned have changed since.
func sharedBuffer(s Seen) text.Text {
	c := s.current()
	value, isBytes := c.Value.([]byte)
	if s, ok := c.Value.(string); ok {
		value, isBytes = []byte(s), true
	}
	if _, ok := want[Result](s); !ok || !isBytes || c.Before == nil || bytes.Equal(value, c.Before) {
		return none
	}
	if slices.ContainsFunc(s.Sockets, func(sock Socket) bool { return sock.Owned }) {
		return text.Say("%s did return %s, but these bytes have changed since, as if the next read had written into "+
			"the same memory. Let whoever reads copy each text.", c.Name, wire.Quote(string(c.Before)))
	}
	return text.Say("%s did return %s, but these bytes have changed since, as if another call had read into the same "+
		"memory. Give each call a buffer of its own.", c.Name, wire.Quote(string(c.Before)))
}

// streamDialled: the code opens a TCP connection.
func streamDialled(s Seen) text.Text {
	op := (*net.OpError)(nil)
	if _, ok := want[Connected](s); ok && errors.As(s.current().Err, &op) && strings.HasPrefix(op.Net, "tcp") {
		return text.Say("The code dials %q, and a TCP connection needs a server that accepts it. Dial \"udp\".", op.Net)
	}
	return none
}

// portOfItsOwn: a socket that is to be connected asks for a port that is taken.
func portOfItsOwn(s Seen) text.Text {
	if _, ok := want[Connected](s); ok && addressInUse(s.current().Err) {
		return text.Say("The code asks for a certain port for its own end, and that one is taken: each socket needs " +
			"another. Leave the choice to the system.")
	}
	return none
}

// notConnected: a socket that is to be connected is not.
func notConnected(s Seen) text.Text {
	if c, ok := want[Connected](s); ok && c.Listens {
		return text.Say("A socket that only listens hears everybody, and Write has nobody to send to, though it " +
			"has that method. Open it with a function that is told the server's address: one that dials.")
	}
	return none
}
