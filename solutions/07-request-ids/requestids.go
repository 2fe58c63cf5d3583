// Package requestids is lesson 07: questions that have a number, by which a client knows
// its answer, and a server a question that it has heard before.
package requestids

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

var (
	// ErrShort is why Decode refuses a datagram.
	ErrShort = errors.New("too short to have an ID")

	// ErrServerDown is why Ask gives up.
	//
	//lint:ignore ST1005 a sentence, on purpose
	ErrServerDown = errors.New("I think the server is down")
)

// idSize is how many bytes of a datagram are its ID.
const idSize = 8

// Encode returns a datagram: the ID, and then the text.
func Encode(id uint64, text []byte) []byte {
	datagram := binary.BigEndian.AppendUint64(make([]byte, 0, idSize+len(text)), id)
	return append(datagram, text...)
}

// Decode returns what is in a datagram.
func Decode(datagram []byte) (id uint64, text []byte, err error) {
	if len(datagram) < idSize {
		return 0, nil, fmt.Errorf("%w: %d bytes", ErrShort, len(datagram))
	}
	return binary.BigEndian.Uint64(datagram), datagram[idSize:], nil
}

// NewID draws an ID.
func NewID(random io.Reader) (uint64, error) {
	var id [idSize]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return 0, fmt.Errorf("no ID: %w", err)
	}
	return binary.BigEndian.Uint64(id[:]), nil
}

// A Client asks one server, many questions at a time.
type Client struct {
	conn   net.Conn
	random io.Reader
	ended  chan struct{} // closed when nobody reads any more

	mu      sync.Mutex // guards waiting
	waiting map[uint64]chan []byte
}

// NewClient returns a Client, and reads from conn from now on.
func NewClient(conn net.Conn, random io.Reader) *Client {
	c := &Client{conn: conn, random: random, ended: make(chan struct{}), waiting: map[uint64]chan []byte{}}
	go c.read()
	return c
}

// read hands each answer to whoever waits for it, until the socket is closed.
func (c *Client) read() {
	defer close(c.ended)
	buf := make([]byte, maxDatagram)
	for {
		n, err := c.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // no answer, and no reason to stop
		}
		id, text, err := Decode(buf[:n])
		if err != nil {
			continue
		}
		if answer := c.take(id); answer != nil {
			answer <- bytes.Clone(text) // which has room for it
		}
	}
}

// take returns where the answer to a question goes, and forgets the question; nil if nobody
// waits for it.
func (c *Client) take(id uint64) chan []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := c.waiting[id]
	delete(c.waiting, id)
	return answer
}

const (
	firstWait = 100 * time.Millisecond
	mostWait  = 2 * time.Second
)

// Ask sends text under a new ID until an answer with this ID comes, and doubles its wait each
// time.
func (c *Client) Ask(ctx context.Context, text []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("ask: %w", ctx.Err())
	}
	id, err := NewID(c.random)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	answer := make(chan []byte, 1)
	c.mu.Lock()
	c.waiting[id] = answer
	c.mu.Unlock()
	defer c.take(id)
	question := Encode(id, text)
	for wait := firstWait; wait <= mostWait; wait *= 2 {
		timeout := time.NewTimer(wait)
		c.conn.Write(question) // one that fails is as good as lost
		select {
		case text := <-answer:
			return text, nil
		case <-ctx.Done():
			return nil, fmt.Errorf("ask: %w", ctx.Err())
		case <-c.ended:
			return nil, fmt.Errorf("ask: %w", net.ErrClosed)
		case <-timeout.C:
		}
	}
	return nil, fmt.Errorf("ask: %w", ErrServerDown)
}

// Close closes the socket, which ends all that goes on.
func (c *Client) Close() error {
	err := c.conn.Close()
	<-c.ended
	return err
}

const (
	rememberedFor = 10 * time.Second
	mostRemember  = 1000
)

// A question is the same again if both are.
type question struct {
	from netip.AddrPort
	id   uint64
}

// An answer is one that was given.
type answer struct {
	to       question
	heard    time.Time
	datagram []byte
}

// Serve answers questions on conn, and calls do once for each.
func Serve(ctx context.Context, conn net.PacketConn, do func(text []byte) []byte) error {
	var given []answer // the oldest first
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		if err != nil {
			continue // about one datagram, not about the socket
		}
		id, text, err := Decode(buf[:n])
		if err != nil {
			continue
		}
		asked, now := question{from.(*net.UDPAddr).AddrPort(), id}, time.Now()
		known := func(a answer) bool { return a.to == asked && now.Sub(a.heard) < rememberedFor }
		i := slices.IndexFunc(given, known)
		if i < 0 {
			given = append(given, answer{asked, now, Encode(id, do(bytes.Clone(text)))})
			given = given[max(0, len(given)-mostRemember):]
			i = len(given) - 1
		}
		conn.WriteTo(given[i].datagram, from) // one that fails is sent when the question comes again
	}
}
