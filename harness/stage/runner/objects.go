//go:build linux

package runner

import (
	"io/fs"
	"net"
	"path"
	"runtime"
	"time"

	"udpkata/harness/stage/link"
)

// An Object stands for one of the judge's: a socket, say, or a log.
type Object struct {
	s             *story
	number        int64
	local, remote net.Addr
}

// Object takes an object, nil if there is none. The same one of the judge's is the same
// here.
func (i *In) Object() *Object {
	number := i.Int()
	if number == 0 {
		return nil
	}
	local, remote := i.Addr(), i.Addr()
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	o := i.s.objects[number]
	if o == nil {
		o = &Object{i.s, number, local, remote}
		i.s.objects[number] = o
	}
	return o
}

// Begin begins an operation.
func (o *Object) Begin(method string) *Out {
	out := o.s.out()
	out.Int(o.number)
	out.Text(method)
	out.lines()
	return out
}

// Run performs the operation, with what was put. It returns what came of it, nothing if the
// story is over.
func (o *Object) Run(out *Out) *In {
	in := o.s.ask(out)
	if in == nil {
		in = o.s.in(nil)
		in.over = true
	}
	return in
}

// over returns an error if the story is, in which the code was given the object. Whoever goes on asking goes round in a
// circle, and ends here, as where the code is in the judge's process.
func (o *Object) over(op string) error {
	if !o.s.over.Load() {
		return nil
	}
	if o.s.vain.Add(1) > mostInVain {
		runtime.Goexit()
	}
	return overError(op)
}

// mostInVain is how often the code may use what belongs to a story that is over.
const mostInVain = 10_000

// A Conn is a socket of the judge's, by whichever of its methods that has.
type Conn struct{ *Object }

// A PacketConn is a socket that is not connected.
type PacketConn struct{ net.PacketConn }

// A ConnectedConn is a socket that sends to one endpoint.
type ConnectedConn struct{ net.Conn }

// An otherMethods is a socket that has [net.UDPConn]'s other methods, too, as the judge's has; there, too, they fail.
type otherMethods struct {
	net.PacketConn
	failing
}

// An otherConnected is the same, connected.
type otherConnected struct {
	net.Conn
	failing
}

// A failing socket is none: each of its methods fails.
type failing struct{ *net.UDPConn }

// PacketConn takes a socket.
func (i *In) PacketConn() net.PacketConn {
	switch i.Uint() {
	case link.ObjectSocket:
		if o, hasOthers := i.Object(), i.Bool(); o != nil && hasOthers {
			return otherMethods{PacketConn{Conn{o}}, failing{new(net.UDPConn)}}
		} else if o != nil {
			return PacketConn{Conn{o}}
		}
	case link.PassedSocket:
		return i.socket()
	case link.NilSocket:
		return (*net.UDPConn)(nil)
	}
	return nil
}

// Conn takes a connected socket.
func (i *In) Conn() net.Conn {
	switch i.Uint() {
	case link.ObjectSocket:
		if o, hasOthers := i.Object(), i.Bool(); o != nil && hasOthers {
			return otherConnected{ConnectedConn{Conn{o}}, failing{new(net.UDPConn)}}
		} else if o != nil {
			return ConnectedConn{Conn{o}}
		}
	case link.PassedSocket:
		return i.socket()
	case link.NilSocket:
		return (*net.UDPConn)(nil)
	}
	return nil
}

// UDPConn takes a socket of the kernel's.
func (i *In) UDPConn() *net.UDPConn {
	if i.Uint() == link.PassedSocket {
		return i.socket()
	}
	return nil
}

// Read does what [net.Conn]'s does.
func (c Conn) Read(p []byte) (int, error) {
	n, _, err := c.read("Read", p)
	return n, err
}

// ReadFrom does what [net.PacketConn]'s does.
func (c Conn) ReadFrom(p []byte) (int, net.Addr, error) { return c.read("ReadFrom", p) }

func (c Conn) read(method string, p []byte) (int, net.Addr, error) {
	if err := c.over("read"); err != nil {
		return 0, nil, err
	}
	out := c.Begin(method)
	out.buffer = p
	out.Len(len(p))
	in := c.Run(out)
	n := min(len(in.Text()), len(p))
	claimed, from, err := int(in.Int()), in.Addr(), in.Error()
	if claimed >= 0 && claimed <= len(p) {
		n = claimed
	}
	return n, from, err
}

// Write does what [net.Conn]'s does.
func (c Conn) Write(p []byte) (int, error) {
	if err := c.over("write"); err != nil {
		return 0, err
	}
	out := c.Begin("Write")
	out.data(p)
	in := c.Run(out)
	return int(in.Int()), in.Error()
}

// WriteTo does what [net.PacketConn]'s does.
func (c Conn) WriteTo(p []byte, to net.Addr) (int, error) {
	if err := c.over("write"); err != nil {
		return 0, err
	}
	out := c.Begin("WriteTo")
	out.data(p)
	out.Addr(to)
	in := c.Run(out)
	return int(in.Int()), in.Error()
}

// data puts a payload: of one that no datagram can hold, its length and its beginning.
func (o *Out) data(p []byte) {
	o.Len(len(p))
	o.Text(string(p[:min(len(p), mostData)]))
}

// mostData is how many bytes of a payload, or of a line of the log, the judge is given.
const mostData = 1 << 20

// Close does what [net.Conn]'s does.
func (c Conn) Close() error {
	if err := c.over("close"); err != nil {
		return err
	}
	return c.Run(c.Begin("Close")).Error()
}

// SetDeadline does what [net.Conn]'s does.
func (c Conn) SetDeadline(t time.Time) error { return c.set("SetDeadline", t) }

// SetReadDeadline does what [net.Conn]'s does.
func (c Conn) SetReadDeadline(t time.Time) error { return c.set("SetReadDeadline", t) }

// SetWriteDeadline does what [net.Conn]'s does.
func (c Conn) SetWriteDeadline(t time.Time) error { return c.set("SetWriteDeadline", t) }

func (c Conn) set(method string, t time.Time) error {
	if err := c.over("set"); err != nil {
		return err
	}
	out := c.Begin(method)
	out.Time(t)
	if (t.IsZero() || t.After(time.Now())) && c.s.tell(c.number, out) {
		return nil
	}
	return c.Run(out).Error()
}

// LocalAddr returns an address, which is the caller's.
func (c Conn) LocalAddr() net.Addr { return own(c.local) }

// RemoteAddr returns an address, which is the caller's.
func (c Conn) RemoteAddr() net.Addr { return own(c.remote) }

// own returns an address of one's own.
func own(addr net.Addr) net.Addr {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return addr
	}
	copied := *udp
	copied.IP = append(net.IP(nil), udp.IP...)
	return &copied
}

// A Source is a reader of the judge's.
type Source struct{ o *Object }

// Read does what [io.Reader]'s does.
func (s Source) Read(p []byte) (int, error) {
	n, _, err := Conn{s.o}.read("Read", p)
	return n, err
}

// A LogWriter is a writer of the judge's.
type LogWriter struct{ o *Object }

// Write does what [io.Writer]'s does.
func (w LogWriter) Write(p []byte) (int, error) {
	if w.o.s.over.Load() {
		return len(p), nil // nobody reads it any more
	}
	out := w.o.Begin("Write")
	out.data(p)
	if w.o.s.tell(w.o.number, out) {
		return len(p), nil
	}
	in := w.o.Run(out)
	return int(in.Int()), in.Error()
}

// An FS is a file system of the judge's.
type FS struct{ o *Object }

// Open opens a file.
func (f FS) Open(name string) (fs.File, error) {
	if err := f.o.over("open"); err != nil {
		return nil, err
	}
	out := f.o.Begin("Open")
	out.Text(name)
	in := f.o.Run(out)
	o, err := in.Object(), in.Error()
	if o == nil {
		return nil, err
	}
	opened := &file{Source: Source{o}, name: name}
	if opened.unknown = in.Error(); opened.unknown == nil {
		opened.size, opened.mode, opened.changed = in.Int(), fs.FileMode(in.Uint()), in.Time()
	}
	return opened, err
}

// A file is one of the judge's.
type file struct {
	Source
	name    string
	unknown error // why nothing is known of it
	size    int64
	mode    fs.FileMode
	changed time.Time
}

// Stat describes the file, as it was when it was opened.
func (f *file) Stat() (fs.FileInfo, error) {
	if f.unknown != nil {
		return nil, f.unknown
	}
	return fileInfo{f}, nil
}

// Close does what [fs.File]'s does.
func (f *file) Close() error { return Conn{f.o}.Close() }

// A fileInfo describes a file.
type fileInfo struct{ *file }

// Name returns the last part of the file's name.
func (i fileInfo) Name() string { return path.Base(i.name) }

// Size returns the file's size, in bytes.
func (i fileInfo) Size() int64 { return i.size }

// Mode returns the file's mode.
func (i fileInfo) Mode() fs.FileMode { return i.mode }

// ModTime returns when the file was changed.
func (i fileInfo) ModTime() time.Time { return i.changed }

// IsDir reports whether it is a directory.
func (i fileInfo) IsDir() bool { return i.mode.IsDir() }

// Sys returns nothing.
func (i fileInfo) Sys() any { return nil }
