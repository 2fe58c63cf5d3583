package main

import "golang.org/x/sys/unix"

// How a terminal's modes are asked for and set, and what a key is that there is not.
const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
	disabled   = 0
)
