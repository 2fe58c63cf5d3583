package harness

import "udpkata/harness/stage"

// Results returns what f returns for each number from 0 to n−1. f calls one of the student's
// functions, of values alone, and does nothing else; it may be called twice with each: where
// the code runs in a process of its own, the first time is to learn the values, and many
// calls are made there at once.
func Results[T any](n int, f func(i int) T) []T {
	all := make([]T, n)
	stage.Row(n, func(i int) { all[i] = f(i) })
	return all
}
