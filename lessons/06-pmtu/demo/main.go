// Command demo runs the student's functions against a server as in lesson 02:
//
//	demo server HOST [-p PORT]
//	demo [client] HOST [SIZE] [-p PORT]
//	demo probe HOST [-p PORT]
//
// HOST is an address or a name; for the server, the address to listen on, where
// "" is all of them. SIZE is how many bytes the client sends; it is 65536 unless
// given.
package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"udpkata/harness/demo"
	pmtu "udpkata/lessons/06-pmtu"
)

func main() {
	demo.Main(
		demo.Role{Name: "server", Params: []string{"HOST"}, TakesPort: true, Run: server},
		demo.Role{Name: "client", Unnamed: true, Params: []string{"HOST", "[SIZE]"}, TakesPort: true, Run: client},
		demo.Role{Name: "probe", Params: []string{"HOST"}, TakesPort: true, Run: probe},
	)
}

func server(ctx context.Context, args demo.Args) error {
	var config net.ListenConfig
	conn, err := config.ListenPacket(ctx, "udp", args.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Listening at %v\n", conn.LocalAddr())
	return demo.Serve(ctx, conn, length)
}

// length gives lesson 02's answer.
func length(datagram []byte) string { return fmt.Sprintf("Your data was %d bytes long", len(datagram)) }

// dial opens a socket that is connected to the server.
func dial(ctx context.Context, args demo.Args) (*net.UDPConn, error) {
	server, err := args.ServerAddress()
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", server)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func client(ctx context.Context, args demo.Args) error {
	size := 65536 // more than any datagram holds
	if text := args.Params[1]; text != "" {
		n, err := strconv.ParseUint(text, 10, 30)
		if err != nil {
			return demo.UsageError(fmt.Sprintf("%q is no SIZE: write a number of bytes", text))
		}
		size = int(n)
	}
	conn, err := dial(ctx, args)
	if err != nil {
		return err
	}
	defer conn.Close()
	report, err := pmtu.SendBig(conn, size)
	switch {
	case err != nil:
		return err
	case report.Sent:
		fmt.Println("The big datagram was sent!")
	default:
		fmt.Println("Alas, the datagram did not make it")
		fmt.Printf("Actual MTU: %d\n", report.MTU)
	}
	return nil
}

func probe(ctx context.Context, args demo.Args) error {
	conn, err := dial(ctx, args)
	if err != nil {
		return err
	}
	defer conn.Close()
	path, err := pmtu.PathOver(conn)
	if err != nil {
		return err
	}
	size, err := pmtu.Probe(ctx, path)
	if err != nil {
		return err
	}
	fmt.Printf("%d bytes arrive without fragmentation\n", size)
	return nil
}
