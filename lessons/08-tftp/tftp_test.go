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
		asRFC   = "A packet should begin with 2 bytes that say its kind, and its kind's own fields stand behind them."
		anyText = "A Name, a Mode and a Text should come back byte for byte: in whatever case, and also if not UTF-8."
		anyCode = "A Code should be any number of 16 bits, also one that RFC 1350 has no name for."
		back    = "Append should make of a Packet the bytes that Parse makes it of."
		only    = "Only the fields that the kind has should count, whatever the others are."
	)
	harness.Offline(t, func(w *harness.World) {
		biggest := anything(w, blockSize)
		name, upload, who, text := w.Text("readme.txt"), w.Text("upload"), w.Text("who are you?"), w.Text("%d \n\xfe")
		for _, tt := range []struct {
			datagram, because string
			packet            tftp.Packet
		}{
			{rrq(name, "octet"), asRFC, tftp.Packet{Op: tftp.RRQ, Name: name, Mode: "octet"}},
			{rrq("", ""), asRFC, tftp.Packet{Op: tftp.RRQ}},
			{wrq(upload, "netascii"), asRFC, tftp.Packet{Op: tftp.WRQ, Name: upload, Mode: "netascii"}},
			{data(1, name), asRFC, tftp.Packet{Op: tftp.DATA, Block: 1, Data: []byte(name)}},
			{data(0x0102, ""), asRFC, tftp.Packet{Op: tftp.DATA, Block: 0x0102}},
			{data(65535, biggest), asRFC, tftp.Packet{Op: tftp.DATA, Block: 65535, Data: []byte(biggest)}},
			{ack(0), asRFC, tftp.Packet{Op: tftp.ACK}},
			{ack(0xfffe), asRFC, tftp.Packet{Op: tftp.ACK, Block: 0xfffe}},
			{failure(5, who), asRFC, tftp.Packet{Op: tftp.ERROR, Code: 5, Text: who}},
			{failure(0x0201, ""), anyCode, tftp.Packet{Op: tftp.ERROR, Code: 0x0201}},
			{failure(0, text), anyText, tftp.Packet{Op: tftp.ERROR, Text: text}},
			{wrq(upload, "OcTet"), anyText, tftp.Packet{Op: tftp.WRQ, Name: upload, Mode: "OcTet"}},
			{rrq("晚安\xff x\n", "mail"), anyText, tftp.Packet{Op: tftp.RRQ, Name: "晚安\xff x\n", Mode: "mail"}},
		} {
			parse(w, tt.datagram).Because(tt.because).Returns(asText(tt.packet))
			appended(w, tt.packet, "").Because(back).Returns([]byte(tt.datagram))
		}
	})

	harness.Offline.Then(t, "behind-the-end", func(w *harness.World) {
		const options = "What stands behind a request's Mode, or an ERROR's Text, is for others: pass over it."
		for _, more := range []string{"tsize\x000\x00blksize\x001400\x00", "x", "\x00"} {
			parse(w, rrq("readme.txt", "octet")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.RRQ, Name: "readme.txt", Mode: "octet"}))
			parse(w, wrq("", "octet")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.WRQ, Mode: "octet"}))
			parse(w, failure(1, "gone")+more).Because(options).
				Returns(asText(tftp.Packet{Op: tftp.ERROR, Code: 1, Text: "gone"}))
		}
		const forgotten = "The 0 behind an ERROR's Text may be missing: then the Text should go on to the end."
		parse(w, numbers(5, 1)+"gone").Because(forgotten).
			Returns(asText(tftp.Packet{Op: tftp.ERROR, Code: 1, Text: "gone"}))
		parse(w, numbers(5, 1)).Because("An ERROR may end behind its Code: then its Text is empty.").
			Returns(asText(tftp.Packet{Op: tftp.ERROR, Code: 1}))
	})

	harness.Offline.Then(t, "no-packets", func(w *harness.World) {
		const (
			tooShort = "What is too short for its kind's fields is no packet: look at the length before anything else."
			noKind   = "There are 5 kinds of packets, 1 to 5 in 2 bytes: with any other number there, it is no packet."
			noEnd    = "A request whose Name or Mode has no 0 behind it is no packet."
			tooLong  = "A DATA with more than 512 bytes of Data is no packet."
			noACK    = "An ACK with anything behind its Block is no packet."
		)
		for _, tt := range []struct {
			because   string
			datagrams []string
		}{
			{tooShort, []string{
				"", "\x00", "\x01", numbers(1), numbers(3), numbers(4), numbers(5),
				numbers(3) + "\x00", numbers(4) + "\x00", numbers(5) + "\x00",
			}},
			{noKind, []string{
				numbers(0), numbers(6), numbers(0, 1) + "x\x00octet\x00", numbers(6) + "blksize\x00512\x00",
				numbers(0x0100) + "x\x00octet\x00", numbers(0x0103, 1) + "hello", numbers(256+4, 1),
				numbers(math.MaxUint16, 1),
			}},
			{noEnd, []string{
				numbers(1) + "readme.txt", numbers(1) + "readme.txt\x00", numbers(1) + "readme.txt\x00octet",
				numbers(2) + "\x00octet", numbers(2) + "x\x00", numbers(1) + "\x00", numbers(1) + "ab",
			}},
			{tooLong, []string{data(1, content(w, blockSize+1)), data(1, content(w, 1000))}},
			{noACK, []string{ack(1) + "\x00", ack(1) + "hello"}},
		} {
			for _, datagram := range tt.datagrams {
				refused := parse(w, datagram)
				refused.Because(tt.because).Fails(errPacket)
				refused.Because("Beside an error there should be Packet{}, without anything in it.").
					Beside(tftp.Packet{})
			}
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
		for _, tt := range []struct {
			p    tftp.Packet
			want string
		}{
			{tftp.Packet{Op: tftp.RRQ, Block: 258, Data: []byte("data"), Code: 772, Text: "text"}, rrq("", "")},
			{tftp.Packet{Op: tftp.DATA, Name: "name", Mode: "mode", Code: 772, Text: "text"}, data(0, "")},
			{tftp.Packet{Op: tftp.ACK, Name: "name", Data: []byte("data"), Code: 772, Text: "text"}, ack(0)},
			{tftp.Packet{Op: tftp.ERROR, Name: "name", Block: 258, Data: []byte("data")}, failure(0, "")},
		} {
			appended(w, tt.p, "").Because(only).Returns([]byte(tt.want))
		}
	})

	harness.Offline.Then(t, "lent", func(w *harness.World) {
		lent := []byte("hello, and what is behind it in memory")
		was := string(lent)
		p := tftp.Packet{Op: tftp.DATA, Block: 7, Data: lent[:5]}
		const appends = "Append should append to what it is given."
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
	return w.Call(fmt.Sprintf("Parse(%s)", shown(datagram)), func(context.Context) (any, error) {
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

// shown returns a datagram as Go writes it, or of a long one the beginning.
func shown(datagram string) string {
	if len(datagram) > 20 {
		return fmt.Sprintf("%q…", datagram[:20])
	}
	return fmt.Sprintf("%q", datagram)
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
	asksOctet  = "Get should ask the server with an RRQ that has the name and the mode octet, whatever the file is."
	asksAtOnce = "Get should ask at once: it need not wait for anything before."
	toThePort  = "The server answers from a port of its own: each ACK should go there, with the number of its DATA."
	acksAtOnce = "A new DATA should be acknowledged once, at once, with its number, to the port that it came from."
	isLast     = "A DATA of fewer than 512 bytes, also of none, is the last: then Get should return, and not wait."
	isAllOfIt  = "The file should be all blocks in their order, each of them once, byte for byte."
	onlyLent   = "The socket is the caller's: whatever becomes of the file, it should stay open."
	taken      = "Beside an error should be how many bytes w has taken."
	goesAround = "Block numbers have 16 bits: behind 65535 comes 0, and then 1."
	anyLength  = "From block to block nothing should be left over, such as a deadline, or a count of sends."
	aroundHad  = "A DATA that comes again should be acknowledged again at once, also where the numbers go round."
	wFails     = "When w fails, Get should return at once, with an error that wraps that of w."
	noMore     = "From the end of ctx or conn on, nothing but an ERROR should leave: look at ctx before each send."
	aroundWho  = "Whoever is not the other end stays a stranger, also after the numbers have gone round."
)

// howFar says why a long file should not end after so many of its blocks.
func howFar(blocks int) string {
	for _, bits := range []uint{7, 8, 15, 16} {
		if off := blocks - 1<<bits; -2 <= off && off <= 2 {
			return goesAround
		}
	}
	return anyLength
}

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
		w.Because(asksAtOnce)
		w.StillAt(0)
		for i, block := range blocks(file) {
			transfer.Send(conn, data(uint16(i+1), block))
			transfer.Because(toThePort).ExpectFrom(conn, ack(uint16(i+1)))
			w.Because("Each block should be written as it comes.")
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
			server.Because("The server may answer from any port of its host, also from the one that was asked.").
				ExpectFrom(conn, ack(uint16(i+1)))
		}
		call.ReturnsAt(0, int64(700))
		out.Holds(file)
	})

	harness.OnVirtual.Then(t, "two-at-once", func(w *harness.Virtual) {
		const itsOwn = "Each call of Get should have its own file and its own other end."
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

	harness.OnVirtual.Then(t, "two-at-once-and-slow", func(w *harness.Virtual) {
		const itsOwn = "Calls of Get on other conns may run meanwhile: nothing should be shared, such as a buffer."
		server := w.Peer("server")
		var transfers []*harness.Peer
		var conns []net.PacketConn
		var outs []*harness.Output
		var calls []*harness.Call
		for i := range 2 {
			transfers = append(transfers, w.Peer(fmt.Sprint("transfer ", i+1)))
			conns, outs = append(conns, w.ListenPacket(fmt.Sprint("client ", i+1))), append(outs, w.Output())
			calls = append(calls, get(w, conns[i], server, w.Text(fmt.Sprint(i+1)), outs[i]))
		}
		files := []string{content(w, 600), content(w, 700)}
		for block := range 2 {
			for i := range 2 {
				outs[i].SlowNext(10 * ms)
				transfers[i].Send(conns[i], nthBlock(files[i], block+1))
			}
			for i := range 2 {
				transfers[i].Because(itsOwn).ExpectFrom(conns[i], ack(uint16(block+1)))
			}
		}
		for i := range 2 {
			calls[i].Because(itsOwn).Returns(int64(len(files[i])))
			w.Because(itsOwn)
			outs[i].Holds(files[i])
		}
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
		server, mallory, block := w.Peer("server"), w.Peer("mallory"), content(w, blockSize)
		wanted, next, forged := []byte(rrq(w.Text("big"), "octet")), []byte(data(1, block)), data(1, w.Text("forged"))
		robot := &robot{PacketConn: w.ListenPacket("client"), w: w, peer: server.LocalAddr()}
		sent, again := 0, -1 // blocks, and which of them was sent twice; guarded by the robot's lock
		robot.answer = func(payload []byte) {
			around := sent == 1<<16-1 || sent == 1<<16
			switch {
			case !bytes.Equal(payload, wanted):
				return
			case around && again < sent:
				again = sent
			default:
				sent++
				wanted = append(wanted[:0], ack(uint16(sent))...)
				binary.BigEndian.PutUint16(next[2:], uint16(sent))
			}
			if sent == 1<<16+1 {
				robot.hears([]byte(forged), mallory.LocalAddr())
			}
			robot.hears(next, robot.peer)
		}
		out := &counter{block: block, until: longFile}
		call := get(w, robot, server, w.Text("big"), out)
		call.Wait()
		because, count := howFar(robot.count(&sent)), hadIt
		switch sent := robot.count(&sent); {
		case out.forged(), sent == 1<<16+1: // which is when the forged one comes
			because = aroundWho
		case sent > longFile:
			because, count = wFails, taken
		}
		call.Because(because).Fails(atItsEnd)
		call.Because(aroundHad).FailsAt(0, atItsEnd)
		call.Because(count).Beside(int64(longFile * blockSize))
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
	other bool // whether it was given something else
}

// forged reports whether it was given something else than the block.
func (c *counter) forged() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.other
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
			c.other = true
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
	answer func(payload []byte) // to what is sent to the peer, by hears

	mu       sync.Mutex
	sent     int
	answers  []letter
	deadline time.Time
	closed   bool
	changed  chan struct{} // closed when one of these changes; nil if nobody waits for that
}

// A letter is a datagram that somebody has sent. Its bytes are good until the next comes.
type letter struct {
	payload []byte
	from    net.Addr
}

// hears has the socket hear a datagram. It is for answer.
func (r *robot) hears(payload []byte, from net.Addr) {
	r.answers = append(r.answers, letter{payload, from})
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
		r.answer(p)
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
				n, from = copy(p, r.answers[0].payload), r.answers[0].from
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
	f.repeats(block, acksAtOnce)
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
	lastAgain = "What was sent last should be sent again after 100, 300, 700 and 1500 ms, and given up after 3100 ms."
	anew      = "With each new block the times should begin anew: 100 ms is the first wait again."
	hadIt     = "A DATA that comes again should be acknowledged again at once, and not written a second time."
	passOver  = "What is not the next DATA, nor the last one again, should be passed over, without an ACK."
	otherKind = "A packet of another kind should be passed over without a word, whatever its number: look at the Op."
	noPacket  = "What is no packet should be passed over without a word."
	sameTimes = "Nothing but the next DATA should change when Get sends again, and when it gives up."
	anError   = "An error of conn's is no answer: Get should go on listening at once, and send at its own times."
	lost      = "A send that fails is as good as one that is lost: it counts, and Get should wait and send again."
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
		f.call.Because(taken).Beside(int64(0))
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
		f.call.Because(taken).Beside(int64(1024))
		w.Because(anew)
		w.SentAt(f.conn, append([]time.Duration{0, 100 * ms, began}, after(began+60*ms, sends...)...)...)
		for range sends[1:] {
			f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(2))
		}
		f.server.ExpectFrom(f.conn, rrq(w.Text("readme.txt"), "octet"))
		f.server.Because("Once somebody has answered, it is the ACK that should be sent again, and not the RRQ.").
			HeardNothingElse()
	})

	for i, at := range []time.Duration{ns, 100*ms - ns, 100*ms + ns, 700*ms - ns, 1500*ms + ns, 3100*ms - ns} {
		harness.OnVirtual.Then(t, fmt.Sprintf("answered-late-%d", i+1), func(w *harness.Virtual) {
			const late = "A DATA may come at any time until Get gives up, after whichever send: Get should take it."
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
		const slow = "A file may take as long as it takes: only what is not answered for 3100 ms should end Get."
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
			ack(1), ack(2), rrq(w.Text("readme.txt"), "octet"), wrq(w.Text("readme.txt"), "octet"),
		} {
			f.transfer.Send(f.conn, other)
			f.transfer.Because(otherKind).HeardNothingElse()
		}
		for _, other := range []string{
			w.Text("hello"), "\x00", numbers(3), numbers(6) + w.Text("option"), data(2, content(w, blockSize+1)), "",
		} {
			f.transfer.Send(f.conn, other)
			f.transfer.Because(noPacket).HeardNothingElse()
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
		w.Because(anError)
		w.SentAt(f.conn, 0)
		f.repeats(1, anError)
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

	harness.OnVirtual.Then(t, "acks-that-fail", func(w *harness.Virtual) {
		const whole = "A send that fails ends nothing, also that of the last ACK: the file is there."
		f := begin(w, 600)
		f.sends(1)
		w.FailWritesTo(f.conn, f.transfer, syscall.ENETUNREACH)
		w.At(10 * ms)
		f.transfer.Send(f.conn, nthBlock(f.file, 1))
		w.At(20 * ms)
		w.Because(lost)
		w.SentAt(f.conn, 0, 0, 10*ms)
		f.transfer.Send(f.conn, nthBlock(f.file, 2))
		f.call.Because(whole).ReturnsAt(20*ms, int64(600))
		w.Because(whole)
		f.out.Holds(f.file)
	})

	harness.OnVirtual.Then(t, "slow-writer", func(w *harness.Virtual) {
		const fromSend = "The times of an ACK count from when it was sent first, however long w has taken before."
		f := begin(w, 600)
		f.out.SlowNext(50 * ms)
		w.At(10 * ms)
		f.transfer.Send(f.conn, nthBlock(f.file, 1))
		f.transfer.Because(toThePort).ExpectFrom(f.conn, ack(1))
		sent := time.Since(f.began)
		w.At(sent + 99*ms)
		f.transfer.Because(fromSend).HeardNothingElse()
		w.At(sent + 101*ms)
		f.transfer.Because(lastAgain).ExpectFrom(f.conn, ack(1))
		f.transfer.Send(f.conn, nthBlock(f.file, 2))
		f.call.Because(isAllOfIt).Returns(int64(600))
	})
}

const (
	notYours = "Whoever is not the other end should get an ERROR with the code 5, and the transfer should go on."
	eachOne  = "Each packet of a stranger's but an ERROR should get an ERROR 5, and the transfer should go on."
	theFirst = "The other end is who answers first, with a DATA 1 or an ERROR, from the server's own IP address."
	noServer = "Whoever is not at the server's IP address should get an ERROR 5, also before anybody has answered."
	noAnswer = "An ERROR should never be answered, nor what is no packet: two programs could go on for ever."
	notTold  = "A stranger who can't be told is passed over all the same: the transfer should go on."
)

// gets wants the next datagram that a peer hears to be an ERROR with a code.
func gets(w interface{ Helper() }, p *harness.Peer, from harness.Endpoint, code uint16, because string) {
	w.Helper()
	p.Because(because).HearLike(from, failure(code, "any text"), func(payload string) bool {
		return isFailure(payload, code)
	})
}

// isError reports whether a datagram is an ERROR.
func isError(payload string) bool { return len(payload) >= 5 && payload[:2] == numbers(5) }

// isFailure reports whether a datagram is an ERROR with a code.
func isFailure(payload string, code uint16) bool {
	return len(payload) >= 5 && payload[:4] == numbers(5, code) && strings.HasSuffix(payload, "\x00")
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
		mallory.Send(f.conn, data(2, w.Text("forged")))
		gets(w, mallory, f.conn, 5, notYours)
		for _, packet := range []string{
			data(2, w.Text("forged")), data(1, content(w, blockSize)), ack(1), rrq(w.Text("file"), "octet"),
			wrq(w.Text("file"), "octet"),
		} {
			mallory.Send(f.conn, packet)
			gets(w, mallory, f.conn, 5, eachOne)
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
			gets(w, mallory, conn, 5, noServer)
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
		const earlier = "Only a DATA 1 or an ERROR makes its sender the other end: all else should get an ERROR 5."
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
		const another = "The same socket may fetch one file after the other, each from another port."
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

	harness.OnVirtual.Then(t, "who-can-not-be-told", func(w *harness.Virtual) {
		f := begin(w, 1000)
		mallory := w.Peer("mallory")
		w.FailWritesTo(f.conn, mallory, syscall.EHOSTUNREACH)
		f.sends(1)
		mallory.Send(f.conn, data(2, w.Text("forged")))
		f.repeats(2, notTold)
		f.arrives(0, notTold)
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
		saysWhy  = "An ERROR of the other end should end Get at once, with an Error that has its code and its text."
		anyPort  = "An ERROR from any port of the server's host should end Get, with an Error of its code and text."
		silent   = "An ERROR should not be acknowledged: whoever has sent it is gone."
		ctxEnds  = "When ctx ends, Get should return at once, and its error should say so."
		asItEnds = "If ctx ends as a read returns, whatever that brings, the error should still be ctx's."
		tellsEnd = "When w fails, the other end should get an ERROR in the place of the ACK, and Get return at once."
		itsError = "When w fails, the error should wrap that of w, whatever becomes of the ERROR that tells so."
		nobody   = "Whether the server is down, nobody knows here: Get was ended before it could find out."
	)
	harness.OnEachNetwork(t, func(w *harness.World) {
		server, transfer := w.Peer("server"), w.Peer("transfer")
		conn, out := w.ListenPacket("client"), w.Output()
		call := get(w, conn, server, w.Text("nowhere"), out)
		server.Because(asksOctet).ExpectFrom(conn, rrq(w.Text("nowhere"), "octet"))
		transfer.Send(conn, failure(1, w.Text("File not found")))
		call.Because(anyPort).Fails(tftp.Error{Code: 1, Text: w.Text("File not found")})
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
			f.call.Because(taken).Beside(int64(blockSize))
			if i == 0 {
				f.call.Because(nobody).FailsNot(errServerDown)
			}
			f.transfer.Because(silent).HeardNothingElse()
		}
		w.NothingLeftBehind()
	})

	for _, size := range []int{0, 600, 1024, 1800} { // of 2000 bytes: 1800 is in the last block
		harness.OnVirtual.Then(t, fmt.Sprintf("w-fails-at-%d", size), func(w *harness.Virtual) {
			f := begin(w, 2000)
			f.out.FailAt(size, errBroken)
			for i := range size / blockSize {
				f.sends(i + 1)
			}
			w.At(20 * ms)
			f.transfer.Send(f.conn, nthBlock(f.file, size/blockSize+1))
			f.call.Because(tellsEnd).FailsAt(20*ms, wsError)
			f.call.Because(taken).Beside(int64(size))
			f.call.Because(nobody).FailsNot(errServerDown)
			f.transfer.Because(tellsEnd).HearLike(f.conn, failure(3, "any text"), func(payload string) bool {
				return isError(payload) && strings.HasSuffix(payload, "\x00")
			})
			f.transfer.Because(tellsEnd).HeardNothingElse()
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "w-fails-and-so-does-the-send", func(w *harness.Virtual) {
		f := begin(w, 2000)
		f.out.FailAt(100, errBroken)
		w.FailWritesTo(f.conn, f.transfer, syscall.ENETUNREACH)
		f.transfer.Send(f.conn, nthBlock(f.file, 1))
		f.call.Because(itsError).FailsAt(0, wsError)
		f.call.Because(taken).Beside(int64(100))
	})

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
			f.call.Because(taken).Beside(int64(received * blockSize))
			w.Because(onlyLent).StillOpen(f.conn)
			w.NothingLeftBehind()
			w.At(10 * time.Second)
			w.Because("A call that has ended should send nothing more.")
			w.SilentFrom(f.conn, ended+ns)
		})

		harness.OnVirtual.Then(t, fmt.Sprintf("closed-after-%d", received), func(w *harness.Virtual) {
			f, ended := begin(w, 2000), harness.Number(w, 450*ms, 310*ms, 690*ms)
			for i := range received {
				f.sends(i + 1)
			}
			w.At(ended)
			w.Close(f.conn)
			f.call.Because("A closed socket should end Get at once, with an error that wraps net.ErrClosed.").
				FailsAt(ended, net.ErrClosed)
			f.call.Because(nobody).FailsNot(errServerDown)
			f.call.Because(taken).Beside(int64(received * blockSize))
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

	for _, end := range []string{"cancelled", "closed"} {
		harness.OnVirtual.Then(t, end+"-while-w-is-slow", func(w *harness.Virtual) {
			const (
				waits = "Get should return when w has, and not before: until then, its caller can't use what it has."
				byNow = "What w has taken counts, though ctx has ended, or conn is closed, meanwhile."
			)
			f, wanted := begin(w, 2000), []error{net.ErrClosed}
			f.sends(1)
			f.out.SlowNext(50 * ms)
			f.transfer.Send(f.conn, nthBlock(f.file, 2))
			w.At(10 * ms)
			if end == "cancelled" {
				f.call.Cancel()
				wanted = []error{context.Canceled, os.ErrDeadlineExceeded}
			} else {
				w.Close(f.conn)
			}
			f.call.Because(waits).FailsAt(50*ms, wanted...)
			f.call.Because(nobody).FailsNot(errServerDown)
			f.call.Because(byNow).Beside(int64(2 * blockSize))
			w.Because(byNow)
			f.out.Holds(f.file[:2*blockSize])
			if end == "cancelled" {
				w.Because(noMore)
				w.SilentBut(f.conn, 10*ms, failure(0, "any text"), isError)
			}
			w.NothingLeftBehind()
		})
	}

	for _, as := range []string{"a-block-comes", "a-read-fails"} {
		harness.OnVirtual.Then(t, "cancelled-as-"+as, func(w *harness.Virtual) {
			server, transfer := w.Peer("server"), w.Peer("transfer")
			conn := w.ListenPacket("client")
			call := w.Call("Get", func(ctx context.Context) (any, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				return tftp.Get(ctx, ending{conn, cancel}, server.LocalAddr(), w.Text("readme.txt"), w.Output())
			})
			server.Because(asksOctet).ExpectFrom(conn, rrq(w.Text("readme.txt"), "octet"))
			if as == "a-block-comes" {
				transfer.Send(conn, data(1, content(w, blockSize)))
			} else {
				w.FailRead(conn, syscall.ECONNREFUSED)
			}
			call.Because(asItEnds).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
			call.Because(nobody).FailsNot(errServerDown)
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "over-before-the-call", func(w *harness.Virtual) {
		const before = "What is over before the call should end it too, and the error should say so."
		server, conn := w.Peer("server"), w.ListenPacket("client")
		get := getting(conn, server.LocalAddr(), w.Text("readme.txt"), w.Output())
		cancelled := w.Call("Get (with a context that is cancelled already)", over(get))
		cancelled.Because(before).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
		cancelled.Because(nobody).FailsNot(errServerDown)
		late := w.Call("Get (with a context whose deadline has passed already)", overdue(get))
		late.Because(before).FailsAt(0, context.DeadlineExceeded, os.ErrDeadlineExceeded)
		w.Because(noMore)
		w.SilentBut(conn, 0, failure(0, "any text"), isError)
		w.NothingLeftBehind()
		w.Close(conn)
		closed := w.Call("Get (with a socket that is closed already)", get)
		closed.Because(before).FailsAt(0, net.ErrClosed)
		w.NothingLeftBehind()
	})
}

// An ending socket ends a context when a read returns, but for one whose deadline has passed.
type ending struct {
	net.PacketConn
	end context.CancelFunc
}

// ReadFrom reads.
func (e ending) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := e.PacketConn.ReadFrom(p)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		e.end()
	}
	return n, from, err
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
	ownSocket = "Each transfer should have its own socket, which open returns, and send all through that one."
	firstOne  = "DATA 1 should be sent at once, however long it takes to read the blocks behind it."
	nextOne   = "An ACK should bring the next block at once; the last has fewer than 512 bytes, if need be none."
	isClosed  = "When a transfer is over, its socket and its file should be closed, however it has ended."
	notThere  = "Nothing should be sent through the socket on which requests come."
	manyAtAll = "There may be many transfers at a time: none should wait for another."
	stops     = "An ERROR of whoever has asked should end the transfer at once, whatever its code, without an answer."
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
				w.Because("The socket should stay open until the last block is acknowledged.").StillOpen(transfer)
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

	harness.OnVirtual.Then(t, "three-hundred", func(w *harness.Virtual) {
		const many = 300
		contents := map[string]string{}
		var clients []*harness.Peer
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(contents))
		for i := range many {
			clients = append(clients, w.Peer(fmt.Sprint("client ", i+1)))
			contents[w.Text(fmt.Sprint(i+1))] = content(w, 600+i)
			clients[i].Send(g.server, rrq(w.Text(fmt.Sprint(i+1)), "octet"))
		}
		w.Because(manyAtAll)
		g.open.Opened(many)
		for block := 1; block <= 2; block++ {
			for _, i := range w.Rand().Perm(many) {
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
		const again = "Each RRQ should begin a transfer, also one that comes again, and open the file anew for it."
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
		w.Because(stops)
		w.IsClosed(two)
		alice.Send(one, ack(1))
		alice.Because(again).ExpectFrom(one, nthBlock(file, 2))
		alice.Send(one, ack(2))
		w.Because(isClosed)
		g.open.AllClosed()
		alice.HeardNothingElse()
		g.open.Opened(2)
	})

	harness.OnVirtual.Then(t, "in-pieces", func(w *harness.Virtual) {
		const pieces = "A Read may bring fewer bytes than there is room for, or none: only 512 make a block full."
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

	for _, size := range []int{700, 1024} {
		harness.OnVirtual.Then(t, fmt.Sprintf("end-beside-bytes-%d", size), func(w *harness.Virtual) {
			const beside = "A Read may return io.EOF beside the last bytes: the blocks should be the same as ever."
			alice, file := w.Peer("alice"), content(w, size)
			files := w.Files(map[string]string{w.Text("file"): file})
			files.EndBesideBytes()
			g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
			for i := range blocks(file) {
				alice.Because(beside).ExpectFrom(g.open.Socket(1), nthBlock(file, i+1))
				alice.Send(g.open.Socket(1), ack(uint16(i+1)))
			}
			w.Because(isClosed)
			g.open.AllClosed()
		})
	}

	harness.OnVirtual.Then(t, "slow-files", func(w *harness.Virtual) {
		const (
			notHeldUp = "None should wait for another, also not while a file takes a while to be opened or read."
			itsOwn    = "Each transfer should have its own block in memory: others run while a Read takes a while."
		)
		slow := []string{content(w, 700), content(w, 800)}
		quick := content(w, 500)
		files := w.Files(map[string]string{
			w.Text("slow 1"): slow[0], w.Text("slow 2"): slow[1], w.Text("quick"): quick,
		})
		files.InPieces(100)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		asks := func(name, file string) *harness.Output {
			out := w.Output()
			w.Server(name, taker(out)).Send(g.server, rrq(w.Text(file), "octet"))
			return out
		}
		var outs []*harness.Output
		for i := range slow {
			files.Slow(w.Text(fmt.Sprint("slow ", i+1)), 5*ms)
			w.At(time.Duration(i) * 27 * ms) // while another is read
			outs = append(outs, asks(fmt.Sprint("client ", i+1), fmt.Sprint("slow ", i+1)))
		}
		bobs := asks("bob", "quick")
		w.Because(notHeldUp)
		bobs.Holds(quick)
		w.At(2 * time.Second)
		for i, out := range outs {
			w.Because(itsOwn)
			out.Holds(slow[i])
		}
		w.Because(isClosed)
		g.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "first-things-first", func(w *harness.Virtual) {
		alice, file := w.Peer("alice"), content(w, 1300)
		files := w.Files(map[string]string{w.Text("file"): file})
		files.SlowReads(w.Text("file"), blockSize, 60*ms)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Because(firstOne).ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		w.Because(firstOne)
		w.StillAt(0)
	})

	for _, at := range []string{"conn", "open"} {
		harness.OnVirtual.Then(t, "in-16-bytes-at-"+at, func(w *harness.Virtual) {
			const oneHost = "An IPv4 address in 4 bytes and in 16 is one address, whichever socket gives it."
			alice, file := w.Peer("alice"), content(w, 600)
			files := w.Files(map[string]string{w.Text("file"): file})
			server, open := w.ListenPacket("server"), w.Opener("transfer")
			w.Go("Serve", func(ctx context.Context) error {
				if at == "conn" {
					return tftp.Serve(ctx, wide{server}, open.Open, files)
				}
				return tftp.Serve(ctx, server, func() (net.PacketConn, error) {
					conn, err := open.Open()
					return wide{conn}, err
				}, files)
			})
			alice.Send(server, rrq(w.Text("file"), "octet"))
			for i := range blocks(file) {
				alice.Because(oneHost).ExpectFrom(open.Socket(1), nthBlock(file, i+1))
				alice.Send(open.Socket(1), ack(uint16(i+1)))
			}
			w.Because(isClosed)
			open.AllClosed()
		})
	}

	harness.OnVirtual.Then(t, "modes", func(w *harness.Virtual) {
		const anyCase = "The mode is octet in whatever case, and options behind it should be passed over."
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
		came := 0 // blocks; guarded by the robot's lock
		robot.answer = func(payload []byte) {
			if !bytes.Equal(payload, wanted) {
				return
			}
			came++
			copy(said[2:], wanted[2:4])
			binary.BigEndian.PutUint16(wanted[2:], uint16(came+1))
			if came == longFile {
				wanted = wanted[:4] // the last one, which is empty
			}
			robot.hears(said, robot.peer)
		}
		w.Go("Serve", func(ctx context.Context) error {
			return tftp.Serve(ctx, server, func() (net.PacketConn, error) {
				conn, err := open.Open()
				robot.PacketConn = conn
				return robot, err
			}, long(block))
		})
		alice.Send(server, rrq(w.Text("big"), "octet"))
		open.Socket(1)
		w.At(10 * time.Second)
		if came := robot.count(&came); came <= longFile {
			w.Because(howFar(came))
			w.Errorf("The transfer has ended behind block number %d; the story wants %d blocks.", came, longFile+1)
		}
		w.Because(isClosed)
		open.AllClosed()
	})
}

// A wide socket gives IPv4 addresses in 16 bytes, as one does that takes IPv6, too.
type wide struct{ net.PacketConn }

// ReadFrom reads.
func (s wide) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := s.PacketConn.ReadFrom(p)
	if at, ok := from.(*net.UDPAddr); ok {
		from = &net.UDPAddr{IP: at.IP.To16(), Port: at.Port, Zone: at.Zone}
	}
	return n, from, err
}

// long is a file system that has a long file, under any name, which is the same block again and again.
type long string

// Open opens the file.
func (l long) Open(string) (fs.File, error) { return &longOne{block: l}, nil }

type longOne struct {
	block long
	at    int
}

// Read reads on.
func (f *longOne) Read(p []byte) (n int, err error) {
	for n < len(p) && f.at < longFile*blockSize {
		copied := copy(p[n:], f.block[f.at%blockSize:])
		n, f.at = n+copied, f.at+copied
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Stat describes the file.
func (f *longOne) Stat() (fs.FileInfo, error) { return f, nil }

// Close does nothing.
func (f *longOne) Close() error { return nil }

// Name returns a name.
func (f *longOne) Name() string { return "long" }

// Size returns how many bytes the file has.
func (f *longOne) Size() int64 { return int64(longFile * blockSize) }

// Mode says that all may read the file.
func (f *longOne) Mode() fs.FileMode { return 0o444 }

// ModTime returns no time.
func (f *longOne) ModTime() time.Time { return time.Time{} }

// IsDir reports that it is no directory.
func (f *longOne) IsDir() bool { return false }

// Sys returns nothing.
func (f *longOne) Sys() any { return nil }

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
	againAt   = "A DATA should be sent again after 100, 300, 700 and 1500 ms; after 3100 ms, the transfer is over."
	oneAck    = "Only the ACK of the block that was sent last should make Serve send, and only the first one."
	blockAnew = "With each new block the times should begin anew: 100 ms is the first wait again."
	nothingOf = "Nothing but that ACK should change when the block is sent again, and when the transfer is over."
	whoAsked  = "Whoever has not asked should get an ERROR with the code 5, and the transfer should go on."
	otherPort = "Another port of the host that has asked is a stranger, too: what it sends should get an ERROR 5."
	otherHost = "The same port on another host is a stranger, too: what it sends should get an ERROR 5."
	notOnce   = "Each packet of a stranger's but an ERROR should get an ERROR 5, and not only its first."
	theirs    = "The ERROR of a stranger should end nothing."
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
		s.client.Because("A transfer that nobody answers should end without a word.").HeardNothingElse()
	})

	harness.OnVirtual.Then(t, "slow-file", func(w *harness.Virtual) {
		const fromSend = "The times of a DATA count from when it was sent first, however long a Read took before."
		alice, file := w.Peer("alice"), content(w, 700)
		files := w.Files(map[string]string{w.Text("file"): file})
		files.Slow(w.Text("file"), 50*ms)
		began, g := time.Now(), give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		for i := range blocks(file) {
			alice.Because(nextOne).ExpectFrom(g.open.Socket(1), nthBlock(file, i+1))
			sent := time.Since(began)
			w.At(sent + 99*ms)
			alice.Because(fromSend).HeardNothingElse()
			w.At(sent + 101*ms)
			alice.Because(againAt).ExpectFrom(g.open.Socket(1), nthBlock(file, i+1))
			alice.Send(g.open.Socket(1), ack(uint16(i+1)))
		}
		w.Because(isClosed)
		g.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "slower-file", func(w *harness.Virtual) {
		const heldUp = "A block that was sent should be sent again at its times, however long a Read takes meanwhile."
		alice, file := w.Peer("alice"), content(w, 1300)
		files := w.Files(map[string]string{w.Text("file"): file})
		files.SlowReads(w.Text("file"), blockSize, 350*ms)
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("file"), "octet"))
		alice.Because(firstOne).ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		w.Because(firstOne)
		w.StillAt(0)
		w.At(650 * ms)
		w.Because(heldUp)
		w.SentAt(g.open.Socket(1), 0, 100*ms, 300*ms)
		for range 2 {
			alice.Because(heldUp).ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
		}
		for i := range blocks(file)[1:] {
			alice.Send(g.open.Socket(1), ack(uint16(i+1)))
			alice.Because(nextOne).ExpectFrom(g.open.Socket(1), nthBlock(file, i+2))
		}
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
		const slow = "A file may take as long as it takes: only a block without its ACK for 3100 ms should end it."
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
		const forEver = "One packet that comes twice must not double all that follow: each block should be sent once."
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
		} {
			s.client.Send(s.socket, other)
			s.client.Because(otherKind).HeardNothingElse()
		}
		for _, other := range []string{
			w.Text("hello"), "\x00", numbers(4), ack(1) + "\x00", numbers(6) + w.Text("option"), "",
		} {
			s.client.Send(s.socket, other)
			s.client.Because(noPacket).HeardNothingElse()
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
		for i, stranger := range []*harness.Peer{mallory, trudy} {
			because := []string{otherHost, otherPort}[i]
			for _, packet := range []string{ack(1), data(1, w.Text("hello")), rrq(w.Text("file"), "octet")} {
				stranger.Send(s.socket, packet)
				gets(w, stranger, s.socket, 5, because)
				because = notOnce
			}
			for _, packet := range []string{failure(0, w.Text("stop")), failure(5, ""), "", w.Text("hello")} {
				stranger.Send(s.socket, packet)
				w.Because(theirs)
				w.StillOpen(s.socket)
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

	harness.OnVirtual.Then(t, "who-can-not-be-told", func(w *harness.Virtual) {
		s, mallory := beginSending(w, w.Peer("alice"), 700), w.Peer("mallory")
		w.FailWritesTo(s.socket, mallory, syscall.EHOSTUNREACH)
		mallory.Send(s.socket, ack(1))
		w.Because(notTold)
		w.StillOpen(s.socket)
		s.ends(2, notTold)
	})

	for _, code := range []uint16{3, 0, 5, 0xffff} {
		harness.OnVirtual.Then(t, fmt.Sprintf("error-%d-of-the-client", code), func(w *harness.Virtual) {
			s := beginSending(w, w.Peer("alice"), 700)
			w.At(20 * ms)
			s.client.Send(s.socket, failure(code, w.Text("no room")))
			w.Because(stops)
			s.open.AllClosed()
			w.Because(stops)
			s.files.AllClosed()
			s.client.Because(stops).HeardNothingElse()
			w.Because(stops)
			w.StillAt(20 * ms)
		})
	}

	harness.OnVirtual.Then(t, "errors", func(w *harness.Virtual) {
		const anError = "An error of a socket's is no ACK: it should end nothing, and bring no send sooner."
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
		const itsOwn = "Each transfer should have its own times, whatever becomes of the others."
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
		noName   = "A name that fs.ValidPath refuses, or with a backslash, should be refused with ERROR 2."
		notOpen  = "A name that fs.ValidPath refuses, or with a backslash, should be refused before any file is opened."
		notHere  = "A request to write, and a mode that is not octet, should be refused: ERROR 4."
		cantRead = "A file that can't be opened or read, such as a directory, should be refused at once: ERROR 0."
		goesOn   = "Nothing that comes should end the service: the next request is answered as if nothing had been."
		noReply  = "What is no request should have no answer on the socket for requests."
		requests = "Only a request should make Serve ask for a socket."
		noSocket = "Without a socket there should be no answer: the client asks again."
		sentOnce = "An ERROR should be sent once, and nothing waited for: the socket is closed then."
	)
	harness.OnEachNetwork(t, func(w *harness.World) {
		alice, file := w.Peer("alice"), w.Text("hello")
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(map[string]string{w.Text("file"): file}))
		alice.Send(g.server, rrq(w.Text("nowhere"), "octet"))
		gets(w, alice, g.open.Socket(1), 1, notFound)
		w.Because(sentOnce)
		g.open.AllClosed()
		alice.Send(g.server, wrq(w.Text("file"), "octet"))
		gets(w, alice, g.open.Socket(2), 4, notHere)
		w.Because(sentOnce)
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
			w.Because(notOpen)
			g.files.NotOpened(name)
		}
		w.Because(sentOnce)
		g.open.AllClosed()
	})

	harness.OnVirtual.Then(t, "names-that-are-good", func(w *harness.Virtual) {
		const good = "Any name that fs.ValidPath takes and that has no backslash is good."
		alice, contents := w.Peer("alice"), map[string]string{}
		names := []string{
			"dir/sub/file", "..file", "dir/...", "two words", "晚安", "-x", "dir:file", "%s", "~", "a..b", " x", "x ",
			"dir /x\n", "UPPER.TXT", ".hidden",
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

	harness.OnVirtual.Then(t, "not-there", func(w *harness.Virtual) {
		const wraps = "An error of Open that wraps fs.ErrNotExist, however deep, says so: ERROR 1."
		alice, files := w.Peer("alice"), w.Files(nil)
		files.FailOpen(w.Text("wrapped"), fmt.Errorf("the archive: %w", fs.ErrNotExist))
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		alice.Send(g.server, rrq(w.Text("wrapped"), "octet"))
		gets(w, alice, g.open.Socket(1), 1, wraps)
	})

	harness.OnVirtual.Then(t, "two-reasons", func(w *harness.Virtual) {
		const either = "If there are two reasons to refuse a request, either code will do: here 4, or 2."
		alice := w.Peer("alice")
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(nil))
		for i, request := range []string{wrq("", ""), wrq("../"+w.Text("new"), "octet"), rrq("/", "netascii")} {
			alice.Send(g.server, request)
			socket := g.open.Socket(i + 1)
			alice.Because(either).HearLike(socket, failure(4, "any text"), func(payload string) bool {
				return isFailure(payload, 4) || isFailure(payload, 2)
			})
		}
	})

	harness.OnVirtual.Then(t, "refusals-that-fail", func(w *harness.Virtual) {
		const unheard = "An ERROR that can't be sent changes nothing: the socket is closed, and Serve should go on."
		alice, bob, server, open := w.Peer("alice"), w.Peer("bob"), w.ListenPacket("server"), w.Opener("transfer")
		files := w.Files(map[string]string{w.Text("file"): w.Text("hello")})
		w.Go("Serve", func(ctx context.Context) error {
			opened := func() (net.PacketConn, error) {
				conn, err := open.Open()
				if err == nil {
					w.FailWritesTo(conn, alice, syscall.EHOSTUNREACH)
				}
				return conn, err
			}
			return tftp.Serve(ctx, server, opened, files)
		})
		alice.Send(server, rrq(w.Text("nowhere"), "octet"))
		alice.Send(server, rrq("..", "octet"))
		w.Because(unheard)
		open.Socket(2)
		w.Because(unheard)
		open.AllClosed()
		bob.Send(server, rrq(w.Text("file"), "octet"))
		bob.Because(unheard).ExpectFrom(open.Socket(3), data(1, w.Text("hello")))
	})

	harness.OnVirtual.Then(t, "modes", func(w *harness.Virtual) {
		alice := w.Peer("alice")
		files := w.Files(map[string]string{w.Text("file"): w.Text("line\n")})
		g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
		for i, request := range []string{
			rrq(w.Text("file"), "netascii"), rrq(w.Text("file"), "mail"), rrq(w.Text("file"), ""),
			rrq(w.Text("file"), "octets"), rrq(w.Text("file"), " octet"), rrq(w.Text("file"), "binary"),
			rrq(w.Text("file"), "image"), wrq(w.Text("file"), "octet"), wrq(w.Text("file"), "netascii"),
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

	const (
		inTheMiddle = "When a Read fails, an ERROR should take the place of the block, and the transfer is over."
		cutOff      = "A Read may fail with io.ErrUnexpectedEOF, too: io.ReadFull can't tell that from the end."
	)
	for _, tt := range []struct {
		name    string
		at      int
		err     error
		because string
	}{
		{"fails-at-0", 0, errBroken, inTheMiddle},
		{"fails-at-100", 100, io.ErrNoProgress, inTheMiddle},
		{"fails-at-512", blockSize, errBroken, inTheMiddle},
		{"fails-at-700", 700, io.ErrNoProgress, inTheMiddle},
		{"cut-off-at-100", 100, io.ErrUnexpectedEOF, cutOff},
		{"cut-off-at-700", 700, io.ErrUnexpectedEOF, cutOff},
	} {
		harness.OnVirtual.Then(t, tt.name, func(w *harness.Virtual) {
			alice, file := w.Peer("alice"), content(w, 2000)
			files := w.Files(map[string]string{w.Text("file"): file})
			files.FailRead(w.Text("file"), tt.at, tt.err)
			g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
			alice.Send(g.server, rrq(w.Text("file"), "octet"))
			socket := g.open.Socket(1)
			for n := range tt.at / blockSize {
				w.At(10 * ms)
				alice.Because(tt.because).ExpectFrom(socket, nthBlock(file, n+1))
				alice.Send(socket, ack(uint16(n+1)))
			}
			gets(w, alice, socket, 0, tt.because)
			w.Because(isClosed)
			g.open.AllClosed()
			w.Because(isClosed)
			g.files.AllClosed()
			alice.Because(tt.because).HeardNothingElse()
			w.Because(tt.because)
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
		w.Because(requests)
		g.open.Opened(0)
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
		g.open.FailNext(syscall.EMFILE, &net.OpError{Op: "listen", Net: "udp", Err: net.ErrClosed})
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
			w.Because("Serve should go on however long nobody asks, and whatever a read returns.")
			socket := g.open.Socket(i + 1)
			alice.Because(goesOn).ExpectFrom(socket, data(1, file))
			w.Because("Serve should go on at once after an error, without a pause.")
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
		endsAll = "When Serve returns, its transfers should have ended: their sockets and their files are closed."
		ctxEnds = "When ctx ends, Serve should end all transfers and return at once, and its error should say so."
		itsOwn  = "The socket on which requests come is the caller's: Serve should leave it open."
		before  = "What is over before the call should end it too, and the error should say so."
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
		g.call.Because("A closed socket should end Serve, with an error that wraps net.ErrClosed.")
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
			g.call.Because("When its socket is closed or ctx ends, Serve should end all transfers and return at once.").
				FailsAt(ended, wanted...)
			w.Because(endsAll)
			g.open.AllClosed()
			w.Because(endsAll)
			files.AllClosed()
			w.NothingLeftBehind()
		})
	}

	harness.OnVirtual.Then(t, "one-of-two", func(w *harness.Virtual) {
		const onItsOwn = "Every call is on its own: when one Serve ends, it should wait for its own transfers alone."
		alice, bob, file := w.Peer("alice"), w.Peer("bob"), content(w, 700)
		files := w.Files(map[string]string{w.Text("file"): file})
		one := give(w, w.ListenPacket("server 1"), w.Opener("transfer"), files)
		two := give(w, w.ListenPacket("server 2"), w.Opener("other transfer"), files)
		alice.Send(one.server, rrq(w.Text("file"), "octet"))
		alice.ExpectFrom(one.open.Socket(1), nthBlock(file, 1))
		bob.Send(two.server, rrq(w.Text("file"), "octet"))
		bob.ExpectFrom(two.open.Socket(1), nthBlock(file, 1))
		w.At(10 * ms)
		one.call.Because(onItsOwn).Stop()
		one.call.Because(onItsOwn).FailsAt(10*ms, context.Canceled, os.ErrDeadlineExceeded)
		w.Because(endsAll)
		one.open.AllClosed()
		bob.Send(two.open.Socket(1), ack(1))
		bob.Because(onItsOwn).ExpectFrom(two.open.Socket(1), nthBlock(file, 2))
	})

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

	for _, as := range []string{"a-request-comes", "a-read-fails"} {
		harness.OnVirtual.Then(t, "cancelled-as-"+as, func(w *harness.Virtual) {
			const asItEnds = "If ctx ends as a read returns, whatever that brings, the error should still be ctx's."
			alice, server, open := w.Peer("alice"), w.ListenPacket("server"), w.Opener("transfer")
			files := w.Files(map[string]string{w.Text("file"): content(w, 700)})
			call := w.Call("Serve", func(ctx context.Context) (any, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				return nil, tftp.Serve(ctx, ending{server, cancel}, open.Open, files)
			})
			if as == "a-request-comes" {
				alice.Send(server, rrq(w.Text("file"), "octet"))
			} else {
				w.FailRead(server, syscall.ECONNREFUSED)
			}
			call.Because(asItEnds).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
			w.Because(endsAll)
			open.AllClosed()
			w.Because(endsAll)
			files.AllClosed()
			w.NothingLeftBehind()
		})
	}

	for _, as := range []string{"open-returns", "a-file-opens"} {
		harness.OnVirtual.Then(t, "cancelled-as-"+as, func(w *harness.Virtual) {
			const whatever = "What open or Open has returned should be closed, also if ctx has ended meanwhile."
			alice, server, open := w.Peer("alice"), w.ListenPacket("server"), w.Opener("transfer")
			files := w.Files(map[string]string{w.Text("file"): content(w, 700)})
			call := w.Call("Serve", func(ctx context.Context) (any, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				opened, found := open.Open, fs.FS(files)
				if as == "open-returns" {
					opened = func() (net.PacketConn, error) {
						defer cancel()
						return open.Open()
					}
				} else {
					found = endingFiles{files, cancel}
				}
				return nil, tftp.Serve(ctx, server, opened, found)
			})
			alice.Send(server, rrq(w.Text("file"), "octet"))
			call.Because(ctxEnds).FailsAt(0, context.Canceled, os.ErrDeadlineExceeded)
			w.Because(whatever)
			open.AllClosed()
			w.Because(whatever)
			files.AllClosed()
			w.NothingLeftBehind()
		})
	}

	for _, end := range []string{"cancelled", "closed"} {
		for _, what := range []string{"open", "read"} {
			harness.OnVirtual.Then(t, end+"-in-a-slow-"+what, func(w *harness.Virtual) {
				const waits = "Serve should return when a file that takes its time has been closed, and not before."
				alice, file := w.Peer("alice"), content(w, 700)
				files := w.Files(map[string]string{w.Text("file"): file})
				if what == "open" {
					files.Slow(w.Text("file"), 50*ms)
				} else {
					files.SlowReads(w.Text("file"), blockSize, 50*ms)
				}
				g := give(w, w.ListenPacket("server"), w.Opener("transfer"), files)
				alice.Send(g.server, rrq(w.Text("file"), "octet"))
				if what == "read" {
					alice.Because(firstOne).ExpectFrom(g.open.Socket(1), nthBlock(file, 1))
					w.Because(firstOne)
					w.StillAt(0)
					alice.Send(g.open.Socket(1), ack(1))
				}
				w.At(10 * ms)
				files.Slow(w.Text("file"), 0) // what begins after the end takes no time
				files.SlowReads(w.Text("file"), 0, 0)
				wanted := []error{net.ErrClosed}
				if end == "cancelled" {
					g.call.Cancel()
					wanted = []error{context.Canceled, os.ErrDeadlineExceeded}
				} else {
					w.Close(g.server)
				}
				g.call.Because(waits).FailsAt(50*ms, wanted...)
				w.Because(endsAll)
				files.AllClosed()
				w.Because(endsAll)
				g.open.AllClosed()
				w.Because(noMore)
				w.SilentBut(g.open.Socket(1), 10*ms, failure(0, "any text"), isError)
				w.NothingLeftBehind()
			})
		}
	}

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

// endingFiles end a context when a file is opened.
type endingFiles struct {
	fs.FS
	end context.CancelFunc
}

// Open opens a file.
func (e endingFiles) Open(name string) (fs.File, error) {
	defer e.end()
	return e.FS.Open(name)
}

func TestMain(m *testing.M) { harness.Main(m) }
