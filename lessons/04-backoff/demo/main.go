// Command demo runs the student's Serve, with a server that drops half of what
// it hears, and the student's Ask:
//
//	demo server HOST [-p PORT]
//	demo client HOST [-p PORT]
//
// HOST is an address or a name; for the server, the address to listen on, where
// "" is all of them.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"

	"udpkata/harness/demo"
	backoff "udpkata/lessons/04-backoff"
)

func main() {
	host := []string{"HOST"}
	demo.Main(
		demo.Role{Name: "server", Params: host, TakesPort: true, Run: server},
		demo.Role{Name: "client", Params: host, TakesPort: true, Run: client},
	)
}

func address(args demo.Args) string {
	return net.JoinHostPort(args.Params[0], strconv.Itoa(int(args.Port)))
}

func server(ctx context.Context, args demo.Args) error {
	var config net.ListenConfig
	conn, err := config.ListenPacket(ctx, "udp", address(args))
	if err != nil {
		return err
	}
	defer conn.Close()
	return backoff.Serve(ctx, conn, func() bool { return rand.IntN(2) == 0 }, os.Stdout)
}

func client(ctx context.Context, args demo.Args) error {
	switch {
	case args.Port == 0:
		return demo.UsageError("a client needs the server's port, from 1 up")
	case args.Params[0] == "":
		return demo.UsageError("a client needs the server's HOST")
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", address(args))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Client socket name is %v\n", conn.LocalAddr())
	reply, err := backoff.Ask(ctx, conn, []byte("This is another message"), os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("The server says %q\n", reply)
	return nil
}
