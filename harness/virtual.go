package harness

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
	"udpkata/harness/verdict"
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
	time.Sleep(time.Until(v.w.rec.Start.Add(d)))
	v.w.rec.Quiesce()
	v.w.endIfFailed()
}

// CallUntil calls f as [World.Call] does, with a context whose deadline is d after the
// story's beginning, and which is done one nanosecond later: so nobody can mix up the
// two.
func (v virtualWords) CallUntil(d time.Duration, name string, f func(ctx context.Context) (any, error)) *Call {
	deadline := v.w.rec.Start.Add(d)
	late, release := context.WithDeadline(context.Background(), deadline.Add(1))
	c := v.w.call(lateContext{late, deadline}, name, f)
	cancel := c.cancel
	c.cancel = func() { cancel(); release() }
	c.slack = 1
	return c
}

// A lateContext says that it is done earlier than it is.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

// FailRead makes the read of a socket fail that waits now.
func (v virtualWords) FailRead(socket Endpoint, errno syscall.Errno) {
	c := v.w.conn(socket)
	c.Fails(errno)
	c.Inner().(*simnet.Conn).Report(errno)
	v.w.rec.Quiesce()
}

// SlowWrites makes every write of a socket take a while, as on a busy machine.
func (v virtualWords) SlowWrites(socket Endpoint, by time.Duration) { v.w.conn(socket).SlowWrites(by) }

// SilentFrom fails the story if a socket was asked to send at an instant or
// later.
func (v virtualWords) SilentFrom(socket Endpoint, instant time.Duration) {
	defer v.w.checked()
	c := v.w.conn(socket)
	for _, d := range v.w.rec.SentFrom(record.AddrPort(c.LocalAddr())) {
		if d.At >= instant {
			v.w.wants(diagnosis.Quiet{From: d.From, Got: d.At})
			v.w.marks(d.Number, "the story wants silence here")
			v.w.fatal(verdict.Failed, "%s sent once more after %v; the story wants silence from %v on.",
				c.Name, d.At, instant)
		}
	}
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
const usualSeed = 1

// Rand returns the story's chance: what it draws, the same seed draws again.
func (v virtualWords) Rand() *rand.Rand {
	chance, err := seed()
	if err != nil {
		v.w.fatal(verdict.NotRun, "%v.", err)
	}
	name := fnv.New64a()
	fmt.Fprint(name, v.w.rec.Site.Task)
	v.w.rec.Update(func() { v.w.seed = strconv.FormatUint(chance, 10) })
	return rand.New(rand.NewPCG(chance, name.Sum64()))
}

func seed() (uint64, error) {
	value, ok := os.LookupEnv(seedVariable)
	if !ok {
		return usualSeed, nil
	}
	number, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, and has to be a number from 0 to 18446744073709551615", seedVariable, value)
	}
	return number, nil
}
