//go:build linux

package runner

import (
	"maps"
	"net"
	"reflect"
	"slices"
	"sync"

	"udpkata/harness/stage/link"
)

// names knows the errors and addresses that a story has named.
type names struct {
	mu      sync.Mutex
	errors  map[string]error
	ofError map[error]string
	addrs   map[int64]net.Addr
	ofAddr  map[net.Addr]int64
}

func newNames() *names {
	return &names{
		errors: map[string]error{}, ofError: map[error]string{},
		addrs: map[int64]net.Addr{}, ofAddr: map[net.Addr]int64{},
	}
}

// standardNames has the standard library's errors by name and the other way round, as they
// were when the program began.
var standardNames = func() map[error]string {
	all := map[error]string{}
	for name, err := range link.Standard {
		all[err] = name
	}
	return all
}()

// NameOf returns the name of an error, or "".
func (n *names) NameOf(err error) string {
	if !reflect.TypeOf(err).Comparable() {
		return ""
	}
	if name := standardNames[err]; name != "" {
		return name
	}
	for name, known := range sentinels {
		if known() == err {
			return name
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ofError[err]
}

// ErrorOf returns the error that has a name, or nil.
func (n *names) ErrorOf(name string) error {
	if err := link.Standard[name]; err != nil {
		return err
	}
	if known := sentinels[name]; known != nil {
		return known()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.errors[name]
}

// Met notes an error of the judge's, which the judge knows by a name.
func (n *names) Met(name string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.errors[name], n.ofError[err] = err, name
}

// FieldsOf returns what is in an error of a lesson's own type.
func (n *names) FieldsOf(err error) (typ string, fields []byte) {
	for name, put := range errorTypes {
		out := &Out{s: &story{names: n}}
		if put(err, out) {
			return name, out.Bytes
		}
	}
	return "", nil
}

// ErrorWith returns nothing: the judge sends no such errors.
func (n *names) ErrorWith(string, []byte) error { return nil }

// All lists the names that an error's own method Is is asked for.
func (n *names) All() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Collect(maps.Keys(link.Standard))
	all = slices.AppendSeq(all, maps.Keys(sentinels))
	return slices.Sorted(slices.Values(slices.AppendSeq(all, maps.Keys(n.errors))))
}

// NumberOf returns the number of an address of the judge's.
func (n *names) NumberOf(addr net.Addr) int64 {
	if !reflect.TypeOf(addr).Comparable() {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ofAddr[addr]
}

// AddrOf returns the address that has a number.
func (n *names) AddrOf(number int64, foreign link.Foreign) net.Addr {
	if number == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known := n.addrs[number]; known != nil {
		return known
	}
	made := &foreign
	n.addrs[number], n.ofAddr[made] = made, number
	return made
}
