// Package diagnosis says what a failure most likely means: of what was seen in a
// story and what the story wanted, never of the code's text.
//
// A rule is a function that returns a sentence, or nothing where what was seen does
// not prove it. It says what the code did, and what to do instead.
package diagnosis

import (
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Seen is what is known of a story that has failed.
type Seen struct {
	Want    any       // what the story wanted when it failed: one of the types below, or nil
	Because text.Text // why, in the story's own words; or zero
	Wire    []wire.Datagram
	Name    func(netip.AddrPort) string // a participant's, or the address
	Calls   []Call
	Sockets []Socket

	Callbacks []Callback
	Forbidden []Forbidden
}

// A Callback is a function of the story's that the code calls, once for each
// datagram that it reads.
type Callback struct {
	Name  string
	Calls int
}

// Forbidden is a socket of the code's that the story has taken the permission to
// broadcast from.
type Forbidden struct {
	Name      string
	Permitted bool // it has the permission again
}

// A Call is one of the student's code.
type Call struct {
	Name    string
	Current bool // what the story wants is about it
	Done    bool // it has returned
	Wanted  bool // the story has asked it to end, or waited for that
	Value   any
	Before  []byte // what the value was when the call returned, if it is a []byte or a string
	Err     error
	WaitsIn string // the method of a socket, as in "ReadFrom"; "" if none, or not known
	Sleeps  bool

	Began, Ended time.Duration // since the story's beginning
	Seen         int           // how many datagrams were sent before it
	Cancelled    bool          // the story has ended its context before it returned
	Until        time.Duration // the deadline that its context tells; 0 without one
	Used         bool          // it has read or sent on a socket, or tried to
	Named        []string      // the lesson's own errors that Err is

	Survived error // what the story made a read return that was not the last of those; nil if there was none
}

// A Socket is one that the student's code was given.
type Socket struct {
	Name       string
	Addr       netip.AddrPort
	ReadError  error  // what the story has last made a read return; nil if it has not
	WriteError error  // what the story made a write return; nil if it did not
	Refused    bool   // the network has said "connection refused"
	Polls      bool   // a read waits there with a deadline that the code has set
	ClosedAt   string // the code's line that has closed it; "" if none has
	Owned      bool   // it is the code's, which is to close it

	Until    time.Duration // that deadline, since the story's beginning; 0 without one
	Reads    []Read        // of the code's, in order
	Failures []Failure     // of the code's calls, in order
}

// A Read is one that has brought a datagram.
type Read struct {
	At     time.Duration
	Number int // the datagram's, from 1
	Seen   int // how many datagrams were sent until then
	Calls  int // how many of the code's calls had begun when it began
}

// A Failure is a call on a socket that has returned an error.
type Failure struct {
	At     time.Duration
	Method string
	Err    error
	Seen   int  // how many datagrams were sent until then
	Wanted bool // the story has made it fail

	Deadline Deadline // of the socket then, for reads or for sends, as the method is
}

// A Deadline is one that the code has set on a socket.
type Deadline struct {
	By    string        // the code's line; "" if that is not the student's
	Calls int           // how many of the code's calls had begun then; 0 without a deadline
	Ago   time.Duration // since it had passed, when it was set; below 0 if it was to come
}

// What stories want.
type (
	// Heard is that a participant hears one of several texts from another.
	Heard struct {
		At, From netip.AddrPort
		Texts    []string
		Got      *wire.Datagram // what came instead; nil if nothing did
		Again    bool           // and had come before
	}
	// Silence is that nothing more is heard.
	Silence struct {
		At     netip.AddrPort
		Got    wire.Datagram
		Before int // how many like it the story has wanted
	}
	// Sent is that a socket sends at these instants since the story's beginning.
	Sent struct {
		From          netip.AddrPort
		Instants, Got []time.Duration
		NotBefore     bool // it may send later, and less often
	}
	// Quiet is that a socket sends nothing more.
	Quiet struct {
		From    netip.AddrPort
		Got     time.Duration
		SomeMay bool // some datagrams may be sent, but not this
	}
	// Returned is that the current call returns.
	Returned struct {
		Cancelled bool // since its context has ended
		Value     any  // this value, without an error; nil if that does not matter
	}
	// Result is what the current call returns: a value, or an error that is one of
	// several.
	Result struct {
		Value     any // nil if it does not matter
		Errors    []error
		AnyError  bool
		Late      bool     // ctx tells a deadline that it keeps a moment later
		Beside    bool     // the value matters, and an error may stand beside it
		Names     []string // of those of Errors that are the lesson's own
		TextOnly  bool     // what it returned has the text of one of Errors, and is none
		PointerTo string   // the type of one of Errors, if it returned a pointer to such a value instead
	}
	// NothingBeside is that the current call returns an error, and beside it nil.
	NothingBeside struct {
		Type string // of what stands there
		Nil  bool   // it is a pointer, and nil
	}
	// Plain is that a socket that the current call has opened is as package net opens one.
	Plain struct{}
	// NoSocketLeft is that the current call leaves no socket open but the one that it returns.
	NoSocketLeft struct{}
	// Usable is that a socket that the current call has opened is not closed.
	Usable struct{}
	// Chosen is that the system has chosen a socket's port.
	Chosen struct{}
	// Whole is that a socket's datagrams go whole or not at all.
	Whole struct {
		Got      int  // the option that says so; 2 is right
		IPv4Only bool // the option for IPv4 says so, but the socket is one of IPv6
	}
	// Connected is that the current call returns a socket that is connected.
	Connected struct {
		Listens bool // it has opened one that is connected to nobody
	}
	// Instant is when the current call returns, since the story's beginning.
	Instant struct{ Want, Got time.Duration }
	// Logged is what the log holds.
	Logged struct {
		Lines, Got []string
		Notes      bool // it is the story's own record, and no log of the code's
	}
	// Opened is that the current call opens a socket.
	Opened struct {
		At     netip.AddrPort // port 0 is any
		Got    netip.AddrPort // where it did; the zero value if it did not
		Beside []string       // whose sockets have that port already, at an address that overlaps
		Again  string         // whose socket it has returned once more; "" if nobody's
	}
	// Permitted is that a socket may broadcast.
	Permitted struct{ Socket string }
	// NonBlocking is that a socket's reads wait in Go, not in the system.
	NonBlocking struct{}
	// Unread is that the code leaves a datagram to the owner of the socket.
	Unread struct{ Got wire.Datagram }
	// Open is that a socket is left open.
	Open struct{}
	// NoGoroutine is that none is left over.
	NoGoroutine struct {
		WaitsIn string
		Sleeps  bool
	}
	// NoDeadline is that a socket is left without one.
	NoDeadline struct {
		Late  bool
		Sends bool // the deadline is for sends
	}
	// Progress is that code that fails does something else.
	Progress struct {
		Method string
		Err    error
	}
)

// A rule says something, or nothing.
type rule func(s Seen) text.Text

// name returns the function's.
func (r rule) name() string {
	name := runtime.FuncForPC(reflect.ValueOf(r).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

// A Meaning is what a failure most likely means, and which rule says so: the name of
// its function, or Because.
type Meaning struct {
	Rule string
	text.Text
}

// Because is the rule that says a story's own reason.
const Because = "because"

// rules by subject, in the order in which they are said.
var rules = [][]rule{
	heardRules, callbackRules, sourceRules, sizeRules, instantRules, logRules, optionRules, openedRules, endingRules,
	valueRules, resultRules,
}

// most is how many sentences are said: what else fits is rarely true.
const most = 3

// exact are the rules for code that does what the story gives its reason for, but wrongly
// in another way: where one of them applies, it takes that reason's place.
var exact = []rule{staleTail, otherForm, otherDuration, fieldsSwapped, anotherAddress}

// Of returns what a failure most likely means, the likeliest first.
func Of(s Seen) []Meaning {
	var all []Meaning
	said := slices.ContainsFunc(exact, func(r rule) bool { return !r(s).IsZero() })
	if !s.Because.IsZero() && !said {
		all = append(all, Meaning{Because, s.Because})
	}
	for _, subject := range rules {
		for _, r := range subject {
			if t := r(s); !t.IsZero() {
				all = append(all, Meaning{r.name(), t})
			}
		}
	}
	return all[:min(most, len(all))]
}

// none is what a rule says that does not apply.
var none text.Text

// current returns the call that the story's want is about.
func (s Seen) current() Call {
	if i := s.index(); i >= 0 {
		return s.Calls[i]
	}
	return Call{}
}

// index returns how many calls had begun before the current one; -1 if there is none.
func (s Seen) index() int { return slices.IndexFunc(s.Calls, func(c Call) bool { return c.Current }) }

// want returns what the story wanted, if that is a T.
func want[T any](s Seen) (T, bool) {
	w, ok := s.Want.(T)
	return w, ok
}
