package capability

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/netlab"
)

// machineVariable makes a process of netlab's another machine: one of machines, by name.
const machineVariable = "UDPKATA_TEST_MACHINE"

var (
	absent4 = netip.MustParseAddr("192.0.2.1")
	absent6 = netip.MustParseAddr("2001:db8::1")
)

// machines are what can be made of a machine of which nothing is known but that its
// loopback is down, and what it then lacks: a capability, and a part of its sentence.
var machines = []struct {
	name    string
	make    func() error
	missing func() error
	want    string // "" if the machine has it
	vital   bool
}{
	{"loopback down", func() error { return nil }, MissingVital, "needs the loopback address 127.0.0.1, which " +
		"this machine lacks (loopback is down): bring loopback up (on Linux: ip link set lo up)", true},
	{"ordinary", loopbackUp, func() error {
		return Missing(Bubbles, Descriptors, Loopback,
			SecondLoopback, Broadcast, AbsentAddress(absent4),
			AbsentAddress(absent6))
	}, "", false},
	{"few descriptors", func() error { return limitDescriptors(20) }, MissingVital,
		"needs 32 files and sockets, which this machine lacks (a process may have 20)", true},
	{"foreign addresses", func() error { return set("ipv4/ip_nonlocal_bind", "1") },
		AbsentAddress(absent4).Missing, "(192.0.2.1 can be used): ", false},
	{"foreign addresses of IPv6", func() error { return set("ipv6/ip_nonlocal_bind", "1") },
		AbsentAddress(absent6).Missing, "(2001:db8::1 can be used): ", false},
	{"no IPv6", func() error { return set("ipv6/conf/all/disable_ipv6", "1") }, IPv6.Missing,
		"needs IPv6 on loopback", false},
	{"hardly any sockets", func() error { return limitDescriptors(40) }, useUp,
		"needs more files and sockets, which this machine lacks (a process may have 40): let a process have more " +
			"(ulimit -n 1024)", false},
	{"hardly any ports", func() error { return set("ipv4/ip_local_port_range", "40000 40010") }, useUp,
		"(it chooses from the ports 40000 to 40010): sysctl net.ipv4.ip_local_port_range=", false},
}

// TestMachines: what a machine lacks is known, with a cure.
func TestMachines(t *testing.T) {
	if netlab.Inside() {
		for _, m := range machines {
			if m.name != os.Getenv(machineVariable) {
				continue
			}
			if m.name != "loopback down" {
				require.NoError(t, loopbackUp())
			}
			if err := m.make(); err != nil {
				t.Skip("this machine does not allow the test: ", err)
			}
			missing := m.missing()
			if m.want == "" {
				require.NoError(t, missing)
				return
			}
			require.ErrorContains(t, missing, m.want)
			require.Equal(t, m.vital, IsVital(missing))
		}
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			cmd := netlab.Command("-test.run=^TestMachines$", "-test.v")
			cmd.Env = append(cmd.Env, machineVariable+"="+m.name)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			require.NoError(t, netlab.Run(cmd), "%s", &out)
			if bytes.Contains(out.Bytes(), []byte("--- SKIP")) {
				t.Skip(out.String())
			}
			require.Contains(t, out.String(), "--- PASS: TestMachines")
		})
	}
}

func loopbackUp() error {
	_, err := netlab.New()
	return err
}

func set(name, value string) error { return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0) }

func limitDescriptors(most uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: most, Max: most})
}

// useUp opens sockets until no more can be, and says what that means.
func useUp() error {
	for {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return Exhausted(err)
		}
		defer conn.Close()
	}
}
