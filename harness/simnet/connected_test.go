package simnet_test

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// connectedRows are about connected sockets, and about refusals, which only
// they hear of.
var connectedRows = []row{
	{name: "connected", run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.note("%T %v, %T %v", c.LocalAddr(), c.LocalAddr(), c.RemoteAddr(), c.RemoteAddr())
		e.write(c, "hello")
		e.receive(a)
		e.send(a, c, "hi")
		e.read(c, 10)
		e.send(a, c, "with its source")
		e.receive(c)
	}},
	{name: "connected, empty datagram", run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.write(c, "")
		e.receive(a)
		e.send(a, c, "")
		e.send(a, c, "next")
		e.read(c, 10)
		e.read(c, 10)
	}},
	{name: "connected, reading into nothing", linux: true, run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.read(c, 0)
		e.send(a, c, "still there")
		e.read(c, 0)
		e.read(c, 20)
	}},
	{name: "connected, short buffer", linux: true, run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.send(a, c, "0123456789")
		e.read(c, 4)
		e.read(c, 4)
	}},
	{name: "a stranger is not heard", run: func(e *env) {
		a, stranger := e.open("a"), e.open("stranger")
		c := e.connect("c", a)
		e.send(stranger, c, "fine")
		e.send(a, c, "the true one")
		e.read(c, 20)
		e.read(c, 20)
	}},
	{name: "what came before the connection", run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.send(c, a, "WriteTo is not for the connected")
		e.receive(a)
	}},
	{name: "writing without a connection", linux: true, run: func(e *env) {
		a := e.open("a")
		e.write(a, "where to?")
		e.note("%v", a.RemoteAddr() == nil)
	}},
	{name: "refused: every other write", linux: true, run: func(e *env) {
		c := e.connect("c", e.gone())
		for range 5 {
			e.write(c, "anybody?")
		}
	}},
	{name: "refused: a read hears it, once", linux: true, run: func(e *env) {
		c := e.connect("c", e.gone())
		e.write(c, "anybody?")
		e.read(c, 10)
		e.read(c, 10)
		e.write(c, "really?")
		e.receive(c)
	}},
	{name: "refused: who waits hears it", linux: true, run: func(e *env) {
		c := e.connect("c", e.gone())
		e.during(func() { c.Write([]byte("anybody?")) }, func() { e.readFrom(c, 10) })
	}},
	{name: "refused: a past deadline comes first", linux: true, run: func(e *env) {
		c := e.connect("c", e.gone())
		e.write(c, "anybody?")
		c.SetReadDeadline(time.Unix(1, 0))
		e.readFrom(c, 10)
		c.SetReadDeadline(time.Time{})
		e.readFrom(c, 10)
	}},
	{name: "refused: a datagram too big does not hear it", linux: true, run: func(e *env) {
		c := e.connect("c", e.gone())
		e.write(c, "anybody?")
		e.write(c, strings.Repeat("x", 66_000))
		e.write(c, strings.Repeat("x", maxPayload(e.ip)+1))
		e.write(c, "hears it")
		e.write(c, "does not")
	}},
	{name: "refused: comes before what is queued", linux: true, run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.send(a, c, "queued")
		require.NoError(e.t, e.shut(a))
		e.write(c, "anybody?")
		e.read(c, 20)
		e.read(c, 20)
	}},
	{name: "refused: unconnected, never", linux: true, run: func(e *env) {
		gone, a := e.gone(), e.open("a")
		e.send(a, gone, "anybody?")
		e.receive(a)
		e.send(a, gone, "anybody?")
	}},
	{name: "refused: whom it has reached before", linux: true, run: func(e *env) {
		a := e.open("a")
		c := e.connect("c", a)
		e.write(c, "one")
		e.receive(a)
		require.NoError(e.t, e.shut(a))
		e.write(c, "two")
		e.write(c, "three")
	}},
}
