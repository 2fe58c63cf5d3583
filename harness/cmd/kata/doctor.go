package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"udpkata/harness/capability"
	"udpkata/harness/curriculum"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/watch"
	"udpkata/harness/wire"
)

type doctorCommand struct{}

func (*doctorCommand) needsNoCourse() {} // a course that is not as it should be does not hide what the machine lacks

// An examination is of one thing that the course needs or can use.
type examination struct {
	name  text.Text
	vital bool
	cure  text.Text
	state func() (string, error) // what it is, or why it is not there
}

func (c *doctorCommand) run(s *session) (bool, error) {
	root, err := curriculum.Root(".")
	if err != nil {
		return false, err
	}
	language := text.Preferred()
	all := examinations(s, root)
	width := 0
	for _, e := range all {
		width = max(width, wire.Cells(e.name.In(language)))
	}
	missing := 0
	for _, e := range all {
		state, err := e.state()
		if s.Err() != nil {
			return false, s.Err()
		}
		mark := text.Say("ok")
		switch {
		case err != nil && e.vital:
			mark = text.Say("MISSING")
			missing++
		case err != nil:
			mark = text.Say("missing")
		}
		if err != nil {
			state = text.Say("%s; %s", oneLine(err), e.cure).In(language)
		}
		name := e.name.In(language)
		line := fit(name, width) + "  " + fit(mark.In(language), len("MISSING")) + "  " + state
		fmt.Fprintln(s.out, strings.TrimRight(line, " "))
	}
	if missing > 0 {
		return false, text.Fail("the lessons can't do without what is MISSING: %d of these", missing)
	}
	s.say("The lessons can be done here.\n")
	return true, nil
}

// examinations lists what is looked at, in the order of its weight.
func examinations(ctx context.Context, root string) []examination {
	can := func(c *capability.Capability) func() (string, error) {
		return func() (string, error) { return "", cause(c.Missing()) }
	}
	return []examination{
		{text.Say("Go"), true, text.Say("install the Go that the course's go.mod names, or a later one, " +
			"from https://go.dev/dl/"), func() (string, error) { return goIn(ctx, root, "env", "GOVERSION") }},
		{text.Say("modules of the lessons"), true, text.Say("go mod download, with a network, brings them"),
			func() (string, error) { return "", modulesFor(ctx, root, "-test", "./lessons/...") }},
		{text.Say("modules of this tool"), false, text.Say("go mod download, with a network, brings them"),
			func() (string, error) { return "", modulesFor(ctx, root, "./harness/cmd/kata") }},
		{text.Say("timers"), true, text.Say("take asynctimerchan out of the variable GODEBUG"),
			can(capability.Bubbles)},
		{text.Say("files and sockets"), true, text.Say("let a process have more (ulimit -n 1024)"),
			can(capability.Descriptors)},
		{text.Say("loopback, IPv4"), true, text.Say("bring loopback up (on Linux: ip link set lo up), " +
			"and let no firewall drop what is sent there"), can(capability.Loopback)},
		{text.Say("loopback, IPv6"), false, text.Say("switch IPv6 on (on Linux: sysctl " +
			"net.ipv6.conf.lo.disable_ipv6=0); without it, some stories are skipped"), can(capability.IPv6)},
		{text.Say("broadcast"), false, text.Say("this needs Linux, with an ordinary loopback (127.0.0.1/8); " +
			"without it, some stories are skipped"), can(capability.Broadcast)},
		{text.Say("network namespaces"), false, text.Say("this needs Linux that lets ordinary users have them; " +
			"without them, some stories are skipped"), func() (string, error) { return "", netlab.Missing() }},
		{text.Say("watching files"), false, text.Say("watch looks at the files itself, now and then"),
			func() (string, error) { return "", watch.Prove(root) }},
		{text.Say("editor"), false, text.Say("set VISUAL or EDITOR to the one that you like"), func() (string, error) {
			line, err := editor()
			if err != nil {
				return "", err
			}
			if _, err := exec.LookPath(line[0]); err != nil {
				return "", err
			}
			return strings.Join(line, " "), nil
		}},
	}
}

// cause returns what the system said, where the doctor has a cure of its own.
func cause(missing error) error {
	if why := errors.Unwrap(missing); why != nil {
		return why
	}
	return missing
}

// goIn returns what the go command says, without a network.
func goIn(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), "GOPROXY=off", "GOFLAGS=")
	cmd.WaitDelay = time.Second
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && said.Len() > 0 {
		err = errors.New(said.String())
	}
	return strings.TrimSpace(string(out)), err
}

// modulesFor returns an error if modules are missing that packages, as go list has them, are built of. What is wrong
// with the course's own files, or the student's, does not count.
func modulesFor(ctx context.Context, root string, packages ...string) error {
	const wrong = `{{if .Error}}{{if not (and .Module .Module.Main)}}{{.Error.Err}}{{"\n"}}{{end}}{{end}}`
	out, err := goIn(ctx, root, append([]string{"list", "-e", "-deps", "-f", wrong}, packages...)...)
	if err == nil && out != "" {
		err = errors.New(out)
	}
	return err
}

// oneLine returns the first line of an error that says something.
func oneLine(err error) string {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, exec.ErrNotFound) {
		return err.Error()
	}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading ") {
			return strings.TrimSuffix(line, ":")
		}
	}
	return cmp.Or(strings.TrimSpace(err.Error()), runtime.GOOS)
}
