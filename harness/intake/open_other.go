//go:build !unix

package intake

// dontWait has no meaning here: there are no pipes among files.
const dontWait = 0
