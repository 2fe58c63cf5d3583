package stage

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"udpkata/harness/sockopt"
	"udpkata/harness/stage/link"
)

// UDPConn puts a socket of the kernel's, which the stage has as well from then on.
func (o *Out) UDPConn(conn *net.UDPConn) {
	o.notPlain()
	if conn == nil {
		o.Uint(link.NilSocket)
		return
	}
	o.Uint(link.PassedSocket)
	number := o.s.numberOf(conn)
	o.Int(number)
	var flags uint64
	raw, err := conn.SyscallConn()
	if err == nil {
		flags = link.State(raw)
		err = raw.Control(func(fd uintptr) {
			if blocking(int(fd)) {
				flags |= link.IsBlocking
			}
			o.s.pass(number, int(fd))
		})
	}
	if err != nil {
		flags = link.IsClosed
	}
	o.Uint(flags)
}

func blocking(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK == 0
}

// PacketConn takes a socket.
func (i *In) PacketConn() net.PacketConn {
	c, _ := i.socket().(net.PacketConn)
	return c
}

// Conn takes a connected socket.
func (i *In) Conn() net.Conn {
	c, _ := i.socket().(net.Conn)
	return c
}

// UDPConn takes a socket of the kernel's.
func (i *In) UDPConn() *net.UDPConn {
	c, _ := i.socket().(*net.UDPConn)
	return c
}

func (i *In) socket() any {
	switch i.Uint() {
	case link.NoSocket:
		return nil
	case link.NilSocket:
		switch i.Text() {
		case "udp":
			return (*net.UDPConn)(nil)
		case "tcp":
			return (*net.TCPConn)(nil)
		case "ip":
			return (*net.IPConn)(nil)
		case "unix":
			return (*net.UnixConn)(nil)
		}
	case link.OtherSocket:
		return &Other{typeName: visible(cut(i.Text()))}
	case link.PassedSocket:
		network, number, flags := i.Text(), i.Int(), i.Uint()
		return i.s.socket(network, number, flags)
	}
	i.Break()
	return nil
}

// socket returns the socket that the stage has under a number: one that it was given, or
// has opened.
func (s *Story) socket(network string, number int64, flags uint64) any {
	var file *os.File
	if flags&link.IsClosed == 0 {
		file = s.process.received(number)
	}
	if file != nil {
		defer file.Close()
	}
	s.mu.Lock()
	known := s.sockets[number]
	s.mu.Unlock()
	if known != nil {
		return known
	}
	conn := unusable(network)
	if file != nil {
		wasBlocking := blocking(int(file.Fd()))
		opened, err := open(network, file)
		if err == nil {
			conn = opened
		}
		if c, ok := opened.(net.Conn); ok && err == nil && (c.RemoteAddr() != nil) != (flags&link.IsConnected != 0) {
			s.breaks("hands over a socket that is connected otherwise than package net knows of")
		}
		if udp, ok := opened.(syscall.Conn); ok && err == nil && wasBlocking {
			if raw, err := udp.SyscallConn(); err == nil {
				raw.Control(func(fd uintptr) { unix.SetNonblock(int(fd), false) })
			}
		}
		if c, ok := conn.(net.Conn); ok && flags&link.IsOverdue != 0 {
			c.SetDeadline(time.Unix(1, 0))
		}
	} else if flags&link.IsUnusable == 0 {
		conn = closed(network)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[number], s.numbers[conn] = conn, number
	return conn
}

// open makes a socket of a descriptor, by which the kernel says what it is.
func open(network string, file *os.File) (any, error) {
	if network == "udp" {
		conn, err := net.FilePacketConn(file)
		if udp, ok := conn.(*net.UDPConn); ok {
			return udp, err
		}
	}
	return net.FileConn(file)
}

// unusable returns a socket that package net has not made.
func unusable(network string) any {
	switch network {
	case "tcp":
		return &net.TCPConn{}
	case "ip":
		return &net.IPConn{}
	case "unix":
		return &net.UnixConn{}
	}
	return &net.UDPConn{}
}

// closed returns a socket that is closed.
func closed(network string) any {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if network != "udp" || err != nil {
		return unusable(network)
	}
	conn.Close()
	return conn
}

// Sockets returns the sockets that the stage has open and the story does not know, by a number
// of the kernel's, with no addresses: [Locate] finds those.
func Sockets() map[uintptr]netip.AddrPort {
	all := map[uintptr]netip.AddrPort{}
	s := current.Load()
	if s == nil {
		return all
	}
	open, err := s.process.sockets()
	if err != nil {
		s.breaks("does not let its sockets be counted")
		return all
	}
	for _, numbers := range []map[uintptr]bool{open, s.process.strays()} {
		for number := range numbers {
			all[number] = netip.AddrPort{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.sockets {
		if number, ok := sockopt.Number(conn); ok {
			delete(all, number)
		}
	}
	return all
}

// verifies closes the sockets that the code has put something else in the place of, without a word to package net.
func (s *Story) verifies() {
	s.mu.Lock()
	passed := maps.Clone(s.sockets)
	s.mu.Unlock()
	if len(passed) == 0 {
		return
	}
	open, err := s.process.sockets()
	if err != nil {
		return // nobody knows
	}
	for _, conn := range passed {
		if number, ok := sockopt.Number(conn); ok && !open[number] {
			conn.(io.Closer).Close()
		}
	}
}

func (s *Story) pid() string { return strconv.Itoa(s.process.cmd.Process.Pid) }

// sockets lists the numbers of the process's sockets (proc_pid_fd(5)), but for the link's.
func (p *process) sockets() (map[uintptr]bool, error) {
	all := map[uintptr]bool{}
	dir := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil && !p.hasEnded() {
		return nil, err
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, os.ErrNotExist) { // it is not closed meanwhile
			return nil, err
		}
		inode, ok := strings.CutPrefix(target, "socket:[")
		number, notOne := strconv.ParseUint(strings.TrimSuffix(inode, "]"), 10, 64)
		if err == nil && ok && notOne == nil && !p.own[uintptr(number)] {
			all[uintptr(number)] = true
		}
	}
	return all, nil
}

// Locate finds the addresses of the stage's sockets (proc_pid_net(5)); one that is not bound
// has port 0.
func Locate(sockets map[uintptr]netip.AddrPort) map[uintptr]netip.AddrPort {
	s := current.Load()
	if s == nil {
		return sockets
	}
	for _, table := range []string{"udp", "udp6", "tcp", "tcp6"} {
		data, _ := os.ReadFile(filepath.Join("/proc", s.pid(), "net", table))
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			if len(fields) < 10 {
				continue
			}
			number, _ := strconv.ParseUint(fields[9], 10, 64)
			at, err := parsePlace(fields[1])
			if _, asked := sockets[uintptr(number)]; asked && err == nil {
				sockets[uintptr(number)] = at
			}
		}
	}
	return sockets
}

var errPlace = errors.New("no address")

// parsePlace reads an address as the kernel's tables have it: words of four bytes, each in
// the machine's order.
func parsePlace(text string) (at netip.AddrPort, err error) {
	hex, port, ok := strings.Cut(text, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || len(hex)%8 != 0 {
		return at, errPlace
	}
	var bytes []byte
	for i := 0; i < len(hex); i += 8 {
		word, err := strconv.ParseUint(hex[i:i+8], 16, 32)
		if err != nil {
			return at, errPlace
		}
		bytes = append(bytes, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	addr, ok := netip.AddrFromSlice(bytes)
	if !ok {
		return at, errPlace
	}
	return netip.AddrPortFrom(addr, uint16(number)), nil
}
