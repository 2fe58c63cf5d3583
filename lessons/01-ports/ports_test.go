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
func rangeOf(w harness.Caller, port int) *harness.Call {
	return w.Call(fmt.Sprintf("RangeOf(%d)", port), func(context.Context) (any, error) { return ports.RangeOf(port) })
}

func parsePort(w harness.Caller, text string) *harness.Call {
	return w.Call(fmt.Sprintf("ParsePort(%q)", text), func(context.Context) (any, error) {
		return ports.ParsePort(text)
	})
}

// A portRange is what ParseSystemRange returns.
type portRange struct{ first, last int }

func parseSystemRange(w harness.Caller, text string) *harness.Call {
	return w.Call(fmt.Sprintf("ParseSystemRange(%q)", text), func(context.Context) (any, error) {
		first, last, err := ports.ParseSystemRange(text)
		return portRange{first, last}, err
	})
}

func ephemeral(w *harness.Kernel) *harness.Call {
	return w.Call(fmt.Sprintf("Ephemeral(%v)", w.Home()), func(context.Context) (any, error) {
		return ports.Ephemeral(w.Home())
	})
}

func claim(w harness.Caller, addr netip.AddrPort) *harness.Call {
	return w.Call(fmt.Sprintf("Claim(%v)", addr), func(context.Context) (any, error) { return ports.Claim(addr) })
}

// TestRangeOf: every boundary between two ranges, and both sides of it.
//
//kata:points 1
func TestRangeOf(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, tt := range []struct {
			port    int
			want    ports.Range
			because string
		}{
			{0, ports.WellKnown, "Port 0 counts as well known. It is a number like the others here."},
			{1, ports.WellKnown, "The well-known ports are 0 to 1023."},
			{1023, ports.WellKnown, "The well-known ports are 0 to 1023, and 1023 is the last of them."},
			{1024, ports.Registered, "The registered ports are 1024 to 49151, and 1024 is the first of them."},
			{1060, ports.Registered, "The registered ports are 1024 to 49151."},
			{49151, ports.Registered, "The registered ports are 1024 to 49151, and 49151 is the last of them."},
			{49152, ports.Dynamic, "The dynamic ports are 49152 to 65535, and 49152 is the first of them."},
			{65535, ports.Dynamic, "The dynamic ports are 49152 to 65535, and 65535 is the last of them."},
		} {
			rangeOf(w, tt.port).Because(tt.because).Returns(tt.want)
		}
		for _, tt := range []struct {
			port    int
			because string
		}{
			{-1, "No port is below 0. Look at the number as it is: a uint16 would make 65535 of -1."},
			{65536, "There are 65536 ports, and the first is 0: so the last is 65535."},
		} {
			rangeOf(w, tt.port).Because(tt.because).Fails()
		}
		for _, port := range []int{-65535, 66560, 1 << 30} {
			rangeOf(w, port).Because("Ports are from 0 to 65535. As a uint16, this would be %d.", uint16(port)).Fails()
		}
	})
}

// TestParsePort: a decimal number from 0 to 65535 and nothing else.
//
//kata:points 2
func TestParsePort(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, port := range []int{0, 7, 10, 1060, 49152, 65535} {
			parsePort(w, fmt.Sprint(port)).Because("These are digits and nothing else, from 0 to 65535.").Returns(port)
		}
		for _, tt := range []struct {
			texts   []string
			because string
		}{
			{[]string{""}, "Where there is no digit, there is no number."},
			{[]string{"65536", "70000"}, "Ports are from 0 to 65535."},
			{[]string{"18446744073709551617"}, "This is 2^64 + 1. Of that, an int's 64 bits keep only the 1."},
			{[]string{"1060x", "1060:1061"},
				"Something stands behind the number. fmt.Sscan and fmt.Sscanf stop there, and don't say so."},
			{[]string{"-1", "-0", "+1060"}, "A sign is no digit. strconv.Atoi accepts one, and fmt.Sscan may as well."},
			{[]string{"01060", "00"}, "Zeros in front are a second way to write a number, and each port has only one."},
			{[]string{"1060 ", " 1060", "1060\n", "\t1060"},
				"A blank or a line end is no digit. strings.TrimSpace makes a right text of a wrong one."},
			{[]string{"0x424", "1_060"},
				"A port is written in decimal digits alone. With base 0, strconv also reads 0x424 and 1_060."},
			{[]string{"1060.0", "1e3"}, "A port is a whole number, written in digits alone."},
			{[]string{"１０６０"}, "These are full-width digits, not 0 to 9. unicode.IsDigit says yes to them."},
			{[]string{"http"}, "This is a service's name, and no number."},
		} {
			for _, text := range tt.texts {
				parsePort(w, text).Because(tt.because).Fails()
			}
		}
	})
}

// TestEphemeral: the system chooses a port, each time another one, at the
// address that was asked for; both sockets receive.
//
//kata:points 2
func TestEphemeral(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		anyPort := netip.AddrPortFrom(w.Home(), 0)
		one := w.Opened(ephemeral(w), "one", anyPort)
		two := w.Opened(ephemeral(w), "two", anyPort)
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
		const oneGap = "However many blanks and tabs there are, they are one gap. The newline may be missing."
		for _, tt := range []struct {
			text        string
			first, last int
			because     string
		}{
			{"32768\t60999\n", 32768, 60999, "Linux writes a tab. Splitting at a blank finds no second number."},
			{"1024 65535\n", 1024, 65535, "A blank is right too. Splitting at a tab finds no second number."},
			{"32768 \t 60999\n", 32768, 60999, oneGap},
			{"32768   60999", 32768, 60999, oneGap},
			{"0\t0\n", 0, 0, "ParsePort accepts 0, and a first that equals the last is right."},
			{"5000\t5000\n", 5000, 5000, "A first that equals the last is right: the range has one port."},
		} {
			parseSystemRange(w, tt.text).Because(tt.because).Returns(portRange{tt.first, tt.last})
		}
		const notBothPorts = "One of the two is nothing that ParsePort accepts, and so an error here as well."
		for _, tt := range []struct {
			texts   []string
			because string
		}{
			{[]string{"", "\n", "32768\n"}, "A range takes two numbers, and here are fewer."},
			{[]string{"32768\t60999\t1\n"}, "A range has two numbers. Whatever follows makes the text a wrong one."},
			{[]string{"32768-60999\n", "32768,60999\n"}, "Only blanks and tabs may stand between the two numbers."},
			{[]string{"first\tlast\n"}, notBothPorts},
			{[]string{"60999\t32768\n"}, "The first port of a range is not greater than the last. Look at that too."},
			{[]string{"32768\t65536\n", "-1\t60999\n", "+32768\t60999\n", "032768\t60999\n", "3e4\t60999\n"},
				notBothPorts},
		} {
			for _, text := range tt.texts {
				parseSystemRange(w, text).Because(tt.because).Fails()
			}
		}
	})
}

// TestClaim: the socket is at exactly the address and the port, and receives.
// Once it is closed, the port can be claimed again. Port 0 can't be claimed, and
// neither can an address that the computer does not have.
//
//kata:points 2
func TestClaim(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.FreePort())
		alice := w.Peer("alice")
		claimed := w.Opened(claim(w, addr), "claimed", addr)
		alice.Send(claimed, "hello")
		claimed.ExpectFrom(alice, "hello")
		claimed.Close()

		again := claim(w, addr).Because("The socket is closed, so the port is free. Don't remember what was claimed.")
		claimed = w.Opened(again, "claimed", addr)
		alice.Send(claimed, "hello again")
		claimed.ExpectFrom(alice, "hello again")
		claimed.Close()

		zero := claim(w, netip.AddrPortFrom(w.Home(), 0))
		zero.Because("For the system, 0 is not a port but stands for any. So Claim has to refuse it itself.").Fails()

		absent := claim(w, netip.AddrPortFrom(w.AbsentAddr(), addr.Port()))
		absent.Because("No socket can be opened at an address that this computer lacks.").Fails()
		absent.Because("This computer lacks that address, so nobody has taken the port there, or forbidden it.")
		absent.FailsNot(errTaken)
		absent.FailsNot(errForbidden)
	})
}

const (
	nameTheCause   = "Whoever calls may want to know more: the error you return wraps the system's own as well."
	nameTheAddress = "Whoever reads the error in a log does not see the call: its text has to name the address."
)

// TestClaimTaken: if another socket has the port, the error says so, names the
// address, and keeps the system's cause. It opens no other port instead.
//
//kata:points 3
func TestClaimTaken(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		alice := w.Peer("alice")
		addr := netip.MustParseAddrPort(alice.LocalAddr().String())
		claiming := claim(w, addr)
		claiming.Because("alice has this port, so it is taken. No other one can replace it.").Fails(errTaken)
		claiming.Because(nameTheCause).Fails(inUse)
		claiming.Because(nameTheAddress).Says(addr.String())
		claiming.Because("Taken is not forbidden. Wrap only the one that is the reason.").FailsNot(errForbidden)

		free := netip.AddrPortFrom(w.Home(), w.FreePort())
		w.Opened(claim(w, free), "claimed", free)
		claim(w, free).Because("The socket that Claim opened before has this port, and is still open.").Fails(errTaken)
	})
}

// TestClaimForbidden: if the user may not open the port, the error says so,
// names the address, and keeps the system's cause.
//
//kata:points 2
func TestClaimForbidden(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.ForbiddenPort())
		claiming := claim(w, addr)
		claiming.Because("The system does not let this user open the port, taken or not.").Fails(errForbidden)
		claiming.Because(nameTheCause).Fails(denied)
		claiming.Because(nameTheAddress).Says(addr.String())
		claiming.Because("Forbidden is not taken. Wrap only the one that is the reason.").FailsNot(errTaken)
	})
}

// TestClaimBesideTCP: a port of UDP and the port of TCP with the same number are
// two different things.
//
//kata:points 1
func TestClaimBesideTCP(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.FreePort())
		w.ListenTCP(addr)
		claiming := claim(w, addr).Because("The port has an owner on TCP alone. UDP's ports are other ones.")
		claimed := w.Opened(claiming, "claimed", addr)
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
	harness.OnLoopback(t, func(w *harness.Kernel) {
		second, port := w.SecondHome(), w.FreePort()
		here, there := netip.AddrPortFrom(w.Home(), port), netip.AddrPortFrom(second, port)
		one := w.Opened(claim(w, here), "one", here)
		claiming := claim(w, there).Because("The first socket has only %v: each address has ports of its own.", here)
		two := w.Opened(claiming, "two", there)
		alice := w.Peer("alice")
		alice.Send(one, "hello, one")
		alice.Send(two, "hello, two")
		one.ExpectFrom(alice, "hello, one")
		two.ExpectFrom(alice, "hello, two")
		one.HeardNothingElse()
		two.HeardNothingElse()
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
