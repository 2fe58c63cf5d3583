// Command demo runs the student's functions, with servers that share a port and a
// client that speaks to all of them:
//
//	demo server HOST [-p PORT]
//	demo client NETWORK [-p PORT]
//
// HOST is the address to listen on, or a name; "" is all addresses. NETWORK is a
// broadcast address, as in 127.255.255.255, or a subnet, as in 127.0.0.0/8.
package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"udpkata/harness/demo"
	broadcast "udpkata/lessons/05-broadcast"
)

func main() {
	demo.Main(
		demo.Role{Name: "server", Params: []string{"HOST"}, TakesPort: true, Run: server},
		demo.Role{Name: "client", Params: []string{"NETWORK"}, TakesPort: true, Run: client},
	)
}

func server(ctx context.Context, args demo.Args) error {
	host := netip.IPv4Unspecified()
	if args.Params[0] != "" {
		hosts, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", args.Params[0])
		if err != nil {
			return err
		}
		host = hosts[0].Unmap()
	}
	conn, err := broadcast.ListenShared(netip.AddrPortFrom(host, args.Port))
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("Listening for datagrams at %v\n", conn.LocalAddr())
	return broadcast.Hear(ctx, conn, func(from net.Addr, text string) {
		fmt.Printf("The client at %v says: %q\n", from, text)
	})
}

func client(_ context.Context, args demo.Args) error {
	if args.Port == 0 {
		return demo.UsageError("a client needs the servers' port, from 1 up")
	}
	to, err := broadcastAddr(args.Params[0])
	if err != nil {
		return demo.UsageError(err.Error())
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := broadcast.AllowBroadcast(conn); err != nil {
		return err
	}
	everyone := netip.AddrPortFrom(to, args.Port)
	if err := broadcast.Shout(conn, net.UDPAddrFromAddrPort(everyone), "Broadcast datagram!"); err != nil {
		return err
	}
	fmt.Printf("Sent to %v\n", everyone)
	return nil
}

// broadcastAddr returns an IPv4 address as it is, or a subnet's broadcast address.
func broadcastAddr(network string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(network); err == nil && addr.Is4() {
		return addr, nil
	}
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no NETWORK: write an IPv4 address, as in 127.255.255.255, or a "+
			"subnet, as in 127.0.0.0/8", network)
	}
	return broadcast.BroadcastAddr(prefix)
}
