package ports

//kata:given

import (
	"fmt"
	"os"
	"runtime"
)

// The ports that IANA sets aside for systems to choose from (RFC 6335
// section 6).
const (
	FirstDynamic = 49152
	LastDynamic  = 65535
)

// systemRangeFile is where Linux says which ports it chooses from, see ip(7).
const systemRangeFile = "/proc/sys/net/ipv4/ip_local_port_range"

// SystemRange returns the first and the last of the ports that this system
// chooses from: on Linux as it is set up, elsewhere IANA's dynamic range, which
// macOS and Windows use unless they were told otherwise.
func SystemRange() (first, last int, err error) {
	if runtime.GOOS != "linux" {
		return FirstDynamic, LastDynamic, nil
	}
	text, err := os.ReadFile(systemRangeFile)
	if err != nil {
		return 0, 0, err
	}
	first, last, err = ParseSystemRange(string(text))
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", systemRangeFile, err)
	}
	return first, last, nil
}
