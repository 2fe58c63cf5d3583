//go:build !linux || unsupported

package pmtu

//kata:given

import "net"

// Supported reports whether this system lets programs discover a path's MTU.
const Supported = false

// ForbidFragments returns ErrUnsupported.
func ForbidFragments(*net.UDPConn) error { return ErrUnsupported }

// PathMTU returns ErrUnsupported.
func PathMTU(*net.UDPConn) (int, error) { return 0, ErrUnsupported }

// SendBig returns ErrUnsupported.
func SendBig(*net.UDPConn, int) (Report, error) { return Report{}, ErrUnsupported }
