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

// A reason is why a story wants what it wants, in English and in Chinese.
type reason struct{ english, chinese string }

var (
	wellKnown  = reason{"The well-known ports are 0 to 1023.", "公認的是 0 到 1023。"}
	registered = reason{"The registered ports are 1024 to 49151.", "註冊的是 1024 到 49151。"}
	wrapsRound = reason{
		"Ports are from 0 to 65535. Look at the number as it is: a uint16 keeps only its low bits, and makes a port of it.",
		"連接埠從 0 到 65535。數字要照原樣看：換成 uint16，就只剩下低位的部分，看起來像個連接埠。"}
)

// TestRangeOf: every boundary between two ranges, and both sides of it.
//
//kata:points 1
func TestRangeOf(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, tt := range []struct {
			port    int
			want    ports.Range
			because reason
		}{
			{0, ports.WellKnown, reason{
				"Port 0 counts as well known. It is a number like the others here, though no socket is ever at it.",
				"連接埠 0 算是公認的。雖然不會有 socket 開在那裡，在這裡它和別的號碼一樣。"}},
			{1, ports.WellKnown, wellKnown},
			{1023, ports.WellKnown, reason{
				"The well-known ports are 0 to 1023, and 1023 is the last of them.",
				"公認的是 0 到 1023，1023 是最後一個。"}},
			{1024, ports.Registered, reason{
				"The registered ports are 1024 to 49151, and 1024 is the first of them.",
				"註冊的是 1024 到 49151，1024 是第一個。"}},
			{1060, ports.Registered, registered},
			{49151, ports.Registered, reason{
				"The registered ports are 1024 to 49151, and 49151 is the last of them.",
				"註冊的是 1024 到 49151，49151 是最後一個。"}},
			{49152, ports.Dynamic, reason{
				"The dynamic ports are 49152 to 65535, and 49152 is the first of them.",
				"動態的是 49152 到 65535，49152 是第一個。"}},
			{65535, ports.Dynamic, reason{
				"The dynamic ports are 49152 to 65535, and 65535 is the last of them.",
				"動態的是 49152 到 65535，65535 是最後一個。"}},
		} {
			rangeOf(w, tt.port).Because(tt.because.english, tt.because.chinese).Returns(tt.want)
		}
		for _, tt := range []struct {
			port    int
			because reason
		}{
			{-1, reason{
				"No port is below 0. Look at the number as it is: a uint16 would make 65535 of -1.",
				"沒有比 0 小的連接埠。數字要照原樣看：換成 uint16，-1 就變成 65535 了。"}},
			{65536, reason{
				"There are 65536 ports, and the first is 0: so the last is 65535. (A uint16 would make 0 of 65536.)",
				"連接埠一共有 65536 個，第一個是 0，所以最後一個是 65535。（換成 uint16，65536 就變成 0 了。）"}},
			{-65535, wrapsRound},
			{66560, wrapsRound},
			{1 << 30, wrapsRound},
		} {
			rangeOf(w, tt.port).Because(tt.because.english, tt.because.chinese).Fails()
		}
	})
}

// TestParsePort: a decimal number from 0 to 65535 and nothing else.
//
//kata:points 2
func TestParsePort(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, port := range []int{0, 7, 10, 1060, 49152, 65535} {
			parsePort(w, fmt.Sprint(port)).Because(
				"These are digits and nothing else, and the number is from 0 to 65535.",
				"這裡只有數字字元，數字也在 0 到 65535 之間。").Returns(port)
		}
		for _, tt := range []struct {
			texts   []string
			because reason
		}{
			{[]string{""}, reason{
				"Where there is no digit, there is no number.",
				"一個數字字元都沒有，就沒有號碼。"}},
			{[]string{"65536", "70000"}, reason{
				"Ports are from 0 to 65535.",
				"連接埠從 0 到 65535。"}},
			{[]string{"18446744073709551617"}, reason{
				"This is 2^64 + 1. Whoever adds up digit by digit has 1 left of it, as an int has only 64 bits.",
				"這是 2^64 + 1。int 只有 64 個位元，一個字元一個字元地累加，就會只剩下 1。"}},
			{[]string{"1060x", "1060:1061"}, reason{
				"Something stands behind the number. fmt.Sscan and fmt.Sscanf stop where the number ends, and don't say so.",
				"號碼後面還有別的東西。fmt.Sscan 和 fmt.Sscanf 讀完號碼就停了，後面的不管，也不會說。"}},
			{[]string{"-1", "-0", "+1060"}, reason{
				"A sign is no digit. strconv.Atoi accepts one, and fmt.Sscan may as well.",
				"正負號不是數字字元。strconv.Atoi 接受正負號，fmt.Sscan 也可能接受。"}},
			{[]string{"01060", "00"}, reason{
				"Zeros in front are a second way to write a number, and each port has only one. Some programs even read 01060 as octal, which is 560.",
				"前面加零，同一個號碼就有了第二種寫法，而每個連接埠只有一種。有些程式還會把 01060 當成八進位，讀成 560。"}},
			{[]string{"1060 ", " 1060", "1060\n", "\t1060"}, reason{
				"A blank or a line end is no digit. Don't take it away first, as strings.TrimSpace does: then a wrong text seems right.",
				"空白和換行不是數字字元。不要像 strings.TrimSpace 那樣先去掉：錯的文字就會看起來是對的。"}},
			{[]string{"0x424", "1_060"}, reason{
				"A port is written in decimal digits alone. With base 0, strconv also reads 0x424 and 1_060.",
				"連接埠只用十進位的數字字元來寫。進位給 0 的話，strconv 連 0x424 和 1_060 也讀。"}},
			{[]string{"1060.0", "1e3"}, reason{
				"A port is a whole number, written in digits alone.",
				"連接埠是整數，只用數字字元來寫。"}},
			{[]string{"１０６０"}, reason{
				"These are full-width digits, other characters than 0 to 9. unicode.IsDigit says yes to them.",
				"這些是全形的數字，和 0 到 9 是不同的字元。unicode.IsDigit 會說它們是數字。"}},
			{[]string{"http"}, reason{
				"This is a service's name, and no number.",
				"這是服務的名稱，不是號碼。"}},
		} {
			for _, text := range tt.texts {
				parsePort(w, text).Because(tt.because.english, tt.because.chinese).Fails()
			}
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

var (
	severalBlanks = reason{
		"However many blanks and tabs stand between the two numbers, they are one gap. The newline at the end may be missing.",
		"兩個號碼之間不管有幾個空白和 tab，都算一個間隔。最後的換行也可以沒有。"}
	notBothPorts = reason{
		"One of the two is nothing that ParsePort accepts: whatever it refuses is an error here as well.",
		"兩個之中有一個是 ParsePort 不接受的：它拒絕的，在這裡也是錯誤。"}
)

// TestParseSystemRange: two ports, with any number of blanks and tabs between
// them.
//
//kata:points 2
func TestParseSystemRange(t *testing.T) {
	harness.Offline(t, func(w *harness.World) {
		for _, tt := range []struct {
			text    string
			want    portRange
			because reason
		}{
			{"32768\t60999\n", portRange{32768, 60999}, reason{
				"Linux writes the first port, a tab, the last port, and a newline. Whoever splits that at a blank finds no second number.",
				"Linux 寫的是第一個連接埠、一個 tab、最後一個連接埠，然後換行。用空白來切，就找不到第二個號碼。"}},
			{"1024 65535\n", portRange{1024, 65535}, reason{
				"Here a blank stands between the two, and whoever splits that at a tab finds no second number. Blanks and tabs are both right.",
				"這裡兩個號碼之間是空白，用 tab 來切，就找不到第二個號碼。空白和 tab 都是對的。"}},
			{"32768 \t 60999\n", portRange{32768, 60999}, severalBlanks},
			{"32768   60999", portRange{32768, 60999}, severalBlanks},
			{"0\t0\n", portRange{0, 0}, reason{
				"ParsePort accepts 0, and a first that equals the last is right.",
				"ParsePort 接受 0，而第一個等於最後一個也是對的。"}},
			{"5000\t5000\n", portRange{5000, 5000}, reason{
				"A first that equals the last is right: the range has one port.",
				"第一個等於最後一個也是對的：這個範圍裡只有一個連接埠。"}},
		} {
			parseSystemRange(w, tt.text).Because(tt.because.english, tt.because.chinese).Returns(tt.want)
		}
		for _, tt := range []struct {
			texts   []string
			because reason
		}{
			{[]string{"", "\n", "32768\n"}, reason{
				"A range takes two numbers, and here are fewer.",
				"範圍要有兩個號碼，這裡不夠。"}},
			{[]string{"32768\t60999\t1\n"}, reason{
				"There is a third number. A range has two: what comes after them makes the text a wrong one, so count before you read.",
				"這裡有第三個號碼。範圍只有兩個，後面還有東西，這段文字就是錯的，所以讀之前要先數有幾個。"}},
			{[]string{"32768-60999\n", "32768,60999\n"}, reason{
				"Only blanks and tabs may stand between the two numbers.",
				"兩個號碼之間只能有空白和 tab。"}},
			{[]string{"first\tlast\n"}, notBothPorts},
			{[]string{"60999\t32768\n"}, reason{
				"The first port of a range is not greater than the last. Look at that too, whoever has written the text.",
				"範圍的第一個連接埠不會大於最後一個。不管文字是誰寫的，這一點也要檢查。"}},
			{[]string{"32768\t65536\n", "-1\t60999\n", "+32768\t60999\n", "032768\t60999\n", "3e4\t60999\n"}, notBothPorts},
		} {
			for _, text := range tt.texts {
				parseSystemRange(w, text).Because(tt.because.english, tt.because.chinese).Fails()
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
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		alice := w.Peer("alice")
		for _, tt := range []struct {
			text    string
			because reason
		}{
			{"hello", reason{}},
			{"hello again", reason{
				"The socket that had this port is closed, so the port is free again. Don't remember what was claimed: the system knows which ports are taken.",
				"用這個連接埠的 socket 已經關閉了，所以它又沒有人用了。不要自己記哪些用過：哪些有人用，系統知道。"}},
		} {
			claimed := claim(w, addr).Because(tt.because.english, tt.because.chinese).Opens("claimed", addr)
			alice.Send(claimed, tt.text)
			claimed.ExpectFrom(alice, tt.text)
			claimed.Leave()
		}
		claim(w, netip.AddrPortFrom(w.Loopback(), 0)).Because(
			"For the system, 0 is not a port but stands for any: it would choose one, and nobody named that. So Claim has to refuse 0 itself.",
			"對系統來說，0 不是連接埠，而是哪一個都可以：它會挑一個，卻不是誰指定的。所以 Claim 要自己拒絕 0。").Fails()

		absent := claim(w, netip.AddrPortFrom(w.AbsentAddr(), addr.Port())).Because(
			"This computer does not have that address, so nobody has taken the port there, and nobody forbids it. A port can fail to open for other reasons than these two.",
			"這台電腦沒有那個位址，所以那裡的連接埠沒有人用，也沒有人禁止。連接埠開不了，不是只有這兩種原因。")
		absent.Fails()
		absent.FailsNot(errTaken)
		absent.FailsNot(errForbidden)
	})
}

var (
	nameTheCause = reason{
		"Whoever calls may want to know more than this lesson's error says, so the system's own stays in it as the cause.",
		"呼叫的人想知道的，可能不只這一課的錯誤，所以系統自己的錯誤要留在裡面當原因。"}
	nameTheAddress = reason{
		"Whoever reads the error, in a log for example, does not see the call: the error's text has to name the address.",
		"讀到錯誤的人，例如在看日誌的時候，看不到當初的呼叫：錯誤的文字裡要有位址。"}
)

// TestClaimTaken: if another socket has the port, the error says so, names the
// address, and keeps the system's cause. It opens no other port instead.
//
//kata:points 3
func TestClaimTaken(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		alice := w.Peer("alice")
		addr := netip.MustParseAddrPort(alice.LocalAddr().String())
		claiming := claim(w, addr).Because(
			"alice has this port, so it is taken. No other one can replace it: it is where the others send to.",
			"這個連接埠 alice 在用，所以是已經有人用了。別的連接埠代替不了它：大家都往這裡送。")
		claiming.Fails(errTaken)
		claiming.Because(nameTheCause.english, nameTheCause.chinese).Fails(inUse)
		claiming.Because(nameTheAddress.english, nameTheAddress.chinese).Says(addr.String())
		claiming.Because(
			"The port is taken, and that does not make it a forbidden one. Only one of the two can be the reason, so wrap only that one.",
			"這個連接埠已經有人用了，但不是因此就禁止。原因只能是兩個之中的一個，所以只包那一個。").FailsNot(errForbidden)

		free := netip.AddrPortFrom(w.Loopback(), w.FreePort())
		claim(w, free).Opens("claimed", free)
		claim(w, free).Because(
			"The socket claimed has this port, and is open.",
			"這個連接埠 claimed 在用，它還開著。").Fails(errTaken)
	})
}

// TestClaimForbidden: if the user may not open the port, the error says so,
// names the address, and keeps the system's cause.
//
//kata:points 2
func TestClaimForbidden(t *testing.T) {
	harness.OnLoopback(t, func(w *harness.World) {
		addr := netip.AddrPortFrom(w.Loopback(), w.ForbiddenPort())
		claiming := claim(w, addr).Because(
			"The system does not let this user open the port. Whether somebody has it is another question.",
			"系統不讓這個使用者開這個連接埠。有沒有人在用，是另一回事。")
		claiming.Fails(errForbidden)
		claiming.Because(nameTheCause.english, nameTheCause.chinese).Fails(denied)
		claiming.Because(nameTheAddress.english, nameTheAddress.chinese).Says(addr.String())
		claiming.Because(
			"The port is forbidden, and that does not make it a taken one. Only one of the two can be the reason, so wrap only that one.",
			"這個連接埠是禁止的，但不是因此就有人在用。原因只能是兩個之中的一個，所以只包那一個。").FailsNot(errTaken)
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
		claimed := claim(w, addr).Because(
			"The port has an owner on TCP alone. UDP's ports are other ones, though the numbers are the same, so here it is free.",
			"這個連接埠只有 TCP 在用。UDP 的連接埠號碼相同，卻是另外一組，所以在這裡沒有人用。").Opens("claimed", addr)
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
		two := claim(w, there).Because(
			fmt.Sprintf("The socket one has the port at %v. At %v it is another port, and free: each address has ports of its own. Don't try any other address first.", here.Addr(), second),
			fmt.Sprintf("%v 的這個連接埠是 one 在用。在 %v 上，它是另一個連接埠，沒有人用：每個位址都有自己的連接埠。不要先去試別的位址。", here.Addr(), second)).Opens("two", there)
		alice := w.Peer("alice")
		alice.Send(one, "hello, one")
		alice.Send(two, "hello, two")
		one.ExpectFrom(alice, "hello, one")
		two.ExpectFrom(alice, "hello, two")
		one.HeardNothingElse()
		two.HeardNothingElse()
	})
}
