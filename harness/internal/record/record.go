// Package record notes what happens in a story: the datagrams that were sent and
// heard, what the student's code does with its sockets and its log, and how its calls
// end. What a story wants of all that, it does not know.
package record

import (
	"bytes"
	"io"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/patience"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/wire"
)

// A Record is what is known of one story. Its methods may be called from any goroutine;
// a few say that the caller holds the Monitor, which guards the fields below it.
type Record struct {
	Site    stacks.Site
	Virtual bool      // the story is told in a bubble, and nothing is sent but on its network
	Start   time.Time // when the story began

	// Spins is told that the student's code keeps calling a method of a socket's that
	// keeps failing. It is called on the code's own goroutine, which ends there.
	Spins func(socket *Conn, method string, err error)

	patience.Monitor
	Datagrams []wire.Datagram // in the order in which they were sent
	Calls     []*Call
	Callbacks []diagnosis.Callback
	Written   []string // to the log, one a Write

	names   map[netip.AddrPort]string
	gone    map[netip.AddrPort]bool           // whose sockets are closed
	remotes map[netip.AddrPort]netip.AddrPort // of the connected sockets that the code was given
	conns   []*Conn
	heardBy map[place]bool // who has heard what was sent to everyone
	first   int            // the first datagram that may still be heard
	uses    int            // how often the code has read or sent, or tried to

	// Which goroutines are of this story: all of its bubble's, or all but those that
	// earlier stories left.
	bubble atomic.Int64
	old    map[int]bool

	over atomic.Bool // the story is: its sockets are closed, and nobody waits for it
}

// latest is the record of the story that began last.
var latest atomic.Pointer[Record]

// A Call is one call of the student's code.
type Call struct {
	Name string

	// The record's Monitor guards these.
	Goroutine  int           // its number; 0 until it runs
	Began      time.Duration // since the story began
	SentBefore int           // datagrams
	Until      time.Duration // the deadline that its context tells; 0 without one
	used       int           // how often the code had read or sent before, or tried to
	Cancelled  bool          // the story has cancelled its context before it returned
	Awaited    bool          // the story has asked it to stop, or waited for that
	Done       bool          // it has returned, or ended otherwise
	Ended      time.Duration // since the story began
	Value      any
	Before     []byte // what Value was then, if it is a []byte
	Err        error
}

// New returns the record of a story that has not begun, of a test at a site.
func New(site stacks.Site) *Record {
	r := &Record{
		Site:    site,
		names:   map[netip.AddrPort]string{},
		gone:    map[netip.AddrPort]bool{},
		remotes: map[netip.AddrPort]netip.AddrPort{},
		heardBy: map[place]bool{},
		old:     map[int]bool{},
	}
	return r
}

// Began says that the story begins now. It is called in the story's bubble, if it has one.
func (r *Record) Began() {
	r.Start = time.Now()
	defer latest.Store(r)
	if r.Virtual {
		_, bubble := stacks.Self()
		r.bubble.Store(int64(bubble))
		return
	}
	for _, g := range r.Site.Snapshot() {
		r.old[g.ID] = true
	}
}

// Ended says that the story is over. What it handed out may still be used, by code that
// it has left behind or by that of a later story, and has no effect on either.
func (r *Record) Ended() { r.over.Store(true) }

// IsOver reports whether the story is over.
func (r *Record) IsOver() bool { return r.over.Load() }

// Abandon gives the story up: nobody of its own comes out of an Update any more.
func (r *Record) Abandon() {
	r.Monitor.Abandon()
	r.Ended()
}

// isOthers reports whether the story is over, and the calling goroutine is that of a
// later one's code, which must not touch what belongs to this one's bubble.
func (r *Record) isOthers() bool {
	switch {
	case !r.IsOver():
		return false
	case r.Virtual:
		return !r.has(stacks.Self())
	}
	now := latest.Load()
	return now != r && now.has(stacks.Self())
}

// has reports whether a goroutine, whose bubble's number is given, may be one of this
// story's.
func (r *Record) has(id, bubble int) bool {
	if r.Virtual {
		return int64(bubble) == r.bubble.Load()
	}
	return !r.old[id]
}

// Update changes what is known, as [patience.Monitor.Update] does.
func (r *Record) Update(change func()) {
	if r.isOthers() {
		r.Locked(change) // nobody waits for it
		return
	}
	r.Monitor.Update(change)
}

// Used notes that the code has read or sent where nobody here could see it.
func (r *Record) Used() { r.Update(func() { r.uses++ }) }

// Since returns how long ago the story began.
func (r *Record) Since() time.Duration { return time.Since(r.Start) }

// Alive lists the goroutines of this story's code.
func (r *Record) Alive() []stacks.Goroutine {
	return slices.DeleteFunc(r.Site.Snapshot(), func(g stacks.Goroutine) bool { return !r.isOurs(g) })
}

// Asleep returns one of this story's goroutines as [stacks.Site.Asleep] does.
func (r *Record) Asleep() (stacks.Goroutine, bool) { return r.Site.Asleep(r.isOurs) }

// isOurs reports whether a goroutine is one of this story's.
func (r *Record) isOurs(g stacks.Goroutine) bool { return r.has(g.ID, g.Bubble) && !r.old[g.Parent] }

// Quiesce lets everybody do what there is to do at this instant, in virtual time. So
// the story goes on in one order only, and goes wrong the same way each time.
func (r *Record) Quiesce() {
	if r.Virtual {
		r.Clock.Wait()
	}
}

// Begins notes that a call begins, on a goroutine of its own.
func (r *Record) Begins(c *Call, goroutine int) {
	r.Update(func() {
		c.Goroutine, c.Began, c.SentBefore, c.used = goroutine, r.Since(), len(r.Datagrams), r.uses
	})
}

// Ends notes that a call has returned, when, and what.
func (r *Record) Ends(c *Call, at time.Duration, value any, err error) {
	var before []byte
	switch v := value.(type) {
	case []byte:
		before = bytes.Clone(v)
	case string:
		before = []byte(v)
	}
	r.Update(func() {
		c.Done, c.Ended, c.Value, c.Before, c.Err = true, at, value, before, err
		c.used = r.uses - c.used
	})
}

// AllReturned reports whether every call has returned. The caller holds the Monitor.
func (r *Record) AllReturned() bool {
	return !slices.ContainsFunc(r.Calls, func(c *Call) bool { return !c.Done })
}

// SetName gives an endpoint a name in the story. Somebody is there, from now on.
func (r *Record) SetName(addr netip.AddrPort, name string) {
	r.Update(func() {
		r.names[addr] = name
		delete(r.gone, addr)
	})
}

// NameOf returns an endpoint's name in the story, or its address.
func (r *Record) NameOf(addr netip.AddrPort) (name string) {
	r.Locked(func() { name = r.name(addr) })
	return name
}

// Knows reports whether an endpoint is one of the story's.
func (r *Record) Knows(addr netip.AddrPort) (known bool) {
	r.Locked(func() { _, known = r.names[addr] })
	return known
}

// name returns what NameOf does. The caller holds the Monitor.
func (r *Record) name(addr netip.AddrPort) string { return failure.NameIn(r.names, addr) }

// Names returns the names of all endpoints. The caller holds the Monitor.
func (r *Record) Names() map[netip.AddrPort]string { return maps.Clone(r.names) }

// Closed says that nobody is at an endpoint any more.
func (r *Record) Closed(addr netip.AddrPort) { r.Update(func() { r.gone[addr] = true }) }

// IsClosed reports whether somebody was at an endpoint, and is no more.
func (r *Record) IsClosed(addr netip.AddrPort) (gone bool) {
	r.Locked(func() { gone = r.gone[addr] })
	return gone
}

// Log returns the writer to hand to the student's code as its log.
func (r *Record) Log() io.Writer { return logWriter{r} }

type logWriter struct{ r *Record }

// Write never fails.
func (l logWriter) Write(p []byte) (int, error) {
	l.r.Update(func() { l.r.Written = append(l.r.Written, string(p)) })
	return len(p), nil
}

// IsPrompt reports that a line is taken at once.
func (l logWriter) IsPrompt() bool { return true }

// Callback returns f for the student's code, which calls it by a name; how often it
// does is counted.
func (r *Record) Callback(name string, f func() bool) func() bool {
	var i int
	r.Update(func() {
		i = len(r.Callbacks)
		r.Callbacks = append(r.Callbacks, diagnosis.Callback{Name: name})
	})
	return func() bool {
		r.Update(func() { r.Callbacks[i].Calls++ })
		return f()
	}
}
