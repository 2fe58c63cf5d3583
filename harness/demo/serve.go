package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Serve prints each datagram that comes and sends its sender an answer, until ctx
// ends. It is for the demos of lessons whose students write no server.
func Serve(ctx context.Context, conn net.PacketConn, answer func(datagram []byte) string) error {
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
		conn.WriteTo([]byte(answer(buf[:n])), client)
	}
}

// quote quotes the beginning of a datagram.
func quote(datagram []byte) string {
	const most = 60
	if len(datagram) > most {
		return fmt.Sprintf("%q… (%d bytes)", datagram[:most], len(datagram))
	}
	return fmt.Sprintf("%q", datagram)
}
