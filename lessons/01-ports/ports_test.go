package ports_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"udpkata/harness"
	ports "udpkata/lessons/01-ports"
)

var (
	errTaken     = harness.Named("ErrTaken", ports.ErrTaken)
	errForbidden = harness.Named("ErrForbidden", ports.ErrForbidden)
	inUse        = harness.Named("InUse", ports.InUse)
	denied       = harness.Named("Denied", ports.Denied)
)

// rangeOf starts the student's RangeOf.
func rangeOf(w *harness.World, port int) *harness.Call {
	return w.Call(fmt.Sprintf("RangeOf(%d)", port), func(context.Context) (any, error) { return ports.RangeOf(port) })
}

func parsePort(w *harness.World, text string) *harness.Call {
	return w.Call(fmt.Sprintf("ParsePort(%q)", text), func(context.Context) (any, error) { return ports.ParsePort(text) })
}

// A portRange is what ParseSystemRange returns.
type portRange struct{ first, last int }

func parseSystemRange(w *harness.World, text string) *harness.Call {
	return w.Call(fmt.Sprintf("ParseSystemRange(%q)", text), func(context.Context) (any, error) {
		first, last, err := ports.ParseSystemRange(text)
		return portRange{first, last}, err
	})
}

func ephemeral(w *harness.World) *harness.Call {
	return w.Call(fmt.Sprintf("Ephemeral(%v)", w.Loopback()), func(context.Context) (any, error) {
		return ports.Ephemeral(w.Loopback())
	})
}

func claim(w *harness.World, addr netip.AddrPort) *harness.Call {
	return w.Call(fmt.Sprintf("Claim(%v)", addr), func(context.Context) (any, error) { return ports.Claim(addr) })
}

// TestRangeOf: every boundary between two ranges, and both sides of it.
//
//kata:points 1
func TestRangeOf(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, tt := range []struct {
			port int
			want ports.Range
		}{
			{0, ports.WellKnown},
			{1, ports.WellKnown},
			{1023, ports.WellKnown},
			{1024, ports.Registered},
			{1060, ports.Registered},
			{49151, ports.Registered},
			{49152, ports.Dynamic},
			{65535, ports.Dynamic},
		} {
			rangeOf(w, tt.port).Returns(tt.want)
		}
		for _, port := range []int{-1, 65536, -65535, 66560, 1 << 30} {
			rangeOf(w, port).Fails()
		}
	})
}

// TestParsePort: a decimal number from 0 to 65535 and nothing else.
//
//kata:points 2
func TestParsePort(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, port := range []int{0, 7, 10, 1060, 49152, 65535} {
			parsePort(w, fmt.Sprint(port)).Returns(port)
		}
		for _, text := range []string{
			"", "65536", "-1", "-0", "70000", "18446744073709551617",
			"+1060", "01060", "00", "1060 ", " 1060", "1060\n", "\t1060",
			"0x424", "1_060", "1060.0", "1e3", "1060x", "１０６０", "http", "1060:1061",
		} {
			parsePort(w, text).Fails()
		}
	})
}

// TestEphemeral: the system chooses a port, each time another one, at the
// address that was asked for; both sockets receive.
//
//kata:points 2
func TestEphemeral(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		anyPort := netip.AddrPortFrom(w.Loopback(), 0)
		one := ephemeral(w).Opens("one", anyPort)
		two := ephemeral(w).Opens("two", anyPort)
		alice := w.Peer("alice")
		alice.Send(one, "hello, one")
		alice.Send(two, "hello, two")
		one.ExpectFrom(alice, "hello, one")
		two.ExpectFrom(alice, "hello, two")
		w.ChosenBySystem(one)
		w.ChosenBySystem(two)
	})
}

// TestParseSystemRange: two ports, with any number of blanks and tabs between
// them.
//
//kata:points 2
func TestParseSystemRange(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, tt := range []struct {
			text string
			want portRange
		}{
			{"32768\t60999\n", portRange{32768, 60999}},
			{"1024 65535\n", portRange{1024, 65535}},
			{"32768 \t 60999\n", portRange{32768, 60999}},
			{"32768   60999", portRange{32768, 60999}},
			{"0\t0\n", portRange{0, 0}},
			{"5000\t5000\n", portRange{5000, 5000}},
		} {
			parseSystemRange(w, tt.text).Returns(tt.want)
		}
		for _, text := range []string{
			"", "\n", "32768\n", "32768\t60999\t1\n", "32768-60999\n", "32768,60999\n", "first\tlast\n",
			"60999\t32768\n", "32768\t65536\n", "-1\t60999\n", "+32768\t60999\n", "032768\t60999\n", "3e4\t60999\n",
		} {
			parseSystemRange(w, text).Fails()
		}
	})
}

// TestClaim: the socket is at exactly the address and the port, and receives.
// Once it is closed, the port can be claimed again. Port 0 can't be claimed, and
// neither can an address that the computer does not have.
//
//kata:points 2
func TestClaim(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		alice := w.Peer("alice")
		for _, text := range []string{"hello", "hello again"} {
			claimed := claim(w, addr).Opens("claimed", addr)
			alice.Send(claimed, text)
			claimed.ExpectFrom(alice, text)
			claimed.Leave()
		}
		claim(w, netip.AddrPortFrom(w.Loopback(), 0)).Fails()

		absent := claim(w, netip.AddrPortFrom(w.AbsentAddr(), addr.Port()))
		absent.Fails()
		absent.FailsNot(errTaken)
		absent.FailsNot(errForbidden)
	})
}

// TestClaimTaken: if another socket has the port, the error says so, names the
// address, and keeps the system's cause. It opens no other port instead.
//
//kata:points 3
func TestClaimTaken(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		alice := w.Peer("alice")
		addr := netip.MustParseAddrPort(alice.LocalAddr().String())
		claiming := claim(w, addr)
		claiming.Fails(errTaken)
		claiming.Fails(inUse)
		claiming.Says(addr.String())
		claiming.FailsNot(errForbidden)

		free := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		claim(w, free).Opens("claimed", free)
		claim(w, free).Fails(errTaken)
	})
}

// TestClaimForbidden: if the user may not open the port, the error says so,
// names the address, and keeps the system's cause.
//
//kata:points 2
func TestClaimForbidden(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.ForbiddenPort())
		claiming := claim(w, addr)
		claiming.Fails(errForbidden)
		claiming.Fails(denied)
		claiming.Says(addr.String())
		claiming.FailsNot(errTaken)
	})
}

// TestClaimBesideTCP: a port of UDP and the port of TCP with the same number are
// two different things.
//
//kata:points 1
func TestClaimBesideTCP(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		w.ListenTCP(addr)
		claimed := claim(w, addr).Opens("claimed", addr)
		alice := w.Peer("alice")
		alice.Send(claimed, "hello, UDP")
		claimed.ExpectFrom(alice, "hello, UDP")
	})
}

// TestClaimOnTwoAddresses: the same port at 127.0.0.1 and at 127.0.0.2 can have
// two owners, and each hears what was sent to its own address.
//
//kata:points 1
func TestClaimOnTwoAddresses(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		second, port := w.SecondLoopback(), w.FreePort()
		here, there := netip.AddrPortFrom(w.Loopback(), port), netip.AddrPortFrom(second, port)
		one := claim(w, here).Opens("one", here)
		two := claim(w, there).Opens("two", there)
		alice := w.Peer("alice")
		alice.Send(one, "hello, one")
		alice.Send(two, "hello, two")
		one.ExpectFrom(alice, "hello, one")
		two.ExpectFrom(alice, "hello, two")
		one.HeardNothingElse()
		two.HeardNothingElse()
	})
}
