package harness

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
	"udpkata/harness/stage"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Virtual is a World in virtual time, where there are instants.
type Virtual struct {
	*World
	virtualWords
}

type virtualWords struct {
	w   *World
	net *simnet.Network
}

// At lets the rest of the story happen d after its beginning.
func (v virtualWords) At(d time.Duration) {
	if now := v.w.rec.Since(); now > d {
		v.w.fatal(verdict.NotRun, "The story can't go back: it is %v already, and not %v.", now, d)
	}
	v.w.rec.Clock.SleepAndWait(time.Until(v.w.rec.Start.Add(d)))
	v.w.endIfFailed()
}

// StillAt fails the story if the code has let time pass, and it is later than d after the
// story's beginning.
func (v virtualWords) StillAt(d time.Duration) {
	defer v.w.checked()
	if now := v.w.rec.Since(); now > d {
		v.w.rec.Quiesce() // what the code does next at this instant, it has done
		v.w.wants(nil)
		v.w.fatal(verdict.Failed, "It took until %v after the story's beginning; the story wants all of that after %v.",
			now, d)
	}
}

// CallUntil calls f as [World.Call] does, with a context whose deadline is d after the
// story's beginning, and which is done one nanosecond later: so nobody can mix up the
// two.
func (v virtualWords) CallUntil(d time.Duration, name string, f func(ctx context.Context) (any, error)) *Call {
	deadline := v.w.rec.Start.Add(d)
	late, release := v.w.rec.Clock.WithDeadline(context.Background(), deadline.Add(1))
	c := v.w.call(lateContext{late, deadline}, name, f)
	cancel := c.cancel
	c.cancel = func(cause error) { cancel(cause); release() }
	c.slack = 1
	return c
}

// A lateContext says that it is done earlier than it is.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

// FailRead makes as many reads of a socket fail as there are errors, the one that waits
// first. ([World.FailNextRead] is for one that has not begun.)
func (v virtualWords) FailRead(socket Endpoint, errs ...error) {
	c := v.w.conn(socket)
	c.FailReads(errs...)
	c.Inner().(*simnet.Conn).FailReads(errs...)
	v.w.rec.Quiesce()
}

// SlowReads makes every read of a socket take a while from when its datagram is in the
// buffer, as on a busy machine.
func (v virtualWords) SlowReads(socket Endpoint, by time.Duration) { v.w.conn(socket).SlowReads(by) }

// SlowWrites makes every write of a socket take a while until its datagram leaves, as on a busy machine.
func (v virtualWords) SlowWrites(socket Endpoint, by time.Duration) { v.w.conn(socket).SlowWrites(by) }

// LateWrites makes every write of a socket that begins from now on take a while from when its datagram has left, as on
// a busy machine: the answer may come before the write returns.
func (v virtualWords) LateWrites(socket Endpoint, by time.Duration) { v.w.conn(socket).LateWrites(by) }

// SentAt fails the story unless a socket was asked to send exactly as many times as
// there are instants, at exactly these since the story's beginning.
func (v virtualWords) SentAt(socket Endpoint, instants ...time.Duration) {
	defer v.w.checked()
	c, sends, got := v.w.sends(socket, instants)
	for i, at := range got {
		switch {
		case i >= len(instants):
			v.w.sentTooOften(c, sends[i], len(instants))
		case at != instants[i]:
			v.w.marks(sends[i].Number, "the story wants it after %v", instants[i])
			v.w.fatal(verdict.Failed, "%s sent its datagram number %d after %v; the story wants it after %v.",
				c.Name, i+1, at, instants[i])
		}
	}
	if len(got) < len(instants) {
		due := instants[len(got)]
		v.w.marks(0, "the next one was due after %v", due)
		v.w.fatal(verdict.Failed, "%s sent %d of the %d times that the story wants; the next one was due after %v.",
			c.Name, len(got), len(instants), due)
	}
}

// sends lists when a socket was asked to send, and notes that the story wants instants.
func (w *World) sends(socket Endpoint, instants []time.Duration) (*record.Conn, []record.Sighted, []time.Duration) {
	c := w.conn(socket)
	from := record.AddrPort(c.LocalAddr())
	sends := w.rec.SentFrom(from)
	got := make([]time.Duration, len(sends))
	for i, d := range sends {
		got[i] = d.At
	}
	w.wants(diagnosis.Sent{From: from, Instants: instants, Got: got, NotBefore: !w.rec.Virtual})
	return c, sends, got
}

// sentTooOften fails the story for a datagram that is one more than it wants.
func (w *World) sentTooOften(c *record.Conn, d record.Sighted, most int) {
	w.marks(d.Number, "one more than the story wants")
	w.fatal(verdict.Failed, "%s sent once more after %v; the story wants it to send no more than %d time(s).",
		c.Name, d.At, most)
}

// SilentFrom fails the story if a socket was asked to send at an instant or
// later.
func (v virtualWords) SilentFrom(socket Endpoint, instant time.Duration) {
	defer v.w.checked()
	if c, d, ok := v.sentFrom(socket, instant, nil); ok {
		v.w.marks(d.Number, "the story wants silence here")
		v.w.fatal(verdict.Failed, "%s sent once more after %v; the story wants silence from %v on.",
			c.Name, d.At, instant)
	}
}

// SilentBut fails the story if a socket was asked to send at an instant or later and was not closed yet, but for
// datagrams of which may is true; like is one that shows what is meant.
func (v virtualWords) SilentBut(socket Endpoint, instant time.Duration, like string, may func(payload string) bool) {
	defer v.w.checked()
	if c, d, ok := v.sentFrom(socket, instant, func(d record.Sighted) bool {
		return errors.Is(d.Err, net.ErrClosed) || may(string(d.Payload))
	}); ok {
		v.w.marks(d.Number, "the story wants silence here, or one such as %s", wire.Quote(like))
		v.w.fatal(verdict.Failed,
			"%s sent %s after %v; from %v on, the story wants it to send nothing, unless such as %s.",
			c.Name, wire.Quote(string(d.Payload)), d.At, instant, wire.Quote(like))
	}
}

// sentFrom returns the first datagram that a socket was asked to send at an instant or later and that may not be, and
// notes that the story does not want it; may is nil where none may be.
func (v virtualWords) sentFrom(socket Endpoint, instant time.Duration, may func(d record.Sighted) bool) (
	c *record.Conn, first record.Sighted, ok bool) {
	c = v.w.conn(socket)
	for _, d := range v.w.rec.SentFrom(record.AddrPort(c.LocalAddr())) {
		if d.At >= instant && (may == nil || !may(d)) {
			v.w.wants(diagnosis.Quiet{From: d.From, Got: d.At, SomeMay: may != nil})
			return c, d, true
		}
	}
	return c, record.Sighted{}, false
}

// Forge delivers a datagram that says it comes from an endpoint, which has not
// sent it. Whoever can write IP headers of their own can do that (RFC 2827); on
// the virtual network anybody can.
func (v virtualWords) Forge(from, to Endpoint, payload string) {
	v.w.rec.Forged(from.LocalAddr(), to.LocalAddr(), []byte(payload))
	v.net.Inject(simnet.Datagram{
		From: record.AddrPort(from.LocalAddr()), To: record.AddrPort(to.LocalAddr()), Payload: []byte(payload),
	})
}

// Distance makes every datagram take a while to get where it goes, or to
// whatever is put between the hosts afterwards.
func (v virtualWords) Distance(d time.Duration) { v.net.Extend(simnet.Delay(d)) }

// seedVariable is what chance comes from, in every story: a number from 0 to 2⁶⁴−1.
const seedVariable = "UDPKATA_SEED"

// usualSeed is the seed where nobody gives one, so that the same code always gets the
// same verdict.
const usualSeed uint64 = 1

// Rand returns the story's source of random numbers: the same seed gives the same ones.
func (v virtualWords) Rand() *rand.Rand {
	r, again, err := chance(v.w.rec.Site.Task)
	if err != nil {
		v.w.fatal(verdict.NotRun, "%v.", err)
	}
	v.w.rec.Update(func() { v.w.again = again })
	return r
}

// chance returns a source of random numbers out of the seed, which is another one for each
// of what, and the variable that makes it the same again.
func chance(what ...any) (r *rand.Rand, again string, err error) {
	seed, again, err := theSeed()
	if err != nil {
		return nil, "", err
	}
	if seed == usualSeed {
		sum := fnv.New64a()
		fmt.Fprint(sum, what...)
		return rand.New(rand.NewPCG(seed, sum.Sum64())), again, nil
	}
	return secretly("%d %q", seed, fmt.Sprint(what...)), again, nil
}

// theSeed returns the seed, and the variable that makes it the same again: "" if that is
// a class's secret, which nobody whose code is judged may read in a message.
func theSeed() (seed uint64, again string, err error) {
	value, ok := os.LookupEnv(seedVariable)
	if !ok {
		value = strconv.FormatUint(usualSeed, 10)
	}
	seed, err = strconv.ParseUint(value, 10, 64)
	switch {
	case err != nil:
		return 0, "", fmt.Errorf("%s is %q, and has to be a number from 0 to 18446744073709551615",
			seedVariable, value)
	case stage.On() && seed != usualSeed:
		return seed, "", nil
	}
	return seed, seedVariable + "=" + value, nil
}
