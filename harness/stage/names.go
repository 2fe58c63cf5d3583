//go:build linux

package stage

import (
	"fmt"
	"maps"
	"net"
	"reflect"
	"slices"
	"sync"

	"udpkata/harness/stage/link"
)

// sentinels are the errors that lessons have names for.
var sentinels = map[string]error{}

// Sentinel registers an error that a lesson's code has a name for.
func Sentinel(lesson, name string, err error) { sentinels[lesson+"."+name] = err }

// errorTypes take the values of a lesson's own types of errors.
var errorTypes = map[string]func(in *In) error{}

// ErrorType registers a type of errors that a lesson has, and whose values take takes.
func ErrorType(lesson, name string, take func(in *In) error) { errorTypes[lesson+"."+name] = take }

// names gives each error and address of the judge's that the code meets a name, so that it is
// the same when it comes back.
type names struct {
	mu      sync.Mutex
	errors  map[string]error
	ofError map[error]string
	addrs   []net.Addr
	ofAddr  map[net.Addr]int64
}

func newNames() *names {
	n := &names{errors: map[string]error{}, ofError: map[error]string{}, ofAddr: map[net.Addr]int64{}}
	for name, err := range link.Standard {
		n.errors[name], n.ofError[err] = err, name
	}
	for name, err := range sentinels {
		n.errors[name], n.ofError[err] = err, name
	}
	return n
}

// NameOf returns the name of an error.
func (n *names) NameOf(err error) string {
	if t := reflect.TypeOf(err); t.Kind() != reflect.Pointer && !reflect.ValueOf(err).Comparable() {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	name := n.ofError[err]
	if name == "" {
		name = fmt.Sprintf("#%d", len(n.errors))
		n.errors[name], n.ofError[err] = err, name
	}
	return name
}

// ErrorOf returns the error that has a name, or nil.
func (n *names) ErrorOf(name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.errors[name]
}

// Met ignores names that the judge has not given.
func (n *names) Met(string, error) {}

// FieldsOf returns nothing: such errors come from the code alone.
func (n *names) FieldsOf(error) (typ string, fields []byte) { return "", nil }

// ErrorWith returns an error of a lesson's own type, or nil.
func (n *names) ErrorWith(typ string, fields []byte) error {
	take := errorTypes[typ]
	if take == nil {
		return nil
	}
	in := &In{Reader: link.Reader{Bytes: fields}, s: &Story{names: n}}
	err := take(in)
	if in.Broken || len(in.Bytes) > 0 {
		return nil
	}
	return err
}

// All lists the names that an error's own method Is is asked for.
func (n *names) All() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.errors))
}

// NumberOf gives an address a number.
func (n *names) NumberOf(addr net.Addr) int64 {
	if !reflect.ValueOf(addr).Comparable() {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ofAddr[addr] == 0 {
		n.addrs = append(n.addrs, addr)
		n.ofAddr[addr] = int64(len(n.addrs))
	}
	return n.ofAddr[addr]
}

// AddrOf returns the address that has a number, or nil.
func (n *names) AddrOf(number int64, _ link.Foreign) net.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if number < 1 || number > int64(len(n.addrs)) {
		return nil
	}
	return n.addrs[number-1]
}
