package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"time"

	"udpkata/harness/internal/network"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/steps"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// This file plays the random stories of an [Asking], and holds the code to its contract.

func (q Asking) begin(w *Virtual) player {
	p := &askingPlayer{w: w, q: q}
	for i := range p.askers {
		a := &p.askers[i]
		if i > 0 && q.Shared != nil {
			a.askingSocket = p.askers[0].askingSocket
			continue
		}
		a.askingSocket = &askingSocket{name: askerNames[i], server: w.Peer(askedNames[i]), mtu: 1500}
	}
	if q.Strangers {
		for _, name := range strangerNames[1:] {
			p.strangers = append(p.strangers, w.Peer(name))
		}
		for i := range crowd {
			at := netip.AddrPortFrom(w.host.Addr(), uint16(1024+i)) // no port that sockets are given here
			w.rec.SetName(at, fmt.Sprintf("stranger %d", i+1))
			p.crowd = append(p.crowd, net.UDPAddrFromAddrPort(at))
		}
	}
	w.rec.Quiesce()
	p.idle = runtime.NumGoroutine()
	return p
}

// An askingPlayer plays stories of a client on two sockets.
type askingPlayer struct {
	w         *Virtual
	q         Asking
	askers    [2]asker
	strangers []*Peer
	crowd     []net.Addr
	results   []kept
	to        net.UDPAddr // the variable that calls are handed, one after the other
	idle      int         // how many goroutines there are while nothing is called
	vague     bool        // two events fall together, and nobody can say which of them is first
}

// kept is what a call has returned, which has to stay as it is.
type kept struct {
	call *Call
	want any
}

// An askingSocket is one of the sockets.
type askingSocket struct {
	name   string
	server *Peer
	conn   *record.Conn // nil until it is needed
	listen net.PacketConn
	dial   net.Conn
	path   *PathConn
	shared Shared        // a client on it, if calls share one
	asked  []string      // the questions of those calls
	slow   time.Duration // each write
	broken error         // of writes
	mtu    int
	noMTU  error // of asking for it
	closed bool
	spoilt bool       // there may be something unread that a later call would take
	early  []net.Addr // who has sent while nothing was called
	unread room
}

// An asker is a call, on a socket of its own or on one that calls share.
type asker struct {
	*askingSocket
	question string // what it sends, if it shares its socket; "" if that is nothing

	call   *Call
	log    *callLog
	text   string
	began  time.Time
	until  time.Time // the context's deadline
	over   bool      // the context had ended before
	before int       // how many datagrams it had sent

	values    []string // answers that may be returned by now
	errs      []error  // errors that may be
	causes    []error  // what the socket has said
	strangers []net.Addr
	rewritten bool // the code has changed the server's address, which is the caller's
	unsure    bool // the last of them may not have been looked at, as the context had ended

	// What it has to have sent.
	base  time.Time // of the first of as many as there are waits
	sent  int       // since then
	size  int       // of one that probes
	sends []sending
	lines []string
}

type sending struct {
	at   time.Time
	text string // of one that does not probe
	size int
}

func (a *asker) decided() bool { return len(a.values)+len(a.errs) > 0 }

func (p *askingPlayer) play(story []steps.Step) int {
	s := story[0]
	w, a := p.w, &p.askers[s.At]
	running := a.call != nil && !a.decided()
	switch s.Do {
	case steps.Start:
		if a.call == nil {
			p.start(a, s)
		}
	case steps.Send:
		n := together(story)
		p.send(a, story[:n])
		return n
	case steps.Crowd:
		p.send(a, []steps.Step{s})
	case steps.Answer:
		if p.q.Shared != nil {
			p.answer(a, s)
		} else if running {
			p.send(a, []steps.Step{{Text: p.q.Counts(max(a.size+s.Bytes, 0)), Ends: s.Ends}})
		}
	case steps.FailReads:
		if running || p.q.Shared != nil && a.conn != nil && !a.closed {
			n := max(s.Times, 1)
			w.FailRead(a.endpoint(), slices.Repeat([]error{s.Err}, n)...)
			a.causes, a.spoilt = append(a.causes, s.Err), true
			if p.q.Waits == nil && !p.q.Shouts {
				a.errs = append(a.errs, s.Err)
			}
			if s.Err == syscall.EMSGSIZE {
				p.tooBig(a)
			}
		}
	case steps.FailWrites, steps.MendWrites:
		a.broken = s.Err
		if a.call == nil || p.q.Waits != nil { // or else it is perhaps about to send
			p.breaks(a)
		}
		if s.Err != nil && a.call != nil {
			a.causes = append(a.causes, s.Err)
		}
	case steps.SlowWrites:
		if a.call == nil {
			a.slow = s.For
		}
	case steps.Cancel, steps.CancelBecause:
		if running {
			a.errs = append(a.errs, a.call.cancelAs(s.Do)...)
		}
	case steps.Close:
		if a.conn != nil {
			w.Close(a.endpoint())
			a.closed = true
			p.closes(a)
		}
	case steps.SetMTU:
		a.mtu, a.noMTU = s.Bytes, nil
	case steps.FailMTU:
		a.noMTU = s.Err
	}
	return 1
}

// closes notes what comes of it that an asker's socket is closed.
func (p *askingPlayer) closes(a *asker) {
	for i := range p.askers {
		if b := &p.askers[i]; b.askingSocket == a.askingSocket && b.call != nil && !b.decided() {
			b.errs = append(b.errs, net.ErrClosed)
		}
	}
}

// endpoint returns the socket as stories have it.
func (a *askingSocket) endpoint() Endpoint {
	switch {
	case a.listen != nil:
		return a.listen
	case a.dial != nil:
		return a.dial
	}
	return a.path
}

// breaks makes writes fail as they are to.
func (p *askingPlayer) breaks(a *asker) {
	if a.conn != nil {
		p.w.FailWritesTo(a.endpoint(), a.server, a.broken)
	}
}

// answer has the server answer what was asked last, also if nobody waits for that any more.
func (p *askingPlayer) answer(a *asker, s steps.Step) {
	if a.question == "" {
		return
	}
	waits := a.call != nil && !a.decided() && s.Bytes == 0
	text := p.q.Answer(a.question, s.Text, s.Bytes)
	if p.send(a, []steps.Step{{Text: text, Ends: s.Ends}}) > 0 && waits {
		a.values = append(a.values, s.Text)
	}
}

// send has datagrams arrive together that the server or strangers have sent, and returns how many.
func (p *askingPlayer) send(a *asker, all []steps.Step) int {
	if a.conn == nil || a.closed || a.call == nil && !p.q.Strangers && p.q.Shared == nil {
		return 0
	}
	var letters []letter
	ends := all[0].Ends && a.call != nil && !a.decided()
	if a.call != nil {
		a.unread = 0
	}
	for _, s := range all {
		for i := range max(s.Times, 1) {
			from := a.server.LocalAddr()
			switch {
			case s.Do == steps.Crowd:
				from = p.crowd[i]
			case p.q.Strangers && s.Who > 0:
				from = p.strangers[s.Who-1].LocalAddr()
			case a.call == nil && p.q.Shared == nil:
				continue // an answer to no question
			}
			if a.unread.takes(s.Text) {
				letters = append(letters, letter{from, s.Text})
				p.came(a, from, s.Text)
			}
		}
	}
	if !ends {
		p.w.deliver(a.endpoint(), letters)
		return len(letters)
	}
	release := a.conn.HoldReads()
	p.w.deliver(a.endpoint(), letters)
	p.w.rec.Quiesce()
	a.errs = append(a.errs, a.call.cancelAs(steps.Cancel)...)
	p.w.rec.Quiesce() // whoever watches the context has seen its end
	release()
	a.unsure, a.spoilt = len(a.strangers) > 0 && len(a.values) == 0, true
	return len(letters)
}

// came notes a datagram that comes.
func (p *askingPlayer) came(a *asker, from net.Addr, text string) {
	stranger := record.AddrPort(from) != record.AddrPort(a.server.LocalAddr())
	switch {
	case p.q.Shared != nil: // where answer sees to what is one
	case stranger && a.call == nil:
		a.early = append(a.early, from)
	case len(a.values) > 0:
		a.spoilt = true // the answer is there
	case stranger:
		a.strangers = append(a.strangers, from)
		a.spoilt = a.spoilt || a.decided()
	case p.q.Shouts:
		a.spoilt = true
	case p.q.Counts != nil && text != p.q.Counts(a.size):
		a.spoilt = a.spoilt || a.decided()
	default:
		a.spoilt = a.spoilt || a.decided()
		a.values = append(a.values, text)
	}
}

func (p *askingPlayer) start(a *asker, s steps.Step) {
	w, q := p.w, p.q
	if a.spoilt && q.Shared == nil || a.spoilt && a.closed {
		p.quit(a)
	}
	if a.conn == nil {
		p.open(a)
	}
	p.breaks(a)
	a.conn.SlowWrites(a.slow)
	a.log = &callLog{w: w}
	a.text, a.began, a.until, a.over = s.Text, time.Now(), time.Time{}, s.For < 0
	a.values, a.errs, a.causes, a.strangers, a.unsure = nil, nil, nil, nil, false
	a.rewritten = false
	a.sends, a.lines, a.base, a.sent, a.question = nil, nil, a.began, 0, ""
	a.before = len(p.seen(a))
	if a.broken != nil {
		a.causes = append(a.causes, a.broken)
	}
	listen, dial, path, server, log, what := a.listen, a.dial, a.path, p.lend(a, s.Long), a.log, s.Text
	shared := a.shared
	lent := &net.UDPAddr{IP: slices.Clone(server.IP), Port: server.Port}
	ask := func(ctx context.Context) (any, error) {
		switch {
		case q.Shared != nil:
			return shared.Ask(ctx, what)
		case listen != nil:
			value, err := q.Listen(ctx, listen, server, what)
			a.rewritten = !reflect.DeepEqual(server, lent)
			return value, err
		case dial != nil:
			return q.Dial(ctx, dial, what, log)
		}
		return q.Path(ctx, path)
	}
	switch {
	case a.closed:
		a.errs = append(a.errs, net.ErrClosed)
	case q.Waits == nil && a.broken != nil:
		a.errs = append(a.errs, a.broken)
	}
	if s.For < 0 && !q.Shouts {
		a.errs = append(a.errs, context.DeadlineExceeded, os.ErrDeadlineExceeded)
	}
	if q.Payload != nil && a.noMTU != nil {
		a.errs = append(a.errs, a.noMTU)
	} else {
		a.size = p.payload(a)
		p.sends(a)
	}
	if q.Shouts && len(a.errs) == 0 {
		a.values = []string{""}
	}
	last := ""
	if q.Shared != nil {
		last = shared.Question(what)
	}
	if d := s.For; d == 0 || q.Shouts {
		a.call = w.Call(q.Name, ask)
	} else {
		if d > 0 {
			a.until = a.began.Add(d)
		}
		a.call = w.CallUntil(w.rec.Since()+d, q.Name, ask)
	}
	if q.Shared == nil {
		return
	}
	if next := shared.Question(what); next != last {
		a.question, a.asked, a.sends[0].text = next, append(a.asked, next), next
	}
}

// quit ends with an asker's socket.
func (p *askingPlayer) quit(a *asker) {
	if p.q.Shared != nil {
		closing := p.w.Call(p.q.Closes, func(context.Context) (any, error) { return nil, a.shared.Close() })
		closing.atOnce()
		p.w.IsClosed(a.endpoint())
	}
	p.w.Close(a.endpoint())
	a.conn, a.listen, a.dial, a.path, a.asked = nil, nil, nil, nil, nil
	for i := range p.askers {
		if b := &p.askers[i]; b.askingSocket == a.askingSocket {
			b.question = ""
		}
	}
}

// lend returns the server's address as the next call is handed it: in the caller's own
// variable, which has another address in it once no call has it any more.
func (p *askingPlayer) lend(a *asker, long bool) *net.UDPAddr {
	to := &p.to
	for i := range p.askers {
		if p.askers[i].call != nil {
			to = new(net.UDPAddr)
		}
	}
	*to = *a.server.LocalAddr().(*net.UDPAddr)
	if long {
		to.IP = to.IP.To16()
	}
	return to
}

// open opens a socket for the next call.
func (p *askingPlayer) open(a *asker) {
	w := p.w
	switch {
	case p.q.Listen != nil:
		a.listen = w.ListenPacket(a.name)
	case p.q.Dial != nil, p.q.Shared != nil:
		a.dial = w.Dial(a.name, a.server)
	default:
		to := record.AddrPort(a.server.LocalAddr())
		inner := w.open(a.name, func() (record.Socket, error) { return w.host.Dial(to) })
		a.path = &PathConn{record.ConnectedConn{Conn: w.rec.Conn(a.name, inner)}, toldPath{inner, a}}
	}
	a.conn = w.conn(a.endpoint())
	if p.q.Shared != nil {
		a.conn.HandOver()
		w.Call(p.q.Opens, func(context.Context) (any, error) {
			a.shared = p.q.Shared(a.dial)
			return nil, nil
		}).Wait()
	}
	a.closed, a.spoilt, a.early, a.unread = false, false, nil, 0
}

// A toldPath is a path of which the story says what the MTU is.
type toldPath struct {
	record.Socket
	a *asker
}

var _ network.PathSocket = toldPath{}

func (t toldPath) PathMTU() (int, error) { return t.a.mtu, t.a.noMTU }

func (p *askingPlayer) payload(a *asker) int {
	if p.q.Payload == nil {
		return 0
	}
	return p.q.Payload(a.mtu, a.path.IPv6())
}

// sends notes that it has to send now.
func (p *askingPlayer) sends(a *asker) {
	text := a.text
	if a.question != "" {
		text = a.question
	}
	a.sends = append(a.sends, sending{time.Now(), text, a.size})
	if p.q.Waits == nil {
		return
	}
	a.sent++
	if p.q.Line != nil {
		a.lines = append(a.lines, p.q.Line(p.q.Waits[a.sent-1]))
	}
	if a.broken == syscall.EMSGSIZE {
		p.tooBig(a)
	}
}

// tooBig notes that the socket has said so: one that probes sends less, if less fits.
func (p *askingPlayer) tooBig(a *asker) {
	switch {
	case p.q.Payload == nil:
	case a.noMTU != nil:
		a.errs = append(a.errs, a.noMTU)
	case p.payload(a) < a.size:
		a.size, a.base, a.sent = p.payload(a), time.Now(), 0
		p.sends(a)
	}
}

// due returns the next instant at which it sends, or gives up.
func (p *askingPlayer) due(a *asker) (time.Time, bool) {
	if a.call == nil || p.q.Waits == nil || a.decided() {
		return time.Time{}, false
	}
	return a.base.Add(p.q.after(a.sent)), true
}

func (p *askingPlayer) next(end time.Time) time.Time {
	for i := range p.askers {
		a := &p.askers[i]
		if a.call != nil && !a.until.IsZero() && !a.decided() {
			end = earlier(end, a.until.Add(1)) // a context is done 1 ns after its deadline
		}
		if due, ok := p.due(a); ok {
			end = earlier(end, due)
		}
	}
	return end
}

func (p *askingPlayer) reached() {
	now := time.Now()
	for i := range p.askers {
		a := &p.askers[i]
		due, ok := p.due(a)
		if ok && !a.until.IsZero() && !a.until.Before(due.Add(-1)) && !a.until.After(due) {
			p.vague = true
		}
		switch {
		case ok && now.Equal(due) && a.sent == len(p.q.Waits):
			a.errs = append(a.errs, p.q.Down)
		case ok && now.Equal(due):
			p.sends(a)
		}
		if a.call != nil {
			a.timesOut()
		}
	}
}

// timesOut notes that the call may return because its context has ended, if that had a
// deadline.
func (a *asker) timesOut() {
	if !a.until.IsZero() && time.Now().After(a.until) {
		a.errs = append(a.errs, context.DeadlineExceeded, os.ErrDeadlineExceeded)
	}
}

func (p *askingPlayer) settle() {
	if p.vague {
		return
	}
	idle := true
	for range p.askers { // while one comes to its end, time may pass for the other
		for i := range p.askers {
			if a := &p.askers[i]; a.call != nil && a.decided() {
				p.finish(a)
				p.reached()
			}
		}
	}
	for i := range p.askers {
		a := &p.askers[i]
		if a.call != nil {
			p.stillAsks(a)
		}
		idle = idle && a.call == nil
	}
	if idle && p.q.Shared == nil {
		p.w.becalm(p.idle)
	}
}

// stillAsks fails the story if a client has returned already.
func (p *askingPlayer) stillAsks(a *asker) {
	done, value, err := a.call.outcome()
	switch {
	case !done:
	case err != nil:
		p.w.fatal(verdict.Failed, "%s has returned the error %s, and nothing has ended it yet.",
			p.q.Name, quote.Error(err))
	case p.q.Counts != nil:
		p.w.fatal(verdict.Failed, "%s has returned %s, and no answer to what it has sent last has come.",
			p.q.Name, quote.Value(value))
	default:
		p.w.fatal(verdict.Failed, "%s has returned %s, and no answer has come.", p.q.Name, quote.Value(value))
	}
}

func (p *askingPlayer) end() {
	for i := range p.askers {
		if a := &p.askers[i]; a.call != nil && !p.vague {
			a.errs = append(a.errs, context.Canceled, os.ErrDeadlineExceeded)
			a.call.Cancel()
			p.w.rec.Quiesce()
		}
	}
	p.settle()
	if p.vague {
		return
	}
	if a := &p.askers[0]; p.q.Shared != nil && a.conn != nil {
		p.quit(a)
		p.w.becalm(p.idle)
	}
	for _, k := range p.results {
		if value, _ := k.call.result(nil); !equal(k.want, value) { // as it is by now
			k.call.changed(k.want, value)
		}
	}
}

// finish holds a call that something has ended to what had to come of it.
func (p *askingPlayer) finish(a *asker) {
	w, c := p.w, a.call
	if a.slow > 0 {
		w.rec.Wait(c.returned, a.slow, func() bool { return true })
		w.rec.Quiesce()
		a.timesOut()
	}
	if !c.hasReturned() {
		p.checkSends(a) // a send that is missing, or one too many, comes before what it is to bring
	}
	c.atOnce()
	_, value, err := c.outcome()
	switch {
	case a.rewritten:
		w.fatal(verdict.Failed, "%s has changed the address of the server that it was given, which is its caller's.",
			p.q.Name)
	case err == nil && len(a.values) > 0:
		p.returns(a, value)
	case err == nil:
		c.Fails(a.errs...)
	case len(a.errs) == 0:
		c.Returns(p.wanted(a)[0])
	default:
		p.fails(a, err)
	}
	if !a.closed {
		w.StillOpen(a.endpoint())
	}
	p.checkSends(a)
	vain := len(a.errs) > 0 && (len(a.values) > 0 || len(a.early) > 0) // which may be there still
	a.spoilt = a.spoilt || a.closed || vain && !p.q.Shouts
	a.call, a.early = nil, nil
}

// wanted lists what may be returned with an answer.
func (p *askingPlayer) wanted(a *asker) (all []any) {
	for _, answer := range a.values {
		for _, strangers := range p.turnedAway(a) {
			all = append(all, p.q.Value(answer, strangers))
		}
	}
	return all
}

// turnedAway lists who may have been, in the order in which they came. What was there
// before the call may have been thrown away unseen.
func (p *askingPlayer) turnedAway(a *asker) (all [][]net.Addr) {
	lists := [][]net.Addr{a.strangers}
	if a.unsure {
		lists = append(lists, a.strangers[:len(a.strangers)-1])
	}
	for _, came := range lists {
		all = append(all, slices.Concat(a.early, came))
		if len(a.early) > 0 {
			all = append(all, came)
		}
	}
	return all
}

func (p *askingPlayer) returns(a *asker, value any) {
	want := p.wanted(a)
	i := max(slices.IndexFunc(want, func(v any) bool { return equal(v, value) }), 0)
	a.call.Returns(want[i])
	p.results = append(p.results, kept{a.call, want[i]})
}

func (p *askingPlayer) fails(a *asker, err error) {
	c := a.call
	c.Fails(a.errs...)
	if p.q.Beside != nil {
		_, value, _ := c.outcome()
		var want []any
		for _, strangers := range p.turnedAway(a) {
			want = append(want, p.q.Beside(strangers))
		}
		i := max(slices.IndexFunc(want, func(v any) bool { return equal(v, value) }), 0)
		c.Beside(want[i])
	}
	switch {
	case !p.q.Cause:
	case !slices.Contains(a.errs, p.q.Down):
		c.FailsNot(p.q.Down)
	case len(a.errs) == 1:
		c.Fails(append([]error{os.ErrDeadlineExceeded, context.DeadlineExceeded}, a.causes...)...)
	}
}

// seen lists what was sent from the socket; if calls share that, by this call.
func (p *askingPlayer) seen(a *asker) []record.Sighted {
	all := p.w.rec.SentFrom(record.AddrPort(a.conn.LocalAddr()))
	if p.q.Shared == nil {
		return all
	}
	return slices.DeleteFunc(all, func(d record.Sighted) bool {
		others := string(d.Payload) != a.question && slices.Contains(a.asked, string(d.Payload))
		return others || d.At < a.began.Sub(p.w.rec.Start)
	})
}

// checkSends holds what was sent to what had to be, and to the instants.
func (p *askingPlayer) checkSends(a *asker) {
	w, want := p.w, a.sends
	sends := p.seen(a)[a.before:]
	if (a.over || a.closed) && len(sends) < len(want) {
		want = want[:len(want)-1] // it need not begin, or go on
	}
	for i, d := range sends {
		if i >= len(want) {
			w.marks(d.Number, "one more than the story wants")
			w.fatal(verdict.Failed, "%s sent once more; the story wants it to send %d time(s).", a.name, len(want))
		}
		at := d.At - want[i].at.Sub(w.rec.Start)
		switch {
		case at != 0 && a.slow == 0:
			w.marks(d.Number, "the story wants it after %v", want[i].at.Sub(w.rec.Start))
			w.fatal(verdict.Failed, "%s sent its datagram number %d after %v; the story wants it after %v.",
				a.name, i+1, d.At, want[i].at.Sub(w.rec.Start))
		case d.To != record.AddrPort(a.server.LocalAddr()):
			w.marks(d.Number, "the story wants it to go to the server")
			w.fatal(verdict.Failed, "%s sent a datagram to somebody else than the server.", a.name)
		case p.q.Payload != nil && len(d.Payload) != want[i].size:
			w.marks(d.Number, "the story wants %d bytes", want[i].size)
			w.fatal(verdict.Failed, "%s sent %d bytes; the story wants %d.", a.name, len(d.Payload), want[i].size)
		case p.q.Payload == nil && !bytes.Equal(d.Payload, []byte(want[i].text)):
			w.marks(d.Number, "the story wants %s", wire.Quote(want[i].text))
			w.fatal(verdict.Failed, "%s sent %s; the story wants %s.", a.name,
				wire.Quote(string(d.Payload)), wire.Quote(want[i].text))
		}
	}
	if len(sends) < len(want) {
		due := want[len(sends)].at.Sub(w.rec.Start)
		w.marks(0, "the next one was due after %v", due)
		w.fatal(verdict.Failed, "%s sent %d of the %d times that the story wants; the next one was due after %v.",
			a.name, len(sends), len(want), due)
	}
	if p.q.Line == nil {
		return
	}
	lines := a.lines
	if (a.over || a.closed) && len(a.log.writes) < len(lines) {
		lines = lines[:len(lines)-1]
	}
	if !slices.Equal(unended(a.log.writes), lines) {
		if wrong := checkLogInAnyOrder(theLog, a.log.writes, lines); !wrong.IsZero() {
			w.fatal(verdict.Failed, "%s", wrong)
		}
		w.fatal(verdict.Failed, "the log's lines are not in the order of the waits")
	}
}
