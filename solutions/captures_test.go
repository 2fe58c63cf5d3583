package solutions_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/judge"
	"udpkata/harness/wire/wiretest"
)

// TestCaptures: where go test keeps artifacts, a failing story leaves a capture, and
// tshark reads in it what the ladder shows.
func TestCaptures(t *testing.T) {
	wiretest.NeedTshark(t)
	var captured []string
	for _, m := range mutants(t) {
		if !m.capture {
			continue
		}
		captured = append(captured, m.lesson.Name)
		params := judge.Params{Lesson: m.lesson, Dir: mutate(t, m), NoVet: true, Artifacts: t.TempDir()}
		try(t, m.lesson.Name+"/"+m.name, params, func(t *testing.T, r judge.Report) {
			named, err := killed(m, r)
			require.NoError(t, err)
			path := aCapture.FindStringSubmatch(named.Output)
			require.NotNil(t, path, "no capture is named:\n%s", named.Output)
			compareCapture(t, path[1], named.Output)
		})
	}
	for _, l := range lessons(t) {
		require.Contains(t, captured, l.Name, "no misconception of the lesson says \"capture: yes\"")
	}
}

var (
	aCapture = regexp.MustCompile(`(?m)^ +Capture: (.*)$`)
	aRung    = regexp.MustCompile(`(?m)^ +(\d+)(?:\.(\d{3})ms|ms([+-])1ns)   `)
	aPause   = regexp.MustCompile(`\((\d+) more\)`)
)

// compareCapture holds what tshark reads to what the message shows: as many
// datagrams, each that is shown at its time, with what is said of it.
func compareCapture(t *testing.T, file, message string) {
	var times []int64 // in nanoseconds
	var comments []string
	for _, fields := range wiretest.Tshark(t, file, "frame.time_epoch", "frame.comment", "udp.checksum.status",
		"_ws.malformed") {
		seconds, nanoseconds, _ := strings.Cut(fields[0], ".")
		s, err := strconv.ParseInt(seconds, 10, 64)
		require.NoError(t, err)
		ns, err := strconv.ParseInt(nanoseconds, 10, 64)
		require.NoError(t, err)
		times = append(times, s*1e9+ns)
		comments = append(comments, fields[1])
		require.Equal(t, "1", fields[2], "the checksum is not good: %v", fields)
		require.Empty(t, fields[3], "malformed")
	}
	require.NotEmpty(t, times)

	rungs := aRung.FindAllStringSubmatch(message, -1)
	shown := len(rungs)
	for _, m := range aPause.FindAllStringSubmatch(message, -1) {
		n, _ := strconv.Atoi(m[1])
		shown += n
	}
	require.Equal(t, shown, len(times), "the ladder's datagrams and tshark's:\n%s", message)
	began := int64(946_684_800_000_000_000) // virtual time begins with the year 2000
	if !strings.Contains(message, "/virtual/") {
		began = times[0] - instant(rungs[0])
	}
	for _, m := range rungs {
		require.True(t, slices.ContainsFunc(times, func(at int64) bool {
			off := at - began - instant(m)
			return -1000 < off && off < 1000 // a rung tells microseconds
		}), "no packet has the time of the rung %q:\n%s", m[0], message)
	}
	if strings.Contains(message, " more)") {
		return // who knows what is said of those
	}
	for _, comment := range comments {
		for part := range strings.SplitSeq(comment, "; ") {
			if !strings.HasPrefix(part, "sent at ") {
				require.Contains(t, unfolded(message), part)
			}
		}
	}
}

// instant returns a rung's time since the story's beginning, in nanoseconds.
func instant(rung []string) int64 {
	ms, _ := strconv.ParseInt(rung[1], 10, 64)
	us, _ := strconv.ParseInt("0"+rung[2], 10, 64)
	return ms*1_000_000 + us*1_000
}
