// Package stage has the code under test run in a process of its own: the stage. The lesson's
// tests, the sockets, the clock and the verdict stay in this process. In the lesson's place it
// links stand-ins with the same signatures (package standin), which call the stage; what
// the code does with what it was given comes back as operations, which are performed here.
//
// Everything that comes from the stage is a claim. It decides nothing: a stage that crashes,
// never answers, or talks nonsense ends the story that it takes part in.
//
// With confine.Variable set, the stage is confined as package confine says: it keeps its number and its descriptors,
// and has no way to reach this process but those.
//
// In virtual time this process and the stage are two bubbles in step, as package clock
// says: this side knows when its next timer goes off, and the stage's clock runs no further
// than that.
package stage

import (
	"fmt"
	"net"
	"os"

	"udpkata/harness/internal/clock"
	"udpkata/harness/internal/stacks"
)

// Variable names the program that the code under test was built into. Without it, the code
// is linked with its tests, as in a student's own go test.
const Variable = "UDPKATA_STAGE"

// On reports whether the code under test runs elsewhere.
func On() bool { return program != "" }

var program = os.Getenv(Variable)

// A Setting says what a story needs of the stage.
type Setting struct {
	Virtual bool
	Clock   *clock.Clock // in virtual time
	Site    stacks.Site
	Bubble  int    // the number of the story's, in virtual time
	Seed    uint64 // decides what comes first where the order is nobody's
	// Crashed is told that the code's process has ended or is no use any more, and why.
	Crashed func(c Crash)
}

// A Crash is the end of a stage.
type Crash struct {
	How   string // as in "status 2"; "" if it lives, and talks nonsense
	Words string // what it has printed last
}

// A Panic is one of the code's.
type Panic struct {
	Text      string
	Assertion bool // it is a [runtime.TypeAssertionError]
}

// String returns what the panic says.
func (p Panic) String() string { return p.Text }

// An Other is a socket of a type that is not package net's.
type Other struct {
	net.Conn        // nil
	typeName string // as the code has it
}

// ReadFrom makes it a [net.PacketConn].
func (*Other) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, net.ErrClosed }

// WriteTo makes it a [net.PacketConn].
func (*Other) WriteTo([]byte, net.Addr) (int, error) { return 0, net.ErrClosed }

// TypeName returns the name of a value's type, as the code has it.
func TypeName(v any) string {
	if o, ok := v.(*Other); ok {
		return o.typeName
	}
	return fmt.Sprintf("%T", v)
}
