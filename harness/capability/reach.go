package capability

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// hears reports whether a socket at one address hears what one at another sends.
func hears(from, to netip.Addr) error {
	listener, err := listen(netip.AddrPortFrom(to, 0))
	if err != nil {
		return err
	}
	defer listener.Close()
	sender, err := listen(netip.AddrPortFrom(from, 0))
	if err != nil {
		return err
	}
	defer sender.Close()
	return carries(sender, listener)
}

// ownPorts reports whether a second address has ports of its own.
func ownPorts(first, second netip.Addr) (err error) {
	for range manyPorts {
		var one, other *net.UDPConn
		if one, err = listen(netip.AddrPortFrom(first, 0)); err != nil {
			return err
		}
		defer one.Close()
		if other, err = listen(netip.AddrPortFrom(second, portOf(one))); err != nil {
			continue // perhaps somebody has just that port
		}
		defer other.Close()
		return errors.Join(carries(one, other), carries(other, one))
	}
	return err
}

// manyPorts is how many ports are tried before it is clear that none will do.
const manyPorts = 10

// carries reports whether one socket hears what another sends, as from that one. As
// stories do, it gives up once several datagrams have been on their way for long.
func carries(from, to *net.UDPConn) error {
	for range manyDatagrams {
		if _, err := from.WriteTo([]byte("anybody there?"), to.LocalAddr()); err != nil {
			return err
		}
		to.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		var buf [32]byte
		_, source, err := to.ReadFromUDPAddrPort(buf[:])
		if err == nil && source == from.LocalAddr().(*net.UDPAddr).AddrPort() {
			return nil
		}
	}
	return errors.New("what is sent to " + to.LocalAddr().String() + " does not arrive")
}

// manyDatagrams is how many are sent before it is clear that none arrives. Only tests that
// know that change it.
var manyDatagrams = 30

func listen(at netip.AddrPort) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
}

func portOf(conn *net.UDPConn) uint16 { return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }
