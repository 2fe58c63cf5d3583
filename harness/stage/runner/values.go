//go:build linux

package runner

import (
	"context"
	"io"
	"io/fs"
	"net"

	"udpkata/harness/stage/link"
)

// An Out is what the code gives to the judge: results, or the arguments of an operation.
type Out struct {
	link.Writer
	s    *story
	args *In // of the call whose results these are; nil if it is an operation

	isCallback bool
	heard      []link.Lent // what the callback is given

	buffer []byte // where what a read of a socket's brings goes; nil if it is none
}

// An In is what the judge gives to the code: arguments, or what came of an operation.
type In struct {
	link.Reader
	s    *story
	call int64 // whose arguments these are; 0 if it is an operation's answer
	at   int64 // which of the call's values that may change comes next
	over bool  // the story is, so there is no answer

	inRow bool
	lent  []kept // in a row
}

func (s *story) out() *Out { return &Out{s: s} }

func (s *story) in(body []byte) *In { return &In{Reader: link.Reader{Bytes: body}, s: s} }

// Len puts the length of a list.
func (o *Out) Len(n int) { o.Uint(uint64(n)) }

// Error puts an error, asking it for all that the judge may ask.
func (o *Out) Error(err error) { o.Writer.Error(err, o.s.names) }

// Addr puts an address.
func (o *Out) Addr(addr net.Addr) {
	o.Writer.Addr(addr, o.s.names)
	if udp, ok := addr.(*net.UDPAddr); ok && udp != nil {
		o.keep(udp)
	}
}

// Blob puts bytes.
func (o *Out) Blob(b []byte) {
	o.Writer.Blob(b)
	if len(b) > 0 {
		o.keep(b)
	}
}

// List puts the elements of a list, as put does.
func (o *Out) List(put func(o *Out)) {
	o.keep(link.List{Put: func(w *link.Writer) {
		again := o.s.out()
		put(again)
		w.Bytes = append(w.Bytes, again.Bytes...)
	}})
	put(o)
}

// keep notes that bytes, an address or a list are among a call's results, or are given to a callback: if the code
// changes them later, the judge is told.
func (o *Out) keep(v any) {
	switch {
	case o.isCallback:
		o.heard = append(o.heard, link.Lend(v, o.s.names))
	case o.args != nil:
		o.args.lend(link.Lend(v, o.s.names))
	}
}

// Error takes an error.
func (i *In) Error() error {
	if i.over {
		return overError("use")
	}
	return i.Reader.Error(i.s.names)
}

// Addr takes an address.
func (i *In) Addr() net.Addr {
	before := i.Bytes
	addr := i.Reader.Addr(i.s.names)
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil || i.call == 0 {
		return addr
	}
	raw := before[:len(before)-len(i.Bytes)]
	if !i.inRow {
		udp = i.s.pointerTo(udp, i.Int())
	}
	i.lend(link.LendAddr(udp, raw))
	return udp
}

// pointerTo returns the code's pointer to an address of the judge's that has a number.
func (s *story) pointerTo(addr *net.UDPAddr, number int64) *net.UDPAddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.addrs[number]; known != nil {
		*known = *addr
		return known
	}
	s.addrs[number] = addr
	return addr
}

// Blob takes bytes.
func (i *In) Blob() []byte {
	n, whole := i.Uint(), i.Reader.Blob()
	if whole != nil {
		i.lend(link.Lend(whole, i.s.names))
	}
	return whole[:min(n, uint64(len(whole)))]
}

// List takes the elements of a list, as take does.
func (i *In) List(take func(i *In)) { take(i) }

// lend notes a call's argument or result: if the code changes it, the judge is told, and the other way round.
func (i *In) lend(l link.Lent) {
	switch {
	case i.call == 0:
		return
	case i.inRow:
		i.lent = append(i.lent, kept{i.call, i.at, l})
	default:
		i.s.keep(kept{i.call, i.at, l})
	}
	i.at++
}

// Handle puts a value of the code's that the judge may call methods of; nil is none.
func (o *Out) Handle(v any) { o.Int(o.s.owned.number(v)) }

// Handle takes such a value.
func (i *In) Handle() any { return i.s.owned.value(i.Int()) }

// Context takes a context.
func (i *In) Context() context.Context { return i.s.context(i) }

// Source takes a reader.
func (i *In) Source() io.Reader {
	if o := i.Object(); o != nil {
		return Source{o}
	}
	return nil
}

// LogWriter takes a writer.
func (i *In) LogWriter() io.Writer {
	if o := i.Object(); o != nil {
		return LogWriter{o}
	}
	return nil
}

// FS takes a file system.
func (i *In) FS() fs.FS {
	if o := i.Object(); o != nil {
		return FS{o}
	}
	return nil
}

// Callback takes a function of the judge's, nil if that is nil.
func (i *In) Callback() *Callback {
	if o := i.Object(); o != nil {
		return &Callback{o}
	}
	return nil
}

// A Callback is a function of the judge's.
type Callback struct{ o *Object }

// Begin begins a call of it.
func (c *Callback) Begin() *Out {
	out := c.o.Begin("call")
	out.isCallback = true
	return out
}

// Run calls it, with what was put.
func (c *Callback) Run(out *Out) *In { return c.o.Run(out) }

// A kept value is one that a call has returned or was given, or a callback was, and that the code can change.
type kept struct {
	number int64 // the call's; a callback's is below 0
	at     int64 // which of the values it is
	link.Lent
}

// mostKept is how many are looked after: buffers may be long.
const mostKept = 32

// keep looks after a value from now on.
func (s *story) keep(k kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepLocked(k)
}

func (s *story) keepLocked(k kept) {
	s.kept = append(s.kept, k)
	s.kept = s.kept[max(0, len(s.kept)-mostKept):]
}

// edits changes a value as the story has changed it.
func (s *story) edits(f link.Frame) {
	in := s.in(f.Body)
	at, now := in.Int(), in.Part()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.kept {
		if k := &s.kept[i]; k.number == f.ID && k.at == at {
			k.Set(now, s.names)
		}
	}
}

// changes lists what the code has done, out of the judge's sight, to what belongs to both.
func (s *story) changes() (all []link.Frame) {
	for _, f := range s.owned.touched() {
		f.Story = s.number
		all = append(all, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.kept {
		k := &s.kept[i]
		if now, ok := k.Changed(s.names); ok {
			var w link.Writer
			w.Int(k.at)
			w.Text(string(now))
			all = append(all, link.Frame{Kind: link.Changed, Story: s.number, ID: k.number, Body: w.Bytes})
		}
	}
	return all
}
