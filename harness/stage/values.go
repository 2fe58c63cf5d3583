//go:build linux

package stage

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"udpkata/harness/stage/link"
)

// An Out is what the judge gives to the code: arguments, or what came of an operation.
type Out struct {
	link.Writer
	s    *Story
	call *Call // whose arguments these are; nil if it is an operation's answer
}

// lends notes that bytes, or an address, are among a call's arguments. If the code changes them,
// they change here, too, and the other way round.
func (o *Out) lends(v any) {
	switch {
	case o.call == nil:
	case o.call.row != nil:
		o.call.row.lends(v)
	default:
		lent := link.Lend(v, o.s.names)
		o.call.lent = append(o.call.lent, &lent)
	}
}

// notPlain notes that something is in it that is more than a value.
func (o *Out) notPlain() {
	if o.call != nil {
		o.call.plain = false
	}
}

// An In is what the code gives to the judge: results, or the arguments of an operation.
type In struct {
	link.Reader
	s      *Story
	number int64 // the call's or the callback's, whose values may change afterwards; 0 if it is none

	operation int64 // that this is; 0 if it is a call
}

// Len puts the length of a list.
func (o *Out) Len(n int) { o.Uint(uint64(n)) }

// Error puts an error.
func (o *Out) Error(err error) { o.Writer.Error(err, o.s.names) }

// List puts the elements of a list, as put does.
func (o *Out) List(put func(o *Out)) { put(o) }

// Addr puts an address.
func (o *Out) Addr(addr net.Addr) {
	o.Writer.Addr(addr, o.s.names)
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return
	}
	o.lends(udp)
	if o.call != nil && o.call.row == nil {
		o.Int(o.s.numberFor(udp, nil)) // the same pointer is the same there
	}
}

// Blob puts bytes, and those behind them that the code could write to as well.
func (o *Out) Blob(b []byte) {
	whole := b[:min(cap(b), len(b)+mostBehind)]
	o.Len(len(b))
	o.Writer.Blob(whole)
	if b != nil {
		o.lends(whole)
	}
}

// mostBehind is how many bytes behind others the code has as well: room for any datagram.
const mostBehind = 256 << 10

// Context puts a context, which ends there when it ends here.
func (o *Out) Context(ctx context.Context) {
	o.notPlain()
	if ctx == nil {
		o.Int(0)
		return
	}
	number := o.s.numberFor(nil, nil)
	o.Int(number)
	deadline, _ := ctx.Deadline()
	o.Time(deadline)
	o.Error(ctx.Err())
	o.Error(context.Cause(ctx))
	s := o.s
	tell := sync.OnceFunc(func() {
		out := s.out()
		out.Error(ctx.Err())
		out.Error(context.Cause(ctx))
		s.mail(link.Frame{Kind: link.Cancel, ID: number, Body: out.Bytes})
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.contexts, number)
	})
	s.mu.Lock()
	s.contexts[number] = func() {
		if ctx.Err() != nil {
			tell()
		}
	}
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, tell)
	s.atEnd(func() { stop() })
}

// tellEnded tells of the contexts that have ended, in real time: nobody learns of what came
// after that before.
func (s *Story) tellEnded() {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.contexts))
	s.mu.Unlock()
	for _, tell := range all {
		tell()
	}
}

// Callback puts a function that the code may call.
func (o *Out) Callback(isNil bool, f func(in *In, out *Out)) {
	o.Object(isNil, nil, func(_ string, in *In, out *Out) {
		o.s.remembers(in)
		f(in, out)
	})
}

// Object puts an object that the code may call methods of: those that sockets, logs and
// file systems have are known, of the others calls does what they do.
func (o *Out) Object(isNil bool, v any, calls func(method string, in *In, out *Out)) {
	o.notPlain()
	if isNil {
		o.Int(0)
		return
	}
	o.Int(o.s.numberFor(v, calls))
	var local, remote net.Addr
	if at, ok := v.(interface{ LocalAddr() net.Addr }); ok {
		local = at.LocalAddr()
	}
	if at, ok := v.(interface{ RemoteAddr() net.Addr }); ok {
		remote = at.RemoteAddr()
	}
	o.Addr(local)
	o.Addr(remote)
}

// Source puts a reader.
func (o *Out) Source(r io.Reader) { o.Object(r == nil, r, nil) }

// LogWriter puts a writer.
func (o *Out) LogWriter(w io.Writer) { o.Object(w == nil, w, nil) }

// FS puts a file system.
func (o *Out) FS(f fs.FS) { o.Object(f == nil, f, nil) }

// PacketConn puts a socket.
func (o *Out) PacketConn(c net.PacketConn) { o.socket(c) }

// Conn puts a connected socket.
func (o *Out) Conn(c net.Conn) { o.socket(c) }

func (o *Out) socket(c any) {
	switch c := c.(type) {
	case nil:
		o.Uint(link.NoSocket)
	case *net.UDPConn:
		o.UDPConn(c)
	default:
		o.Uint(link.ObjectSocket)
		o.Object(false, c, nil)
		_, hasOthers := c.(interface{ SetReadBuffer(int) error })
		o.Bool(hasOthers)
	}
}

// Error takes an error.
func (i *In) Error() error { return i.Reader.Error(i.s.names) }

// Addr takes an address. If the code changes it later, it changes here, too.
func (i *In) Addr() net.Addr {
	addr := i.Reader.Addr(i.s.names)
	if udp, ok := addr.(*net.UDPAddr); ok && udp != nil {
		i.keep(udp)
	}
	return addr
}

// Blob takes bytes. If the code changes them later, they change here, too.
func (i *In) Blob() []byte {
	b := i.Reader.Blob()
	if len(b) > 0 {
		i.keep(b)
	}
	return b
}

// List takes the elements of a list, as take does. If the code changes them later, they change here, too.
func (i *In) List(take func(i *In)) {
	i.keep(link.List{
		Put:  func(*link.Writer) {},
		Take: func(r *link.Reader) { take(i.s.in(r.Bytes)) },
	})
	take(i)
}

// keep notes that bytes, an address, or a list are among a call's results, or what a callback is given.
func (i *In) keep(v any) {
	if i.number == 0 {
		return
	}
	kept := link.Lend(v, i.s.names)
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.s.lent[i.number] = append(i.s.lent[i.number], &kept)
}

// mostRemembered is how many callbacks may change what they were given.
const mostRemembered = 64

// remembers looks after what a callback is given, and no longer after what one was given long ago.
func (s *Story) remembers(in *In) {
	in.number = -in.operation
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = append(s.callbacks, in.number)
	if len(s.callbacks) > mostRemembered {
		delete(s.lent, s.callbacks[0])
		s.callbacks = s.callbacks[1:]
	}
}

// A Handle stands for a value of the code's.
type Handle struct{ number int64 }

// Handle puts a value of the code's.
func (o *Out) Handle(h Handle) {
	o.notPlain() // it may have been made with more than values
	o.Int(h.number)
}

// Handle takes a value of the code's. ok is false if that is nil.
func (i *In) Handle() (h Handle, ok bool) {
	h.number = i.Int()
	return h, h.number != 0
}

// perform does what the code asks for with one of the judge's objects.
func perform(v any, calls func(method string, in *In, out *Out), method string, in *In, out *Out) error {
	switch method {
	case "Read":
		if c, ok := v.(io.Reader); ok {
			buf := buffers.Get().(*[mostBuffer]byte)
			defer buffers.Put(buf)
			p := buf[:in.room()]
			n, err := c.Read(p)
			out.read(p, n, nil, err)
			return nil
		}
	case "ReadFrom":
		if c, ok := v.(net.PacketConn); ok {
			buf := buffers.Get().(*[mostBuffer]byte)
			defer buffers.Put(buf)
			p := buf[:in.room()]
			n, from, err := c.ReadFrom(p)
			out.read(p, n, from, err)
			return nil
		}
	case "Write":
		if c, ok := v.(io.Writer); ok {
			n, err := c.Write(in.data())
			out.Int(int64(n))
			out.Error(err)
			return nil
		}
	case "WriteTo":
		if c, ok := v.(net.PacketConn); ok {
			data := in.data()
			n, err := c.WriteTo(data, in.Addr())
			out.Int(int64(n))
			out.Error(err)
			return nil
		}
	case "Close":
		if c, ok := v.(io.Closer); ok {
			out.Error(c.Close())
			return nil
		}
	case "SetDeadline":
		if c, ok := v.(interface{ SetDeadline(time.Time) error }); ok {
			out.Error(c.SetDeadline(in.Time()))
			return nil
		}
	case "SetReadDeadline":
		if c, ok := v.(interface{ SetReadDeadline(time.Time) error }); ok {
			out.Error(c.SetReadDeadline(in.Time()))
			return nil
		}
	case "SetWriteDeadline":
		if c, ok := v.(interface{ SetWriteDeadline(time.Time) error }); ok {
			out.Error(c.SetWriteDeadline(in.Time()))
			return nil
		}
	case "Open":
		if f, ok := v.(fs.FS); ok {
			out.open(f, in.Text())
			return nil
		}
	}
	if calls == nil {
		return errNothing
	}
	calls(method, in, out)
	return nil
}

// mostBuffer is how many bytes of a datagram a read may ask for: no datagram has more.
const mostBuffer = 1 << 16

var buffers = sync.Pool{New: func() any { return new([mostBuffer]byte) }}

// room takes how many bytes a read asks for.
func (i *In) room() uint64 { return min(i.Uint(), mostBuffer) }

// data takes a payload. Of one that no datagram can hold, only the beginning has come.
func (i *In) data() []byte {
	n, data := i.Uint(), []byte(i.Text())
	if n > uint64(len(data)) && n <= link.MaxFrame {
		data = append(data, make([]byte, n-uint64(len(data)))...)
	}
	return data
}

func (o *Out) read(buf []byte, n int, from net.Addr, err error) {
	o.Text(string(buf[:max(0, min(n, len(buf)))]))
	o.Int(int64(n))
	o.Addr(from)
	o.Error(err)
}

func (o *Out) open(f fs.FS, name string) {
	file, err := f.Open(name)
	o.Object(file == nil, file, nil)
	o.Error(err)
	if file == nil {
		return
	}
	info, err := file.Stat()
	o.Error(err)
	if err == nil {
		o.Int(info.Size())
		o.Uint(uint64(info.Mode()))
		o.Time(info.ModTime())
	}
}
