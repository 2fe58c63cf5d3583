// Package capability says what this machine can do, and how to get what it
// can't. A test that needs more is skipped with one sentence: the capability's.
package capability

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
)

// A Capability is something that tests may need and a machine may lack.
type Capability struct {
	name  string
	cure  string
	probe func() error
}

// Missing returns the sentence to skip with, or "" where the machine has the
// capability. The machine is asked once.
func (c *Capability) Missing() string {
	if err := c.probe(); err != nil {
		return fmt.Sprintf("needs %s, which this machine lacks (%v): %s", c.name, err, c.cure)
	}
	return ""
}

// IPv6 is the loopback address ::1.
var IPv6 = &Capability{
	name: "IPv6 on loopback",
	cure: "switch IPv6 on (on Linux: sysctl net.ipv6.conf.lo.disable_ipv6=0)",
	probe: sync.OnceValue(func() error {
		conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
		if err != nil {
			return err
		}
		return conn.Close()
	}),
}

// RaceDetector is go's -race, which links C code.
var RaceDetector = &Capability{
	name: "the race detector",
	cure: "install a C compiler (on Debian: apt-get install gcc libc6-dev)",
	probe: sync.OnceValue(func() error {
		out, err := exec.Command("go", "env", "CGO_ENABLED", "CC").Output()
		if err != nil {
			return err
		}
		enabled, compiler, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if enabled != "1" || compiler == "" {
			return errors.New("cgo is off")
		}
		_, err = exec.LookPath(strings.Fields(compiler)[0])
		return err
	}),
}
