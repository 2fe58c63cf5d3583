// Package tftp is lesson 08: a file goes from one host to another, a block at a time, as RFC
// 1350 has it.
package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

var (
	// ErrPacket is why Parse refuses a datagram.
	ErrPacket = errors.New("no packet of TFTP")

	// ErrServerDown is why Get gives up.
	//
	//lint:ignore ST1005 a sentence, on purpose
	ErrServerDown = errors.New("I think the server is down")
)

// blockSize is how many bytes a block has, unless it is the last.
const blockSize = 512

// Parse returns the packet that a datagram is.
func Parse(datagram []byte) (Packet, error) {
	if len(datagram) < 4 {
		return Packet{}, fmt.Errorf("%w: %d bytes", ErrPacket, len(datagram))
	}
	p, rest := Packet{Op: Op(binary.BigEndian.Uint16(datagram))}, datagram[2:]
	number, behind := binary.BigEndian.Uint16(rest), rest[2:]
	switch p.Op {
	case RRQ, WRQ:
		parts := bytes.SplitN(rest, []byte{0}, 3)
		if len(parts) < 3 {
			return Packet{}, fmt.Errorf("%w: a request that does not end", ErrPacket)
		}
		p.Name, p.Mode = string(parts[0]), string(parts[1])
	case DATA:
		if len(behind) > blockSize {
			return Packet{}, fmt.Errorf("%w: a block of %d bytes", ErrPacket, len(behind))
		}
		p.Block, p.Data = number, behind
	case ACK:
		if len(behind) > 0 {
			return Packet{}, fmt.Errorf("%w: an ACK of %d bytes", ErrPacket, len(datagram))
		}
		p.Block = number
	case ERROR:
		text, _, _ := bytes.Cut(behind, []byte{0})
		p.Code, p.Text = number, string(text)
	default:
		return Packet{}, fmt.Errorf("%w: its kind is %d", ErrPacket, p.Op)
	}
	return p, nil
}

// Append appends p to b.
func (p Packet) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(p.Op))
	switch p.Op {
	case RRQ, WRQ:
		b = append(append(b, p.Name...), 0)
		b = append(append(b, p.Mode...), 0)
	case DATA:
		b = append(binary.BigEndian.AppendUint16(b, p.Block), p.Data...)
	case ACK:
		b = binary.BigEndian.AppendUint16(b, p.Block)
	case ERROR:
		b = append(append(binary.BigEndian.AppendUint16(b, p.Code), p.Text...), 0)
	}
	return b
}

const (
	firstWait = 100 * time.Millisecond
	mostWait  = 2 * time.Second
)

// A transfer is one side of it.
type transfer struct {
	conn  net.PacketConn
	isEnd func(from net.Addr, p Packet) bool // whether a packet is from the other end
	buf   []byte
}

func newTransfer(conn net.PacketConn, isEnd func(from net.Addr, p Packet) bool) *transfer {
	return &transfer{conn, isEnd, make([]byte, maxDatagram)}
}

// exchange sends a datagram until hears is given a packet of the other end's that it takes, and
// doubles its wait each time. The packet is good until the next call.
func (t *transfer) exchange(ctx context.Context, datagram []byte, to net.Addr, hears func(p Packet) bool) error {
	for wait := firstWait; wait <= mostWait; wait *= 2 {
		if ctx.Err() != nil { // perhaps while something else took its time
			return ctx.Err()
		}
		deadline := time.Now().Add(wait)
		t.conn.WriteTo(datagram, to) // one that fails is as good as lost
		for {
			p, from, err := t.read(ctx, deadline)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, net.ErrClosed):
				return err
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			switch {
			case err != nil: // about one datagram, not about the socket
			case !t.isEnd(from, p):
				if p.Op != ERROR {
					t.refuse(from, UnknownTransfer, "who are you?")
				}
			case p.Op == ERROR:
				return Error{p.Code, p.Text}
			case hears(p):
				return nil
			}
		}
	}
	return ErrServerDown
}

// read waits for a packet.
func (t *transfer) read(ctx context.Context, deadline time.Time) (Packet, net.Addr, error) {
	n, from, err := readUntil(ctx, t.conn, deadline, t.buf)
	if err != nil {
		return Packet{}, nil, err
	}
	p, err := Parse(t.buf[:n])
	return p, from, err
}

// refuse sends an ERROR.
func (t *transfer) refuse(to net.Addr, code uint16, text string) {
	t.conn.WriteTo(Packet{Op: ERROR, Code: code, Text: text}.Append(nil), to)
}

// endpoint returns an address as a value to compare.
func endpoint(addr net.Addr) netip.AddrPort {
	at := addr.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// Get fetches a file.
func Get(ctx context.Context, conn net.PacketConn, server net.Addr, name string, w io.Writer) (n int64, err error) {
	var other netip.AddrPort // zero until somebody has answered
	to := server
	t := newTransfer(conn, func(from net.Addr, p Packet) bool {
		at := endpoint(from)
		answers := p.Op == ERROR || p.Op == DATA && p.Block == 1
		if !other.IsValid() && answers && at.Addr() == endpoint(server).Addr() {
			other, to = at, from
		}
		return at == other
	})
	last := Packet{Op: RRQ, Name: name, Mode: "octet"}.Append(nil)
	for block := uint16(1); ; block++ {
		var data []byte
		err := t.exchange(ctx, last, to, func(p Packet) bool {
			switch {
			case p.Op == DATA && p.Block == block:
				data = p.Data
				return true
			case p.Op == DATA && p.Block == block-1:
				conn.WriteTo(last, to) // the ACK was lost, perhaps
			}
			return false
		})
		if err != nil {
			return n, fmt.Errorf("get: %w", err)
		}
		written, err := w.Write(data)
		n += int64(written)
		if err != nil {
			t.refuse(to, DiskFull, err.Error())
			return n, fmt.Errorf("get: %w", err)
		}
		last = Packet{Op: ACK, Block: block}.Append(last[:0])
		if len(data) < blockSize {
			conn.WriteTo(last, to)
			return n, nil
		}
	}
}

// Serve gives files.
func Serve(ctx context.Context, conn net.PacketConn, open func() (net.PacketConn, error), files fs.FS) error {
	ctx, cancel := context.WithCancel(ctx)
	var transfers sync.WaitGroup
	defer transfers.Wait()
	defer cancel()
	t := newTransfer(conn, nil)
	for {
		p, from, err := t.read(ctx, time.Time{})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("serve: %w", err)
		case err == nil && (p.Op == RRQ || p.Op == WRQ):
			transfers.Go(func() { answer(ctx, p, from, open, files) })
		}
	}
}

// answer gives a client the file that it asks for, or says why not.
func answer(ctx context.Context, request Packet, client net.Addr, open func() (net.PacketConn, error), files fs.FS) {
	conn, err := open()
	if err != nil {
		return // the client asks again, or somebody else does
	}
	defer conn.Close()
	t := newTransfer(conn, func(from net.Addr, _ Packet) bool { return endpoint(from) == endpoint(client) })
	switch {
	case request.Op != RRQ:
		t.refuse(client, IllegalOp, "files are not taken here")
		return
	case !strings.EqualFold(request.Mode, "octet"):
		t.refuse(client, IllegalOp, "the mode is octet here")
		return
	case !fs.ValidPath(request.Name) || strings.Contains(request.Name, `\`):
		t.refuse(client, AccessViolation, "that is no name of a file here")
		return
	}
	file, err := files.Open(request.Name)
	if errors.Is(err, fs.ErrNotExist) {
		t.refuse(client, FileNotFound, "there is no such file")
		return
	}
	if err != nil {
		t.refuse(client, Undefined, "the file can't be opened")
		return
	}
	defer file.Close()
	t.give(ctx, client, file)
}

// give sends a file in blocks, each when the one before has come.
func (t *transfer) give(ctx context.Context, client net.Addr, file io.Reader) {
	var data bytes.Buffer
	for block := uint16(1); ; block++ {
		data.Reset()
		n, err := io.CopyN(&data, file, blockSize)
		if err != nil && err != io.EOF { // which is the end, when there were fewer bytes
			t.refuse(client, Undefined, "the file can't be read")
			return
		}
		datagram := Packet{Op: DATA, Block: block, Data: data.Bytes()}.Append(nil)
		err = t.exchange(ctx, datagram, client, func(p Packet) bool { return p.Op == ACK && p.Block == block })
		if err != nil || n < blockSize {
			return
		}
	}
}
