//go:build linux

package runner

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"sync"
	"syscall"
	"time"

	"udpkata/harness/stage/link"
)

// owned are values of the code's that the judge knows by number, and sockets of the
// kernel's that both have.
type owned struct {
	mu      sync.Mutex
	last    int64
	values  map[int64]any
	passed  map[int64]uint64 // what the judge knows of the sockets that both have
	numbers map[any]int64
}

func (o *owned) number(v any) int64 {
	if v == nil || reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil() {
		return 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if number := o.numbers[v]; number != 0 {
		return number
	}
	o.last-- // those of the judge are above 0
	o.note(o.last, v)
	return o.last
}

// note gives a value a number. The caller holds o.mu.
func (o *owned) note(number int64, v any) {
	if o.values == nil {
		o.values, o.numbers = map[int64]any{}, map[any]int64{}
	}
	o.values[number], o.numbers[v] = v, number
}

func (o *owned) value(number int64) any {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.values[number]
}

// shut closes a socket.
func (o *owned) shut(number int64) {
	if c, ok := o.value(number).(net.Conn); ok {
		c.Close()
	}
}

// socket takes a socket that the judge has opened. The same one of the judge's is the same
// here.
func (i *In) socket() *net.UDPConn {
	number, flags := i.Int(), i.Uint()
	var file *os.File
	if flags&link.IsClosed == 0 {
		file = received(number)
	}
	o := &i.s.owned
	if known, ok := o.value(number).(*net.UDPConn); ok {
		if file != nil {
			file.Close()
		} else {
			known.Close()
		}
		return known
	}
	conn, err := socketOf(file)
	if err != nil {
		panic(fmt.Sprintf("no socket can be made of the judge's: %v", err))
	}
	if flags&link.IsBlocking != 0 {
		block(conn)
	}
	if flags&link.IsOverdue != 0 {
		conn.SetDeadline(time.Unix(1, 0))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note(number, conn)
	o.pass(number, flags)
	return conn
}

// pass notes what the judge knows of a socket. The caller holds o.mu.
func (o *owned) pass(number int64, flags uint64) {
	if o.passed == nil {
		o.passed = map[int64]uint64{}
	}
	o.passed[number] = flags & (link.IsClosed | link.IsOverdue)
}

// touched lists what the code has done to sockets that both have.
func (o *owned) touched() (all []link.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for number, before := range o.passed {
		now := before
		if raw, err := o.values[number].(syscall.Conn).SyscallConn(); err == nil {
			now = link.State(raw)
		}
		if now != before {
			o.passed[number] = now
			all = append(all, link.Frame{Kind: link.Touched, ID: number, N: int64(now)})
		}
	}
	return all
}

// end closes what is left of a story's sockets.
func (o *owned) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, v := range o.values {
		if c, ok := v.(net.Conn); ok {
			c.Close()
		}
	}
}

// socketOf returns a socket of a descriptor's. Without one, it is closed; of a descriptor that
// is none of a socket's, it is one all the same, on which every call fails.
func socketOf(file *os.File) (*net.UDPConn, error) {
	if file != nil {
		defer file.Close()
		if peer, err := syscall.Getpeername(int(file.Fd())); err == nil {
			return connected(int(file.Fd()), peer)
		}
		conn, err := net.FilePacketConn(file)
		if udp, ok := conn.(*net.UDPConn); ok {
			return udp, nil
		}
		if err != nil && !errors.Is(err, syscall.ENOTSOCK) {
			return nil, err
		}
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	if file == nil {
		return conn, conn.Close()
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Dup3(int(file.Fd()), int(fd), syscall.O_CLOEXEC) })
	return conn, errors.Join(err, failed)
}

// connected returns a socket of a descriptor's that is connected to a peer. Package net takes
// only one for connected that it has connected itself, so it does that once more.
func connected(fd int, peer syscall.Sockaddr) (*net.UDPConn, error) {
	var network string
	var to net.UDPAddr
	switch at := peer.(type) {
	case *syscall.SockaddrInet4:
		network, to = "udp4", net.UDPAddr{IP: at.Addr[:], Port: at.Port}
	case *syscall.SockaddrInet6:
		network, to = "udp", net.UDPAddr{IP: at.Addr[:], Port: at.Port} // which may be one of IPv4
		if i, err := net.InterfaceByIndex(int(at.ZoneId)); err == nil {
			to.Zone = i.Name
		}
	default:
		return nil, errors.New("it is connected to what is no endpoint of UDP")
	}
	inPlace := func(_, _ string, raw syscall.RawConn) (err error) {
		failed := raw.Control(func(own uintptr) { err = syscall.Dup3(fd, int(own), syscall.O_CLOEXEC) })
		return errors.Join(failed, err)
	}
	dialer := net.Dialer{Control: inPlace}
	conn, err := dialer.Dial(network, to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func block(conn *net.UDPConn) {
	if raw, err := conn.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { syscall.SetNonblock(int(fd), false) })
	}
}

// PacketConn puts a socket that the code has opened.
func (o *Out) PacketConn(conn net.PacketConn) { o.passed(conn) }

// Conn puts a socket that the code has opened.
func (o *Out) Conn(conn net.Conn) { o.passed(conn) }

// UDPConn puts a socket that the code has opened.
func (o *Out) UDPConn(conn *net.UDPConn) {
	if conn == nil {
		o.Uint(link.NoSocket)
		return
	}
	o.passed(conn)
}

func (o *Out) passed(conn any) {
	switch c := conn.(type) {
	case nil:
		o.Uint(link.NoSocket)
	case *net.UDPConn:
		o.kernels(c, c == nil, "udp")
	case *net.TCPConn:
		o.kernels(c, c == nil, "tcp")
	case *net.IPConn:
		o.kernels(c, c == nil, "ip")
	case *net.UnixConn:
		o.kernels(c, c == nil, "unix")
	default:
		o.Uint(link.OtherSocket)
		o.Text(fmt.Sprintf("%T", conn))
	}
}

// kernels puts a socket of package net's.
func (o *Out) kernels(conn syscall.Conn, isNil bool, network string) {
	if isNil {
		o.Uint(link.NilSocket)
		o.Text(network)
		return
	}
	o.Uint(link.PassedSocket)
	o.Text(network)
	number := o.s.owned.number(conn)
	o.Int(number)
	raw, err := conn.SyscallConn()
	if err != nil {
		o.Uint(link.IsClosed | link.IsUnusable)
		return
	}
	flags := link.State(raw)
	if err := raw.Control(func(fd uintptr) { pass(number, int(fd)) }); err != nil {
		flags |= link.IsClosed
	}
	if c, ok := conn.(net.Conn); ok && c.RemoteAddr() != nil {
		flags |= link.IsConnected
	}
	o.Uint(flags)
	owned := &o.s.owned
	owned.mu.Lock()
	defer owned.mu.Unlock()
	owned.pass(number, flags)
}

// pass sends a descriptor to the judge.
func pass(number int64, fd int) {
	var w link.Writer
	w.Int(number)
	syscall.Sendmsg(passing, w.Bytes, syscall.UnixRights(fd), nil, 0)
}

// inbox has the descriptors that have come and nobody has asked for yet.
var inbox struct {
	sync.Mutex
	files map[int64]*os.File
}

// received returns the descriptor that the judge has sent with a number.
func received(number int64) *os.File {
	inbox.Lock()
	defer inbox.Unlock()
	for inbox.files[number] == nil {
		number, file := receive()
		if inbox.files == nil {
			inbox.files = map[int64]*os.File{}
		}
		if old := inbox.files[number]; old != nil {
			old.Close()
		}
		inbox.files[number] = file
	}
	file := inbox.files[number]
	delete(inbox.files, number)
	return file
}

func receive() (number int64, file *os.File) {
	var data [16]byte
	var control [64]byte
	for {
		n, size, _, _, err := syscall.Recvmsg(passing, data[:], control[:], syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			os.Exit(0)
		}
		r := link.Reader{Bytes: data[:n]}
		number = r.Int()
		messages, _ := syscall.ParseSocketControlMessage(control[:size])
		if len(messages) == 0 {
			os.Exit(0)
		}
		fds, _ := syscall.ParseUnixRights(&messages[0])
		return number, os.NewFile(uintptr(fds[0]), "passed")
	}
}
