package wire

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaders(t *testing.T) {
	ip4, ip6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
	require.Equal(t, 28, Headers(ip4))
	require.Equal(t, 48, Headers(ip6))
	require.Equal(t, 65507, MaxPayload(ip4))
	require.Equal(t, 65527, MaxPayload(ip6))
}
