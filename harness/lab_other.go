//go:build !linux

package harness

import (
	"net/netip"
	"testing"

	"udpkata/harness/netlab"
)

// lab is a network that this system does not have.
type lab struct{ virtual }

var labs = []network{lab{virtual{localhost4}}, lab{virtual{localhost6}}}

func (n lab) name() string   { return "lab/" + version(n.ip) }
func (n lab) missing() error { return netlab.Missing() }

func (n lab) second() (netip.Addr, error) { return netip.Addr{}, n.missing() }

func (n lab) run(*testing.T, *World, func(*World)) { panic(n.missing()) }
