package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/wire"
)

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"short", "one two", 20, "one two"},
		{"at a blank", "one two three", 8, "one two\nthree"},
		{"just fits", "one two", 7, "one two"},
		{"a long word", "one twenty-seven two", 6, "one\ntwenty\n-seven\ntwo"},
		{"too narrow", "資料", 1, "資\n料"},
		{"lines stay lines", "one\n    two three", 9, "one\n    two\n    three"},
		{"nothing", "", 5, ""},
		{"Chinese", "資料包是一封信，寄出去。", 8, "資料包是\n一封信，\n寄出去。"},
		{"no line begins with a stop", "資料包是。", 8, "資料包\n是。"},
		{"mixed", "用 buf[:n] 才對", 10, "用 buf[:n]\n才對"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, strings.Join(wire.Fold(tt.text, tt.width), "\n"))
		})
	}
}

func FuzzFold(f *testing.F) {
	f.Add("one two three", 8)
	f.Add("資料包 is a\n    long-word", 5)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if width < 2 || width > 200 {
			return
		}
		for _, line := range wire.Fold(s, width) {
			if strings.HasPrefix(line, " ") {
				continue // an indent may take all the room
			}
			require.LessOrEqual(t, wire.Cells(line), width, "%q", line)
		}
	})
}
