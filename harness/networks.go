package harness

import (
	"udpkata/harness/internal/network"
	"udpkata/harness/internal/patience"
)

// OnEachNetwork is for what is the same on the virtual network and on the kernel's
// loopback. The virtual network comes first, so that nobody waits for code that is wrong
// there.
var OnEachNetwork Networks[*World] = tells(
	on(network.Virtual4, plainVirtual), on(network.Virtual6, plainVirtual),
	on(network.Loopback4, plainKernel), on(network.Loopback6, plainKernel))

// Offline is for functions of values, which need no network.
var Offline Networks[*World] = tells(on(network.Offline, plainVirtual))

// OnVirtual is for exact time. As that is the same on both IP versions, it is IPv4.
var OnVirtual Networks[*Virtual] = tells(on(network.Virtual4, newVirtual))

// OnPath is for what happens on the way: every socket is on a host of its own, and
// the story says what is between them.
var OnPath Networks[*Path] = tells(on(network.Hosts4, newPath), on(network.Hosts6, newPath))

// OnLoopback is for what only a kernel can show, such as code that opens sockets itself.
var OnLoopback Networks[*Kernel] = tells(on(network.Loopback4, onLoopback), on(network.Loopback6, onLoopback))

// OnLoopback4 is OnLoopback with broadcasts, or for a story that takes real time.
var OnLoopback4 Networks[*Kernel4] = tells(on(network.Loopback4, onLoopback4))

// OnLinks is OnLoopback for the biggest datagram that a link takes whole: in the lab, of
// 1500 bytes, as well.
var OnLinks Networks[*Kernel] = tells(
	on(network.Loopback4, onLoopback), on(network.Loopback6, onLoopback),
	onLab(network.Lab4, onLinks), onLab(network.Lab6, onLinks))

// OnLab is for what only a real network can show. A lab is one, of Linux network
// namespaces: every socket is on a host of its own, and links have an MTU of 1500 bytes.
var OnLab Networks[*Lab] = tells(onLab(network.Lab4, newLab), onLab(network.Lab6, newLab))

// OnLab4 is OnLoopback4 in the lab.
var OnLab4 Networks[*Kernel4] = tells(onLab(network.Lab4, onLab4))

// OnSubnet is for broadcasts, which IPv4 alone has, on one subnet. The kernel's loopback
// is one too, of one host.
var OnSubnet Networks[*Subnet] = tells(
	on(network.Hosts4, onHosts), on(network.Loopback4, onLoopbackSubnet), onLab(network.Lab4, onLabSubnet))

// OnSubnets is for broadcasts on two subnets; the story begins with [Subnets.Router].
var OnSubnets Networks[*Subnets] = tells(on(network.Hosts4, onHostsSubnets), onLab(network.Lab4, newSubnets))

// The views that a network's stories get.

func plainVirtual(w *World, h *network.OneHost) *World {
	h.Net().Watch(w.rec.Fated)
	return w
}

func plainKernel(w *World, _ network.Loopback) *World { return w }

func newVirtual(w *World, h *network.OneHost) *Virtual {
	return &Virtual{plainVirtual(w, h), virtualWords{w, h.Net()}}
}

func newPath(w *World, h *network.Hosts) *Path {
	plainVirtual(w, &h.OneHost)
	return &Path{w, virtualWords{w, h.Net()}, pathWords{w, h}}
}

func onLoopback(w *World, h network.Loopback) *Kernel { return newKernel(w, h) }

func newKernel(w *World, h network.KernelHost) *Kernel { return &Kernel{w, kernelWords{w, h}} }

func onLoopback4(w *World, h network.Loopback) *Kernel4 {
	return &Kernel4{w, kernelWords{w, h}, newBroadcasts(w, h)}
}

func onLinks(w *World, h network.Lab) *Kernel { return newKernel(inLab(w), h) }

func newLab(w *World, h network.Lab) *Lab {
	return &Lab{inLab(w), kernelWords{w, h}, pathWords{w, h}}
}

func onLab4(w *World, h network.Lab) *Kernel4 {
	return &Kernel4{inLab(w), kernelWords{w, h}, newBroadcasts(w, h)}
}

func onHosts(w *World, h *network.Hosts) *Subnet {
	return &Subnet{plainVirtual(w, &h.OneHost), newBroadcasts(w, h)}
}

func onLoopbackSubnet(w *World, h network.Loopback) *Subnet { return &Subnet{w, newBroadcasts(w, h)} }

func onLabSubnet(w *World, h network.Lab) *Subnet { return &Subnet{inLab(w), newBroadcasts(w, h)} }

func onHostsSubnets(w *World, h *network.Hosts) *Subnets {
	return &Subnets{plainVirtual(w, &h.OneHost), newBroadcasts(w, h), subnetsWords{w, h}}
}

func newSubnets(w *World, h network.Lab) *Subnets {
	return &Subnets{inLab(w), newBroadcasts(w, h), subnetsWords{w, h}}
}

// inLab says that datagrams take a while: on loopback, what was sent has arrived.
func inLab(w *World) *World {
	w.flight = patience.Bounds.LeastWait
	return w
}
