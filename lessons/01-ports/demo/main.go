// Command demo runs the student's functions:
//
//	demo classify PORT
//	demo system
//	demo ephemeral
//	demo claim PORT
//
// The last two open a socket on 127.0.0.1; claim keeps it until Ctrl-C.
package main

import (
	"context"
	"fmt"
	"net"

	"udpkata/harness/demo"
	ports "udpkata/lessons/01-ports"
)

func main() {
	port := []string{"PORT"}
	demo.Main(
		demo.Role{Name: "classify", Params: port, Run: classify},
		demo.Role{Name: "system", Run: system},
		demo.Role{Name: "ephemeral", Run: ephemeral},
		demo.Role{Name: "claim", Params: port, Run: claim},
	)
}

func classify(_ context.Context, args demo.Args) error {
	port, err := ports.ParsePort(args.Params[0])
	if err != nil {
		return demo.UsageError(err.Error())
	}
	kind, err := ports.RangeOf(port)
	if err != nil {
		return err
	}
	fmt.Printf("%d is a %v port\n", port, kind)
	return nil
}

func system(context.Context, demo.Args) error {
	first, last, err := ports.SystemRange()
	if err != nil {
		return err
	}
	fmt.Printf("This system chooses from %d to %d; IANA's dynamic ports are %d to %d\n",
		first, last, ports.FirstDynamic, ports.LastDynamic)
	return nil
}

func ephemeral(context.Context, demo.Args) error {
	conn, err := ports.Ephemeral(demo.Localhost(0).Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	udp, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return fmt.Errorf("%v is no UDP address", conn.LocalAddr())
	}
	kind, err := ports.RangeOf(udp.Port)
	if err != nil {
		return err
	}
	fmt.Printf("The system chose %v, a %v port\n", udp, kind)
	return nil
}

func claim(ctx context.Context, args demo.Args) error {
	port, err := ports.ParsePort(args.Params[0])
	if err != nil {
		return demo.UsageError(err.Error())
	}
	if port == 0 {
		return demo.UsageError("claim needs a port from 1 up")
	}
	conn, err := ports.Claim(demo.Localhost(uint16(port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Claimed %v; Ctrl-C gives it back\n", conn.LocalAddr())
	<-ctx.Done()
	return nil
}
