package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	alice = netip.MustParseAddrPort("127.0.0.1:1")
	bob   = netip.MustParseAddrPort("127.0.0.1:22")
)

func name(a netip.AddrPort) string {
	if a == alice {
		return "alice"
	}
	return a.String()
}

func TestText(t *testing.T) {
	ms := time.Millisecond
	require.Equal(t, `     0.500ms  alice → 127.0.0.1:22  "hi"
    12.000ms  127.0.0.1:22 → alice  "晚安"  ✗ nobody read it
  1000.000ms  127.0.0.1:22 → alice  "abc"  ✗ only its first 2 bytes were read
  1000.001ms  alice → alice         ""  ✗ not sent: no route
  2000.000ms  alice → 127.0.0.1:22  "hi"  ✗ forged: alice did not send it
  2000.000ms  alice → 127.0.0.1:22  "hi"  – turned away by the system
`, Text([]Datagram{
		{At: ms / 2, From: alice, To: bob, Payload: []byte("hi"), Heard: true},
		{At: 12 * ms, From: bob, To: alice, Payload: []byte("晚安")},
		{At: time.Second, From: bob, To: alice, Payload: []byte("abc"), Heard: true, Cut: 2},
		{At: time.Second + time.Microsecond, From: alice, To: alice, Err: &net.OpError{Op: "write", Err: errors.New("no route")}},
		{At: 2 * time.Second, From: alice, To: bob, Payload: []byte("hi"), Heard: true, Forged: true},
		{At: 2 * time.Second, From: alice, To: bob, Payload: []byte("hi"), Barred: true},
	}, Focus{}, name))
	require.Empty(t, Text(nil, Focus{}, name))
}

func TestTextOfManyDatagrams(t *testing.T) {
	var many []Datagram
	for i := range 30 {
		d := Datagram{From: alice, To: bob, Payload: fmt.Append(nil, i), Heard: true}
		if i == 7 {
			d.From = bob
		}
		many = append(many, d)
	}
	text := Text(many, Focus{}, name)
	require.Equal(t, mostLines+1, strings.Count(text, "\n"))
	require.Contains(t, text, "(18 more)")
	require.Contains(t, text, `"0"`)
	require.Contains(t, text, `"29"`)
	require.NotContains(t, text, `"7"`)

	text = Text(many, Focus{Party: alice}, name)
	require.Contains(t, text, "(17 more)", "the one that does not concern alice is left out")
}

func TestStamp(t *testing.T) {
	for at, want := range map[time.Duration]string{
		0: "0.000ms", 100 * time.Millisecond: "100.000ms", 1499999: "1.500ms",
		100*time.Millisecond - 1: "100ms-1ns", 100*time.Millisecond + 1: "100ms+1ns", 100*time.Millisecond + 2: "100.000ms",
	} {
		require.Equal(t, want, stamp(at))
	}
}

func TestQuote(t *testing.T) {
	require.Equal(t, `""`, Quote(""))
	require.Equal(t, `"a\n\xff\"晚"`, Quote("a\n\xff\"晚"))
	require.Equal(t, `"xxxxxxxxxxxxxxxxxxxx…yyyyyyyyyy" (41 bytes)`, Quote(strings.Repeat("x", 31)+strings.Repeat("y", 10)))
}
