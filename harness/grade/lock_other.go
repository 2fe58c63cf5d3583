//go:build !unix

package grade

// lock does nothing: nobody can be graded here, as there is no sandbox.
func lock(string) (unlock func(), err error) { return func() {}, nil }
