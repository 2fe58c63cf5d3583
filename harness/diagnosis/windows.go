package diagnosis

import (
	"errors"
	"syscall"
)

// What Windows says in place of two of package syscall's errors. No other system has
// errors of these numbers.
const (
	wsaMessageTooLong = syscall.Errno(10040) // of a read that has too small a buffer
	wsaAddressInUse   = syscall.Errno(10048)
)

// addressInUse reports whether the system has refused a port since somebody has it.
func addressInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddressInUse)
}
