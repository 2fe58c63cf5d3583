package tftp_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"udpkata/harness"
)

// TestWhateverComes: whatever becomes of the datagrams, in whatever order they come, a file arrives whole, and once.
//
//kata:points 2
func TestWhateverComes(t *testing.T) {
	sizes := []int{0, 1, 511, 512, 513, 1024, 1025}
	harness.WhateverComes(t, "get", harness.Exchanging{
		Name: "Get", Socket: "client", Parties: []string{"server"}, Sizes: sizes, Begin: beginGet, Stray: stray,
	})
	harness.WhateverComes(t, "serve", harness.Exchanging{
		Name: "Serve", Socket: "server", Parties: []string{"alice", "bob", "carol"}, Sizes: sizes, Serves: true,
		Begin: beginServe, Stray: stray,
	})
}

// stray draws a packet that has no part in a transfer, or anything.
func stray(r *rand.Rand, payload string) string {
	n := uint16(r.IntN(4))
	switch r.IntN(5) {
	case 0:
		return data(n+2, payload[:min(len(payload), blockSize)])
	case 1:
		return data(0, "")
	case 2, 3:
		return ack(n)
	}
	return payload
}

// beginGet begins a story in which a file is fetched, from a server that does nothing by itself but answer.
func beginGet(w *harness.Virtual) harness.Exchange {
	mallory, conn := w.Peer("mallory"), w.ListenPacket("client")
	var call *harness.Call
	var out *harness.Output
	var file string
	return harness.Exchange{
		Socket: conn,
		Start: func(_, size int) *harness.Call {
			file, out = content(w, size), w.Output()
			request, sends := rrq(w.Text("file"), "octet"), sender(file)
			server := w.Server("server", func(payload []byte) []byte {
				if string(payload) == request {
					return []byte(nthBlock(file, 1))
				}
				return sends(payload)
			})
			call = get(w, conn, server, w.Text("file"), out)
			return call
		},
		Stray: func(payload string) { mallory.Send(conn, payload) },
		Arrived: func() {
			call.Returns(int64(len(file)))
			out.Holds(file)
		},
		Ended: func() { w.StillOpen(conn) },
	}
}

// beginServe begins a story in which each of three clients may fetch files.
func beginServe(w *harness.Virtual) harness.Exchange {
	files, clients := map[string]string{}, []string{"alice", "bob", "carol"}
	g := give(w, w.ListenPacket("server"), w.Opener("transfer"), w.Files(files))
	mallory := w.Peer("mallory")
	var wanted []string
	var outs []*harness.Output
	return harness.Exchange{
		Socket: g.server,
		Call:   g.call,
		Start: func(party, size int) *harness.Call {
			name, out := w.Text(fmt.Sprint(size)), w.Output()
			wanted, outs = append(wanted, content(w, size)), append(outs, out)
			files[name] = content(w, size)
			client := w.Server(clients[party], taker(out))
			client.Send(g.server, rrq(name, "octet"))
			return nil
		},
		Stray: func(payload string) {
			to := harness.Endpoint(g.server)
			if len(payload)%2 == 0 && len(outs) > 0 {
				to = g.open.Socket(len(outs))
			}
			mallory.Send(to, payload)
		},
		Arrived: func() {
			g.open.AllClosed()
			for i, out := range outs {
				out.Holds(wanted[i])
			}
		},
		Ended: func() {
			g.open.AllClosed()
			g.files.AllClosed()
		},
	}
}
