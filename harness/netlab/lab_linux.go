package netlab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// A Lab is a network in the making. It is used by one goroutine.
type Lab struct {
	err   error
	hosts []*Host
	links int
}

// A Host is one machine: a network namespace with a loopback of its own.
type Host struct {
	name string
	ns   *os.File
}

// A Subnet is hosts that reach each other without a router.
type Subnet struct {
	lab    *Lab
	bridge *Host
	index  int
	mtu    int
}

// New begins a lab, in a process that Command has started, and brings up the
// process's own loopback.
func New() (*Lab, error) {
	if !Inside() {
		return nil, errors.New("a lab needs a process that Command has started")
	}
	l := &Lab{}
	l.try("loopback", func() error { return up(loopbackIndex) })
	return l, l.err
}

// Err returns the first error of all that was done to the lab; nil if there was none.
func (l *Lab) Err() error { return l.err }

// try does something unless something has failed.
func (l *Lab) try(what string, f func() error) {
	if l.err != nil {
		return
	}
	if err := f(); err != nil {
		l.err = fmt.Errorf("lab: %s: %w", what, err)
	}
}

// Close gives the hosts up. They are gone once nobody has a socket there.
func (l *Lab) Close() {
	for _, h := range l.hosts {
		h.ns.Close()
	}
}

// Host adds a host, without a link.
func (l *Lab) Host(name string) *Host {
	h := &Host{name: name}
	l.try("host "+name, func() (err error) {
		if h.ns, err = newNamespace(); err != nil {
			return err
		}
		l.hosts = append(l.hosts, h)
		return h.Do(func() error { return up(loopbackIndex) })
	})
	return h
}

// Home returns the host that the process itself is on, with all that it starts outside
// of Do.
func (l *Lab) Home() *Host {
	h := &Host{name: "home"}
	l.try("home", func() (err error) {
		if h.ns, err = os.Open("/proc/self/ns/net"); err == nil {
			l.hosts = append(l.hosts, h)
		}
		return err
	})
	return h
}

// newNamespace makes a network namespace, which lives as long as the file is
// open, on a thread that is then thrown away.
func newNamespace() (file *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			err = os.NewSyscallError("unshare", err)
			return
		}
		file, err = os.Open("/proc/thread-self/ns/net")
	}()
	<-done
	return file, err
}

// Do calls f on the host, on a thread of its own: sockets that f opens are the
// host's. f must not end its goroutine, as t.FailNow does.
func (h *Host) Do(f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err = setns(h.ns); err == nil {
			err = f()
		}
	}()
	<-done
	runtime.KeepAlive(h)
	return err
}

// Link joins two hosts by a link with an MTU, in bytes. Each gets an address with
// its subnet, such as 10.0.1.1/24.
func (l *Lab) Link(a *Host, addrA string, b *Host, addrB string, mtu int) {
	l.try(fmt.Sprintf("link of %s and %s", a.name, b.name), func() error {
		l.links++
		name := fmt.Sprintf("l%d", l.links)
		if err := a.Do(func() error { return newVeth(name, b.ns, mtu) }); err != nil {
			return err
		}
		if err := a.configure(name, addrA); err != nil {
			return err
		}
		if err := b.configure(name, addrB); err != nil {
			return err
		}
		return errors.Join(a.await(name, addrA), b.await(name, addrB))
	})
}

// await waits until a host's link carries datagrams, also those that the host sends to itself.
func (h *Host) await(link, addr string) error {
	return h.Do(func() error {
		index, err := linkIndex(link)
		if err != nil {
			return err
		}
		prefix, err := netip.ParsePrefix(addr)
		if err != nil {
			return err
		}
		return errors.Join(awaitLink(index), awaitAddress(prefix.Addr()))
	})
}

// Subnet adds a subnet whose links have an MTU, in bytes.
func (l *Lab) Subnet(name string, mtu int) *Subnet {
	s := &Subnet{lab: l, bridge: l.Host(name), mtu: mtu}
	l.try("subnet "+name, func() error {
		return s.bridge.Do(func() (err error) {
			if err := newBridge("bridge", mtu); err != nil {
				return err
			}
			if s.index, err = linkIndex("bridge"); err != nil {
				return err
			}
			return up(s.index)
		})
	})
	return s
}

// Attach joins a host to a subnet, with an address such as 10.0.0.1/24.
func (s *Subnet) Attach(h *Host, addr string) {
	s.lab.try(fmt.Sprintf("%s on subnet %s", h.name, s.bridge.name), func() error {
		s.lab.links++
		name := fmt.Sprintf("l%d", s.lab.links)
		if err := h.Do(func() error { return newVeth(name, s.bridge.ns, s.mtu) }); err != nil {
			return err
		}
		if err := h.configure(name, addr); err != nil {
			return err
		}
		// A port that joins before its link carries datagrams forwards them a
		// second later.
		err := s.bridge.Do(func() error {
			port, err := linkIndex(name)
			if err != nil {
				return err
			}
			if err := up(port); err != nil {
				return err
			}
			if err := awaitLink(port); err != nil {
				return err
			}
			return enslave(port, s.index)
		})
		if err != nil {
			return err
		}
		return h.await(name, addr)
	})
}

// configure gives a host's link an address and brings it up.
func (h *Host) configure(link, addr string) error {
	prefix, err := netip.ParsePrefix(addr)
	if err != nil {
		return err
	}
	return h.Do(func() error {
		index, err := linkIndex(link)
		if err != nil {
			return err
		}
		if err := noOwnAddresses(index); err != nil {
			return err
		}
		if err := addAddress(index, prefix); err != nil {
			return err
		}
		if prefix.Addr().Is6() {
			// Neighbours are asked for from a link-local address (RFC 4861).
			local := prefix.Addr().As16()
			copy(local[:8], []byte{0xfe, 0x80, 7: 0})
			if err := addAddress(index, netip.PrefixFrom(netip.AddrFrom16(local), 64)); err != nil {
				return err
			}
		}
		return up(index)
	})
}

// Forward makes a router of a host, for one version of IP: it passes on what is
// not for itself, between the links that it has by then.
func (l *Lab) Forward(h *Host, ipv6 bool) {
	l.try(h.name+" as a router", func() error {
		if ipv6 {
			return h.Do(func() error { return os.WriteFile("/proc/sys/net/ipv6/conf/all/forwarding", []byte("1"), 0) })
		}
		return h.Do(func() error {
			links, err := net.Interfaces()
			if err != nil {
				return err
			}
			for _, link := range links {
				if err := forward(link.Index); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Route sends what a host has for others to a router, by the router's address on
// a subnet of the host's.
func (l *Lab) Route(h *Host, router string) {
	l.try("route of "+h.name, func() error {
		gateway, err := netip.ParseAddr(router)
		if err != nil {
			return err
		}
		return h.Do(func() error { return addDefaultRoute(gateway) })
	})
}
