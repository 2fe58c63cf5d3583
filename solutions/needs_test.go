package solutions_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// needRaceDetector skips a test, with the cure, where go's -race can't be had, which
// links C code. With CI set, the test fails, since .ci/run installs a compiler.
func needRaceDetector(t *testing.T) {
	const missing = "needs the race detector, which this machine lacks (%s): " +
		"install a C compiler (on Debian: apt-get install gcc libc6-dev)"
	why := ""
	out, err := exec.Command("go", "env", "CGO_ENABLED", "CC").Output()
	enabled, compiler, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	switch {
	case err != nil:
		why = err.Error()
	case enabled != "1" || compiler == "":
		why = "cgo is off"
	default:
		if _, err := exec.LookPath(strings.Fields(compiler)[0]); err != nil {
			why = err.Error()
		}
	}
	switch {
	case why == "":
	case os.Getenv("CI") != "":
		t.Fatalf(missing, why)
	default:
		t.Skipf(missing, why)
	}
}
