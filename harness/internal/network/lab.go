package network

// A Lab is a real network, of Linux network namespaces, on which every socket is on a
// host of its own. Its links have an MTU of [LabMTU] bytes.
type Lab interface {
	KernelHost
	TwoSubnets
}

// LabMTU is the MTU of a lab's links, in bytes.
const LabMTU = 1500
