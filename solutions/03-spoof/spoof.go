// Package spoof is lesson 03: a client that takes an answer only from whom it
// asked.
package spoof

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// SameEndpoint reports whether a and b are one endpoint: the same IP address,
// zone and port.
func SameEndpoint(a, b net.Addr) bool {
	one, ok := endpoint(a)
	other, ok2 := endpoint(b)
	return ok && ok2 && one == other
}

// endpoint returns an address as a value to compare: an IPv4 address has one form
// only.
func endpoint(addr net.Addr) (netip.AddrPort, bool) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return netip.AddrPort{}, false
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}

// MaxStrangers is how many strangers an Answer lists at the most.
const MaxStrangers = 16

// An Answer is what Ask has heard.
type Answer struct {
	Data       []byte     // the server's datagram; nil beside an error
	TurnedAway int        // how many datagrams came from anybody else
	Strangers  []net.Addr // who sent those: each once, in the order they came, the first MaxStrangers
}

// turnAway notes a datagram that came from a stranger.
func (a *Answer) turnAway(from net.Addr) {
	a.TurnedAway++
	known := slices.ContainsFunc(a.Strangers, func(s net.Addr) bool { return SameEndpoint(s, from) })
	if !known && len(a.Strangers) < MaxStrangers {
		a.Strangers = append(a.Strangers, from)
	}
}

// Ask sends msg to server, and returns the first datagram that comes from
// there.
func Ask(ctx context.Context, conn net.PacketConn, server net.Addr, msg []byte) (Answer, error) {
	var answer Answer
	if _, err := conn.WriteTo(msg, server); err != nil {
		return answer, fmt.Errorf("ask: %w", err)
	}
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := readFrom(ctx, conn, buf)
		if err != nil {
			return answer, fmt.Errorf("ask: %w", err)
		}
		if SameEndpoint(from, server) {
			answer.Data = buf[:n]
			return answer, nil
		}
		answer.turnAway(from)
	}
}

// Dial opens a UDP socket that is connected to server.
func Dial(server netip.AddrPort) (net.Conn, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// AskConnected sends msg on conn, and returns the datagram that comes back.
func AskConnected(ctx context.Context, conn net.Conn, msg []byte) ([]byte, error) {
	if _, err := conn.Write(msg); err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	buf := make([]byte, maxDatagram)
	n, err := read(ctx, conn, buf)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	return buf[:n], nil
}
