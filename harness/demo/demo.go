// Package demo is the little that the lessons' demo programs share: roles, the
// -p flag and switches, one-line errors, and an end by Ctrl-C.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// DefaultPort is the course's.
const DefaultPort = 1060

// Localhost returns 127.0.0.1 with a port.
func Localhost(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// A Role is one of the things that a demo can be run as.
type Role struct {
	Name      string
	Unnamed   bool     // its name may be left out
	Params    []string // the names of its arguments, as in "HOST"; "[SIZE]" may be left out
	TakesPort bool     // it has the flag -p PORT
	Switches  []string // its flags without a value, as in "paused"
	Run       func(ctx context.Context, args Args) error
}

// Args are what a role was started with.
type Args struct {
	Port   uint16          // -p, DefaultPort if it wasn't given
	Params []string        // one for each of the role's Params, "" for one that was left out
	On     map[string]bool // which of the role's Switches were given
}

// Address returns the role's first argument, a HOST, with the port.
func (a Args) Address() string {
	return net.JoinHostPort(a.Params[0], strconv.Itoa(int(a.Port)))
}

// ServerAddress returns Address for a client, to which neither part may be missing.
func (a Args) ServerAddress() (string, error) {
	switch {
	case a.Port == 0:
		return "", UsageError("a client needs the server's port, from 1 up")
	case a.Params[0] == "":
		return "", UsageError("a client needs the server's HOST")
	}
	return a.Address(), nil
}

// A UsageError is returned by a role for arguments that it can't use. A host
// that nobody knows (a *net.DNSError) counts as one.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// Main runs the role that the command line names, and exits: with status 0
// when the role is done or Ctrl-C ended it, 1 when it failed, 2 when the
// command line was wrong.
func Main(roles ...Role) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, roles))
}

func run(ctx context.Context, line []string, stdout, stderr io.Writer, roles []Role) (status int) {
	role, args, err := parse(line, roles)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage(roles))
		return 0
	}
	if err == nil {
		err = call(ctx, role, args)
	}
	var wrong UsageError
	var unknown *net.DNSError
	switch {
	case err == nil, ctx.Err() != nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "%v; %s\n", wrong, usage(roles))
		return 2
	case errors.As(err, &unknown):
		fmt.Fprintf(stderr, "there is no host %q (%s); %s\n", unknown.Name, unknown.Err, usage(roles))
		return 2
	}
	fmt.Fprintf(stderr, "%s: %v\n", role.Name, err)
	return 1
}

// usage returns one line that shows how to start each role.
func usage(roles []Role) string {
	var forms []string
	for _, r := range roles {
		name := r.Name
		if r.Unnamed {
			name = "[" + name + "]"
		}
		words := append([]string{name}, r.Params...)
		if r.TakesPort {
			words = append(words, "[-p PORT]")
		}
		for _, name := range r.Switches {
			words = append(words, "[-"+name+"]")
		}
		forms = append(forms, strings.Join(words, " "))
	}
	return "usage: " + strings.Join(forms, " | ")
}

func parse(line []string, roles []Role) (Role, Args, error) {
	args := Args{Port: DefaultPort, On: map[string]bool{}}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("p", "UDP `port`", func(text string) error {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return errors.New("a port is a whole number from 0 to 65535")
		}
		args.Port = uint16(n)
		return nil
	})
	for _, role := range roles {
		for _, name := range role.Switches {
			if flags.Lookup(name) != nil {
				continue
			}
			flags.BoolFunc(name, "", func(text string) error {
				on, err := strconv.ParseBool(text)
				args.On[name] = on
				return err
			})
		}
	}
	// Flags may stand before, between and after the other arguments.
	var words []string
	for rest := line; ; {
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return Role{}, Args{}, err
		} else if err != nil {
			return Role{}, Args{}, UsageError(err.Error())
		}
		if flags.NArg() == 0 {
			break
		}
		words, rest = append(words, flags.Arg(0)), flags.Args()[1:]
	}
	if len(words) == 0 {
		return Role{}, Args{}, UsageError("a role is missing")
	}
	i := slices.IndexFunc(roles, func(r Role) bool { return r.Name == words[0] })
	if i >= 0 {
		words = words[1:]
	} else if i = slices.IndexFunc(roles, func(r Role) bool { return r.Unnamed }); i < 0 {
		return Role{}, Args{}, UsageError(fmt.Sprintf("there is no role %q", words[0]))
	}
	role := roles[i]
	args.Params = words
	if got, want := len(args.Params), len(role.Params); got > want {
		return Role{}, Args{}, UsageError(
			fmt.Sprintf("%q is one argument too many for %s", args.Params[want], role.Name))
	}
	for _, missing := range role.Params[len(args.Params):] {
		if !strings.HasPrefix(missing, "[") {
			return Role{}, Args{}, UsageError(fmt.Sprintf("%s is missing after %s", missing, role.Name))
		}
		args.Params = append(args.Params, "")
	}
	var odd error
	flags.Visit(func(f *flag.Flag) {
		if takes := f.Name == "p" && role.TakesPort || slices.Contains(role.Switches, f.Name); !takes {
			odd = UsageError(fmt.Sprintf("%s takes no -%s", role.Name, f.Name))
		}
	})
	return role, args, odd
}

// call runs a role. A TODO that it meets becomes an error.
func call(ctx context.Context, role Role, args Args) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		todo, ok := r.(string)
		if !ok || !strings.HasPrefix(todo, "TODO") {
			panic(r)
		}
		// The panic's own frame is the first one after the runtime's.
		_, file, line, _ := runtime.Caller(2)
		err = fmt.Errorf("%s:%d: %s", filepath.Base(file), line, todo)
	}()
	return role.Run(ctx, args)
}
