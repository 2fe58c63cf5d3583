package build

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	toolTimeout = time.Minute // for one package, or to link
	lastWords   = time.Second // for what a killed tool has left in its pipes
)

// compile compiles one package.
func (b *building) compile(args ...string) (output string, err error) {
	// One lesson after the other, each by one thread, costs the least. Without debugging information, which nobody
	// reads here, it is built faster.
	flags := []string{"-lang=" + b.Version, "-complete", "-pack", "-c=1", "-dwarf=false",
		"-trimpath=" + b.dir + "=>" + Program}
	return b.tool("compile", append(flags, args...)...)
}

// tool runs the compiler or the linker in dir. The output is what it said if it refused.
func (b *building) tool(name string, args ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(b.ctx, toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(b.Tools, name), args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = b.dir, b.env, lastWords
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case b.ctx.Err() != nil:
		return "", b.ctx.Err()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("The code did not compile within %v.", toolTimeout), nil
	case errors.As(err, &exit):
		return cmp.Or(strings.TrimSpace(said.String()), fmt.Sprintf("%s said nothing (%v)", name, err)), nil
	}
	return "", err
}
