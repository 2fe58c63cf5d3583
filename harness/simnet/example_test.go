package simnet_test

import (
	"fmt"
	"net/netip"

	"udpkata/harness/simnet"
)

// Two hosts, and a way between them that loses every other datagram. In a story all of
// this is in a bubble of testing/synctest, where waits cost no time.
func Example() {
	var network simnet.Network
	alice := network.Host(netip.MustParsePrefix("10.0.0.1/24"))
	bob := network.Host(netip.MustParsePrefix("10.0.0.2/24"))
	sent := 0
	network.Extend(simnet.Loss(func() bool { sent++; return sent%2 == 1 }))

	server, err := bob.Listen(netip.MustParseAddrPort("10.0.0.2:1060"), simnet.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := alice.Dial(netip.MustParseAddrPort("10.0.0.1:0"), netip.MustParseAddrPort("10.0.0.2:1060"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, word := range []string{"lost", "hello"} {
		client.Write([]byte(word))
	}
	buf := make([]byte, 100)
	n, from, err := server.ReadFrom(buf)
	fmt.Printf("%s from the client: %v, %v\n", buf[:n], from.String() == client.LocalAddr().String(), err)
	// Output:
	// hello from the client: true, <nil>
}
