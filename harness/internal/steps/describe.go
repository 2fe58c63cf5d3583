package steps

import (
	"cmp"
	"fmt"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Names are what a story's descriptions call those who take part.
type Names struct {
	Code    string // the function
	Sockets []string
	Peers   []string
	Asks    bool   // the function is given a text to send
	Brings  bool   // something is brought, to those who are in Sockets, or from there
	Shared  string // the socket, if there is one alone, and Sockets are calls on it
}

// Describe says in a sentence what a step does.
func (n Names) Describe(s Step) text.Text {
	what := n.what(s)
	if s.Ends {
		what = text.Say("%s; while a read hands that over, the context is cancelled", what)
	}
	if s.After == 0 || s.Do == Quiet {
		return what
	}
	return text.Say("%v later, %s", s.After, what)
}

func (n Names) what(s Step) text.Text {
	call, peer := n.Sockets[s.At%len(n.Sockets)], ""
	socket := cmp.Or(n.Shared, call)
	if len(n.Peers) > 0 {
		peer = n.Peers[s.Who%len(n.Peers)]
	}
	switch s.Do {
	case Lose:
		if s.Times <= 1 {
			return text.Say("the next datagram is lost")
		}
		return text.Say("the next %d datagrams are lost", s.Times)
	case Repeat:
		return text.Say("the next datagram comes again %v later", s.For)
	case Delay:
		return text.Say("the next datagram takes %v longer", s.For)
	case Start:
		if n.Brings {
			return text.Say("%d bytes begin to go between %s and %s", s.Bytes, n.Code, call)
		}
		return n.called(s, call)
	case Send:
		return n.sends(s, socket, peer)
	case Crowd:
		return text.Say("%d strangers send %s to %s, one after the other", s.Times, wire.Quote(s.Text), socket)
	case Answer:
		return n.answers(s, call)
	case FailReads:
		if s.Times <= 1 {
			return text.Say("the next read of %s fails: %v", socket, s.Err)
		}
		return text.Say("the next %d reads of %s fail: %v", s.Times, socket, s.Err)
	case FailWrites:
		if peer == "" {
			return text.Say("writes of %s begin to fail: %v", socket, s.Err)
		}
		return text.Say("%s can no longer send to %s: %v", socket, peer, s.Err)
	case MendWrites:
		if peer == "" {
			return text.Say("writes of %s succeed again", socket)
		}
		return text.Say("%s can send to %s again", socket, peer)
	case SlowReads:
		return text.Say("each read of %s takes %v more from here on, when the datagram is in the buffer", socket, s.For)
	case SlowWrites:
		return text.Say("each write of %s takes %v from here on", socket, s.For)
	case SlowLog:
		return text.Say("some lines of the log take up to %v from here on", s.For)
	case Cancel:
		if n.Brings {
			call = n.Code
		}
		return text.Say("the context of %s is cancelled", call)
	case CancelBecause:
		if n.Brings {
			call = n.Code
		}
		return text.Say("the context of %s is cancelled, with a cause", call)
	case Close:
		return text.Say("the socket of %s is closed", socket)
	case SetMTU:
		return text.Say("the MTU of the path is %d now", s.Bytes)
	case FailMTU:
		return text.Say("path.MTU begins to fail: %v", s.Err)
	}
	return text.Say("%v pass", s.After)
}

func (n Names) called(s Step, socket string) text.Text {
	what := text.Say("%s is called on %s", n.Code, socket)
	if n.Asks {
		what = text.Say("%s is called on %s, with %s", n.Code, socket, wire.Quote(s.Text))
	}
	if s.Long {
		what = text.Say("%s, and the server's address in 16 bytes", what)
	}
	switch {
	case s.For > 0:
		return text.Say("%s; its context ends %v later", what, s.For)
	case s.For < 0:
		return text.Say("%s; its context has ended before", what)
	}
	return what
}

func (n Names) answers(s Step, call string) text.Text {
	wrong := fmt.Sprintf("%+d", s.Bytes)
	switch {
	case s.Bytes == 0 && !n.Asks:
		return text.Say("the server answers what %s has sent last", call)
	case s.Bytes == 0:
		return text.Say("the server answers what %s has sent last, with %s", call, wire.Quote(s.Text))
	case !n.Asks:
		return text.Say("the server answers %s with a number that is wrong by %s", call, wrong)
	}
	return text.Say("the server answers %s with %s, and a number that is wrong by %s", call, wire.Quote(s.Text), wrong)
}

func (n Names) sends(s Step, socket, peer string) text.Text {
	quoted := wire.Quote(s.Text)
	peer = cmp.Or(peer, "server") // the only one
	switch {
	case s.Drop:
		return text.Say("%s sends %s to %s, which is to be dropped", peer, quoted, socket)
	case s.Times > 1:
		return text.Say("%s sends %s to %s, %d times", peer, quoted, socket, s.Times)
	}
	return text.Say("%s sends %s to %s", peer, quoted, socket)
}
