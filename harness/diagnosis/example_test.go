package diagnosis_test

import (
	"fmt"
	"net/netip"

	"udpkata/harness/diagnosis"
	"udpkata/harness/wire"
)

// The story waited for bob's answer, and on the wire the answer went to alice.
func Example() {
	at := netip.MustParseAddrPort
	alice, server, bob := at("127.0.0.1:40001"), at("127.0.0.1:40000"), at("127.0.0.1:40002")
	names := map[netip.AddrPort]string{alice: "alice", server: "server", bob: "bob"}
	seen := diagnosis.Seen{
		Want: diagnosis.Heard{At: bob, From: server, Texts: []string{"2 bytes"}},
		Wire: []wire.Datagram{
			{From: bob, To: server, Payload: []byte("hi"), Heard: true},
			{From: server, To: alice, Payload: []byte("2 bytes"), Heard: true},
		},
		Name: func(addr netip.AddrPort) string { return names[addr] },
	}
	for _, sentence := range diagnosis.Of(seen) {
		for _, line := range wire.Fold(sentence.EN, 76) {
			fmt.Println(line)
		}
	}
	// Output:
	// The answer for bob went to alice. Send each answer to the address that
	// ReadFrom returned together with that datagram, not to one that was kept.
}
