//go:build !linux

package stage

import (
	"errors"
	"net/netip"
)

// A Story is one that the stage takes part in: none, on this system.
type Story struct{}

// Begin returns an error.
func Begin(Setting) (*Story, error) {
	return nil, errors.New("the code under test runs in a process of its own on Linux alone")
}

// End does nothing.
func (*Story) End() {}

// Leave does nothing.
func (*Story) Leave() {}

// Kill does nothing.
func (*Story) Kill() {}

// HasRun reports that it has not.
func HasRun() bool { return false }

// Alone reports that it is.
func (*Story) Alone() bool { return true }

// Silent reports that it is not.
func (*Story) Silent() bool { return false }

// Steps returns 0.
func (*Story) Steps() uint64 { return 0 }

// Row calls f with each number from 0 to n−1.
func Row(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

// Sweep does nothing.
func Sweep() {}

// Close does nothing.
func Close() {}

// Sockets returns nothing.
func Sockets() map[uintptr]netip.AddrPort { return nil }

// Locate returns what it is given.
func Locate(sockets map[uintptr]netip.AddrPort) map[uintptr]netip.AddrPort { return sockets }
