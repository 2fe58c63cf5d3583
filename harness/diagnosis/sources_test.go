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
	return map[netip.AddrPort]string{
		client: "client", server: "server", mallory: "mallory", twin: "twin", far: "far",
	}[addr]
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
	drops    int // how often drop was called
}

func (s story) seen() diagnosis.Seen {
	s.call.Name, s.call.Current = "Ask", true
	for _, r := range s.reads {
		s.wire[r.Number-1].Heard = true
	}
	return diagnosis.Seen{
		Want: s.want, Wire: s.wire, Name: name, Calls: []diagnosis.Call{s.call},
		Sockets: []diagnosis.Socket{{
			Name: "client", Addr: client, Reads: s.reads, Failures: s.failures, Until: s.until,
		}},
		Callbacks: []diagnosis.Callback{{Name: "drop", Calls: s.drops}},
	}
}

type answer struct {
	Data string
	N    int
}

func TestRules(t *testing.T) {
	question := at(0, client, server, "?")
	returned := diagnosis.Call{Done: true, Value: answer{Data: "fine"}}
	gaveUp := diagnosis.Call{Done: true, Wanted: true, Err: errors.New("no"), Ended: 300 * ms}
	wantsAnswer := diagnosis.Result{Value: answer{Data: "yes"}}
	reads := func(numbers ...int) (all []diagnosis.Read) {
		for _, n := range numbers {
			all = append(all, diagnosis.Read{Number: n, Seen: n})
		}
		return all
	}
	sends := func(instants ...time.Duration) (all []wire.Datagram) {
		for _, i := range instants {
			all = append(all, at(i, client, server, "?"))
		}
		return all
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
			`Ask read "yes" from server, and went on as if nothing had come.`},
		{"the answer is passed over for another send", story{want: wantsAnswer, call: gaveUp,
			wire: []wire.Datagram{question, question, at(0, server, client, "yes")}, reads: reads(3)},
			"whichever send it belongs to"},
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
			"call it once for each datagram"},
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
			`did not read any more after the error "connection refused"`},
		{"one send too many", story{want: diagnosis.Instant{Want: 300 * ms, Got: 700 * ms}, call: gaveUp,
			wire: sends(schedule...)}, "Ask sent once more after 300ms"},
		{"the one send, and a sleep", story{want: diagnosis.Instant{Want: 0, Got: 1000 * ms}, call: gaveUp,
			wire: sends(0)}, "Ask returned 1s too late"},
		{"late for another reason", story{want: diagnosis.Instant{Want: 300 * ms, Got: 310 * ms}, call: gaveUp,
			wire: sends(0)}, "Ask returned 10ms too late"},
		{"in time", story{want: diagnosis.Instant{Want: 300 * ms, Got: 300 * ms}, call: gaveUp, wire: sends(0)}, ""},

		{"an error ends a wait", story{want: wantsSent(0, 0), wire: sends(0, 0),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1}}},
			`at once, when a call had failed with "connection refused"`},
		{"a deadline that has passed ends a wait",
			story{want: wantsSent(0, 100*ms, 100*ms), wire: sends(0, 100*ms, 100*ms),
				failures: []diagnosis.Failure{{Method: "Read", Err: timeout, Seen: 1, At: 100 * ms},
					{Method: "Read", Err: timeout, Seen: 2, At: 100 * ms}}},
			"a deadline that has passed lets each read fail at once"},
		{"no wait at all", story{want: wantsSent(0, 0), wire: sends(0, 0)}, "at once, without a wait. Each send"},
		{"an error begins a wait anew", story{want: wantsSent(0, 130*ms), wire: sends(0, 130*ms),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1, At: 30 * ms}}},
			"Wait number 1 is 30ms too long"},
		{"an error, and a wait that is wrong otherwise", story{want: wantsSent(0, 150*ms), wire: sends(0, 150*ms),
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1, At: 30 * ms}}},
			"Wait number 1 is 150ms long, and has to be 100ms."},
		{"chance", story{want: wantsSent(0, 103*ms, 308*ms), wire: sends(0, 103*ms, 308*ms)}, "as if by chance"},
		{"the same too much each time", story{want: wantsSent(0, 103*ms, 306*ms), wire: sends(0, 103*ms, 306*ms)},
			"Wait number 1 is 103ms long"},
		{"one deadline for all", story{want: wantsSent(0), wire: sends(0), until: 700 * ms},
			"The read has one deadline, after 700ms"},
		{"no second send, due at once", story{want: diagnosis.Sent{From: client, Instants: []time.Duration{0, 0},
			Got: []time.Duration{0}}, wire: sends(0)}, ""},
		{"no second send", story{want: wantsSent(0), wire: sends(0)}, "The code sent once and never again"},
		{"it gave up early", story{want: wantsSent(0, 100*ms), wire: sends(0, 100*ms),
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms}},
			"The code gave up after 2 of the 3 sends"},
		{"a refusal ended it", story{want: wantsSent(0), wire: sends(0), call: diagnosis.Call{Done: true, Err: refused},
			failures: []diagnosis.Failure{{Method: "Read", Err: refused, Seen: 1}}},
			`Ask ended at "connection refused"`},
		{"as wanted", story{want: wantsSent(schedule...), wire: sends(schedule...)}, ""},

		{"a send after the end of ctx", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Done: true, Wanted: true, Cancelled: true, Ended: 300 * ms}},
			"The end of ctx is not the end of a wait"},
		{"a send after the answer", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Done: true, Wanted: true, Ended: 200 * ms}}, "something that it started still sends"},
		{"a send by somebody else", story{want: diagnosis.Quiet{From: client, Got: 300 * ms},
			call: diagnosis.Call{Wanted: true, Began: 400 * ms}}, ""},

		{"nothing for an answer", story{want: diagnosis.Result{Errors: []error{syscall.ECONNREFUSED}},
			call: diagnosis.Call{Done: true, Value: []byte(nil)}}, "That is what an empty answer looks like"},
		{"something for an answer", story{want: diagnosis.Result{Errors: []error{syscall.ECONNREFUSED}},
			call: diagnosis.Call{Done: true, Value: []byte("?")}}, "nil says that all went well"},
		{"shared memory", story{want: diagnosis.Result{Value: []byte("yes")},
			call: diagnosis.Call{Done: true, Value: []byte("no!"), Before: []byte("yes")}}, `Ask did return "yes"`},
		{"wrong from the beginning", story{want: diagnosis.Result{Value: []byte("yes")},
			call: diagnosis.Call{Done: true, Value: []byte("no!"), Before: []byte("no!")}}, ""},
		{"a time limit of its own", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}}, "a time limit of its own"},
		{"a time limit, and no answer", story{want: wantsAnswer,
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question}}, ""},
		{"a count beside an error", story{want: diagnosis.Result{Value: answer{N: 1}, Beside: true},
			call: diagnosis.Call{Done: true, Err: timeout, Ended: 300 * ms},
			wire: []wire.Datagram{question, at(time.Hour, server, client, "yes")}}, ""},

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
	require.Equal(t, []string{"so", "Ask returned 1ns too early: it did not wait to the end."},
		[]string{diagnosis.Of(seen)[0].EN, diagnosis.Of(seen)[1].EN})
}
