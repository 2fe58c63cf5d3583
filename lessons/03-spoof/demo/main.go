// Command demo runs the student's client on 127.0.0.1, beside a server as in
// lesson 02 and an attacker:
//
//	demo server [-p PORT] [-paused]
//	demo client [-p PORT] [-connected]
//	demo attacker PORT
//
// A paused server answers nothing until Enter is pressed. A connected client
// asks with Dial and AskConnected, any other with Ask. The attacker sends to a
// client's PORT.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"udpkata/harness/demo"
	spoof "udpkata/lessons/03-spoof"
)

func main() {
	demo.Main(
		demo.Role{Name: "server", TakesPort: true, Switches: []string{"paused"}, Run: server},
		demo.Role{Name: "client", TakesPort: true, Switches: []string{"connected"}, Run: client},
		demo.Role{Name: "attacker", Params: []string{"PORT"}, Run: attacker},
	)
}

func listen(port uint16) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(demo.Localhost(port)))
}

func server(ctx context.Context, args demo.Args) error {
	conn, err := listen(args.Port)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Listening at %v\n", conn.LocalAddr())
	if args.On["paused"] {
		fmt.Println("Paused; Enter goes on")
		if err := enter(ctx); err != nil {
			return err
		}
	}
	return demo.Serve(ctx, conn, length)
}

// length gives lesson 02's answer.
func length(datagram []byte) string { return fmt.Sprintf("Your data was %d bytes long", len(datagram)) }

// enter waits until Enter is pressed. Where nobody can press it, it waits until
// ctx ends.
func enter(ctx context.Context) error {
	pressed := make(chan struct{})
	go func() {
		if bufio.NewScanner(os.Stdin).Scan() {
			close(pressed)
		}
	}()
	select {
	case <-pressed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func client(ctx context.Context, args demo.Args) error {
	if args.Port == 0 {
		return demo.UsageError("a client needs the server's port, from 1 up")
	}
	msg := []byte("The time is " + time.Now().Format("2006-01-02 15:04:05.000000"))
	server := demo.Localhost(args.Port)
	if args.On["connected"] {
		conn, err := spoof.Dial(server)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Printf("The OS assigned me the address %v\n", conn.LocalAddr())
		reply, err := spoof.AskConnected(ctx, conn, msg)
		if err != nil {
			return err
		}
		fmt.Printf("The server %v replied %q\n", server, reply)
		return nil
	}
	conn, err := listen(0)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("The OS assigned me the address %v\n", conn.LocalAddr())
	answer, err := spoof.Ask(ctx, conn, net.UDPAddrFromAddrPort(server), msg)
	if answer.TurnedAway > 0 {
		fmt.Printf("Turned away %d datagram(s), from %s\n", answer.TurnedAway, list(answer.Strangers))
	}
	if err != nil {
		return err
	}
	fmt.Printf("The server %v replied %q\n", server, answer.Data)
	return nil
}

func list(addrs []net.Addr) string {
	var texts []string
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ", ")
}

func attacker(_ context.Context, args demo.Args) error {
	port, err := strconv.ParseUint(args.Params[0], 10, 16)
	if err != nil || port == 0 {
		return demo.UsageError(fmt.Sprintf("%q is no client's port: that is a whole number from 1 to 65535",
			args.Params[0]))
	}
	conn, err := listen(0)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := demo.Localhost(uint16(port))
	if _, err := conn.WriteToUDPAddrPort([]byte("fine"), client); err != nil {
		return err
	}
	fmt.Printf("Sent \"fine\" to %v from %v\n", client, conn.LocalAddr())
	return nil
}
