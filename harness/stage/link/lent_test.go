//go:build linux

package link_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/stage/link"
)

// TestLent: what one side changes is the same on the other side afterwards, and nobody says it back.
func TestLent(t *testing.T) {
	names := &names{}
	texts := func(all []string) link.List {
		return link.List{
			Put: func(w *link.Writer) {
				for _, s := range all {
					w.Text(s)
				}
			},
			Take: func(r *link.Reader) {
				for i := range all {
					all[i] = r.Text()
				}
			},
		}
	}
	addr := func() *net.UDPAddr { return &net.UDPAddr{IP: net.IP{127, 0, 0, 1}, Port: 7} }
	bytes, theirBytes := []byte("abc"), []byte("abc")
	at, theirs := addr(), addr()
	list, theirList := []string{"a", "b"}, []string{"a", "b"}
	for _, tt := range []struct {
		here, there any
		change      func()
		same        func()
	}{
		{bytes, theirBytes, func() { bytes[1] = 'x' }, func() { require.Equal(t, "axc", string(theirBytes)) }},
		{at, theirs, func() { at.IP[3], at.Port, at.Zone = 9, 8, "z" }, func() { require.Equal(t, at, theirs) }},
		{texts(list), texts(theirList), func() { list[1] = "longer" }, func() { require.Equal(t, list, theirList) }},
	} {
		here, there := link.Lend(tt.here, names), link.Lend(tt.there, names)
		_, ok := here.Changed(names)
		require.False(t, ok)
		tt.change()
		now, ok := here.Changed(names)
		require.True(t, ok)
		there.Set(now, names)
		tt.same()
		for _, l := range []*link.Lent{&here, &there} {
			_, ok = l.Changed(names)
			require.False(t, ok)
		}
	}
}
