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
	s     *Story
	id    int64
	n     int         // calls, and then those whose results are not taken yet
	calls link.Writer // what they are called with

	left    int // that have not returned
	results link.Reader
	done    chan struct{}

	taken bool // results are taken now
	call  Call // that is put together, or whose results are taken
	in    In
	lent  []any // to it
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
	r := &row{s: s, results: s.in(nil).Reader, done: make(chan struct{})}
	s.setRow(r)
	defer s.setRow(nil)
	for i := first; i < last; i++ {
		f(i)
	}
	if r.n == 0 {
		return
	}
	s.mu.Lock()
	s.last++
	r.id, r.left = s.last, r.n
	s.mu.Unlock()
	all := link.Writer{Bytes: make([]byte, 0, len(r.calls.Bytes)+8)}
	all.Uint(uint64(r.n))
	s.mail(link.Frame{Kind: link.Row, ID: r.id, Body: append(all.Bytes, r.calls.Bytes...)})
	select {
	case <-r.done:
	case <-s.gone:
		runtime.Goexit()
	}
	r.taken = true
	for i := first; i < last; i++ {
		f(i)
	}
}

func (s *Story) setRow(r *row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.row = r
}

// next returns a call that is put together.
func (r *row) next() *Call {
	r.lent = r.lent[:0]
	r.call = Call{Out: Out{Writer: link.Writer{Bytes: r.call.Bytes[:0]}, s: r.s}, row: r}
	return &r.call
}

func (r *row) lends(v any) {
	if r.taken {
		r.lent = append(r.lent, v)
	}
}

// run takes part in the row: before there are results, it notes the call and returns zero ones.
func (r *row) run(c *Call) *In {
	s := r.s
	if !r.taken {
		r.n++
		r.calls.Uint(uint64(len(c.Bytes)))
		r.calls.Bytes = append(r.calls.Bytes, c.Bytes...)
		r.in = In{s: s}
		return &r.in
	}
	if r.n--; r.n < 0 {
		panic("a function that is called in a row calls another one of the code's when it knows the results")
	}
	body := r.results.Part()
	for range r.results.Len() {
		at, now := r.results.Int(), r.results.Part()
		if at >= 0 && at < int64(len(r.lent)) {
			lent := link.Lent{Value: r.lent[at]}
			lent.Set(now, s.names)
		}
	}
	r.in = *s.in(body)
	if how := r.in.Uint(); how != link.HasReturned {
		s.fails(&r.in, how)
	}
	return &r.in
}

// came notes what calls of a row have returned.
func (s *Story) came(f link.Frame) {
	if !s.takes(f) {
		s.breaks("says of calls that do not run that they have ended")
	}
}

// takes notes what has returned of the row that runs, and reports whether that may be.
func (s *Story) takes(f link.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.row
	if r == nil || f.ID != r.id || f.N < 1 || f.N > int64(r.left) {
		return false
	}
	s.steps.Add(uint64(f.N))
	r.results.Bytes = append(r.results.Bytes, f.Body...)
	if r.left -= int(f.N); r.left == 0 {
		close(r.done)
	}
	return true
}
