package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
	"udpkata/harness/wire/wiretest"
)

// A captured packet is what a reader finds in a capture.
type captured struct {
	at       time.Duration // since the beginning
	from, to netip.AddrPort
	payload  []byte
	comment  string
}

var began = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// read walks through a capture's blocks, and checks each length and checksum on its
// way.
func read(t require.TestingT, file []byte) (all []captured) {
	all, _ = readAll(t, file)
	return all
}

// readAll does what read does, and returns the file's own comments too.
func readAll(t require.TestingT, file []byte) (all []captured, notes []string) {
	le := binary.LittleEndian
	interfaces := 0
	for first := true; len(file) > 0; first = false {
		require.GreaterOrEqual(t, len(file), 12)
		kind, length := le.Uint32(file), int(le.Uint32(file[4:]))
		require.Zero(t, length%4)
		require.LessOrEqual(t, length, len(file))
		require.Equal(t, length, int(le.Uint32(file[length-4:])), "the length at the block's end")
		body := file[8 : length-4]
		file = file[length:]
		switch kind {
		case 0x0a0d0d0a:
			require.True(t, first)
			require.Equal(t, uint32(0x1a2b3c4d), le.Uint32(body))
			require.Equal(t, []byte{1, 0, 0, 0}, body[4:8], "version 1.0")
			require.Equal(t, ^uint64(0), le.Uint64(body[8:]), "a section of no given length")
			notes = options(t, body[16:])[1]
		case 1:
			require.Equal(t, uint16(101), le.Uint16(body), "raw IP")
			require.Equal(t, []byte{0, 0, 0, 0, 0, 0}, body[2:8], "reserved, and no limit to a packet's length")
			require.Equal(t, map[uint16][]string{2: {"udpkata"}, 9: {"\x09"}}, options(t, body[8:]),
				"name, nanoseconds")
			interfaces++
		case 6:
			require.Equal(t, 1, interfaces)
			require.Zero(t, le.Uint32(body), "the first interface")
			size := int(le.Uint32(body[12:]))
			require.Equal(t, size, int(le.Uint32(body[16:])))
			stamp := int64(uint64(le.Uint32(body[4:]))<<32 | uint64(le.Uint32(body[8:])))
			c := ip(t, body[20:20+size])
			c.at = time.Unix(0, stamp).Sub(began)
			rest := body[20+(size+3)/4*4:]
			require.Equal(t, make([]byte, -size&3), body[20+size:len(body)-len(rest)], "padding")
			if comments := options(t, rest)[1]; len(comments) > 0 {
				require.Len(t, comments, 1)
				c.comment = comments[0]
			}
			all = append(all, c)
		default:
			require.Fail(t, "a block of type", "%x", kind)
		}
	}
	return all, notes
}

func options(t require.TestingT, b []byte) map[uint16][]string {
	all := map[uint16][]string{}
	ended := len(b) == 0
	for len(b) > 0 {
		code, length := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if code == 0 {
			require.Equal(t, []byte{0, 0, 0, 0}, b, "nothing follows the end of options")
			ended = true
			break
		}
		require.True(t, utf8.Valid(b[4:4+length]))
		all[code] = append(all[code], string(b[4:4+length]))
		padded := 4 + (length+3)/4*4
		require.Equal(t, make([]byte, -length&3), b[4+length:padded], "padding")
		b = b[padded:]
	}
	require.True(t, ended, "no end of options")
	return all
}

// ip reads an IP packet that holds a UDP datagram.
func ip(t require.TestingT, b []byte) (c captured) {
	be := binary.BigEndian
	var from, to netip.Addr
	var pseudo, udp []byte
	switch b[0] >> 4 {
	case 4:
		require.Equal(t, byte(0x45), b[0])
		require.Equal(t, len(b), int(be.Uint16(b[2:])))
		require.Equal(t, byte(17), b[9])
		require.Equal(t, uint16(0xffff), total(b[:20]), "the header's checksum")
		from, _ = netip.AddrFromSlice(b[12:16])
		to, _ = netip.AddrFromSlice(b[16:20])
		pseudo, udp = append(bytes.Clone(b[12:20]), 0, 17, b[24], b[25]), b[20:]
	case 6:
		require.Equal(t, len(b)-40, int(be.Uint16(b[4:])))
		require.Equal(t, byte(17), b[6])
		from, _ = netip.AddrFromSlice(b[8:24])
		to, _ = netip.AddrFromSlice(b[24:40])
		pseudo, udp = append(bytes.Clone(b[8:40]), 0, 0, b[44], b[45], 0, 0, 0, 17), b[40:]
	default:
		require.Fail(t, "no version of IP", "%x", b[0])
	}
	require.Equal(t, len(udp), int(be.Uint16(udp[4:])))
	require.NotZero(t, be.Uint16(udp[6:]), "0 is no checksum")
	require.Equal(t, uint16(0xffff), total(append(pseudo, udp...)), "UDP's checksum")
	c.from, c.to = netip.AddrPortFrom(from, be.Uint16(udp)), netip.AddrPortFrom(to, be.Uint16(udp[2:]))
	c.payload = udp[8:]
	return c
}

// total returns the sum of 16-bit words that is 0xffff where the checksum is right.
func total(b []byte) uint16 {
	var sum uint32
	for i, x := range b {
		if i%2 == 0 {
			sum += uint32(x) << 8
		} else {
			sum += uint32(x)
		}
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

func capture(t require.TestingT, datagrams []Datagram) []byte {
	var file bytes.Buffer
	require.NoError(t, WriteCapture(&file, began, datagrams))
	return file.Bytes()
}

var (
	v6a = netip.MustParseAddrPort("[fd00::1]:40000")
	v6b = netip.MustParseAddrPort("[fd00::2]:40001")
)

// exchange has a datagram of each sort.
var exchange = []Datagram{
	{At: 0, From: at(0), To: at(1), Payload: []byte("hello"), Heard: true, Sender: "echo.go:12"},
	{At: ms + 1, From: v6a, To: v6b, Payload: []byte("晚安"), Heard: true},
	{At: 2 * ms, From: at(1), To: at(0), Lost: text.Both("lost on its way", "")},
	{At: 3 * ms, From: at(1), To: at(0), Payload: []byte("x"), Heard: true, Delay: 30 * ms, Copies: 2},
	{At: 4 * ms, From: at(1), To: at(0), Payload: []byte("forged"), Heard: true, Forged: true},
	{At: 5 * ms, From: at(0), To: at(1), Payload: bytes.Repeat([]byte("z"), 65507), Nobody: true},
	{At: 6 * ms, From: at(0), To: at(1), Payload: []byte("no"), Err: errors.New("no route to host")},
	{At: 7 * ms, From: v6b, To: v6a, Payload: bytes.Repeat([]byte("z"), 65527), Heard: true, Cut: 512},
	{At: 8 * ms, From: at(1), To: at(0), Payload: []byte("who?"), Barred: true},
	{At: 9 * ms, From: netip.MustParseAddrPort("0.0.0.0:40000"), To: at(1), Payload: []byte("y")},
	{At: 9 * ms, From: netip.MustParseAddrPort("[::]:40000"), To: v6a, Payload: []byte("y"), Heard: true},
}

func TestCapture(t *testing.T) {
	all := read(t, capture(t, exchange))
	require.Len(t, all, len(exchange))
	comments := []string{
		"sent at echo.go:12", "", "lost on its way", "30ms on its way; arrives 2 times", "forged: 127.0.0.1:40001 " +
			"did not send it",
		"nobody is there", "not sent: no route to host", "only its first 512 bytes were read",
		"turned away by the system", "nobody read it", "",
	}
	for i, c := range all {
		d := exchange[i]
		require.Equal(t, d.At, c.at)
		require.Equal(t, d.From, c.from)
		require.Equal(t, d.To, c.to)
		require.Equal(t, string(d.Payload), string(c.payload))
		require.Equal(t, comments[i], c.comment)
	}
}

// TestCaptureExact holds a capture to its bytes, of which each line is a field or
// fields that belong together.
func TestCaptureExact(t *testing.T) {
	want := unhex(t, `
		0a0d0d0a 1c000000
		  4d3c2b1a 0100 0000 ffffffffffffffff
		1c000000

		01000000 2c000000
		  6500 0000 00000000
		  0200 0700 7564706b617461 00
		  0900 0100 09 000000
		  0000 0000
		2c000000

		06000000 5c000000
		  00000000 cf4c230d 00004352 1f000000 1f000000
		  45 00 001f 0000 0000 40 11 7ccc 7f000001 7f000001
		  9c40 9c41 000b 04e4 626f62
		  00
		  0100 1200 73656e74206174206563686f2e676f3a3132 0000
		  0000 0000
		5c000000

		06000000 54000000
		  00000000 cf4c230d 01004352 32000000 32000000
		  60000000 000a 11 40 fd000000000000000000000000000001 fd000000000000000000000000000002
		  9c40 9c41 000a 64ea 6869
		  0000
		54000000`)
	got := capture(t, []Datagram{
		{From: at(0), To: at(1), Payload: []byte("bob"), Heard: true, Sender: "echo.go:12"},
		{At: 1, From: v6a, To: v6b, Payload: []byte("hi"), Heard: true},
	})
	require.Equal(t, hex.Dump(want), hex.Dump(got))
}

// unhex reads hexadecimal digits with blanks between them.
func unhex(t *testing.T, digits string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	require.NoError(t, err)
	return b
}

// TestCaptureLeavesOut: what no IP packet can hold is left out, and the file says so.
func TestCaptureLeavesOut(t *testing.T) {
	packets, notes := readAll(t, capture(t, []Datagram{
		{From: at(0), To: at(1), Payload: make([]byte, 65508), At: ms, Sender: "echo.go:12",
			Err: errors.New("message too long")},
		{From: v6a, To: v6b, Payload: make([]byte, 65528), Heard: true},
		{From: at(0), To: v6b, Heard: true}, {From: at(0), Heard: true}, {To: at(0), Heard: true}, {Heard: true},
	}))
	require.Empty(t, packets)
	const why = "left out, as no IP packet can hold it: "
	require.Equal(t, []string{
		why + "65508 bytes from 127.0.0.1:40000 to 127.0.0.1:40001 at 1ms; sent at echo.go:12; " +
			"not sent: message too long",
		why + "65528 bytes from [fd00::1]:40000 to [fd00::2]:40001 at 0s",
		why + "0 bytes from 127.0.0.1:40000 to [fd00::2]:40001 at 0s",
		why + "0 bytes from 127.0.0.1:40000 to invalid AddrPort at 0s",
		why + "0 bytes from invalid AddrPort to 127.0.0.1:40000 at 0s",
		why + "0 bytes from invalid AddrPort to invalid AddrPort at 0s",
	}, notes)
	require.Len(t, read(t, capture(t, []Datagram{{From: v6a, To: v6b, Payload: make([]byte, 65508)}})), 1)
}

// TestCommentIsText: a comment is UTF-8 even where it is not said in UTF-8, or is longer
// than an option can be.
func TestCommentIsText(t *testing.T) {
	all := read(t, capture(t, []Datagram{
		{From: at(0), To: at(1), Heard: true, Sender: "\xffecho.go:12"},
		{From: at(0), To: at(1), Heard: true, Sender: strings.Repeat("晚", 30000)},
		{From: at(1), To: at(0), Heard: true},
	}))
	require.Len(t, all, 3)
	require.Equal(t, "sent at ?echo.go:12", all[0].comment)
	require.Equal(t, "sent at "+strings.Repeat("晚", 65527/3)+"?", all[1].comment)
	require.Empty(t, all[2].comment)
}

// TestChecksumOfZero: a sum of 0 is written as 0xffff (RFC 768).
func TestChecksumOfZero(t *testing.T) {
	for n := range 1 << 16 {
		d := Datagram{From: at(0), To: at(1), Payload: []byte{byte(n >> 8), byte(n)}}
		if b := packet(d); b[26] == 0xff && b[27] == 0xff {
			ip(t, b)
			return
		}
	}
	t.Fatal("no payload has the sum 0")
}

func TestWriteCaptureFails(t *testing.T) {
	require.ErrorIs(t, WriteCapture(broken{}, began, exchange), os.ErrClosed)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func FuzzCapture(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, []byte{127, 0, 0, 2}, uint16(1), uint16(2), []byte("hello"), byte(0), "echo.go:1", "",
		int64(5), int64(0), 0, 0)
	f.Add(v6a.Addr().AsSlice(), v6b.Addr().AsSlice(), uint16(0), uint16(65535), []byte{0xff}, byte(1), "",
		"message too long", int64(1e18), int64(1e6), 2, 512)
	f.Add([]byte{127, 0, 0, 1}, v6b.Addr().AsSlice(), uint16(9), uint16(9), []byte{}, byte(14), "\xff", "晚安",
		int64(1), int64(1), 1, 1)
	f.Fuzz(func(t *testing.T, from, to []byte, port, port2 uint16, payload []byte, flags byte, sender, why string, when,
		delay int64, copies, cut int) {
		if when < 0 || time.Duration(when) > 100*365*24*time.Hour {
			return
		}
		a, _ := netip.AddrFromSlice(from)
		b, _ := netip.AddrFromSlice(to)
		d := Datagram{
			At: time.Duration(when), From: netip.AddrPortFrom(a, port), To: netip.AddrPortFrom(b, port2),
			Payload: payload, Sender: sender, Delay: time.Duration(delay), Copies: copies, Cut: cut,
			Heard: flags&1 != 0, Forged: flags&2 != 0, Barred: flags&4 != 0, Nobody: flags&8 != 0,
		}
		switch {
		case flags&16 != 0:
			d.Err = errors.New(why)
		case flags&32 != 0:
			d.Lost = text.Both(why, "")
		}
		if flags&64 != 0 { // one that is near the limit of a length, at either side
			d.Payload = make([]byte, 65490+int(flags&63))
		}
		all, notes := readAll(t, capture(t, []Datagram{d, exchange[0]}))
		last := len(all) - 1
		require.Equal(t, exchange[0].Payload, all[last].payload)
		if a.Is4() != b.Is4() || !a.IsValid() || !b.IsValid() || len(d.Payload) > 65527 || a.Is4() &&
			len(d.Payload) > 65507 {
			require.Zero(t, last)
			require.Len(t, notes, 1)
			return
		}
		require.Equal(t, 1, last)
		require.Empty(t, notes)
		require.Equal(t, d.At, all[0].at)
		require.Equal(t, d.From, all[0].from)
		require.Equal(t, d.To, all[0].to)
		require.True(t, bytes.Equal(d.Payload, all[0].payload))
		if what := remark(d); utf8.ValidString(what) && len(what) <= 65535 {
			require.Equal(t, what, all[0].comment)
		}
	})
}

// TestTshark: Wireshark's reader finds the same datagrams, times and comments, and
// nothing to complain of.
func TestTshark(t *testing.T) {
	file := filepath.Join(t.TempDir(), "exchange.pcapng")
	require.NoError(t, os.WriteFile(file, capture(t, exchange), 0o644))
	want := make([][]string, len(exchange))
	for i, c := range read(t, capture(t, exchange)) {
		stamp := began.Add(c.at).UnixNano()
		const good = "1"
		from, to := c.from.Addr().String(), c.to.Addr().String()
		addresses, headerSum := []string{from, to, "", ""}, good
		if c.from.Addr().Is6() {
			addresses, headerSum = []string{"", "", from, to}, "" // IPv6 has none
		}
		severity := "" // that of a comment is the only one
		if c.comment != "" {
			severity = fmt.Sprint(0x100000)
		}
		want[i] = slices.Concat([]string{fmt.Sprintf("%d.%09d", stamp/1e9, stamp%1e9)}, addresses, []string{
			fmt.Sprint(c.from.Port()), fmt.Sprint(c.to.Port()), hex.EncodeToString(c.payload), c.comment, severity,
			headerSum, good, "",
		})
	}
	require.Equal(t, want, wiretest.Tshark(t, file,
		"frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.payload",
		"frame.comment", "_ws.expert.severity", "ip.checksum.status", "udp.checksum.status", "_ws.malformed"))
}

// BenchmarkCapture writes 1000 datagrams of 1200 bytes.
func BenchmarkCapture(b *testing.B) {
	d := with(sent(ms, 0, 1, strings.Repeat("z", 1200)), func(d *Datagram) { d.Sender = "echo.go:12" })
	datagrams := slices.Repeat([]Datagram{d}, 1000)
	for b.Loop() {
		require.NoError(b, WriteCapture(io.Discard, began, datagrams))
	}
}
