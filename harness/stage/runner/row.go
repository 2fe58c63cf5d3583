//go:build linux

package runner

import "udpkata/harness/stage/link"

// A row is calls of values alone, one after the other.
type row struct {
	s     *story
	id    int64
	calls link.Reader
	left  int // of them

	in      In
	results link.Writer
	came    int64 // how many calls' results these are
}

func newRow(s *story, f link.Frame) *row {
	r := &row{s: s, id: f.ID, calls: link.Reader{Bytes: f.Body}}
	r.left = r.calls.Len()
	return r
}

// fullRow is how many bytes of results go to the judge at once.
const fullRow = 1 << 20

// invokeRest makes the calls. One that ends its goroutine leaves the others to another one.
func (r *row) invokeRest() {
	whole := false
	defer func() {
		if !whole && r.left > 0 {
			call(r.invokeRest)
		}
	}()
	for r.left > 0 {
		r.in = In{Reader: link.Reader{Bytes: r.calls.Part()}, s: r.s, call: r.id, inRow: true, lent: r.in.lent[:0]}
		r.s.invokes(&r.in, r.ended)
	}
	whole = true
}

// ended notes how a call has ended, and what it has changed.
func (r *row) ended(out *Out) {
	s := r.s
	r.left--
	r.came++
	r.results.Text(string(out.Bytes))
	n := uint64(0)
	var changed link.Writer
	for i := range r.in.lent {
		k := &r.in.lent[i]
		if now, ok := k.Changed(s.names); ok {
			n++
			changed.Int(k.at)
			changed.Text(string(now))
		}
	}
	r.results.Uint(n)
	r.results.Bytes = append(r.results.Bytes, changed.Bytes...)
	if r.left > 0 && len(r.results.Bytes) < fullRow {
		return
	}
	s.goesOn(0)
	s.tells(link.Frame{Kind: link.Came, Story: s.number, ID: r.id, N: r.came, Time: s.act(), Body: r.results.Bytes})
	r.results.Bytes, r.came = nil, 0
}
