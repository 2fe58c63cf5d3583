// Package netlab builds networks out of Linux network namespaces: hosts, links
// with an MTU, routers and subnets, all of them real, in milliseconds, for root and
// for ordinary users alike. Nothing of them can be seen from outside, and they are
// gone with the process.
//
// They exist in a process of their own, which [Command] starts: this program
// again, in fresh namespaces. There, [New] begins a lab:
//
//	lab, err := netlab.New()
//	a, b := lab.Host("a"), lab.Host("b")
//	lab.Link(a, "10.0.1.1/24", b, "10.0.1.2/24", 1500)
//	if err := lab.Err(); err != nil { … }
//	a.Do(func() error { conn, err = net.ListenPacket("udp", "10.0.1.1:0"); return err })
//
// The example has a router too. The first thing that fails is kept, and nothing
// is done after it: [Lab.Err].
//
// A socket belongs for ever to the host that it was opened on, and may be used
// from anywhere. What a function that is given to [Host.Do] starts, by go or a
// timer, is not on the host.
//
// On other systems than Linux there are no labs: [Missing] says so.
package netlab
