package simnet_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/simnet"
	"udpkata/harness/sockopt"
)

// A udpConn is what both kinds of socket are.
type udpConn interface {
	net.PacketConn
	net.Conn
}

// An opener opens sockets, of the kernel's or of simnet's.
type opener interface {
	listen(addr netip.AddrPort, shared bool) (udpConn, error)
	dial(addr, to netip.AddrPort) (udpConn, error)
	setBroadcast(c udpConn, permitted bool)
}

// An env runs a scenario on one kind of socket and writes down what it
// observes, with names in place of ports.
type env struct {
	opener
	t     *testing.T
	ip    netip.Addr
	names map[string]string // by port, and by address and port
	conns []udpConn

	// Which attempts to read found nothing on simnet, by their number. The
	// kernel's side then knows how long to wait: for what must come, as long
	// as it takes, so that a busy machine makes no difference.
	quiet    map[int]bool
	attempts int
	kernel   bool

	mu    sync.Mutex
	trace []string
}

// compare runs a scenario on simnet and on the kernel's loopback, which must
// see the same.
func compare(t *testing.T, ip netip.Addr, scenario func(*env)) {
	t.Helper()
	compareOn(t,
		func(e *env) { e.opener, e.ip = simSockets{new(simnet.Network).Host()}, ip },
		func(e *env) { e.opener, e.ip = kernelSockets{t}, ip },
		scenario)
}

// compareOn runs a scenario on a virtual network and on a real one, which must see
// the same.
func compareOn(t *testing.T, onVirtual, onReal, scenario func(*env)) {
	t.Helper()
	run := func(e *env, prepare func(*env)) {
		prepare(e)
		scenario(e)
		for _, c := range e.conns {
			c.Close()
		}
	}
	sim := &env{t: t, names: map[string]string{}, quiet: map[int]bool{}}
	synctest.Test(t, func(*testing.T) { run(sim, onVirtual) })
	kernel := &env{t: t, names: map[string]string{}, quiet: sim.quiet, kernel: true}
	run(kernel, onReal)
	require.Equal(t, kernel.trace, sim.trace)
}

type simSockets struct{ host *simnet.Host }

func (s simSockets) listen(addr netip.AddrPort, shared bool) (udpConn, error) {
	return s.host.Listen(addr, simnet.Options{Shared: shared})
}

func (s simSockets) dial(addr, to netip.AddrPort) (udpConn, error) { return s.host.Dial(addr, to) }

func (s simSockets) setBroadcast(c udpConn, permitted bool) { c.(*simnet.Conn).SetBroadcast(permitted) }

type kernelSockets struct{ t *testing.T }

func (k kernelSockets) listen(addr netip.AddrPort, shared bool) (udpConn, error) {
	var config net.ListenConfig
	if shared {
		config.Control = func(_, _ string, c syscall.RawConn) error { return sockopt.SetReuseAddr(c) }
	}
	c, err := config.ListenPacket(context.Background(), "udp", addr.String())
	if err != nil {
		return nil, err
	}
	conn := c.(*net.UDPConn)
	return conn, conn.SetWriteBuffer(128 << 10)
}

func (k kernelSockets) dial(addr, to netip.AddrPort) (udpConn, error) {
	return net.DialUDP("udp", net.UDPAddrFromAddrPort(addr), net.UDPAddrFromAddrPort(to))
}

func (k kernelSockets) setBroadcast(c udpConn, permitted bool) {
	require.NoError(k.t, sockopt.SetBroadcast(c.(*net.UDPConn), permitted))
}

// note writes an observation down.
func (e *env) note(format string, args ...any) {
	for i, arg := range args {
		if o, ok := arg.(outcome); ok {
			args[i] = e.describe(o.err)
		}
	}
	text := e.named(fmt.Sprintf(format, args...))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trace = append(e.trace, text)
}

var aPort = regexp.MustCompile(`(\[[0-9a-f:]+\]|[0-9.]+):(\d+)`)

// named puts names in place of ports. Two hosts may have the same. Go's socket for
// all IPv4 addresses is one for all of IPv6 as well.
func (e *env) named(text string) string {
	if e.ip.Is4() {
		text = strings.ReplaceAll(text, "[::]:", "0.0.0.0:")
	}
	return aPort.ReplaceAllStringFunc(text, func(found string) string {
		i := strings.LastIndex(found, ":")
		name, ok := e.names[found]
		if !ok {
			name, ok = e.names[found[i+1:]]
		}
		if !ok {
			return found
		}
		return found[:i+1] + name
	})
}

var causes = map[string]error{
	"EACCES": syscall.EACCES, "EADDRINUSE": syscall.EADDRINUSE, "EADDRNOTAVAIL": syscall.EADDRNOTAVAIL,
	"ECONNREFUSED": syscall.ECONNREFUSED, "EDESTADDRREQ": syscall.EDESTADDRREQ, "EINVAL": syscall.EINVAL,
	"EMSGSIZE": syscall.EMSGSIZE, "ENETUNREACH": syscall.ENETUNREACH, "ErrClosed": net.ErrClosed,
	"ErrDeadlineExceeded": os.ErrDeadlineExceeded, "ErrPermission": os.ErrPermission,
	"ErrWriteToConnected": net.ErrWriteToConnected,
}

// windowsCauses are what the kernel says on Windows in place of some of them.
var windowsCauses = map[string]syscall.Errno{
	"EACCES": 10013, "EADDRINUSE": 10048, "EADDRNOTAVAIL": 10049, "ECONNREFUSED": 10061, "EDESTADDRREQ": 10039,
	"EINVAL": 10022, "EMSGSIZE": 10040, "ENETUNREACH": 10051,
}

// describe says of an error what a program can find out; on Linux also its
// text, which is the kernel's.
func (e *env) describe(err error) string {
	if err == nil {
		return "no error"
	}
	var found []string
	for _, name := range []string{
		"EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "ECONNREFUSED", "EDESTADDRREQ", "EINVAL", "EMSGSIZE", "ENETUNREACH",
		"ErrClosed", "ErrDeadlineExceeded", "ErrPermission", "ErrWriteToConnected",
	} {
		if winsock, ok := windowsCauses[name]; errors.Is(err, causes[name]) || ok && errors.Is(err, winsock) {
			found = append(found, name)
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		found = append(found, "OpError", op.Op, fmt.Sprint(op.Timeout()))
		found = append(found, fmt.Sprintf("%T %T", op.Source, op.Addr))
	}
	if runtime.GOOS == "linux" {
		found = append(found, err.Error())
	}
	return strings.Join(found, " ")
}

// any returns the scenario's address with a port that the system chooses.
func (e *env) any() netip.AddrPort { return netip.AddrPortFrom(e.ip, 0) }

// name names a socket's port.
func (e *env) name(name string, c udpConn) udpConn {
	e.names[fmt.Sprint(port(c))], e.names[addrPort(c).String()] = name, name
	e.conns = append(e.conns, c)
	return c
}

func port(c udpConn) uint16 { return addrPort(c).Port() }

func addrPort(c udpConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// open opens a socket that must open.
func (e *env) open(name string) udpConn { return e.openAt(name, e.any(), false) }

func (e *env) openAt(name string, addr netip.AddrPort, shared bool) udpConn {
	c, err := e.listen(addr, shared)
	if err != nil {
		e.t.Errorf("%s: %v", name, err)
		runtime.Goexit()
	}
	return e.name(name, c)
}

func (e *env) connect(name string, to udpConn) udpConn {
	c, err := e.dial(e.any(), addrPort(to))
	if err != nil {
		e.t.Errorf("%s: %v", name, err)
		runtime.Goexit()
	}
	return e.name(name, c)
}

// gone returns a socket that is closed.
func (e *env) gone() udpConn {
	c := e.open("gone")
	require.NoError(e.t, e.shut(c))
	return c
}

// shut closes a socket and keeps its port from everybody else on the machine,
// by a socket that is connected to itself: nobody can reach it.
func (e *env) shut(c udpConn) error {
	addr := addrPort(c)
	err := c.Close()
	if keeper, dialErr := e.dial(addr, addr); dialErr == nil {
		e.conns = append(e.conns, keeper)
	}
	return err
}

// send sends from one socket to another.
func (e *env) send(from udpConn, to udpConn, text string) {
	n, err := from.WriteTo([]byte(text), to.LocalAddr())
	e.note("WriteTo: %d, %v", n, outcome{err})
}

func (e *env) write(c udpConn, text string) {
	n, err := c.Write([]byte(text))
	e.note("Write: %d, %v", n, outcome{err})
}

// An outcome is an error, or none, for note to describe.
type outcome struct{ err error }

// soon is how long to wait where nothing comes.
const soon = 20 * time.Millisecond

// attempt calls read with a deadline, as something may come or not.
func (e *env) attempt(c udpConn, read func() error) {
	i := e.attempts
	e.attempts++
	wait := soon
	switch {
	case e.kernel && e.quiet[i]:
		wait = time.Millisecond // nothing is on its way on loopback
	case e.kernel:
		wait = time.Minute
	}
	c.SetReadDeadline(time.Now().Add(wait))
	err := read()
	c.SetReadDeadline(time.Time{})
	if !e.kernel {
		e.quiet[i] = errors.Is(err, os.ErrDeadlineExceeded)
	}
}

// receive reads one datagram, or sees that none comes.
func (e *env) receive(c udpConn) { e.attempt(c, func() error { return e.readFrom(c, 1<<16) }) }

func (e *env) readFrom(c udpConn, size int) error {
	buf := make([]byte, size)
	n, from, err := c.ReadFrom(buf)
	e.note("ReadFrom: %s, %T %v, %v", brief(buf[:n]), from, from, outcome{err})
	return err
}

// read does what receive does, by way of Read.
func (e *env) read(c udpConn, size int) {
	e.attempt(c, func() error {
		buf := make([]byte, size)
		n, err := c.Read(buf)
		e.note("Read: %s, %v", brief(buf[:n]), outcome{err})
		return err
	})
}

func brief(data []byte) string {
	if len(data) > 20 {
		return fmt.Sprintf("%d bytes", len(data))
	}
	return fmt.Sprintf("%q", data)
}

// during calls f while another goroutine does something that f ends.
func (e *env) during(f, doing func()) {
	done := make(chan struct{})
	time.AfterFunc(soon/2, f)
	go func() {
		defer close(done)
		doing()
	}()
	<-done
}
