package tftp

//kata:given

import "fmt"

// An Op says of which kind a packet is.
type Op uint16

// The kinds of packets.
const (
	RRQ   Op = 1 + iota // asks for a file
	WRQ                 // asks whether a file may be sent
	DATA                // has a block of a file
	ACK                 // says that a block has come
	ERROR               // says why there is nothing more
)

// A Packet is what a datagram of TFTP is. Which fields count depends on Op; the others are
// zero.
type Packet struct {
	Op    Op
	Name  string // of a file: RRQ, WRQ
	Mode  string // how its bytes are sent: RRQ, WRQ
	Block uint16 // the number of a block: DATA, ACK
	Data  []byte // DATA
	Code  uint16 // ERROR
	Text  string // for people: ERROR
}

// What the code of an ERROR says.
const (
	Undefined       uint16 = 0 // only the text says what it was
	FileNotFound    uint16 = 1
	AccessViolation uint16 = 2 // the file is not for you
	DiskFull        uint16 = 3
	IllegalOp       uint16 = 4 // nobody does that here
	UnknownTransfer uint16 = 5 // the packet is from a port, or a host, that has no part in this
)

// An Error is what an ERROR has said. As it is a value and no pointer, errors.Is finds one
// with the same code and text.
type Error struct {
	Code uint16
	Text string
}

// Error returns both.
func (e Error) Error() string { return fmt.Sprintf("error %d: %s", e.Code, e.Text) }
