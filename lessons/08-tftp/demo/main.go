// Command demo runs the student's Serve, over a directory, and the student's Get:
//
//	demo server DIR [-p PORT]
//	demo get HOST FILE [-p PORT]
//
// The server gives the files below DIR, on 127.0.0.1 alone. HOST is an address or a
// name. What is got is written to a new file of the same name, in the directory where
// demo runs.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path"
	"time"

	"udpkata/harness/demo"
	tftp "udpkata/lessons/08-tftp"
)

func main() {
	demo.Main(
		demo.Role{Name: "server", Params: []string{"DIR"}, TakesPort: true, Run: server},
		demo.Role{Name: "get", Params: []string{"HOST", "FILE"}, TakesPort: true, Run: get},
	)
}

func server(ctx context.Context, args demo.Args) error {
	dir, err := os.OpenRoot(args.Params[0])
	if err != nil {
		return demo.UsageError(fmt.Sprintf("%q is no DIR: %v", args.Params[0], err))
	}
	defer dir.Close()
	at := net.UDPAddrFromAddrPort(demo.Localhost(args.Port))
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Listening at %v\n", conn.LocalAddr())
	open := func() (net.PacketConn, error) {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP})
		if err != nil {
			return nil, err
		}
		fmt.Printf("A transfer has %v\n", conn.LocalAddr())
		return conn, nil
	}
	return tftp.Serve(ctx, conn, open, dir.FS())
}

func get(ctx context.Context, args demo.Args) (err error) {
	name := path.Base(args.Params[1])
	if name == "." || name == "/" || name == ".." {
		return demo.UsageError(fmt.Sprintf("%q is no FILE", args.Params[1]))
	}
	address, err := args.ServerAddress()
	if err != nil {
		return err
	}
	server, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	began := time.Now()
	n, err := tftp.Get(ctx, conn, server, args.Params[1], file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(name)
		return err
	}
	fmt.Printf("%s has %d bytes, which took %v\n", name, n, time.Since(began).Round(time.Millisecond))
	return nil
}
