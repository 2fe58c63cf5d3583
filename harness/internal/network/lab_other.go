//go:build !linux

package network

import (
	"testing"

	"udpkata/harness/netlab"
)

// Lab4 and Lab6 are networks that this system does not have.
var (
	Lab4 = noLab("lab/ip4")
	Lab6 = noLab("lab/ip6")
)

func noLab(name string) Network[Lab] {
	run := func(*testing.T, Watch, func(Lab)) error { return netlab.Missing() }
	return Network[Lab]{Name: name, Missing: netlab.Missing, InLab: true, Run: run}
}
