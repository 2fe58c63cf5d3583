// Command demo runs the student's Serve, with an account that its clients share, and
// the student's Client:
//
//	demo server HOST [-p PORT] [-drop]
//	demo client HOST AMOUNT [-p PORT]
//
// HOST is an address or a name; for the server, the address to listen on, where
// "" is all of them. A server with -drop loses half of its answers. The client
// deposits AMOUNT.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	random "math/rand/v2"
	"net"
	"strconv"
	"strings"

	"udpkata/harness/demo"
	requestids "udpkata/lessons/07-request-ids"
)

func main() {
	demo.Main(
		demo.Role{
			Name: "server", Params: []string{"HOST"}, TakesPort: true, Switches: []string{"drop"}, Run: server,
		},
		demo.Role{Name: "client", Params: []string{"HOST", "AMOUNT"}, TakesPort: true, Run: client},
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
	if args.On["drop"] {
		conn = lossy{conn}
	}
	var everybodys account
	return requestids.Serve(ctx, conn, everybodys.do)
}

// A lossy socket loses half of what it sends.
type lossy struct{ net.PacketConn }

// WriteTo sends, or says that it has.
func (c lossy) WriteTo(p []byte, to net.Addr) (int, error) {
	if random.IntN(2) == 0 {
		fmt.Printf("Pretending to lose an answer to %v\n", to)
		return len(p), nil
	}
	return c.PacketConn.WriteTo(p, to)
}

// An account is the sum of its deposits.
type account int

// do makes a deposit.
func (a *account) do(text []byte) []byte {
	amount, ok := strings.CutPrefix(string(text), "deposit ")
	n, err := strconv.ParseUint(amount, 10, 31)
	if !ok || err != nil {
		return fmt.Appendf(nil, "I don't understand %q", text)
	}
	*a += account(n)
	fmt.Printf("%s: the balance is %d\n", text, *a)
	return fmt.Appendf(nil, "The balance is %d", *a)
}

func client(ctx context.Context, args demo.Args) error {
	amount, err := strconv.ParseUint(args.Params[1], 10, 31)
	if err != nil || amount == 0 {
		return demo.UsageError(fmt.Sprintf("%q is no AMOUNT: that is a whole number from 1 to %d",
			args.Params[1], 1<<31-1))
	}
	server, err := args.ServerAddress()
	if err != nil {
		return err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", server)
	if err != nil {
		return err
	}
	client := requestids.NewClient(conn, rand.Reader)
	defer client.Close()
	fmt.Printf("Client socket name is %v\n", conn.LocalAddr())
	answer, err := client.Ask(ctx, fmt.Appendf(nil, "deposit %d", amount))
	if err != nil {
		return err
	}
	fmt.Printf("The server says %q\n", answer)
	return nil
}
