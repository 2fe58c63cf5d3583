package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStamp(t *testing.T) {
	for at, want := range map[time.Duration]string{
		0: "0.000ms", 100 * time.Millisecond: "100.000ms", 1499999: "1.500ms",
		100*time.Millisecond - 1: "100ms-1ns", 100*time.Millisecond + 1: "100ms+1ns", 100*time.Millisecond +
			2: "100.000ms",
	} {
		require.Equal(t, want, stamp(at))
	}
}

func TestQuote(t *testing.T) {
	require.Equal(t, `""`, Quote(""))
	require.Equal(t, `"a\n\xff\"晚"`, Quote("a\n\xff\"晚"))
	require.Equal(t, `"xxxxxxxxxxxxxxxxxxxx…yyyyyyyyyy" (41 bytes)`,
		Quote(strings.Repeat("x", 31)+strings.Repeat("y", 10)))
}
