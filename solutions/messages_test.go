package solutions_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/judge"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// update writes the messages of the mutants anew, for somebody to read and commit.
var update = flag.Bool("update", false, "write what the mutants' messages are now to their files")

var updating sync.Mutex // a mutant's messages come from two runs, and are in one file

// compareMessages holds what a student would read of a mutant to the mutant's file. Where it is not sure which task
// fails first, nothing but what the named one says is compared.
func compareMessages(t *testing.T, m mutant, r judge.Report, language text.Language) {
	named := slices.IndexFunc(r.Results, func(res judge.Result) bool { return res.Task == m.killedBy })
	compareMessage(t, m, section(namedMessage, language), steady(r.Results[named]))
	switch first, sure := firstDead(r); {
	case !sure, m.unsteady != "":
	case first.Task == m.killedBy:
		compareMessage(t, m, section(firstMessage, language), "")
	default:
		compareMessage(t, m, section(firstMessage, language), steady(first))
	}
}

// compareMessage holds a message to its section; "" is to have none.
func compareMessage(t *testing.T, m mutant, section, got string) {
	if *update && m.unsteady != "" && gist(m.messages[section]) == gist(got) {
		return // one of several that it may be
	}
	if *update {
		updating.Lock()
		defer updating.Unlock()
		data, err := os.ReadFile(m.path)
		require.NoError(t, err)
		data, err = withMessage(data, section, got)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(m.path, data, 0o644))
		return
	}
	want := m.messages[section]
	const cure = "go test ./solutions -run TestMutantsDie -update writes it"
	if m.unsteady != "" {
		require.Equal(t, gist(want), gist(got), "the first line and what it most likely means, of %s; %s", m.path, cure)
		return
	}
	require.Equal(t, want, got, "the section %q of %s; %s", section, m.path, cure)
}

var (
	// passed is what go test says of whoever did not fail: less indented than what a message folds.
	passed     = regexp.MustCompile(`(?m)^ *--- (?:PASS|SKIP): .*\n|^ {0,12}(?:\S+: )?needs .*\n`)
	ended      = regexp.MustCompile(`(?m)^( *--- [A-Z]+: \S+) \([0-9.]+s\)$`)
	aTime      = regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s)\b`)
	aPort      = regexp.MustCompile(`(\d|\]):\d{4,5}\b`)
	lowPort    = regexp.MustCompile(`\bport \d{4,5}\b`)
	indented   = regexp.MustCompile(`(?m)^    `)
	onSystem   = regexp.MustCompile(`--- FAIL: \S+/(loopback|lab)/`)
	systemSays = regexp.MustCompile(`it chooses from \d+ to \d+`)
)

// steady returns a message without what differs from run to run: on the system's own
// sockets, times and ports.
func steady(r judge.Result) string {
	if r.State == verdict.Crashed {
		return strings.Join(wire.Fold(r.Reason, 96), "\n") + "\n" // the rest is Go's
	}
	message := passed.ReplaceAllString(r.Output, "")
	message = ended.ReplaceAllString(message, "$1")
	message = indented.ReplaceAllString(message, "") // go test's own
	if onSystem.MatchString(message) {
		message = aRung.ReplaceAllString(message, "           t   ")
		message = aPort.ReplaceAllString(message, "$1:PORT")
		message = lowPort.ReplaceAllString(message, "port PORT")
		message = systemSays.ReplaceAllString(message, "it chooses from LOW to HIGH")
		message = aTime.ReplaceAllStringFunc(message,
			func(found string) string { return strings.Repeat("t", len(found)-1) + "s" })
	}
	return message
}

// gist returns a message's first line and what it most likely means, whatever times are in it.
func gist(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	return someTime.ReplaceAllString(first+"\n"+unfolded(meaning(message)), "ts")
}

var someTime = regexp.MustCompile(aTime.String() + `|\bt+s\b`)

// TestGist: of two messages that differ in times and pictures, and of two that don't say the same.
func TestGist(t *testing.T) {
	const one = "x_test.go:1: Ask returned after 100ms.\n\n     0.000ms │ ─▶ │\n\n" +
		"Most likely: It came 1.5s too late,\n             and went on.\nNext: read.\n"
	const same = "x_test.go:1: Ask returned after 3.2s.\n\n" +
		"Most likely: It came ttts too\n   late, and went on.\nNext: x.\n"
	require.Equal(t, gist(one), gist(same))
	require.NotEqual(t, gist(one), gist(strings.ReplaceAll(one, "went on", "did not")))
	require.NotEqual(t, gist(one), gist(strings.ReplaceAll(one, "Ask", "Serve")))
}

// meaning returns what a message says under "Most likely", in English.
func meaning(message string) string {
	_, meaning, _ := strings.Cut(message, "\nMost likely: ")
	for _, next := range []string{
		"Your code: ", "Went well: ", "Not run, as ", "Capture: ", "The same again: ", "Next: ",
	} {
		meaning, _, _ = strings.Cut(meaning, "\n"+next)
	}
	return meaning
}

// TestMessagesAreFitToRead: each message fits one screen, ends with what to do next,
// and holds nothing that is the harness's own.
func TestMessagesAreFitToRead(t *testing.T) {
	for _, m := range mutants(t) {
		for section, message := range m.messages {
			for _, wrong := range unfit(message) {
				t.Errorf("%s: %s: %s", m.path, section, wrong)
			}
		}
	}
}

var (
	anAddress = regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b|\[[0-9a-f:]+(?:%\w+)?\]`)
	aDump     = regexp.MustCompile(`goroutine \d|harness/|synctest|testing\.|\[recovered|\b0x[0-9a-f]{6,}|\+0x|/tmp/`)
	known     = []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/24"), netip.MustParsePrefix("127.10.0.0/24"),
		netip.MustParsePrefix("127.255.255.255/32"), netip.MustParsePrefix("255.255.255.255/32"),
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("::/127"),
		netip.MustParsePrefix("fd00::/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("2001:db8::/32"),
	}
)

// unfit lists what is wrong with a message.
func unfit(message string) (wrong []string) {
	const rows, columns = 40, 100
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	lines := strings.Split(strings.TrimRight(message, "\n"), "\n")
	var own []string // without go test's
	for _, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), "--- ") {
			own = append(own, line)
		}
	}
	if len(lines) > rows {
		complain("%d lines; one screen has %d", len(lines), rows)
	}
	for _, line := range lines {
		if n := wire.Cells(line); n > columns {
			complain("a line of %d columns; a screen has %d: %s", n, columns, line)
		}
		if inner := aDump.FindString(line); inner != "" {
			complain("%q is no student's business: %s", inner, line)
		}
		for _, found := range anAddress.FindAllString(line, -1) {
			addr, err := netip.ParseAddr(strings.Trim(found, "[]"))
			isKnown := err != nil
			for _, p := range known {
				isKnown = isKnown || p.Contains(addr.WithZone("").Unmap())
			}
			if !isKnown {
				complain("the address %s is none that a student has seen: %s", found, line)
			}
		}
	}
	crashed := strings.HasPrefix(message, "The process ended ") // a reason, and no more
	if len(own) > 1 && !crashed {
		if last := own[len(own)-1]; !strings.HasPrefix(last, "Next: ") && !strings.HasPrefix(last, "接下來：") {
			complain("it does not end with what to do next: %s", last)
		}
	}
	return wrong
}

// TestUnfit: each rule can be broken.
func TestUnfit(t *testing.T) {
	const good = "echo_test.go:12: no\n\nNext: read lessons/02-echo/hints.md, section TestX.\n--- FAIL: " +
		"TestX/virtual/ip4\n"
	require.Empty(t, unfit(good))
	for _, bad := range []string{
		strings.Repeat("line\n", 40) + good,
		strings.Repeat("x", 101) + "\n" + good,
		"goroutine 7 [running]\n" + good,
		"at /x/harness/call.go:12\n" + good,
		"from 127.85.68.80:1060\n" + good,
		"from [fec0::1]:1060\n" + good,
		good + "and so on\n",
	} {
		require.Len(t, unfit(bad), 1, bad)
	}
}
