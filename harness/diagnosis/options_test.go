package diagnosis

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/wire"
)

var (
	alice  = netip.MustParseAddrPort("127.0.0.1:1001")
	bob    = netip.MustParseAddrPort("127.0.0.1:1002")
	server = netip.MustParseAddrPort("127.0.0.1:1003")
	names  = map[netip.AddrPort]string{alice: "alice", bob: "bob", server: "server"}
)

// after returns what is seen when a call has returned.
func after(want any, c Call) Seen {
	c.Current, c.Done, c.Wanted = true, true, true
	return Seen{
		Want: want, Calls: []Call{c}, Sockets: []Socket{{Name: "server", Addr: server}},
		Name: func(a netip.AddrPort) string { return names[a] },
	}
}

// with adds datagrams to what is seen.
func (s Seen) with(all ...wire.Datagram) Seen {
	s.Wire = all
	return s
}

func datagram(from, to netip.AddrPort, payload string) wire.Datagram {
	return wire.Datagram{From: from, To: to, Payload: []byte(payload), Heard: true, Sender: "x.go:1"}
}

// opening returns what is seen of a call that should open a socket.
func opening(o Opened, err error) Seen { return after(o, Call{Err: err}) }

// forbidding adds a socket that had no permission to broadcast.
func forbidding(s Seen, permitted bool) Seen {
	s.Forbidden = []Forbidden{{Name: "client", Permitted: permitted}}
	return s
}

// failing returns what is seen of a call whose reads have failed.
func failing(c Call, survived, last error) Seen {
	s := Seen{Calls: []Call{c}, Sockets: []Socket{{
		Name: "server", Addr: server, ReadError: last,
		Failures: []Failure{{Method: "ReadFrom", Err: last, Wanted: true}},
	}}}
	s.Calls[0].Done, s.Calls[0].Survived = true, survived
	return s
}

// spinning returns what is seen of a call that goes on reading, a second after the
// beginning, past a deadline.
func spinning(c Call, d Deadline, before ...Call) Seen {
	c.Name = "Serve"
	err := os.ErrDeadlineExceeded
	return Seen{
		Want: Progress{Method: "ReadFrom", Err: err}, Calls: append(slices.Clone(before), c),
		Sockets: []Socket{{Failures: []Failure{{At: time.Second, Method: "ReadFrom", Err: err, Deadline: d}}}},
	}
}

var earlier = []Call{{Name: "Serve", Done: true}}

func read(errno syscall.Errno) error {
	return &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", errno)}
}

// logging returns what is seen where the log should hold some lines and holds others.
func logging(want, got []string) Seen { return after(Logged{Lines: want, Got: got}, Call{}) }

// TestRules: each rule speaks where it is true, and is silent where it is not.
func TestRules(t *testing.T) {
	at := netip.MustParseAddrPort
	taken := Opened{At: at("127.0.0.1:5000"), Beside: []string{"one"}}
	tests := []struct {
		name string
		rule rule
		seen Seen
		says string // a part of it; "" for nothing
	}{
		{"a port that is to be shared is refused", portNotShared, opening(taken, syscall.EADDRINUSE),
			"Another socket, one, has that port"},
		{"it is refused by Windows", portNotShared, opening(taken, wsaAddressInUse),
			"Another socket, one, has that port"},
		{"nobody of the story has it", portNotShared, opening(Opened{At: taken.At}, syscall.EADDRINUSE), ""},
		{"another error", portNotShared, opening(taken, syscall.EACCES), ""},
		{"no socket is wanted", portNotShared, after(Result{}, Call{Err: syscall.EADDRINUSE}), ""},

		{"all addresses for one", anotherAddress, opening(Opened{At: at("127.0.0.1:5000"), Got: at("[::]:5000")}, nil),
			"wants it at 127.0.0.1 alone"},
		{"one for all", anotherAddress, opening(Opened{At: at("0.0.0.0:5000"), Got: at("127.0.0.1:5000")}, nil),
			"0.0.0.0 means all addresses"},
		{"all for all", anotherAddress, opening(Opened{At: at("0.0.0.0:5000"), Got: at("[::]:5001")}, nil), ""},
		{"another port", anotherAddress, opening(Opened{At: at("127.0.0.1:5000"), Got: at("127.0.0.1:5001")}, nil), ""},
		{"no socket", anotherAddress, opening(taken, syscall.EACCES), ""},

		{"the same socket again", sameSocket, opening(Opened{Again: "one"}, nil), "a socket of its own"},
		{"another socket", sameSocket, opening(Opened{}, nil), ""},

		{"no permission", notPermitted, after(Permitted{"client"}, Call{}), "Set SO_BROADCAST on client's socket"},
		{"about something else", notPermitted, after(Open{}, Call{}), ""},

		{"a permission that was taken away", lostPermission, forbidding(after(Permitted{"client"}, Call{}), false),
			"the story has taken that away"},
		{"taken from another", lostPermission, forbidding(after(Permitted{"other"}, Call{}), false), ""},

		{"permission taken", permittedItself, forbidding(after(Result{Errors: []error{syscall.EACCES}}, Call{}), true),
			"client's socket, and the code has given it back"},
		{"still forbidden", permittedItself, forbidding(after(Result{Errors: []error{syscall.EACCES}}, Call{}), false),
			""},
		{"an error as wanted", permittedItself,
			forbidding(after(Result{Errors: []error{syscall.EACCES}}, Call{Err: net.ErrClosed}), true), ""},
		{"another error is wanted", permittedItself,
			forbidding(after(Result{Errors: []error{net.ErrClosed}}, Call{}), true), ""},

		{"blocking", madeBlocking, after(NonBlocking{}, Call{}), "File().Fd() does that"},
		{"not about blocking", madeBlocking, after(Open{}, Call{}), ""},

		{"read what is another's", readWhatIsNotIts, after(Unread{datagram(alice, server, "for you")}, Call{}),
			`here "for you"`},
		{"not about reading", readWhatIsNotIts, after(Open{}, Call{}), ""},

		{"cut short by Windows", shortBuffer, failing(Call{}, nil, read(wsaMessageTooLong)),
			"Windows makes such a read fail"},
		{"another error of a read", shortBuffer, failing(Call{}, nil, read(syscall.EMSGSIZE)), ""},

		{"sent again", sentTwice, after(Silence{At: alice, Got: datagram(server, alice, "ok"), Before: 1}, Call{}).with(
			datagram(server, alice, "ok"), datagram(server, alice, "ok")), "was to send it once"},
		{"sent too often", sentTwice,
			after(Silence{At: alice, Got: datagram(server, alice, "ok"), Before: 2}, Call{}).with(
				datagram(server, alice, "ok"), datagram(server, alice, "ok"), datagram(server, alice, "ok")),
			"3 times, and the code was to send it 2 times"},
		{"none was wanted", sentTwice, after(Silence{At: alice, Got: datagram(server, alice, "ok")}, Call{}).with(
			datagram(server, alice, "ok"), datagram(server, alice, "ok")), ""},

		{"sent to others", sentToOthers, after(Silence{At: bob, Got: datagram(server, bob, "ok")}, Call{}).with(
			datagram(server, bob, "ok"), datagram(server, alice, "ok")), `"ok" was sent to alice, and to bob as well`},
		{"to one alone", sentToOthers,
			after(Silence{At: bob, Got: datagram(server, bob, "ok")}, Call{}).with(datagram(server, bob, "ok")), ""},
		{"each an answer", sentToOthers, after(Silence{At: bob, Got: datagram(server, bob, "ok")}, Call{}).with(
			datagram(alice, server, "x"), datagram(server, alice, "ok"),
			datagram(bob, server, "x"), datagram(server, bob, "ok")), ""},

		{"the rest of the buffer", staleTail, logging([]string{`"hi"`}, []string{`"hi\x00\x00"`}), "zeros"},
		{"an older datagram", staleTail, logging([]string{`"hi"`}, []string{`"hillo"`}).with(
			datagram(alice, server, "hello"), datagram(alice, server, "hillo")), "older datagram"},

		{"another's bytes", anothersText, logging([]string{`"one"`, `"two"`}, []string{`"two"`, `"two"`}).with(
			datagram(alice, server, "one"), datagram(alice, server, "two")), "has no copy"},
		{"another's first bytes", anothersText, logging([]string{`"one"`}, []string{`"thr"`}).with(
			datagram(alice, server, "one"), datagram(alice, server, "three")), "has no copy"},
		{"cut short", anothersText, logging([]string{`"one"`}, []string{`"on"`}).with(datagram(alice, server, "one")),
			""},
		{"of nobody", anothersText, logging([]string{`"one"`}, []string{`"six"`}).with(datagram(alice, server, "one")),
			""},

		{"in another order", anothersText, logging([]string{`1 "one"`, `2 "two"`}, []string{`1 "two"`, `2 "one"`}).with(
			datagram(alice, server, "one"), datagram(alice, server, "two")), ""},

		{"one line twice", lineTwice, logging([]string{`"one"`}, []string{`"one"`, `"one"`}).with(
			datagram(alice, server, "one"), datagram(alice, bob, "one")), "one datagram, one line"},
		{"a line for each of two", lineTwice, logging([]string{`"one"`}, []string{`"one"`, `"one"`}).with(
			datagram(alice, server, "one"), datagram(alice, server, "one")), `but "one" was sent there 2 times`},

		{"as it came", notQuoted, logging([]string{`x`, `says "a\nb"`}, []string{"x\n", "says \"a\nb\"\n"}),
			"begins a new line"},
		{"quoted", notQuoted, logging([]string{`says "a\nb"`}, []string{`says "a b"`}), ""},

		{"left out", oneHeard, logging([]string{`"one"`}, nil).with(datagram(alice, server, "one")),
			"was read and then left out"},

		{"ended at the second", survivedBefore,
			failing(Call{Err: read(syscall.EHOSTUNREACH)}, read(syscall.ECONNREFUSED), read(syscall.EHOSTUNREACH)),
			`with "connection refused"`},
		{"ended at the first", survivedBefore,
			failing(Call{Err: read(syscall.EHOSTUNREACH)}, nil, read(syscall.EHOSTUNREACH)), ""},
		{"ended for another reason", survivedBefore,
			failing(Call{Err: errors.New("x")}, read(syscall.ECONNREFUSED), read(syscall.EHOSTUNREACH)), ""},

		{"a wait is over", keepsFailing, spinning(Call{}, Deadline{By: "x.go:7", Calls: 1}), "set the next one"},
		{"an earlier call's deadline", keepsFailing, spinning(Call{}, Deadline{By: "x.go:7", Calls: 1}, earlier...),
			"Serve met a deadline that an earlier call has left on the socket, set at x.go:7"},
		{"a deadline of its own", keepsFailing, spinning(Call{}, Deadline{By: "x.go:7", Calls: 2}, earlier...),
			"set the next one"},
		{"one of two that run", keepsFailing, spinning(Call{}, Deadline{By: "x.go:7", Calls: 1}, Call{}),
			"set the next one"},
		{"its context has ended", keepsFailing, spinning(Call{Until: time.Second}, Deadline{By: "x.go:7", Calls: 1}),
			"A context ends by its deadline too"},
		{"its context is to end", keepsFailing, spinning(Call{Until: time.Hour}, Deadline{By: "x.go:7", Calls: 1}),
			"set the next one"},

		{"some goroutine", goroutineLeft, after(NoGoroutine{}, Call{}), "Whoever starts a goroutine"},
		{"set too late", deadlineLeft, after(NoDeadline{Late: true}, Call{}), "A goroutine has set the deadline"},
		{"not cleared", deadlineLeft, after(NoDeadline{}, Call{}), "whoever uses the socket next"},

		{"a send that failed", notAnError, after(Result{Errors: []error{syscall.EACCES}}, Call{}).with(
			wire.Datagram{From: server, To: bob, Sender: "x.go:1", Err: syscall.EACCES}),
			`The send failed with "permission denied"`},
		{"a send that failed before", notAnError, after(Result{Errors: []error{syscall.EACCES}}, Call{}).with(
			wire.Datagram{From: server, To: bob, Sender: "x.go:1", Err: syscall.EACCES}, datagram(server, bob, "x")),
			""},
		{"nothing was sent in vain", notAnError,
			forbidding(after(Result{Errors: []error{syscall.EACCES}}, Call{}), true), ""},
		{"an error", notAnError, after(Result{Errors: []error{syscall.EACCES}}, Call{Err: net.ErrClosed}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.rule(tt.seen)
			if tt.says == "" {
				require.Empty(t, got.EN)
				return
			}
			require.Contains(t, got.EN, tt.says)
		})
	}
}

// TestAnswerThatFailed: an empty answer hides an error of a read.
func TestAnswerThatFailed(t *testing.T) {
	s := after(Result{Errors: []error{syscall.ECONNREFUSED}}, Call{Value: ""})
	s.Sockets[0].ReadError = read(syscall.ECONNREFUSED)
	require.Contains(t, notAnError(s).EN, "not an empty answer")
	s.Calls[0].Value = nil
	require.NotContains(t, notAnError(s).EN, "answer")
}
