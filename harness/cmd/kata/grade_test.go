package main

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/grade"
)

// TestProgress: how long the others take is said once it can be known, and where a run has stopped always.
func TestProgress(t *testing.T) {
	t.Setenv("UDPKATA_LANG", "en")
	var b bytes.Buffer
	f := &grading{s: &session{out: bufio.NewWriter(&b)}}
	f.stopped()
	for _, p := range []grade.Progress{
		{All: 6}, {Done: 1, All: 6, Kept: 1, Who: "ann"}, {Done: 2, All: 6, Kept: 1, Who: "bob"},
		{Done: 3, All: 6, Kept: 1, Who: "eve", Wrong: "it can't be"}, {Done: 4, All: 6, Kept: 1, Who: "fay"},
	} {
		f.tell(p)
	}
	f.began = f.began.Add(-longEnough)
	f.tell(grade.Progress{Done: 5, All: 6, Kept: 1, Who: "gus"})
	f.stopped()
	require.NoError(t, f.s.out.Flush())
	require.Regexp(t, "^Stopped before the first; the same command begins again\\.\n2 of 6: bob\n3 of 6: eve \\(!\\)\n"+
		"4 of 6: fay\n5 of 6, .* a minute, .* left: gus\nStopped at 5 of 6; the same command goes on\\.\n$", b.String())
}

// TestOnly: lessons are named by number or name, and are in the course's order.
func TestOnly(t *testing.T) {
	lessons := []curriculum.Lesson{{Name: "01-ports"}, {Name: "02-echo"}, {Name: "03-spoof"}}
	for list, want := range map[string][]string{
		"": nil, "03, 02": {"02-echo", "03-spoof"}, "echo,02-echo,2": {"02-echo"},
	} {
		names, err := only(lessons, list)
		require.NoError(t, err)
		require.Equal(t, want, names, list)
	}
	for _, list := range []string{"5", "02,", "04", "0"} {
		_, err := only(lessons, list)
		require.ErrorContains(t, err, "which is no lesson with tasks: give them as in 02,03,04", list)
	}
}
