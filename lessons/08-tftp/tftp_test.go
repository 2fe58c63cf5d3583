package tftp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"udpkata/harness"
	tftp "udpkata/lessons/08-tftp"
)

const (
	ms = time.Millisecond
	ns = time.Nanosecond

	blockSize = 512
)

var (
	errPacket     = harness.Named("ErrPacket", tftp.ErrPacket)
	errServerDown = harness.Named("ErrServerDown", tftp.ErrServerDown)

	errBroken = errors.New("the disk is broken")
	wsError   = harness.Named("the error of w", errBroken)
)

// What packets are, as datagrams.

func numbers(all ...uint16) string {
	var b []byte
	for _, n := range all {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return string(b)
}

func rrq(name, mode string) string          { return numbers(1) + name + "\x00" + mode + "\x00" }
func wrq(name, mode string) string          { return numbers(2) + name + "\x00" + mode + "\x00" }
func data(block uint16, text string) string { return numbers(3, block) + text }
func ack(block uint16) string               { return numbers(4, block) }
func failure(code uint16, text string) string {
	return numbers(5, code) + text + "\x00"
}

// content returns a file of so many letters, in each story another one.
func content(w harness.Caller, size int) string {
	return contentOf(w, size, "abcdefghijklmnopqrstuvwxyz")
}

// anything returns a file of so many bytes of any kind.
func anything(w harness.Caller, size int) string {
	return contentOf(w, size, "\x00\x01\x02\x03\x04\x05\r\n\r\n \t\x7f\x80\xfe\xffabc%晚")
}

func contentOf(w harness.Caller, size int, of string) string {
	random := rand.New(rand.NewPCG(uint64(harness.Number(w, int64(7), 0, math.MaxInt64-1)), uint64(size)))
	b := make([]byte, size)
	for i := range b {
		b[i] = of[random.IntN(len(of))]
	}
	return string(b)
}

// blocks returns the blocks of a file, the last of which is a short one.
func blocks(content string) (all []string) {
	for len(content) >= blockSize {
		all, content = append(all, content[:blockSize]), content[blockSize:]
	}
	return append(all, content)
}

// nthBlock returns the DATA of a file that has a number in the transfer, from 1; "" if there is none.
func nthBlock(content string, n int) string {
	all := blocks(content)
	if n < 1 || n > len(all) {
		return ""
	}
	return data(uint16(n), all[n-1])
}

// TestPackets: the five kinds of packets, as the RFC has them, and what is none of them.
//
//kata:points 2
func TestPackets(t *testing.T) {
	const (
		asRFC = "A packet begins with 2 bytes that say its kind; each kind has its own fields behind them."
		back  = "Append makes of a Packet the bytes that Parse makes it of."
		only  = "Only the fields that the kind has count, whatever the others are."
	)
	packets := func(w harness.Caller) map[string]tftp.Packet {
		biggest := anything(w, blockSize)
		return map[string]tftp.Packet{
			rrq(w.Text("readme.txt"), "octet"):          {Op: tftp.RRQ, Name: w.Text("readme.txt"), Mode: "octet"},
			rrq("晚安\xff dir/x\n", "netascii"):           {Op: tftp.RRQ, Name: "晚安\xff dir/x\n", Mode: "netascii"},
			rrq("", ""):                                 {Op: tftp.RRQ},
			wrq(w.Text("upload"), "OcTet"):              {Op: tftp.WRQ, Name: w.Text("upload"), Mode: "OcTet"},
			data(1, w.Text("hello")):                    {Op: tftp.DATA, Block: 1, Data: []byte(w.Text("hello"))},
			data(0x0102, ""):                            {Op: tftp.DATA, Block: 0x0102, Data: []byte{}},
			data(65535, biggest):                        {Op: tftp.DATA, Block: 65535, Data: []byte(biggest)},
			ack(0):                                      {Op: tftp.ACK},
			ack(0xfffe):                                 {Op: tftp.ACK, Block: 0xfffe},
			failure(5, w.Text("who are you?")):          {Op: tftp.ERROR, Code: 5, Text: w.Text("who are you?")},
			failure(0x0201, ""):                         {Op: tftp.ERROR, Code: 0x0201},
			failure(0, w.Text("\n %d \xfe not a text")): {Op: tftp.ERROR, Text: w.Text("\n %d \xfe not a text")},
		}
	}
	harness.Offline(t, func(w *harness.World) {
		for _, datagram := range sortedKeys(packets(w)) {
			p := packets(w)[datagram]
			parse(w, datagram).Because(asRFC).Returns(asText(p))
			appended(w, p, "").Because(back).Returns([]byte(datagram))
		}
	})

	harness.Offline.Then(t, "behind-the-end", func(w *harness.World) {
		const options = "What stands behind a request's mode, or an ERROR's text, is for others: pass over it."
		for _, more := range []string{"tsize\x000\x00blksize\x001400\x00", "x", "\x00"} {
			parse(w, rrq("readme.txt", "octet")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.RRQ, Name: "readme.txt", Mode: "octet"}))
			parse(w, wrq("", "octet")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.WRQ, Mode: "octet"}))
			parse(w, failure(1, "gone")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.ERROR, Code: 1, Text: "gone"}))
		}
		const forgotten = "The 0 behind an ERROR's text may be missing: then the text goes on to the end."
		for _, text := range []string{"gone", ""} {
			parse(w, numbers(5, 1)+text).Because(forgotten).
				Returns(asText(tftp.Packet{Op: tftp.ERROR, Code: 1, Text: text}))
		}
	})

	harness.Offline.Then(t, "no-packets", func(w *harness.World) {
		const none = "What is no packet is refused with ErrPacket: look at the length before anything else."
		wrong := []string{
			"", "\x00", "\x01", numbers(0), numbers(1), numbers(3), numbers(4), numbers(5), numbers(6),
			numbers(3) + "\x00", numbers(4) + "\x00", numbers(5) + "\x00",
			numbers(0, 1) + "x\x00octet\x00", numbers(6) + "blksize\x00512\x00", numbers(0x0100) + "x\x00octet\x00",
			numbers(0x0103, 1) + "hello", numbers(256+4, 1), numbers(math.MaxUint16, 1),
			numbers(1) + "readme.txt", numbers(1) + "readme.txt\x00", numbers(1) + "readme.txt\x00octet",
			numbers(2) + "\x00octet", numbers(2) + "x\x00", numbers(1) + "\x00", numbers(1) + "ab",
			data(1, content(w, blockSize+1)), data(1, content(w, 1000)),
			ack(1) + "\x00", ack(1) + "hello",
		}
		for _, datagram := range wrong {
			refused := parse(w, datagram)
			refused.Because(none).Fails(errPacket)
			refused.Because("Beside an error there is a Packet without anything in it.").Beside(tftp.Packet{})
		}
	})

	harness.Offline.Then(t, "other-fields", func(w *harness.World) {
		for op, want := range map[tftp.Op]string{
			tftp.RRQ: rrq("name", "mode"), tftp.WRQ: wrq("name", "mode"), tftp.DATA: data(258, "data"),
			tftp.ACK: ack(258), tftp.ERROR: failure(772, "text"),
		} {
			p := tftp.Packet{
				Op: op, Name: "name", Mode: "mode", Block: 258, Data: []byte("data"), Code: 772, Text: "text",
			}
			appended(w, p, "").Because(only).Returns([]byte(want))
		}
	})

	harness.Offline.Then(t, "lent", func(w *harness.World) {
		lent := []byte("hello, and what is behind it in memory")
		was := string(lent)
		p := tftp.Packet{Op: tftp.DATA, Block: 7, Data: lent[:5]}
		const appends = "Append appends to what it is given."
		appended(w, p, "before ").Because(appends).Returns([]byte("before " + data(7, "hello")))
		appended(w, tftp.Packet{Op: tftp.ACK, Block: 7}, "before ").Because(appends).Returns([]byte("before " + ack(7)))
		if string(lent) != was {
			w.Errorf("Append has changed the bytes of Data, or those behind them.")
		}
		datagram := []byte(data(7, "hello"))
		w.Call("Parse", func(context.Context) (any, error) {
			p, err := tftp.Parse(datagram)
			return asText(p), err
		}).Returns(asText(tftp.Packet{Op: tftp.DATA, Block: 7, Data: []byte("hello")}))
		if string(datagram) != data(7, "hello") {
			w.Errorf("Parse has changed the datagram that it was lent.")
		}
	})
}

func sortedKeys(packets map[string]tftp.Packet) (all []string) {
	for datagram := range packets {
		all = append(all, datagram)
	}
	slices.Sort(all)
	return all
}

// asText returns a packet whose Data is a text, as no bytes are no bytes, nil or not.
func asText(p tftp.Packet) any {
	return struct {
		Op         tftp.Op
		Name, Mode string
		Block      uint16
		Data       string
		Code       uint16
		Text       string
	}{p.Op, p.Name, p.Mode, p.Block, string(p.Data), p.Code, p.Text}
}

func parse(w harness.Caller, datagram string) *harness.Call {
	return w.Call(fmt.Sprintf("Parse of %d bytes", len(datagram)), func(context.Context) (any, error) {
		p, err := tftp.Parse([]byte(datagram))
		if err != nil {
			if len(p.Data) == 0 {
				p.Data = nil
			}
			return p, err
		}
		return asText(p), nil
	})
}

func appended(w harness.Caller, p tftp.Packet, before string) *harness.Call {
	return w.Call("Append", func(context.Context) (any, error) {
		return p.Append([]byte(before)), nil
	})
}

// A calling is a call of the student's code.
type calling = func(ctx context.Context) (any, error)

// getting returns a call of Get.
func getting(conn net.PacketConn, server net.Addr, name string, to io.Writer) calling {
	return func(ctx context.Context) (any, error) { return tftp.Get(ctx, conn, server, name, to) }
}

func get(w harness.Caller, conn net.PacketConn, server harness.Endpoint, name string, to io.Writer) *harness.Call {
	return w.Call("Get", getting(conn, server.LocalAddr(), name, to))
}

// sender returns the answers of whoever sends a file: to an ACK, the block after it.
func sender(content string) func(payload []byte) []byte {
	all := blocks(content)
	return func(payload []byte) []byte {
		if len(payload) != 4 || payload[1] != 4 {
			return nil
		}
		n := int(binary.BigEndian.Uint16(payload[2:]))
		if n >= len(all) {
			return nil
		}
		return []byte(data(uint16(n+1), all[n]))
	}
}

const (
	asksOctet  = "Get asks the server with an RRQ that has the name and the mode octet, whatever the file is."
	toThePort  = "The server answers from a port of its own: each ACK goes there, with the number of its DATA."
	isLast     = "A DATA of fewer than 512 bytes is the last one, also one of none: then Get returns, without waiting."
	isAllOfIt  = "The file is all blocks in their order, each of them once, byte for byte."
	onlyLent   = "The socket is the caller's: whatever becomes of the file, it stays open."
	goesAround = "Block numbers have 16 bits: behind 65535 comes 0, and then 1."
)

// TestGetFetches: a file is asked for, and comes in blocks, each of which is acknowledged.
//
//kata:points 2
func TestGetFetches(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		for i, size := range []int{0, 1, 511, 512, 513, 1024} {
			file, name := content(w, size), w.Text(fmt.Sprint("file ", i+1))
			server, out := w.Peer("server"), w.Output()
			transfer := w.Server("transfer", sender(file))
			conn := w.ListenPacket("client")
			call := get(w, conn, server, name, out)
			server.Because(asksOctet).ExpectFrom(conn, rrq(name, "octet"))
			transfer.Send(conn, nthBlock(file, 1))
			call.Because(isAllOfIt).Returns(int64(size))
			out.Holds(file)
			w.Because(onlyLent).StillOpen(conn)
		}
	})

	harness.OnVirtual.Then(t, "block-by-block", func(w *harness.Virtual) {
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		file := anything(w, 2*blockSize+harness.Number(w, 100, 1, 500))
		name := w.Text("../dir//any bytes \n%s ") + strings.Repeat("/long", 200) + " "
		call := get(w, conn, server, name, out)
		server.Because(asksOctet).ExpectFrom(conn, rrq(name, "octet"))
		for i, block := range blocks(file) {
			transfer.Send(conn, data(uint16(i+1), block))
			transfer.Because(toThePort).ExpectFrom(conn, ack(uint16(i+1)))
			w.Because("Each block is written as it comes.")
			out.Holds(file[:min(len(file), (i+1)*blockSize)])
		}
		call.Because(isLast).ReturnsAt(0, int64(len(file)))
		server.HeardNothingElse()
		transfer.HeardNothingElse()
		w.NothingLeftBehind()
		w.Because(onlyLent).StillOpen(conn)
	})

	for _, size := range []int{0, 2 * blockSize} {
		harness.OnVirtual.Then(t, fmt.Sprintf("empty-end-of-%d", size), func(w *harness.Virtual) {
			server, transfer := w.Peer("server"), w.Peer("transfer")
			conn, out := w.ListenPacket("client"), w.Output()
			file := content(w, size)
			call := get(w, conn, server, w.Text("even"), out)
			for i := range blocks(file) {
				w.At(time.Duration(i+1) * 10 * ms)
				transfer.Send(conn, nthBlock(file, i+1))
				transfer.Because(isLast).ExpectFrom(conn, ack(uint16(i+1)))
			}
			call.Because(isLast).ReturnsAt(time.Duration(len(blocks(file)))*10*ms, int64(size))
			out.Holds(file)
		})
	}

	harness.OnVirtual.Then(t, "from-the-port-that-was-asked", func(w *harness.Virtual) {
		file := content(w, 700)
		server := w.Peer("server")
		conn, out := w.ListenPacket("client"), w.Output()
		call := get(w, conn, server, w.Text("file"), out)
		server.ExpectFrom(conn, rrq(w.Text("file"), "octet"))
		for i := range blocks(file) {
			server.Send(conn, nthBlock(file, i+1))
			server.Because("Any port of the server's host will do, also the one that was asked.").
				ExpectFrom(conn, ack(uint16(i+1)))
		}
		call.ReturnsAt(0, int64(700))
		out.Holds(file)
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		const itsOwn = "Each call of Get has its own file and its own end."
		server, one, two := w.Peer("server"), w.Peer("transfer 1"), w.Peer("transfer 2")
		client1, client2, out1, out2 := w.ListenPacket("client 1"), w.ListenPacket("client 2"), w.Output(), w.Output()
		file1, file2 := content(w, 600), content(w, 1100)
		first := get(w, client1, server, w.Text("one"), out1)
		second := get(w, client2, server, w.Text("two"), out2)
		for i := range 3 {
			two.Send(client2, nthBlock(file2, i+1))
			two.Because(itsOwn).ExpectFrom(client2, ack(uint16(i+1)))
			if i < 2 {
				one.Send(client1, nthBlock(file1, i+1))
				one.Because(itsOwn).ExpectFrom(client1, ack(uint16(i+1)))
			}
		}
		first.Because(itsOwn).ReturnsAt(0, int64(600))
		second.Because(itsOwn).ReturnsAt(0, int64(1100))
		w.Because(itsOwn)
		out1.Holds(file1)
		w.Because(itsOwn)
		out2.Holds(file2)
	})

	harness.OnVirtual.Then(t, "other-methods", func(w *harness.Virtual) {
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		get(w, foreign{conn, failing{new(net.UDPConn)}}, server, w.Text("file"), out)
		transfer.Send(conn, data(1, w.Text("hello")))
		transfer.Because("Whatever other methods conn's type may have, net.PacketConn's are the ones that count.").
			ExpectFrom(conn, ack(1))
	})

	harness.OnVirtual.Then(t, "around", func(w *harness.Virtual) {
		server, block := w.Peer("server"), content(w, blockSize)
		request, next := []byte(rrq(w.Text("big"), "octet")), []byte(data(1, block))
		robot := &robot{PacketConn: w.ListenPacket("client"), w: w, peer: server.LocalAddr()}
		robot.answer = func(payload []byte) []byte {
			if len(payload) == 4 && payload[1] == 4 {
				binary.BigEndian.PutUint16(next[2:], binary.BigEndian.Uint16(payload[2:])+1)
			} else if !bytes.Equal(payload, request) {
				return nil
			}
			return next
		}
		call := get(w, robot, server, w.Text("big"), &counter{block: block, until: longFile})
		call.Because(goesAround).Fails(atItsEnd)
		call.Because(goesAround).Beside(int64(longFile * blockSize))
	})
}

// longFile is how many whole blocks the long file has: its numbers go round.
var longFile = harness.Often(1<<16+2, 300)

// A foreign socket has the other methods of a *net.UDPConn too, which fail.
type foreign struct {
	net.PacketConn
	failing
}

type failing struct{ *net.UDPConn }

// A counter takes so many times the same block, and then fails.
type counter struct {
	block string
	until int

	mu    sync.Mutex
	bytes int
}

var (
	errEnough = errors.New("that is enough")
	errOther  = errors.New("that is another block")
	atItsEnd  = harness.Named("the error of w", errEnough)
)

// Write counts bytes.
func (c *counter) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n = 0; n < len(p); {
		rest := c.block[c.bytes%blockSize:]
		same := min(len(rest), len(p)-n)
		switch {
		case c.bytes == c.until*blockSize:
			return n, errEnough
		case string(p[n:n+same]) != rest[:same]:
			return n, errOther
		}
		n, c.bytes = n+same, c.bytes+same
	}
	return n, nil
}

// A robot is a socket that has its answers in itself, so that a long transfer costs little.
type robot struct {
	net.PacketConn
	w      *harness.Virtual
	peer   net.Addr
	answer func(payload []byte) []byte // to what is sent to the peer, nil for none; good until the next

	mu       sync.Mutex
	sent     int
	answers  [][]byte
	deadline time.Time
	closed   bool
	changed  chan struct{} // closed when one of these changes; nil if nobody waits for that
}

// change changes something, and wakes whoever waits for that.
func (r *robot) change(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// WriteTo has the answer to what is sent.
func (r *robot) WriteTo(p []byte, to net.Addr) (int, error) {
	at, peer := to.(*net.UDPAddr), r.peer.(*net.UDPAddr)
	if at.Port != peer.Port || !at.IP.Equal(peer.IP) {
		return r.PacketConn.WriteTo(p, to)
	}
	sent := 0
	r.change(func() {
		r.sent++
		if sent = r.sent; sent > longFile+100 {
			return // so that nobody goes on for ever
		}
		if answer := r.answer(p); answer != nil {
			r.answers = append(r.answers, answer)
		}
	})
	if sent%100 == 1 {
		r.w.Progress()
	}
	return len(p), nil
}

// ReadFrom waits for an answer.
func (r *robot) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	for {
		changed, until := r.read(func() {
			switch {
			case r.closed:
				err = net.ErrClosed
			case !r.deadline.IsZero() && !time.Now().Before(r.deadline):
				err = os.ErrDeadlineExceeded
			case len(r.answers) > 0:
				n, from = copy(p, r.answers[0]), r.peer
				r.answers = slices.Delete(r.answers, 0, 1)
			}
		}, func() bool { return from == nil && err == nil })
		switch {
		case err != nil:
			return 0, nil, &net.OpError{Op: "read", Net: "udp", Source: r.LocalAddr(), Err: err}
		case changed == nil:
			return n, from, nil
		case until.IsZero():
			<-changed
			continue
		}
		ctx, stop := r.w.WithTimeout(context.Background(), time.Until(until))
		select {
		case <-changed:
		case <-ctx.Done():
		}
		stop()
	}
}

// read looks whether there is something to read, and returns what to wait for if there is nothing yet.
func (r *robot) read(look func(), nothing func() bool) (changed chan struct{}, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	look()
	if !nothing() {
		return nil, time.Time{}
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed, r.deadline
}

// SetReadDeadline sets a deadline.
func (r *robot) SetReadDeadline(t time.Time) error {
	r.change(func() { r.deadline = t })
	return nil
}

// SetDeadline does what SetReadDeadline does.
func (r *robot) SetDeadline(t time.Time) error { return r.SetReadDeadline(t) }

// IsPrompt reports that a deadline that is to come is set at once, and without an error.
func (r *robot) IsPrompt() bool { return true }

// Close closes the socket.
func (r *robot) Close() error {
	r.change(func() { r.closed = true })
	return r.PacketConn.Close()
}

// count returns a number that answer counts.
func (r *robot) count(n *int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *n
}

// When what is not answered is sent again.
var sends = []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms}

// after returns instants as they are when all begins later.
func after(d time.Duration, instants ...time.Duration) (later []time.Duration) {
	for _, at := range instants {
		later = append(later, d+at)
	}
	return later
}

// A fetch is a Get of a file, and those who give it.
type fetch struct {
	*harness.Virtual
	began            time.Time
	server, transfer *harness.Peer
	conn             net.PacketConn
	out              *harness.Output
	file             string
	call             *harness.Call
}

// begin begins one of a file of so many bytes.
func begin(w *harness.Virtual, size int) fetch {
	w.Helper()
	f := fetch{
		w, time.Now(), w.Peer("server"), w.Peer("transfer"), w.ListenPacket("client"), w.Output(), content(w, size),
		nil,
	}
	f.call = get(w, f.conn, f.server, w.Text("readme.txt"), f.out)
	f.server.Because(asksOctet).ExpectFrom(f.conn, rrq(w.Text("readme.txt"), "octet"))
	return f
}

// sends has the server send a block, from 1, which is new.
func (f fetch) sends(block int) {
	f.Helper()
	f.repeats(block, toThePort)
}

// repeats has the server send a block, from 1, and wants its ACK at once.
func (f fetch) repeats(block int, because string) {
	f.Helper()
	now := time.Since(f.began)
	f.transfer.Send(f.conn, nthBlock(f.file, block))
	f.transfer.Because(because).ExpectFrom(f.conn, ack(uint16(block)))
	f.Because(because)
	f.StillAt(now)
}

// arrives wants the whole file, at an instant, and nothing after it.
func (f fetch) arrives(at time.Duration, because string) {
	f.Helper()
	f.call.Because(because).ReturnsAt(at, int64(len(f.file)))
	f.Because(because)
	f.out.Holds(f.file)
	f.transfer.Because(because).HeardNothingElse()
	f.NothingLeftBehind()
}

const (
	lastAgain = "What was sent last is sent again: after 100, 300, 700 and 1500 ms; Get gives up after 3100 ms."
	anew      = "With each new block the times begin anew: 100 ms is the first wait again."
	hadIt     = "A DATA that comes again is acknowledged again at once, and not written a second time."
	passOver  = "What is not the next DATA, nor the last one again, is passed over, without an ACK."
	sameTimes = "Nothing but the next DATA changes when Get sends again, and when it gives up."
	anError   = "An error of conn's is no answer: Get goes on listening at once, and sends at its own times."
	lost      = "A send that fails is as good as one that is lost: it counts, and Get waits and sends again."
)

// manyErrors are some that a system may report of a UDP socket, several times in a row.
var manyErrors = []error{
	syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNREFUSED,
	syscall.EPERM, syscall.ENOBUFS, io.EOF, syscall.ECONNREFUSED, syscall.EMSGSIZE,
}

// TestGetSendsAgain: what is lost is sent again, and what comes again or at the wrong time does no harm.
//
//kata:points 2
func TestGetSendsAgain(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		f := begin(w, 0)
		f.call.Because(lastAgain).FailsAt(3100*ms, errServerDown)
		f.call.Because("Beside an error is how many bytes w has taken.").Beside(int64(0))
		w.Because(lastAgain)
		w.SentAt(f.conn, sends...)
		for range sends[1:] {
			f.server.Because(lastAgain).ExpectFrom(f.conn, rrq(w.Text("readme.txt"), "octet"))
		}
		w.Because(onlyLent).StillOpen(f.conn)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "silent-in-the-middle", func(w *harness.Virtual) {
		began := harness.Number(w, 250*ms, 110*ms, 290*ms)
		f := begin(w, 2000)
		w.At(began)
		f.sends(1)
		w.At(began + 60*ms)
		f.sends(2)
		f.call.Because(anew).FailsAt(began+60*ms+3100*ms, errServerDown)
		f.call.Because("Beside an error is how many bytes w has taken.").Beside(int64(1024))
		w.Because(anew)
		w.SentAt(f.conn, append([]time.Duration{0, 100 * ms, began}, after(began+60*ms, sends...)...)...)
		for range sends[1:] {
			f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(2))
		}
		f.server.ExpectFrom(f.conn, rrq(w.Text("readme.txt"), "octet"))
		f.server.Because("Once somebody has answered, it is the ACK that is sent again, and not the RRQ.").
			HeardNothingElse()
	})

	for i, at := range []time.Duration{ns, 100*ms - ns, 100*ms + ns, 700*ms - ns, 1500*ms + ns, 3100*ms - ns} {
		harness.OnVirtual.Then(t, fmt.Sprintf("answered-late-%d", i+1), func(w *harness.Virtual) {
			const late = "A DATA may come at any time until Get gives up, after whichever send."
			f := begin(w, 513)
			w.At(at)
			f.transfer.Send(f.conn, nthBlock(f.file, 1))
			f.transfer.Because(late).ExpectFrom(f.conn, ack(1))
			w.At(2 * at)
			for _, send := range sends[1:] {
				if send < at {
					f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(1))
				}
			}
			f.transfer.Send(f.conn, nthBlock(f.file, 2))
			f.transfer.Because(late).ExpectFrom(f.conn, ack(2))
			f.arrives(2*at, late)
		})
	}

	harness.OnVirtual.Then(t, "slow", func(w *harness.Virtual) {
		const slow = "A file may take as long as it takes: only what is not answered for 3100 ms ends Get."
		f := begin(w, 40*blockSize)
		for i := range 41 {
			at := time.Duration(i) * 3 * time.Second
			w.At(at)
			f.transfer.Send(f.conn, nthBlock(f.file, i+1))
			f.transfer.Because(slow).ExpectFrom(f.conn, ack(uint16(i+1)))
			if i < 40 {
				w.At(at + 2900*ms)
				for range sends[1:] {
					f.transfer.Because(slow).ExpectFrom(f.conn, ack(uint16(i+1)))
				}
			}
		}
		f.arrives(2*time.Minute, slow)
	})

	harness.OnVirtual.Then(t, "again", func(w *harness.Virtual) {
		f := begin(w, 1000)
		w.At(10 * ms)
		f.sends(1)
		w.At(50 * ms)
		for range 3 {
			f.repeats(1, hadIt)
		}
		w.Because(hadIt)
		f.out.Holds(f.file[:blockSize])
		w.At(150 * ms)
		w.Because(sameTimes)
		w.SentAt(f.conn, 0, 10*ms, 50*ms, 50*ms, 50*ms, 110*ms)
		f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(1))
		f.sends(2)
		f.arrives(150*ms, hadIt)
	})

	harness.OnVirtual.Then(t, "other-numbers", func(w *harness.Virtual) {
		f := begin(w, 2000)
		f.sends(1)
		f.sends(2)
		for _, n := range []uint16{1, 0, 4, 5, 65535, 256 + 3, 3 << 8} {
			f.transfer.Send(f.conn, data(n, content(w, blockSize)))
			f.transfer.Send(f.conn, data(n, w.Text("the end")))
		}
		f.transfer.Because(passOver).HeardNothingElse()
		w.At(50 * ms)
		f.sends(3)
		f.sends(4)
		f.arrives(50*ms, passOver)
	})

	harness.OnVirtual.Then(t, "other-packets", func(w *harness.Virtual) {
		f := begin(w, 600)
		f.sends(1)
		for _, other := range []string{
			ack(1), ack(2), rrq(w.Text("readme.txt"), "octet"), wrq(w.Text("readme.txt"), "octet"), w.Text("hello"),
			"\x00", numbers(3), numbers(6) + w.Text("option"), data(2, content(w, blockSize+1)), "",
		} {
			f.transfer.Send(f.conn, other)
		}
		w.At(110 * ms)
		w.Because(sameTimes)
		w.SentAt(f.conn, 0, 0, 100*ms)
		f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(1))
		f.sends(2)
		f.arrives(110*ms, passOver)
	})

	harness.OnVirtual.Then(t, "errors", func(w *harness.Virtual) {
		f := begin(w, 600)
		w.At(50 * ms)
		w.FailRead(f.conn, slices.Repeat(manyErrors, 40)...)
		w.At(60 * ms)
		f.sends(1)
		w.FailRead(f.conn, slices.Repeat(manyErrors, 40)...)
		w.At(170 * ms)
		w.FailRead(f.conn, slices.Repeat(manyErrors, 40)...)
		w.At(170*ms + ns)
		w.Because(anError)
		w.SentAt(f.conn, 0, 60*ms, 160*ms)
		f.transfer.Because(anError).ExpectFrom(f.conn, ack(1))
		f.transfer.Send(f.conn, nthBlock(f.file, 2))
		f.transfer.Because(anError).ExpectFrom(f.conn, ack(2))
		f.arrives(170*ms+ns, anError)
	})

	harness.OnVirtual.Then(t, "sends-that-fail", func(w *harness.Virtual) {
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		w.FailWritesTo(conn, server, syscall.ENETUNREACH)
		call := get(w, conn, server, w.Text("readme.txt"), out)
		w.At(250 * ms)
		w.FailWritesTo(conn, server, nil)
		w.At(300 * ms)
		server.Because(lost).ExpectFrom(conn, rrq(w.Text("readme.txt"), "octet"))
		w.FailWritesTo(conn, transfer, syscall.EPERM)
		transfer.Send(conn, data(1, content(w, blockSize)))
		w.At(350 * ms)
		w.FailWritesTo(conn, transfer, nil)
		w.At(400 * ms)
		transfer.Because(lost).ExpectFrom(conn, ack(1))
		transfer.Send(conn, data(2, ""))
		transfer.Because(lost).ExpectFrom(conn, ack(2))
		call.Because(lost).ReturnsAt(400*ms, int64(blockSize))
		w.Because(lost)
		w.SentAt(conn, 0, 100*ms, 300*ms, 300*ms, 400*ms, 400*ms)
	})
}

const (
	notYours = "Whoever is not the other end gets an ERROR with the code 5, and the transfer goes on."
	theFirst = "The other end is who answers first, with a DATA 1 or an ERROR, from the server's own IP address."
	noAnswer = "An ERROR is never answered, nor is what is no packet: or else two programs could go on for ever."
)

// gets wants the next datagram that a peer hears to be an ERROR with a code.
func gets(w interface{ Helper() }, p *harness.Peer, from harness.Endpoint, code uint16, because string) {
	w.Helper()
	p.Because(because).HearLike(from, failure(code, "any text"), func(payload string) bool {
		return len(payload) >= 5 && payload[:4] == numbers(5, code) && strings.HasSuffix(payload, "\x00")
	})
}

// TestGetKnowsItsServer: the other end of a transfer is whoever answers first from the server's host; all others are
// told so, and are not heard.
//
//kata:points 2
func TestGetKnowsItsServer(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		f := begin(w, 1000)
		mallory := w.Peer("mallory")
		f.sends(1)
		for _, packet := range []string{
			data(2, w.Text("forged")), data(1, content(w, blockSize)), ack(1), rrq(w.Text("file"), "octet"),
			wrq(w.Text("file"), "octet"),
		} {
			mallory.Send(f.conn, packet)
			gets(w, mallory, f.conn, 5, notYours)
		}
		f.server.Send(f.conn, data(2, w.Text("from the port that was asked")))
		gets(w, f.server, f.conn, 5, notYours)
		f.transfer.HeardNothingElse()
		w.At(50 * ms)
		f.sends(2)
		f.arrives(50*ms, notYours)
	})

	harness.OnVirtual.Then(t, "never-answered", func(w *harness.Virtual) {
		f := begin(w, 1000)
		mallory := w.Peer("mallory")
		f.sends(1)
		for _, packet := range []string{
			failure(1, w.Text("gone")), failure(5, ""), w.Text("hello"), "\x00", numbers(6),
			data(2, content(w, 513)), "",
		} {
			mallory.Send(f.conn, packet)
		}
		mallory.Because(noAnswer).HeardNothingElse()
		f.sends(2)
		f.arrives(0, noAnswer)
	})

	harness.OnVirtual.Then(t, "another-host", func(w *harness.Virtual) {
		server, mallory := w.SamePort("server", "mallory")
		conn, out := w.ListenPacket("client"), w.Output()
		file := content(w, 600)
		call := get(w, conn, server, w.Text("readme.txt"), out)
		for _, packet := range []string{data(1, w.Text("forged")), ack(0)} {
			mallory.Send(conn, packet)
			gets(w, mallory, conn, 5, theFirst)
		}
		mallory.Send(conn, failure(1, w.Text("gone")))
		mallory.Because(noAnswer).HeardNothingElse()
		server.ExpectFrom(conn, rrq(w.Text("readme.txt"), "octet"))
		for i := range blocks(file) {
			server.Send(conn, nthBlock(file, i+1))
			server.Because(theFirst).ExpectFrom(conn, ack(uint16(i+1)))
			mallory.Send(conn, data(uint16(i+2), w.Text("forged")))
			if i == 0 {
				gets(w, mallory, conn, 5, notYours)
			}
		}
		call.Because(theFirst).ReturnsAt(0, int64(600))
		w.Because(theFirst)
		out.Holds(file)
	})

	harness.OnVirtual.Then(t, "of-an-earlier-transfer", func(w *harness.Virtual) {
		const earlier = "What is still on its way from an earlier transfer begins none: only a DATA 1 or an ERROR does."
		f := begin(w, 1000)
		old := w.Peer("earlier transfer")
		for _, packet := range []string{data(3, w.Text("the end")), data(0, ""), ack(1)} {
			old.Send(f.conn, packet)
			gets(w, old, f.conn, 5, earlier)
		}
		f.sends(1)
		old.Send(f.conn, data(2, w.Text("the end")))
		gets(w, old, f.conn, 5, earlier)
		f.sends(2)
		f.arrives(0, earlier)
	})

	harness.OnVirtual.Then(t, "once-more", func(w *harness.Virtual) {
		const another = "The same socket fetches one file after the other, each from another port."
		server := w.Peer("server")
		conn := w.ListenPacket("client")
		for i := range 3 {
			transfer, out := w.Peer(fmt.Sprint("transfer ", i+1)), w.Output()
			file := content(w, 512+i)
			call := get(w, conn, server, w.Text("readme.txt"), out)
			server.ExpectFrom(conn, rrq(w.Text("readme.txt"), "octet"))
			for n := range blocks(file) {
				transfer.Send(conn, nthBlock(file, n+1))
				transfer.Because(another).ExpectFrom(conn, ack(uint16(n+1)))
			}
			call.Because(another).ReturnsAt(0, int64(len(file)))
			w.Because(another)
			out.Holds(file)
			transfer.HeardNothingElse()
		}
	})

	harness.OnVirtual.Then(t, "in-16-bytes", func(w *harness.Virtual) {
		const oneHost = "An IPv4 address in 4 bytes and in 16 is one address."
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		long := *server.LocalAddr().(*net.UDPAddr)
		long.IP = long.IP.To16()
		call := w.Call("Get", getting(conn, &long, w.Text("readme.txt"), out))
		server.ExpectFrom(conn, rrq(w.Text("readme.txt"), "octet"))
		transfer.Send(conn, data(1, w.Text("hello")))
		transfer.Because(oneHost).ExpectFrom(conn, ack(1))
		call.Because(oneHost).ReturnsAt(0, int64(len(w.Text("hello"))))
	})

	harness.OnVirtual.Then(t, "many-of-them", func(w *harness.Virtual) {
		f := begin(w, 1000)
		mallory := w.Peer("mallory")
		for i := range 20 { // a few at a time: what a socket has no room for is lost
			w.At(time.Duration(i) * 4 * ms)
			for range 10 {
				mallory.Send(f.conn, ack(1))
			}
		}
		w.At(150 * ms)
		f.server.Because(sameTimes).ExpectFrom(f.conn, rrq(w.Text("readme.txt"), "octet"))
		f.sends(1)
		f.sends(2)
		f.arrives(150*ms, sameTimes)
	})
}

// over makes the call with a context that is cancelled already.
func over(call calling) calling {
	return func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return call(ctx)
	}
}

// overdue makes the call with a context whose deadline has passed already.
func overdue(call calling) calling {
	return func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
		defer cancel()
		return call(ctx)
	}
}

// TestGetStops: an ERROR of the other end, a writer that fails, the end of ctx or of the socket ends Get, at once.
//
//kata:points 2
func TestGetStops(t *testing.T) {
	const (
		saysWhy  = "An ERROR of the other end ends Get at once, with an Error that has its code and its text."
		silent   = "An ERROR is not acknowledged: whoever has sent it is gone."
		ctxEnds  = "When ctx ends, Get returns at once, and its error says so."
		tellsEnd = "When w fails, the other end gets an ERROR in the place of the ACK, and Get returns at once."
		nobody   = "Whether the server is down, nobody knows here: Get was ended before it could find out."
	)
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		call := get(w, conn, server, w.Text("nowhere"), out)
		server.Because(asksOctet).ExpectFrom(conn, rrq(w.Text("nowhere"), "octet"))
		transfer.Send(conn, failure(1, w.Text("File not found")))
		call.Because(saysWhy).Fails(tftp.Error{Code: 1, Text: w.Text("File not found")})
		call.Because(saysWhy).Beside(int64(0))
		call.Because(saysWhy).FailsNot(errServerDown)
		w.Because(onlyLent).StillOpen(conn)
		transfer.Because(silent).HeardNothingElse()
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "in-the-middle", func(w *harness.Virtual) {
		for i, e := range []tftp.Error{{0, w.Text("\n %s")}, {5, w.Text("who are you?")}, {0xffff, ""}, {8, "x"}} {
			f := begin(w, 1000)
			f.sends(1)
			f.transfer.Send(f.conn, failure(e.Code, e.Text))
			f.call.Because(saysWhy).FailsAt(0, e)
			f.call.Because("Beside an error is how many bytes w has taken.").Beside(int64(blockSize))
			if i == 0 {
				f.call.Because(nobody).FailsNot(errServerDown)
			}
			f.transfer.Because(silent).HeardNothingElse()
		}
		w.NothingLeftBehind()
	})

	for _, size := range []int{0, 600, 1024} {
		harness.OnVirtual.Then(t, fmt.Sprintf("w-fails-at-%d", size), func(w *harness.Virtual) {
			f := begin(w, 2000)
			f.out.FailAt(size, errBroken)
			for i := range size / blockSize {
				f.sends(i + 1)
			}
			w.At(20 * ms)
			f.transfer.Send(f.conn, nthBlock(f.file, size/blockSize+1))
			f.call.Because(tellsEnd).FailsAt(20*ms, wsError)
			f.call.Because("Beside an error is how many bytes w has taken.").Beside(int64(size))
			f.call.Because(nobody).FailsNot(errServerDown)
			f.transfer.Because(tellsEnd).HearLike(f.conn, failure(3, "any text"), func(payload string) bool {
				return len(payload) >= 5 && payload[:2] == numbers(5) && strings.HasSuffix(payload, "\x00")
			})
			f.transfer.Because(tellsEnd).HeardNothingElse()
			w.NothingLeftBehind()
		})
	}

	for _, received := range []int{0, 2} {
		harness.OnVirtual.Then(t, fmt.Sprintf("cancelled-after-%d", received), func(w *harness.Virtual) {
			f, ended := begin(w, 2000), harness.Number(w, 450*ms, 310*ms, 690*ms)
			for i := range received {
				f.sends(i + 1)
			}
			w.At(ended)
			f.call.Because(ctxEnds).Stop()
			f.call.Because(ctxEnds).FailsAt(ended, context.Canceled, os.ErrDeadlineExceeded)
			f.call.Because(nobody).FailsNot(errServerDown)
			f.call.Because("Beside an error is how many bytes w has taken.").Beside(int64(received * blockSize))
			w.Because(onlyLent).StillOpen(f.conn)
			w.NothingLeftBehind()
			w.At(10 * time.Second)
			w.Because("A call that has ended sends nothing more.")
			w.SilentFrom(f.conn, ended+ns)
		})

		harness.OnVirtual.Then(t, fmt.Sprintf("closed-after-%d", received), func(w *harness.Virtual) {
			f, ended := begin(w, 2000), harness.Number(w, 450*ms, 310*ms, 690*ms)
			for i := range received {
				f.sends(i + 1)
			}
			w.At(ended)
			w.Close(f.conn)
			f.call.Because("A closed socket ends Get at once, with an error that wraps net.ErrClosed.").
				FailsAt(ended, net.ErrClosed)
			f.call.Because(nobody).FailsNot(errServerDown)
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		server, conn := w.Peer("server"), w.ListenPacket("client")
		call := w.CallUntil(250*ms, "Get", getting(conn, server.LocalAddr(), w.Text("readme.txt"), w.Output()))
		call.Because(ctxEnds).FailsAt(250*ms, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		call.Because(nobody).FailsNot(errServerDown)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		const before = "What is over before the call ends it too, and the error says so."
		server, conn := w.Peer("server"), w.ListenPacket("client")
		get := getting(conn, server.LocalAddr(), w.Text("readme.txt"), w.Output())
		cancelled := w.Call("Get (with a context that is cancelled already)", over(get))
		cancelled.Because(before).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(nobody).FailsNot(errServerDown)
		late := w.Call("Get (with a context whose deadline has passed already)", overdue(get))
		late.Because(before).FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.Close(conn)
		closed := w.Call("Get (with a socket that is closed already)", get)
		closed.Because(before).FailsAt(0, net.ErrClosed)
		w.NothingLeftBehind()
	})
}

// A giving is a call of Serve, and what it has.
type giving struct {
	server net.PacketConn
	open   *harness.Opener
	files  *harness.Files
	call   *harness.Call
}

func give(w harness.Caller, server net.PacketConn, open *harness.Opener, files *harness.Files) giving {
	return giving{server, open, files, w.Call("Serve", serving(server, open, files))}
}

func serving(server net.PacketConn, open *harness.Opener, files fs.FS) calling {
	return func(ctx context.Context) (any, error) { return nil, tftp.Serve(ctx, server, open.Open, files) }
}

// A taker takes a file: it acknowledges each block, and keeps those that are new.
func taker(out io.Writer) func(payload []byte) []byte {
	last := uint16(0)
	return func(payload []byte) []byte {
		if len(payload) < 4 || payload[1] != 3 {
			return nil
		}
		n := binary.BigEndian.Uint16(payload[2:])
		if n == last+1 {
			out.Write(payload[4:])
			last = n
		}
		return []byte(ack(n))
	}
}

const (
	ownSocket = "Each transfer has its own socket, which open returns: all its packets go through that one."
	nextOne   = "The ACK of a block brings the next one at once; the last has fewer than 512 bytes, if need be none."
	isClosed  = "When a transfer is over, its socket and its file are closed, however it has ended."
	notThere  = "Nothing is sent through the socket on which requests come."
	manyAtAll = "There may be many transfers at a time: none waits for another."
)

// TestServeSends: whoever asks for a file gets it, in blocks, from a port of the transfer's own.
//
//kata:points 2
func TestServeSends(t *testing.T) {
	harness.OnEachNetwork(t, func(w *harness.World) {
		contents := map[string]string{}
		sizes := []int{0, 1, 511, 512, 513, 1024}
		for _, size := range sizes {
			contents[w.Text(fmt.Sprintf("dir/%d", size))] = content(w, size)
		}
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(contents))
		for i, size := range sizes {
			name, out := w.Text(fmt.Sprintf("dir/%d", size)), w.Output()
			client := w.Server(fmt.Sprint("client ", i+1), taker(out))
			client.Send(g.server, rrq(name, "octet"))
			w.Because(ownSocket)
			client.Because(ownSocket).ExpectFrom(g.open.Socket(i+1), nthBlock(contents[name], 1))
			w.Because(isClosed)
			g.open.AllClosed()
			w.Because(isAllOfIt)
			out.Holds(contents[name])
		}
		w.Because(isClosed)
		g.files.AllClosed()
	})

	for _, size := range []int{0, 700, 1024} {
		harness.OnVirtual.Then(t, fmt.Sprintf("block-by-block-%d", size), func(w *harness.Virtual) {
			alice, file := w.Peer("alice"), anything(w, size)
			files := w.Files(map[string]string{w.Text("file"): file})
			g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
			transfer := g.open.Socket(1)
			for i := range blocks(file) {
				w.At(time.Duration(i) * 10 * ms)
				alice.Because(nextOne).ExpectFrom(transfer, nthBlock(file, i+1))
				w.At(time.Duration(i+1) * 10 * ms)
				w.Because("The socket is needed until the last block is acknowledged.").StillOpen(transfer)
				alice.Send(transfer, ack(uint16(i+1)))
			}
			w.Because(isClosed)
			g.open.AllClosed()
			w.Because(isClosed)
			g.files.AllClosed()
			alice.HeardNothingElse()
			w.Because(notThere)
			w.SentAt(g.server)
		})
	}

	harness.OnVirtual.Then(t, "a-hundred", func(w *harness.Virtual) {
		contents := map[string]string{}
		var clients []*harness.Peer
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(contents))
		for i := range 100 {
			clients = append(clients, w.Peer(fmt.Sprint("client ", i+1)))
			contents[w.Text(fmt.Sprint(i+1))] = content(w, 600+i)
			clients[i].Send(g.server, rrq(w.Text(fmt.Sprint(i+1)), "octet"))
		}
		for block := 1; block <= 2; block++ {
			for _, i := range w.Rand().Perm(100) {
				w.Because(manyAtAll)
				transfer := g.open.Socket(i + 1)
				clients[i].Because(manyAtAll).ExpectFrom(transfer, nthBlock(contents[w.Text(fmt.Sprint(i+1))], block))
				clients[i].Send(transfer, ack(uint16(block)))
			}
		}
		w.Because(isClosed)
		g.open.AllClosed()
		w.Because(manyAtAll)
		w.StillAt(0)
	})

	harness.OnVirtual.Then(t, "asked-again", func(w *harness.Virtual) {
		const again = "Each RRQ begins a transfer, also one that comes again: the client tells the other one to stop."
		alice, file := w.Peer("alice"), content(w, 600)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		for range 2 {
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
		}
		w.Because(again)
		one, two := g.open.Socket(1), g.open.Socket(2)
		alice.Because(again).ExpectFrom(one, nthBlock(file, 1))
		alice.Because(again).ExpectFrom(two, nthBlock(file, 1))
		alice.Send(two, failure(5, w.Text("one is enough")))
		alice.Send(one, ack(1))
		alice.Because(again).ExpectFrom(one, nthBlock(file, 2))
		alice.Send(one, ack(2))
		w.Because(isClosed)
		g.open.AllClosed()
		alice.HeardNothingElse()
		g.open.Opened(2)
	})

	harness.OnVirtual.Then(t, "in-pieces", func(w *harness.Virtual) {
		const pieces = "A Read may bring fewer bytes than there is room for, or none: a block is full with 512."
		alice, file := w.Peer("alice"), content(w, 1100)
		files := w.Files(map[string]string{w.Text("file"): file})
		files.InPieces(harness.Number(w, 100, 30, 200))
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		for i := range blocks(file) {
			alice.Because(pieces).ExpectFrom(g.open.Socket(1), nthBlock(file, i+1))
			alice.Send(g.open.Socket(1), ack(uint16(i+1)))
		}
	})

	harness.OnVirtual.Then(t, "modes", func(w *harness.Virtual) {
		const anyCase = "The mode is octet in whatever case, and options behind it are passed over."
		alice, file := w.Peer("alice"), content(w, 5)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		for i, request := range []string{
			rrq(w.Text("file"), "OCTET"), rrq(w.Text("file"), "oCtEt"),
			rrq(w.Text("file"), "octet") + "tsize\x000\x00blksize\x001400\x00",
		} {
			alice.Send(g.server, request)
			alice.Because(anyCase).ExpectFrom(g.open.Socket(i+1), data(1, file))
			alice.Send(g.open.Socket(i+1), ack(1))
		}
	})

	harness.OnVirtual.Then(t, "other-methods", func(w *harness.Virtual) {
		alice, file := w.Peer("alice"), content(w, 5)
		server, open := w.ListenPacket("server"), w.Opener("transfer")
		files := w.Files(map[string]string{w.Text("file"): file})
		w.Go("Serve", func(ctx context.Context) error {
			opened := func() (net.PacketConn, error) {
				conn, err := open.Open()
				return foreign{conn, failing{new(net.UDPConn)}}, err
			}
			return tftp.Serve(ctx, foreign{server, failing{new(net.UDPConn)}}, opened, files)
		})
		alice.Send(server, rrq(w.Text("file"), "octet"))
		alice.Because("Whatever other methods conn's type may have, net.PacketConn's are the ones that count.").
			ExpectFrom(open.Socket(1), data(1, file))
	})

	harness.OnVirtual.Then(t, "around", func(w *harness.Virtual) {
		alice, open := w.Peer("alice"), w.Opener("transfer")
		server := w.ListenPacket("server")
		block := content(w, blockSize)
		robot, wanted, said := &robot{w: w, peer: alice.LocalAddr()}, []byte(data(1, block)), []byte(ack(1))
		n, wrong := 1, 0 // of blocks; guarded by the robot's lock
		robot.answer = func(payload []byte) []byte {
			switch {
			case !bytes.Equal(payload, wanted):
				wrong = n
				return []byte(failure(0, "that is another block"))
			case n == longFile:
				return []byte(failure(0, "that is enough"))
			}
			copy(said[2:], wanted[2:4])
			n++
			binary.BigEndian.PutUint16(wanted[2:], uint16(n))
			return said
		}
		w.Go("Serve", func(ctx context.Context) error {
			return tftp.Serve(ctx, server, func() (net.PacketConn, error) {
				conn, err := open.Open()
				robot.PacketConn = conn
				return robot, err
			}, endless(block))
		})
		alice.Send(server, rrq(w.Text("big"), "octet"))
		open.Socket(1)
		w.Because(goesAround)
		open.AllClosed()
		if n, wrong := robot.count(&n), robot.count(&wrong); n != longFile || wrong > 0 {
			w.Because(goesAround)
			w.Errorf("The transfer has ended with block number %d; the story wants %d.", max(n, wrong), longFile)
		}
	})
}

// endless is a file system that has a file which repeats a block without end, under any name.
type endless string

// Open opens the file.
func (e endless) Open(string) (fs.File, error) { return &endlessFile{block: e}, nil }

type endlessFile struct {
	fs.File
	block endless
	at    int
}

// Read reads on.
func (f *endlessFile) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], f.block[f.at:])
		n, f.at = n+copied, (f.at+copied)%len(f.block)
	}
	return n, nil
}

// Stat describes nothing.
func (f *endlessFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

// Close does nothing.
func (f *endlessFile) Close() error { return nil }

// A sending is a file that one client is sent.
type sending struct {
	*harness.Virtual
	giving
	began  time.Time
	client *harness.Peer
	socket net.PacketConn
	file   string
}

// beginSending has a client ask for a file of so many bytes, and hear its first block.
func beginSending(w *harness.Virtual, client *harness.Peer, size int) sending {
	w.Helper()
	file := content(w, size)
	files := w.Files(map[string]string{w.Text("file"): file})
	s := sending{w, give(w, w.ListenPacket("server"), w.Opener("transfer"), files), time.Now(), client, nil, file}
	client.Send(s.server, rrq(w.Text("file"), "octet"))
	s.socket = s.open.Socket(1)
	client.Because(ownSocket).ExpectFrom(s.socket, nthBlock(file, 1))
	return s
}

// ends wants all blocks from one on, each for an ACK, and the end of the transfer.
func (s sending) ends(from int, because string) {
	s.Helper()
	now := time.Since(s.began)
	for i := from; i <= len(blocks(s.file)); i++ {
		s.client.Send(s.socket, ack(uint16(i-1)))
		s.client.Because(because).ExpectFrom(s.socket, nthBlock(s.file, i))
	}
	s.client.Send(s.socket, ack(uint16(len(blocks(s.file)))))
	s.Because(isClosed)
	s.open.AllClosed()
	s.Because(isClosed)
	s.files.AllClosed()
	s.client.Because(because).HeardNothingElse()
	s.Because(because)
	s.StillAt(now)
}

const (
	againAt   = "A DATA is sent again after 100, 300, 700 and 1500 ms; after 3100 ms, the transfer is over."
	oneAck    = "Only the ACK of the block that was sent last makes Serve send, and only the first one."
	blockAnew = "With each new block the times begin anew: 100 ms is the first wait again."
	nothingOf = "Nothing but that ACK changes when the block is sent again, and when the transfer is over."
	whoAsked  = "Whoever has not asked gets an ERROR with the code 5, and the transfer goes on."
)

// TestServeSendsAgain: a block is sent again until it is acknowledged, and not because an ACK comes twice.
//
//kata:points 2
func TestServeSendsAgain(t *testing.T) {
	harness.OnVirtual(t, func(w *harness.Virtual) {
		s := beginSending(w, w.Peer("alice"), 700)
		w.At(3100*ms - ns)
		w.Because(againAt)
		w.SentAt(s.socket, sends...)
		w.Because(againAt).StillOpen(s.socket)
		for range sends[1:] {
			s.client.Because(againAt).ExpectFrom(s.socket, nthBlock(s.file, 1))
		}
		w.At(3100*ms + ns)
		w.Because(againAt)
		s.open.AllClosed()
		w.Because(isClosed)
		s.files.AllClosed()
	})

	harness.OnVirtual.Then(t, "lost-acks", func(w *harness.Virtual) {
		s, began := beginSending(w, w.Peer("alice"), 1024), harness.Number(w, 250*ms, 110*ms, 290*ms)
		w.At(began)
		s.client.ExpectFrom(s.socket, nthBlock(s.file, 1))
		s.client.Send(s.socket, ack(1))
		s.client.Because(nextOne).ExpectFrom(s.socket, nthBlock(s.file, 2))
		w.At(began + 3000*ms)
		for range sends[1:] {
			s.client.Because(againAt).ExpectFrom(s.socket, nthBlock(s.file, 2))
		}
		w.Because(blockAnew)
		w.SentAt(s.socket, append([]time.Duration{0, 100 * ms}, after(began, sends...)...)...)
		s.ends(3, blockAnew)
	})

	harness.OnVirtual.Then(t, "slow", func(w *harness.Virtual) {
		const slow = "A file may take as long as it takes: only a block without its ACK for 3100 ms ends it."
		s := beginSending(w, w.Peer("alice"), 40*blockSize)
		for i := 1; i <= 40; i++ {
			w.At(time.Duration(i) * 3 * time.Second)
			for range sends[1:] {
				s.client.Because(slow).ExpectFrom(s.socket, nthBlock(s.file, i))
			}
			s.client.Send(s.socket, ack(uint16(i)))
			s.client.Because(slow).ExpectFrom(s.socket, nthBlock(s.file, i+1))
		}
		s.ends(42, slow)
	})

	harness.OnVirtual.Then(t, "acks-again", func(w *harness.Virtual) {
		s := beginSending(w, w.Peer("alice"), 1024)
		w.At(10 * ms)
		s.client.Send(s.socket, ack(1))
		s.client.Because(nextOne).ExpectFrom(s.socket, nthBlock(s.file, 2))
		w.At(20 * ms)
		for _, n := range []uint16{1, 1, 1, 0, 3, 65535, 2 << 8, 256 + 2} {
			s.client.Send(s.socket, ack(n))
		}
		s.client.Because(oneAck).HeardNothingElse()
		w.At(109 * ms)
		s.client.Send(s.socket, ack(1))
		w.At(120 * ms)
		w.Because(nothingOf)
		w.SentAt(s.socket, 0, 10*ms, 110*ms)
		s.client.Because(againAt).ExpectFrom(s.socket, nthBlock(s.file, 2))
		s.ends(3, oneAck)
	})

	harness.OnVirtual.Then(t, "doubled", func(w *harness.Virtual) {
		const forEver = "One packet that comes twice must not double all that follow: each block is sent once."
		s := beginSending(w, w.Peer("alice"), 5*blockSize)
		for i := 1; i <= 5; i++ {
			s.client.Send(s.socket, ack(uint16(i)))
			s.client.Send(s.socket, ack(uint16(i)))
			s.client.Because(forEver).ExpectFrom(s.socket, nthBlock(s.file, i+1))
			s.client.Because(forEver).HeardNothingElse()
		}
		w.At(50 * ms)
		s.ends(7, forEver)
	})

	harness.OnVirtual.Then(t, "other-packets", func(w *harness.Virtual) {
		s := beginSending(w, w.Peer("alice"), 700)
		for _, other := range []string{
			data(1, ""), data(2, w.Text("hello")), rrq(w.Text("file"), "octet"), wrq(w.Text("file"), "octet"),
			w.Text("hello"), "\x00", numbers(4), ack(1) + "\x00", numbers(6) + w.Text("option"), "",
		} {
			s.client.Send(s.socket, other)
		}
		w.At(110 * ms)
		w.Because(nothingOf)
		w.SentAt(s.socket, 0, 100*ms)
		s.client.Because(againAt).ExpectFrom(s.socket, nthBlock(s.file, 1))
		s.open.Opened(1)
		s.ends(2, nothingOf)
	})

	harness.OnVirtual.Then(t, "strangers", func(w *harness.Virtual) {
		alice, mallory := w.SamePort("alice", "mallory")
		trudy := w.Peer("trudy")
		s := beginSending(w, alice, 700)
		for _, stranger := range []*harness.Peer{mallory, trudy} {
			for _, packet := range []string{ack(1), data(1, w.Text("hello")), rrq(w.Text("file"), "octet")} {
				stranger.Send(s.socket, packet)
				gets(w, stranger, s.socket, 5, whoAsked)
			}
			for _, packet := range []string{failure(0, w.Text("stop")), failure(5, ""), "", w.Text("hello")} {
				stranger.Send(s.socket, packet)
			}
			stranger.Because(noAnswer).HeardNothingElse()
		}
		alice.Because(whoAsked).HeardNothingElse()
		w.At(150 * ms)
		w.Because(nothingOf)
		w.SentAt(s.socket, 0, 0, 0, 0, 0, 0, 0, 100*ms)
		alice.Because(againAt).ExpectFrom(s.socket, nthBlock(s.file, 1))
		s.ends(2, whoAsked)
	})

	harness.OnVirtual.Then(t, "error-of-the-client", func(w *harness.Virtual) {
		const stops = "An ERROR of whoever has asked ends the transfer at once, without an answer."
		s := beginSending(w, w.Peer("alice"), 700)
		w.At(20 * ms)
		s.client.Send(s.socket, failure(3, w.Text("no room")))
		w.Because(stops)
		s.open.AllClosed()
		w.Because(stops)
		s.files.AllClosed()
		s.client.Because(stops).HeardNothingElse()
		w.Because(stops)
		w.StillAt(20 * ms)
	})

	harness.OnVirtual.Then(t, "errors", func(w *harness.Virtual) {
		const anError = "An error of a socket's is no ACK: it ends nothing, and no send comes sooner."
		s := beginSending(w, w.Peer("alice"), 700)
		for range 3 {
			w.FailRead(s.socket, slices.Repeat(manyErrors, 40)...)
		}
		w.At(50 * ms)
		w.FailWritesTo(s.socket, s.client, syscall.ENETUNREACH)
		s.client.Send(s.socket, ack(1))
		w.FailRead(s.socket, slices.Repeat(manyErrors, 40)...)
		w.At(100 * ms)
		w.FailWritesTo(s.socket, s.client, nil)
		w.At(160 * ms)
		w.Because(anError)
		w.SentAt(s.socket, 0, 50*ms, 150*ms)
		s.client.Because(anError).ExpectFrom(s.socket, nthBlock(s.file, 2))
		s.client.Send(s.socket, ack(2))
		w.Because(anError)
		s.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "at-their-own-times", func(w *harness.Virtual) {
		const itsOwn = "Each transfer has its own times, whatever becomes of the others."
		alice, bob, file := w.Peer("alice"), w.Peer("bob"), content(w, 600)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		w.At(50 * ms)
		bob.Send(g.server, rrq(w.Text("file"), "octet"))
		w.At(320 * ms)
		bob.Send(g.open.Socket(2), ack(1))
		w.At(325 * ms)
		bob.Send(g.open.Socket(2), ack(2))
		w.At(4 * time.Second)
		w.Because(itsOwn)
		w.SentAt(g.open.Socket(1), sends...)
		w.Because(itsOwn)
		w.SentAt(g.open.Socket(2), 50*ms, 150*ms, 320*ms)
		w.Because(isClosed)
		g.open.AllClosed()
	})
}

// TestServeRefuses: what can't be given is refused with an ERROR, and nothing ends the service.
//
//kata:points 2
func TestServeRefuses(t *testing.T) {
	const (
		notFound = "There is no such file: ERROR 1."
		noName   = "A name that fs.ValidPath refuses, or with a backslash, leaves the directory: ERROR 2, and no file."
		notHere  = "A request to write, and a mode that is not octet, are refused: ERROR 4."
		cantRead = "A file that can't be opened or read, such as a directory, is refused at once: ERROR 0."
		goesOn   = "Nothing that comes ends the service: the next request is answered as if nothing had been."
		noReply  = "What is no request has no answer on the socket for requests."
		noSocket = "Without a socket there is no answer: the client asks again."
	)
	harness.OnEachNetwork(t, func(w *harness.World) {
		alice, file := w.Peer("alice"), w.Text("hello")
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		alice.Send(g.server, rrq(w.Text("nowhere"), "octet"))
		gets(w, alice, g.open.Socket(1), 1, notFound)
		w.Because(isClosed)
		g.open.AllClosed()
		alice.Send(g.server, wrq(w.Text("file"), "octet"))
		gets(w, alice, g.open.Socket(2), 4, notHere)
		w.Because(isClosed)
		g.open.AllClosed()
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Because(goesOn).ExpectFrom(g.open.Socket(3), data(1, file))
		alice.Send(g.open.Socket(3), ack(1))
		w.Because(isClosed)
		g.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "names", func(w *harness.Virtual) {
		alice, contents := w.Peer("alice"), map[string]string{}
		names := []string{
			"../secret", "/secret", "/etc/passwd", "dir/../../secret", "dir/../file", "./file", "dir//file", "dir/",
			"..", "", "/", `..\secret`, `dir\file`, `C:\secret`, `\secret`, "dir/.", "a/../../b", "\xff",
		}
		for _, name := range names {
			contents[name] = w.Text("secret")
		}
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(contents))
		for i, name := range names {
			alice.Send(g.server, rrq(name, "octet"))
			gets(w, alice, g.open.Socket(i+1), 2, noName)
		}
		w.Because(isClosed)
		g.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "names-that-are-good", func(w *harness.Virtual) {
		const good = "Any name that fs.ValidPath takes and that has no backslash is good."
		alice, contents := w.Peer("alice"), map[string]string{}
		names := []string{
			"dir/sub/file", "..file", "dir/...", "two words", "晚安", "-x", "dir:file", "%s", "~", "a..b",
			strings.Repeat("long/", 300) + "name",
		}
		for _, name := range names {
			contents[name] = content(w, 5)
		}
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(contents))
		for i, name := range names {
			alice.Send(g.server, rrq(name, "octet"))
			alice.Because(good).ExpectFrom(g.open.Socket(i+1), data(1, contents[name]))
			alice.Send(g.open.Socket(i+1), ack(1))
		}
	})

	harness.OnVirtual.Then(t, "modes", func(w *harness.Virtual) {
		alice := w.Peer("alice")
		files := w.Files(map[string]string{w.Text("file"): w.Text("line\n")})
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		for i, request := range []string{
			rrq(w.Text("file"), "netascii"), rrq(w.Text("file"), "mail"), rrq(w.Text("file"), ""),
			rrq(w.Text("file"), "octets"), rrq(w.Text("file"), " octet"), wrq(w.Text("new"), "octet"),
			wrq(w.Text("file"), "netascii"), wrq("", ""),
		} {
			alice.Send(g.server, request)
			gets(w, alice, g.open.Socket(i+1), 4, notHere)
		}
		w.Because(isClosed)
		g.open.AllClosed()
		w.Because(notHere)
		g.files.AllClosed()
	})

	harness.OnVirtual.Then(t, "unreadable", func(w *harness.Virtual) {
		alice := w.Peer("alice")
		files := w.Files(map[string]string{w.Text("dir") + "/file": content(w, 5), w.Text("locked"): content(w, 5)})
		files.FailOpen(w.Text("locked"), fs.ErrPermission)
		files.FailOpen(w.Text("broken"), errBroken)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		for i, name := range []string{w.Text("dir"), ".", w.Text("locked"), w.Text("broken")} {
			alice.Send(g.server, rrq(name, "octet"))
			gets(w, alice, g.open.Socket(i+1), 0, cantRead)
		}
		w.Because(isClosed)
		g.open.AllClosed()
		w.Because(isClosed)
		g.files.AllClosed()
		alice.HeardNothingElse()
	})

	for i, at := range []int{0, 100, blockSize, 700} {
		harness.OnVirtual.Then(t, fmt.Sprintf("fails-at-%d", at), func(w *harness.Virtual) {
			const inTheMiddle = "When a Read fails, an ERROR takes the place of the block, and the transfer is over."
			alice, file := w.Peer("alice"), content(w, 2000)
			files := w.Files(map[string]string{w.Text("file"): file})
			files.FailRead(w.Text("file"), at, []error{errBroken, io.ErrNoProgress}[i%2])
			g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
			socket := g.open.Socket(1)
			for n := range at / blockSize {
				w.At(10 * ms)
				alice.Because(inTheMiddle).ExpectFrom(socket, nthBlock(file, n+1))
				alice.Send(socket, ack(uint16(n+1)))
			}
			gets(w, alice, socket, 0, inTheMiddle)
			w.Because(isClosed)
			g.open.AllClosed()
			w.Because(isClosed)
			g.files.AllClosed()
			alice.Because(inTheMiddle).HeardNothingElse()
			w.Because(inTheMiddle)
			w.StillAt(10 * ms)
		})
	}

	harness.OnVirtual.Then(t, "no-requests", func(w *harness.Virtual) {
		alice, file := w.Peer("alice"), content(w, 5)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		for _, other := range []string{
			data(1, w.Text("hello")), ack(0), ack(1), failure(0, w.Text("stop")), failure(5, ""), "", "\x00",
			numbers(1),
			numbers(1) + w.Text("file") + "\x00octet", numbers(6) + w.Text("option"), w.Text("hello"), content(w, 600),
		} {
			alice.Send(g.server, other)
		}
		alice.Because(noReply).HeardNothingElse()
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Because(goesOn).ExpectFrom(g.open.Socket(1), data(1, file))
		g.open.Opened(1)
		w.Because(notThere)
		w.SentAt(g.server)
	})

	harness.OnVirtual.Then(t, "no-socket", func(w *harness.Virtual) {
		alice, bob, file := w.Peer("alice"), w.Peer("bob"), content(w, 700)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		bob.Send(g.server, rrq(w.Text("file"), "octet"))
		bob.ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		g.open.FailNext(syscall.EMFILE, syscall.EMFILE)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Send(g.server, rrq(w.Text("nowhere"), "octet"))
		alice.Because(noSocket).HeardNothingElse()
		w.Because(notThere)
		w.SentAt(g.server)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Because(goesOn).ExpectFrom(g.open.Socket(2), nthBlock(file, 1))
		bob.Send(g.open.Socket(1), ack(1))
		bob.Because(goesOn).ExpectFrom(g.open.Socket(1), nthBlock(file, 2))
		w.Because(noSocket)
		w.StillAt(0)
	})

	harness.OnVirtual.Then(t, "errors-and-silence", func(w *harness.Virtual) {
		alice, file := w.Peer("alice"), content(w, 5)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		for i, at := range []time.Duration{0, 2 * time.Hour, 4 * time.Hour} {
			w.At(at)
			w.FailRead(g.server, slices.Repeat(manyErrors, 40)...)
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
			alice.Because(goesOn).ExpectFrom(g.open.Socket(i+1), data(1, file))
			w.Because("Serve goes on at once after an error, without a pause.")
			w.StillAt(at)
			alice.Send(g.open.Socket(i+1), ack(1))
		}
		w.Because(isClosed)
		g.open.AllClosed()
	})
}

// TestServeStops: Serve returns when its context is cancelled, or its socket closed, and ends all that it has begun.
//
//kata:points 1
func TestServeStops(t *testing.T) {
	const (
		endsAll = "When Serve returns, its transfers have ended: their sockets and their files are closed."
		ctxEnds = "When ctx ends, Serve ends all transfers and returns at once, and its error says so."
		itsOwn  = "The socket on which requests come is the caller's: Serve leaves it open."
		before  = "What is over before the call ends it too, and the error says so."
	)
	harness.OnEachNetwork(t, func(w *harness.World) {
		alice, file := w.Peer("alice"), content(w, 700)
		files := w.Files(map[string]string{w.Text("file"): file})
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		g.call.Because(ctxEnds).Stop()
		g.call.Because(ctxEnds).Fails(context.Canceled, os.ErrDeadlineExceeded)
		w.Because(itsOwn).StillOpen(g.server)
		w.Because(endsAll)
		g.open.AllClosed()
		w.Because(endsAll)
		files.AllClosed()
		w.NothingLeftBehind()

		bob := w.Peer("bob")
		g = give(w, g.server, w.Opener("second transfer"), files)
		bob.Send(g.server, rrq(w.Text("file"), "octet"))
		bob.ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		w.Close(g.server)
		g.call.Because("A closed socket ends Serve, with an error that wraps net.ErrClosed.")
		g.call.Fails(net.ErrClosed)
		w.Because(endsAll)
		g.open.AllClosed()
		w.Because(endsAll)
		files.AllClosed()
		w.NothingLeftBehind()
	})

	for _, end := range []string{"cancelled", "closed"} {
		harness.OnVirtual.Then(t, end+"-with-many", func(w *harness.Virtual) {
			file := content(w, 700)
			files := w.Files(map[string]string{w.Text("file"): file})
			g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
			ended := harness.Number(w, 450*ms, 310*ms, 690*ms)
			for i := range 20 {
				w.At(time.Duration(i) * ms)
				w.Peer(fmt.Sprint("client ", i+1)).Send(g.server, rrq(w.Text("file"), "octet"))
			}
			w.At(ended)
			wanted := []error{net.ErrClosed}
			if end == "cancelled" {
				g.call.Because(ctxEnds).Stop()
				wanted = []error{context.Canceled, os.ErrDeadlineExceeded}
			} else {
				w.Close(g.server)
			}
			g.call.Because("When its socket is closed or ctx ends, Serve ends all transfers and returns at once.").
				FailsAt(ended, wanted...)
			w.Because(endsAll)
			g.open.AllClosed()
			w.Because(endsAll)
			files.AllClosed()
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		server, open, files := w.ListenPacket("server"), w.Opener("transfer"), w.Files(nil)
		cancelled := w.Call("Serve (with a context that is cancelled already)", over(serving(server, open, files)))
		cancelled.Because(before).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		w.NothingLeftBehind()
		w.StillOpen(server)
		w.Close(server)
		closed := w.Call("Serve", serving(server, open, files))
		closed.Because(before).FailsAt(0, net.ErrClosed)
		w.NothingLeftBehind()
	})

	harness.OnVirtual.Then(t, "at-the-deadline", func(w *harness.Virtual) {
		alice, file := w.Peer("alice"), content(w, 700)
		server, open := w.ListenPacket("server"), w.Opener("transfer")
		files := w.Files(map[string]string{w.Text("file"): file})
		call := w.CallUntil(time.Second, "Serve", serving(server, open, files))
		w.At(time.Second - ns)
		alice.Send(server, rrq(w.Text("file"), "octet"))
		alice.ExpectFrom(open.Socket(1), nthBlock(file, 1))
		call.Because(ctxEnds).FailsAt(time.Second, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.Because(endsAll)
		open.AllClosed()
		w.NothingLeftBehind()
	})

	harness.OnLoopback4.Then(t, "request-while-cancelling", func(w *harness.Kernel4) {
		alice, file := w.Peer("alice"), content(w, 700)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		w.SlowDeadlines(g.server)
		g.call.Cancel()
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		g.call.Wait()
		w.Because(endsAll)
		g.open.AllClosed()
		w.NothingLeftBehind()
	})
}

func TestMain(m *testing.M) { harness.Main(m) }
