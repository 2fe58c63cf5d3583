package wire_test

import (
	"fmt"
	"net/netip"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Two clients of one server, and an answer that went to the wrong one.
func ExampleLadder_Draw() {
	at := netip.MustParseAddrPort
	alice, server, bob := at("127.0.0.1:40001"), at("127.0.0.1:40000"), at("127.0.0.1:40002")
	names := map[netip.AddrPort]string{alice: "alice", server: "server", bob: "bob"}
	ladder := wire.Ladder{
		Datagrams: []wire.Datagram{
			{From: alice, To: server, Payload: []byte("hello"), Heard: true},
			{At: 5 * time.Millisecond, From: bob, To: server, Payload: []byte("hi"), Heard: true},
			{At: 6 * time.Millisecond, From: server, To: alice, Payload: []byte("2 bytes"), Heard: true},
		},
		Focus: wire.Focus{Datagram: 3},
		Name:  func(addr netip.AddrPort) string { return names[addr] },
		Mark:  text.Both("this should have gone to bob", "這應該送給 bob"),
	}
	fmt.Print(ladder.Draw(wire.Style{ASCII: true}))
	// Output:
	//                alice                     server                    bob
	//      0.000ms   |------- "hello" -------->|                         |
	//      5.000ms   |                         |<--------- "hi" ---------|
	//      6.000ms   |<------ "2 bytes" -------|                         |
	//                x this should have gone to bob
}

func ExampleDiff() {
	fmt.Print(wire.Diff("Your data was 5 bytes long", "Your data was 6 bytes long", text.English))
	// Output:
	// wanted  "Your data was 5 bytes long"
	// came    "Your data was 6 bytes long"
	//                        ^ they part at byte 14
}
