package stage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/stacks"
)

// TestOnTheWay: whoever takes an operation for one that takes its time, while it is on its way, believes that code
// waits which goes on.
func TestOnTheWay(t *testing.T) {
	const self = 5
	performed := operations{1: 10, 2: self, 3: 0, 4: 40}
	here := []stacks.Goroutine{{ID: self, State: "running"}, {ID: 10, State: "IO wait"}, {ID: 11, State: "runnable"}}
	tests := []struct {
		name  string
		asked []int64
		still bool // nothing has come from the stage for a while, and gone there
		want  bool
	}{
		{"nobody waits", nil, false, false},
		{"its performer waits", []int64{1}, false, false},
		{"its performer is who looks", []int64{2}, false, false},
		{"nobody performs it yet", []int64{3}, false, true},
		{"its performer began after the others were listed", []int64{4}, false, true},
		{"it has not come, or is answered", []int64{99}, false, true},
		{"one of several", []int64{1, 2, 99}, false, true},
		{"it has come after a while", []int64{3}, true, true},
		{"it is about to be answered after a while", []int64{4}, true, true},
		{"it never comes", []int64{99}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, performed.onTheWay(tt.asked, !tt.still, here, self))
		})
	}
	here[1].State = "runnable"
	require.True(t, performed.onTheWay([]int64{1}, false, here, self), "its performer runs")
}
