//go:build linux

package runner

import (
	"bytes"
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
	call int64 // whose results these are; 0 if it is an operation
	at   int64 // how many values there are in it that the code can change
	kept []*kept

	buffer []byte // where what a read of a socket's brings goes; nil if it is none
}

// An In is what the judge gives to the code: arguments, or what came of an operation.
type In struct {
	link.Reader
	s    *story
	call int64 // whose arguments these are; 0 if it is an operation's answer
	at   int64
	kept []*kept
	over bool // the story is, so there is no answer
}

func (s *story) out() *Out { return &Out{s: s} }

func (s *story) in(body []byte) *In { return &In{Reader: link.Reader{Bytes: body}, s: s} }

// Len puts the length of a list.
func (o *Out) Len(n int) { o.Uint(uint64(n)) }

// Error puts an error, asking it for all that the judge may ask.
func (o *Out) Error(err error) { o.Writer.Error(err, o.s.names) }

// Addr puts an address. If it is a call's result and the code changes it later, the judge
// is told.
func (o *Out) Addr(addr net.Addr) {
	o.Writer.Addr(addr, o.s.names)
	if udp, ok := addr.(*net.UDPAddr); ok && udp != nil && o.call > 0 {
		o.keep(&kept{result: true, at: o.at, addr: udp})
		o.at++
	}
}

// Blob puts bytes. If they are a call's result and the code changes them later, the judge
// is told.
func (o *Out) Blob(b []byte) {
	o.Writer.Blob(b)
	if o.call > 0 {
		o.keep(&kept{result: true, at: o.at, bytes: b})
		o.at++
	}
}

// Error takes an error.
func (i *In) Error() error {
	if i.over {
		return overError("use")
	}
	return i.Reader.Error(i.s.names)
}

// Addr takes an address. If it is a call's argument and the code changes it, the judge is
// told.
func (i *In) Addr() net.Addr {
	addr := i.Reader.Addr(i.s.names)
	if udp, ok := addr.(*net.UDPAddr); ok && udp != nil && i.call > 0 {
		i.keep(&kept{at: i.at, addr: udp})
		i.at++
	}
	return addr
}

// Blob takes bytes. If they are a call's argument and the code changes them, the judge is
// told.
func (i *In) Blob() []byte {
	n, whole := i.Uint(), i.Reader.Blob()
	if i.call > 0 {
		i.keep(&kept{at: i.at, bytes: whole})
		i.at++
	}
	return whole[:min(n, uint64(len(whole)))]
}

// Handle puts a value of the code's that the judge may call methods of; nil is none.
func (o *Out) Handle(v any) { o.Int(o.s.owned.number(v)) }

// Handle takes such a value.
func (i *In) Handle() any { return i.s.owned.value(i.Int()) }

// Context takes a context.
func (i *In) Context() context.Context { return i.s.context(i) }

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
func (c *Callback) Begin() *Out { return c.o.Begin("call") }

// Run calls it, with what was put.
func (c *Callback) Run(out *Out) *In { return c.o.Run(out) }

// A kept value is one that a call has returned or was given, and that the code can change:
// bytes, or an address.
type kept struct {
	call   int64
	result bool
	at     int64 // which of the call's it is
	bytes  []byte
	addr   *net.UDPAddr

	then []byte // what it was, as it is sent
}

// mostKept is how many are looked after: buffers may be long.
const mostKept = 32

func (o *Out) keep(k *kept) { o.kept = o.s.keep(o.kept, k, o.call) }

func (i *In) keep(k *kept) { i.kept = i.s.keep(i.kept, k, i.call) }

func (s *story) keep(all []*kept, k *kept, call int64) []*kept {
	if len(k.bytes) == 0 && k.addr == nil {
		return all
	}
	k.call, k.then = call, k.now(s.names)
	return append(all, k)
}

// keeps looks after values from now on.
func (s *story) keeps(all ...*kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, all...)
	s.kept = s.kept[max(0, len(s.kept)-mostKept):]
}

// now returns what a value is.
func (k *kept) now(names link.Names) []byte {
	if k.addr == nil {
		return bytes.Clone(k.bytes)
	}
	var w link.Writer
	w.Addr(k.addr, names)
	return w.Bytes
}

// same reports whether a value is what it was.
func (k *kept) same(names link.Names) bool {
	if k.addr == nil {
		return bytes.Equal(k.bytes, k.then)
	}
	return bytes.Equal(k.now(names), k.then)
}

// changes lists what the code has done, out of the judge's sight, to what belongs to both.
func (s *story) changes() (all []link.Frame) {
	for _, f := range s.owned.touched() {
		f.Story = s.number
		all = append(all, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(all, s.changed(s.kept)...)
}

// changed lists which values have changed.
func (s *story) changed(values []*kept) (all []link.Frame) {
	for _, k := range values {
		if k.same(s.names) {
			continue
		}
		k.then = k.now(s.names)
		var w link.Writer
		w.Bool(k.result)
		w.Int(k.at)
		w.Text(string(k.then))
		all = append(all, link.Frame{Kind: link.Changed, Story: s.number, ID: k.call, Body: w.Bytes})
	}
	return all
}
