package sandbox

import "golang.org/x/sys/unix"

// onProcessor has this thread, and all that it starts, run on one of its processors alone, the nth, until back is
// called. Where that can't be, they run on any.
func onProcessor(n int) (back func()) {
	var all, one unix.CPUSet
	if n <= 0 || unix.SchedGetaffinity(0, &all) != nil {
		return func() {}
	}
	n = (n - 1) % all.Count()
	for number := 0; one.Count() == 0; number++ {
		if !all.IsSet(number) {
			continue
		}
		if n == 0 {
			one.Set(number)
		}
		n--
	}
	if unix.SchedSetaffinity(0, &one) != nil {
		return func() {}
	}
	return func() { unix.SchedSetaffinity(0, &all) }
}
