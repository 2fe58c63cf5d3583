package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVisible: nothing in a report is a terminal's to obey, and its lines are lines.
func TestVisible(t *testing.T) {
	const said = "a.go:1:\x1b[32m \u202e\x16\xff 寫\u3000\u00a0é\r"
	const seen = "a.go:1:\ufffd[32m \ufffd\ufffd\ufffd 寫\u3000\u00a0é\ufffd"
	r := Report{
		Results: []Result{{Reason: said + "\n", Output: said + "\n\t" + said}}, Notes: []string{"a\nb.go was left out"},
	}
	r.visible()
	require.Equal(t, Report{
		Results: []Result{{Reason: seen + " ", Output: seen + "\n\t" + seen}}, Notes: []string{"a b.go was left out"},
	}, r)
}
