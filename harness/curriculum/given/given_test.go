package given

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarked(t *testing.T) {
	tests := []struct {
		name, source string
		want         bool
	}{
		{"in the middle", "package echo\n\n//kata:given\n\nfunc f() {}\n", true},
		{"first", "//kata:given\n\npackage echo\n", true},
		{"last", "package echo\n\n//kata:given", true},
		{"Windows's line ends", "package echo\r\n\r\n//kata:given\r\n", true},
		{"within a comment", "package echo\n\n// //kata:given marks a file\n", false},
		{"other marks", "package echo\n\n//kata:givens\n//kata:points 2\n", false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, Marked([]byte(tt.source)))
		})
	}
}
