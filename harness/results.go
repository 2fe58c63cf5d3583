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

// Often returns how often a story does something that takes the code many calls of a socket: often, or, where the code
// runs in a process of its own, seldom, as there each call costs as much as a hundred here.
func Often(often, seldom int) int {
	if stage.On() {
		return seldom
	}
	return often
}
