//go:build linux

package stage

import (
	"runtime"

	"udpkata/harness/stage/link"
)

// longestRow is how many calls the stage gets at once.
const longestRow = 1000

// A row is calls of values alone that the stage makes one after the other, without a word
// in between.
type row struct {
	calls []*Call
	at    int // the one whose results are taken next; -1 before there are any
}

// Row calls f with each number from 0 to n−1, where f calls one of the code's functions, of
// values alone, and nobody else calls any meanwhile. f is called twice with each: first to
// learn with which values, and then with the results.
func Row(n int, f func(i int)) {
	s := current.Load()
	if s == nil || !s.Virtual {
		for i := range n {
			f(i)
		}
		return
	}
	for first := 0; first < n; first += longestRow {
		s.tellRow(first, min(n, first+longestRow), f)
	}
}

func (s *Story) tellRow(first, last int, f func(i int)) {
	s.row = &row{at: -1}
	defer func() { s.row = nil }()
	for i := first; i < last; i++ {
		f(i)
	}
	if calls := s.row.calls; len(calls) > 0 {
		s.mail(calls[len(calls)-1].row(s.row)...)
		select {
		case <-calls[len(calls)-1].done:
		case <-s.gone:
			runtime.Goexit()
		}
	}
	s.row.at = 0
	for i := first; i < last; i++ {
		f(i)
	}
}

// row returns the frames of all calls of a row, of which this is the last.
func (c *Call) row(r *row) (all []link.Frame) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range r.calls {
		s.last++
		c.id = s.last
		s.calls[c.id], s.running[c.id] = c, true
		all = append(all, link.Frame{Kind: link.Invoke, ID: c.id, N: 1, Body: c.Bytes})
	}
	return all
}

// inRow takes part in a row: before there are results, it notes the call and returns zero ones.
func (c *Call) inRow() *In {
	r := c.s.row
	if r.at < 0 {
		r.calls = append(r.calls, c)
		return &In{s: c.s}
	}
	if r.at == len(r.calls) {
		panic("a function that is called in a row calls another one of the code's when it knows the results")
	}
	c = r.calls[r.at]
	r.at++
	return c.results()
}
