//go:build !linux

package sockopt

// Number returns false: nobody can be asked.
func Number(any) (number uintptr, ok bool) { return 0, false }
