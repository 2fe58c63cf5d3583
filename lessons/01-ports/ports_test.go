package ports_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

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

func ephemeral(w harness.Caller, addr netip.Addr) *harness.Call {
	return w.Call(fmt.Sprintf("Ephemeral(%v)", addr), func(context.Context) (any, error) {
		return ports.Ephemeral(addr)
	})
}

func claim(w harness.Caller, addr netip.AddrPort) *harness.Call {
	return w.Call(fmt.Sprintf("Claim(%v)", addr), func(context.Context) (any, error) { return ports.Claim(addr) })
}

// TestRangeOf: every boundary between two ranges, and both sides of it; then every
// port, and numbers that are none. A range prints as its name.
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
		tryAll(w, "RangeOf(%d)", rangeTrials, func(arg any) (any, error) { return ports.RangeOf(arg.(int)) })

		for _, tt := range []struct {
			port int
			name string
		}{{1023, "well known"}, {1060, "registered"}, {65535, "dynamic"}} {
			printing := w.Call(fmt.Sprintf("RangeOf(%d)", tt.port), func(context.Context) (any, error) {
				r, err := ports.RangeOf(tt.port)
				return fmt.Sprint(r), err
			})
			printing.Because("A Range prints as its name. Leave its type and its values as they were given.")
			printing.Returns(tt.name)
		}
	})
}

// TestParsePort: a decimal number from 0 to 65535 and nothing else.
//
//kata:points 2
func TestParsePort(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		parsePort(w, "0").Because("0 itself is right. Only zeros in front of other digits are too many.").Returns(0)
		for _, port := range []int{7, 10, 1060, 49152, 65535} {
			parsePort(w, fmt.Sprint(port)).Because("These are digits and nothing else, from 0 to 65535.").Returns(port)
		}
		for _, tt := range noPorts {
			for _, text := range tt.texts {
				parsePort(w, text).Because(tt.because).Fails()
			}
		}
		trials := func(yield func(trial) bool) { portTrials(w, yield) }
		tryAll(w, "ParsePort(%q)", trials, func(arg any) (any, error) { return ports.ParsePort(arg.(string)) })
	})
}

// noPorts are texts that ParsePort refuses.
var noPorts = []struct {
	texts   []string
	because string
}{
	{[]string{""}, "Where there is no digit, there is no number."},
	{[]string{"65536", "70000"}, "Ports are from 0 to 65535."},
	{[]string{"18446744073709551617"}, "This is 2^64 + 1. Of that, an int's 64 bits keep only the 1."},
	{[]string{"1060x", "1060:udp"},
		"Something stands behind the number. fmt.Sscan and fmt.Sscanf stop there, and don't say so."},
	{[]string{"-1", "-0", "+1060"}, "A sign is no digit. strconv.Atoi accepts one, and fmt.Sscan may as well."},
	{[]string{"01060", "00"}, "Zeros in front are a second way to write a number, and each port has only one."},
	{[]string{"1060 ", " 1060", "1060\n", "\t1060", "1060\r\n"},
		"A blank or a line end is no digit. strings.TrimSpace makes a right text of a wrong one."},
	{[]string{"0x424", "1_060"},
		"A port is written in decimal digits alone. With base 0, strconv also reads 0x424 and 1_060."},
	{[]string{"1060.0", "1e3"}, "A port is a whole number, written in digits alone."},
	{[]string{"１０６０"}, "These are full-width digits, not 0 to 9. unicode.IsDigit says yes to them."},
	{[]string{"١٥٨٥", "௧"}, "These are the digits of another script. unicode.IsDigit says yes to them."},
	{[]string{"http", "domain"}, "This is a service's name, and no number."},
}

// TestEphemeral: the system chooses a port, each time another one, at the
// address that was asked for, whichever of loopback's that is; both sockets receive, and
// are as package net opens them. At an address that the computer does not have, there is
// an error. No other socket stays open.
//
//kata:points 2
func TestEphemeral(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		anyPort := netip.AddrPortFrom(w.Home(), 0)
		opening := ephemeral(w, w.Home())
		w.OpenedPlainly(opening)
		one := w.Opened(opening, "one", anyPort)
		w.LeavesNoSocket(opening)
		two := w.Opened(ephemeral(w, w.Home()), "two", anyPort)
		defer openMany(w, "Ephemeral", func(int) (net.PacketConn, error) { return ports.Ephemeral(w.Home()) })()
		alice := w.Peer("alice")
		alice.Send(one, w.Text("hello, one"))
		alice.Send(two, w.Text("hello, two"))
		one.ExpectFrom(alice, w.Text("hello, one"))
		two.ExpectFrom(alice, w.Text("hello, two"))
		w.ChosenBySystem(one)
		w.ChosenBySystem(two)
		for range 30 { // a port of somebody else's choice may be one of the system's by chance
			another := w.Opened(ephemeral(w, w.Home()), "another", anyPort)
			w.ChosenBySystem(another)
			another.Close()
		}
	})

	harness.OnLoopback.Then(t, "absent-address", func(w *harness.Kernel) {
		absent := netip.AddrPortFrom(w.AbsentAddr(), 0)
		opening := ephemeral(w, absent.Addr())
		opening.Because(nowhere).Fails()
		opening.Because(nameTheCause).Fails(w.WhyNot(absent))
		w.LeavesNoSocket(opening)
	})

	harness.OnLoopback4.Then(t, "second-address", func(w *harness.Kernel4) {
		second := netip.AddrPortFrom(w.SecondHome(), 0)
		opening := ephemeral(w, second.Addr())
		opening.Because("Loopback has more addresses than one. Open the socket at the one that you are given.")
		w.Opened(opening, "one", second)
	})
}

const atOnce = 40

// openMany opens sockets with the student's code, which are all open at once, and returns what closes them.
func openMany(w harness.Caller, name string, open func(i int) (net.PacketConn, error)) (closeAll func()) {
	var conns []net.PacketConn
	w.Call(fmt.Sprintf("%s, %d times", name, atOnce), func(context.Context) (any, error) {
		for i := range atOnce {
			conn, err := open(i)
			if err != nil {
				return nil, err
			}
			conns = append(conns, conn)
		}
		return nil, nil
	}).Returns(nil)
	return func() {
		for _, conn := range conns {
			if conn != nil {
				conn.Close()
			}
		}
	}
}

const nowhere = "No socket can be opened at an address that this computer lacks."

// TestParseSystemRange: two ports, with any number of blanks and tabs between
// them.
//
//kata:points 2
func TestParseSystemRange(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		const oneGap = "However many blanks and tabs there are, they are one gap."
		for _, tt := range []struct {
			text        string
			first, last int
			because     string
		}{
			{"32768\t60999\n", 32768, 60999, "Linux writes a tab between the two. strings.Fields splits there."},
			{"1024 65535\n", 1024, 65535, "A blank between the two is right too: strings.Fields splits at both."},
			{"32768 \t 60999\n", 32768, 60999, oneGap},
			{"32768   60999\n", 32768, 60999, oneGap},
			{"0\t0\n", 0, 0, "ParsePort accepts 0, and a first that equals the last is right."},
			{"5000\t5000\n", 5000, 5000, "A first that equals the last is right: the range has one port."},
		} {
			parseSystemRange(w, tt.text).Because(tt.because).Returns(portRange{tt.first, tt.last})
		}
		const notBothPorts = "One of the two is no port. If your ParsePort accepts it, mend that first: TestParsePort."
		for _, tt := range []struct {
			texts   []string
			because string
		}{
			{[]string{"", "\n", "32768\n"}, "A range takes two numbers, and here are fewer."},
			{[]string{"32768\t60999\t1\n"}, "A range has two numbers. Whatever follows makes the text a wrong one."},
			{[]string{"32768\t60999\n1\t2\n", "32768\t60999\n1\n", "32768\t60999\n# as it was\n"},
				"Something stands on a second line. Look at the whole text, not at its first line alone."},
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
		trials := func(yield func(trial) bool) { systemRangeTrials(w, yield) }
		tryAll(w, "ParseSystemRange(%q)", trials, func(arg any) (any, error) {
			first, last, err := ports.ParseSystemRange(arg.(string))
			return portRange{first, last}, err
		})
	})
}

// TestClaim: the socket is at exactly the address and the port, and receives;
// so does another one at the same time. Once it is closed, the port can be claimed
// again. Port 0 can't be claimed, and neither can an address that the computer does
// not have.
//
//kata:points 2
func TestClaim(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		addr := netip.AddrPortFrom(w.Home(), w.FreePort())
		alice := w.Peer("alice")
		claiming := claim(w, addr)
		w.OpenedPlainly(claiming)
		claimed := w.Opened(claiming, "claimed", addr)
		w.LeavesNoSocket(claiming)
		second := netip.AddrPortFrom(w.Home(), w.FreePort())
		other := w.Opened(claim(w, second), "other", second)
		many := freePorts(w, atOnce)
		defer openMany(w, "Claim", func(i int) (net.PacketConn, error) { return ports.Claim(many[i]) })()
		alice.Send(claimed, w.Text("hello"))
		claimed.Because("The first socket stays open, whatever is claimed next.").ExpectFrom(alice, w.Text("hello"))
		alice.Send(other, w.Text("hello, other"))
		other.ExpectFrom(alice, w.Text("hello, other"))
		claimed.Close()

		again := claim(w, addr).Because("The socket is closed, so the port is free. Don't remember what was claimed.")
		claimed = w.Opened(again, "claimed", addr)
		alice.Send(claimed, w.Text("hello again"))
		claimed.ExpectFrom(alice, w.Text("hello again"))
		claimed.Close()

		for _, zero := range []netip.AddrPort{netip.AddrPortFrom(w.Home(), 0), {}} {
			claiming := claim(w, zero)
			claiming.Because("For the system, 0 is not a port but stands for any. So Claim has to refuse it itself.")
			claiming.Fails()
			claiming.Because(nobodys).FailsNot(errTaken)
			claiming.Because(nobodys).FailsNot(errForbidden)
		}
	})

	harness.OnLoopback.Then(t, "low-port", func(w *harness.Kernel) {
		port, ok := w.LowPort()
		if !ok {
			return // TestClaimForbidden is for this user
		}
		low := netip.AddrPortFrom(w.Home(), port)
		claiming := claim(w, low).Because("Which ports a user may open, the system knows. The number does not say it.")
		w.Opened(claiming, "claimed", low)
	})

	harness.OnLoopback.Then(t, "absent-address", func(w *harness.Kernel) {
		absent := netip.AddrPortFrom(w.AbsentAddr(), w.FreePort())
		claiming := claim(w, absent).Because(nowhere)
		claiming.Fails()
		claiming.Because(nameTheCause).Fails(w.WhyNot(absent))
		claiming.Because(nobodysThere)
		claiming.FailsNot(errTaken)
		claiming.FailsNot(errForbidden)
		w.LeavesNoSocket(claiming)
		if port, ok := w.LowPort(); ok {
			low := claim(w, netip.AddrPortFrom(absent.Addr(), port))
			low.Because(nobodysThere).FailsNot(errForbidden)
		}
	})
}

const (
	nobodysThere   = "This computer lacks that address, so nobody has taken the port there, or forbidden it."
	nobodys        = "Port 0 is no port that somebody could have taken, or forbidden. Wrap neither of the two."
	nameTheCause   = "Whoever calls may want to know more: the error you return wraps the system's own as well."
	nameTheAddress = "Whoever reads the error in a log does not see the call: its text has to name the address."
)

// TestClaimTaken: if another socket has the port, the error says so, names the
// address, and keeps the system's cause. It opens no other port instead, and leaves no
// socket open. Once the other socket is closed, the port is free. Calls side by side
// return what has come of their own ports.
//
//kata:points 3
func TestClaimTaken(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.Kernel) {
		alice := w.Peer("alice")
		addr := netip.MustParseAddrPort(alice.LocalAddr().String())
		claiming := claim(w, addr)
		claiming.Because("alice has this port, so it is taken. Another one is no answer.").Fails(errTaken)
		claiming.Because(nameTheCause).Fails(inUse)
		claiming.Because(nameTheAddress).Says(addr.String())
		claiming.Because("Taken is not forbidden. Wrap only the one that is the reason.").FailsNot(errForbidden)
		w.LeavesNoSocket(claiming)
		w.Call("errors.Is(ErrForbidden, ErrTaken)", func(context.Context) (any, error) {
			return errors.Is(ports.ErrForbidden, ports.ErrTaken), nil
		}).Because("Leave the two as they were given: neither is a kind of the other.").Returns(false)

		w.AllowsSharing(alice)
		shared := claim(w, addr).Because("alice would share this port, and still it is hers: Claim asks for no share.")
		shared.Fails(errTaken)

		free := netip.AddrPortFrom(w.Home(), w.FreePort())
		claimed := w.Opened(claim(w, free), "claimed", free)
		claim(w, free).Because("The socket that Claim opened before has this port, and is still open.").Fails(errTaken)
		claimed.Close()
		again := claim(w, free).Because("The port was taken before, and is free again. Only the system knows.")
		w.Opened(again, "claimed", free)
	})

	harness.OnLoopback.Then(t, "many-times", func(w *harness.Kernel) {
		const nothingLeft = "A Claim that failed, or whose socket is closed, leaves nothing behind for the next one."
		taken := netip.MustParseAddrPort(w.Peer("alice").LocalAddr().String())
		free := netip.AddrPortFrom(w.Home(), w.FreePort())
		refused := refusedClaims(w, taken).Because(nothingLeft)
		refused.Fails(errTaken)
		manyClaims(w, free).Because(nothingLeft).Returns(nil)
	})

	harness.OnLoopback.Then(t, "side-by-side", func(w *harness.Kernel) {
		const itsOwn = "Calls run at the same time here. Each has to do with its own port alone."
		taken := netip.MustParseAddrPort(w.Peer("alice").LocalAddr().String())
		free := freePorts(w, 5)
		refused := claim(w, taken)
		claims := make([]*harness.Call, len(free))
		for i, addr := range free {
			claims[i] = claim(w, addr)
		}
		refused.Because(itsOwn).Fails(errTaken)
		for i, addr := range free {
			w.Opened(claims[i].Because(itsOwn), fmt.Sprintf("claimed %d", i+1), addr).Close()
		}

		refused = refusedClaims(w, taken)
		for i, addr := range free {
			claims[i] = manyClaims(w, addr)
		}
		refused.Because(itsOwn).Fails(errTaken)
		for _, claiming := range claims {
			claiming.Because(itsOwn).Returns(nil)
		}
	})
}

// freePorts returns as many ports that can be claimed.
func freePorts(w *harness.Kernel, many int) (all []netip.AddrPort) {
	for range many {
		all = append(all, netip.AddrPortFrom(w.Home(), w.FreePort()))
	}
	return all
}

// manyClaims starts the student's Claim forty times, one after the other, and closes what it
// opens. It ends at the first error.
func manyClaims(w harness.Caller, addr netip.AddrPort) *harness.Call {
	return fortyClaims(w, addr, func(err error) bool { return err != nil })
}

// refusedClaims does the same, and ends at the first socket.
func refusedClaims(w harness.Caller, addr netip.AddrPort) *harness.Call {
	return fortyClaims(w, addr, func(err error) bool { return err == nil })
}

func fortyClaims(w harness.Caller, addr netip.AddrPort, ends func(error) bool) *harness.Call {
	return w.Call(fmt.Sprintf("forty times Claim(%v)", addr), func(context.Context) (_ any, err error) {
		for range 40 {
			var conn net.PacketConn
			if conn, err = ports.Claim(addr); err == nil {
				conn.Close()
			}
			if ends(err) {
				break
			}
		}
		return nil, err
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
		w.LeavesNoSocket(claiming)
		free := netip.AddrPortFrom(w.Home(), w.FreePort())
		w.Opened(claim(w, free).Because("This port is another one, which the user may open."), "claimed", free)
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
		claiming := claim(w, addr).Because("On UDP nobody has this port. TCP's ports are other ones, whoever has them.")
		claimed := w.Opened(claiming, "claimed", addr)
		alice := w.Peer("alice")
		alice.Send(claimed, w.Text("hello, UDP"))
		claimed.ExpectFrom(alice, w.Text("hello, UDP"))
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
		alice.Send(one, w.Text("hello, one"))
		alice.Send(two, w.Text("hello, two"))
		one.ExpectFrom(alice, w.Text("hello, one"))
		two.ExpectFrom(alice, w.Text("hello, two"))
		one.HeardNothingElse()
		two.HeardNothingElse()
		for _, addr := range []netip.AddrPort{here, there} {
			taken := claim(w, addr)
			taken.Fails(errTaken)
			taken.Because("Each error's text names the address that this call was given.").Says(addr.String())
		}
	})
}

// A trial is one of many calls of a function of values.
type trial struct {
	arg     any
	want    any // nil for an error
	because string
}

// An outcome is what a call has returned.
type outcome struct {
	value any
	err   error
}

func outcomeOf(value any, err error) outcome { return outcome{value, err} }

// tryAll makes trials of a call, whose name is a format for what it is given, all in one call of the story's: one for
// each would take long. The first that goes wrong is told as a call of its own.
func tryAll(w *harness.World, name string, trials iter.Seq[trial], call func(arg any) (any, error)) {
	w.Helper()
	var wrong *trial
	var value any
	var err error
	function, _, _ := strings.Cut(name, "(")
	w.Call(function, func(context.Context) (any, error) {
		all := slices.AppendSeq(make([]trial, 0, 1<<17), trials) // to make it longer takes longer than the trials
		outcomes := harness.Results(len(all), func(i int) outcome { return outcomeOf(call(all[i].arg)) })
		for i, t := range all {
			value, err = outcomes[i].value, outcomes[i].err
			if t.want == nil && err == nil || t.want != nil && (err != nil || value != t.want) {
				wrong = &t
				break
			}
		}
		return nil, nil
	}).Returns(nil)
	if wrong == nil {
		return
	}
	told := w.Call(fmt.Sprintf(name, wrong.arg), func(context.Context) (any, error) { return value, err })
	told.Because(wrong.because)
	if wrong.want == nil {
		told.Fails()
	}
	told.Returns(wrong.want)
}

// rangeTrials yields every port, every number around them, and numbers of which a shorter
// type keeps a port.
func rangeTrials(yield func(trial) bool) {
	try := func(port int) bool {
		t := trial{arg: port}
		switch {
		case port < 0, port > 65535:
			t.because = "Ports are from 0 to 65535."
		case port < 1024:
			t.want, t.because = ports.WellKnown, "The well-known ports are 0 to 1023."
		case port < 49152:
			t.want, t.because = ports.Registered, "The registered ports are 1024 to 49151."
		default:
			t.want, t.because = ports.Dynamic, "The dynamic ports are 49152 to 65535, and 49152 is the first of them."
		}
		return yield(t)
	}
	for port := -1000; port <= 67_000; port++ {
		if !try(port) {
			return
		}
	}
	for bits := range strconv.IntSize {
		for _, port := range []int{0, 1, 1023, 1024, 49151, 49152, 65535} {
			if !try(1<<bits+port) || !try(-1<<bits+port) || !try(math.MaxInt-port) || !try(math.MinInt+port) {
				return
			}
		}
	}
}

// portTrials yields the texts of every port, and texts of none, of which many have a port in them.
func portTrials(w *harness.World, yield func(trial) bool) {
	try := func(text string, want any, because string) bool {
		return yield(trial{text, want, because})
	}
	for port := range 1 << 16 {
		text := strconv.Itoa(port)
		const zeros = "Zeros in front are a second way to write a number, and each port has only one."
		if !try(text, port, "These are digits and nothing else, from 0 to 65535.") ||
			port%7 == 0 && !try(strings.Repeat("0", 1+port%5)+text, nil, zeros) {
			return
		}
	}
	otherTexts(strconv.Itoa(harness.Number(w, 1060, 1000, 9999)), func(text string) bool {
		return try(text, nil, "A port is written in the digits 0 to 9 alone, and is from 0 to 65535.")
	})
}

// otherTexts yields texts that are no port: numbers that are too big, and ports that have one
// character more, in every place.
func otherTexts(some string, yield func(string) bool) {
	for port := 1 << 16; port < 1<<17; port += 7 {
		if !yield(strconv.Itoa(port)) {
			return
		}
	}
	for bits := 16; bits < 200; bits++ {
		number := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		zeros := strings.Repeat("0", bits)
		for _, port := range []int64{0, 1, 1060, 65535} {
			if !yield(new(big.Int).Add(number, big.NewInt(port)).String()) {
				return
			}
		}
		if !yield("1"+zeros) || !yield("1"+zeros+some) || !yield(zeros+some) {
			return
		}
	}
	for c := range strange {
		if !yield(c) || !yield(c+some) || !yield(some[:2]+c+some[2:3]) || !yield(some+c) {
			return
		}
	}
}

// strange yields characters, other than 0 to 9, that somebody may take for a digit or for
// nothing at all: every byte, digits of other scripts, blanks and invisible characters, and
// such as have a digit for their last byte.
func strange(yield func(string) bool) {
	for c := range 1 << 8 {
		if (c < '0' || c > '9') && !yield(string([]byte{byte(c)})) {
			return
		}
	}
	const others = "١௧१１𝟏²①⑴一Ⅷıȱㄱ\u00a0\u00ad\u1680\u2009\u200b\u200e\u2028\u202f\u2060\u3000\ufeff\ufffd"
	for _, c := range others {
		if !yield(string(c)) {
			return
		}
	}
}

// systemRangeTrials yields pairs of ports, which it draws, and pairs of which one is none.
func systemRangeTrials(w *harness.World, yield func(trial) bool) {
	try := func(text string, want any, because string) bool {
		return yield(trial{text, want, because})
	}
	chance := rand.New(rand.NewPCG(1, uint64(harness.Number(w, 1, 1, math.MaxInt))))
	for range 5000 {
		first, last, gap := chance.IntN(1<<16), chance.IntN(1<<16), "\t"
		if chance.IntN(2) == 0 {
			last = min(max(0, first+chance.IntN(5)-2), 65535)
		}
		for chance.IntN(3) > 0 {
			gap += string(" \t"[chance.IntN(2)])
		}
		text := fmt.Sprintf("%d%s%d\n", first, gap, last)
		want, because := any(portRange{first, last}), "These are two ports, and the first is not greater than the last."
		if first > last {
			want, because = nil, "The first port of a range is not greater than the last. Look at that too."
		}
		if !try(text, want, because) {
			return
		}
	}
	bad := []string{}
	for c := range strange {
		bad = append(bad, "1"+c+"6", c+"106", "106"+c)
	}
	for _, tt := range noPorts {
		bad = append(bad, tt.texts...)
	}
	const notBoth = "A range is two numbers that ParsePort accepts, and nothing else."
	for _, text := range bad {
		if strings.IndexFunc(text, unicode.IsSpace) >= 0 || text == "" {
			continue // in a range, a blank may be a gap
		}
		if !try(text+"\t65535\n", nil, notBoth) || !try("0 "+text+"\n", nil, notBoth) {
			return
		}
	}
}

func TestMain(m *testing.M) { harness.Main(m) }
