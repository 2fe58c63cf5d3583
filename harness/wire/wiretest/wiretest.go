// Package wiretest is for tests that show a capture to somebody else's reader.
package wiretest

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// NeedTshark skips a test, with the cure, where there is no tshark, Wireshark's
// program for terminals. Where CI is set on Linux, the test fails, since .ci/run
// installs tshark there.
func NeedTshark(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		const missing = "needs tshark, which this machine lacks (%v): install it (on Debian: apt-get install tshark)"
		if os.Getenv("CI") != "" && runtime.GOOS == "linux" {
			t.Fatalf(missing, err)
		}
		t.Skipf(missing, err)
	}
}

// Tshark returns what tshark, which the test needs, reads in a capture: for each
// packet the values of the fields, which are named as in Wireshark's filters.
// Checksums are looked at, and payloads are taken for data, whatever the port.
func Tshark(t testing.TB, capture string, fields ...string) (packets [][]string) {
	t.Helper()
	NeedTshark(t)
	args := []string{
		"-n", "-r", capture, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-d", "udp.port==1-65535,data", "-T", "fields",
	}
	for _, field := range fields {
		args = append(args, "-e", field)
	}
	cmd := exec.Command("tshark", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, &stderr)
	}
	for line := range strings.Lines(string(out)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(values) != len(fields) {
			t.Fatalf("tshark gives %d fields; want %d: %s", len(values), len(fields), line)
		}
		packets = append(packets, values)
	}
	return packets
}
