package netlab_test

import (
	"fmt"
	"net"
	"os"

	"udpkata/harness/netlab"
)

// Two hosts with a router between them. A program that makes labs starts itself
// again, in namespaces of its own, and makes them there.
func Example() {
	if !netlab.Inside() {
		if missing := netlab.Missing(); missing != nil {
			fmt.Println(missing)
			return
		}
		again := netlab.Command(os.Args[1:]...)
		again.Stdout, again.Stderr = os.Stdout, os.Stderr
		if err := netlab.Run(again); err != nil {
			fmt.Println(err)
		}
		return
	}
	lab, err := netlab.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer lab.Close()
	a, r, b := lab.Host("a"), lab.Host("r"), lab.Host("b")
	lab.Link(a, "10.0.1.1/24", r, "10.0.1.2/24", 1500)
	lab.Link(r, "10.0.2.1/24", b, "10.0.2.2/24", 1280)
	lab.Forward(r, false)
	lab.Route(a, "10.0.1.2")
	lab.Route(b, "10.0.2.1")
	if err := lab.Err(); err != nil {
		fmt.Println(err)
		return
	}
	var server net.PacketConn
	err = b.Do(func() (err error) {
		server, err = net.ListenPacket("udp", "10.0.2.2:0")
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	fmt.Println("a server behind a link of 1280 bytes, at", server.LocalAddr())
}
