package capability_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/capability"
	"udpkata/harness/netlab"
	"udpkata/harness/netlab/labtest"
)

// TestAbsentAddress: where sockets may be opened at any address, none is absent.
func TestAbsentAddress(t *testing.T) {
	labtest.In(t, func(*netlab.Lab) {
		const anywhere = "/proc/sys/net/ipv4/ip_nonlocal_bind"
		if err := os.WriteFile(anywhere, []byte("1"), 0); err != nil {
			t.Skip("needs a /proc/sys that it can write: ", err)
		}
		require.EqualError(t, capability.AbsentAddress4.Missing(), "needs an address that no socket can be "+
			"opened at, which this machine lacks (192.0.2.1 can be opened): let sockets be opened at the "+
			"computer's own addresses alone (on Linux: sysctl net.ipv4.ip_nonlocal_bind=0)")
	})
}
