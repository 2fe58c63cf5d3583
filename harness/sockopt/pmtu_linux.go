package sockopt

import (
	"net"

	"golang.org/x/sys/unix"
)

// SetPMTUDiscovery sets what becomes of a socket's datagrams that are longer than
// an MTU: IP_MTU_DISCOVER in ip(7), or with ipv6 IPV6_MTU_DISCOVER in ipv6(7).
// A datagram goes by the one of its version of IP; an IPv6 socket has both, and an
// IPv4 socket has only the first: else the error is ENOPROTOOPT. A value that Linux
// does not know is EINVAL. On other systems the error wraps [errors.ErrUnsupported].
func SetPMTUDiscovery(conn *net.UDPConn, ipv6 bool, how PMTUDiscovery) error {
	if ipv6 {
		return set(conn, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, int(how))
	}
	return set(conn, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, int(how))
}

// PMTUDiscoveryOf returns what SetPMTUDiscovery has set, or Linux has by itself
// (net.ipv4.ip_no_pmtu_disc in ip(7)). Its errors are the same.
func PMTUDiscoveryOf(conn *net.UDPConn, ipv6 bool) (PMTUDiscovery, error) {
	level, option := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER
	if ipv6 {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER
	}
	how, err := get(conn, level, option)
	return PMTUDiscovery(how), err
}

// PathMTU returns the MTU, in bytes, of the path that a connected socket's datagrams
// take, as far as the system knows it: IP_MTU in ip(7), or with ipv6 IPV6_MTU in
// ipv6(7). It counts the headers. On IPv4 it is 65535 at the most, and on IPv6 at
// least 1280. Where the socket is not connected, the error is ENOTCONN. On other
// systems it wraps [errors.ErrUnsupported].
func PathMTU(conn *net.UDPConn, ipv6 bool) (int, error) {
	if ipv6 {
		return get(conn, unix.IPPROTO_IPV6, unix.IPV6_MTU)
	}
	return get(conn, unix.IPPROTO_IP, unix.IP_MTU)
}
