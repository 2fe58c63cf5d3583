// (The tag "unsupported" puts the other systems' half in this file's place, to
// see on Linux what they see.)
//
//go:build !unsupported

package pmtu

import "net"

// ForbidFragments makes conn's datagrams go whole or not at all: nobody may
// fragment them any more, and the system refuses to send what it knows not to fit
// (syscall.EMSGSIZE). It sets the option IP_MTU_DISCOVER, of the level
// IPPROTO_IP, to IP_PMTUDISC_DO (see ip(7), or IP_MTU_DISCOVER(2const)); on an
// IPv6 socket, see isIPv6, the option IPV6_MTU_DISCOVER, of the level
// IPPROTO_IPV6, to the same value, which is IPV6_PMTUDISC_DO there. Package
// golang.org/x/sys/unix has all of these. The way to the descriptor is lesson 05's,
// SyscallConn and Control. Otherwise the socket stays as it is: no other option is
// set, and it stays non-blocking. (On an IPv6 socket IP_MTU_DISCOVER may be set too.)
// What the option was before does not matter, nor does a deadline that has passed.
//
// An error, be it of the option or of conn's, is returned, as it is or wrapped.
func ForbidFragments(conn *net.UDPConn) error {
	panic("TODO: write ForbidFragments, which sets an option on an open socket")
}

// PathMTU returns the MTU, in bytes, of the path that a connected socket's
// datagrams take, as far as the system knows it: the value of the option IP_MTU,
// of the level IPPROTO_IP, or on an IPv6 socket IPV6_MTU, of IPPROTO_IPV6. It
// changes nothing of the socket, and a deadline that has passed does not matter.
//
// An error, be it of the option or of conn's, is returned, as it is or wrapped. A
// socket that is not connected has no path: the system says syscall.ENOTCONN.
func PathMTU(conn *net.UDPConn) (int, error) {
	panic("TODO: write PathMTU, which reads an option of an open socket")
}

// SendBig forbids that conn's datagrams are fragmented, and then sends one of size
// bytes, each a '#', to whom conn is connected to.
//
// If that is too big (syscall.EMSGSIZE), this is no error: the Report says so,
// with the path's MTU, which is PathMTU's, and what would fit. (It sends once, and
// does not ask whether the refusal is one of an earlier datagram.) Every other error
// is returned, as it is or wrapped, also one of PathMTU's. What the Report beside an
// error says does not matter.
func SendBig(conn *net.UDPConn, size int) (Report, error) {
	panic("TODO: write SendBig, which reports whether a datagram fits")
}
