package harness

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"

	"udpkata/harness/internal/record"
	"udpkata/harness/simnet"
	"udpkata/harness/stage"
	"udpkata/harness/verdict"
)

// This file is about what is wrong only where two processors are at it in the same instant, such as the use of a map
// without its lock. Nobody can bring that about for sure; many calls at the same time mostly do.

const (
	crowdSize  = 16  // goroutines
	crowdCalls = 400 // on each of them
	crowdCores = 4   // at least: where there are fewer processors, one is taken away in the middle of something
)

// Crowd calls f on many goroutines at the same time, and on each again and again until it fails. What it returns last
// has to be want and no error, on all of them. Code that uses a map without its lock is mostly seen doing that: Go
// ends the program then.
func (w *World) Crowd(name string, want any, f func(ctx context.Context) (any, error)) {
	defer w.checked()
	calls := crowdCalls
	if stage.On() { // where the code has one processor
		calls = 1
	} else {
		cores := runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(max(cores, crowdCores))
		defer runtime.GOMAXPROCS(cores)
	}
	begin := make(chan struct{})
	all := make([]*Call, crowdSize)
	for i := range all {
		all[i] = w.Call(name, func(ctx context.Context) (value any, err error) {
			<-begin
			for n := 0; n < calls && err == nil; n++ {
				value, err = f(ctx)
			}
			return value, err
		})
	}
	close(begin)
	for _, c := range all {
		c.checkReturns(want)
	}
}

// Echo opens a socket for the code that is connected to somebody who sends back at once what comes. None of it is
// recorded: it is for a [World.Crowd], whose datagrams are too many to be told.
func (v virtualWords) Echo() net.Conn {
	n := &simnet.Network{Clock: &v.w.rec.Clock}
	at := netip.AddrPortFrom(v.w.host.Addr(), 0)
	host := n.Host()
	server, err := host.Listen(at, simnet.Options{})
	if err != nil {
		v.w.fatal(verdict.NotRun, "No socket for %s: %v.", "an echo", err)
	}
	conn, err := host.Dial(at, record.AddrPort(server.LocalAddr()))
	if err != nil {
		v.w.fatal(verdict.NotRun, "No socket for %s: %v.", "an echo", err)
	}
	v.w.closers = append(v.w.closers, server.Close, conn.Close)
	go func() {
		buf := make([]byte, 1<<16)
		for i := 0; ; i++ {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			if i%100 == 0 {
				v.w.rec.Update(func() {}) // the story goes on
			}
			server.WriteTo(buf[:n], from)
		}
	}()
	return &echoedConn{Conn: conn}
}

// An echoedConn ends whoever goes on reading though that fails.
type echoedConn struct {
	*simnet.Conn
	failed atomic.Int32
}

// Read reads a datagram; see [net.Conn].
func (c *echoedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.failed.Add(1) > record.ManyFailures {
		runtime.Goexit()
	}
	return n, err
}
