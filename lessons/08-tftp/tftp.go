// Package tftp is lesson 08: a file goes from one host to another, a block at a time, as RFC
// 1350 has it.
package tftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
)

var (
	// ErrPacket is why Parse refuses a datagram.
	ErrPacket = errors.New("no packet of TFTP")

	// ErrServerDown is why Get gives up.
	//
	//lint:ignore ST1005 a sentence, on purpose
	ErrServerDown = errors.New("I think the server is down")
)

// Parse returns the packet that a datagram is. A datagram begins with its Op; this is what
// follows, where numbers have 2 bytes, the most significant one first, and a 0 is one byte:
//
//	RRQ, WRQ   Name, 0, Mode, 0, and perhaps more
//	DATA       Block, Data of 0 to 512 bytes
//	ACK        Block
//	ERROR      Code, Text, 0
//
// Name, Mode and Text have any bytes but 0, also none. What comes behind the Mode's 0 is for
// servers that know more than RFC 1350, and Parse passes over it. So it does with what comes
// behind an ERROR's Text, and where the 0 there is missing, as some programs forget it, the
// Text goes on to the end of the datagram.
//
// Of all other datagrams, Parse returns an error that wraps ErrPacket, and beside it
// Packet{}: those that are too short, or have an Op that is none of these, a Name or a Mode
// without its 0, more than 512 bytes of Data, or anything behind the Block of an ACK.
//
// Parse does not change the datagram. Data may be a part of that.
func Parse(datagram []byte) (Packet, error) {
	panic("TODO: write Parse, which takes a packet apart")
}

// Append appends p to b, as Parse reads it, and returns that. Of p, only the fields that its
// Op has count. Append does not change p.Data. Between b's length and its capacity it may
// write, as append does.
func (p Packet) Append(b []byte) []byte {
	panic("TODO: write Append, which makes a packet")
}

// Get asks a server for the file with a name, and writes to w what is in it. It returns how
// many bytes w has taken, also beside an error. This is what each task wants
// (TestWhateverComes wants all of it):
//
// TestGetFetches: Get sends an RRQ from conn to server, with the name and the mode "octet".
// The server answers from a port of its own, with DATA 1. Get writes what is in it to w, and
// sends ACK 1 to that port. So it goes on with DATA 2, and each that follows. A DATA of fewer
// than 512 bytes, also of none, is the last: Get writes and acknowledges it, and returns at
// once. The block after number 65535 has number 0, and then comes 1. A file has any bytes,
// from none on.
//
// TestGetSendsAgain: while the next DATA does not come, Get sends again what it has sent last,
// the RRQ or the ACK, as in lesson 04: 100, 300, 700 and 1500 ms after it was sent first. It
// gives up after 3100 ms, with an error that wraps ErrServerDown. With each block that is new,
// these times begin anew. A DATA with the number of the last block is that block once more: it
// is acknowledged again at once, and not written again. One with any other number, but the next,
// is passed over, and so is a packet of another kind, and what Parse refuses. Errors that conn
// returns are no answer, however many there are; a send that fails, be it of the last ACK,
// counts as a send. None of all this changes when Get sends again and when it gives up.
//
// TestGetKnowsItsServer: the other end of the transfer is whoever answers first, with a DATA 1
// or an ERROR, from the IP address of server and whatever port. Nobody else is. So before that,
// each packet that does not make its sender the other end, also one from server's address (such
// as a DATA 3), and after that, each packet from any other IP address or port, is answered with
// an ERROR of the code 5, and otherwise passed over. But an ERROR is never answered, and neither
// is what Parse refuses.
//
// TestGetStops: when the other end sends an ERROR, Get returns at once, with an error that wraps
// an Error with its code and text, and sends nothing more. When w fails, Get sends an ERROR of
// any code to the other end, in the place of the ACK, and returns at once, with an error that
// wraps that of w. When ctx ends, or has ended before, Get returns at once, with an error that
// wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded; and when conn is closed, with
// one that wraps net.ErrClosed. (If w has the whole file by then, no error will do, too.) In
// these cases the error does not wrap ErrServerDown. From then on Get sends nothing, but perhaps
// an ERROR.
//
// The rules for conn, and what "at once" means, are in lessons/00-before, section The rules of
// every lesson. Here also: server is a *net.UDPAddr, whose IPv4 address may have 4 bytes or 16.
// There are no two calls at a time on one conn. conn may still hold packets of an earlier
// transfer. w may take its time, and a block more than one Write: Get waits for it, whatever
// happens meanwhile.
func Get(ctx context.Context, conn net.PacketConn, server net.Addr, name string, w io.Writer) (int64, error) {
	panic("TODO: write Get, which fetches a file")
}

// Serve gives files to whoever asks for them on conn, until ctx ends or conn is closed. This is
// what each task wants (TestWhateverComes wants all of it):
//
// TestServeSends: each RRQ that comes on conn with the mode "octet", in whatever case (such as
// "Octet"), begins a transfer, also one that has come before. There may be many at a time, and
// none waits for another. For each, Serve calls open once, which returns a socket: all that
// Serve sends goes through such a socket, and nothing through conn. The transfer sends the file
// of that name in blocks of 512 bytes, DATA 1 at once, and each that follows as soon as an ACK
// with the number of the one before has come from whoever asked. A block with fewer bytes, if
// need be with none, is the last one, and when that is acknowledged, the transfer is over. The
// block after number 65535 has number 0, and then comes 1. However a transfer ends, Serve closes
// its file and its socket then. A Read of a file may bring fewer bytes than there is room for,
// and io.EOF beside the last of them or after those. open and files may be used by several
// goroutines at the same time. files and a file may take their time: nobody but their own
// transfer, and the end of Serve, waits for them.
//
// TestServeSendsAgain: while that ACK does not come, the transfer sends its DATA again, as Get
// does its ACK, and is over after 3100 ms. Nothing else makes it send: no ACK with another
// number, nor one that comes again, no packet of another kind, and nothing that Parse refuses.
// Nor does an error of the socket's, of which none ends the transfer; but that it is closed
// (net.ErrClosed) may. A send that fails counts as a send. None of all this changes its times
// either, nor does a Read that takes its time. A packet that comes to its socket from anybody but
// whoever asked is answered with an ERROR of the code 5, unless it is an ERROR itself, and
// otherwise passed over. An ERROR from whoever asked ends the transfer, whatever its code.
//
// TestServeRefuses: what Serve can't give, it refuses, at once and with one ERROR, through a
// socket that open returns and that it closes then. These are the codes, of which any will do
// where several go for a request; the text is up to you:
//
//	4   a WRQ, and a mode that is not "octet", in whatever case
//	2   a name that fs.ValidPath refuses, or that has a backslash: it is not opened
//	1   a file that is not there (fs.ErrNotExist)
//	0   a file that can't be opened or read otherwise, such as a directory
//
// Where a Read fails in the middle of a file, with any error but io.EOF (io.ErrUnexpectedEOF is
// one, too), an ERROR of the code 0 takes the place of the block that can't be filled. (A block
// that is filled by the very Read that fails may be sent first, or not.) If open fails,
// with whatever error, there is no answer. Of all other packets that come on conn, none has an
// answer, and neither has what Parse refuses. None of all this ends the service, and no error of
// conn's does, however many there are: Serve goes on at once.
//
// TestServeStops: when ctx ends, or has ended before, Serve ends all transfers, and returns at
// once, with an error that wraps ctx.Err(), context.Cause(ctx) or os.ErrDeadlineExceeded. When
// conn is closed, it does so, too, with an error that wraps net.ErrClosed. From then on it sends
// nothing, but perhaps ERRORs. Nothing else ends it, however long nobody asks.
//
// The rules for conn are those of every lesson; they go for the sockets that open returns, too,
// but that Serve closes these.
func Serve(ctx context.Context, conn net.PacketConn, open func() (net.PacketConn, error), files fs.FS) error {
	panic("TODO: write Serve, which gives files to whoever asks")
}
