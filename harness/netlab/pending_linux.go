package netlab

import (
	"net"
	"time"

	"udpkata/harness/sockopt"
)

// ErrorPending reports whether an error is pending on a socket, as
// [sockopt.ErrorPending] does, and false if it can't be asked.
func ErrorPending(conn *net.UDPConn, atMost time.Duration) bool {
	pending, _ := sockopt.ErrorPending(conn, atMost)
	return pending
}
