package diagnosis_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/diagnosis"
	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// What the rules of sizes, values and opened sockets are tried with: a call Find, and
// a socket that it was given.
var (
	here  = netip.MustParseAddrPort("127.0.0.1:1060")
	there = netip.MustParseAddrPort("127.0.0.1:1061")

	tooLong     = &net.OpError{Op: "write", Err: os.NewSyscallError("sendto", syscall.EMSGSIZE)}
	unreachable = &net.OpError{Op: "write", Err: os.NewSyscallError("sendto", syscall.ENETUNREACH)}
	inUse       = &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	errOwn      = errors.New("one of the lesson's own")
)

// A found is what Find returns in some tests.
type found struct {
	ok         bool
	size, fits int
}

// send returns a datagram of so many bytes.
func send(after time.Duration, size int) wire.Datagram {
	payload := []byte(strings.Repeat("#", size))
	return wire.Datagram{At: after, From: here, To: there, Payload: payload, Sender: "find.go:1"}
}

func arrived(d wire.Datagram) wire.Datagram { d.Heard = true; return d }

func lost(d wire.Datagram) wire.Datagram { d.Lost = text.Both("lost", "lost"); return d }

func failed(d wire.Datagram, err error) wire.Datagram { d.Err = err; return d }

// A trial is what was seen of one story.
type trial struct {
	want     any
	because  text.Text
	value    any
	err      error
	named    []string
	wire     []wire.Datagram
	reads    []diagnosis.Read
	failures []diagnosis.Failure
	socket   bool // the call was given one, though nothing was seen of it
	told     error
	others   []diagnosis.Call
}

func (tr trial) seen() diagnosis.Seen {
	s := diagnosis.Seen{
		Want: tr.want, Because: tr.because, Wire: tr.wire,
		Name: func(a netip.AddrPort) string { return map[netip.AddrPort]string{here: "here", there: "there"}[a] },
		Calls: []diagnosis.Call{{
			Name: "Find", Current: true, Done: true, Used: true, Wanted: true, Value: tr.value, Err: tr.err,
			Named: tr.named,
		}},
	}
	s.Calls = append(s.Calls, tr.others...)
	if tr.socket || tr.wire != nil {
		s.Sockets = []diagnosis.Socket{{
			Name: "here", Addr: here, Reads: tr.reads, Failures: tr.failures, WriteError: tr.told,
		}}
	}
	return s
}

// A ruleTest is a trial with a part of what is said; "" if none of what the rule says
// may be said.
type ruleTest struct {
	name  string
	trial trial
	want  string
}

// tryRule holds what is said to tests. part is in everything that the rule says.
func tryRule(t *testing.T, part string, tests []ruleTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said := strings.Join(english(diagnosis.Of(tt.trial.seen())), "\n")
			if tt.want == "" {
				require.NotContains(t, said, part)
				return
			}
			require.Contains(t, said, tt.want)
			require.Contains(t, said, part, "what the others are told by")
		})
	}
}

func english(said []diagnosis.Meaning) (all []string) {
	for _, s := range said {
		all = append(all, s.EN)
	}
	return all
}

func TestHeadersCounted(t *testing.T) {
	size := func(wanted, got int) trial { return trial{want: diagnosis.Result{Value: wanted}, value: got} }
	tests := []ruleTest{
		{"neither header of IPv4", size(1472, 1500), "28 bytes too big"},
		{"neither header of IPv6", size(1452, 1500), "48 bytes too big"},
		{"UDP's", size(1472, 1480), "8 bytes too big: as long as UDP's header"},
		{"IPv4's", size(1472, 1492), "either IPv4's is still in, or IPv6's was taken"},
		{"IPv6's as IPv4's", size(1452, 1472), "either IPv4's is still in, or IPv6's was taken"},
		{"IPv6's", size(1452, 1492), "40 bytes too big"},
		{"TCP's", size(1472, 1460), "TCP's header has 20 bytes"},
		{"a field", trial{want: diagnosis.Result{Value: found{size: 1500, fits: 1472}},
			value: found{size: 1500, fits: 1500}}, "fits is 28 bytes too big"},
		{"another difference", size(1472, 1473), ""},
		{"too little", size(1472, 1464), ""},
		{"small numbers", size(20, 48), ""},
		{"two fields", trial{want: diagnosis.Result{Value: found{size: 1500, fits: 1472}}, value: found{fits: 1500}},
			""},
		{"another type", trial{want: diagnosis.Result{Value: 1472}, value: "1500"}, ""},
		{"an error", trial{want: diagnosis.Result{Value: 1472}, value: 1500, err: errOwn}, ""},
		{"nothing", trial{want: diagnosis.Result{Value: 1472}}, ""},
	}
	tryRule(t, "header", tests)
}

func TestLostAllTheSame(t *testing.T) {
	wants := diagnosis.Result{Value: 1252}
	tryRule(t, "was sent, and did not arrive", []ruleTest{
		{"lost", trial{want: wants, value: 1472, wire: []wire.Datagram{lost(send(0, 1472))}},
			"A datagram of 1472 bytes"},
		{"an error is wanted", trial{want: diagnosis.Result{Errors: []error{errOwn}}, value: 1472,
			wire: []wire.Datagram{lost(send(0, 1472))}}, "A datagram of 1472 bytes"},
		{"one of two arrived", trial{want: wants, value: 1472,
			wire: []wire.Datagram{lost(send(0, 1472)), arrived(send(1, 1472))}}, ""},
		{"still on its way", trial{want: wants, value: 1472, wire: []wire.Datagram{send(0, 1472)}}, ""},
		{"another size", trial{want: wants, value: 1400, wire: []wire.Datagram{lost(send(0, 1472))}}, ""},
		{"it is the right one", trial{want: diagnosis.Result{Value: 1472}, value: 1472,
			wire: []wire.Datagram{lost(send(0, 1472))}}, ""},
	})
}

func TestShrankTooFar(t *testing.T) {
	wants := diagnosis.Result{Value: 1252}
	sends := []wire.Datagram{arrived(send(0, 1252)), arrived(send(1, 1244))}
	refusal := diagnosis.Failure{Method: "Read", Err: tooLong, Seen: 1}
	tryRule(t, "the code went on to fewer", []ruleTest{
		{"an old refusal", trial{want: wants, value: 1244, wire: sends, failures: []diagnosis.Failure{refusal}},
			"1252 bytes do arrive"},
		{"no refusal", trial{want: wants, value: 1244, wire: sends}, ""},
		{"a refusal before", trial{want: wants, value: 1244, wire: sends,
			failures: []diagnosis.Failure{{Method: "Read", Err: tooLong}}}, ""},
		{"the size did not arrive", trial{want: wants, value: 1244, wire: []wire.Datagram{send(0, 1252), send(1, 1244)},
			failures: []diagnosis.Failure{refusal}}, ""},
		{"too much", trial{want: wants, value: 1260, wire: sends, failures: []diagnosis.Failure{refusal}}, ""},
		{"an error", trial{want: wants, err: errOwn, wire: sends, failures: []diagnosis.Failure{refusal}}, ""},
	})
}

func TestShrankForAnother(t *testing.T) {
	sends := []wire.Datagram{failed(send(0, 1472), unreachable), send(1, 1471)}
	other := diagnosis.Failure{Method: "Write", Err: unreachable, Seen: 1}
	tryRule(t, `Only "message too long" says`, []ruleTest{
		{"another error", trial{wire: sends, failures: []diagnosis.Failure{other}}, "1471 instead of 1472"},
		{"the right error", trial{wire: sends, failures: []diagnosis.Failure{{Method: "Write", Err: tooLong, Seen: 1}}},
			""},
		{"both errors", trial{wire: sends,
			failures: []diagnosis.Failure{other, {Method: "Read", Err: tooLong, Seen: 1}}}, ""},
		{"the end of a wait", trial{wire: sends,
			failures: []diagnosis.Failure{{Method: "Read", Err: os.ErrDeadlineExceeded, Seen: 1}}}, ""},
		{"as many bytes", trial{wire: []wire.Datagram{sends[0], send(1, 1472)}, failures: []diagnosis.Failure{other}},
			""},
		{"short texts", trial{wire: []wire.Datagram{send(0, 12), send(1, 11)}, failures: []diagnosis.Failure{other}},
			""},
	})
}

func TestSameSizeAgain(t *testing.T) {
	refused := failed(send(1, 1472), tooLong)
	read := diagnosis.Failure{At: 30 * time.Millisecond, Method: "Read", Err: tooLong, Seen: 1}
	tryRule(t, "Both Read and Write can bring this error", []ruleTest{
		{"after a read", trial{wire: []wire.Datagram{lost(send(0, 1472)), refused},
			failures: []diagnosis.Failure{read}}, "After 30ms Read returned"},
		{"after a write", trial{wire: []wire.Datagram{refused, refused},
			failures: []diagnosis.Failure{{Method: "Write", Err: tooLong, Seen: 1}}}, "After 0s Write returned"},
		{"the story's own error", trial{wire: []wire.Datagram{refused, refused}, told: tooLong,
			failures: []diagnosis.Failure{{Method: "Write", Err: tooLong, Seen: 1, Wanted: true}}}, ""},
		{"the second was not refused", trial{wire: []wire.Datagram{lost(send(0, 1472)), send(1, 1472)},
			failures: []diagnosis.Failure{read}}, ""},
		{"a smaller one", trial{wire: []wire.Datagram{lost(send(0, 1472)), failed(send(1, 1400), tooLong)},
			failures: []diagnosis.Failure{read}}, ""},
		{"nobody had said so", trial{wire: []wire.Datagram{lost(send(0, 1472)), refused}}, ""},
		{"it fits, and met an old error", trial{want: diagnosis.Result{Value: 1472}, err: errOwn,
			wire: []wire.Datagram{refused, refused}, failures: []diagnosis.Failure{read}}, ""},
	})
}

func TestWaitedAfterRefusal(t *testing.T) {
	const ms = time.Millisecond
	sends := []wire.Datagram{lost(send(0, 1472)), send(100*ms, 1372)}
	read := diagnosis.Failure{At: 30 * ms, Method: "Read", Err: tooLong, Seen: 1}
	wants := func(wanted time.Duration) diagnosis.Sent {
		return diagnosis.Sent{From: here, Instants: []time.Duration{0, wanted}, Got: []time.Duration{0, 100 * ms}}
	}
	tryRule(t, "There is no answer to wait for", []ruleTest{
		{"it waited", trial{want: wants(30 * ms), wire: sends, failures: []diagnosis.Failure{read}},
			"the code still waited, up to 100ms"},
		{"it had to", trial{want: wants(100 * ms), wire: sends, failures: []diagnosis.Failure{read}}, ""},
		{"another instant", trial{want: wants(50 * ms), wire: sends, failures: []diagnosis.Failure{read}}, ""},
		{"no refusal", trial{want: wants(30 * ms), wire: sends}, ""},
	})
}

func TestEndedAtRefusal(t *testing.T) {
	wants := diagnosis.Result{Value: 1252}
	tryRule(t, "is no failure here, but news", []ruleTest{
		{"a refusal", trial{want: wants, err: fmt.Errorf("find: %w", tooLong)}, "Ask for the MTU"},
		{"another error", trial{want: wants, err: unreachable}, ""},
		{"the story's own error", trial{want: wants, err: tooLong, socket: true, told: tooLong}, ""},
		{"an error is wanted", trial{want: diagnosis.Result{Errors: []error{errOwn}}, err: tooLong}, ""},
		{"no value is wanted", trial{want: diagnosis.Result{}, err: tooLong}, ""},
	})
}

func TestMayBeCut(t *testing.T) {
	tryRule(t, "IP_", []ruleTest{
		{"as Linux begins", trial{want: diagnosis.Whole{Got: 1}}, "1 is IP_PMTUDISC_WANT"},
		{"another value", trial{want: diagnosis.Whole{Got: 5}}, "5 is another one"},
		{"another one that forbids it", trial{want: diagnosis.Whole{Got: 3}}, "does not mind the path"},
		{"the other version's", trial{want: diagnosis.Whole{Got: 1, IPv4Only: true}}, "go by IPV6_MTU_DISCOVER alone"},
		{"something else is wanted", trial{want: diagnosis.NonBlocking{}}, ""},
	})
}

func TestFieldsSwapped(t *testing.T) {
	wants := diagnosis.Result{Value: found{size: 1, fits: 2}}
	tryRule(t, "have changed places", []ruleTest{
		{"swapped", trial{want: wants, value: found{size: 2, fits: 1}}, "size and fits have changed places"},
		{"both are the first", trial{want: wants, value: found{size: 2, fits: 2}}, ""},
		{"another number", trial{want: wants, value: found{size: 2, fits: 3}}, ""},
		{"a third differs", trial{want: wants, value: found{true, 2, 1}}, ""},
		{"no struct", trial{want: diagnosis.Result{Value: 12}, value: 21}, ""},
		{"an error", trial{want: wants, value: found{size: 2, fits: 1}, err: errOwn}, ""},
	})
}

func TestTextAlone(t *testing.T) {
	tryRule(t, "The text alone", []ruleTest{
		{"text", trial{want: diagnosis.Result{Errors: []error{errOwn}, TextOnly: true}, err: errors.New("one")},
			"%w wraps an error"},
		{"another error", trial{want: diagnosis.Result{Errors: []error{errOwn}}, err: errors.New("two")}, ""},
		{"a pointer", trial{want: diagnosis.Result{Errors: []error{errOwn}, TextOnly: true, PointerTo: "x.Error"},
			err: errors.New("one")}, ""},
	})
}

func TestPointerInstead(t *testing.T) {
	tryRule(t, "To errors.Is, a pointer", []ruleTest{
		{"a pointer", trial{want: diagnosis.Result{Errors: []error{errOwn}, TextOnly: true, PointerTo: "x.Error"},
			err: errors.New("one")}, "return a x.Error, without the &"},
		{"text", trial{want: diagnosis.Result{Errors: []error{errOwn}, TextOnly: true}, err: errors.New("one")}, ""},
	})
}

func TestNothingBeside(t *testing.T) {
	tryRule(t, "return", []ruleTest{
		{"a nil pointer", trial{want: diagnosis.NothingBeside{Type: "*net.UDPConn", Nil: true}, err: errOwn},
			"the interface holds its type as well, *net.UDPConn"},
		{"a socket", trial{want: diagnosis.NothingBeside{Type: "*net.UDPConn"}, err: errOwn},
			"so nobody would close this socket"},
		{"it is the error that is wrong", trial{want: diagnosis.Result{AnyError: true}, err: errOwn}, ""},
	})
}

func TestReasons(t *testing.T) {
	wants := diagnosis.Result{Errors: []error{errOwn}, Names: []string{"ErrOwn"}}
	tryRule(t, "ErrOwn", []ruleTest{
		{"another", trial{want: wants, err: inUse, named: []string{"ErrOther"}},
			`The code took ErrOther for the reason, and it is ErrOwn. The system's error, "address already in use"`},
		{"none", trial{want: wants, err: inUse}, "wrap ErrOwn too"},
		{"another, and the system has said nothing",
			trial{want: wants, err: errors.New("no"), named: []string{"ErrOther"}}, ""},
		{"none, and the system has said nothing", trial{want: wants, err: errors.New("no")}, ""},
		{"the error of a socket that was given", trial{want: wants, err: unreachable, socket: true}, ""},
		{"the text is there", trial{
			want: diagnosis.Result{Errors: []error{errOwn}, Names: []string{"ErrOwn"}, TextOnly: true}, err: inUse,
		}, ""},
		{"the system's own is wanted", trial{want: diagnosis.Result{Errors: []error{syscall.EACCES}}, err: inUse,
			named: []string{"ErrOwn"}}, ""},
	})
}

func TestOpenedThemselves(t *testing.T) {
	tryRule(t, "The code has", []ruleTest{
		{"closed", trial{want: diagnosis.Usable{}}, "closed the socket before it returned"},
		{"after another call", trial{want: diagnosis.Usable{}, others: []diagnosis.Call{{Done: true}}},
			"closed the socket before it returned"},
		{"beside another call", trial{want: diagnosis.Usable{}, others: []diagnosis.Call{{Done: true, Ended: 1}}}, ""},
		{"a port of one's own", trial{want: diagnosis.Chosen{}}, "named a port itself"},
		{"something else is wanted", trial{want: diagnosis.Opened{}}, ""},
	})
	tryRule(t, "Nobody asked for that", []ruleTest{
		{"an option of one's own", trial{want: diagnosis.Plain{}}, "as package net has opened it"},
		{"something else is wanted", trial{want: diagnosis.Usable{}}, ""},
	})
	tryRule(t, "Whoever called does not know of that socket", []ruleTest{
		{"one is left", trial{want: diagnosis.NoSocketLeft{}}, "also where a later step fails"},
		{"something else is wanted", trial{want: diagnosis.Plain{}}, ""},
	})
	tryRule(t, "Each call opens a socket of its own", []ruleTest{
		{"the same on any port",
			trial{want: diagnosis.Opened{At: netip.MustParseAddrPort("127.0.0.1:0"), Again: "one"}},
			"kept from an earlier call"},
		{"the same on one port", trial{want: diagnosis.Opened{At: here, Again: "one"}}, "Who reads from one socket"},
		{"another", trial{want: diagnosis.Opened{At: here}}, ""},
	})
}

func TestTookForTheAnswer(t *testing.T) {
	const ms = time.Millisecond
	answers := []wire.Datagram{send(0, 3), {At: 50 * ms, From: there, To: here, Payload: []byte("no"), Heard: true}}
	reads := []diagnosis.Read{{At: 50 * ms, Number: 2, Seen: 2}}
	wants := diagnosis.Instant{Want: 150 * ms, Got: 50 * ms}
	tryRule(t, "took that for the answer", []ruleTest{
		{"at once", trial{want: wants, value: 3, wire: answers, reads: reads},
			`as soon as it had read "no" from there`},
		{"later", trial{want: diagnosis.Instant{Want: 150 * ms, Got: 60 * ms}, value: 3, wire: answers, reads: reads},
			""},
		{"nothing was read", trial{want: wants, value: 3, wire: answers}, ""},
		{"with an error", trial{want: wants, err: errOwn, wire: answers, reads: reads}, ""},
	})
}

// TestSizesInChinese: each sentence of these rules has a Chinese one.
func TestSizesInChinese(t *testing.T) {
	size := func(wanted, got int) trial { return trial{want: diagnosis.Result{Value: wanted}, value: got} }
	for _, tr := range []trial{
		size(1472, 1500), size(1452, 1500), size(1472, 1480), size(1472, 1492), size(1452, 1492), size(1472, 1460),
		{want: diagnosis.Whole{Got: 1}}, {want: diagnosis.Whole{Got: 3}}, {want: diagnosis.Whole{IPv4Only: true}},
		{want: diagnosis.NothingBeside{Nil: true}}, {want: diagnosis.NothingBeside{}},
		{want: diagnosis.Usable{}}, {want: diagnosis.Chosen{}}, {want: diagnosis.Plain{}},
		{want: diagnosis.NoSocketLeft{}},
		{want: diagnosis.Result{Errors: []error{errOwn}, TextOnly: true}, err: errOwn},
		{want: diagnosis.Result{Errors: []error{errOwn}, Names: []string{"ErrOwn"}}, err: inUse},
		{want: diagnosis.Result{Errors: []error{errOwn}, Names: []string{"ErrOwn"}}, err: inUse,
			named: []string{"ErrOther"}},
		{want: diagnosis.Result{Value: found{size: 1, fits: 2}}, value: found{size: 2, fits: 1}},
		{want: diagnosis.Result{Value: 1252}, err: tooLong},
		{want: diagnosis.Result{Value: 1252}, value: 1472, wire: []wire.Datagram{lost(send(0, 1472))}},
	} {
		said := diagnosis.Of(tr.seen())
		require.NotEmpty(t, said, "%+v", tr)
		for _, s := range said {
			require.NotEqual(t, s.EN, s.ZH)
			require.NotContains(t, s.ZH, "%!")
		}
	}
}
