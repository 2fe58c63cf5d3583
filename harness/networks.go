package harness

import "udpkata/harness/internal/network"

// OnEachNetwork is for what is the same on the virtual network and on the kernel's
// loopback. The virtual network comes first, so that nobody waits for code that is wrong
// there.
var OnEachNetwork Networks[*World] = tells(
	on(network.Virtual4, plain), on(network.Virtual6, plain),
	on(network.Loopback4, plain), on(network.Loopback6, plain))

// Offline is for functions of values, which need no network.
var Offline Networks[*World] = tells(on(network.Offline, plain))

// OnVirtual is for exact time. As that is the same on both IP versions, it is IPv4.
var OnVirtual Networks[*Virtual] = tells(on(network.Virtual4, newVirtual))

// OnPath is for what happens on the way: every socket is on a host of its own, and
// the story says what is between them.
var OnPath Networks[*Path] = tells(on(network.Hosts4, newPath), on(network.Hosts6, newPath))

// OnLoopback is for what only a kernel can show, such as code that opens sockets itself.
var OnLoopback Networks[*Kernel] = tells(on(network.Loopback4, newKernel), on(network.Loopback6, newKernel))

// OnLoopback4 is OnLoopback with broadcasts, or for a story that takes real time.
var OnLoopback4 Networks[*Kernel4] = tells(on(network.Loopback4, newKernel4))

// OnLinks is OnLoopback for the biggest datagram that a link takes whole: in the lab, of
// 1500 bytes, as well.
var OnLinks Networks[*Kernel] = tells(
	on(network.Loopback4, newKernel), on(network.Loopback6, newKernel),
	on(network.Lab4, newKernel), on(network.Lab6, newKernel))

// OnLab is for what only a real network can show. A lab is one, of Linux network
// namespaces: every socket is on a host of its own, and links have an MTU of 1500 bytes.
var OnLab Networks[*Lab] = tells(on(network.Lab4, newLab), on(network.Lab6, newLab))

// OnLab4 is OnLoopback4 in the lab.
var OnLab4 Networks[*Kernel4] = tells(on(network.Lab4, newKernel4))

// OnSubnet is for broadcasts, which IPv4 alone has, on one subnet. The kernel's loopback
// is one too, of one host.
var OnSubnet Networks[*Subnet] = tells(
	on(network.Hosts4, newSubnet), on(network.Loopback4, newSubnet), on(network.Lab4, newSubnet))

// OnSubnets is for broadcasts on two subnets; the story begins with [Subnets.Router].
var OnSubnets Networks[*Subnets] = tells(on(network.Hosts4, newSubnets), on(network.Lab4, newSubnets))

// The views that a network's stories get.

func plain[H network.Host](w *World, _ H) *World { return w }

func newVirtual(w *World, h *network.OneHost) *Virtual { return &Virtual{w, virtualWords{w, h.Net()}} }

func newPath(w *World, h *network.Hosts) *Path {
	return &Path{w, virtualWords{w, h.Net()}, pathWords{w, h}}
}

func newKernel[H network.KernelHost](w *World, h H) *Kernel { return &Kernel{w, kernelWords{w, h}} }

func newKernel4[H interface {
	network.KernelHost
	network.OneSubnet
}](w *World, h H) *Kernel4 {
	return &Kernel4{w, kernelWords{w, h}, newBroadcasts(w, h)}
}

func newLab(w *World, h network.Lab) *Lab { return &Lab{w, kernelWords{w, h}, pathWords{w, h}} }

func newSubnet[H network.OneSubnet](w *World, h H) *Subnet { return &Subnet{w, newBroadcasts(w, h)} }

func newSubnets[H network.TwoSubnets](w *World, h H) *Subnets {
	return &Subnets{w, newBroadcasts(w, h), subnetsWords{w, h}}
}
