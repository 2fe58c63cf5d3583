// Package link is what passes between the process that judges and the stage, which runs
// the code under test: frames of bytes, and the values in them. Both sides link it, so it
// needs nothing but the standard library.
package link

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// A Writer appends values to Bytes. The zero Writer is ready.
type Writer struct{ Bytes []byte }

// Int appends a number.
func (w *Writer) Int(n int64) { w.Bytes = binary.AppendVarint(w.Bytes, n) }

// Uint appends a number.
func (w *Writer) Uint(n uint64) { w.Bytes = binary.AppendUvarint(w.Bytes, n) }

// Float appends a number.
func (w *Writer) Float(f float64) {
	w.Bytes = binary.BigEndian.AppendUint64(w.Bytes, math.Float64bits(f))
}

// Bool appends a truth value.
func (w *Writer) Bool(b bool) {
	if b {
		w.Bytes = append(w.Bytes, 1)
	} else {
		w.Bytes = append(w.Bytes, 0)
	}
}

// Text appends a text of any bytes.
func (w *Writer) Text(s string) {
	w.Uint(uint64(len(s)))
	w.Bytes = append(w.Bytes, s...)
}

// Blob appends bytes, which may be nil.
func (w *Writer) Blob(b []byte) {
	if b == nil {
		w.Uint(0)
		return
	}
	w.Uint(uint64(len(b)) + 1)
	w.Bytes = append(w.Bytes, b...)
}

// Netip appends an address, which may be the zero one.
func (w *Writer) Netip(a netip.Addr) {
	w.Blob(a.AsSlice())
	w.Text(a.Zone())
}

// A Reader takes values from Bytes, in the order in which they were appended. Once there
// is nothing there that could be the value that is asked for, Broken is true, and that value and
// all others are zero.
type Reader struct {
	Bytes  []byte
	Broken bool
	// OnBreak is called, if it is there, when Broken becomes true.
	OnBreak func()

	claims bool // an error that was taken says to be others, or several
}

// Break says that what came is not what it should be.
func (r *Reader) Break() {
	if !r.Broken && r.OnBreak != nil {
		defer r.OnBreak()
	}
	r.Bytes, r.Broken = nil, true
}

// Int takes a number.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.Bytes)
	if size <= 0 {
		r.Break()
		return 0
	}
	r.Bytes = r.Bytes[size:]
	return n
}

// Uint takes a number.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.Bytes)
	if size <= 0 {
		r.Break()
		return 0
	}
	r.Bytes = r.Bytes[size:]
	return n
}

// Float takes a number.
func (r *Reader) Float() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

// Bool takes a truth value.
func (r *Reader) Bool() bool {
	b := r.take(1)
	if b != nil && b[0] > 1 {
		r.Break()
		return false
	}
	return b != nil && b[0] == 1
}

// Text takes a text.
func (r *Reader) Text() string { return string(r.Part()) }

// Part takes a text, as a part of Bytes.
func (r *Reader) Part() []byte { return r.take(r.Uint()) }

// Blob takes bytes, which are the caller's.
func (r *Reader) Blob() []byte {
	n := r.Uint()
	if n == 0 {
		return nil
	}
	b := r.take(n - 1)
	return append(make([]byte, 0, len(b)), b...)
}

// Len takes the length of a list of values, each of which takes a byte at least.
func (r *Reader) Len() int {
	n := r.Uint()
	if n > uint64(len(r.Bytes)) {
		r.Break()
		return 0
	}
	return int(n)
}

// Netip takes an address.
func (r *Reader) Netip() netip.Addr {
	b, zone := r.Blob(), r.Text()
	if len(b) == 0 && zone == "" {
		return netip.Addr{}
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok || zone != "" && !a.Is6() {
		r.Break()
		return netip.Addr{}
	}
	return a.WithZone(zone)
}

func (r *Reader) take(n uint64) []byte {
	if n > uint64(len(r.Bytes)) {
		r.Break()
		return nil
	}
	b := r.Bytes[:n:n]
	r.Bytes = r.Bytes[n:]
	return b
}

// Time appends an instant.
func (w *Writer) Time(t time.Time) {
	w.Bool(t.IsZero())
	w.Int(t.UnixNano())
}

// Time takes an instant.
func (r *Reader) Time() time.Time {
	zero, n := r.Bool(), r.Int()
	if zero {
		return time.Time{}
	}
	return time.Unix(0, n)
}
