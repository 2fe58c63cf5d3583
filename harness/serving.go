package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/record"
	"udpkata/harness/internal/steps"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Serving is what random stories have to know of a server. In all of them: what comes
// while it serves is answered once and logged once, or does not have to be, if it comes
// when the server is told to end; nothing else is sent or logged; no error ends it; when
// its context ends, it returns at once, and when its socket is closed, it returns, with an
// error that says so; it leaves nothing behind.
type Serving struct {
	Name  string // of the function
	Serve func(ctx context.Context, on Occasion) error

	Answer func(payload string) string // to a datagram; nil if there is none

	// Replies is there in the place of Answer and Line, if what the server makes of a datagram depends on those before:
	// it returns a function for each call of the server, which is asked about each datagram, in their order. When such
	// a server reads may matter to it, so in its stories nothing of that takes time.
	Replies func() func(d Dealt) Reply
	// Payload makes a datagram's bytes of any, if not all are likely to mean something.
	Payload func(r *rand.Rand, payload string) string

	Opening func(own net.Addr) string // the log's first line; nil if there is none
	Line    func(d Dealt) string      // of a datagram, in the log
	Drops   bool                      // it asks whether to drop a datagram

	// InOrder says that the log has the lines of datagrams in the order in which they came.
	// Some of them take their time: whoever writes them must hold no mutex.
	InOrder bool

	// Notes says that the lines are those of the story's own code, see [World.Notes].
	Notes bool
}

// Dealt is a datagram that a server has dealt with.
type Dealt struct {
	From    net.Addr
	Payload string
	Dropped bool
	At      time.Time // when it was there for the server to read
}

// A Reply is what a server makes of a datagram.
type Reply struct {
	Answer string
	Silent bool   // there is no answer
	Line   string // of the log; "" if there is none
}

// An Occasion is what a server is called with.
type Occasion struct {
	Conn net.PacketConn
	Log  io.Writer
	Drop func() bool // to be called once for each datagram, in the order in which they come
}

var (
	serverNames = []string{"server", "second server"}
	clientNames = []string{"alice", "bob", "carol"}
)

func (s Serving) names() steps.Names {
	return steps.Names{Code: s.Name, Sockets: serverNames, Peers: clientNames}
}

func (s Serving) draw(r *rand.Rand, number, most int) []steps.Step {
	second := r.IntN(6) == 0
	at := func() int {
		if second {
			return r.IntN(2)
		}
		return 0
	}
	send := func() steps.Step {
		return steps.Step{
			Do: steps.Send, At: at(), Who: r.IntN(3),
			Text: s.drawPayload(r, number, most), Drop: s.Drops && r.IntN(2) == 0,
		}
	}
	var story []steps.Step
	for range r.IntN(4) { // have piled up
		story = append(story, send())
	}
	slow := time.Duration(0)
	if s.Replies == nil && r.IntN(4) == 0 {
		slow = time.Duration(1 + r.Int64N(int64(5*time.Millisecond)))
		do := steps.SlowWrites
		if s.InOrder { // whoever writes a line of the log may well hold a mutex
			do = steps.SlowLog
		}
		story = append(story, steps.Step{Do: do, At: at(), For: slow})
	}
	start := func() steps.Step {
		c := steps.Step{Do: steps.Start, At: at()}
		switch n := r.IntN(16); {
		case n < 2:
			c.For = time.Duration(1 + r.Int64N(int64(5*time.Second)))
		case n < 3:
			c.For = -1
		}
		return c
	}
	story = append(story, start())
	if second {
		story = append(story, steps.Step{Do: steps.Start, At: 1 - story[len(story)-1].At})
	}
	for i := range 2 + r.IntN(12) {
		var next steps.Step
		switch n := r.IntN(40); {
		case i == 0 && steps.OwnErr(number) != nil:
			next = steps.Step{Do: steps.FailReads, At: at(), Err: steps.OwnErr(number)}
		case n < 22:
			next = send()
			if last := story[len(story)-1]; last.Do == steps.Send && r.IntN(6) == 0 {
				next.Text, next.Who = last.Text, steps.OneOf(r, last.Who, next.Who) // the same twice
			}
		case n < 27:
			times := steps.OneOf(r, 1, 1, 2, 3, 20)
			next = steps.Step{Do: steps.FailReads, At: at(), Err: steps.Err(r, number), Times: times}
		case n < 30:
			next = steps.Step{Do: steps.FailWrites, At: at(), Who: r.IntN(3), Err: steps.Err(r, number)}
		case n < 31:
			next = steps.Step{Do: steps.MendWrites, At: at(), Who: r.IntN(3)}
		case n < 35:
			next = steps.Step{Do: steps.OneOf(r, steps.Cancel, steps.CancelBecause), At: at()}
		case n < 37:
			next = steps.Step{Do: steps.Close, At: at()}
		default:
			next = start()
		}
		next.After = steps.Gap(r)
		if slow > 0 && r.IntN(2) == 0 {
			next.After = time.Duration(r.Int64N(int64(2 * slow)))
		}
		story = append(story, next)
	}
	if second && s.Replies == nil {
		story = append(story, s.drawSideBySide(r, number, most)...)
	}
	return story
}

func (s Serving) drawPayload(r *rand.Rand, number, most int) string {
	payload := steps.Payload(r, number, most)
	if s.Payload != nil {
		payload = s.Payload(r, payload)
	}
	return payload[:min(len(payload), most)]
}

// drawSideBySide draws steps in which a datagram comes on one socket while a read of the
// other has its own in the buffer.
func (s Serving) drawSideBySide(r *rand.Rand, number, most int) []steps.Step {
	one, slow := r.IntN(2), time.Duration(2+r.Int64N(int64(5*time.Millisecond)))
	send := func(at int, after time.Duration) steps.Step {
		return steps.Step{
			After: after, Do: steps.Send, At: at, Who: r.IntN(3),
			Text: steps.Payload(r, number, most), Drop: s.Drops && r.IntN(2) == 0,
		}
	}
	return []steps.Step{
		{After: time.Second, Do: steps.Start, At: one},
		{Do: steps.Start, At: 1 - one},
		{Do: steps.SlowReads, At: one, For: slow},
		send(one, time.Second), // whoever makes pauses reads by then
		send(1-one, 1+time.Duration(r.Int64N(int64(slow-1)))),
	}
}

func (s Serving) begin(w *Virtual) player {
	p := &servingPlayer{w: w, s: s}
	alice, bob := w.SamePort(clientNames[0], clientNames[1]) // so that a port alone tells nobody who it was
	p.peers = append(p.peers, alice, bob, w.Peer(clientNames[2]))
	for i := range p.servers {
		p.servers[i].name = serverNames[i]
	}
	w.rec.Quiesce()
	p.idle = runtime.NumGoroutine()
	return p
}

// A servingPlayer plays stories of a server on two sockets.
type servingPlayer struct {
	w       *Virtual
	s       Serving
	peers   []*Peer
	servers [2]served
	slowLog time.Duration
	idle    int // how many goroutines there are while nothing is called
}

// served is one of the sockets.
type served struct {
	name    string
	conn    net.PacketConn // nil until it is needed
	slow    time.Duration  // each write
	failing map[int]bool   // peers to whom writes have failed at some time
	drops   []bool         // what drop has to say of each datagram
	asked   int            // how often it was called
	pending []arrival      // datagrams that are not known to be dealt with
	unread  room
	trouble time.Time // when a read was last made to fail while it was served, or before that
	ahead   bool      // a read was made to fail since it was served last

	call    *Call
	began   time.Time
	replies func(d Dealt) Reply // what it makes of datagrams, if it remembers them
	until   time.Time           // its context's deadline
	ends    []error             // what it may return; none if nothing has told it to end
	late    []error             // of reads that may fail when it was told to end already
	log     *callLog
	must    []string // lines of the log
	may     []string
}

// An arrival is a datagram, and when it came.
type arrival struct {
	steps.Step
	at time.Time
}

// A callLog is what one call logs, a Write an entry.
type callLog struct {
	w      *Virtual
	slow   *time.Duration // what a line may take; nil if it takes no time
	writes []string
}

// Write may take its time, and not always the same.
func (l *callLog) Write(b []byte) (int, error) {
	line := string(b)
	var slow time.Duration
	l.w.rec.Locked(func() {
		if l.slow != nil {
			slow = *l.slow / time.Duration(1+len(l.writes)%3)
		}
	})
	if slow > 0 {
		l.w.rec.Clock.Sleep(slow)
	}
	l.w.rec.Update(func() { l.writes = append(l.writes, line) })
	return len(b), nil
}

// IsPrompt reports whether a line takes no time.
func (l *callLog) IsPrompt() (prompt bool) {
	l.w.rec.Locked(func() { prompt = l.slow == nil || *l.slow == 0 })
	return prompt
}

func (p *servingPlayer) play(story []steps.Step) int {
	s := story[0]
	w, v := p.w, &p.servers[s.At]
	if v.conn == nil {
		v.conn = w.ListenPacket(v.name)
		v.drops, v.asked, v.slow, v.failing, v.trouble = nil, 0, 0, map[int]bool{}, time.Time{}
		v.ahead = false
	}
	running := v.call != nil && len(v.ends) == 0
	switch s.Do {
	case steps.Send:
		n := together(story)
		var letters []letter
		if len(v.pending) == 0 {
			v.unread = 0
		}
		w.rec.Locked(func() {
			for _, s := range story[:n] {
				if v.unread.takes(s.Text) {
					letters = append(letters, letter{p.peers[s.Who].LocalAddr(), s.Text})
					v.drops = append(v.drops, s.Drop)
					v.pending = append(v.pending, arrival{s, time.Now()})
				}
			}
		})
		w.deliver(v.conn, letters)
		return n
	case steps.Start:
		if v.call == nil {
			p.start(v, s.For)
		}
	case steps.FailReads:
		w.FailRead(v.conn, slices.Repeat([]error{s.Err}, max(s.Times, 1))...)
		v.trouble, v.ahead = time.Now(), v.ahead || v.call == nil
		if v.call == nil || v.slow+p.slowLog > 0 {
			v.late = append(v.late, s.Err)
		}
	case steps.FailWrites:
		w.FailWritesTo(v.conn, p.peers[s.Who], s.Err)
		v.failing[s.Who] = true
	case steps.MendWrites:
		w.FailWritesTo(v.conn, p.peers[s.Who], nil)
	case steps.SlowReads:
		w.SlowReads(v.conn, s.For)
		v.slow = max(v.slow, s.For)
	case steps.SlowWrites:
		w.SlowWrites(v.conn, s.For)
		v.slow = max(v.slow, s.For)
	case steps.SlowLog:
		w.rec.Locked(func() { p.slowLog = s.For })
	case steps.Cancel, steps.CancelBecause:
		if running {
			v.ends = v.call.cancelAs(s.Do)
		}
	case steps.Close:
		w.Close(v.conn)
		if v.call == nil {
			v.conn, v.pending = nil, nil
		} else {
			v.ends = append(v.ends, net.ErrClosed)
		}
	}
	return 1
}

func (p *servingPlayer) start(v *served, d time.Duration) {
	w, conn := p.w, v.conn
	if v == &p.servers[1] {
		conn = asPlain{conn}
	}
	log := &callLog{w: w, slow: &p.slowLog}
	drop := func() (drop bool) {
		w.rec.Locked(func() {
			v.asked++
			drop = v.asked <= len(v.drops) && v.drops[v.asked-1]
		})
		return drop
	}
	serve := func(ctx context.Context) (any, error) {
		return nil, p.s.Serve(ctx, Occasion{Conn: conn, Log: log, Drop: drop})
	}
	v.until, v.ends, v.log, v.must, v.may = time.Time{}, nil, log, nil, nil
	v.began = time.Now()
	if p.s.Replies != nil {
		v.replies = p.s.Replies()
	}
	if v.ahead {
		v.trouble, v.ahead = time.Now(), false
	}
	if d >= 0 && v.slow+p.slowLog == 0 {
		v.late = nil
	}
	var opening []string
	if p.s.Opening != nil {
		opening = []string{p.s.Opening(conn.LocalAddr())}
	}
	switch {
	case d < 0: // it may look there first
		v.ends, v.may = []error{context.DeadlineExceeded, os.ErrDeadlineExceeded}, opening
	case d > 0:
		v.until, v.must = time.Now().Add(d), opening
	default:
		v.must = opening
		v.call = w.Call(p.s.Name, serve)
		return
	}
	v.call = w.CallUntil(w.rec.Since()+d, p.s.Name, serve)
}

// An asPlain socket that is closed returns [net.ErrClosed] without a [net.OpError] around it, as package net has one.
type asPlain struct{ net.PacketConn }

func (c asPlain) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	n, from, err = c.PacketConn.ReadFrom(p)
	return n, from, plainly(err)
}

func (c asPlain) WriteTo(p []byte, to net.Addr) (n int, err error) {
	n, err = c.PacketConn.WriteTo(p, to)
	return n, plainly(err)
}

func plainly(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("the story's socket: %w", net.ErrClosed)
	}
	return err
}

func (p *servingPlayer) next(end time.Time) time.Time {
	for i := range p.servers {
		v := &p.servers[i]
		if v.call != nil && !v.until.IsZero() && len(v.ends) == 0 {
			end = earlier(end, v.until.Add(1)) // a context is done 1 ns after its deadline
		}
	}
	return end
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (p *servingPlayer) reached() {
	for i := range p.servers {
		if v := &p.servers[i]; v.call != nil && len(v.ends) == 0 {
			v.timesOut()
		}
	}
}

// timesOut notes that the call may return because its context has ended, if that had a
// deadline.
func (v *served) timesOut() {
	if !v.until.IsZero() && time.Now().After(v.until) {
		v.ends = append(v.ends, context.DeadlineExceeded, os.ErrDeadlineExceeded)
	}
}

func (p *servingPlayer) settle() {
	for i := range p.servers {
		if v := &p.servers[i]; v.call != nil && len(v.ends) == 0 {
			p.wait(v, v.slow+p.slowLog)
		}
	}
	p.reached() // time may have passed meanwhile
	idle := true
	for i := range p.servers {
		switch v := &p.servers[i]; {
		case v.call == nil:
		case len(v.ends) > 0:
			p.finish(v)
		default:
			p.stillServes(v)
		}
		idle = idle && p.servers[i].call == nil
	}
	if idle {
		p.w.becalm(p.idle)
	}
}

func (p *servingPlayer) end() {
	for i := range p.servers {
		v := &p.servers[i]
		if v.call == nil {
			continue
		}
		p.wait(v, 0)
		v.ends = []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded}
		v.call.Cancel()
		p.w.rec.Quiesce()
	}
	p.settle()
	for _, peer := range p.peers {
		peer.HeardNothingElse()
	}
}

// wait waits for what has to come of the datagrams that have come, unless a server that
// takes its time has that still.
func (p *servingPlayer) wait(v *served, slow time.Duration) {
	troubled := !v.trouble.IsZero() && time.Since(v.trouble) < patient
	if slow > 0 || !v.until.IsZero() && troubled && time.Until(v.until) < patient {
		return
	}
	answers := make([][]string, len(p.peers))
	for _, s := range v.pending {
		v.must, answers[s.Who] = p.reply(v, s).added(v.must, answers[s.Who])
	}
	for who, peer := range p.peers {
		switch {
		case v.failing[who]:
			p.tried(v, peer, answers[who])
		case len(answers[who]) > 0:
			peer.hears(v.conn, answers[who])
		}
	}
	v.pending = nil
	p.w.await(func() bool { return holds(v.log.writes, v.must) })
}

// reply returns what the server has to make of a datagram. It is asked once about each, in their order.
func (p *servingPlayer) reply(v *served, a arrival) Reply {
	d := Dealt{p.peers[a.Who].LocalAddr(), a.Text, a.Drop, a.at}
	if a.at.Before(v.began) {
		d.At = v.began
	}
	if p.s.Replies != nil {
		return v.replies(d)
	}
	r := Reply{Silent: p.s.Answer == nil || a.Drop}
	if !r.Silent {
		r.Answer = p.s.Answer(a.Text)
	}
	if p.s.Line != nil {
		r.Line = p.s.Line(d)
	}
	return r
}

// added returns lines of a log, and answers, with the reply's.
func (r Reply) added(lines, answers []string) (_, _ []string) {
	if r.Line != "" {
		lines = append(lines, r.Line)
	}
	if !r.Silent {
		answers = append(answers, r.Answer)
	}
	return lines, answers
}

// holds reports whether all of some lines were written, each as often as it is wanted.
func holds(writes, lines []string) bool {
	missing := map[string]int{}
	for _, line := range lines {
		missing[line+"\n"]++
	}
	for _, write := range writes {
		if missing[write]--; missing[write] <= 0 {
			delete(missing, write)
		}
	}
	return len(missing) == 0
}

// stillServes fails the story if a server has returned that nothing has told to end.
func (p *servingPlayer) stillServes(v *served) {
	done, _, err := v.call.outcome()
	switch {
	case !done:
	case err == nil:
		p.w.fatal(verdict.Failed, "%s has returned, without an error, and nothing has told it to end.", p.s.Name)
	default:
		p.w.fatal(verdict.Failed,
			"%s has returned the error %s; neither has its context ended nor is its socket closed.",
			p.s.Name, quote.Error(err))
	}
}

// finish holds a call that was told to end to what had to come of it.
func (p *servingPlayer) finish(v *served) {
	w, closed := p.w, slices.Contains(v.ends, net.ErrClosed)
	slow := (v.slow + p.slowLog) * time.Duration(len(v.pending)+2) // what is under way takes its time
	if slow > 0 && !closed {
		w.rec.Wait(v.call.returned, slow, func() bool { return true })
		w.rec.Quiesce()
	}
	if closed {
		v.call.Wait() // it may be in a pause
		v.timesOut()
	}
	v.call.atOnce()
	v.call.Fails(append(v.ends, v.late...)...)
	if !closed {
		w.StillOpen(v.conn)
	}
	answers := make([][]string, len(p.peers))
	for _, s := range v.pending {
		v.may, answers[s.Who] = p.reply(v, s).added(v.may, answers[s.Who])
	}
	for who, peer := range p.peers {
		peer.hearsPerhaps(v.conn, answers[who], v.failing[who])
	}
	p.checkLog(v)
	if len(v.pending) > 0 || closed { // what is unread there, nobody knows
		w.Close(v.conn)
		v.conn, v.pending = nil, nil
	}
	v.ahead = v.ahead || !v.trouble.IsZero() && time.Since(v.trouble) < patient // not all has been read, perhaps
	v.call, v.until, v.ends, v.late = nil, time.Time{}, nil, nil
}

// checkLog holds a log to the lines that must be there, and to those that may be.
func (p *servingPlayer) checkLog(v *served) {
	extra, want := unended(v.log.writes), slices.Clone(v.must)
	for _, line := range v.must {
		if i := slices.Index(extra, line); i >= 0 {
			extra = slices.Delete(extra, i, i+1)
		}
	}
	for _, line := range v.may {
		if i := slices.Index(extra, line); i >= 0 {
			extra = slices.Delete(extra, i, i+1)
			want = append(want, line)
		}
	}
	check := checkLogInAnyOrder
	if p.s.Opening != nil && len(v.may) == 0 {
		check = checkLog
	}
	log := theLog
	if p.s.Notes {
		log = theNotes
	}
	wrong := check(log, v.log.writes, want)
	if wrong.IsZero() && p.s.InOrder && !slices.Equal(unended(v.log.writes), want) {
		wrong = text.Say("the log's lines are not in the order in which the datagrams came")
	}
	if !wrong.IsZero() {
		p.w.wants(diagnosis.Logged{Lines: want, Got: v.log.writes, Notes: p.s.Notes})
		p.w.fatal(verdict.Failed, "%s", wrong)
	}
}

// unended returns what was written without the ends of lines.
func unended(writes []string) (all []string) {
	for _, write := range writes {
		all = append(all, strings.TrimSuffix(write, "\n"))
	}
	return all
}

// tried waits until the code has tried to send answers to a peer, whatever came of it.
func (p *servingPlayer) tried(v *served, to *Peer, answers []string) {
	from, at := record.AddrPort(v.conn.LocalAddr()), record.AddrPort(to.LocalAddr())
	for _, want := range answers {
		sent := func() bool {
			var all []string
			for _, d := range p.w.rec.Datagrams {
				if d.From == from && d.To == at {
					all = append(all, string(d.Payload))
				}
			}
			return count(all, want) >= count(answers, want)
		}
		if !p.w.await(sent) {
			p.w.fatal(verdict.Failed, "%s has not even tried to send %s to %s.", v.name, wire.Quote(want), to.name)
		}
	}
	to.hearsPerhaps(v.conn, nil, true)
}
