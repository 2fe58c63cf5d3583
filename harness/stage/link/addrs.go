package link

import (
	"fmt"
	"net"
)

// How an address is written.
const (
	noAddr = iota
	nilUDPAddr
	udpAddr
	tcpAddr
	ipAddr
	unixAddr
	foreignAddr
)

// A Foreign address is one of a type that is not package net's.
type Foreign struct {
	Type, Net, Text string
}

// Network returns what the address says.
func (a Foreign) Network() string { return a.Net }

// String returns what the address says.
func (a Foreign) String() string { return a.Text }

// Addr appends an address. It calls the methods of one that is not package net's.
func (w *Writer) Addr(addr net.Addr, names Names) {
	switch a := addr.(type) {
	case nil:
		w.Uint(noAddr)
	case *net.UDPAddr:
		if a == nil {
			w.Uint(nilUDPAddr)
			return
		}
		w.Uint(udpAddr)
		w.ipPort(a.IP, a.Port, a.Zone)
	case *net.TCPAddr:
		if a == nil {
			w.foreign(addr, "", "<nil>", 0)
			return
		}
		w.Uint(tcpAddr)
		w.ipPort(a.IP, a.Port, a.Zone)
	case *net.IPAddr:
		if a == nil {
			w.foreign(addr, "", "<nil>", 0)
			return
		}
		w.Uint(ipAddr)
		w.ipPort(a.IP, 0, a.Zone)
	case *net.UnixAddr:
		if a == nil {
			w.foreign(addr, "", "<nil>", 0)
			return
		}
		w.Uint(unixAddr)
		w.Text(a.Name)
		w.Text(a.Net)
	default:
		w.foreign(addr, addr.Network(), addr.String(), names.NumberOf(addr))
	}
}

func (w *Writer) foreign(addr net.Addr, network, text string, number int64) {
	w.Uint(foreignAddr)
	w.Int(number)
	w.Text(fmt.Sprintf("%T", addr))
	w.Text(network)
	w.Text(text[:min(len(text), mostText)])
}

func (w *Writer) ipPort(ip net.IP, port int, zone string) {
	w.Blob(ip)
	w.Int(int64(port))
	w.Text(zone)
}

// Addr takes an address, which is the caller's.
func (r *Reader) Addr(names Names) net.Addr {
	switch r.Uint() {
	case noAddr:
		return nil
	case nilUDPAddr:
		return (*net.UDPAddr)(nil)
	case udpAddr:
		return &net.UDPAddr{IP: r.Blob(), Port: int(r.Int()), Zone: r.Text()}
	case tcpAddr:
		return &net.TCPAddr{IP: r.Blob(), Port: int(r.Int()), Zone: r.Text()}
	case ipAddr:
		a := &net.IPAddr{IP: r.Blob()}
		r.Int()
		a.Zone = r.Text()
		return a
	case unixAddr:
		return &net.UnixAddr{Name: r.Text(), Net: r.Text()}
	case foreignAddr:
		number := r.Int()
		foreign := Foreign{r.Text(), r.Text(), r.Text()}
		if known := names.AddrOf(number, foreign); number != 0 && known != nil {
			return known
		}
		return foreign
	}
	r.Break()
	return nil
}
