// Package labtest is for tests that need a lab.
package labtest

import (
	"bytes"
	"strings"
	"testing"

	"udpkata/harness/netlab"
)

// In runs a top-level test in a process of netlab.Command's, where test gets a
// lab. The test is skipped, with the reason, where there are no labs, and fails
// with all that the process has printed.
func In(t *testing.T, test func(l *netlab.Lab)) {
	t.Helper()
	if netlab.Inside() {
		l, err := netlab.New()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		test(l)
		return
	}
	if missing := netlab.Missing(); missing != nil {
		t.Skip(missing)
	}
	cmd := netlab.Command("-test.run=^"+t.Name()+"$", "-test.v")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := netlab.Run(cmd); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "--- PASS: "+t.Name()) {
		t.Fatalf("the process did not run the test:\n%s", &out)
	}
}
