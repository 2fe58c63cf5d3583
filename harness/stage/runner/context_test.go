//go:build linux

package runner

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEndedAtOnce: once a context has ended, so has whatever derives from it, and nobody can call off any more what was
// to happen then.
func TestEndedAtOnce(t *testing.T) {
	c := &judged{done: make(chan struct{}), calls: map[int]func(){}}
	child, cancel := context.WithCancel(c)
	defer cancel()
	over := make(chan struct{})
	stop := context.AfterFunc(child, func() { close(over) })
	c.end(context.DeadlineExceeded, context.DeadlineExceeded)
	require.Equal(t, context.DeadlineExceeded, child.Err())
	require.False(t, stop())
	<-over
}
