package link

import (
	"bytes"
	"net"
)

// A Lent value is one that both sides have, and that either may change: bytes, an address, or a list.
type Lent struct {
	Value any // a []byte, a *net.UDPAddr or a List
	then  []byte
}

// A List is one whose elements may change, and not how many there are.
type List struct {
	Put  func(w *Writer) // appends the elements
	Take func(r *Reader) // takes them
}

// Lend returns a value as one that is lent from now on.
func Lend(v any, names Names) Lent {
	l := Lent{Value: v}
	l.then = bytes.Clone(l.now(nil, names))
	return l
}

// LendAddr returns an address as one that is lent, which was put as raw.
func LendAddr(addr *net.UDPAddr, raw []byte) Lent { return Lent{addr, raw} }

// Changed returns what a value is now, if that is something else than when this side or the other has said so
// last.
func (l *Lent) Changed(names Names) (now []byte, ok bool) {
	var room [128]byte
	now = l.now(room[:0], names)
	if bytes.Equal(now, l.then) {
		return nil, false
	}
	l.then = bytes.Clone(now)
	return l.then, true
}

// Set changes a value to what Changed has returned on the other side.
func (l *Lent) Set(now []byte, names Names) {
	switch v := l.Value.(type) {
	case []byte:
		copy(v, now)
	case *net.UDPAddr:
		r := Reader{Bytes: now}
		if changed, ok := r.Addr(names).(*net.UDPAddr); ok && changed != nil {
			copy(v.IP, changed.IP)
			v.IP, v.Port, v.Zone = v.IP[:min(len(v.IP), len(changed.IP))], changed.Port, changed.Zone
		}
	case List:
		v.Take(&Reader{Bytes: now})
	}
	l.then = bytes.Clone(l.now(nil, names))
}

// now appends what the value is to b, which is empty, or returns its own bytes.
func (l *Lent) now(b []byte, names Names) []byte {
	w := Writer{b}
	switch v := l.Value.(type) {
	case []byte:
		return v
	case *net.UDPAddr:
		w.Addr(v, names)
	case List:
		v.Put(&w)
	}
	return w.Bytes
}
