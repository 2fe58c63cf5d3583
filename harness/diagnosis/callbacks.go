package diagnosis

import "udpkata/harness/text"

// callbackRules are about the functions that the story gives to the code.
var callbackRules = []rule{calledTooOften}

// calledTooOften: the code calls one more often than it reads datagrams.
func calledTooOften(s Seen) text.Text {
	read, failed := 0, 0
	for _, sock := range s.Sockets {
		read += len(sock.Reads)
		for _, f := range sock.Failures {
			if reading(f.Method) {
				failed++
			}
		}
	}
	for _, c := range s.Callbacks {
		switch {
		case c.Calls <= read:
		case c.Calls <= read+failed:
			return text.Say("%s was called %d times, and %d datagram(s) were read. A read that fails has brought no "+
				"datagram: look at the error before you call %s.", c.Name, c.Calls, read, c.Name)
		default:
			return text.Say("%s was called %d times, and %d datagram(s) were read. It may say something else each "+
				"time: call it after the read, once for each datagram.", c.Name, c.Calls, read)
		}
	}
	return none
}
