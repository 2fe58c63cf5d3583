package record

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/stacks"
)

func addr(at string) net.Addr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)) }

// TestWhoseBroadcast: of two equal datagrams to everyone, each hearer hears the one
// and then the other.
func TestWhoseBroadcast(t *testing.T) {
	r := New(stacks.Site{})
	from, to := addr("127.0.0.1:1"), addr("127.0.0.255:2")
	r.SetName(AddrPort(to), Everyone)
	for i := range 2 {
		r.Sent(from, to, []byte("hello"), stacks.Line{File: "x.go", Number: i + 1})
	}
	for i, by := range []string{"alice", "bob", "alice", "bob"} {
		d := r.Heard(by, from, to, []byte("hello"), false)
		require.Equal(t, i/2+1, d.Number)
		require.Equal(t, stacks.Line{File: "x.go", Number: i/2 + 1}.String(), d.Sender)
	}
	require.Equal(t, 1, r.Heard("bob", from, to, []byte("hello"), false).Number, "a copy")
}

// TestHeard: what arrives is the first that was sent so and not yet heard; a filled
// buffer may have cut it; what nobody was seen to send is new.
func TestHeard(t *testing.T) {
	r := New(stacks.Site{})
	from, to := addr("127.0.0.1:1"), addr("127.0.0.1:2")
	for _, payload := range []string{"one", "one", "longer"} {
		r.Sent(from, to, []byte(payload), stacks.Line{})
	}
	heard := func(payload string, filled bool) int {
		return r.Heard("alice", from, to, []byte(payload), filled).Number
	}
	require.Equal(t, 1, heard("one", false))
	require.Equal(t, 2, heard("one", false))
	require.Equal(t, 3, heard("lon", true))
	require.Equal(t, 3, r.Datagrams[2].Cut)
	buf := []byte("who?")
	require.Equal(t, 4, r.Heard("alice", from, to, buf, false).Number)
	copy(buf, "next")
	require.Equal(t, "who?", string(r.Datagrams[3].Payload), "the code's buffer is in the record")
}

// ownAddr is an address of the code's own type.
type ownAddr string

func (ownAddr) Network() string { return "udp" }

func (a ownAddr) String() string { return string(a) }

// TestAddrPort: an endpoint is the same in whatever form and type, and nothing is none.
func TestAddrPort(t *testing.T) {
	want := netip.MustParseAddrPort("127.0.0.1:1060")
	short := net.UDPAddrFromAddrPort(want)
	long := &net.UDPAddr{IP: short.IP.To16(), Port: short.Port}
	for _, addr := range []net.Addr{short, long, ownAddr("127.0.0.1:1060"), ownAddr("[::ffff:127.0.0.1]:1060")} {
		require.Equal(t, want, AddrPort(addr), "%#v", addr)
	}
	for _, none := range []net.Addr{nil, (*net.UDPAddr)(nil), ownAddr("server"), ownAddr("")} {
		require.Equal(t, netip.AddrPort{}, AddrPort(none), "%#v", none)
	}
}
