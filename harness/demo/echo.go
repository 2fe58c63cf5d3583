package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Echo is lesson 02's server, for the demos of the lessons after it: it tells
// each client how long its datagram was, until ctx ends.
func Echo(ctx context.Context, conn net.PacketConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	buf := make([]byte, 1<<16)
	for {
		n, client, err := conn.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			continue // Windows reports here that an earlier answer was refused
		}
		fmt.Printf("The client at %v says %s\n", client, quote(buf[:n]))
		conn.WriteTo(fmt.Appendf(nil, "Your data was %d bytes long", n), client)
	}
}

// quote quotes the beginning of a text.
func quote(text []byte) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q… (%d bytes)", text[:most], len(text))
	}
	return fmt.Sprintf("%q", text)
}
