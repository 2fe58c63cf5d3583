// Command demo runs the student's Serve and Ask on 127.0.0.1:
//
//	demo server [-p PORT]
//	demo client [-p PORT]
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"udpkata/harness/demo"
	echo "udpkata/lessons/02-echo"
)

func main() {
	demo.Main(
		demo.Role{Name: "server", TakesPort: true, Run: server},
		demo.Role{Name: "client", TakesPort: true, Run: client},
	)
}

// localhost returns 127.0.0.1 with a port.
func localhost(port uint16) *net.UDPAddr { return net.UDPAddrFromAddrPort(demo.Localhost(port)) }

func server(ctx context.Context, args demo.Args) error {
	conn, err := net.ListenUDP("udp", localhost(args.Port))
	if err != nil {
		return err
	}
	defer conn.Close()
	return echo.Serve(ctx, conn, os.Stdout)
}

func client(ctx context.Context, args demo.Args) error {
	if args.Port == 0 {
		return demo.UsageError("a client needs the server's port, from 1 up")
	}
	conn, err := net.ListenUDP("udp", localhost(0))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("The OS assigned me the address %v\n", conn.LocalAddr())
	to := localhost(args.Port)
	answer, err := echo.Ask(ctx, conn, to, "The time is "+time.Now().Format("2006-01-02 15:04:05.000000"))
	if err != nil {
		return err
	}
	fmt.Printf("The server %v replied %q\n", to, answer)
	return nil
}
