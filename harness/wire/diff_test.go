package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

func TestDiff(t *testing.T) {
	long := strings.Repeat("0123456789", 100)
	for _, tt := range []struct{ name, want, got, diff string }{
		{"equal", "hello", "hello", ""},
		{"nothing in common", "Your data was 2 bytes long", "fine", ""},
		{"a number", "Your data was 6 bytes long", "Your data was 12 bytes long", `
wanted  "Your data was 6 bytes long"
came    "Your data was 12 bytes long"
                       ^ they part at byte 14
`},
		{"in the middle of much", long, long[:500] + "x" + long[501:], `
wanted  …"012345678901234567890123456789012345"…
came    …"01234567890123456789x123456789012345"…
                              ^ they part at byte 500
`},
		{"wide characters", "資料包 was 晚安", "資料包 was 晚上", `
wanted  "資料包 was 晚安"
came    "資料包 was 晚上"
                      ^ they part at byte 17
`},
		{"escaped", "tab\there\n", "tab\tthere\n", `
wanted  "tab\there\n"
came    "tab\tthere\n"
              ^ they part at byte 4
`},
		{"bytes", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12",
			"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\xff\x12", `
wanted  0010  10 11 12
came    0010  10 ff 12
                 ^^ they part at byte 17
`},
		{"cut", long, long[:512], "What came is the beginning: 512 of the 1000 bytes.\n"},
		{"longer", "hello", "hello\x00\x00", `What came goes on after the 5 wanted bytes: "\x00\x00"` + "\n"},
		{"nothing came", "hello", "", "What came is the beginning: 0 of the 5 bytes.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, strings.TrimPrefix(tt.diff, "\n"), wire.Diff(tt.want, tt.got, text.English))
		})
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("Your data was 6 bytes long", "Your data was 12 bytes long")
	f.Add("\xff\xfe1234", "\xff\xfe1235")
	f.Fuzz(func(t *testing.T, want, got string) {
		diff := wire.Diff(want, got, text.English)
		for line := range strings.Lines(diff) {
			if !strings.HasPrefix(line, "What came ") { // which is folded
				require.LessOrEqual(t, wire.Cells(line), 100, line)
			}
		}
		if want == got {
			require.Empty(t, diff)
		}
	})
}
