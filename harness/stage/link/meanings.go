package link

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// How a call ends.
const (
	HasReturned = iota
	HasPanicked
	HasExited // its goroutine has
)

// Gone is a frame's N if the operation has ended the goroutine that asked for it.
const Gone = 1

// Unanswered is the N of an operation's frame for whose answer nobody waits.
const Unanswered = 1

// MostGoroutines is how many bytes of goroutines' stacks the stage tells of.
const MostGoroutines = 1 << 20

// StoryBits is how many bits the numbers of one story's objects have: no other's has the same.
const StoryBits = 24

// The kinds of sockets that are passed.
const (
	NoSocket     = iota
	NilSocket    // a nil pointer
	ObjectSocket // one of the judge's, whose operations are the judge's
	PassedSocket // one of the kernel's, which both sides have
	OtherSocket  // one of a type that is not package net's
)

// What is known of a passed socket beside its descriptor.
const (
	IsClosed    = 1 << iota // it has no descriptor
	IsOverdue               // it has a deadline that has passed
	IsBlocking              // calls of it block their thread
	IsUnusable              // it is no socket that package net has made
	IsConnected             // package net knows a remote address of it
)

// State returns which of IsClosed and IsOverdue is true of a socket.
func State(raw syscall.RawConn) uint64 {
	noWait := func(uintptr) bool { return true }
	switch err := errors.Join(raw.Read(noWait), raw.Write(noWait)); {
	case errors.Is(err, net.ErrClosed):
		return IsClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return IsOverdue
	}
	return 0
}
