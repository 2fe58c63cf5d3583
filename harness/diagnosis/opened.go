package diagnosis

import (
	"slices"

	"udpkata/harness/text"
)

// openedRules are about sockets that the code opens itself.
var openedRules = []rule{closedItself, choseItself, setItself, leftOpen}

// closedItself: a call has returned a socket that is closed. Another that ran meanwhile, or
// later, may have closed it.
func closedItself(s Seen) text.Text {
	began := s.current().Began
	others := slices.ContainsFunc(s.Calls, func(c Call) bool { return !c.Current && (!c.Done || c.Ended > began) })
	if _, ok := want[Usable](s); ok && !others {
		return text.Say("The code has closed the socket before it returned, as with defer conn.Close(). A port " +
			"belongs to its socket: once that is closed, the system gives the port to others. Leave it open, and " +
			"whoever called will close it.")
	}
	return none
}

// setItself: a call has set something on the socket that it returned.
func setItself(s Seen) text.Text {
	if _, ok := want[Plain](s); ok {
		return text.Say("Nobody asked for that: whoever called sets what they need. Open the socket, and leave it " +
			"as package net has opened it.")
	}
	return none
}

// leftOpen: a call has left a socket open that it did not return.
func leftOpen(s Seen) text.Text {
	if _, ok := want[NoSocketLeft](s); ok {
		return text.Say("Whoever called does not know of that socket, so nobody will close it. Close it before the " +
			"call returns, whichever way it does: also where a later step fails.")
	}
	return none
}

// choseItself: a port is none that the system chooses.
func choseItself(s Seen) text.Text {
	if _, ok := want[Chosen](s); ok {
		return text.Say("The code has named a port itself, be it a fixed one or the first that it found free. It " +
			"need not look for one: the system knows which are free, and chooses one if it is asked for port 0.")
	}
	return none
}
