package diagnosis

import (
	"slices"
	"syscall"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// optionRules are about the sockets that the code opens, and the options of sockets.
var optionRules = []rule{
	portNotShared, anotherAddress, sameSocket, notPermitted, lostPermission, permittedItself, madeBlocking,
	readWhatIsNotIts,
}

// portNotShared: a port is refused that another socket of the story shares.
func portNotShared(s Seen) text.Text {
	o, ok := want[Opened](s)
	if !ok || len(o.Beside) == 0 || !addressInUse(s.current().Err) {
		return none
	}
	return text.Say("Another socket, %s, has that port, and the story wants both to have it. Sockets share a port "+
		"only if each has the option for that before it gets its port, at one address as at all of them. Set it in "+
		"the Control of a net.ListenConfig: on a socket that is open already, it is too late. The permission to "+
		"broadcast is another option.", o.Beside[0])
}

// anotherAddress: a socket is open at all addresses instead of one, or the other way
// round.
func anotherAddress(s Seen) text.Text {
	o, ok := want[Opened](s)
	switch {
	case !ok || !o.Got.IsValid() || o.Got.Addr().IsUnspecified() == o.At.Addr().IsUnspecified():
		return none
	case o.At.Addr().IsUnspecified():
		return text.Say("%v means all addresses of this computer. A socket at %v is at that one alone, and hears "+
			"nothing of what is sent to another.", o.At.Addr(), o.Got.Addr())
	}
	return text.Say("Where no address is named, as in \":0\", or one that stands for all, as in \"0.0.0.0:0\" and "+
		"\"[::]:0\", a socket is at all of them: it can be reached from the network too, and has the port at each. "+
		"The story wants it at %v alone: open it at the address and the port together.", o.At.Addr())
}

// sameSocket: a call has returned a socket that is in use already.
func sameSocket(s Seen) text.Text {
	if o, ok := want[Opened](s); ok && o.Again != "" {
		if o.At.Port() == 0 {
			return text.Say("Each call opens a socket of its own. This one was kept from an earlier call, as in a " +
				"variable outside the function.")
		}
		return text.Say("Each call opens a socket of its own. Who reads from one socket takes the datagram away from " +
			"whoever else reads there; with two sockets, each has its own, and hears each broadcast.")
	}
	return none
}

// notPermitted: a call that should permit broadcasts has returned, and the option is
// not set.
func notPermitted(s Seen) text.Text {
	if p, ok := want[Permitted](s); ok {
		return text.Say("The option is still off on the socket that was given. Either nothing was set, or another "+
			"option, or the option of another socket. The permission belongs to one socket, the one that sends; to "+
			"hear a broadcast takes none. Set SO_BROADCAST on %s's socket.", p.Socket)
	}
	return none
}

// lostPermission: the socket that may not broadcast could do so when it was opened.
func lostPermission(s Seen) text.Text {
	p, ok := want[Permitted](s)
	if ok && slices.ContainsFunc(s.Forbidden, func(f Forbidden) bool { return f.Name == p.Socket }) {
		return text.Say(
			"Go may permit broadcasts when it opens a socket, but from this one the story has taken that away.")
	}
	return none
}

// permittedItself: a send went out that the story had forbidden.
func permittedItself(s Seen) text.Text {
	r, ok := want[Result](s)
	if !ok || s.current().Err != nil || !slices.Contains(r.Errors, error(syscall.EACCES)) {
		return none
	}
	for _, f := range s.Forbidden {
		if f.Permitted {
			return text.Say("The story had taken the permission to broadcast from %s's socket, and the code has "+
				"given it back. Who may broadcast is for the caller to decide: send, and return the error.", f.Name)
		}
	}
	return none
}

// madeBlocking: a socket's reads wait in the system now.
func madeBlocking(s Seen) text.Text {
	if _, ok := want[NonBlocking](s); ok {
		return text.Say("File().Fd() does that: asking for the descriptor makes the socket blocking. SyscallConn " +
			"gives the descriptor too, by Control, and leaves the socket as it is.")
	}
	return none
}

// readWhatIsNotIts: the code reads where it should only send.
func readWhatIsNotIts(s Seen) text.Text {
	if u, ok := want[Unread](s); ok {
		return text.Say("The code reads after it has sent, even if only for a while. What it takes away so, here %s, "+
			"is missing to whoever owns the socket: who sends need not wait for an answer.",
			wire.Quote(string(u.Got.Payload)))
	}
	return none
}
