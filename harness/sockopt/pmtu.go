package sockopt

// A PMTUDiscovery says what becomes of datagrams that are longer than an MTU on
// their way: the value of IP_MTU_DISCOVER and of IPV6_MTU_DISCOVER, as Linux numbers
// them.
type PMTUDiscovery int

const (
	// Dont lets routers fragment what does not fit. On IPv6 none does, and the
	// sender does it.
	Dont PMTUDiscovery = 0
	// Want is what Linux begins with: the sender fragments what is known not to fit,
	// and routers drop what does not, which makes the MTU known.
	Want PMTUDiscovery = 1
	// Do forbids all fragmentation: what is known not to fit is refused with
	// EMSGSIZE.
	Do PMTUDiscovery = 2
	// Probe forbids fragmentation too, but refuses only what the first link can't
	// take, whatever is known of the others.
	Probe PMTUDiscovery = 3
)
