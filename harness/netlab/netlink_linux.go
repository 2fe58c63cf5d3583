package netlab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file speaks rtnetlink(7), in the namespace of the calling thread.

// loopbackIndex is lo's in every namespace.
const loopbackIndex = 1

// Of linux/veth.h, linux/ip.h, linux/if_link.h and linux/if.h, which package unix
// lacks. (Package syscall still has the parsing of messages, which unix lacks too.)
const (
	vethInfoPeer       = 1
	ipv4DevconfForward = 1
	addrGenModeNone    = 1
	operUp             = 6
)

// An attribute is the type, the length and the data, padded to 4 bytes.
func attribute(kind uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(data)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, data...)
	return append(b, make([]byte, -len(b)&3)...)
}

func number(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

func text(s string) []byte { return append([]byte(s), 0) }

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// ask sends a request and waits for the kernel's word on it.
func ask(kind, flags uint16, parts ...[]byte) error {
	_, err := request(kind, flags|unix.NLM_F_ACK, parts...)
	return err
}

// request sends a request and returns the kernel's first answer.
func request(kind, flags uint16, parts ...[]byte) (*syscall.NetlinkMessage, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	body := join(parts...)
	header := unix.NlMsghdr{
		Len:  uint32(unix.NLMSG_HDRLEN + len(body)),
		Type: kind, Flags: unix.NLM_F_REQUEST | flags, Seq: 1,
	}
	message := append(bytesOf(&header), body...)
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	buf := make([]byte, 1<<14)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return nil, os.NewSyscallError("recvfrom", err)
	}
	answers, err := syscall.ParseNetlinkMessage(buf[:n])
	if err != nil || len(answers) == 0 {
		return nil, errors.Join(errors.New("netlink: no answer"), err)
	}
	answer := &answers[0]
	if answer.Header.Type == unix.NLMSG_ERROR && len(answer.Data) >= 4 {
		if errno := -int32(binary.NativeEndian.Uint32(answer.Data)); errno != 0 {
			return nil, os.NewSyscallError("netlink", syscall.Errno(errno))
		}
	}
	return answer, nil
}

func bytesOf[T any](v *T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))...)
}

func linkMessage(index int, flags uint32) []byte {
	return bytesOf(&unix.IfInfomsg{Index: int32(index), Flags: flags, Change: flags})
}

// up brings a link up.
func up(index int) error {
	return ask(unix.RTM_NEWLINK, 0, linkMessage(index, unix.IFF_UP))
}

// noOwnAddresses keeps a link from giving itself a link-local address, which
// would be of no use for the second or two in which others may object to it.
func noOwnAddresses(index int) error {
	return ask(unix.RTM_NEWLINK, 0, linkMessage(index, 0), attribute(unix.IFLA_AF_SPEC,
		attribute(unix.AF_INET6, attribute(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{addrGenModeNone}))))
}

// forward lets a link's host pass on what arrives there, on IPv4.
func forward(index int) error {
	return ask(unix.RTM_NEWLINK, 0, linkMessage(index, 0), attribute(unix.IFLA_AF_SPEC,
		attribute(unix.AF_INET, attribute(unix.IFLA_INET_CONF, attribute(ipv4DevconfForward, number(1))))))
}

// awaitLink waits until a link carries datagrams: until the kernel has noticed that
// both of its ends are up, which it does at once when it is asked, and otherwise
// within a second.
func awaitLink(index int) error {
	return await("the link does not come up", func() (bool, error) {
		link, err := request(unix.RTM_GETLINK, 0, linkMessage(index, 0))
		if err != nil {
			return false, err
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(link)
		isUp := func(a syscall.NetlinkRouteAttr) bool {
			return a.Attr.Type == unix.IFLA_OPERSTATE && len(a.Value) > 0 && a.Value[0] == operUp
		}
		return slices.ContainsFunc(attributes, isUp), err
	})
}

// awaitAddress waits until the kernel takes an address for the host's own: IPv6 does so a moment after it was added,
// and until then sends what is for the host itself over the link.
func awaitAddress(addr netip.Addr) error {
	return await(fmt.Sprintf("%v does not become an address of the host", addr), func() (bool, error) {
		message := unix.RtMsg{Family: family(addr), Dst_len: uint8(addr.BitLen())}
		route, err := request(unix.RTM_GETROUTE, 0, bytesOf(&message), attribute(unix.RTA_DST, addr.AsSlice()))
		if errors.Is(err, unix.ENETUNREACH) {
			return false, nil
		}
		const kind = 7 // where RtMsg.Type is
		return err == nil && len(route.Data) > kind && route.Data[kind] == unix.RTN_LOCAL, err
	})
}

// await waits until something is done that takes the kernel a moment.
func await(trouble string, done func() (bool, error)) error {
	const tooLong = 10 * time.Second
	for began := time.Now(); ; time.Sleep(100 * time.Microsecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if time.Since(began) > tooLong {
			return errors.New(trouble)
		}
	}
}

// enslave makes a link a port of a bridge.
func enslave(index, bridge int) error {
	return ask(unix.RTM_NEWLINK, 0, linkMessage(index, 0), attribute(unix.IFLA_MASTER, number(uint32(bridge))))
}

// newVeth makes a link whose other end is in another namespace.
func newVeth(name string, other *os.File, mtu int) error {
	end := join(attribute(unix.IFLA_IFNAME, text(name)), attribute(unix.IFLA_MTU, number(uint32(mtu))))
	peer := join(linkMessage(0, 0), end, attribute(unix.IFLA_NET_NS_FD, number(uint32(other.Fd()))))
	defer runtime.KeepAlive(other)
	return ask(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, linkMessage(0, 0), end,
		attribute(unix.IFLA_LINKINFO, join(
			attribute(unix.IFLA_INFO_KIND, text("veth")),
			attribute(unix.IFLA_INFO_DATA, attribute(vethInfoPeer, peer)))))
}

func newBridge(name string, mtu int) error {
	return ask(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, linkMessage(0, 0),
		attribute(unix.IFLA_IFNAME, text(name)), attribute(unix.IFLA_MTU, number(uint32(mtu))),
		attribute(unix.IFLA_LINKINFO, attribute(unix.IFLA_INFO_KIND, text("bridge"))))
}

func linkIndex(name string) (int, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return 0, fmt.Errorf("link %s: %w", name, err)
	}
	return link.Index, nil
}

func family(addr netip.Addr) uint8 {
	if addr.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// addAddress gives a link an address, at once: nobody looks first whether another
// has it.
func addAddress(index int, prefix netip.Prefix) error {
	addr := prefix.Addr().AsSlice()
	message := unix.IfAddrmsg{
		Family: family(prefix.Addr()), Prefixlen: uint8(prefix.Bits()),
		Flags: unix.IFA_F_NODAD, Index: uint32(index),
	}
	attributes := join(attribute(unix.IFA_LOCAL, addr), attribute(unix.IFA_ADDRESS, addr))
	if prefix.Addr().Is4() && prefix.Bits() < 31 {
		broadcast := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(addr)|^uint32(0)>>prefix.Bits())
		attributes = append(attributes, attribute(unix.IFA_BROADCAST, broadcast)...)
	}
	return ask(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, bytesOf(&message), attributes)
}

func addDefaultRoute(gateway netip.Addr) error {
	message := unix.RtMsg{
		Family: family(gateway), Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_STATIC,
		Scope: unix.RT_SCOPE_UNIVERSE, Type: unix.RTN_UNICAST,
	}
	return ask(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, bytesOf(&message),
		attribute(unix.RTA_GATEWAY, gateway.AsSlice()))
}

// setns moves the calling thread into a namespace.
func setns(ns *os.File) error {
	defer runtime.KeepAlive(ns)
	return os.NewSyscallError("setns", unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
}
