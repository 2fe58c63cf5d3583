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

func server(ctx context.Context, args demo.Args) error {
	var config net.ListenConfig
	conn, err := config.ListenPacket(ctx, "udp", args.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	return backoff.Serve(ctx, conn, func() bool { return rand.IntN(2) == 0 }, os.Stdout)
}

func client(ctx context.Context, args demo.Args) error {
	server, err := args.ServerAddress()
	if err != nil {
		return err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", server)
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
