package steps_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/steps"
	"udpkata/harness/text"
)

// TestShrink: what is left of a story is short and simple, fails, and is found in a bounded
// number of trials.
func TestShrink(t *testing.T) {
	story := []steps.Step{
		{Do: steps.Send, Who: 2, Text: "early"},
		{After: 3*time.Hour + 7, Do: steps.Start, At: 1, For: 12345678},
		{After: 1234567, Do: steps.FailReads, At: 1, Err: syscall.EIO, Times: 20},
		{After: 5, Do: steps.Send, At: 1, Who: 1, Text: "hello, world", Drop: true},
		{After: time.Second, Do: steps.CancelBecause, At: 1},
	}
	// Three errors and then a datagram of four bytes, at one socket, a second after the call.
	fails := func(story []steps.Step) bool {
		var began, now time.Duration
		socket, failed := -1, 0
		for _, s := range story {
			now += s.After
			switch {
			case s.Do == steps.Start:
				socket, began = s.At, now
			case s.At != socket:
			case s.Do == steps.FailReads:
				failed += s.Times
			case s.Do == steps.Send && len(s.Text) >= 4 && failed >= 3 && now-began >= 100*time.Microsecond:
				return true
			}
		}
		return false
	}
	trials := 0
	short := steps.Shrink(story, 1000, func(story []steps.Step) bool { trials++; return fails(story) })
	require.Equal(t, []steps.Step{
		{Do: steps.Start},
		{After: time.Millisecond, Do: steps.FailReads, Err: syscall.ECONNREFUSED, Times: 3},
		{Do: steps.Send, Text: "xxxx"},
	}, short)
	require.LessOrEqual(t, trials, 1000)

	trials = 0
	short = steps.Shrink(story, 7, func(story []steps.Step) bool { trials++; return fails(story) })
	require.True(t, fails(short))
	require.Equal(t, 7, trials)
}

// TestDescribe: each step is told in words, in both languages, and no two alike.
func TestDescribe(t *testing.T) {
	names := steps.Names{Code: "Ask", Sockets: []string{"client", "another"}, Peers: []string{"server", "mallory"}}
	seen := map[string]bool{}
	for do := steps.Start; do <= steps.Quiet; do++ {
		for _, s := range []steps.Step{
			{Do: do, Err: syscall.EIO, For: time.Second, Bytes: 1, Text: "one", Times: 2},
			{Do: do, After: time.Minute, At: 1, Who: 1, Err: syscall.EPERM, For: -1, Bytes: -1, Text: "2", Drop: true},
			{Do: do, Err: syscall.EIO, For: time.Second, Bytes: 1, Text: "one", Times: 2, Ends: true, Long: true},
		} {
			for _, of := range []steps.Names{
				names, {Code: "Probe", Sockets: names.Sockets, Asks: true},
				{Code: "Ask", Sockets: []string{"client, call A", "client, call B"}, Asks: true, Shared: "client"},
			} {
				said := of.Describe(s)
				require.NotContains(t, said.EN+said.ZH, "%!", "%+v", s)
				require.NotEqual(t, said.EN, said.ZH, "no Chinese")
				if seen[said.EN] && len(of.Peers) > 0 {
					t.Errorf("two steps are told as %q", said.EN)
				}
				seen[said.EN] = true
			}
		}
	}
	answer := steps.Step{After: time.Second, Do: steps.Send, Text: "1"}
	probe := steps.Names{Code: "Probe", Sockets: names.Sockets}
	require.Equal(t, `1s later, server sends "1" to client`, probe.Describe(answer).EN)
	shared := steps.Names{Code: "Ask", Sockets: []string{"call A", "call B"}, Asks: true, Shared: "client"}
	answer = steps.Step{Do: steps.Answer, At: 1, Text: "1", Bytes: 7}
	require.Equal(t, `the server answers call B with "1", and a number that is wrong by +7`, shared.Describe(answer).EN)
	require.Equal(t, "the socket of client is closed", shared.Describe(steps.Step{Do: steps.Close, At: 1}).EN)
	quiet := steps.Step{After: 2 * time.Second, Do: steps.Quiet}
	require.Equal(t, text.Both("2s pass", "過了 2s"), names.Describe(quiet))
}

// TestErr: no error is a time-out; a few stories have all of them, and all odd bytes.
func TestErr(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	errs, payloads := map[error]bool{}, map[string]bool{}
	for story := range 30 {
		for range 20 {
			err := steps.Err(r, story)
			errs[err] = true
			payloads[steps.Payload(r, story, 65507)] = true
			var timeout net.Error
			require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
			require.NotErrorIs(t, err, net.ErrClosed)
		}
	}
	require.Len(t, errs, 21)
	for story := range 60 {
		delete(errs, steps.OwnErr(story))
	}
	require.Empty(t, errs, "are no story's own")
	for _, odd := range []string{"", "line\n", "\x00", "TODO", "晚安", strings.Repeat("z", 65507)} {
		require.True(t, payloads[odd], "%.20q", odd)
	}
}
