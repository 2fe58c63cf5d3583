package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
)

// WriteCapture writes datagrams as a capture of raw IP packets, in the format pcapng
// (draft-ietf-opsawg-pcapng), for programs such as Wireshark. Each has the time at
// which it was sent, as began is the story's beginning, and a comment that says who
// sent it and what became of it. One that no IP packet can hold, since it is too long
// or has no address, is left out, and the file's own comments say so.
func WriteCapture(w io.Writer, began time.Time, datagrams []Datagram) error {
	b := bufio.NewWriter(w)
	const (
		sectionHeader, interfaceDescription, enhancedPacket = 0x0a0d0d0a, 1, 6
		magic                                               = 0x1a2b3c4d
		rawIP                                               = 101
		name                                                = 2         // option if_name
		resolution, nanoseconds                             = 9, "\x09" // option if_tsresol
	)
	block(b, sectionHeader, le32(magic), le16(1), le16(0), le64(^uint64(0)), comments(leftOut(datagrams)...))
	block(b, interfaceDescription, le16(rawIP), le16(0), le32(0),
		option(name, "udpkata"), option(resolution, nanoseconds), option(0, ""))
	for _, d := range datagrams {
		if !fits(d) {
			continue
		}
		packet := packet(d)
		stamp := uint64(began.Add(d.At).UnixNano())
		size := le32(uint32(len(packet)))
		block(b, enhancedPacket, le32(0), le32(uint32(stamp>>32)), le32(uint32(stamp)), size, size, padded(packet),
			comments(remark(d)))
	}
	return b.Flush()
}

// block writes a block: its type, its length, its body, and its length again.
func block(w *bufio.Writer, kind uint32, parts ...[]byte) {
	length := 12
	for _, p := range parts {
		length += len(p)
	}
	w.Write(le32(kind))
	w.Write(le32(uint32(length)))
	for _, p := range parts {
		w.Write(p)
	}
	w.Write(le32(uint32(length)))
}

func option(code uint16, value string) []byte {
	return append(append(le16(code), le16(uint16(len(value)))...), padded([]byte(value))...)
}

// comments makes the options of a block that has no others: one for each text that is
// not empty, in UTF-8, and cut where an option ends at the latest.
func comments(all ...string) (options []byte) {
	const comment, most = 1, 65535
	for _, c := range all {
		if c == "" {
			continue
		}
		options = append(options, option(comment, strings.ToValidUTF8(c[:min(len(c), most)], "?"))...)
	}
	if len(options) > 0 {
		options = append(options, option(0, "")...)
	}
	return options
}

// padded fills up to 32 bits.
func padded(b []byte) []byte { return append(b[:len(b):len(b)], make([]byte, -len(b)&3)...) }

func le16(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
func le64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// remark returns a packet's comment.
func remark(d Datagram) string {
	var all []string
	if d.Sender != "" {
		all = append(all, "sent at "+d.Sender)
	}
	if what := fate(d, netip.AddrPort.String).EN; what != "" {
		all = append(all, what)
	}
	return strings.Join(all, "; ")
}

// leftOut says of each datagram that is left out which it is.
func leftOut(datagrams []Datagram) (all []string) {
	for _, d := range datagrams {
		if !fits(d) {
			what := fmt.Sprintf("left out, as no IP packet can hold it: %d bytes from %v to %v at %v", len(d.Payload),
				d.From, d.To, d.At)
			if r := remark(d); r != "" {
				what += "; " + r
			}
			all = append(all, what)
		}
	}
	return all
}

// fits reports whether an IP packet can hold a datagram.
func fits(d Datagram) bool {
	from, to := d.From.Addr(), d.To.Addr()
	return from.IsValid() && to.IsValid() && from.Is4() == to.Is4() && len(d.Payload) <= MaxPayload(to)
}

// packet makes the IP packet that carries a datagram that fits.
func packet(d Datagram) []byte {
	from, to := d.From.Addr(), d.To.Addr()
	length := UDPHeader + len(d.Payload)
	udp := binary.BigEndian.AppendUint16(nil, d.From.Port())
	udp = binary.BigEndian.AppendUint16(udp, d.To.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(length))
	udp = append(append(udp, 0, 0), d.Payload...)
	const protocol, hops = 17, 64
	addresses := append(from.AsSlice(), to.AsSlice()...)
	// The pseudo header of RFC 768 and of RFC 8200, section 8.1.
	sum := checksum(addresses, be32(uint32(length)), be32(protocol), udp)
	if sum == 0 {
		sum = 0xffff // 0 says that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	if to.Is6() {
		header := append(be32(6<<28), byte(length>>8), byte(length), protocol, hops)
		return append(append(header, addresses...), udp...)
	}
	total := IPv4Header + length
	header := append([]byte{4<<4 | IPv4Header/4, 0, byte(total >> 8), byte(total), 0, 0, 0, 0, hops, protocol, 0, 0},
		addresses...)
	binary.BigEndian.PutUint16(header[10:], checksum(header))
	return append(header, udp...)
}

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// checksum returns the Internet's, see RFC 1071. Only the last part may have an odd
// length.
func checksum(parts ...[]byte) uint16 {
	var sum uint64
	for _, p := range parts {
		for ; len(p) > 1; p = p[2:] {
			sum += uint64(p[0])<<8 | uint64(p[1])
		}
		if len(p) == 1 {
			sum += uint64(p[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
