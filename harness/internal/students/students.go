// Package students is the code under test of the harness's own tests: one way
// of going wrong a function. A comment at the end of a line names the line. At
// the end of a func line it names all of the function: which line of code that
// runs without end is seen, when somebody looks, is chance.
package students

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Dir is the directory of this file, as stack traces give it.
var Dir = func() string {
	_, file, _, _ := runtime.Caller(0)
	return file[:len(file)-len("/students.go")]
}()

func Todo(context.Context, net.PacketConn) error {
	panic("TODO: write Todo, which does nothing") // todo
}

func IndexOutOfRange(_ context.Context, conn net.PacketConn) error {
	var buf [4]byte
	n, _, err := conn.ReadFrom(buf[:])
	buf[n-1] = buf[n] // index
	return err
}

func Goexit(context.Context, net.PacketConn) error {
	runtime.Goexit() // goexit
	return nil
}

// Echo answers every datagram with itself, and is right.
func Echo(ctx context.Context, conn net.PacketConn) error {
	return answer(ctx, conn, func(data []byte, client net.Addr) {
		conn.WriteTo(data, client) // echo
	})
}

func answer(ctx context.Context, conn net.PacketConn, reply func([]byte, net.Addr)) error {
	interrupted := make(chan bool)
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	defer func() {
		if !stop() {
			<-interrupted
		}
		conn.SetReadDeadline(time.Time{})
	}()
	buf := make([]byte, 8)
	for {
		n, client, err := conn.ReadFrom(buf) // read
		if err != nil {
			return err
		}
		reply(buf[:n], client)
	}
}

func EchoAfterSleep(ctx context.Context, conn net.PacketConn) error {
	return answer(ctx, conn, func(data []byte, client net.Addr) {
		time.Sleep(100 * time.Millisecond) // sleep
		conn.WriteTo(data, client)
	})
}

func EchoAfterTimer(ctx context.Context, conn net.PacketConn) error {
	return answer(ctx, conn, func(data []byte, client net.Addr) {
		<-time.After(100 * time.Millisecond) // timer
		conn.WriteTo(data, client)
	})
}

func EchoTwice(ctx context.Context, conn net.PacketConn) error {
	return answer(ctx, conn, func(data []byte, client net.Addr) {
		conn.WriteTo(data, client)
		conn.WriteTo(data, client) // twice
	})
}

func EchoToFirst(ctx context.Context, conn net.PacketConn) error {
	var first net.Addr
	return answer(ctx, conn, func(data []byte, client net.Addr) {
		if first == nil {
			first = client
		}
		conn.WriteTo(data, first) // first
	})
}

func Mute(ctx context.Context, conn net.PacketConn) error {
	return answer(ctx, conn, func([]byte, net.Addr) {})
}

func EndsAtOnce(context.Context, net.PacketConn) error { return errors.New("no socket for me") }

func BlockedOnChannel(context.Context, net.PacketConn) error {
	<-make(chan int) // channel
	return nil
}

func BlockedUntilCancelled(ctx context.Context, _ net.PacketConn) error {
	<-ctx.Done()
	return ctx.Err()
}

func BlockedOnMutex(context.Context, net.PacketConn) error {
	var mu sync.Mutex
	mu.Lock()
	mu.Lock() // mutex
	return nil
}

var shared = make(chan int)

func BlockedOnSharedChannel(context.Context, net.PacketConn) error {
	<-shared // shared
	return nil
}

func OwnSocket(context.Context, net.PacketConn) error {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _, err = conn.ReadFrom(make([]byte, 8)) // own
	return err
}

func Polls(ctx context.Context, conn net.PacketConn) error {
	for ctx.Err() == nil {
		conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // short
		conn.ReadFrom(make([]byte, 8))                              // polls
	}
	return ctx.Err()
}

func Exits(context.Context, net.PacketConn) error {
	os.Exit(0) // exit
	return nil
}

// StopSpinning ends Spins.
var StopSpinning atomic.Bool

func Spins(context.Context, net.PacketConn) error { // spin
	for !StopSpinning.Load() {
	}
	return nil
}

func SpinsOnClock(context.Context, net.PacketConn) error { // clock
	for end := time.Now().Add(time.Hour); time.Now().Before(end) && !StopSpinning.Load(); {
	}
	return nil
}

func SpinsOnDeadline(ctx context.Context, conn net.PacketConn) error {
	conn.SetReadDeadline(time.Now()) // expired
	for ctx.Err() == nil {
		conn.ReadFrom(make([]byte, 8)) // past
	}
	return ctx.Err()
}

func IgnoresErrors(_ context.Context, conn net.PacketConn) error {
	var buf [8]byte
	for {
		n, client, err := conn.ReadFrom(buf[:]) // closed
		if err == nil {
			conn.WriteTo(buf[:n], client)
		}
	}
}

func IgnoresContext(_ context.Context, conn net.PacketConn) error {
	var buf [8]byte
	_, _, err := conn.ReadFrom(buf[:]) // deaf
	return err
}

func Closes(_ context.Context, conn net.PacketConn) error {
	return conn.Close() // close
}

func LeavesGoroutine(_ context.Context, conn net.PacketConn) error {
	go conn.ReadFrom(make([]byte, 8)) // started
	return nil
}

func LeavesReader(_ context.Context, conn net.PacketConn) error {
	go func() {
		conn.ReadFrom(make([]byte, 8)) // reader
	}()
	return nil
}

func LeavesBlocked(context.Context, net.PacketConn) error {
	go func() {
		<-make(chan int) // blocked
	}()
	return nil
}

func LeavesDeadline(_ context.Context, conn net.PacketConn) error {
	return conn.SetDeadline(time.Now().Add(time.Hour)) // deadline
}

func DoesNotWaitForWatcher(ctx context.Context, conn net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Unix(1, 0)) // watcher
	})
	_, _, err := conn.ReadFrom(make([]byte, 8))
	stop()
	conn.SetReadDeadline(time.Time{})
	return err
}

func WaitsForWatcher(ctx context.Context, conn net.PacketConn) error {
	watched := make(chan bool)
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Unix(1, 0))
		close(watched)
	})
	_, _, err := conn.ReadFrom(make([]byte, 8))
	if !stop() {
		<-watched
		conn.SetReadDeadline(time.Time{})
	}
	return err
}

// ReadsOn looks at no context, and ends when a read fails.
func ReadsOn(ctx context.Context, conn net.PacketConn) error {
	watched := make(chan bool)
	context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Unix(1, 0))
		close(watched)
	})
	for {
		if _, _, err := conn.ReadFrom(make([]byte, 8)); err != nil {
			<-watched
			return conn.SetReadDeadline(time.Time{})
		}
	}
}

func LosesCause(ctx context.Context, _ net.PacketConn) error {
	<-ctx.Done()
	return fmt.Errorf("serve: %v", ctx.Err())
}

func TypeAsserts(_ context.Context, conn net.PacketConn) error {
	return conn.(*net.UDPConn).Close() // assert
}

// A Wild error, address and socket may do anything when somebody asks it.
type Wild struct {
	net.PacketConn
	Do func()
}

func (w Wild) Error() string {
	w.Do()
	return "wild"
}

func (w Wild) Is(target error) bool {
	w.Do()
	return target == net.ErrClosed
}

func (w Wild) As(any) bool {
	w.Do()
	return false
}

func (w Wild) Unwrap() error {
	w.Do()
	return os.ErrClosed
}

func (w Wild) Network() string {
	w.Do()
	return "wild"
}

func (w Wild) String() string {
	w.Do()
	return "wild"
}

func (w Wild) LocalAddr() net.Addr {
	w.Do()
	return w
}

func (w Wild) RemoteAddr() net.Addr {
	w.Do()
	return w
}

func (w Wild) Close() error {
	w.Do()
	return nil
}

func BlockedInError(context.Context, net.PacketConn) error {
	return Wild{Do: func() {
		<-make(chan int) // asked
	}}
}

func GoexitInError(context.Context, net.PacketConn) error {
	return Wild{Do: func() {
		runtime.Goexit() // asked to end
	}}
}

// ChangesAddresses changes every address that it is given.
func ChangesAddresses(_ context.Context, conn net.PacketConn) error {
	change := func(addr net.Addr) {
		udp := addr.(*net.UDPAddr)
		udp.Port, udp.IP[0], udp.IP[len(udp.IP)-1] = 1, 1, 1
	}
	change(conn.LocalAddr())
	var buf [8]byte
	for {
		n, client, err := conn.ReadFrom(buf[:])
		if err != nil {
			return err
		}
		conn.WriteTo(buf[:n], client)
		change(client)
		change(conn.LocalAddr())
		clear(buf[:])
	}
}

// Kept is the first socket that KeepsSocket was given.
var Kept net.PacketConn

func KeepsSocket(_ context.Context, conn net.PacketConn) error {
	if Kept == nil {
		Kept = conn
	}
	Kept.SetReadDeadline(time.Time{})
	Kept.WriteTo(nil, Kept.LocalAddr())
	_, _, err := Kept.ReadFrom(make([]byte, 8))
	return err
}

func SpinsOnKept(context.Context, net.PacketConn) error { // kept
	for conn := Kept; !StopSpinning.Load(); {
		conn.ReadFrom(make([]byte, 8))
	}
	return nil
}

// Released lets the goroutines that LeavesSpinner has left go on, and counts those that
// have ended.
var (
	Released = make(chan bool)
	Ended    = make(chan bool)
)

func LeavesSpinner(_ context.Context, conn net.PacketConn) error {
	go func() {
		defer func() { Ended <- true }()
		<-Released
		for {
			conn.ReadFrom(make([]byte, 8))
		}
	}()
	return nil
}

func LeavesStarter(context.Context, net.PacketConn) error {
	go func() {
		<-Released
		go func() {
			Ended <- true
			<-Released
			Ended <- true
		}()
		<-Released
	}()
	return nil
}

// CountsElsewhere reads on a goroutine of its own, and counts on another, which is busy
// for a while before it does.
func CountsElsewhere(count *atomic.Int64) func(context.Context, net.PacketConn) error {
	return func(_ context.Context, conn net.PacketConn) error {
		datagrams := make(chan int, 9)
		go func() {
			defer close(datagrams)
			buf := make([]byte, 8)
			for {
				n, _, err := conn.ReadFrom(buf)
				if err != nil {
					return
				}
				datagrams <- n
			}
		}()
		for range datagrams {
			for range 1000 {
				runtime.Gosched()
			}
			count.Add(1)
		}
		return nil
	}
}
