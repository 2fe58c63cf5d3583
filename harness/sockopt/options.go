package sockopt

import "net"

// An Option is one of a socket's, as it is.
type Option struct {
	Name  string // as socket(7), ip(7) and ipv6(7) have it
	Value int
}

// Options returns options of a socket's that a program may set, those that it has. Away
// from Linux they are few. On a socket that is closed, there are none.
func Options(conn *net.UDPConn) (all []Option) {
	for _, o := range options {
		if value, err := get(conn, o.level, o.option); err == nil {
			all = append(all, Option{o.name, value})
		}
	}
	return all
}

// An option is where the system keeps one.
type option struct {
	name          string
	level, option int
}
