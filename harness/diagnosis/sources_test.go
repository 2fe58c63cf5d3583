package diagnosis_test

import (
	"errors"
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

const ms = time.Millisecond

var (
	client  = netip.MustParseAddrPort("127.0.0.1:1")
	server  = netip.MustParseAddrPort("127.0.0.1:2")
	mallory = netip.MustParseAddrPort("127.0.0.1:3")
	twin    = netip.MustParseAddrPort("127.0.0.2:2")
	far     = netip.MustParseAddrPort("127.0.0.3:3")

	refused = &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNREFUSED)}
	timeout = &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
)

func name(addr netip.AddrPort) string {
	known := map[netip.AddrPort]string{
		client: "client", server: "server", mallory: "mallory", twin: "twin", far: "far",
	}
	if name, ok := known[addr]; ok {
		return name
	}
	return addr.String()
}

// timeoutAt returns a read that failed at a deadline, which a line has set when so many
// calls had begun.
func timeoutAt(d time.Duration, by string, calls int) diagnosis.Failure {
	return diagnosis.Failure{
		At: d, Method: "ReadFrom", Err: timeout, Seen: 1,
		Deadline: diagnosis.Deadline{By: by, Calls: calls, Ago: -d},
	}
}

func at(d time.Duration, from, to netip.AddrPort, payload string) wire.Datagram {
	return wire.Datagram{At: d, From: from, To: to, Payload: []byte(payload)}
}

// A story is what was seen of one with a call Ask and the socket client.
type story struct {
	want     any
	call     diagnosis.Call
	wire     []wire.Datagram
	reads    []diagnosis.Read
	failures []diagnosis.Failure
	until    time.Duration
	drops    int  // how often drop was called
	unused   bool // the call did not touch the socket
	earlier  bool // another call came before it
	closedAt string
}

func (s story) seen() diagnosis.Seen {
	s.call.Name, s.call.Current, s.call.Used = "Ask", true, !s.unused
	for _, r := range s.reads {
		s.wire[r.Number-1].Heard = true
	}
	calls := []diagnosis.Call{s.call}
	if s.earlier {
		calls = []diagnosis.Call{{Name: "Ask", Done: true, Wanted: true, Used: true}, s.call}
	}
	return diagnosis.Seen{
		Want: s.want, Wire: s.wire, Name: name, Calls: calls,
		Sockets: []diagnosis.Socket{{
			Name: "client", Addr: client, Reads: s.reads, Failures: s.failures, Until: s.until, ClosedAt: s.closedAt,
		}},
		Callbacks: []diagnosis.Callback{{Name: "drop", Calls: s.drops}},
	}
}

type answer struct {
	Data string
	N    int
}

type list struct{ Strangers string }

func TestRules(t *testing.T) {
	question := at(0, client, server, "?")
	returned := diagnosis.Call{Done: true, Value: answer{Data: "fine"}}
	gaveUp := diagnosis.Call{Done: true, Wanted: true, Err: errors.New("no"), Ended: 300 * ms}
	wantsAnswer := diagnosis.Result{Value: answer{Data: "yes"}}
	reads := func(numbers ...int) (all []diagnosis.Read) {
		for _, n := range numbers {
			all = append(all, diagnosis.Read{Number: n, Seen: n, Calls: 1})
		}
		return all
	}
	sends := func(instants ...time.Duration) (all []wire.Datagram) {
		for _, i := range instants {
			all = append(all, at(i, client, server, "?"))
		}
		return all
	}
	heard := func(instant time.Duration) wire.Datagram {
		return wire.Datagram{At: instant, From: client, To: server, Payload: []byte("?"), Heard: true}
	}
	schedule := []time.Duration{0, 100 * ms, 300 * ms}
	wantsSent := func(got ...time.Duration) diagnosis.Sent {
		return diagnosis.Sent{From: client, Instants: schedule, Got: got}
	}
	tests := []struct {
		name  string
		story story
		want  string // part of what is said; "" if nothing is
	}{
		{"a stranger is believed", story{want: wantsAnswer, call: returned,
			wire: []wire.Datagram{question, at(0, mallory, client, "fine")}, reads: reads(2)},
			"took the answer from mallory, who has the same IP address and another port"},
		{"a stranger on the server's port", story{want: wantsAnswer, call: returned,
			wire: []wire.Datagram{question, at(0, twin, client, "fine")}, reads: reads(2)},
			"took the answer from twin, who has the same port at another IP address"},
		{"a stranger with nothing in common", story{want: wantsAnswer, call: returned,
			wire: []wire.Datagram{question, at(0, far, client, "fine")}, reads: reads(2)},
			"took the answer from far: look at who has sent"},
		{"a stranger who says the right thing", story{want: wantsAnswer, call: returned,
			wire:  []wire.Datagram{question, at(0, mallory, client, "hm"), at(0, mallory, client, "fine")},
			reads: reads(2, 3)},
			`though not "hm" from mallory. So it seems to go by what a datagram says`},
		{"the server is believed", story{want: wantsAnswer, call: returned,
			wire: []wire.Datagram{question, at(0, server, client, "fine")}, reads: reads(2)}, ""},
		{"a stranger was read, and not believed", story{want: wantsAnswer, call: returned,
			wire: []wire.Datagram{question, at(0, mallory, client, "hm")}, reads: reads(2)}, ""},
		{"a stranger was read by an earlier call", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Value: answer{Data: "fine"}, Seen: 2},
			wire: []wire.Datagram{question, at(0, mallory, client, "fine"), question}, reads: reads(2)}, ""},

		{"a stranger ends it", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(0, mallory, client, "fine")}, reads: reads(2)},
			"gave up when it had read a datagram from mallory, whom it had not asked"},
		{"an error of the socket's ends it", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(0, mallory, client, "fine")}, reads: reads(2),
			failures: []diagnosis.Failure{{Method: "ReadFrom", Err: refused, Seen: 2}}}, ""},

		{"the answer is passed over", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(0, server, client, "yes")}, reads: reads(2)},
			`Ask read "yes" from server, and did not take it for the answer. If it took that for a stranger's`},
		{"an answer of bytes is passed over", story{want: diagnosis.Result{Value: []byte("yes")}, call: gaveUp,
			wire: []wire.Datagram{question, at(0, server, client, "yes")}, reads: reads(2)},
			`Ask read "yes" from server, and did not take it for the answer.`},
		{"a forged answer is passed over", story{want: wantsAnswer, call: gaveUp,
			wire:  []wire.Datagram{question, {From: server, To: client, Payload: []byte("yes"), Forged: true}},
			reads: reads(2)},
			`Ask read "yes" with server's address, and did not take it for the answer.`},
		{"the answer is passed over for another send", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, question, at(0, server, client, "yes")}, reads: reads(3)},
			"whichever send it belongs to, and whatever it holds"},
		{"something else is passed over", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(0, server, client, "no")}, reads: reads(2)}, ""},

		{"the answer is not read", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(250*ms, server, client, "yes")}},
			"The answer came after 250ms, and nobody read it. To wait is to read"},
		{"the answer is not read after a send that failed", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{{From: client, To: server, Err: syscall.ENETUNREACH},
				at(250*ms, server, client, "yes")}},
			"A send that fails is followed by its wait"},
		{"the answer comes too late", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(350*ms, server, client, "yes")}}, ""},
		{"a stranger's is not read", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, at(250*ms, mallory, client, "yes")}}, ""},

		{"nothing was sent", story{want: diagnosis.Returned{}, call: diagnosis.Call{WaitsIn: "ReadFrom"},
			wire: []wire.Datagram{{From: client, To: server, Err: syscall.ENETUNREACH}}},
			`The send has failed with "network is unreachable"`},
		{"something was sent", story{want: diagnosis.Returned{}, call: diagnosis.Call{WaitsIn: "ReadFrom"},
			wire: []wire.Datagram{question}}, ""},

		{"an error is read past", story{want: diagnosis.Returned{}, call: diagnosis.Call{WaitsIn: "Read"},
			wire: []wire.Datagram{question}, failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1}}},
			"Each such error is told once"},
		{"a time-out is read past", story{want: diagnosis.Returned{}, call: diagnosis.Call{WaitsIn: "Read"},
			wire:     []wire.Datagram{question},
			failures: []diagnosis.Failure{{Method: "Read", Err: timeout, Seen: 1}}}, ""},

		{"called for a failed read", story{wire: []wire.Datagram{at(0, server, client, "?")}, reads: reads(1), drops: 2,
			failures: []diagnosis.Failure{{Method: "ReadFrom", Err: refused}}},
			"drop was called 2 times, and 1 datagram(s) were read. A read that fails"},
		{"called twice", story{wire: []wire.Datagram{at(0, server, client, "?")}, reads: reads(1), drops: 2},
			"call it after the read, once for each datagram"},
		{"called once", story{wire: []wire.Datagram{at(0, server, client, "?")}, reads: reads(1), drops: 1}, ""},

		{"each datagram begins the wait anew",
			story{want: diagnosis.Instant{Want: 100 * ms, Got: 190 * ms}, call: gaveUp,
				wire:  []wire.Datagram{question, at(90*ms, mallory, client, "fine")},
				reads: []diagnosis.Read{{At: 90 * ms, Number: 2, Seen: 2}}},
			"Ask returned 100ms after the last datagram that it read"},
		{"the answer is read late", story{want: diagnosis.Instant{Want: 100 * ms, Got: 150 * ms}, call: gaveUp,
			wire:  []wire.Datagram{question, at(100*ms, server, client, "yes")},
			reads: []diagnosis.Read{{At: 150 * ms, Number: 2, Seen: 2}}},
			"was read 50ms later: the code did something else, such as a sleep"},
		{"the answer is read late after an error",
			story{want: diagnosis.Instant{Want: 100 * ms, Got: 150 * ms}, call: gaveUp,
				wire:     []wire.Datagram{question, at(100*ms, server, client, "yes")},
				reads:    []diagnosis.Read{{At: 150 * ms, Number: 2, Seen: 2}},
				failures: []diagnosis.Failure{{At: 50 * ms, Method: "Read", Err: refused, Seen: 1}}},
			`after the error "connection refused" the code did something else first`},
		{"one send too many", story{want: diagnosis.Instant{Want: 300 * ms, Got: 700 * ms}, call: gaveUp,
			wire: sends(schedule...)}, "Ask sent once more after 300ms"},
		{"the last send, and no error", story{want: diagnosis.Instant{Want: 300 * ms, Got: 700 * ms},
			call: diagnosis.Call{Done: true, Value: "yes", Ended: 700 * ms}, wire: sends(schedule...)},
			"Ask returned 400ms too late"},
		{"the one send, and a sleep", story{want: diagnosis.Instant{Want: 0, Got: 1000 * ms}, call: gaveUp,
			wire: sends(0)}, "Ask returned 1s too late"},
		{"late for another reason", story{want: diagnosis.Instant{Want: 300 * ms, Got: 310 * ms}, call: gaveUp,
			wire: sends(0)}, "Ask returned 10ms too late"},
		{"late, and its context had ended", story{want: diagnosis.Instant{Want: 300 * ms, Got: 310 * ms},
			call: diagnosis.Call{Done: true, Wanted: true, Err: timeout, Ended: 310 * ms, Until: 300 * ms},
			wire: sends(0)},
			"Ask returned 10ms too late: its context had ended, and it went on"},
		{"in time", story{want: diagnosis.Instant{Want: 300 * ms, Got: 300 * ms}, call: gaveUp, wire: sends(0)}, ""},

		{"an error ends a wait", story{want: wantsSent(0, 0), wire: sends(0, 0),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1}}},
			`at once, when a call had failed with "connection refused"`},
		{"a deadline that has passed ends a wait",
			story{want: wantsSent(0, 100*ms, 100*ms), wire: sends(0, 100*ms, 100*ms),
				failures: []diagnosis.Failure{{Method: "Read", Err: timeout, Seen: 1, At: 100 * ms},
					{Method: "Read", Err: timeout, Seen: 2, At: 100 * ms}}},
			"a deadline that has passed lets each read fail at once"},
		{"something else at once", story{want: wantsSent(0, 0),
			wire: []wire.Datagram{question, at(0, client, server, "!")}},
			"The code sent something else at once, after 0s"},
		{"no wait at all", story{want: wantsSent(0, 0), wire: sends(0, 0)}, "at once, without a wait. Each send"},
		{"an error begins a wait anew", story{want: wantsSent(0, 130*ms), wire: sends(0, 130*ms),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1, At: 30 * ms}}},
			"Wait number 1 is 30ms too long"},
		{"an error, and a wait that is wrong otherwise", story{want: wantsSent(0, 150*ms), wire: sends(0, 150*ms),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1, At: 30 * ms}}},
			"Wait number 1 is 150ms long, and has to be 100ms."},
		{"an answer begins a wait anew", story{
			want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 50 * ms, 100 * ms},
				Got: []time.Duration{0, 50 * ms, 150 * ms}},
			wire: sends(0, 50*ms, 150*ms), reads: []diagnosis.Read{{At: 50 * ms, Number: 1, Seen: 1}}},
			"The wait began anew when a datagram came, after 50ms: it ended 100ms later, and has to end after 100ms."},
		{"a wait that nothing begins anew", story{
			want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 50 * ms, 100 * ms},
				Got: []time.Duration{0, 50 * ms, 150 * ms}},
			wire: sends(0, 50*ms, 150*ms)}, "Wait number 2 is 100ms long, and has to be 50ms."},
		{"chance", story{want: wantsSent(0, 103*ms, 308*ms), wire: sends(0, 103*ms, 308*ms)}, "as if by chance"},
		{"the same too much each time", story{want: wantsSent(0, 103*ms, 306*ms), wire: sends(0, 103*ms, 306*ms)},
			"Wait number 1 is 103ms long"},
		{"one deadline for all", story{want: wantsSent(0), wire: sends(0), until: 700 * ms},
			"The read has one deadline, after 700ms"},
		{"no second send, due at once", story{want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 0},
			Got: []time.Duration{0}}, wire: sends(0)}, ""},
		{"no second send", story{want: wantsSent(0), wire: sends(0)}, "The code sent once and never again"},
		{"no second send, as the socket is closed",
			story{want: wantsSent(0), wire: sends(0), closedAt: "x.go:7"}, ""},
		{"a datagram ended it", story{want: wantsSent(0, 100*ms),
			call:  diagnosis.Call{Done: true, Err: errors.New("no"), Ended: 150 * ms},
			wire:  append(sends(0, 100*ms), at(150*ms, server, client, "junk")),
			reads: []diagnosis.Read{{At: 150 * ms, Number: 3, Seen: 3}}},
			`Ask ended as soon as it had read "junk" from server, with the error "no"`},
		{"it gave up early", story{want: wantsSent(0, 100*ms), wire: sends(0, 100*ms),
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms}},
			"The code gave up after 2 of the 3 sends: see what it compares"},
		{"a refusal ended it", story{want: wantsSent(0), wire: sends(0), call: diagnosis.Call{Done: true, Err: refused},
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1}}},
			`Ask ended at "connection refused"`},
		{"as wanted", story{want: wantsSent(schedule...), wire: sends(schedule...)}, ""},

		{"a send after the end of ctx", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Done: true, Wanted: true, Cancelled: true, Ended: 300 * ms}},
			"The end of ctx is not the end of a wait"},
		{"a send after the end of ctx, where some may be", story{
			want: diagnosis.Quiet{From: client, Got: 300 * ms, SomeMay: true},
			call: diagnosis.Call{Done: true, Wanted: true, Cancelled: true, Ended: 300 * ms}}, ""},
		{"a send after the answer", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Done: true, Wanted: true, Ended: 200 * ms}}, "something that it started still sends"},
		{"a send by somebody else", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Wanted: true, Began: 400 * ms}}, ""},

		{"nothing for an answer", story{want: diagnosis.Result{Errors: []error{syscall.ECONNREFUSED}},
			call: diagnosis.Call{Done: true, Value: []byte(nil)}}, "That is what an empty answer looks like"},
		{"something for an answer", story{want: diagnosis.Result{Errors: []error{syscall.ECONNREFUSED}},
			call: diagnosis.Call{Done: true, Value: []byte("?")}}, ""},
		{"shared memory", story{want: diagnosis.Result{Value: []byte("yes")},
			call: diagnosis.Call{Done: true, Value: []byte("no!"), Before: []byte("yes")}}, `Ask did return "yes"`},
		{"a text in shared memory", story{want: diagnosis.Result{Value: "yes"},
			call: diagnosis.Call{Done: true, Value: "no!", Before: []byte("yes")}}, `Ask did return "yes"`},
		{"wrong from the beginning", story{want: diagnosis.Result{Value: []byte("yes")},
			call: diagnosis.Call{Done: true, Value: []byte("no!"), Before: []byte("no!")}}, ""},
		{"a time limit of its own", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}}, "a time limit of its own"},
		{"a time limit of a line", story{want: wantsAnswer,
			call:     diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			failures: []diagnosis.Failure{timeoutAt(300*ms, "x.go:7", 1)},
			wire:     []wire.Datagram{question, at(time.Hour, server, client, "yes")}},
			"Ask gave up after 300ms by a time limit of its own, the deadline that was set at x.go:7"},
		{"a time limit that is no deadline", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			failures: []diagnosis.Failure{{At: 300 * ms, Method: "ReadFrom", Err: timeout, Seen: 1,
				Deadline: diagnosis.Deadline{By: "x.go:7", Calls: 1, Ago: 24 * time.Hour}}},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}},
			"such as a context.WithTimeout or a timer: the deadline that was set at x.go:7 only ended the read"},
		{"a time limit of its own, after the last of several sends", story{want: wantsAnswer,
			call:     diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			failures: []diagnosis.Failure{timeoutAt(300*ms, "x.go:7", 1)},
			wire:     []wire.Datagram{heard(0), heard(100 * ms), at(time.Hour, server, client, "yes")}},
			"Ask gave up after 300ms, when it had sent 2 times. The answer came later."},
		{"a time limit of its context's", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms, Until: 300 * ms},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}}, ""},
		{"a deadline of an earlier call", story{want: wantsAnswer, earlier: true,
			call:     diagnosis.Call{Done: true, Err: timeout},
			failures: []diagnosis.Failure{timeoutAt(0, "x.go:7", 1)},
			wire:     []wire.Datagram{question, at(time.Hour, server, client, "yes")}},
			"Ask met a deadline that an earlier call has left on the socket, set at x.go:7."},
		{"a deadline of a goroutine of an earlier call", story{want: wantsAnswer, earlier: true,
			call:     diagnosis.Call{Done: true, Err: timeout},
			failures: []diagnosis.Failure{timeoutAt(0, "", 1)},
			wire:     []wire.Datagram{question}},
			"an earlier call has left on the socket. A deadline"},
		{"a deadline of its own", story{want: wantsAnswer, earlier: true,
			call:     diagnosis.Call{Done: true, Err: timeout},
			failures: []diagnosis.Failure{timeoutAt(0, "x.go:7", 2)},
			wire:     []wire.Datagram{question}}, "Ask sent once, 1 bytes, and gave up when nothing had come"},
		{"a deadline for sends", story{want: wantsAnswer, call: diagnosis.Call{Done: true, Err: timeout},
			failures: []diagnosis.Failure{{Method: "WriteTo", Err: timeout,
				Deadline: diagnosis.Deadline{By: "x.go:7", Calls: 1}}},
			wire: []wire.Datagram{question}}, "SetDeadline sets one for sends as well"},

		{"an earlier call's goroutine has read it", story{want: diagnosis.Returned{}, earlier: true,
			wire: []wire.Datagram{question, at(0, server, client, "yes")}, reads: reads(2)},
			`"yes" from server was read, but not by this call of Ask`},
		{"it has read it itself", story{want: diagnosis.Returned{}, earlier: true,
			wire:  []wire.Datagram{question, at(0, server, client, "yes")},
			reads: []diagnosis.Read{{Number: 2, Seen: 2, Calls: 2}}}, ""},
		{"it was read, and the call reads on", story{want: diagnosis.Returned{Value: answer{Data: "yes"}},
			call: diagnosis.Call{WaitsIn: "ReadFrom"},
			wire: []wire.Datagram{question, at(0, server, client, "yes")}, reads: reads(2)},
			`Ask read "yes" from server, and did not take it for the answer.`},
		{"something empty was read, and the call reads on", story{want: diagnosis.Returned{},
			call: diagnosis.Call{WaitsIn: "ReadFrom"},
			wire: []wire.Datagram{question, at(0, server, client, "")}, reads: reads(2)},
			"either the code takes 0 bytes, without an error, for nothing, or it goes by what a datagram says"},
		{"something empty was read, and the call ended", story{want: diagnosis.Returned{},
			call: diagnosis.Call{Done: true},
			wire: []wire.Datagram{question, at(0, server, client, "")}, reads: reads(2)},
			"is neither an end nor nothing"},
		{"it has come, and the call sleeps", story{want: diagnosis.Returned{}, call: diagnosis.Call{Sleeps: true},
			wire: []wire.Datagram{question, at(0, server, client, "yes")}},
			`"yes" from server has come, and Ask sleeps`},
		{"nothing has come, and the call sleeps", story{want: diagnosis.Returned{},
			call: diagnosis.Call{Sleeps: true}, wire: []wire.Datagram{question}}, ""},

		{"nothing was done with the socket", story{want: wantsAnswer, unused: true,
			call: diagnosis.Call{Done: true, Err: errors.New("no")}, wire: []wire.Datagram{}},
			"Ask has returned, and has neither read nor sent anything on client's socket"},
		{"nothing was done, since its context had ended", story{want: wantsAnswer, unused: true,
			call: diagnosis.Call{Done: true, Err: errors.New("no"), Cancelled: true}, wire: []wire.Datagram{}}, ""},
		{"nothing was done, since the socket was closed", story{
			want: diagnosis.Result{Errors: []error{net.ErrClosed}}, unused: true, call: diagnosis.Call{Done: true},
			wire: []wire.Datagram{}}, ""},
		{"a datagram from nowhere", story{want: diagnosis.Result{}, wire: []wire.Datagram{
			{From: netip.MustParseAddrPort("127.0.0.1:9"), To: server, Payload: []byte("hm"), Heard: true}}},
			`server heard "hm" from 127.0.0.1:9, where the story has no socket`},
		{"closed, and used afterwards", story{want: diagnosis.Heard{At: server, From: client, Texts: []string{"?"}},
			closedAt: "x.go:7", failures: []diagnosis.Failure{{Method: "WriteTo", Err: net.ErrClosed}},
			wire: []wire.Datagram{}}, "The code itself has closed client's socket, at x.go:7"},

		{"sends in one instant, after a wait that ended", story{want: wantsAnswer,
			call:     diagnosis.Call{Done: true, Err: timeout, Ended: 100 * ms},
			failures: []diagnosis.Failure{timeoutAt(100*ms, "x.go:7", 1), timeoutAt(100*ms, "x.go:7", 1)},
			wire:     sends(0, 100*ms, 100*ms)}, "After 100ms the code sent again at once, without a wait"},
		{"waits that end as if counted from the first send", story{
			want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 100 * ms, 300 * ms, 700 * ms},
				Got: []time.Duration{0, 100 * ms, 200 * ms, 400 * ms}}, wire: sends(0, 100*ms, 200*ms, 400*ms)},
			"as long after the first send as it has to after its own: wait number 2 ends after 200ms"},
		{"the same wait twice, and then another", story{
			want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 100 * ms, 300 * ms, 700 * ms},
				Got: []time.Duration{0, 100 * ms, 200 * ms, 250 * ms}}, wire: sends(0, 100*ms, 200*ms, 250*ms)},
			"Wait number 2 is 100ms long, as long as the one before"},
		{"the same wait twice, and no more is known",
			story{want: wantsSent(0, 100*ms, 200*ms), wire: sends(0, 100*ms, 200*ms)},
			"Wait number 2 is 100ms long, as long as the one before"},
		{"answered in a wait that is too long", story{want: wantsSent(0),
			call:  diagnosis.Call{Done: true, Wanted: true, Ended: 120 * ms},
			wire:  []wire.Datagram{question, at(120*ms, server, client, "yes")},
			reads: []diagnosis.Read{{At: 120 * ms, Number: 2, Seen: 2, Calls: 1}}},
			"Wait number 1 was not over after 120ms, when the answer came, and has to be 100ms."},
		{"nobody hears, and no answer is wanted", story{want: diagnosis.Result{Errors: []error{errOwn}},
			call:     diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			failures: []diagnosis.Failure{timeoutAt(300*ms, "x.go:7", 1)}, wire: sends(0, 100*ms)}, ""},
		{"nobody hears, and an answer is wanted", story{want: wantsAnswer,
			call:     diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			failures: []diagnosis.Failure{timeoutAt(300*ms, "x.go:7", 1)}, wire: sends(0, 100*ms)},
			"Ask sent 2 times, the last time after 100ms, and gave up when nothing had come."},
		{"late, as it may be", story{want: diagnosis.Sent{From: client, Instants: schedule, NotBefore: true,
			Got: []time.Duration{0, 104 * ms, 290 * ms}}, wire: sends(0, 104*ms, 290*ms)},
			"Wait number 2 is 186ms long"},
		{"a send after the socket was closed", story{want: diagnosis.Instant{Want: 300 * ms, Got: 700 * ms},
			call: gaveUp, wire: sends(schedule...),
			failures: []diagnosis.Failure{{At: 300 * ms, Method: "Read", Err: net.ErrClosed}}},
			"tried to send once more after 300ms, and the socket was closed by then"},

		{"each question had an answer", story{want: diagnosis.Heard{At: server, From: client, Texts: []string{"2"},
			Got: &wire.Datagram{From: client, To: server, Payload: []byte("1")}, Again: true},
			wire: []wire.Datagram{at(0, server, client, "a"), at(0, server, client, "bb"),
				at(0, client, server, "1"), at(0, client, server, "1")}, reads: reads(1, 2)},
			"server has sent 2 datagrams that were read, and 2 times the answer was"},
		{"a time limit, and no answer", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question}}, ""},
		{"a count beside an error", story{want: diagnosis.Result{Value: answer{N: 1}, Beside: true},
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}}, ""},

		{"a line with another duration", story{want: diagnosis.Logged{
			Lines: []string{"up to 100ms", "up to 200ms"}, Got: []string{"up to 100ms\n", "up to 100ms\n"}}},
			"A line says 100ms where the story wants 200ms"},
		{"a line with the same duration, written otherwise", story{want: diagnosis.Logged{
			Lines: []string{"up to 100ms"}, Got: []string{"up to 0.1s\n"}}}, ""},
		{"a line that is missing", story{want: diagnosis.Logged{
			Lines: []string{"up to 100ms", "up to 200ms"}, Got: []string{"up to 200ms\n"}}}, ""},

		{"somebody twice in a list", story{want: diagnosis.Result{Value: list{"1: mallory"}},
			call: diagnosis.Call{Done: true, Value: list{"2: mallory, mallory"}}},
			"Strangers holds somebody more than once: either the code does not look"},
		{"a list in another order", story{want: diagnosis.Result{Value: list{"2: mallory, eve"}},
			call: diagnosis.Call{Done: true, Value: list{"2: eve, mallory"}}},
			"Strangers holds the right ones, in another order"},

		{"TCP", story{want: diagnosis.Connected{},
			call: diagnosis.Call{Done: true, Err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}},
			`The code dials "tcp"`},
		{"a port of its own", story{want: diagnosis.Connected{},
			call: diagnosis.Call{Done: true, Err: &net.OpError{Op: "dial", Net: "udp", Err: syscall.EADDRINUSE}}},
			"asks for a certain port for its own end"},
		{"another error", story{want: diagnosis.Connected{},
			call: diagnosis.Call{Done: true, Err: &net.OpError{Op: "dial", Net: "udp", Err: syscall.EACCES}}}, ""},
		{"not connected", story{want: diagnosis.Connected{Listens: true}, call: diagnosis.Call{Done: true}},
			"A socket that only listens"},
		{"connected to somebody else", story{want: diagnosis.Connected{}, call: diagnosis.Call{Done: true}}, ""},

		{"a wrong text, many times", story{want: diagnosis.Heard{At: server, From: client, Texts: []string{"!"},
			Got: &question},
			wire: sends(schedule...)}, ""},
		{"a text once more", story{want: diagnosis.Heard{At: server, From: client, Texts: []string{"!"}, Got: &question,
			Again: true},
			wire: sends(schedule...)}, "UDP repeats nothing by itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said := diagnosis.Of(tt.story.seen())
			var english []string
			for _, s := range said {
				english = append(english, s.EN)
			}
			if tt.want == "" {
				require.Empty(t, english)
				return
			}
			require.Contains(t, strings.Join(english, "\n"), tt.want)
		})
	}
}

// TestBecauseFirst: the story's own reason comes before the rules'.
func TestBecauseFirst(t *testing.T) {
	seen := story{want: diagnosis.Instant{Want: 2, Got: 1}}.seen()
	require.Len(t, diagnosis.Of(seen), 1)
	seen.Because = text.Both("so", "因為")
	require.Equal(t, []diagnosis.Meaning{
		{Rule: diagnosis.Because, Text: seen.Because},
		{Rule: "givesUpWrong", Text: text.Say("%s returned %v too early: it did not wait to the end.", "Ask",
			time.Nanosecond)},
	}, diagnosis.Of(seen))

	// But for a rule that says it more closely.
	seen = story{want: diagnosis.Logged{Lines: []string{"1s"}, Got: []string{"2s\n"}}}.seen()
	seen.Because = text.Both("so", "因為")
	said := diagnosis.Of(seen)
	require.Len(t, said, 1)
	require.Equal(t, "otherDuration", said[0].Rule)
}
