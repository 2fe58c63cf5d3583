package simnet_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// A program is a sequence of socket calls: two bytes each, what to do and with
// which sockets.
type program []byte

const mostSockets = 6

// run runs a program and writes down what it observes.
func (p program) run(e *env) {
	var conns []udpConn
	pick := func(b byte) udpConn { return conns[int(b)%len(conns)] }
	for i := 0; i+1 < len(p); i += 2 {
		op, arg := p[i]%8, p[i+1]
		if len(conns) == 0 {
			op = 0
		}
		if len(conns) == mostSockets && (op == 0 || op == 1) {
			op = 2
		}
		switch op {
		case 0:
			conns = append(conns, e.open(fmt.Sprint("s", len(conns))))
		case 1:
			to := pick(arg)
			c, err := e.dial(e.any(), addrPort(to))
			if err != nil {
				e.note("dial: %v", outcome{err})
				continue
			}
			conns = append(conns, e.name(fmt.Sprint("s", len(conns)), c))
		case 2, 3:
			e.send(pick(arg), pick(arg>>4), fmt.Sprint("datagram ", i)[:arg%11])
		case 4, 5:
			e.receive(pick(arg))
		case 6:
			e.write(pick(arg), fmt.Sprint("written ", i))
		case 7:
			if arg%4 > 0 { // seldom, or nothing is left to observe
				continue
			}
			e.note("%d: close: %v", i, outcome{e.shut(pick(arg >> 2))})
		}
	}
}

// same runs a program on both networks and compares.
func same(t *testing.T, p program, ip string) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: other systems report refusals otherwise")
	}
	t.Logf("program %x", []byte(p))
	compare(t, ips(t)[ip], p.run)
}

func FuzzPrograms(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 0x10, 4, 1})
	f.Add([]byte{0, 0, 1, 0, 7, 0, 6, 1, 6, 1, 4, 1})
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) > 200 {
			t.Skip("longer than it need be")
		}
		same(t, p, "ip4")
	})
}

// TestRandomPrograms: the fuzz test without a fuzzer, with the same programs each
// time.
func TestRandomPrograms(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for ip := range ips(t) {
		for i := range 200 {
			p := make(program, 80)
			for j := range p {
				p[j] = byte(random.UintN(256))
			}
			t.Run(fmt.Sprintf("%s/%d", ip, i), func(t *testing.T) { same(t, p, ip) })
		}
	}
}
